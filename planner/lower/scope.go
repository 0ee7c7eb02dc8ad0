package lower

import (
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

// frame is the inside of a subquery or of the right side of a lateral join: its plan reaches columns from outside
// through arguments only. The nil frame is the statement's own.
type frame struct {
	ids   []expr.ColumnID
	index map[expr.ColumnID]int
}

func newFrame() *frame { return &frame{index: map[expr.ColumnID]int{}} }

// arg returns the number of the argument that brings the column in.
func (f *frame) arg(id expr.ColumnID) int {
	i, ok := f.index[id]
	if !ok {
		i = len(f.ids)
		f.ids = append(f.ids, id)
		f.index[id] = i
	}
	return i
}

// scope says where the columns are that an operator's expressions refer to: in its input, else outside of the frame.
type scope struct {
	slots map[expr.ColumnID]int
	frame *frame
}

func scopeOf(r rel, f *frame) *scope { return columnsScope(f, r.cols) }

// columnsScope is the scope over the concatenation of lists of columns.
func columnsScope(f *frame, lists ...[]logical.Column) *scope {
	s := &scope{slots: map[expr.ColumnID]int{}, frame: f}
	pos := 0
	for _, cols := range lists {
		for _, c := range cols {
			if _, ok := s.slots[c.ID]; !ok {
				s.slots[c.ID] = pos
			}
			pos++
		}
	}
	return s
}

// resolve gives the lowered form of a column.
func (s *scope) resolve(c *expr.Column) (expr.Expr, error) {
	if i, ok := s.slots[c.ID]; ok {
		return &expr.Slot{Index: i, T: c.T, Name: c.Name}, nil
	}
	if s.frame == nil {
		return nil, missing(c.ID, c.Name)
	}
	return &expr.Outer{Index: s.frame.arg(c.ID), T: c.T, Name: c.Name}, nil
}

// expr lowers an expression.
func (l *lowerer) expr(e expr.Expr, s *scope) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	switch x := e.(type) {
	case *expr.Column:
		return s.resolve(x)
	case *expr.Subquery:
		return l.subquery(x, s)
	}
	var failed error
	out := expr.MapChildren(e, func(c expr.Expr) expr.Expr {
		if failed != nil {
			return c
		}
		got, err := l.expr(c, s)
		if err != nil {
			failed = err
			return c
		}
		return got
	})
	return out, failed
}

func (l *lowerer) exprs(es []expr.Expr, s *scope) ([]expr.Expr, error) {
	if es == nil {
		return nil, nil
	}
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		var err error
		if out[i], err = l.expr(e, s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *lowerer) keys(keys []expr.SortKey, s *scope) ([]expr.SortKey, error) {
	if keys == nil {
		return nil, nil
	}
	out := make([]expr.SortKey, len(keys))
	for i, k := range keys {
		e, err := l.expr(k.Expr, s)
		if err != nil {
			return nil, err
		}
		out[i] = expr.SortKey{Expr: e, Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return out, nil
}

// subquery lowers a subquery's plan in a frame of its own and computes the frame's arguments in the scope around it.
//
// In Test the outer row's columns stay Slots, so that an uncorrelated IN has no arguments and runs once; what Test takes
// from a frame further out comes through Args like everything else.
func (l *lowerer) subquery(q *expr.Subquery, s *scope) (expr.Expr, error) {
	plan, ok := q.Plan.(logical.Node)
	if !ok {
		return nil, pgerr.Internal("a subquery was lowered twice")
	}
	f := newFrame()
	r, err := l.exact(plan, f)
	if err != nil {
		return nil, err
	}
	out := *q
	out.Plan, out.TestColumns = r.node, nil
	if q.Test != nil {
		if out.Test, err = l.test(q, f, s); err != nil {
			return nil, err
		}
	}
	if out.Args, err = l.args(f, s, l.columnTypes(q)); err != nil {
		return nil, err
	}
	return &out, nil
}

// test lowers the condition of ANY and ALL. The columns of the subquery come after the arguments, whose number is known
// only when all that Test takes from outside has been seen: hence two passes.
func (l *lowerer) test(q *expr.Subquery, f *frame, s *scope) (expr.Expr, error) {
	inner := map[expr.ColumnID]int{}
	for i, id := range q.TestColumns {
		inner[id] = i
	}
	for _, id := range logical.Used(q.Test).Sorted() {
		_, local := s.slots[id]
		if _, own := inner[id]; !own && !local {
			f.arg(id)
		}
	}
	n := len(f.ids)
	ts := &testScope{outer: s, frame: f, inner: inner, args: n}
	return l.testExpr(q.Test, ts)
}

type testScope struct {
	outer *scope
	frame *frame
	inner map[expr.ColumnID]int
	args  int
}

func (l *lowerer) testExpr(e expr.Expr, ts *testScope) (expr.Expr, error) {
	switch x := e.(type) {
	case *expr.Column:
		if i, ok := ts.inner[x.ID]; ok {
			return &expr.Outer{Index: ts.args + i, T: x.T, Name: x.Name}, nil
		}
		return (&scope{slots: ts.outer.slots, frame: ts.frame}).resolve(x)
	case *expr.Subquery:
		return l.subquery(x, &scope{slots: ts.outer.slots, frame: ts.frame})
	}
	var failed error
	out := expr.MapChildren(e, func(c expr.Expr) expr.Expr {
		got, err := l.testExpr(c, ts)
		if err != nil {
			failed = err
			return c
		}
		return got
	})
	return out, failed
}

// args computes a frame's arguments in the scope around it.
func (l *lowerer) args(f *frame, s *scope, types map[expr.ColumnID]*expr.Column) ([]expr.Expr, error) {
	if len(f.ids) == 0 {
		return nil, nil
	}
	out := make([]expr.Expr, len(f.ids))
	for i, id := range f.ids {
		c := types[id]
		if c == nil {
			return nil, missing(id, "")
		}
		var err error
		if out[i], err = s.resolve(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// columnTypes finds a reference to each column that a subquery uses, for its type and name.
func (l *lowerer) columnTypes(q *expr.Subquery) map[expr.ColumnID]*expr.Column {
	refs := map[expr.ColumnID]*expr.Column{}
	collectRefs(q, refs)
	return refs
}

func planRefs(n logical.Node) map[expr.ColumnID]*expr.Column {
	refs := map[expr.ColumnID]*expr.Column{}
	collectPlanRefs(n, refs)
	return refs
}

func collectRefs(e expr.Expr, refs map[expr.ColumnID]*expr.Column) {
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Column:
			refs[x.ID] = x
		case *expr.Subquery:
			if p, ok := x.Plan.(logical.Node); ok {
				collectPlanRefs(p, refs)
			}
		}
		return true
	})
}

func collectPlanRefs(n logical.Node, refs map[expr.ColumnID]*expr.Column) {
	logical.Walk(n, func(x logical.Node) bool {
		for _, e := range logical.Exprs(x) {
			collectRefs(e, refs)
		}
		return true
	})
}

// nodeOf is the physical plan of a lowered subquery.
func nodeOf(q *expr.Subquery) physical.Node {
	n, _ := q.Plan.(physical.Node)
	return n
}
