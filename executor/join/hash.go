// Package join has the joins: Hash, NestedLoop (lateral ones too) and Lookup, which reads the right side by index.
//
// Hash and NestedLoop keep the right side. When memory is refused Hash parts both sides by the hash of their keys into
// files and joins part by part, again and again as needed; NestedLoop keeps the right side in a file. executor.Build makes
// the operators. Output batches borrow from the left batch in hand and from the kept rows.
package join

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Hash is the hash join.
type Hash struct {
	env         *op.Env
	node        *physical.HashJoin
	left, right op.Operator
	lkeys       keySide
	rkeys       keySide
	residual    *eval.Filter
	acct        *mem.Account
	passes      []*pass // a stack: the last is running
	ltypes      []types.Type
	rtypes      []types.Type
	// For NOT IN: what is known of the whole right side.
	rightRows, rightNull bool
}

// keySide computes the join keys of one side in the form in which they are compared.
type keySide struct {
	prog *eval.Program
	norm *eval.Keys
}

func newKeySide(es []expr.Expr, env *op.Env) (keySide, error) {
	ts := make([]types.Type, len(es))
	for i, e := range es {
		ts[i] = e.Type()
	}
	prog, err := eval.Compile(es, env)
	return keySide{prog, eval.NewKeys(ts)}, err
}

func (k *keySide) of(b *vector.Batch) ([]*vector.Vector, error) {
	cols, err := k.prog.Run(b)
	if err != nil {
		return nil, err
	}
	return k.norm.Convert(cols, b.N, b.Sel), nil
}

// NewHash makes the operator.
func NewHash(n *physical.HashJoin, env *op.Env) (op.Operator, error) {
	if n.NullAware && (len(n.LeftKeys) != 1 || len(n.Residual) > 0) {
		return nil, pgerr.Internal("null-aware join of %d keys and %d conditions", len(n.LeftKeys), len(n.Residual))
	}
	h := &Hash{env: env, node: n, acct: env.Mem.Account(), ltypes: columnTypes(n.Left), rtypes: columnTypes(n.Right)}
	var err error
	if h.lkeys, err = newKeySide(n.LeftKeys, env); err != nil {
		return nil, err
	}
	if h.rkeys, err = newKeySide(n.RightKeys, env); err != nil {
		return nil, err
	}
	if len(n.Residual) > 0 {
		if h.residual, err = eval.CompileFilter(n.Residual, env); err != nil {
			return nil, err
		}
	}
	if h.left, err = env.Build(n.Left, env); err != nil {
		return nil, err
	}
	if h.right, err = env.Build(n.Right, env); err != nil {
		h.left.Close()
		return nil, err
	}
	h.passes = []*pass{{h: h, left: h.left, right: h.right}}
	return h, nil
}

func columnTypes(n physical.Node) []types.Type {
	cols := n.Output()
	ts := make([]types.Type, len(cols))
	for i, c := range cols {
		ts[i] = c.Type
	}
	return ts
}

// Next implements op.Operator.
func (h *Hash) Next(ctx context.Context) (*vector.Batch, error) {
	for len(h.passes) > 0 {
		p := h.passes[len(h.passes)-1]
		b, err := p.next(ctx)
		if b != nil || err != nil {
			return b, err
		}
		h.passes = h.passes[:len(h.passes)-1]
		sub, err := p.finish()
		if err != nil {
			return nil, err
		}
		h.passes = append(h.passes, sub...)
	}
	return nil, nil
}

// Measure implements op.Measured.
func (h *Hash) Measure(c *op.Count) { c.Add(h.acct) }

// Close implements op.Operator.
func (h *Hash) Close() error {
	errs := []error{h.left.Close(), h.right.Close()}
	for _, p := range h.passes {
		errs = append(errs, p.close())
	}
	h.passes = nil
	h.acct.Close()
	return errors.Join(errs...)
}
