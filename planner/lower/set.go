package lower

import (
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

func (l *lowerer) setOp(n *logical.SetOp, f *frame) (rel, error) {
	if n.Kind == logical.Union {
		return l.union(n, f)
	}
	left, err := l.exact(n.Left, f)
	if err != nil {
		return rel{}, err
	}
	right, err := l.exact(n.Right, f)
	if err != nil {
		return rel{}, err
	}
	p := &physical.SetOp{Base: base(n.Cols, l.cost.setOp(n, left.node, right.node)), Except: n.Kind == logical.Except,
		All: n.All, Left: left.node, Right: right.node}
	return rel{p, n.Cols}, nil
}

// union makes one Append of nested UNION ALLs, and a Distinct over it for UNION.
func (l *lowerer) union(n *logical.SetOp, f *frame) (rel, error) {
	inputs, err := l.branches(n, n, f, nil)
	if err != nil {
		return rel{}, err
	}
	est := l.cost.appended(inputs)
	a := &physical.Append{Base: base(n.Cols, est), Children: inputs}
	if n.All {
		return rel{a, n.Cols}, nil
	}
	return rel{&physical.Distinct{Base: base(n.Cols, l.cost.distinctOf(est)), Input: a}, n.Cols}, nil
}

// branches lists the inputs of top: a UNION ALL below belongs to it, and so does a UNION below a UNION.
func (l *lowerer) branches(top *logical.SetOp, n logical.Node, f *frame, out []physical.Node) ([]physical.Node, error) {
	if u, ok := n.(*logical.SetOp); ok && u.Kind == logical.Union && (u.All || !top.All) {
		out, err := l.branches(top, u.Left, f, out)
		if err != nil {
			return nil, err
		}
		return l.branches(top, u.Right, f, out)
	}
	r, err := l.exact(n, f)
	if err != nil {
		return nil, err
	}
	return append(out, r.node), nil
}

func (l *lowerer) with(n *logical.With, f *frame) (rel, error) {
	p := &physical.With{}
	for _, c := range n.CTEs {
		d, err := l.cte(c, f)
		if err != nil {
			return rel{}, err
		}
		p.CTEs = append(p.CTEs, d)
	}
	body, err := l.lower(n.Body, f)
	if err != nil {
		return rel{}, err
	}
	p.Base, p.Body = base(body.cols, l.cost.with(p.CTEs, body.node)), body.node
	return rel{p, body.cols}, nil
}

func (l *lowerer) cte(c *logical.CTE, f *frame) (*physical.CTE, error) {
	root, err := l.exact(c.Plan, f)
	if err != nil {
		return nil, err
	}
	l.cost.ctes[c.ID] = root.node.Cost()
	d := &physical.CTE{ID: c.ID, Name: c.Name, Root: root.node, UnionAll: c.UnionAll, Modifies: c.Modifies}
	if c.Recursive != nil {
		rec, err := l.exact(c.Recursive, f)
		if err != nil {
			return nil, err
		}
		d.Recursive = rec.node
	}
	return d, nil
}

func (l *lowerer) cteScan(n *logical.CTEScan) (rel, error) {
	p := &physical.CTEScan{Base: base(n.Cols, l.cost.cteScan(n)), ID: n.CTE.ID, Name: n.CTE.Name, Alias: n.Alias, Working: n.Working}
	return rel{p, n.Cols}, nil
}
