package expr

// MapChildren returns e with f applied to each direct sub-expression, or e itself when f changed none of them. The plan
// of a Subquery, the element conversion of an ArrayCast and the checks of a DomainCast are scopes of their own and are
// left alone; package logical walks plans.
func MapChildren(e Expr, f func(Expr) Expr) Expr {
	m := mapper{f: f}
	switch e := e.(type) {
	case *Call:
		if args := m.list(e.Args); m.changed {
			c := *e
			c.Args = args
			return &c
		}
	case *Relabel:
		return rebuilt(&m, e, func(c *Relabel) { c.Arg = m.one(c.Arg) })
	case *IOCast:
		return rebuilt(&m, e, func(c *IOCast) { c.Arg = m.one(c.Arg) })
	case *ArrayCast:
		return rebuilt(&m, e, func(c *ArrayCast) { c.Arg = m.one(c.Arg) })
	case *DomainCast:
		return rebuilt(&m, e, func(c *DomainCast) { c.Arg = m.one(c.Arg) })
	case *Bool:
		return rebuilt(&m, e, func(c *Bool) { c.Args = m.list(c.Args) })
	case *NullTest:
		return rebuilt(&m, e, func(c *NullTest) { c.Arg = m.one(c.Arg) })
	case *BoolTest:
		return rebuilt(&m, e, func(c *BoolTest) { c.Arg = m.one(c.Arg) })
	case *Distinct:
		return rebuilt(&m, e, func(c *Distinct) { c.Left, c.Right = m.one(c.Left), m.one(c.Right) })
	case *Coalesce:
		return rebuilt(&m, e, func(c *Coalesce) { c.Args = m.list(c.Args) })
	case *MinMax:
		return rebuilt(&m, e, func(c *MinMax) { c.Args = m.list(c.Args) })
	case *NullIf:
		return rebuilt(&m, e, func(c *NullIf) { c.Left, c.Right = m.one(c.Left), m.one(c.Right) })
	case *ArrayCompare:
		return rebuilt(&m, e, func(c *ArrayCompare) { c.Left, c.Array = m.one(c.Left), m.one(c.Array) })
	case *Array:
		return rebuilt(&m, e, func(c *Array) { c.Elems = m.list(c.Elems) })
	case *Row:
		return rebuilt(&m, e, func(c *Row) { c.Fields = m.list(c.Fields) })
	case *Field:
		return rebuilt(&m, e, func(c *Field) { c.Arg = m.one(c.Arg) })
	case *Case, *Subscript, *Subquery, *Aggregate:
		return m.compound(e)
	case *Const, *Param, *Column, *Slot, *Outer, *Default, *CurrentValue:
	}
	return e
}

// mapper applies f and notes whether anything became different.
type mapper struct {
	f       func(Expr) Expr
	changed bool
}

func (m *mapper) one(e Expr) Expr {
	if e == nil {
		return nil
	}
	n := m.f(e)
	if n != e {
		m.changed = true
	}
	return n
}

// list copies a list only when an element changes.
func (m *mapper) list(in []Expr) []Expr {
	var out []Expr
	for i, e := range in {
		n := m.one(e)
		if out == nil && n != e {
			out = append(make([]Expr, 0, len(in)), in[:i]...)
		}
		if out != nil {
			out = append(out, n)
		}
	}
	if out == nil {
		return in
	}
	return out
}

func (m *mapper) keys(in []SortKey) []SortKey {
	out := make([]SortKey, len(in))
	for i, k := range in {
		out[i] = SortKey{Expr: m.one(k.Expr), Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return out
}

// rebuilt applies set to a copy of e and returns the copy if a child changed, else e.
func rebuilt[T any, P interface {
	*T
	Expr
}](m *mapper, e P, set func(P)) Expr {
	c := *e
	set(&c)
	if !m.changed {
		return e
	}
	return P(&c)
}

func (m *mapper) compound(e Expr) Expr {
	switch e := e.(type) {
	case *Case:
		return rebuilt(m, e, func(c *Case) {
			whens := make([]When, len(c.Whens))
			for i, w := range c.Whens {
				whens[i] = When{Cond: m.one(w.Cond), Then: m.one(w.Then)}
			}
			c.Whens, c.Else = whens, m.one(c.Else)
		})
	case *Subscript:
		return rebuilt(m, e, func(c *Subscript) {
			c.Arg = m.one(c.Arg)
			bounds := make([]SubscriptBound, len(c.Index))
			for i, b := range c.Index {
				bounds[i] = SubscriptBound{Lower: m.one(b.Lower), Upper: m.one(b.Upper)}
			}
			c.Index = bounds
		})
	case *Subquery:
		return rebuilt(m, e, func(c *Subquery) { c.Args, c.Test = m.list(c.Args), m.one(c.Test) })
	case *Aggregate:
		return rebuilt(m, e, func(c *Aggregate) {
			c.Args, c.Direct = m.list(c.Args), m.list(c.Direct)
			c.Order, c.Filter = m.keys(c.Order), m.one(c.Filter)
		})
	}
	return e
}

// Rewrite rebuilds e from the leaves up: f gets each node with its children already rewritten.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	return f(MapChildren(e, func(c Expr) Expr { return Rewrite(c, f) }))
}

// RewriteAll is Rewrite for a list; the list itself is returned when nothing changed.
func RewriteAll(es []Expr, f func(Expr) Expr) []Expr {
	m := mapper{f: func(e Expr) Expr { return Rewrite(e, f) }}
	return m.list(es)
}

// Walk calls f for e and what is below it, parents first; f returns whether to go below. Scopes are as in MapChildren.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	MapChildren(e, func(c Expr) Expr {
		Walk(c, f)
		return c
	})
}

// Any reports whether f holds for e or something below it.
func Any(e Expr, f func(Expr) bool) bool {
	found := false
	Walk(e, func(x Expr) bool {
		found = found || f(x)
		return !found
	})
	return found
}

// HasSubquery reports whether e runs a subquery.
func HasSubquery(e Expr) bool {
	return Any(e, func(x Expr) bool { _, ok := x.(*Subquery); return ok })
}
