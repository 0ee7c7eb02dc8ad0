package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// from binds a FROM clause: its items joined from left to right. Without one there is a single row of no columns.
func (q *query) from(list []*pg.Node) (logical.Node, error) {
	if len(list) == 0 {
		return &logical.Values{Rows: [][]expr.Expr{{}}}, nil
	}
	if err := q.pointForAll(list); err != nil {
		return nil, err
	}
	var node logical.Node
	for _, n := range list {
		right, items, err := q.fromItem(n)
		if err != nil {
			return nil, err
		}
		if err := q.add(items); err != nil {
			return nil, err
		}
		for _, it := range items {
			it.lateralOnly, it.lateralOK = true, true
		}
		if node == nil {
			node = right
			continue
		}
		node = &logical.Join{Kind: logical.Inner, Left: node, Right: right, Lateral: q.refersTo(q.items[:len(q.items)-len(items)])}
	}
	for _, it := range q.items {
		it.lateralOnly = false
	}
	return node, nil
}

// refersTo reports whether LATERAL items have referred to any of these.
func (q *query) refersTo(items []*item) bool {
	return slices.ContainsFunc(items, func(it *item) bool { return q.lateralRefs[it] })
}

// pointForAll spreads AS OF SYSTEM TIME, which stands behind the last table, over all tables of its FROM.
func (q *query) pointForAll(list []*pg.Node) error {
	s := list[len(list)-1].GetRangeTableSample()
	if s == nil || nameText(s.Method) != parse.AsOfAll {
		return nil
	}
	p, err := q.b.pointOf(s)
	if err == nil {
		q.point = p
	}
	return err
}

// fromItem binds one entry of FROM. The items are not in scope yet.
func (q *query) fromItem(n *pg.Node) (logical.Node, []*item, error) {
	node, items, err := q.bindItem(n)
	if s := q.b.spelling(); s != nil && err == nil && len(items) > 0 {
		s.items[n] = items[0]
		if f, ok := node.(*logical.FunctionScan); ok {
			s.scans[items[0]] = f
		}
	}
	return node, items, err
}

func (q *query) bindItem(n *pg.Node) (logical.Node, []*item, error) {
	switch x := n.GetNode().(type) {
	case *pg.Node_RangeVar:
		return q.rangeVar(x.RangeVar, q.point)
	case *pg.Node_RangeSubselect:
		return q.rangeSubselect(x.RangeSubselect)
	case *pg.Node_RangeFunction:
		return q.rangeFunction(x.RangeFunction)
	case *pg.Node_JoinExpr:
		return q.join(x.JoinExpr)
	case *pg.Node_RangeTableSample:
		return q.tableSample(x.RangeTableSample)
	case *pg.Node_RangeTableFunc:
		return nil, nil, pgerr.Unsupported("XMLTABLE")
	}
	return nil, nil, pgerr.Unsupported("this kind of FROM item")
}

// rangeVar binds a table, view, sequence or CTE by name.
func (q *query) rangeVar(rv *pg.RangeVar, point string) (logical.Node, []*item, error) {
	if rv.Schemaname == "" && rv.Catalogname == "" {
		if c := q.findCTE(rv.Relname); c != nil {
			return q.cteItem(c, rv)
		}
		if q.b.isTransitionTable(rv) {
			return q.transitionTable(rv, q.b.body().Tables[rv.Relname])
		}
	}
	old := q.b.ref
	if point != "" && rv.Catalogname == "" {
		q.b.ref.Point = point
	}
	defer func() { q.b.ref = old }()
	r, err := q.b.lookupRelation(rv)
	if err != nil {
		return nil, nil, err
	}
	if r.object == nil {
		if call := relationFunction(rv); call != nil {
			return q.functionRelation(rv, call)
		}
		if err := missingRelation(rv); err != nil {
			return nil, nil, err
		}
		return nil, nil, q.noRelation(rv)
	}
	q.b.traceRelation(rv, r)
	if point != "" && r.ref.Point == "" {
		r.ref.Point = point
	}
	switch o := r.object.(type) {
	case *catalog.Table:
		if r.index != nil {
			return nil, nil, pgerr.New(pgerrcode.WrongObjectType, "cannot open relation \"%s\"", rv.Relname).
				WithDetail("This operation is not supported for indexes.").At(int(rv.Location))
		}
		return q.tableItem(r, o, rv.Alias)
	case *catalog.View:
		return q.viewItem(r, o, rv.Alias)
	case *catalog.Sequence:
		return q.sequenceItem(o, r.ref, rv.Alias)
	}
	return nil, nil, pgerr.Internal("relation \"%s\" is of an unknown kind", rv.Relname)
}

// noRelation is findRelation's error, with a hint when a WITH item of that name exists but is not visible here.
func (q *query) noRelation(rv *pg.RangeVar) error {
	_, err := q.b.findRelation(rv)
	if err == nil {
		return nil
	}
	e := pgerr.From(err)
	if rv.Schemaname == "" && q.isFutureCTE(rv.Relname) {
		e.WithDetail("There is a WITH item named \"%s\", but it cannot be referenced from this part of the query.", rv.Relname).
			WithHint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references.")
	}
	return e
}

// tableItem makes the scan of a table.
func (q *query) tableItem(r *relation, t *catalog.Table, alias *pg.Alias) (logical.Node, []*item, error) {
	it := &item{name: t.Name, schema: t.Schema, table: t, relation: t.OID, ref: r.ref, owner: q, relVisible: true, colsVisible: true}
	it.scan = &logical.Scan{Table: t, Ref: r.ref, Alias: t.Name}
	live := t.Live()
	it.cols = make([]itemColumn, 0, len(live))
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || c.Hidden != "" {
			continue
		}
		id := q.b.newColumn(q)
		*q.b.info(id) = columnInfo{owner: q, item: it, origin: origin{t.OID, c.Num}}
		it.cols = append(it.cols, itemColumn{name: c.Name, typ: c.Type, id: id, index: i})
	}
	it.used, it.read = make([]bool, len(it.cols)), make([]bool, len(it.cols))
	if err := it.rename(alias); err != nil {
		return nil, nil, err
	}
	it.scan.Alias = it.name
	q.all = append(q.all, it)
	if !t.Virtual || catalog.Restricted(t) {
		q.b.needs(t, r, catalog.PrivSelect, it)
	}
	return it.scan, []*item{it}, nil
}

// rename applies an alias with its column names.
func (it *item) rename(alias *pg.Alias) error {
	if alias == nil {
		return nil
	}
	it.name, it.aliased = alias.Aliasname, true
	names := stringList(alias.Colnames)
	shown := 0
	for i := range it.cols {
		if it.cols[i].hidden {
			continue
		}
		if shown < len(names) {
			it.cols[i].name = names[shown]
		}
		shown++
	}
	it.renamed = len(names)
	if len(names) > shown {
		return pgerr.New(pgerrcode.InvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified", it.name, shown, len(names))
	}
	return nil
}

// nodeItem makes an item of a plan's output columns.
func (q *query) nodeItem(node logical.Node, fields []Field, name string, alias *pg.Alias) (logical.Node, []*item, error) {
	return q.itemOf(node, node.Columns(), fields, name, alias)
}

// resultItem makes an item of a query's output columns.
func (q *query) resultItem(r *result, name string, alias *pg.Alias) (logical.Node, []*item, error) {
	cols := r.node.Columns()
	if r.locked != nil {
		cols = cols[:len(r.fields)]
	}
	node, items, err := q.itemOf(r.node, cols, r.fields, name, alias)
	if err == nil {
		items[0].locked = r.locked
	}
	return node, items, err
}

func (q *query) itemOf(node logical.Node, cols []logical.Column, fields []Field, name string, alias *pg.Alias) (logical.Node, []*item, error) {
	it := &item{name: name, owner: q, relVisible: name != "" || alias != nil, colsVisible: true}
	for i, c := range cols {
		col := itemColumn{name: c.Name, typ: c.Type, id: c.ID}
		info := columnInfo{owner: q, item: it}
		if i < len(fields) {
			col.name = fields[i].Name
			info.origin = origin{fields[i].TableOID, fields[i].Attribute}
		}
		*q.b.info(c.ID) = info
		it.cols = append(it.cols, col)
	}
	if err := it.rename(alias); err != nil {
		return nil, nil, err
	}
	q.all = append(q.all, it)
	return node, []*item{it}, nil
}

// rangeSubselect binds (query) alias.
func (q *query) rangeSubselect(n *pg.RangeSubselect) (logical.Node, []*item, error) {
	old := q.lateral
	q.lateral = n.Lateral
	outside := q.kind
	q.kind = kindFromSubquery // for aggregates of columns that LATERAL reaches
	name := ""
	if n.Alias != nil {
		name = n.Alias.Aliasname
	}
	r, err := q.b.lockedQuery(n.Subquery, q, q.lockingOf(name))
	q.kind = outside
	q.lateral = old
	if err != nil {
		return nil, nil, err
	}
	return q.resultItem(r, name, n.Alias)
}

// viewer is whose privileges count behind a view: its owner's, or (0) those of who runs the statement.
func viewer(v *catalog.View) catalog.OID {
	for _, o := range v.Options {
		name, value, _ := strings.Cut(o, "=")
		if invoker, ok := types.ParseBool(value); name == "security_invoker" && ok && invoker {
			return 0
		}
	}
	return v.Owner
}

// viewItem binds a view's query where the view's name stands.
func (q *query) viewItem(r *relation, v *catalog.View, alias *pg.Alias) (logical.Node, []*item, error) {
	tree, err := parse.Query(v.SQL)
	if err != nil {
		return nil, nil, pgerr.From(err).Relocate(-1)
	}
	b := q.b
	b.needs(v, r, catalog.PrivSelect)
	implied := q.lockingOfView(tree, v.Name, alias)
	if len(implied) > 0 {
		b.locks(v, r.ref, catalog.RowShare)
		b.takes(v, r, catalog.PrivUpdate)
	}
	if b.views++; b.views > 64 {
		return nil, nil, pgerr.New(pgerrcode.StatementTooComplex, "infinite recursion detected in rules for relation \"%s\"", v.Name)
	}
	oldRef, oldParams, oldViewer := b.ref, b.params, b.viewer
	b.ref, b.params, b.viewer = r.ref, nil, viewer(v)
	res, err := b.lockedQuery(tree, nil, implied)
	b.ref, b.params, b.viewer = oldRef, oldParams, oldViewer
	b.views--
	if err != nil {
		return nil, nil, pgerr.From(err).Relocate(-1)
	}
	for i := range res.fields {
		if i < len(v.Columns) {
			res.fields[i] = Field{Name: v.Columns[i].Name, Type: res.fields[i].Type, TableOID: v.OID, Attribute: v.Columns[i].Num}
		}
	}
	node, items, err := q.resultItem(res, v.Name, alias)
	if err == nil {
		items[0].relation, items[0].ref = v.OID, r.ref
	}
	return node, items, err
}

// lockingOfView lists the clauses that reach a view; those of set operations are left alone.
func (q *query) lockingOfView(tree *pg.Node, name string, alias *pg.Alias) []*pg.LockingClause {
	if s := tree.GetSelectStmt(); s == nil || s.Larg != nil {
		return nil
	}
	if alias != nil {
		name = alias.Aliasname
	}
	return q.lockingOf(name)
}
