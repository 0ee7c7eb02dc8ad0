package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// cte is a WITH query in scope.
type cte struct {
	name   string
	node   *logical.CTE
	fields []Field
	// working: inside its own recursive term, where it stands for the rows of the last round.
	working bool
	uses    int  // references while working
	pending bool // listed, but not bound yet
	noRows  bool // changes data without RETURNING
}

// with is a WITH clause.
type with struct{ ctes []*logical.CTE }

func (w *with) wrap(n logical.Node) logical.Node {
	if w == nil || len(w.ctes) == 0 {
		return n
	}
	return &logical.With{CTEs: w.ctes, Body: n}
}

// withClause binds WITH: each query sees those before it, and itself under RECURSIVE.
func (q *query) withClause(n *pg.WithClause) (*with, error) {
	if n == nil {
		return nil, nil
	}
	w := &with{}
	base := len(q.ctes)
	for _, c := range n.Ctes {
		x := c.GetCommonTableExpr()
		for _, o := range q.ctes[base:] {
			if o.name == x.Ctename {
				return nil, pgerr.New(pgerrcode.DuplicateAlias, "WITH query name \"%s\" specified more than once", x.Ctename).At(int(x.Location))
			}
		}
		q.ctes = append(q.ctes, &cte{name: x.Ctename, pending: true})
	}
	for i, c := range n.Ctes {
		x := c.GetCommonTableExpr()
		if err := q.bindCTE(q.ctes[base+i], x, n.Recursive); err != nil {
			return nil, err
		}
		w.ctes = append(w.ctes, q.ctes[base+i].node)
	}
	return w, nil
}

func (q *query) bindCTE(c *cte, x *pg.CommonTableExpr, recursive bool) error {
	if x.SearchClause != nil || x.CycleClause != nil {
		return pgerr.Unsupported("SEARCH and CYCLE in WITH").At(int(x.Location))
	}
	q.b.ctes++
	c.node = &logical.CTE{ID: q.b.ctes, Name: c.name, Materialized: x.Ctematerialized == pg.CTEMaterialize_CTEMaterializeAlways}
	if recursive && len(mentions(x.Ctequery.ProtoReflect(), c.name)) > 0 {
		if err := q.recursiveCTE(c, x); err != nil {
			return err
		}
		c.pending, c.working = false, false
		return nil
	}
	if s := x.Ctequery.GetSelectStmt(); s == nil {
		if q.parent != nil || q.b.views > 0 {
			return pgerr.New(pgerrcode.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level").At(int(x.Location))
		}
		c.node.Modifies = true
	}
	node, fields, err := q.b.bindQuery(x.Ctequery, q)
	if err != nil {
		return err
	}
	c.node.Plan, c.fields = node, fields
	c.noRows = c.node.Modifies && len(fields) == 0
	if err := c.rename(x); err != nil {
		return err
	}
	c.node.Cols = c.columns()
	c.pending = false
	return nil
}

// rename applies the column names of name(a, b) AS ….
func (c *cte) rename(x *pg.CommonTableExpr) error {
	names := stringList(x.Aliascolnames)
	if len(names) > len(c.fields) {
		return pgerr.New(pgerrcode.InvalidColumnReference, "WITH query \"%s\" has %d columns available but %d columns specified", c.name, len(c.fields), len(names)).At(int(x.Location))
	}
	for i, n := range names {
		c.fields[i].Name = n
	}
	return nil
}

func (c *cte) columns() []logical.Column {
	cols := c.node.Plan.Columns()
	out := make([]logical.Column, len(c.fields))
	for i := range out {
		out[i] = logical.Column{ID: cols[i].ID, Name: c.fields[i].Name, Type: c.fields[i].Type}
	}
	return out
}

// recursiveCTE binds non-recursive-term UNION [ALL] recursive-term.
func (q *query) recursiveCTE(c *cte, x *pg.CommonTableExpr) error {
	s := x.Ctequery.GetSelectStmt()
	if s == nil {
		return recursionError(x, "recursive query \"%s\" must not contain data-modifying statements", c.name)
	}
	if s.Op != pg.SetOperation_SETOP_UNION || s.Larg == nil {
		return recursionError(x, "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", c.name)
	}
	if at := mentions(s.Larg.ProtoReflect(), c.name); len(at) > 0 {
		return pgerr.New(pgerrcode.InvalidRecursion, "recursive reference to query \"%s\" must not appear within its non-recursive term", c.name).At(at[0])
	}
	if err := unsupportedRecursion(s); err != nil {
		return err
	}
	w, err := q.withClause(s.WithClause)
	if err != nil {
		return err
	}
	left, err := q.b.subquery(selectNode(s.Larg), q, false)
	if err != nil {
		return err
	}
	c.node.Plan, c.fields, c.node.UnionAll = left.node, left.fields, s.All
	if err := c.rename(x); err != nil {
		return err
	}
	c.node.Cols = c.columns()
	c.pending, c.working = false, true
	right, err := q.b.subquery(selectNode(s.Rarg), q, true)
	if err != nil {
		return err
	}
	if c.uses > 1 {
		at := mentions(s.Rarg.ProtoReflect(), c.name)
		return pgerr.New(pgerrcode.InvalidRecursion, "recursive reference to query \"%s\" must not appear more than once", c.name).At(at[min(1, len(at)-1)])
	}
	right, err = q.recursiveTerm(c, left, right, s)
	if err != nil {
		return err
	}
	c.node.Recursive = w.wrap(right.node)
	return nil
}

func recursionError(x *pg.CommonTableExpr, format, name string) error {
	return pgerr.New(pgerrcode.InvalidRecursion, format, name).At(int(x.Location))
}

func unsupportedRecursion(s *pg.SelectStmt) error {
	switch {
	case len(s.SortClause) > 0:
		return pgerr.New(pgerrcode.FeatureNotSupported, "ORDER BY in a recursive query is not implemented").At(location(s.SortClause[0]))
	case s.LimitOffset != nil:
		return pgerr.New(pgerrcode.FeatureNotSupported, "OFFSET in a recursive query is not implemented").At(location(s.LimitOffset))
	case s.LimitCount != nil:
		return pgerr.New(pgerrcode.FeatureNotSupported, "LIMIT in a recursive query is not implemented").At(location(s.LimitCount))
	case len(s.LockingClause) > 0:
		return pgerr.New(pgerrcode.FeatureNotSupported, "FOR UPDATE/SHARE in a recursive query is not implemented")
	}
	return nil
}

// recursiveTerm coerces the recursive term to the types of the other, which must not have to change for it.
func (q *query) recursiveTerm(c *cte, left, right *result, s *pg.SelectStmt) (*result, error) {
	if len(left.fields) != len(right.fields) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "each UNION query must have the same number of columns").At(firstTarget(s.Rarg))
	}
	for i, f := range left.fields {
		es := []expr.Expr{&expr.Column{T: f.Type}, &expr.Column{T: right.fields[i].Type}}
		t, err := q.b.commonType(es, "UNION", func(int) int { return firstTarget(s.Rarg) })
		if err != nil {
			return nil, err
		}
		if t.OID != f.Type.OID {
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				c.name, i+1, q.b.typeWithMod(f.Type), q.b.formatType(t)).
				WithHint("Cast the output of the non-recursive term to the correct type.").At(firstTarget(s.Larg))
		}
		if m := right.fields[i].Type; m.OID == t.OID && f.Type.Mod >= 0 && m.Mod != f.Type.Mod {
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				c.name, i+1, q.b.typeWithMod(f.Type), q.b.formatType(t)).
				WithHint("Cast the output of the non-recursive term to the correct type.").At(firstTarget(s.Larg))
		}
	}
	want := make([]logical.Column, len(left.fields))
	for i, f := range left.fields {
		want[i].Type = f.Type
	}
	return q.coerceResult(right, want, "UNION")
}

// findCTE finds a WITH query by name, innermost first.
func (q *query) findCTE(name string) *cte {
	for i := len(q.ctes) - 1; i >= 0; i-- {
		if c := q.ctes[i]; c.name == name && !c.pending {
			return c
		}
	}
	return nil
}

func (q *query) isFutureCTE(name string) bool {
	for _, c := range q.ctes {
		if c.name == name && c.pending {
			return true
		}
	}
	return false
}

// cteItem makes a scan of a WITH query.
func (q *query) cteItem(c *cte, rv *pg.RangeVar) (logical.Node, []*item, error) {
	if c.noRows {
		return nil, nil, pgerr.New(pgerrcode.FeatureNotSupported, "WITH query \"%s\" does not have a RETURNING clause", c.name).At(int(rv.Location))
	}
	if c.working {
		c.uses++
	}
	scan := &logical.CTEScan{CTE: c.node, Alias: c.name, Working: c.working}
	if rv.Alias != nil {
		scan.Alias = rv.Alias.Aliasname
	}
	for _, f := range c.fields {
		scan.Cols = append(scan.Cols, logical.Column{ID: q.b.newColumn(q), Name: f.Name, Type: f.Type})
	}
	node, items, err := q.nodeItem(scan, c.fields, c.name, rv.Alias)
	if err == nil {
		items[0].aliased, items[0].with = rv.Alias != nil, true
	}
	return node, items, err
}

// mentions lists where a tree has a relation of that plain name.
func mentions(m protoreflect.Message, name string) []int {
	if rv, ok := m.Interface().(*pg.RangeVar); ok {
		if rv.Relname == name && rv.Schemaname == "" {
			return []int{int(rv.Location)}
		}
		return nil
	}
	var found []int
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Kind() != protoreflect.MessageKind {
			return true
		}
		if f.IsList() {
			for i := range v.List().Len() {
				found = append(found, mentions(v.List().Get(i).Message(), name)...)
			}
			return true
		}
		found = append(found, mentions(v.Message(), name)...)
		return true
	})
	slices.Sort(found)
	return found
}

func selectNode(s *pg.SelectStmt) *pg.Node {
	return &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: s}}
}
