package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// result is a bound query.
type result struct {
	node   logical.Node
	fields []Field
	// list computes the columns, when the query is a plain SELECT: untyped literals in it can still get a type.
	list *logical.Project
	// locked are the tables whose rows the query around this one is to lock, by columns behind those of fields.
	locked []logical.LockTarget
}

// bindQuery binds a query or DML statement; parent is the query around it, nil at the top.
func (b *binder) bindQuery(n *pg.Node, parent *query) (logical.Node, []Field, error) {
	r, err := b.subquery(n, parent, false)
	if err != nil {
		return nil, nil, err
	}
	return r.node, r.fields, nil
}

// lockedQuery binds a query of FROM whose rows locking clauses around it may reach.
func (b *binder) lockedQuery(n *pg.Node, parent *query, implied []*pg.LockingClause) (*result, error) {
	q := b.child(parent)
	if parent != nil {
		q.ctes = parent.ctes[:len(parent.ctes):len(parent.ctes)]
	}
	q.implied = implied
	return q.run(n)
}

// subquery is bindQuery for callers that decide the types of untyped literals themselves.
func (b *binder) subquery(n *pg.Node, parent *query, keepUnknown bool) (*result, error) {
	q := b.child(parent)
	if parent != nil {
		q.ctes = parent.ctes[:len(parent.ctes):len(parent.ctes)]
	}
	q.keepUnknown = keepUnknown
	return q.run(n)
}

func (q *query) run(n *pg.Node) (*result, error) {
	switch s := n.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return q.selectStmt(s.SelectStmt)
	case *pg.Node_InsertStmt:
		return q.insertStmt(s.InsertStmt)
	case *pg.Node_UpdateStmt:
		return q.updateStmt(s.UpdateStmt)
	case *pg.Node_DeleteStmt:
		return q.deleteStmt(s.DeleteStmt)
	}
	return nil, pgerr.Unsupported("this statement here")
}

// selectStmt binds SELECT, VALUES and set operations, with their WITH.
func (q *query) selectStmt(s *pg.SelectStmt) (*result, error) {
	w, err := q.withClause(s.WithClause)
	if err != nil {
		return nil, err
	}
	var r *result
	switch {
	case s.IntoClause != nil:
		return nil, pgerr.New(pgerrcode.SyntaxError, "SELECT ... INTO is not allowed here").At(int(s.IntoClause.Rel.GetLocation()))
	case s.Op != pg.SetOperation_SETOP_NONE && s.Op != pg.SetOperation_SET_OPERATION_UNDEFINED:
		r, err = q.setOperation(s)
	case s.ValuesLists != nil:
		r, err = q.valuesStmt(s)
	default:
		r, err = q.plainSelect(s)
	}
	if err != nil {
		return nil, err
	}
	r.node = w.wrap(r.node)
	return r, nil
}

// plainSelect binds a SELECT clause by clause, in PostgreSQL's order, and then builds its nodes from the bottom up.
func (q *query) plainSelect(s *pg.SelectStmt) (*result, error) {
	q.windowDefs = s.WindowClause
	for _, n := range s.LockingClause {
		q.locking = append(q.locking, n.GetLockingClause())
	}
	q.locking = append(q.locking, q.implied...)
	from, err := q.from(commitDiff(s.FromClause, s.WhereClause))
	if err != nil {
		return nil, err
	}
	if err := q.selectList(s.TargetList); err != nil {
		return nil, err
	}
	where, err := q.where(kindWhere, s.WhereClause, "WHERE")
	if err != nil {
		return nil, err
	}
	having, err := q.where(kindHaving, s.HavingClause, "HAVING")
	if err != nil {
		return nil, err
	}
	tail, err := q.tail(s)
	if err != nil {
		return nil, err
	}
	if err := q.groupClause(s); err != nil {
		return nil, err
	}
	if err := q.distinctClause(s, tail); err != nil {
		return nil, err
	}
	if err := q.limitClause(s, tail); err != nil {
		return nil, err
	}
	if err := q.bindWindows(); err != nil {
		return nil, err
	}
	if err := q.lockClause(s, tail); err != nil {
		return nil, err
	}
	if k := q.b.spelling(); k != nil {
		k.queries[s] = &boundSelect{q, where, having, tail}
	}
	return q.build(from, where, having, tail)
}

// build puts the nodes of a SELECT together.
func (q *query) build(in logical.Node, where, having expr.Expr, tail *tail) (*result, error) {
	if where != nil {
		in = &logical.Filter{Input: in, Conds: expr.Conjuncts(where, nil)}
	}
	in, err := q.addAggregates(in, having)
	if err != nil {
		return nil, err
	}
	if in, err = q.addWindows(in); err != nil {
		return nil, err
	}
	if in, err = q.addSets(in); err != nil {
		return nil, err
	}
	return q.project(in, tail)
}

// addSets puts ProjectSets over the input, innermost set-returning functions first.
func (q *query) addSets(in logical.Node) (logical.Node, error) {
	for level := 1; ; level++ {
		node := &logical.ProjectSet{Input: in}
		for _, s := range q.srfs {
			if s.level != level {
				continue
			}
			args, err := q.ungroupAll(s.call.Args)
			if err != nil {
				return nil, err
			}
			c := *s.call
			c.Args = args
			node.Cols = append(node.Cols, logical.Column{ID: s.id, Name: c.Proc.Name, Type: c.T})
			node.Exprs = append(node.Exprs, &c)
		}
		if node.Exprs == nil {
			return in, nil
		}
		for _, c := range in.Columns() {
			node.Cols = append(node.Cols, c)
			node.Exprs = append(node.Exprs, columnOf(c))
		}
		in = node
	}
}

// columnOf is a reference to a node's output column.
func columnOf(c logical.Column) expr.Expr {
	return &expr.Column{ID: c.ID, T: c.Type, Name: c.Name, Pos: -1}
}

// project computes the targets and adds what stands behind them: DISTINCT, ORDER BY, locks, LIMIT.
func (q *query) project(in logical.Node, t *tail) (*result, error) {
	p := &logical.Project{Input: in}
	visible := 0
	for i := range q.targets {
		tg := &q.targets[i]
		e, err := q.ungroup(tg.e)
		if err != nil {
			return nil, err
		}
		p.Exprs = append(p.Exprs, e)
		p.Cols = append(p.Cols, logical.Column{ID: tg.column(q), Name: tg.name, Type: e.Type()})
		if !tg.junk {
			visible++
		}
	}
	r := &result{list: p, fields: q.fieldsOf(q.targets), locked: q.locked}
	var node logical.Node = p
	node = q.finish(node, p, t)
	if visible < len(p.Cols) && q.locked == nil {
		node = strip(node, p.Cols[:visible])
	}
	r.node = node
	return r, nil
}

// finish adds DISTINCT, ORDER BY, locks and LIMIT over the projection.
func (q *query) finish(node logical.Node, p *logical.Project, t *tail) logical.Node {
	keys := make([]expr.SortKey, len(t.keys))
	for i, k := range t.keys {
		keys[i] = expr.SortKey{Expr: columnOf(p.Cols[k.target]), Desc: k.desc, NullsFirst: k.nullsFirst}
	}
	if t.distinct && t.on == nil {
		node = &logical.Distinct{Input: node}
	}
	if len(keys) > 0 {
		node = &logical.Sort{Input: node, Keys: keys}
	}
	if t.on != nil {
		on := make([]expr.Expr, len(t.on))
		for i, at := range t.on {
			on[i] = columnOf(p.Cols[at])
		}
		node = &logical.Distinct{Input: node, On: on}
	}
	if len(t.locks) > 0 {
		node = &logical.Lock{Input: node, Targets: t.locks}
	}
	if t.count != nil || t.offset != nil {
		l := &logical.Limit{Input: node, Count: t.count, Offset: t.offset, WithTies: t.ties}
		if t.ties {
			l.Keys = keys
		}
		node = l
	}
	return node
}

// strip drops the columns that only sorting and locking needed.
func strip(in logical.Node, cols []logical.Column) logical.Node {
	p := &logical.Project{Input: in, Cols: cols}
	for _, c := range cols {
		p.Exprs = append(p.Exprs, columnOf(c))
	}
	return p
}

// retype gives the i-th column, an untyped literal, its type.
func (r *result) retype(i int, e expr.Expr) {
	old := r.list.Cols[i]
	r.list.Exprs[i] = e
	r.list.Cols[i].Type = e.Type()
	for n := r.node; n != logical.Node(r.list); n = n.Inputs()[0] {
		if p, ok := n.(*logical.Project); ok && i < len(p.Cols) && p.Cols[i].ID == old.ID {
			p.Cols[i].Type, p.Exprs[i] = e.Type(), columnOf(r.list.Cols[i])
		}
		if len(n.Inputs()) == 0 {
			break
		}
	}
	r.fields[i].Type = e.Type()
}

// target is an entry of a select list.
type target struct {
	e    expr.Expr
	name string
	node *pg.Node
	junk bool // computed for ORDER BY and its kin only
	id   expr.ColumnID
	// from and under are, for a column of a star, the FROM item that it is of and its name there.
	from, under string
}

func (t *target) column(q *query) expr.ColumnID {
	if t.id == 0 {
		t.id = q.b.newColumn(q)
	}
	return t.id
}

// fieldsOf describes the visible targets.
func (q *query) fieldsOf(ts []target) []Field {
	out := make([]Field, 0, len(ts))
	for i := range ts {
		if t := &ts[i]; !t.junk {
			out = append(out, q.b.field(t.name, t.e))
		}
	}
	return out
}

// field describes a result column; a plain column keeps the table that it is of.
func (b *binder) field(name string, e expr.Expr) Field {
	f := Field{Name: name, Type: e.Type()}
	if c, ok := e.(*expr.Column); ok {
		info := b.info(c.ID)
		f.TableOID, f.Attribute = info.table, info.attnum
	}
	return f
}

// origin is where a column comes from, for Field.
type origin struct {
	table  catalog.OID
	attnum int16
}

func isUnknown(e expr.Expr) bool { return e.Type().ID() == types.OIDUnknown }
