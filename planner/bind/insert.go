package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// inserter is the binding of one INSERT.
type inserter struct {
	*writer
	stmt *pg.InsertStmt
	cols []*catalog.Column // that values are given for
	at   []int             // where they were named
}

// insertStmt binds INSERT.
func (q *query) insertStmt(s *pg.InsertStmt) (*result, error) {
	with, err := q.withClause(s.WithClause)
	if err != nil {
		return nil, err
	}
	w, err := q.writer(s.Relation, "insert into")
	if err != nil {
		return nil, err
	}
	in := &inserter{writer: w, stmt: s}
	name, aliased := w.table.Name, s.Relation.Alias != nil
	if aliased {
		name = s.Relation.Alias.Aliasname
	}
	q.all = append(q.all, w.rowItem(name, w.newColumns(), aliased)) // not in scope, but known to hints
	if err := in.columnList(); err != nil {
		return nil, err
	}
	node := &logical.Insert{Table: w.table, Ref: w.ref, Targets: w.ids()}
	if node.Input, node.NewCols, err = in.source(); err != nil {
		return nil, err
	}
	w.writes(columnIDs(in.cols))
	if node.Checks, err = w.checks(node.NewCols); err != nil {
		return nil, err
	}
	if node.Conflict, err = in.conflict(node.NewCols); err != nil {
		return nil, err
	}
	node.Given = w.given
	if node.Triggers, err = w.triggers(catalog.TriggerInsert, nil); err != nil {
		return nil, err
	}
	it := w.rowItem(name, node.NewCols, aliased)
	w.reads(it)
	q.items, q.all = []*item{it}, []*item{it}
	r := &result{}
	if node.Returning, node.ReturnExprs, r.fields, err = q.returning(s.ReturningList); err != nil {
		return nil, err
	}
	r.node = with.wrap(node)
	return r, nil
}

// columnList settles which columns the values are for.
func (in *inserter) columnList() error {
	if len(in.stmt.Cols) == 0 {
		in.cols = in.table.Live()
		return nil
	}
	for _, n := range in.stmt.Cols {
		rt := n.GetResTarget()
		pos := int(rt.Location)
		c, err := in.columnNamed(rt.Name, pos)
		if err != nil {
			return err
		}
		if len(rt.Indirection) > 0 {
			return pgerr.Unsupported("assignment to an element or field").At(pos)
		}
		if slices.Contains(in.cols, c) {
			return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", rt.Name).At(pos)
		}
		in.cols, in.at = append(in.cols, c), append(in.at, pos)
	}
	return nil
}

// source binds where the rows come from. Its columns are the targets.
func (in *inserter) source() (logical.Node, []logical.Column, error) {
	s := in.stmt.SelectStmt.GetSelectStmt()
	switch {
	case s == nil:
		in.cols = nil
		return in.rows([]*pg.Node{{Node: &pg.Node_List{List: &pg.List{}}}})
	case s.ValuesLists != nil && len(s.SortClause) == 0 && s.LimitCount == nil && s.LimitOffset == nil && s.WithClause == nil && len(s.LockingClause) == 0:
		return in.rows(s.ValuesLists)
	}
	return in.query()
}

// rows binds VALUES lists right into rows of the table.
func (in *inserter) rows(lists []*pg.Node) (logical.Node, []logical.Column, error) {
	q := in.q
	q.kind = kindValues
	if len(lists) == 1 {
		q.kind = kindValuesSingle
	}
	defer func() { q.kind = kindOther }()
	plan, err := in.plan(lists[0].GetList())
	if err != nil {
		return nil, nil, err
	}
	v := &logical.Values{Rows: make([][]expr.Expr, len(lists))}
	width := len(lists[0].GetList().GetItems())
	cells := make([]expr.Expr, len(lists)*len(plan.base))
	for i, l := range lists {
		items := l.GetList().GetItems()
		if len(items) != width {
			return nil, nil, pgerr.New(pgerrcode.SyntaxError, "VALUES lists must all be the same length").At(location(items[0]))
		}
		row := cells[:len(plan.base):len(plan.base)]
		cells = cells[len(plan.base):]
		if err := in.row(row, items, plan); err != nil {
			return nil, nil, err
		}
		v.Rows[i] = row
	}
	for _, c := range plan.base {
		v.Cols = append(v.Cols, in.column(c))
	}
	if len(q.srfs) > 0 {
		return in.setRows(v, plan)
	}
	return in.complete(v, v.Cols, plan)
}

// setRows serves a single VALUES list with set-returning functions: it is a SELECT without FROM.
func (in *inserter) setRows(v *logical.Values, plan *insertPlan) (logical.Node, []logical.Column, error) {
	node, err := in.q.addSets(&logical.Values{Rows: [][]expr.Expr{{}}})
	if err != nil {
		return nil, nil, err
	}
	in.q.srfs = nil
	p := &logical.Project{Input: node, Cols: v.Cols, Exprs: v.Rows[0]}
	return in.complete(p, p.Cols, plan)
}

// insertPlan says how a row is put together.
type insertPlan struct {
	base     []*catalog.Column // stored columns that are not computed
	given    []int             // for each of base the index of the value given, -1: none
	defaults []expr.Expr       // for those without a value, and for DEFAULT once it was met
}

func (in *inserter) plan(first *pg.List) (*insertPlan, error) {
	n := len(first.GetItems())
	if err := in.arity(n, func(i int) int { return location(first.Items[i]) }); err != nil {
		return nil, err
	}
	return in.layout(n)
}

// arity checks the number of values.
func (in *inserter) arity(n int, at func(i int) int) error {
	if n > len(in.cols) {
		return pgerr.New(pgerrcode.SyntaxError, "INSERT has more expressions than target columns").At(at(len(in.cols)))
	}
	if n < len(in.cols) && len(in.stmt.Cols) > 0 {
		return pgerr.New(pgerrcode.SyntaxError, "INSERT has more target columns than expressions").At(in.at[n])
	}
	in.cols = in.cols[:n]
	return nil
}

func (in *inserter) layout(n int) (*insertPlan, error) {
	p := &insertPlan{}
	for _, c := range in.targets {
		if isComputed(c) {
			continue
		}
		given := slices.Index(in.cols[:n], c)
		if given >= 0 && in.ignores(c) {
			given = -1
		}
		p.base, p.given = append(p.base, c), append(p.given, given)
	}
	p.defaults = make([]expr.Expr, len(p.base))
	return p, nil
}

// ignores reports whether OVERRIDING USER VALUE makes the sequence's value replace the one given.
func (in *inserter) ignores(c *catalog.Column) bool {
	return c.Identity != 0 && in.stmt.Override == pg.OverridingKind_OVERRIDING_USER_VALUE
}

// defaultAt is the default of a column, bound once.
func (in *inserter) defaultAt(p *insertPlan, i int) (expr.Expr, error) {
	if p.defaults[i] == nil {
		e, err := in.defaultOf(p.base[i])
		if err != nil {
			return nil, err
		}
		p.defaults[i] = e
	}
	return p.defaults[i], nil
}

// row binds one list of values.
func (in *inserter) row(out []expr.Expr, items []*pg.Node, p *insertPlan) error {
	for i, n := range items {
		if c := in.cols[i]; n.GetSetToDefault() == nil {
			if err := in.mayGive(c); err != nil {
				return err
			}
		}
	}
	for i, c := range p.base {
		var err error
		at := p.given[i]
		if at < 0 || items[at].GetSetToDefault() != nil {
			out[i], err = in.defaultAt(p, i)
		} else {
			out[i], err = in.value(items[at], c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// value binds one value for a column. Plain literals, which bulk loads are made of, take the short way.
func (in *inserter) value(n *pg.Node, c *catalog.Column) (expr.Expr, error) {
	if k := n.GetAConst(); k != nil && !k.Isnull {
		if s, ok := k.Val.(*pg.A_Const_Sval); ok && c.Type.Known() && c.Type.Mod < 0 && c.Type.Kind == types.KindBase {
			return in.q.b.takenLiteral(types.String(s.Sval.Sval), c.Type, int(k.Location))
		}
	}
	e, err := in.q.expr(n)
	if err != nil {
		return nil, err
	}
	return in.assign(e, c, location(n))
}

// mayGive refuses values for columns that make their own.
func (in *inserter) mayGive(c *catalog.Column) error {
	switch {
	case c.Generated != "":
		return pgerr.New(pgerrcode.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", c.Name).
			WithDetail("Column \"%s\" is a generated column.", c.Name)
	case c.Identity == 'a' && in.stmt.Override != pg.OverridingKind_OVERRIDING_SYSTEM_VALUE && in.stmt.Override != pg.OverridingKind_OVERRIDING_USER_VALUE:
		return pgerr.New(pgerrcode.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", c.Name).
			WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name).
			WithHint("Use OVERRIDING SYSTEM VALUE to override.")
	}
	return nil
}

// query binds INSERT … SELECT.
func (in *inserter) query() (logical.Node, []logical.Column, error) {
	r, err := in.q.b.subquery(in.stmt.SelectStmt, in.q, true)
	if err != nil {
		return nil, nil, err
	}
	s := in.stmt.SelectStmt.GetSelectStmt()
	if err := in.arity(len(r.fields), func(i int) int { return targetLocation(s, i) }); err != nil {
		return nil, nil, err
	}
	for _, c := range in.cols {
		if err := in.mayGive(c); err != nil {
			return nil, nil, err
		}
	}
	p, err := in.layout(len(in.cols))
	if err != nil {
		return nil, nil, err
	}
	if err := in.typeLiterals(r); err != nil {
		return nil, nil, err
	}
	from := r.node.Columns()
	node := &logical.Project{Input: r.node}
	for i, c := range p.base {
		var e expr.Expr
		if at := p.given[i]; at >= 0 {
			e, err = in.assign(columnOf(from[at]), c, targetLocation(s, at))
		} else {
			e, err = in.defaultAt(p, i)
		}
		if err != nil {
			return nil, nil, err
		}
		node.Exprs = append(node.Exprs, e)
		node.Cols = append(node.Cols, in.column(c))
	}
	return in.complete(node, node.Cols, p)
}

// typeLiterals gives untyped literals of the SELECT the types of their columns.
func (in *inserter) typeLiterals(r *result) error {
	for i, f := range r.fields {
		if f.Type.ID() != types.OIDUnknown {
			continue
		}
		if r.list == nil {
			continue
		}
		e, err := in.assign(r.list.Exprs[i], in.cols[i], -1)
		if err != nil {
			return err
		}
		r.retype(i, e)
	}
	return nil
}

// complete adds the computed columns and puts all in order.
func (in *inserter) complete(node logical.Node, base []logical.Column, p *insertPlan) (logical.Node, []logical.Column, error) {
	if !in.computes() {
		return node, base, nil
	}
	row := map[catalog.ColumnID]expr.Expr{}
	for i, c := range p.base {
		row[c.ID] = columnOf(base[i])
	}
	if in.firesBefore(catalog.TriggerInsert) {
		in.uncomputed(row)
	} else if err := in.compute(row); err != nil {
		return nil, nil, err
	}
	out := &logical.Project{Input: node}
	for _, c := range in.targets {
		col := in.column(c)
		if i := slices.Index(p.base, c); i >= 0 {
			col = base[i]
		}
		out.Cols, out.Exprs = append(out.Cols, col), append(out.Exprs, row[c.ID])
	}
	return out, out.Cols, nil
}
