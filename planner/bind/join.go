package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

var joinKinds = map[pg.JoinType]logical.JoinKind{
	pg.JoinType_JOIN_INNER: logical.Inner, pg.JoinType_JOIN_LEFT: logical.Left,
	pg.JoinType_JOIN_RIGHT: logical.Right, pg.JoinType_JOIN_FULL: logical.Full,
}

// join binds a JOIN. The items it returns are its two sides', hidden from plain column names, and the join itself.
func (q *query) join(n *pg.JoinExpr) (logical.Node, []*item, error) {
	kind := joinKinds[n.Jointype]
	left, litems, err := q.fromItem(n.Larg)
	if err != nil {
		return nil, nil, err
	}
	outside := len(q.items)
	for _, it := range litems {
		it.lateralOnly, it.lateralOK = true, kind == logical.Inner || kind == logical.Left
	}
	if err := q.add(litems); err != nil {
		return nil, nil, err
	}
	right, ritems, err := q.fromItem(n.Rarg)
	q.items = q.items[:outside]
	if err != nil {
		return nil, nil, err
	}
	for _, it := range litems {
		it.lateralOnly = false
	}
	if err := conflicts(litems, ritems); err != nil {
		return nil, nil, err
	}
	node := &logical.Join{Kind: kind, Left: left, Right: right, Lateral: q.refersTo(litems)}
	j := &joiner{q: q, n: n, kind: kind, left: visibleColumns(litems), right: visibleColumns(ritems)}
	it, err := j.merge(node, litems, ritems)
	if err != nil {
		return nil, nil, err
	}
	return node, j.items(it, litems, ritems), nil
}

func conflicts(l, r []*item) error {
	scratch := &query{items: slices.Clone(l)}
	return scratch.add(r)
}

// joiner is the binding of one JOIN.
type joiner struct {
	q           *query
	n           *pg.JoinExpr
	kind        logical.JoinKind
	left, right []itemColumn
}

// visibleColumns lists the columns that the items show to a join around them.
func visibleColumns(items []*item) []itemColumn {
	var out []itemColumn
	for _, it := range items {
		if !it.colsVisible {
			continue
		}
		for i := range it.cols {
			if !it.cols[i].hidden {
				out = append(out, itemColumn{name: it.cols[i].name, typ: it.cols[i].typ, from: it, index: i})
			}
		}
	}
	return out
}

// merge binds the condition and makes the join's own item.
func (j *joiner) merge(node *logical.Join, litems, ritems []*item) (*item, error) {
	using, err := j.usingNames()
	if err != nil {
		return nil, err
	}
	it := &item{owner: j.q, join: true, colsVisible: true}
	if len(using) > 0 || j.n.IsNatural {
		if it.cols, err = j.using(node, using); err != nil {
			return nil, err
		}
	} else {
		it.cols = append(slices.Clone(j.left), j.right...)
		if err := j.on(node, litems, ritems); err != nil {
			return nil, err
		}
	}
	markNullable(j.kind, litems, ritems)
	if j.n.Alias != nil {
		it.relVisible = true
		if err := it.rename(j.n.Alias); err != nil {
			return nil, err
		}
	}
	j.q.all = append(j.q.all, it)
	return it, nil
}

func markNullable(kind logical.JoinKind, litems, ritems []*item) {
	if kind == logical.Left || kind == logical.Full {
		for _, it := range ritems {
			it.nullable = true
		}
	}
	if kind == logical.Right || kind == logical.Full {
		for _, it := range litems {
			it.nullable = true
		}
	}
}

// usingNames lists the columns that both sides are joined by; NATURAL takes all of a name.
func (j *joiner) usingNames() ([]string, error) {
	if !j.n.IsNatural {
		return stringList(j.n.UsingClause), nil
	}
	var out []string
	for _, l := range j.left {
		if slices.ContainsFunc(j.right, func(r itemColumn) bool { return r.name == l.name }) && !slices.Contains(out, l.name) {
			out = append(out, l.name)
		}
	}
	return out, nil
}

// using makes the equalities of USING and the merged columns, which come first.
func (j *joiner) using(node *logical.Join, names []string) ([]itemColumn, error) {
	var out []itemColumn
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, pgerr.New(pgerrcode.DuplicateColumn, "column name \"%s\" appears more than once in USING clause", name)
		}
		l, err := pickUsing(j.left, name, "left")
		if err != nil {
			return nil, err
		}
		r, err := pickUsing(j.right, name, "right")
		if err != nil {
			return nil, err
		}
		le, re := l.from.column(l.index, -1), r.from.column(r.index, -1)
		cond, err := j.q.b.apply([]string{"="}, le, re, -1)
		if err != nil {
			return nil, err
		}
		node.Conds = append(node.Conds, cond)
		merged, err := j.mergeColumn(*l, *r, le, re)
		if err != nil {
			return nil, err
		}
		out = append(out, merged)
	}
	rest := func(cols []itemColumn) {
		for _, c := range cols {
			if !slices.Contains(names, c.name) {
				out = append(out, c)
			}
		}
	}
	rest(j.left)
	rest(j.right)
	return out, nil
}

func pickUsing(cols []itemColumn, name, side string) (*itemColumn, error) {
	var found *itemColumn
	for i := range cols {
		if cols[i].name != name {
			continue
		}
		if found != nil {
			return nil, pgerr.New(pgerrcode.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, side)
		}
		found = &cols[i]
	}
	if found == nil {
		return nil, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, side)
	}
	return found, nil
}

// mergeColumn makes the one column that USING shows for two.
func (j *joiner) mergeColumn(l, r itemColumn, le, re expr.Expr) (itemColumn, error) {
	b := j.q.b
	out, t, err := b.unify([]expr.Expr{le, re}, "JOIN/USING", nil)
	if err != nil {
		return itemColumn{}, err
	}
	same := func(e, c expr.Expr) bool { return e == c }
	switch j.kind {
	case logical.Full:
		return itemColumn{name: l.name, typ: t, e: &expr.Coalesce{Args: out, T: t}}, nil
	case logical.Right:
		if same(out[1], re) {
			return r, nil
		}
		return itemColumn{name: l.name, typ: t, e: out[1]}, nil
	}
	if same(out[0], le) {
		return l, nil
	}
	return itemColumn{name: l.name, typ: t, e: out[0]}, nil
}

// on binds the condition of ON, which sees both sides and what is around the join.
func (j *joiner) on(node *logical.Join, litems, ritems []*item) error {
	if j.n.Quals == nil {
		return nil
	}
	q := j.q
	outside := q.items
	q.items = append(append(slices.Clone(litems), ritems...), []*item{}...)
	cond, err := q.where(kindJoinOn, j.n.Quals, "JOIN/ON")
	q.items = outside
	if err != nil {
		return err
	}
	if s := q.b.spelling(); s != nil {
		s.joins[j.n] = cond
	}
	node.Conds = expr.Conjuncts(cond, nil)
	return nil
}

// items lists what the join brings into scope.
func (j *joiner) items(it *item, litems, ritems []*item) []*item {
	out := make([]*item, 0, len(litems)+len(ritems)+2)
	if j.n.Alias == nil {
		for _, side := range [][]*item{litems, ritems} {
			for _, s := range side {
				s.colsVisible = false
				out = append(out, s)
			}
		}
	}
	if a := j.n.JoinUsingAlias; a != nil {
		alias := &item{owner: j.q, join: true, name: a.Aliasname, aliased: true, relVisible: true}
		n := len(j.n.UsingClause)
		for i := range it.cols[:n] {
			alias.cols = append(alias.cols, itemColumn{name: it.cols[i].name, typ: it.cols[i].typ, from: it, index: i})
		}
		out = append(out, alias)
	}
	return append(out, it)
}
