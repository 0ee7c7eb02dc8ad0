package bind

import (
	"maps"
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// changer is what UPDATE and DELETE share: the scan of the table and what it is joined with.
type changer struct {
	*writer
	item *item
	node logical.Node
	rest []*item // the items of FROM and USING
	// others are the columns of those, which RETURNING may need
	others []logical.Column
}

// changer binds the target, the other relations and WHERE.
func (q *query) changer(rv *pg.RangeVar, verb string, from []*pg.Node) (*changer, error) {
	w, err := q.writer(rv, verb)
	if err != nil {
		return nil, err
	}
	node, items, err := w.oldRows(rv)
	if err != nil {
		return nil, err
	}
	c := &changer{writer: w, item: items[0], node: node}
	if !w.view {
		c.item.scan.Target = true
		if a := q.b.accessTo(c.item); a != nil {
			a.ifRead = true
		}
	}
	c.item.useAll()
	if err := q.add(items); err != nil {
		return nil, err
	}
	if len(from) == 0 {
		return c, nil
	}
	c.item.lateralOnly, c.item.lateralOK = true, false
	right, err := q.from(from)
	if err != nil {
		return nil, err
	}
	c.node = &logical.Join{Kind: logical.Inner, Left: node, Right: right}
	c.rest = slices.Clone(q.items[1:])
	return c, nil
}

// filter binds WHERE.
func (c *changer) filter(n *pg.Node) error {
	cond, err := c.q.where(kindWhere, n, "WHERE")
	if err != nil || cond == nil {
		return err
	}
	c.node = &logical.Filter{Input: c.node, Conds: expr.Conjuncts(cond, nil)}
	return nil
}

// oldRow lists the old row's columns as the scan gives them; hidden ones are computed from them.
func (c *changer) oldRow() ([]logical.Column, []expr.Expr, error) {
	row := map[catalog.ColumnID]expr.Expr{}
	for i := range c.item.cols {
		at := c.item.cols[i].index
		if c.view {
			at = i
		}
		row[c.table.Columns[at].ID] = c.item.value(i, -1)
	}
	var cols []logical.Column
	var exprs []expr.Expr
	for _, t := range c.targets {
		e := row[t.ID]
		if t.Hidden != "" {
			var err error
			if e, err = c.tableExpression(t.Hidden, kindIndexExpr, row); err != nil {
				return nil, nil, err
			}
			if e, err = c.assign(e, t, -1); err != nil {
				return nil, nil, err
			}
		}
		cols, exprs = append(cols, c.carry(e, t)), append(exprs, e)
	}
	if c.view {
		return cols, exprs, nil
	}
	for _, id := range []catalog.ColumnID{catalog.ColRowKey, catalog.ColVersion} {
		col := c.item.system(id, -1)
		cols, exprs = append(cols, logical.Column{ID: col.ID, Name: col.Name, Type: col.T}), append(exprs, col)
	}
	return cols, exprs, nil
}

// carry is the output column for an expression: a plain column keeps its id.
func (c *changer) carry(e expr.Expr, t *catalog.Column) logical.Column {
	if col, ok := e.(*expr.Column); ok && t.Hidden == "" {
		return logical.Column{ID: col.ID, Name: t.Name, Type: col.T}
	}
	return c.column(t)
}

// takeOthers makes the columns of the other relations available to RETURNING.
func (c *changer) takeOthers() {
	for _, it := range c.rest {
		if it.join {
			continue
		}
		it.useAll()
		for i := range it.cols {
			if it.cols[i].e == nil && it.cols[i].from == nil {
				c.others = append(c.others, logical.Column{ID: it.cols[i].id, Name: it.cols[i].name, Type: it.cols[i].typ})
			}
		}
	}
}

func appendColumns(p *logical.Project, cols []logical.Column) {
	for _, c := range cols {
		p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, columnOf(c))
	}
}

// updateStmt binds UPDATE.
func (q *query) updateStmt(s *pg.UpdateStmt) (*result, error) {
	with, err := q.withClause(s.WithClause)
	if err != nil {
		return nil, err
	}
	c, err := q.changer(s.Relation, "update", s.FromClause)
	if err != nil {
		return nil, err
	}
	if err := c.filter(s.WhereClause); err != nil {
		return nil, err
	}
	if len(s.ReturningList) > 0 {
		c.takeOthers()
	}
	c.once = true
	node := &logical.Update{Table: c.table, Ref: c.ref, Targets: c.ids()}
	sets, err := c.setList(s.TargetList)
	if err != nil {
		return nil, err
	}
	c.writes(slices.Sorted(maps.Keys(sets)))
	node.Given = c.given
	if err := c.updateInput(node, sets); err != nil {
		return nil, err
	}
	if node.Checks, err = c.checks(node.NewCols); err != nil {
		return nil, err
	}
	if node.Triggers, err = c.triggers(catalog.TriggerUpdate, node.Changed); err != nil {
		return nil, err
	}
	changed := c.rowItem(c.item.name, node.NewCols, c.item.aliased)
	c.reads(changed)
	q.items = append([]*item{changed}, c.rest...)
	q.all = q.items
	r := &result{}
	if node.Returning, node.ReturnExprs, r.fields, err = q.returning(s.ReturningList); err != nil {
		return nil, err
	}
	r.node = with.wrap(node)
	return r, nil
}

// updateInput makes the projection that yields old rows and new ones. Computed columns are computed over the new row by a
// second one, so that no assigned expression is evaluated twice.
func (c *changer) updateInput(n *logical.Update, sets map[catalog.ColumnID]expr.Expr) error {
	oldCols, oldExprs, err := c.oldRow()
	if err != nil {
		return err
	}
	n.OldCols, n.NewCols = oldCols, c.newColumns()
	first := &logical.Project{Input: c.withRows(), Cols: slices.Clone(oldCols), Exprs: oldExprs}
	row := map[catalog.ColumnID]expr.Expr{}
	for i, t := range c.targets {
		if isComputed(t) {
			continue
		}
		e := sets[t.ID]
		if e == nil {
			e = columnOf(oldCols[i])
		}
		first.Cols, first.Exprs = append(first.Cols, n.NewCols[i]), append(first.Exprs, e)
		row[t.ID] = columnOf(n.NewCols[i])
	}
	appendColumns(first, c.others)
	n.Input = first
	n.Changed = c.changed(sets, n.NewCols, nil)
	if !c.computes() {
		return nil
	}
	if err := c.compute(row); err != nil {
		return err
	}
	n.Changed = c.changed(sets, n.NewCols, row)
	if c.firesBefore(catalog.TriggerUpdate) {
		c.uncomputed(row)
	}
	second := &logical.Project{Input: first}
	appendColumns(second, oldCols)
	for i, t := range c.targets {
		second.Cols, second.Exprs = append(second.Cols, n.NewCols[i]), append(second.Exprs, row[t.ID])
	}
	appendColumns(second, c.others)
	n.Input = second
	return nil
}

// changed lists the columns that SET names and the computed ones that depend on them.
func (c *changer) changed(sets map[catalog.ColumnID]expr.Expr, cols []logical.Column, row map[catalog.ColumnID]expr.Expr) []catalog.ColumnID {
	var out []catalog.ColumnID
	touched := expr.ColumnSet{}
	for i, t := range c.targets {
		if sets[t.ID] != nil {
			touched.Add(cols[i].ID)
		}
	}
	for _, t := range c.targets {
		switch {
		case sets[t.ID] != nil:
			out = append(out, t.ID)
		case isComputed(t) && row != nil && logical.Used(row[t.ID]).Intersects(touched):
			out = append(out, t.ID)
		}
	}
	return out
}

// setList binds SET: the new values by column.
func (w *writer) setList(list []*pg.Node) (map[catalog.ColumnID]expr.Expr, error) {
	q := w.q
	old := q.kind
	q.kind = kindUpdateSource
	defer func() { q.kind = old }()
	out := map[catalog.ColumnID]expr.Expr{}
	m := &multiAssign{writer: w}
	for _, n := range list {
		rt := n.GetResTarget()
		pos := int(rt.Location)
		c, err := w.columnNamed(rt.Name, pos)
		if err != nil {
			return nil, err
		}
		if len(rt.Indirection) > 0 {
			return nil, pgerr.Unsupported("assignment to an element or field").At(pos)
		}
		if out[c.ID] != nil {
			return nil, pgerr.New(pgerrcode.SyntaxError, "multiple assignments to same column \"%s\"", c.Name)
		}
		if c.Generated != "" && rt.Val.GetSetToDefault() != nil {
			continue
		}
		if out[c.ID], err = w.setValue(m, rt.Val, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// setValue binds the value for a column.
func (w *writer) setValue(m *multiAssign, n *pg.Node, c *catalog.Column) (expr.Expr, error) {
	source, e, err := m.value(n)
	if err != nil {
		return nil, err
	}
	if source.GetSetToDefault() != nil {
		return w.defaultOf(c)
	}
	if c.Generated != "" {
		return nil, pgerr.New(pgerrcode.GeneratedAlways, "column \"%s\" can only be updated to DEFAULT", c.Name).
			WithDetail("Column \"%s\" is a generated column.", c.Name)
	}
	if c.Identity == 'a' {
		return nil, pgerr.New(pgerrcode.GeneratedAlways, "column \"%s\" can only be updated to DEFAULT", c.Name).
			WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name)
	}
	if e == nil {
		if e, err = w.q.expr(source); err != nil {
			return nil, err
		}
	}
	return w.assign(e, c, location(source))
}

// multiAssign binds SET (a, b) = …: one source for several columns.
type multiAssign struct {
	*writer
	row []expr.Expr // of the subquery being assigned
}

// value is the source of one column: a node to be bound, or a value that is bound already.
func (m *multiAssign) value(n *pg.Node) (*pg.Node, expr.Expr, error) {
	ref := n.GetMultiAssignRef()
	if ref == nil {
		return n, nil, nil
	}
	at, want := int(ref.Colno)-1, int(ref.Ncolumns)
	if r := ref.Source.GetRowExpr(); r != nil {
		if len(r.Args) != want {
			return nil, nil, pgerr.New(pgerrcode.SyntaxError, "number of columns does not match number of values").At(int(r.Location))
		}
		return r.Args[at], nil, nil
	}
	sub := ref.Source.GetSubLink()
	if sub == nil {
		return nil, nil, pgerr.New(pgerrcode.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression").At(location(ref.Source))
	}
	if at == 0 {
		row, err := m.q.rowOf(sub, int(sub.Location))
		if err != nil {
			return nil, nil, err
		}
		if len(row) != want {
			return nil, nil, pgerr.New(pgerrcode.SyntaxError, "number of columns does not match number of values").At(int(sub.Location))
		}
		m.row = m.computeOnce(row)
	}
	return ref.Source, m.row[at], nil
}

// computeOnce makes the fields of a subquery's row fields of a column, where a projection can compute it.
func (m *multiAssign) computeOnce(row []expr.Expr) []expr.Expr {
	if !m.once {
		return row
	}
	sub := row[0].(*expr.Field).Arg
	col := logical.Column{ID: m.q.b.newColumn(m.q), Name: "row", Type: sub.Type()}
	m.rows = append(m.rows, rowValue{col, sub})
	out := make([]expr.Expr, len(row))
	for i, f := range row {
		field := *f.(*expr.Field)
		field.Arg = columnOf(col)
		out[i] = &field
	}
	return out
}

// withRows puts a projection with the rows of subqueries over the input.
func (c *changer) withRows() logical.Node {
	if len(c.rows) == 0 {
		return c.node
	}
	p := &logical.Project{Input: c.node}
	appendColumns(p, c.node.Columns())
	for _, r := range c.rows {
		p.Cols, p.Exprs = append(p.Cols, r.col), append(p.Exprs, r.e)
	}
	return p
}

// deleteStmt binds DELETE.
func (q *query) deleteStmt(s *pg.DeleteStmt) (*result, error) {
	with, err := q.withClause(s.WithClause)
	if err != nil {
		return nil, err
	}
	c, err := q.changer(s.Relation, "delete from", s.UsingClause)
	if err != nil {
		return nil, err
	}
	if err := c.filter(s.WhereClause); err != nil {
		return nil, err
	}
	if len(s.ReturningList) > 0 {
		c.takeOthers()
	}
	node := &logical.Delete{Table: c.table, Ref: c.ref, Targets: c.ids()}
	cols, exprs, err := c.oldRow()
	if err != nil {
		return nil, err
	}
	node.OldCols = cols
	if node.Triggers, err = c.triggers(catalog.TriggerDelete, nil); err != nil {
		return nil, err
	}
	p := &logical.Project{Input: c.node, Cols: slices.Clone(cols), Exprs: exprs}
	appendColumns(p, c.others)
	node.Input = p
	r := &result{}
	if node.Returning, node.ReturnExprs, r.fields, err = q.returning(s.ReturningList); err != nil {
		return nil, err
	}
	r.node = with.wrap(node)
	return r, nil
}
