package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// tail is what follows the projection of a SELECT.
type tail struct {
	keys          []orderKey
	distinct      bool
	on            []int // targets of DISTINCT ON
	count, offset expr.Expr
	ties          bool
	locks         []logical.LockTarget
}

// orderKey is an ORDER BY key: a target and a direction.
type orderKey struct {
	target           int
	desc, nullsFirst bool
	node             *pg.Node
}

// tail binds ORDER BY, whose expressions become targets if they are not yet.
func (q *query) tail(s *pg.SelectStmt) (*tail, error) {
	t := &tail{}
	for _, n := range s.SortClause {
		sb := n.GetSortBy()
		at, err := q.clauseTarget(sb.Node, kindOrderBy, "ORDER BY")
		if err != nil {
			return nil, err
		}
		k, err := q.b.sortKey(q.targets[at].e, sb)
		if err != nil {
			return nil, err
		}
		q.targets[at].e = k.Expr
		if hasKey(t.keys, at) {
			continue
		}
		t.keys = append(t.keys, orderKey{target: at, desc: k.Desc, nullsFirst: k.NullsFirst, node: sb.Node})
	}
	return t, nil
}

func hasKey(keys []orderKey, target int) bool {
	for _, k := range keys {
		if k.target == target {
			return true
		}
	}
	return false
}

// clauseTarget finds the target that an entry of ORDER BY, GROUP BY or DISTINCT ON means: an output name, a position, or
// an expression, which is added if the list does not have it.
func (q *query) clauseTarget(n *pg.Node, kind exprKind, what string) (int, error) {
	if c := n.GetColumnRef(); c != nil && len(c.Fields) == 1 && c.Fields[0].GetString_() != nil {
		at, err := q.outputName(c.Fields[0].GetString_().Sval, kind, what, int(c.Location))
		if at >= 0 || err != nil {
			return at, err
		}
	}
	if k := n.GetAConst(); k != nil {
		v, ok := k.Val.(*pg.A_Const_Ival)
		if !ok || k.Isnull {
			return 0, pgerr.New(pgerrcode.SyntaxError, "non-integer constant in %s", what).At(int(k.Location))
		}
		at := int(v.Ival.GetIval())
		if at < 1 || at > q.visible() {
			return 0, pgerr.New(pgerrcode.InvalidColumnReference, "%s position %d is not in select list", what, at).At(int(k.Location))
		}
		return at - 1, nil
	}
	return q.expressionTarget(n, kind)
}

// expressionTarget finds or adds the target that equals an expression.
func (q *query) expressionTarget(n *pg.Node, kind exprKind) (int, error) {
	e, err := q.in(kind, n)
	if err != nil {
		return 0, err
	}
	for i := range q.targets {
		if expr.Equal(q.targets[i].e, e) && !expr.ContainsVolatile(e) {
			return i, nil
		}
	}
	if e, err = q.b.known(e); err != nil {
		return 0, err
	}
	q.targets = append(q.targets, target{e: e, node: n, junk: true, name: "?column?"})
	return len(q.targets) - 1, nil
}

func (q *query) visible() int {
	n := 0
	for i := range q.targets {
		if !q.targets[i].junk {
			n++
		}
	}
	return n
}

// outputName finds the target of that name; -1 when there is none. In GROUP BY a column of FROM goes first.
func (q *query) outputName(name string, kind exprKind, what string, pos int) (int, error) {
	if kind == kindGroupBy {
		e, err := q.resolveHere(name, pos)
		if e != nil || err != nil {
			return -1, err
		}
	}
	found := -1
	for i := range q.targets {
		t := &q.targets[i]
		if t.junk || t.name != name {
			continue
		}
		if found >= 0 && !expr.Equal(q.targets[found].e, t.e) {
			return 0, pgerr.New(pgerrcode.AmbiguousColumn, "%s \"%s\" is ambiguous", what, name).At(pos)
		}
		if found < 0 {
			found = i
		}
	}
	return found, nil
}

// sortKey makes a key of an expression and its direction.
func (b *binder) sortKey(e expr.Expr, s *pg.SortBy) (expr.SortKey, error) {
	e, err := b.known(e)
	if err != nil {
		return expr.SortKey{}, err
	}
	k := expr.SortKey{Expr: e, Desc: s.SortbyDir == pg.SortByDir_SORTBY_DESC}
	pos := location(s.Node)
	if s.SortbyDir == pg.SortByDir_SORTBY_USING {
		switch name := nameText(s.UseOp); name {
		case "<", "pg_catalog.<":
		case ">", "pg_catalog.>":
			k.Desc = true
		default:
			if _, err := b.operator(stringList(s.UseOp), e.Type().Def, e.Type().Def, int(s.Location)); err != nil {
				return k, err
			}
			return k, pgerr.New(pgerrcode.WrongObjectType, "operator %s is not a valid ordering operator", name).
				WithHint(`Ordering operators must be "<" or ">" members of btree operator families.`).At(int(s.Location))
		}
	}
	if !hasOrder(e.Type().Def) {
		return k, pgerr.New(pgerrcode.UndefinedFunction, "could not identify an ordering operator for type %s", b.formatType(e.Type().Def)).
			WithHint("Use an explicit ordering operator or modify the query.").At(pos)
	}
	k.NullsFirst = k.Desc
	switch s.SortbyNulls {
	case pg.SortByNulls_SORTBY_NULLS_FIRST:
		k.NullsFirst = true
	case pg.SortByNulls_SORTBY_NULLS_LAST:
		k.NullsFirst = false
	}
	return k, nil
}

// distinctClause binds DISTINCT and DISTINCT ON.
func (q *query) distinctClause(s *pg.SelectStmt, t *tail) error {
	if len(s.DistinctClause) == 0 {
		return nil
	}
	t.distinct = true
	if s.DistinctClause[0].GetNode() == nil {
		return q.plainDistinct(t)
	}
	for _, n := range s.DistinctClause {
		at, err := q.clauseTarget(n, kindDistinctOn, "DISTINCT ON")
		if err != nil {
			return err
		}
		if err := q.b.checkEquality(q.targets[at].e.Type().Def, location(n)); err != nil {
			return err
		}
		t.on = append(t.on, at)
	}
	return matchDistinctOn(t, s.DistinctClause)
}

func (q *query) plainDistinct(t *tail) error {
	for i := range q.targets {
		tg := &q.targets[i]
		if tg.junk {
			return pgerr.New(pgerrcode.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").At(location(tg.node))
		}
		if err := q.b.checkEquality(tg.e.Type().Def, location(tg.node)); err != nil {
			return err
		}
	}
	return nil
}

// matchDistinctOn checks that the expressions of DISTINCT ON are the first keys of ORDER BY.
func matchDistinctOn(t *tail, nodes []*pg.Node) error {
	in := func(target int) bool {
		for _, at := range t.on {
			if at == target {
				return true
			}
		}
		return false
	}
	distinct := map[int]bool{}
	for _, at := range t.on {
		distinct[at] = true
	}
	matched := map[int]bool{}
	for _, k := range t.keys {
		if !in(k.target) {
			if len(matched) < len(distinct) {
				return pgerr.New(pgerrcode.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").At(location(nodes[0]))
			}
			break
		}
		matched[k.target] = true
	}
	return nil
}

// limitClause binds LIMIT and OFFSET.
func (q *query) limitClause(s *pg.SelectStmt, t *tail) error {
	var err error
	if t.offset, err = q.limit(s.LimitOffset, kindOffset, "OFFSET"); err != nil {
		return err
	}
	t.ties = s.LimitOption == pg.LimitOption_LIMIT_OPTION_WITH_TIES
	what := "LIMIT"
	if t.ties && isNullConst(s.LimitCount) {
		return pgerr.New(pgerrcode.InvalidRowCountInResultOffsetClause, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	}
	if t.count, err = q.limit(s.LimitCount, kindLimit, what); err != nil {
		return err
	}
	if t.ties && len(t.keys) == 0 {
		return pgerr.New(pgerrcode.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
	}
	return nil
}

func (q *query) limit(n *pg.Node, kind exprKind, what string) (expr.Expr, error) {
	if n == nil || isNullConst(n) {
		return nil, nil
	}
	e, err := q.in(kind, n)
	if err != nil {
		return nil, err
	}
	if e, err = q.b.require(e, typeInt8, what, location(n)); err != nil {
		return nil, err
	}
	if k, ok := e.(*expr.Call); ok && len(k.Args) == 1 {
		if c, ok := k.Args[0].(*expr.Const); ok && c.T.ID() == typeInt4.ID() && !c.Value.Null {
			return &expr.Const{Value: c.Value, T: typeInt8}, nil
		}
	}
	var bad error
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok && q.b.info(c.ID).owner == q {
			bad = pgerr.New(pgerrcode.InvalidColumnReference, "argument of %s must not contain variables", what).At(c.Pos)
		}
		return bad == nil
	})
	return e, bad
}
