package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// Values yields literal rows.
type Values struct {
	env  *op.Env
	node *physical.Values
	pos  int
	vecs []vector.Vector
	out  vector.Batch
}

// NewValues makes the operator.
func NewValues(n *physical.Values, env *op.Env) (op.Operator, error) {
	v := &Values{env: env, node: n, vecs: make([]vector.Vector, len(n.Cols))}
	v.out.Cols = make([]*vector.Vector, len(n.Cols))
	for i := range v.vecs {
		v.out.Cols[i] = &v.vecs[i]
	}
	return v, nil
}

// Next implements op.Operator.
func (v *Values) Next(context.Context) (*vector.Batch, error) {
	rows := v.node.Rows[v.pos:]
	if len(rows) == 0 {
		return nil, nil
	}
	rows = rows[:min(len(rows), vector.Size)]
	v.pos += len(rows)
	for i := range v.vecs {
		if err := v.column(i, rows); err != nil {
			return nil, err
		}
	}
	v.out.N = len(rows)
	return &v.out, nil
}

func (v *Values) column(i int, rows [][]expr.Expr) error {
	col := &v.vecs[i]
	col.Reset(v.node.Cols[i].Type)
	for _, r := range rows {
		if c, ok := r[i].(*expr.Const); ok {
			col.Append(c.Value)
			continue
		}
		d, err := eval.Value(r[i], v.env)
		if err != nil {
			return err
		}
		col.Append(d)
	}
	return nil
}

// Close implements op.Operator.
func (v *Values) Close() error { return nil }
