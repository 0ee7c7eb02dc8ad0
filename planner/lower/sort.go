package lower

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

func (l *lowerer) sort(n *logical.Sort, f *frame) (rel, error) { return l.sortLimit(n, nil, f) }

// sortLimit lowers a Sort, of which only the first rows are wanted when there is a limit. Rows that come in order already
// are not sorted again.
func (l *lowerer) sortLimit(n *logical.Sort, limit *logical.Limit, f *frame) (rel, error) {
	w := wish{keys: n.Keys}
	if limit != nil {
		if count := constRows(limit.Count); count > 0 {
			w.rows = count + constRows(limit.Offset)
		} else if limit.Count != nil {
			w.rows = max(1, l.cost.Rows(limit)) // a parameter: some share of all
		}
	}
	in, done, err := l.inOrder(n.Input, f, w)
	if err != nil || done {
		return in, err
	}
	p := &physical.Sort{Input: in.node}
	if p.Keys, err = l.keys(n.Keys, scopeOf(in, f)); err != nil {
		return rel{}, err
	}
	if limit != nil {
		s := columnsScope(f)
		if p.Limit, err = l.expr(limit.Count, s); err != nil {
			return rel{}, err
		}
		if p.Offset, err = l.expr(limit.Offset, s); err != nil {
			return rel{}, err
		}
	}
	p.Base = base(in.cols, l.cost.sorted(in.node.Cost(), w.rows))
	return rel{p, in.cols}, nil
}

// inOrder lowers n, in the order wished for if a scan below can give it and nothing between loses it. One row or none is
// in every order.
func (l *lowerer) inOrder(n logical.Node, f *frame, w wish) (rel, bool, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return l.orderedScan(n, f, w)
	case *logical.Filter:
		in, done, err := l.inOrder(n.Input, f, wish{keys: w.keys})
		if err != nil {
			return rel{}, false, err
		}
		r, err := l.filterOver(n, in, f)
		return r, done, err
	case *logical.Project:
		keys, ok := below(n, w.keys)
		if !ok {
			break
		}
		in, done, err := l.inOrder(n.Input, f, wish{keys, w.rows})
		if err != nil {
			return rel{}, false, err
		}
		r, err := l.projectOver(n, in, f)
		return r, done, err
	case *logical.Aggregate:
		if len(n.Groups) == 0 && n.Sets == nil {
			r, err := l.aggregate(n, f)
			return r, true, err
		}
	}
	r, err := l.lower(n, f)
	return r, false, err
}

// below translates keys to a projection's input; false when a key is computed by it.
func below(n *logical.Project, keys []expr.SortKey) ([]expr.SortKey, bool) {
	out := make([]expr.SortKey, len(keys))
	for i, k := range keys {
		c, ok := stripRelabel(k.Expr).(*expr.Column)
		if !ok {
			return nil, false
		}
		found := false
		for j, col := range n.Cols {
			if ref, ok := n.Exprs[j].(*expr.Column); ok && col.ID == c.ID {
				out[i], found = expr.SortKey{Expr: ref, Desc: k.Desc, NullsFirst: k.NullsFirst}, true
			}
		}
		if !found {
			return nil, false
		}
	}
	return out, true
}

// constRows is a constant row count, 0 when not constant.
func constRows(e expr.Expr) float64 {
	c, ok := e.(*expr.Const)
	if !ok || c.Value.Null || c.T.ID() != types.OIDInt8 && c.T.ID() != types.OIDInt4 {
		return 0
	}
	return max(0, float64(c.Value.I))
}
