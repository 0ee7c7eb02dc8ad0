package dml

import (
	"context"
	"strings"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// lockRows is FOR UPDATE and its kin: it locks rows as they pass and brings changed ones up to date.
type lockRows struct {
	env   *op.Env
	node  *physical.Lock
	input op.Operator
	batch *vector.Batch // input in hand
	at    int           // its first live row not dealt with
	moved map[moved]string
	vecs  []vector.Vector
	out   vector.Batch
}

// moved is a row of a relation whose primary key has changed.
type moved struct {
	target int
	key    string
}

// NewLock makes the operator.
func NewLock(n *physical.Lock, env *op.Env) (op.Operator, error) {
	l := &lockRows{env: env, node: n, vecs: make([]vector.Vector, len(n.Input.Output()))}
	for i, c := range n.Input.Output() {
		l.vecs[i].Type = c.Type
		l.out.Cols = append(l.out.Cols, &l.vecs[i])
	}
	var err error
	l.input, err = env.Build(n.Input, env)
	return l, err
}

// Next implements op.Operator. Below a LIMIT rows are locked one by one, so that none is locked that is not wanted.
func (l *lockRows) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if l.batch == nil || l.at == l.batch.Live() {
			b, err := l.input.Next(ctx)
			if b == nil || err != nil {
				return nil, err
			}
			l.batch, l.at = b, 0
			continue
		}
		n := l.batch.Live() - l.at
		if l.env.LockSingly {
			n = 1
		}
		part := &vector.Batch{Cols: l.batch.Cols, N: l.batch.N, Sel: make([]uint16, n)}
		for k := range n {
			part.Sel[k] = uint16(l.batch.Row(l.at + k))
		}
		l.at += n
		out, err := l.lock(ctx, part)
		if err != nil || out.Live() > 0 {
			return out, err
		}
	}
}

// lock locks the rows of all targets.
func (l *lockRows) lock(ctx context.Context, b *vector.Batch) (*vector.Batch, error) {
	state := make([]storage.LockResult, b.Live())
	for t := range l.node.Targets {
		if l.node.Targets[t].Kept {
			continue
		}
		if err := l.target(ctx, b, t, state); err != nil {
			return nil, err
		}
	}
	changed := false
	for _, s := range state {
		changed = changed || s == storage.LockChanged
	}
	sel := make([]uint16, 0, len(state))
	for k, s := range state {
		if s == storage.LockUnchanged {
			sel = append(sel, uint16(b.Row(k)))
		}
	}
	if !changed {
		return &vector.Batch{Cols: b.Cols, N: b.N, Sel: sel}, nil
	}
	return l.refresh(ctx, b, state)
}

// target locks the rows of one relation. state keeps, for each live row, the worst that was found.
func (l *lockRows) target(ctx context.Context, b *vector.Batch, at int, state []storage.LockResult) error {
	t := &l.node.Targets[at]
	view, err := l.env.View(ctx, t.Ref)
	if err != nil {
		return err
	}
	var rows []int
	r := storage.LockRequest{View: view, Table: t.Table, Strength: t.Strength, Wait: t.Wait, Doing: "locking", Follow: true}
	for k := range state {
		i := b.Row(k)
		if key := b.Cols[t.RowKey].Datum(i); !key.Null && state[k] < storage.LockDeleted {
			r.Keys = append(r.Keys, key.Clone().S)
			r.Seen = append(r.Seen, storage.SCN(b.Cols[t.Version].Datum(i).I))
			rows = append(rows, k)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	found, err := l.env.Txn.LockRows(ctx, r)
	if err != nil {
		return err
	}
	for j, s := range found {
		state[rows[j]] = max(state[rows[j]], s)
		if s == storage.LockChanged {
			l.follow(at, b.Cols[t.RowKey].Datum(b.Row(rows[j])).S, r.Keys[j])
		}
	}
	return nil
}

// follow remembers where a row has gone.
func (l *lockRows) follow(target int, was, is string) {
	if was == is {
		return
	}
	if l.moved == nil {
		l.moved = map[moved]string{}
	}
	l.moved[moved{target, strings.Clone(was)}] = is
}

// refresh copies the rows, changed ones as they are now if they still qualify.
func (l *lockRows) refresh(ctx context.Context, b *vector.Batch, state []storage.LockResult) (*vector.Batch, error) {
	for i := range l.vecs {
		l.vecs[i].Reset(l.vecs[i].Type)
	}
	l.out.N = 0
	add := func(b *vector.Batch) error {
		for i, v := range b.Cols {
			l.vecs[i].AppendFrom(v, b.Sel, b.N)
		}
		l.out.N += b.Live()
		return nil
	}
	for k, s := range state {
		i := b.Row(k)
		var err error
		switch s {
		case storage.LockUnchanged:
			err = add(&vector.Batch{Cols: b.Cols, N: b.N, Sel: []uint16{uint16(i)}})
		case storage.LockChanged:
			err = recheck(ctx, l.env, l.node.Input, l.rows(b, i), add)
		case storage.LockDeleted, storage.LockSkipped:
		}
		if err != nil {
			return nil, err
		}
	}
	return &l.out, nil
}

// rows are those that row i of the batch was made of.
func (l *lockRows) rows(b *vector.Batch, i int) op.Recheck {
	out := make(op.Recheck, len(l.node.Targets))
	for t := range out {
		n := &l.node.Targets[t]
		key := b.Cols[n.RowKey].Datum(i)
		out[t] = op.RecheckRow{Target: n.Target, Kept: n.Kept, None: key.Null}
		if !key.Null {
			out[t].Key = key.Clone().S
			if now, ok := l.moved[moved{t, out[t].Key}]; ok {
				out[t].Key = now
			}
		}
	}
	return out
}

// Close implements op.Operator.
func (l *lockRows) Close() error { return l.input.Close() }
