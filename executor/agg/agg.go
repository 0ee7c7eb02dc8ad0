// Package agg has the operators that group: HashAggregate, Distinct and SetOp.
//
// Group keys are numbered by hash.Groups; the aggregates themselves are kernel.Aggregates, which hold the state of all
// groups. When memory is refused no new groups are begun: rows of other groups go to files, parted by the hash of their
// keys, and are aggregated part by part afterwards. Groups come out in the order of their first rows, those from files
// last. executor.Build makes the operators.
package agg

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Hash is the hash aggregation.
type Hash struct {
	env    *op.Env
	node   *physical.HashAggregate
	input  op.Operator
	prog   *eval.Program // group keys, then arguments and filters of the calls
	calls  []*call
	types  []types.Type // of the input
	acct   *mem.Account
	tables []*table // one for each grouping set, being filled or waiting to be given out
	parts  []part   // what is still in files
	ready  bool
	out    vector.Batch
}

// part is a file of rows whose groups have not been seen yet.
type part struct {
	q     *spill.Queue
	set   int
	level int
}

// NewHash makes the operator.
func NewHash(n *physical.HashAggregate, env *op.Env) (op.Operator, error) {
	h := &Hash{env: env, node: n, acct: env.Mem.Account()}
	for _, c := range n.Input.Output() {
		h.types = append(h.types, c.Type)
	}
	exprs := append([]expr.Expr(nil), n.Groups...)
	for _, a := range n.Aggs {
		c, more, err := newCall(n, a, len(exprs))
		if err != nil {
			return nil, err
		}
		h.calls = append(h.calls, c)
		exprs = append(exprs, more...)
	}
	var err error
	if h.prog, err = eval.Compile(exprs, env); err != nil {
		return nil, err
	}
	for i := range h.sets() {
		t, err := h.newTable(i, 0)
		if err != nil {
			return nil, err
		}
		h.tables = append(h.tables, t)
	}
	h.input, err = env.Build(n.Input, env)
	return h, err
}

// sets returns the number of grouping sets.
func (h *Hash) sets() int { return max(1, len(h.node.Sets)) }

// columns lists the groups that belong to a grouping set.
func (h *Hash) columns(set int) []int {
	if h.node.Sets != nil {
		return h.node.Sets[set]
	}
	all := make([]int, len(h.node.Groups))
	for i := range all {
		all[i] = i
	}
	return all
}

// Next implements op.Operator.
func (h *Hash) Next(ctx context.Context) (*vector.Batch, error) {
	if !h.ready {
		if err := h.fill(ctx, h.input); err != nil {
			return nil, err
		}
		h.ready = true
	}
	for {
		for len(h.tables) > 0 {
			b, err := h.tables[0].next()
			if b != nil || err != nil {
				return b, err
			}
			h.tables[0].close()
			h.tables = h.tables[1:]
		}
		if len(h.parts) == 0 {
			return nil, nil
		}
		if err := h.refill(ctx); err != nil {
			return nil, err
		}
	}
}

// refill aggregates the rows of the next file.
func (h *Hash) refill(ctx context.Context) error {
	p := h.parts[len(h.parts)-1]
	h.parts = h.parts[:len(h.parts)-1]
	defer p.q.Close()
	t, err := h.newTable(p.set, p.level)
	if err != nil {
		return err
	}
	h.tables = append(h.tables, t)
	return h.fill(ctx, queued{p.q})
}

// fill reads an input into the tables and finishes them.
func (h *Hash) fill(ctx context.Context, in op.Operator) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := in.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if b.Live() == 0 {
			continue
		}
		cols, err := h.prog.Run(b)
		if err != nil {
			return err
		}
		for _, t := range h.tables {
			if err := t.add(b, cols); err != nil {
				return err
			}
		}
	}
	for _, t := range h.tables {
		if err := t.finish(); err != nil {
			return err
		}
	}
	return nil
}

// Measure implements op.Measured.
func (h *Hash) Measure(c *op.Count) { c.Add(h.acct) }

// Close implements op.Operator.
func (h *Hash) Close() error {
	errs := []error{h.input.Close()}
	for _, t := range h.tables {
		t.close()
		if t.parts != nil {
			errs = append(errs, t.parts.Close())
		}
	}
	for _, p := range h.parts {
		errs = append(errs, p.q.Close())
	}
	h.acct.Close()
	return errors.Join(errs...)
}

// queued reads a queue as an operator.
type queued struct{ q *spill.Queue }

func (q queued) Next(context.Context) (*vector.Batch, error) { return q.q.Dequeue() }
func (q queued) Close() error                                { return nil }

// rowsOf lists the live rows of a batch.
func rowsOf(n int, sel []uint16, buf []uint16) []uint16 {
	buf = buf[:0]
	if sel != nil {
		return append(buf, sel...)
	}
	for i := range n {
		buf = append(buf, uint16(i))
	}
	return buf
}
