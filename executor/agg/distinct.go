package agg

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Distinct passes on the first row of each distinct set of keys, as it comes.
type Distinct struct {
	env    *op.Env
	input  op.Operator
	cur    op.Operator // the input, or a file of rows put off
	prog   *eval.Program
	norm   *eval.Keys
	types  []types.Type
	acct   *mem.Account
	groups *hash.Groups
	held   int64
	level  int
	parts  *hash.Partitions // of the rows put off, when memory was refused
	todo   []part
	ids    []uint32
	sel    []uint16
	later  []uint16
	out    vector.Batch
}

// NewDistinct makes the operator.
func NewDistinct(n *physical.Distinct, env *op.Env) (op.Operator, error) {
	d := &Distinct{env: env, acct: env.Mem.Account()}
	on := n.On
	for i, c := range n.Input.Output() {
		d.types = append(d.types, c.Type)
		if n.On == nil {
			on = append(on, &expr.Slot{Index: i, T: c.Type})
		}
	}
	ts := make([]types.Type, len(on))
	for i, e := range on {
		ts[i] = e.Type()
	}
	var err error
	if d.prog, err = eval.Compile(on, env); err != nil {
		return nil, err
	}
	d.norm = eval.NewKeys(ts)
	d.groups = hash.NewGroups(d.norm.Types())
	d.input, err = env.Build(n.Input, env)
	d.cur = d.input
	return d, err
}

// Next implements op.Operator.
func (d *Distinct) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := d.cur.Next(ctx)
		if err != nil {
			return nil, err
		}
		if b == nil {
			if more, err := d.nextPart(); !more || err != nil {
				return nil, err
			}
			continue
		}
		if b.Live() == 0 {
			continue
		}
		sel, err := d.fresh(b)
		if err != nil {
			return nil, err
		}
		if len(sel) > 0 {
			d.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: sel}
			return &d.out, nil
		}
	}
}

// fresh lists the rows with keys not seen before.
func (d *Distinct) fresh(b *vector.Batch) ([]uint16, error) {
	cols, err := d.prog.Run(b)
	if err != nil {
		return nil, err
	}
	norm := d.norm.Convert(cols, b.N, b.Sel)
	d.sel, d.later = d.sel[:0], d.later[:0]
	if d.parts != nil {
		d.ids = d.groups.Find(norm, b.N, b.Sel, d.ids)
		for k, id := range d.ids {
			if id == hash.None {
				d.later = append(d.later, uint16(b.Row(k)))
			}
		}
		if len(d.later) == 0 {
			return nil, nil
		}
		return nil, d.parts.Add(b.Cols, norm, b.N, d.later)
	}
	next := uint32(d.groups.Len())
	d.ids = d.groups.Assign(norm, b.N, b.Sel, d.ids)
	for k, id := range d.ids {
		if id == next {
			d.sel = append(d.sel, uint16(b.Row(k)))
			next++
		}
	}
	d.account()
	return d.sel, nil
}

func (d *Distinct) account() {
	grown := d.groups.Bytes() - d.held
	d.held += grown
	if d.acct.Grow(grown) == nil {
		return
	}
	d.acct.Take(grown)
	if d.level < hash.MaxLevel {
		d.parts = hash.NewPartitions(d.env.TempDir, d.types, d.level)
	}
}

// nextPart turns to the next file of rows put off.
func (d *Distinct) nextPart() (bool, error) {
	if d.parts != nil {
		if err := d.parts.Flush(); err != nil {
			return false, err
		}
		for _, q := range d.parts.Queues {
			d.acct.Spilled(q.Bytes())
			d.todo = append(d.todo, part{q: q, level: d.level + 1})
		}
		d.parts = nil
	}
	if q, ok := d.cur.(queued); ok {
		if err := q.q.Close(); err != nil {
			return false, err
		}
	}
	d.acct.Shrink(d.held)
	d.held = 0
	d.groups = hash.NewGroups(d.norm.Types())
	if len(d.todo) == 0 {
		d.cur = none{}
		return false, nil
	}
	p := d.todo[len(d.todo)-1]
	d.todo = d.todo[:len(d.todo)-1]
	d.cur, d.level = queued{p.q}, p.level
	return true, nil
}

// none is an input that has ended.
type none struct{}

func (none) Next(context.Context) (*vector.Batch, error) { return nil, nil }
func (none) Close() error                                { return nil }

// Measure implements op.Measured.
func (d *Distinct) Measure(c *op.Count) { c.Add(d.acct) }

// Close implements op.Operator.
func (d *Distinct) Close() error {
	errs := []error{d.input.Close()}
	if q, ok := d.cur.(queued); ok {
		errs = append(errs, q.q.Close())
	}
	if d.parts != nil {
		errs = append(errs, d.parts.Close())
	}
	for _, p := range d.todo {
		errs = append(errs, p.q.Close())
	}
	d.acct.Close()
	return errors.Join(errs...)
}
