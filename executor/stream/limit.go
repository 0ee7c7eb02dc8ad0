package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Limit passes on count rows after offset, and with ties the peers of the last one.
type Limit struct {
	input  op.Operator
	skip   int64
	left   int64 // -1: no limit
	keys   *eval.Program
	norm   *eval.Keys
	last   []types.Datum // keys of the last row of the count, with ties
	ending bool
	out    vector.Batch
	sel    []uint16
}

// NewLimit makes the operator.
func NewLimit(n *physical.Limit, env *op.Env) (op.Operator, error) {
	count, offset, err := eval.LimitOffset(n.Count, n.Offset, env)
	if err != nil {
		return op.Failing{Err: err}, nil
	}
	l := &Limit{skip: offset, left: count}
	if n.WithTies && count > 0 {
		exprs := make([]expr.Expr, len(n.Keys))
		ts := make([]types.Type, len(n.Keys))
		for i, k := range n.Keys {
			exprs[i], ts[i] = k.Expr, k.Expr.Type()
		}
		if l.keys, err = eval.Compile(exprs, env); err != nil {
			return nil, err
		}
		l.norm = eval.NewKeys(ts)
	}
	below := *env
	below.LockSingly = true
	l.input, err = env.Build(n.Input, &below)
	return l, err
}

// Next implements op.Operator.
func (l *Limit) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if l.left == 0 && (l.keys == nil || l.ending) {
			return nil, nil
		}
		b, err := l.input.Next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		live := int64(b.Live())
		if l.skip >= live {
			l.skip -= live
			continue
		}
		out, err := l.cut(b)
		if err != nil || out.Live() > 0 {
			return out, err
		}
	}
}

// cut takes from a batch the rows that pass.
func (l *Limit) cut(b *vector.Batch) (*vector.Batch, error) {
	from := int(l.skip)
	l.skip = 0
	to := b.Live()
	if l.left >= 0 {
		to = int(min(int64(to), int64(from)+l.left))
		l.left -= int64(to - from)
	}
	if l.keys != nil && l.left == 0 {
		var err error
		if to, err = l.ties(b, to); err != nil {
			return nil, err
		}
	}
	if from == 0 && to == b.Live() {
		return b, nil
	}
	l.sel = l.sel[:0]
	if l.sel == nil {
		l.sel = []uint16{}
	}
	for k := from; k < to; k++ {
		l.sel = append(l.sel, uint16(b.Row(k)))
	}
	l.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: l.sel}
	return &l.out, nil
}

// ties moves the end past the peers of the last counted row.
func (l *Limit) ties(b *vector.Batch, to int) (int, error) {
	keys, err := l.keys.Run(b)
	if err != nil {
		return 0, err
	}
	keys = l.norm.Convert(keys, b.N, b.Sel)
	if l.last == nil {
		for _, v := range keys {
			l.last = append(l.last, v.Datum(b.Row(to-1)).Clone())
		}
	}
	for ; to < b.Live(); to++ {
		for i, v := range keys {
			if v.Datum(b.Row(to)) != l.last[i] {
				l.ending = true
				return to, nil
			}
		}
	}
	return to, nil
}

// Close implements op.Operator.
func (l *Limit) Close() error { return l.input.Close() }
