package lower

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// path is one way to read a table: through an index (nil: a plain scan in key order), from some ranges of its keys.
// Expressions are still over ColumnIDs.
type path struct {
	index  *catalog.Index // nil: the table's own rows, without a key that could be used
	ranges []keyRange
	// filter holds the conditions that the ranges do not guarantee.
	filter []expr.Expr
	// fixed counts the leading key columns that have one value in all rows read.
	fixed int
	// matched holds the conditions that the ranges came from, for estimates and EXPLAIN.
	matched []expr.Expr
	// reverse and ordered are set when the order of the index is used.
	reverse, ordered bool
}

// keyRange is physical.Range before lowering.
type keyRange struct {
	lo, hi         []expr.Expr
	loExcl, hiExcl bool
	in             expr.Expr
}

// paths lists the ways to read n: the plain scan first, then each index that n's conditions or whole order can use.
func (l *lowerer) paths(n *logical.Scan) []path {
	out := []path{{filter: n.Filter, index: l.plainKey(n)}}
	if n.Table.Virtual {
		out[0].index = nil
		return out
	}
	for _, ix := range n.Table.Indexes {
		if !usable(ix) {
			continue
		}
		m := l.matcher(n, ix)
		if m == nil {
			continue
		}
		p := m.path()
		if ix.Primary && len(p.ranges) == 0 {
			continue // that is the plain scan
		}
		out = append(out, p)
	}
	return out
}

// plainKey is the index whose order a plain scan has.
func (l *lowerer) plainKey(n *logical.Scan) *catalog.Index {
	if pk := n.Table.PrimaryIndex(); pk != nil && usable(pk) {
		return pk
	}
	return nil
}

// usable reports whether an index keeps the order of its columns' types.
func usable(ix *catalog.Index) bool {
	if ix.Method != "" && ix.Method != "btree" && ix.Method != "hash" {
		return false
	}
	for _, c := range ix.Columns {
		switch c.OpClass {
		case "", "text_pattern_ops", "varchar_pattern_ops", "bpchar_pattern_ops", "text_ops", "varchar_ops", "int4_ops", "int8_ops", "int2_ops":
		default:
			return false
		}
	}
	return len(ix.Columns) > 0
}

// matcher finds what of a scan's conditions one index can serve.
type matcher struct {
	scan  *logical.Scan
	index *catalog.Index
	own   expr.ColumnSet
	keys  []expr.Expr // what each key column is, over the scan's columns; nil: not known
	conds []sarg
	used  []bool // the conditions that the ranges guarantee
}

// matcher prepares an index; nil when it is partial and may lack rows that are asked for.
func (l *lowerer) matcher(n *logical.Scan, ix *catalog.Index) *matcher {
	m := &matcher{scan: n, index: ix, own: logical.IDs(n.Cols), used: make([]bool, len(n.Filter))}
	if ix.Predicate != 0 && !l.implied(m) {
		return nil
	}
	for _, k := range ix.Columns {
		m.keys = append(m.keys, l.keyExpr(n, k.Column))
	}
	for i, c := range n.Filter {
		m.conds = appendSargs(m.conds, c, i, m.own)
	}
	return m
}

// keyExpr is what an index column holds, over the scan's columns.
func (l *lowerer) keyExpr(n *logical.Scan, id catalog.ColumnID) expr.Expr {
	for i, s := range n.Source {
		if s == id {
			return &expr.Column{ID: n.Cols[i].ID, T: n.Cols[i].Type, Name: n.Cols[i].Name, Pos: -1}
		}
	}
	if c := n.Table.ColumnByID(id); c == nil || c.Hidden == "" {
		return nil
	}
	return l.hidden(n, id)
}

// hidden is a hidden column's expression over the scan's columns; nil when it needs columns that the scan does not have.
func (l *lowerer) hidden(n *logical.Scan, id catalog.ColumnID) expr.Expr {
	if l.opts.IndexExpr == nil {
		return nil
	}
	e, known := l.hiddens[id]
	if !known {
		// An expression that does not bind any more makes the index useless for queries, not the query an error.
		e, _ = l.opts.IndexExpr(n.Table, id)
		l.hiddens[id] = e
	}
	if e == nil {
		return nil
	}
	m := map[expr.ColumnID]expr.Expr{}
	for i, s := range n.Source {
		m[expr.ColumnID(s)] = &expr.Column{ID: n.Cols[i].ID, T: n.Cols[i].Type, Name: n.Cols[i].Name, Pos: -1}
	}
	for id := range logical.Used(e) {
		if m[id] == nil {
			return nil
		}
	}
	return expr.Substitute(e, m)
}

// implied reports whether the scan's conditions imply the index's predicate, and marks those that it implies in turn.
func (l *lowerer) implied(m *matcher) bool {
	pred := l.hidden(m.scan, m.index.Predicate)
	if pred == nil {
		return false
	}
	for _, p := range expr.Conjuncts(pred, nil) {
		if !m.guarantees(p) {
			return false
		}
	}
	return true
}

// guarantees reports whether p holds for all rows that pass the scan's conditions.
func (m *matcher) guarantees(p expr.Expr) bool {
	for i, c := range m.scan.Filter {
		if expr.Equal(c, p) {
			m.used[i] = true
			return true
		}
		if t, ok := p.(*expr.NullTest); ok && t.Not && strictIn(c, t.Arg) {
			return true
		}
	}
	return false
}

// strictIn reports whether c can only be true when arg is not NULL: a strict comparison of it.
func strictIn(c, arg expr.Expr) bool {
	switch c := c.(type) {
	case *expr.Call:
		if !c.Proc.Strict || c.Proc.Set {
			return false
		}
		for _, a := range c.Args {
			if expr.Equal(stripRelabel(a), arg) {
				return true
			}
		}
	case *expr.ArrayCompare:
		return !c.All && c.Proc.Strict && expr.Equal(stripRelabel(c.Left), arg)
	}
	return false
}

// path builds the ranges: equalities for a prefix of the key, then an IN or a pair of bounds.
func (m *matcher) path() path {
	p := path{index: m.index}
	var prefix []expr.Expr
	for i, k := range m.keys {
		if k == nil {
			break
		}
		if s := m.find(k, m.single(i)...); s != nil {
			prefix = append(prefix, s.value)
			m.use(s, &p)
			p.fixed++
			continue
		}
		if s := m.find(k, sargIn); s != nil {
			m.use(s, &p)
			p.ranges = []keyRange{{lo: prefix, in: s.value}}
		} else if r, ok := m.bounds(i, k, prefix, &p); ok {
			p.ranges = []keyRange{r}
		}
		break
	}
	if len(p.ranges) == 0 && len(prefix) > 0 {
		p.ranges = []keyRange{{lo: prefix, hi: prefix}}
	}
	for i, c := range m.scan.Filter {
		if !m.used[i] {
			p.filter = append(p.filter, c)
		}
	}
	return p
}

// single lists the kinds of conditions that leave key column i one value. A column that cannot be NULL has no keys for it.
func (m *matcher) single(i int) []sargKind {
	if m.nullable(m.index.Columns[i].Column) {
		return []sargKind{sargEqual, sargNull}
	}
	return []sargKind{sargEqual}
}

func (m *matcher) find(key expr.Expr, kinds ...sargKind) *sarg {
	for i := range m.conds {
		s := &m.conds[i]
		for _, k := range kinds {
			if s.kind == k && m.fits(s, key) {
				return s
			}
		}
	}
	return nil
}

// fits reports whether a condition is about a key.
func (m *matcher) fits(s *sarg, key expr.Expr) bool { return expr.Equal(s.key, key) }

func (m *matcher) use(s *sarg, p *path) {
	if s.exact {
		m.used[s.cond] = true
	}
	if e := m.scan.Filter[s.cond]; !slices.Contains(p.matched, e) {
		p.matched = append(p.matched, e)
	}
}

// bounds makes the range of key column i from inequalities. Where the column may be NULL, NULLs are shut out: in an index
// they stand at one end, and no comparison with them is true.
func (m *matcher) bounds(i int, key expr.Expr, prefix []expr.Expr, p *path) (keyRange, bool) {
	low, high := m.find(key, sargGreater, sargGreaterEqual), m.find(key, sargLess, sargLessEqual)
	if low == nil && high == nil {
		s := m.find(key, sargNotNull)
		if s == nil || !m.nullable(m.index.Columns[i].Column) {
			return keyRange{}, false
		}
		m.use(s, p)
	}
	var r keyRange
	if low != nil {
		r.lo, r.loExcl = extend(prefix, low.value), low.kind == sargGreater
		m.use(low, p)
	}
	if high != nil {
		r.hi, r.hiExcl = extend(prefix, high.value), high.kind == sargLess
		m.use(high, p)
	}
	ic := m.index.Columns[i]
	if ic.Desc {
		r.lo, r.hi, r.loExcl, r.hiExcl = r.hi, r.lo, r.hiExcl, r.loExcl
	}
	null := expr.NullOf(key.Type())
	nullable := m.nullable(ic.Column)
	if r.lo == nil {
		if r.lo = prefix; nullable && ic.NullsFirst {
			r.lo, r.loExcl = extend(prefix, null), true
		}
	}
	if r.hi == nil {
		if r.hi = prefix; nullable && !ic.NullsFirst {
			r.hi, r.hiExcl = extend(prefix, null), true
		}
	}
	return r, true
}

func (m *matcher) nullable(id catalog.ColumnID) bool {
	c := m.scan.Table.ColumnByID(id)
	return c == nil || !c.NotNull
}

func extend(prefix []expr.Expr, e expr.Expr) []expr.Expr {
	return append(prefix[:len(prefix):len(prefix)], e)
}
