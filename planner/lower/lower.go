// Package lower turns an optimized logical plan into a physical one: it chooses how tables are read and joined, replaces
// column ids by positions, and gives subqueries and nested loops the arguments that they take from outside.
//
// It rewrites nothing that optimize could have rewritten, and it reads no data: estimates come from package estimate.
// Invariants: a lowered node's columns are those that the layout beside it names, in that order; the root's are exactly
// the logical root's; no expr.Column is left. The planner calls it, once per plan.
package lower

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

// Lower makes the physical plan of a logical one.
func Lower(n logical.Node, o Options) (physical.Node, error) {
	l := &lowerer{opts: o, cost: newCoster(o.Stats), targets: map[expr.ColumnID]int{}, hiddens: map[catalog.ColumnID]expr.Expr{}}
	r, err := l.exact(n, nil)
	if err != nil {
		return nil, err
	}
	name(r.node, n.Columns())
	return r.node, nil
}

// name gives the root the names of the statement's columns: on the way a projection that only renames was left out.
func name(n physical.Node, cols []logical.Column) {
	if b, ok := n.(interface{ SetOutput([]physical.Column) }); ok {
		b.SetOutput(output(cols))
	}
}

// lowerer is the state of lowering one statement.
type lowerer struct {
	opts    Options
	next    int                   // the last target number given out
	targets map[expr.ColumnID]int // the row key column of each target scan → its number
	cost    *coster
	hiddens map[catalog.ColumnID]expr.Expr // expressions of hidden columns bound so far
}

// rel is a lowered node with the ids of its columns.
type rel struct {
	node physical.Node
	cols []logical.Column
}

// lower lowers n. The columns of the result are those of n in any order; there may be more.
func (l *lowerer) lower(n logical.Node, f *frame) (rel, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return l.scan(n, f)
	case *logical.Values:
		return l.values(n, f)
	case *logical.Feed:
		return l.feed(n)
	case *logical.FunctionScan:
		return l.functionScan(n, f)
	case *logical.Filter:
		return l.filter(n, f)
	case *logical.Project:
		return l.project(n, f)
	case *logical.ProjectSet:
		return l.projectSet(n, f)
	case *logical.Join:
		return l.join(n, f)
	case *logical.Aggregate:
		return l.aggregate(n, f)
	case *logical.Window:
		return l.window(n, f)
	case *logical.Sort:
		return l.sort(n, f)
	case *logical.Limit:
		return l.limit(n, f)
	case *logical.Distinct:
		return l.distinct(n, f)
	case *logical.SetOp:
		return l.setOp(n, f)
	case *logical.With:
		return l.with(n, f)
	case *logical.CTEScan:
		return l.cteScan(n)
	case *logical.Lock:
		return l.lock(n, f)
	case *logical.Insert:
		return l.insert(n, f)
	case *logical.Update:
		return l.update(n, f)
	case *logical.Delete:
		return l.delete(n, f)
	}
	return rel{}, pgerr.Internal("no physical plan for %T", n)
}

// exact lowers n to a node that outputs exactly n's columns in order.
func (l *lowerer) exact(n logical.Node, f *frame) (rel, error) {
	r, err := l.lower(n, f)
	if err != nil {
		return rel{}, err
	}
	return l.arrange(r, n.Columns(), f)
}

// arrange puts a Project over r unless its columns are already those wanted.
func (l *lowerer) arrange(r rel, want []logical.Column, f *frame) (rel, error) {
	if logical.SameColumns(r.cols, want) {
		return r, nil
	}
	in := scopeOf(r, f)
	exprs := make([]expr.Expr, len(want))
	for i, c := range want {
		pos, ok := in.slots[c.ID]
		if !ok {
			return rel{}, missing(c.ID, c.Name)
		}
		exprs[i] = &expr.Slot{Index: pos, T: c.Type, Name: c.Name}
	}
	est := r.node.Cost()
	est.Width = l.cost.width(want)
	return rel{&physical.Project{Base: base(want, est), Input: r.node, Exprs: exprs}, want}, nil
}

func base(cols []logical.Column, est physical.Cost) physical.Base {
	return physical.Base{Cols: output(cols), Estimate: est}
}

func output(cols []logical.Column) []physical.Column {
	out := make([]physical.Column, len(cols))
	for i, c := range cols {
		out[i] = physical.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

func missing(id expr.ColumnID, name string) error {
	return pgerr.New(pgerrcode.InternalError, "column \"%s\" (#%d) is not available in the plan", name, id)
}
