package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// aggCall is an aggregate of a query level. Its value is seen as column id.
type aggCall struct {
	id  expr.ColumnID
	agg *expr.Aggregate
}

// aggregate binds a call of an aggregate.
func (q *query) aggregate(n *pg.FuncCall, c *call, r *resolved) (expr.Expr, error) {
	if err := q.b.callable(r.proc, c.pos); err != nil {
		return nil, err
	}
	info := builtin.AggregateFor(r.proc.OID)
	if err := aggregateForm(n, c, info); err != nil {
		return nil, err
	}
	a := &expr.Aggregate{Proc: r.proc, Args: r.args, Distinct: n.AggDistinct, T: r.result}
	if err := q.aggregateParts(n, a, info); err != nil {
		return nil, err
	}
	owner, err := q.aggregateOwner(a, c.pos)
	if err != nil {
		return nil, err
	}
	if err := owner.checkAggregate(c.pos); err != nil {
		return nil, err
	}
	return owner.addAggregate(a, c.pos), nil
}

// aggregateForm checks that the call is written as this kind of aggregate must be.
func aggregateForm(n *pg.FuncCall, c *call, info *builtin.Aggregate) error {
	if info != nil && info.Kind != 'n' {
		if !n.AggWithinGroup {
			return pgerr.New(pgerrcode.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", c.text()).At(c.pos)
		}
		if n.AggDistinct {
			return pgerr.New(pgerrcode.SyntaxError, "cannot use DISTINCT with WITHIN GROUP").At(c.pos)
		}
		return nil
	}
	if n.AggWithinGroup {
		return pgerr.New(pgerrcode.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", c.text()).At(c.pos)
	}
	if len(c.args) == 0 && !n.AggStar {
		return pgerr.New(pgerrcode.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", c.text()).At(c.pos)
	}
	return nil
}

// aggregateParts binds FILTER and ORDER BY, and parts direct arguments from aggregated ones.
func (q *query) aggregateParts(n *pg.FuncCall, a *expr.Aggregate, info *builtin.Aggregate) error {
	var err error
	if a.Filter, err = q.where(kindFilter, n.AggFilter, "FILTER"); err != nil {
		return err
	}
	ordered := info != nil && info.Kind != 'n'
	if ordered {
		direct := len(n.Args)
		a.Direct, a.Args = a.Args[:direct:direct], a.Args[direct:]
	}
	for i, s := range n.AggOrder {
		sb := s.GetSortBy()
		var e expr.Expr
		if ordered && i < len(a.Args) {
			e = a.Args[i]
		} else if e, err = q.in(kindOrderBy, sb.Node); err != nil {
			return err
		}
		k, err := q.b.sortKey(e, sb)
		if err != nil {
			return err
		}
		a.Order = append(a.Order, k)
	}
	if !a.Distinct {
		return nil
	}
	for i, arg := range a.Args {
		if err := q.b.checkEquality(arg.Type().Def, location(n.Args[i])); err != nil {
			return err
		}
	}
	for i, k := range a.Order {
		if !containsExpr(a.Args, k.Expr) {
			return pgerr.New(pgerrcode.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list").
				At(location(n.AggOrder[i].GetSortBy().Node))
		}
	}
	return nil
}

func containsExpr(es []expr.Expr, e expr.Expr) bool {
	for _, x := range es {
		if expr.Equal(x, e) {
			return true
		}
	}
	return false
}

// aggregateOwner is the query level that an aggregate belongs to: the innermost of those whose columns it has.
func (q *query) aggregateOwner(a *expr.Aggregate, pos int) (*query, error) {
	var owner *query
	var bad error
	look := func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		if !ok {
			return bad == nil
		}
		info := q.b.info(c.ID)
		if l := info.owner; owner == nil || l.depth() > owner.depth() {
			if l.encloses(q) {
				owner = l
			}
		}
		switch info.kind {
		case 'a':
			if info.owner == q {
				bad = pgerr.New(pgerrcode.GroupingError, "aggregate function calls cannot be nested").At(c.Pos)
			}
		case 'w':
			bad = pgerr.New(pgerrcode.GroupingError, "aggregate function calls cannot contain window function calls").At(c.Pos)
		case 's':
			bad = pgerr.New(pgerrcode.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").At(c.Pos)
		}
		return bad == nil
	}
	for _, e := range aggregateExprs(a) {
		expr.Walk(e, look)
	}
	if owner == nil {
		owner = q
	}
	return owner, bad
}

func aggregateExprs(a *expr.Aggregate) []expr.Expr {
	out := append(append([]expr.Expr{}, a.Args...), a.Direct...)
	for _, k := range a.Order {
		out = append(out, k.Expr)
	}
	if a.Filter != nil {
		out = append(out, a.Filter)
	}
	return out
}

// encloses reports whether q is inner or around it.
func (q *query) encloses(inner *query) bool {
	for ; inner != nil; inner = inner.parent {
		if inner == q {
			return true
		}
	}
	return false
}

func (q *query) depth() int {
	n := 0
	for ; q != nil; q = q.parent {
		n++
	}
	return n
}

// addAggregate registers an aggregate, once for equal ones, and returns the column that stands for it.
func (q *query) addAggregate(a *expr.Aggregate, pos int) expr.Expr {
	for _, old := range q.aggs {
		if expr.Equal(old.agg, a) && !expr.ContainsVolatile(a) {
			return &expr.Column{ID: old.id, T: a.T, Name: a.Proc.Name, Pos: pos}
		}
	}
	id := q.b.newColumn(q)
	q.b.info(id).kind = 'a'
	q.aggs = append(q.aggs, &aggCall{id: id, agg: a})
	return &expr.Column{ID: id, T: a.T, Name: a.Proc.Name, Pos: pos}
}

// groupingFunc binds GROUPING(…). Its arguments are settled when the grouping is.
func (q *query) groupingFunc(n *pg.GroupingFunc) (expr.Expr, error) {
	pos := int(n.Location)
	if err := q.checkAggregate(pos); err != nil {
		return nil, pgerr.New(pgerrcode.GroupingError, "grouping operations are not allowed in %s", allowances[q.kind].text).At(pos)
	}
	if len(n.Args) > 31 {
		return nil, pgerr.New(pgerrcode.TooManyArguments, "GROUPING must have fewer than 32 arguments").At(pos)
	}
	old := q.kind
	args, at := make([]expr.Expr, len(n.Args)), make([]int, len(n.Args))
	for i, a := range n.Args {
		at[i] = location(a)
		e, err := q.expr(a)
		if err != nil {
			return nil, err
		}
		args[i] = e
	}
	q.kind = old
	id := q.b.newColumn(q)
	q.b.info(id).kind = 'a'
	q.groupings = append(q.groupings, &groupingCall{id: id, args: args, at: at})
	return &expr.Column{ID: id, T: typeInt4, Name: "grouping", Pos: pos}, nil
}

// groupingCall is a GROUPING(…) of a query level.
type groupingCall struct {
	id   expr.ColumnID
	args []expr.Expr
	at   []int // where they are written
}

// checkEquality refuses types whose values cannot be told apart.
func (b *binder) checkEquality(t *types.Def, pos int) error {
	if hasEquality(t) {
		return nil
	}
	return pgerr.New(pgerrcode.UndefinedFunction, "could not identify an equality operator for type %s", b.formatType(t)).At(pos)
}

// unequal are the types without = for grouping, unordered those without < for sorting.
var (
	unequal = map[types.OID]bool{
		types.OIDJSON: true, types.OIDXML: true, 600: true, 601: true, 602: true, 603: true, 604: true, 628: true, 718: true,
		types.OIDJSONPath: true, types.OIDRefcursor: true, 5038: true, 2970: true,
	}
	unordered = map[types.OID]bool{types.OIDXid: true, types.OIDCid: true, types.OIDACLItem: true}
)

func hasEquality(t *types.Def) bool {
	t = baseType(t)
	if isTrueArray(t) && t.OID != types.OIDRecordArray {
		return hasEquality(t.Elem)
	}
	for _, f := range t.Fields {
		if !hasEquality(f.Type.Def) {
			return false
		}
	}
	return !unequal[t.OID] && (t.Kind != types.KindPseudo || isRow(t) || isPolymorphic(t.OID) || t.OID == types.OIDRecordArray)
}

func hasOrder(t *types.Def) bool {
	base := baseType(t)
	if isTrueArray(base) && base.OID != types.OIDRecordArray {
		return hasOrder(base.Elem)
	}
	return hasEquality(t) && !unordered[base.OID]
}
