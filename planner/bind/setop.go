package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

var setOperations = map[pg.SetOperation]struct {
	kind logical.SetOpKind
	name string
}{
	pg.SetOperation_SETOP_UNION:     {logical.Union, "UNION"},
	pg.SetOperation_SETOP_INTERSECT: {logical.Intersect, "INTERSECT"},
	pg.SetOperation_SETOP_EXCEPT:    {logical.Except, "EXCEPT"},
}

// setOperation binds a tree of UNION, INTERSECT and EXCEPT with its ORDER BY and LIMIT.
func (q *query) setOperation(s *pg.SelectStmt) (*result, error) {
	r, err := q.setTree(s, true)
	if err != nil {
		return nil, err
	}
	if r, err = q.knownColumns(r); err != nil {
		return nil, err
	}
	if len(s.LockingClause) > 0 {
		return nil, lockRefused(s.LockingClause[0].GetLockingClause(), notWithSetOperations)
	}
	if len(q.implied) > 0 {
		return nil, lockRefused(q.implied[0], notWithSetOperations)
	}
	return q.orderResult(r, s)
}

const notWithSetOperations = "is not allowed with UNION/INTERSECT/EXCEPT"

// setTree binds one node of the tree; leaves are queries of their own.
func (q *query) setTree(s *pg.SelectStmt, top bool) (*result, error) {
	op, isOp := setOperations[s.Op]
	if !top && len(s.LockingClause) > 0 {
		return nil, lockRefused(s.LockingClause[0].GetLockingClause(), notWithSetOperations)
	}
	if !isOp || !top && (len(s.SortClause) > 0 || s.LimitCount != nil || s.LimitOffset != nil || s.WithClause != nil || len(s.LockingClause) > 0) {
		r, err := q.b.subquery(selectNode(s), q, true)
		if err == nil {
			q.all = append(q.all, leafItem(len(q.all)+1, r.fields))
		}
		return r, err
	}
	left, err := q.setTree(s.Larg, false)
	if err != nil {
		return nil, err
	}
	right, err := q.setTree(s.Rarg, false)
	if err != nil {
		return nil, err
	}
	if len(left.fields) != len(right.fields) {
		return nil, pgerr.New(pgerrcode.SyntaxError, "each %s query must have the same number of columns", op.name).At(firstTarget(s.Rarg))
	}
	cols := make([]logical.Column, len(left.fields))
	for i := range cols {
		t, err := q.setColumn(left, right, i, s, op.name)
		if err != nil {
			return nil, err
		}
		if !s.All || op.kind != logical.Union {
			if err := q.b.checkEquality(t.Def, targetLocation(s.Larg, i)); err != nil {
				return nil, err
			}
		}
		cols[i] = logical.Column{Name: left.fields[i].Name, Type: t}
	}
	if left, err = q.coerceResult(left, cols, op.name); err != nil {
		return nil, err
	}
	if right, err = q.coerceResult(right, cols, op.name); err != nil {
		return nil, err
	}
	fields := make([]Field, len(cols))
	for i := range cols {
		cols[i].ID = q.b.newColumn(q)
		fields[i] = Field{Name: cols[i].Name, Type: cols[i].Type}
	}
	node := &logical.SetOp{Kind: op.kind, All: s.All, Left: left.node, Right: right.node, Cols: cols}
	return &result{node: node, fields: fields}, nil
}

// leafItem is what PostgreSQL calls a set operation's n-th query: nothing refers to it, but hints name it.
func leafItem(n int, fields []Field) *item {
	it := &item{name: "*SELECT* " + itoa(n)}
	for _, f := range fields {
		it.cols = append(it.cols, itemColumn{name: f.Name})
	}
	return it
}

// setColumn chooses the type of a column of both sides.
func (q *query) setColumn(left, right *result, i int, s *pg.SelectStmt, name string) (types.Type, error) {
	lt, rt := left.fields[i].Type, right.fields[i].Type
	es := []expr.Expr{&expr.Column{T: lt}, &expr.Column{T: rt}}
	t, err := q.b.commonType(es, name, func(at int) int {
		if at == 0 {
			return targetLocation(s.Larg, i)
		}
		return targetLocation(s.Rarg, i)
	})
	if err != nil {
		return types.Type{}, err
	}
	return types.Type{Def: t, Mod: commonMod(es, t)}, nil
}

// coerceResult makes a query's columns those types: untyped literals where they stand, others in a projection above.
func (q *query) coerceResult(r *result, want []logical.Column, what string) (*result, error) {
	differ := false
	for i := range r.fields {
		if r.fields[i].Type.ID() == types.OIDUnknown && r.list != nil {
			e, err := q.b.toCommon(r.list.Exprs[i], want[i].Type.Def, what, -1)
			if err != nil {
				return nil, err
			}
			r.retype(i, e)
		}
		differ = differ || r.fields[i].Type.ID() != want[i].Type.ID()
	}
	if !differ {
		return r, nil
	}
	p := &logical.Project{Input: r.node}
	fields := append([]Field(nil), r.fields...)
	for i, c := range r.node.Columns()[:len(fields)] {
		e, err := q.b.toCommon(columnOf(c), want[i].Type.Def, what, -1)
		if err != nil {
			return nil, err
		}
		p.Cols = append(p.Cols, logical.Column{ID: q.b.newColumn(q), Name: c.Name, Type: e.Type()})
		p.Exprs = append(p.Exprs, e)
		fields[i].Type = e.Type()
	}
	return &result{node: p, fields: fields}, nil
}

// knownColumns gives columns that are untyped on all sides the type text, unless the caller wants to decide.
func (q *query) knownColumns(r *result) (*result, error) {
	if q.keepUnknown {
		return r, nil
	}
	want := make([]logical.Column, len(r.fields))
	for i, f := range r.fields {
		want[i].Type = f.Type
		if f.Type.ID() == types.OIDUnknown {
			want[i].Type = typeText
		}
	}
	return q.coerceResult(r, want, "UNION")
}

// orderResult adds ORDER BY and LIMIT over columns that exist already.
func (q *query) orderResult(r *result, s *pg.SelectStmt) (*result, error) {
	if len(s.SortClause) == 0 && s.LimitCount == nil && s.LimitOffset == nil {
		return r, nil
	}
	it := &item{owner: q, colsVisible: true, join: true}
	for i, c := range r.node.Columns() {
		*q.b.info(c.ID) = columnInfo{owner: q, item: it}
		it.cols = append(it.cols, itemColumn{name: r.fields[i].Name, typ: c.Type, id: c.ID})
		q.targets = append(q.targets, target{e: columnOf(c), name: r.fields[i].Name, id: c.ID})
	}
	q.items = []*item{it}
	q.all = append(q.all, it)
	t, err := q.tail(s)
	if err != nil {
		return nil, err
	}
	for i := range q.targets {
		if q.targets[i].junk {
			return nil, pgerr.New(pgerrcode.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
				WithDetail("Only result column names can be used, not expressions or functions.").
				WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").At(location(q.targets[i].node))
		}
	}
	q.items = nil
	if err := q.limitClause(s, t); err != nil {
		return nil, err
	}
	p := &logical.Project{Cols: r.node.Columns()}
	r.node = q.finish(r.node, p, t)
	return r, nil
}

// firstTarget and targetLocation find where a column of a set operation's side is written.
func firstTarget(s *pg.SelectStmt) int { return targetLocation(s, 0) }

func targetLocation(s *pg.SelectStmt, i int) int {
	for s != nil && s.Larg != nil {
		s = s.Larg
	}
	switch {
	case s == nil:
		return -1
	case i < len(s.TargetList):
		return location(s.TargetList[i].GetResTarget().GetVal())
	case len(s.ValuesLists) > 0 && i < len(s.ValuesLists[0].GetList().GetItems()):
		return location(s.ValuesLists[0].GetList().GetItems()[i])
	}
	return -1
}
