package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// grouping is the GROUP BY of a query level. A plain column keeps its id above the Aggregate node, so that references to
// it, in subqueries too, need no rewriting; other expressions get an id.
type grouping struct {
	exprs []expr.Expr
	cols  []logical.Column
	plain map[expr.ColumnID]bool
	sets  [][]int // nil: a plain GROUP BY
}

// add makes e a grouping expression and returns its index.
func (g *grouping) add(q *query, e expr.Expr) int {
	for i, old := range g.exprs {
		if expr.Equal(old, e) {
			return i
		}
	}
	id, name := expr.ColumnID(0), "?column?"
	if c, ok := e.(*expr.Column); ok && q.b.info(c.ID).owner == q {
		id, name = c.ID, c.Name
		g.plain[id] = true
	} else {
		id = q.b.newColumn(q)
		q.b.info(id).kind = 'a'
	}
	g.exprs = append(g.exprs, e)
	g.cols = append(g.cols, logical.Column{ID: id, Name: name, Type: e.Type()})
	return len(g.exprs) - 1
}

// groupClause binds GROUP BY.
func (q *query) groupClause(s *pg.SelectStmt) error {
	if len(s.GroupClause) == 0 && s.HavingClause == nil && len(q.aggs) == 0 && len(q.groupings) == 0 {
		return nil
	}
	g := &grouping{plain: map[expr.ColumnID]bool{}}
	q.groups = g
	hasSets := false
	for _, n := range s.GroupClause {
		if n.GetGroupingSet() != nil {
			hasSets = true
		}
	}
	if !hasSets {
		for _, n := range s.GroupClause {
			if _, err := q.groupItem(g, n); err != nil {
				return err
			}
		}
		return nil
	}
	return q.groupingSets(g, s)
}

// groupItem binds one expression of GROUP BY; ROW(a, b) without sets is a and b.
func (q *query) groupItem(g *grouping, n *pg.Node) ([]int, error) {
	if r := n.GetRowExpr(); r != nil && r.RowFormat == pg.CoercionForm_COERCE_IMPLICIT_CAST {
		var out []int
		for _, a := range r.Args {
			at, err := q.groupItem(g, a)
			if err != nil {
				return nil, err
			}
			out = append(out, at...)
		}
		return out, nil
	}
	had := len(q.targets)
	at, err := q.clauseTarget(n, kindGroupBy, "GROUP BY")
	if err != nil {
		return nil, err
	}
	t := &q.targets[at]
	if err := q.checkGroupItem(t.e); err != nil {
		return nil, err
	}
	if t.e, err = q.b.known(t.e); err != nil {
		return nil, err
	}
	if err := q.b.checkEquality(t.e.Type().Def, location(n)); err != nil {
		return nil, err
	}
	e := t.e
	q.targets = q.targets[:had] // grouping needs no projection of its own
	return []int{g.add(q, e)}, nil
}

// checkGroupItem refuses aggregates and window functions that a name or position has brought into GROUP BY.
func (q *query) checkGroupItem(e expr.Expr) error {
	var bad error
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok && q.b.info(c.ID).owner == q {
			switch q.b.info(c.ID).kind {
			case 'a':
				bad = pgerr.New(pgerrcode.GroupingError, "aggregate functions are not allowed in GROUP BY").At(c.Pos)
			case 'w':
				bad = pgerr.New(pgerrcode.WindowingError, "window functions are not allowed in GROUP BY").At(c.Pos)
			}
		}
		return bad == nil
	})
	return bad
}

// groupingSets expands GROUPING SETS, ROLLUP and CUBE into a list of sets; several in one GROUP BY multiply.
func (q *query) groupingSets(g *grouping, s *pg.SelectStmt) error {
	sets := [][]int{{}}
	for _, n := range s.GroupClause {
		more, err := q.expandSets(g, n)
		if err != nil {
			return err
		}
		var product [][]int
		for _, a := range sets {
			for _, b := range more {
				product = append(product, union(a, b))
			}
		}
		sets = product
		if len(sets) > 4096 {
			return pgerr.New(pgerrcode.StatementTooComplex, "too many grouping sets present (maximum 4096)")
		}
	}
	if s.GroupDistinct {
		sets = distinctSets(sets)
	}
	g.sets = sets
	return nil
}

func (q *query) expandSets(g *grouping, n *pg.Node) ([][]int, error) {
	set := n.GetGroupingSet()
	if set == nil {
		at, err := q.groupItem(g, n)
		return [][]int{at}, err
	}
	switch set.Kind {
	case pg.GroupingSetKind_GROUPING_SET_EMPTY:
		return [][]int{{}}, nil
	case pg.GroupingSetKind_GROUPING_SET_SETS:
		var out [][]int
		for _, c := range set.Content {
			more, err := q.expandSets(g, c)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
		return out, nil
	}
	items := make([][]int, len(set.Content))
	for i, c := range set.Content {
		at, err := q.groupItem(g, c)
		if err != nil {
			return nil, err
		}
		items[i] = at
	}
	if set.Kind == pg.GroupingSetKind_GROUPING_SET_ROLLUP {
		return rollup(items), nil
	}
	if len(items) > 12 {
		return nil, pgerr.New(pgerrcode.TooManyColumns, "CUBE is limited to 12 elements").At(int(set.Location))
	}
	return cube(items), nil
}

func rollup(items [][]int) [][]int {
	var out [][]int
	for n := len(items); n >= 0; n-- {
		set := []int{}
		for _, it := range items[:n] {
			set = union(set, it)
		}
		out = append(out, set)
	}
	return out
}

func cube(items [][]int) [][]int {
	var out [][]int
	for mask := 1<<len(items) - 1; mask >= 0; mask-- {
		set := []int{}
		for i, it := range items {
			if mask&(1<<(len(items)-1-i)) != 0 {
				set = union(set, it)
			}
		}
		out = append(out, set)
	}
	return out
}

func union(a, b []int) []int {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		sorted := slices.Sorted(slices.Values(s))
		if !slices.ContainsFunc(out, func(o []int) bool { return slices.Equal(slices.Sorted(slices.Values(o)), sorted) }) {
			out = append(out, s)
		}
	}
	return out
}

// addAggregates puts the Aggregate node and HAVING over the input.
func (q *query) addAggregates(in logical.Node, having expr.Expr) (logical.Node, error) {
	if q.groups == nil {
		if len(q.aggs) == 0 {
			return in, nil
		}
		q.groups = &grouping{plain: map[expr.ColumnID]bool{}} // an aggregate that a subquery put here
	}
	g := q.groups
	in, err := q.setsBelow(in)
	if err != nil {
		return nil, err
	}
	agg := &logical.Aggregate{Input: in}
	calls, err := q.groupingCalls()
	if err != nil {
		return nil, err
	}
	var conds []expr.Expr
	if having != nil {
		if having, err = q.ungroup(having); err != nil {
			return nil, err
		}
		conds = expr.Conjuncts(having, nil)
	}
	// Dependent columns may still join the groups while the targets are rewritten; so that is done first.
	if err := q.touchGroups(); err != nil {
		return nil, err
	}
	agg.Groups, agg.Sets = g.exprs, g.sets
	agg.Cols = slices.Clone(g.cols)
	for _, a := range q.aggs {
		agg.Aggs = append(agg.Aggs, a.agg)
		agg.Cols = append(agg.Cols, logical.Column{ID: a.id, Name: a.agg.Proc.Name, Type: a.agg.T})
	}
	var out logical.Node = agg
	if out, err = q.addGroupings(agg, calls); err != nil {
		return nil, err
	}
	if conds != nil {
		out = &logical.Filter{Input: out, Conds: conds}
	}
	return out, nil
}

// touchGroups rewrites everything above the grouping once, for errors and for the columns that the groups determine.
func (q *query) touchGroups() error {
	for i := range q.targets {
		if _, err := q.ungroup(q.targets[i].e); err != nil {
			return err
		}
	}
	for _, w := range q.windows {
		if _, err := q.ungroupSpec(w.spec); err != nil {
			return err
		}
		if _, err := q.ungroupAll(w.fn.Args); err != nil {
			return err
		}
		if _, err := q.ungroup(w.fn.Filter); err != nil {
			return err
		}
	}
	for _, s := range q.srfs {
		if _, err := q.ungroupAll(s.call.Args); err != nil {
			return err
		}
	}
	return nil
}

// groupingCalls settles the arguments of GROUPING: each must be a grouping expression.
func (q *query) groupingCalls() ([][]int, error) {
	out := make([][]int, len(q.groupings))
	for i, c := range q.groupings {
		for k, a := range c.args {
			at := slices.IndexFunc(q.groups.exprs, func(e expr.Expr) bool { return expr.Equal(e, a) })
			if at < 0 {
				return nil, pgerr.New(pgerrcode.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(c.at[k])
			}
			out[i] = append(out[i], at)
		}
	}
	return out, nil
}

// addGroupings adds the values of GROUPING: aggregates of their own when there are sets, else the constant 0.
func (q *query) addGroupings(agg *logical.Aggregate, calls [][]int) (logical.Node, error) {
	if len(calls) == 0 {
		return agg, nil
	}
	if agg.Sets != nil {
		for i, c := range q.groupings {
			agg.Aggs = append(agg.Aggs, &expr.Aggregate{Proc: expr.GroupingProc, Grouping: calls[i], T: typeInt4})
			agg.Cols = append(agg.Cols, logical.Column{ID: c.id, Name: "grouping", Type: typeInt4})
		}
		return agg, nil
	}
	p := &logical.Project{Input: agg}
	for _, c := range agg.Cols {
		p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, columnOf(c))
	}
	for _, c := range q.groupings {
		p.Cols = append(p.Cols, logical.Column{ID: c.id, Name: "grouping", Type: typeInt4})
		p.Exprs = append(p.Exprs, &expr.Const{T: typeInt4})
	}
	return p, nil
}

// setsBelow runs set-returning functions under the grouping when something is grouped by their results.
func (q *query) setsBelow(in logical.Node) (logical.Node, error) {
	for _, s := range q.srfs {
		for _, e := range q.groups.exprs {
			if !usesColumn(e, s.id) {
				continue
			}
			groups := q.groups
			q.groups = nil
			out, err := q.addSets(in)
			q.groups = groups
			for _, s := range q.srfs {
				q.b.info(s.id).kind = 0
			}
			q.srfs = nil
			return out, err
		}
	}
	return in, nil
}
