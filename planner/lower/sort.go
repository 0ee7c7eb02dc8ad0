package lower

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

func (l *lowerer) sort(n *logical.Sort, f *frame) (rel, error) {
	return l.sortRows(n, f, nil)
}

// sortLimit lowers a Sort of which only the first rows are wanted.
func (l *lowerer) sortLimit(n *logical.Sort, limit *logical.Limit, f *frame) (rel, error) {
	return l.sortRows(n, f, limit)
}

func (l *lowerer) sortRows(n *logical.Sort, f *frame, limit *logical.Limit) (rel, error) {
	in, err := l.lower(n.Input, f)
	if err != nil {
		return rel{}, err
	}
	p := &physical.Sort{Input: in.node}
	if p.Keys, err = l.keys(n.Keys, scopeOf(in, f)); err != nil {
		return rel{}, err
	}
	keep := 0.0
	if limit != nil {
		s := columnsScope(f)
		if p.Limit, err = l.expr(limit.Count, s); err != nil {
			return rel{}, err
		}
		if p.Offset, err = l.expr(limit.Offset, s); err != nil {
			return rel{}, err
		}
		keep = constRows(limit.Count) + constRows(limit.Offset)
	}
	p.Base = base(in.cols, l.cost.sorted(in.node.Cost(), keep))
	return rel{p, in.cols}, nil
}

// constRows is a constant row count, 0 when not constant.
func constRows(e expr.Expr) float64 {
	c, ok := e.(*expr.Const)
	if !ok || c.Value.Null || c.T.ID() != types.OIDInt8 && c.T.ID() != types.OIDInt4 {
		return 0
	}
	return max(0, float64(c.Value.I))
}
