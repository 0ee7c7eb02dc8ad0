package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// ungroup rewrites an expression over the FROM items into one over the output of the grouping. A column that is neither
// grouped nor determined by the groups is an error.
func (q *query) ungroup(e expr.Expr) (expr.Expr, error) {
	if q.groups == nil || e == nil {
		return e, nil
	}
	var bad error
	var walk func(x expr.Expr) expr.Expr
	walk = func(x expr.Expr) expr.Expr {
		if bad != nil {
			return x
		}
		switch c := x.(type) {
		case *expr.Const, *expr.Param:
			return x
		case *expr.Column:
			bad = q.checkGrouped(c)
			return x
		case *expr.Subquery:
			bad = q.checkSubqueryGrouped(c)
		}
		if at := q.groups.index(x); at >= 0 {
			return columnOf(q.groups.cols[at])
		}
		return expr.MapChildren(x, walk)
	}
	out := walk(e)
	return out, bad
}

// index finds the grouping expression that equals x and is not a plain column.
func (g *grouping) index(x expr.Expr) int {
	for i, e := range g.exprs {
		if g.plain[g.cols[i].ID] {
			continue
		}
		if expr.Equal(e, x) {
			return i
		}
	}
	return -1
}

func (q *query) ungroupAll(es []expr.Expr) ([]expr.Expr, error) {
	if q.groups == nil {
		return es, nil
	}
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		var err error
		if out[i], err = q.ungroup(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (q *query) checkGrouped(c *expr.Column) error {
	info := q.b.info(c.ID)
	if info.owner != q || info.kind != 0 || q.groups.plain[c.ID] || q.determined(info.item) {
		if info.owner == q && info.kind == 0 && !q.groups.plain[c.ID] {
			q.addDependent(c)
		}
		return nil
	}
	return pgerr.New(pgerrcode.GroupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", info.label(c)).At(c.Pos)
}

func (i *columnInfo) label(c *expr.Column) string {
	if i.item != nil && i.item.name != "" {
		return i.item.name + "." + c.Name
	}
	return c.Name
}

// addDependent groups by a column that the groups determine, which changes nothing but makes it available.
func (q *query) addDependent(c *expr.Column) {
	at := q.groups.add(q, c)
	for i := range q.groups.sets {
		q.groups.sets[i] = append(q.groups.sets[i], at)
	}
}

// determined reports whether the grouping has all columns of the primary key of a table.
func (q *query) determined(it *item) bool {
	if it == nil || it.table == nil || it.scan == nil {
		return false
	}
	i := slices.IndexFunc(it.table.Constraints, func(c *catalog.Constraint) bool { return c.Kind == catalog.PrimaryKey && !c.Deferrable })
	if i < 0 {
		return false
	}
	for _, id := range it.table.Constraints[i].Columns {
		if !q.groupsBy(it, id) {
			return false
		}
	}
	return true
}

func (q *query) groupsBy(it *item, id catalog.ColumnID) bool {
	for at := range it.cols {
		if it.table.Columns[it.cols[at].index].ID != id {
			continue
		}
		if !q.groups.plain[it.cols[at].id] {
			return false
		}
		for _, set := range q.groups.sets {
			g := slices.IndexFunc(q.groups.cols, func(c logical.Column) bool { return c.ID == it.cols[at].id })
			if !slices.Contains(set, g) {
				return false
			}
		}
		return true
	}
	return false
}

// checkSubqueryGrouped checks the columns that a subquery takes from this level.
func (q *query) checkSubqueryGrouped(s *expr.Subquery) error {
	plan, ok := s.Plan.(logical.Node)
	if !ok {
		return nil
	}
	for id := range logical.Free(plan) {
		info := q.b.info(id)
		if info.owner != q || info.kind != 0 || q.groups.plain[id] {
			continue
		}
		c := q.findColumn(plan, id)
		if q.determined(info.item) {
			q.addDependent(c)
			continue
		}
		return pgerr.New(pgerrcode.GroupingError, "subquery uses ungrouped column \"%s\" from outer query", info.label(c)).At(c.Pos)
	}
	return nil
}

// findColumn finds the reference to a column in a plan.
func (q *query) findColumn(plan logical.Node, id expr.ColumnID) *expr.Column {
	found := &expr.Column{ID: id, Pos: -1}
	logical.WalkAll(plan, func(n logical.Node) {
		for _, e := range logical.Exprs(n) {
			expr.Walk(e, func(x expr.Expr) bool {
				if c, ok := x.(*expr.Column); ok && c.ID == id && found.T.Def == nil {
					found = c
				}
				return true
			})
		}
	})
	return found
}
