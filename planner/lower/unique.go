package lower

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

// uniqueLookup is a semi join turned round: the distinct keys of its right side look up rows of its left, which is a table.
//
//	… WHERE id IN (SELECT ref FROM few)     -- look up each distinct ref
//	… WHERE EXISTS (… few.ref = id AND few.x > t.y)   -- a row may match several refs, or fail the rest: not this way
type uniqueLookup struct {
	join   *logical.Join // inner: the distinct keys and the table
	lookup *lookup
	keys   rel
	cost   physical.Cost
}

// unique makes the plan; nil where a semi join cannot be turned round.
func (l *lowerer) unique(n *logical.Join, right rel, f *frame) (*uniqueLookup, error) {
	s, ok := n.Left.(*logical.Scan)
	if !ok || n.Kind != logical.Semi || n.NullAware || n.Lateral {
		return nil, nil
	}
	cols, ok := keyColumns(n)
	if !ok {
		return nil, nil
	}
	distinct := &logical.Distinct{Input: project(n.Right, cols)}
	u := &uniqueLookup{join: &logical.Join{Kind: logical.Inner, Left: distinct, Right: s, Conds: n.Conds}}
	if u.lookup = l.bestLookup(u.join); u.lookup == nil {
		return nil, nil
	}
	in, err := l.arrange(right, cols, f)
	if err != nil {
		return nil, err
	}
	rows := min(l.cost.Rows(distinct), max(1, in.node.Cost().Rows))
	est := over(in.node.Cost(), rows, cpuOperator*float64(len(cols)))
	u.keys = rel{&physical.Distinct{Base: base(cols, est), Input: in.node}, cols}
	u.cost = l.cost.lookupJoin(u.join, u.lookup, u.keys.node)
	u.cost.Rows = l.cost.Rows(n)
	return u, nil
}

func project(n logical.Node, cols []logical.Column) logical.Node {
	exprs := make([]expr.Expr, len(cols))
	for i, c := range cols {
		exprs[i] = &expr.Column{ID: c.ID, T: c.Type, Name: c.Name, Pos: -1}
	}
	return &logical.Project{Input: n, Cols: cols, Exprs: exprs}
}

// keyColumns lists the right side's columns in a join's conditions, if each of these says that one of them is equal to
// something of the left, of the same type: what is equal to one left row is then one set of keys.
func keyColumns(n *logical.Join) ([]logical.Column, bool) {
	left, right := logical.IDs(n.Left.Columns()), logical.IDs(n.Right.Columns())
	var cols []logical.Column
	for _, e := range n.Conds {
		k, ok := hashable(e, left, right)
		if !ok {
			return nil, false
		}
		c, ok := k.right.(*expr.Column)
		if !ok || !k.left.Type().Same(c.T) {
			return nil, false
		}
		for _, x := range n.Right.Columns() {
			if x.ID == c.ID && !contains(cols, x.ID) {
				cols = append(cols, x)
			}
		}
	}
	return cols, len(cols) > 0
}

func contains(cols []logical.Column, id expr.ColumnID) bool {
	for _, c := range cols {
		if c.ID == id {
			return true
		}
	}
	return false
}
