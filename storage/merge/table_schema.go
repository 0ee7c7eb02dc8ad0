package merge

import (
	"cmp"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// picker decides where both sides changed the same, and remembers that they did.
type picker struct {
	source bool // the source's is taken, else the target's
	clash  bool
}

func (p *picker) side(s, t catalog.Object) catalog.Object {
	if p.source {
		return s
	}
	return t
}

// mergeObject merges an object that both sides changed.
func mergeObject(b, s, t catalog.Object, p *picker) catalog.Object {
	if b == nil {
		p.clash = true
		return p.side(s, t)
	}
	if bt, ok := b.(*catalog.Table); ok {
		st, ok1 := s.(*catalog.Table)
		tt, ok2 := t.(*catalog.Table)
		if !ok1 || !ok2 || st.Rows != bt.Rows {
			p.clash = true // a source that rewrote its rows: those of the target do not fit the new keys
			return p.side(s, t)
		}
		return mergeTable(bt, st, tt, p)
	}
	if bt, ok := b.(*catalog.UserType); ok && bt.Kind == types.KindEnum {
		st, ok1 := s.(*catalog.UserType)
		tt, ok2 := t.(*catalog.UserType)
		if ok1 && ok2 {
			return mergeEnum(bt, st, tt, p)
		}
	}
	// Others are merged as to name, schema, owner, comment and privileges; the rest is taken from the side that changed it.
	head := mergeHeader(*b.Head(), *s.Head(), *t.Head(), p)
	body := pick(bodyOf(b), bodyOf(s), bodyOf(t), p)
	body = catalog.CloneObject(body)
	*body.Head() = head
	return body
}

// mergeEnum joins the labels that both sides have added. Their keys, which rows hold, are different unless both sides made
// them of the same number.
func mergeEnum(b, s, t *catalog.UserType, p *picker) catalog.Object {
	out := *t
	out.Header = mergeHeader(b.Header, s.Header, t.Header, p)
	out.ArrayName = pick(b.ArrayName, s.ArrayName, t.ArrayName, p)
	out.Labels = mergeList(b.Labels, s.Labels, t.Labels, func(l types.Label) uint32 { return l.OID }, func(b, s, t types.Label, p *picker) types.Label {
		t.Name = pick(b.Name, s.Name, t.Name, p)
		return t
	}, p)
	slices.SortFunc(out.Labels, func(x, y types.Label) int { return cmp.Compare(x.Key, y.Key) })
	for i, l := range out.Labels {
		for _, m := range out.Labels[:i] {
			if l.Key == m.Key || l.Name == m.Name {
				p.clash = true
				return p.side(s, t)
			}
		}
	}
	return &out
}

// bodyOf returns an object without what all objects have.
func bodyOf(o catalog.Object) catalog.Object {
	o = catalog.CloneObject(o)
	*o.Head() = catalog.Header{OID: o.Head().OID}
	return o
}

// mergeTable merges a table that both sides changed: columns by id, indexes and constraints by OID, the rest field by
// field. The source has its rows where the base had them.
func mergeTable(base, source, target *catalog.Table, p *picker) *catalog.Table {
	out := *target
	out.Header = mergeHeader(base.Header, source.Header, target.Header, p)
	out.Columns = mergeList(base.Columns, source.Columns, target.Columns, func(c catalog.Column) uint32 { return c.ID }, mergeColumn, p)
	out.Indexes = mergeList(base.Indexes, source.Indexes, target.Indexes, func(x *catalog.Index) uint32 { return x.OID }, nil, p)
	out.Constraints = mergeList(base.Constraints, source.Constraints, target.Constraints, func(c *catalog.Constraint) uint32 { return c.OID }, nil, p)
	out.Options = pick(base.Options, source.Options, target.Options, p)
	out.RowSecurity = pick(base.RowSecurity, source.RowSecurity, target.RowSecurity, p)
	out.ForceRLS = pick(base.ForceRLS, source.ForceRLS, target.ForceRLS, p)
	out.Unlogged = pick(base.Unlogged, source.Unlogged, target.Unlogged, p)
	out.Replident = pick(base.Replident, source.Replident, target.Replident, p)
	if !distinctNames(out.Columns) {
		p.clash = true
	}
	renumber(out.Columns, target.Columns)
	return &out
}

func mergeHeader(b, s, t catalog.Header, p *picker) catalog.Header {
	t.Name = pick(b.Name, s.Name, t.Name, p)
	t.Schema = pick(b.Schema, s.Schema, t.Schema, p)
	t.Owner = pick(b.Owner, s.Owner, t.Owner, p)
	t.Comment = pick(b.Comment, s.Comment, t.Comment, p)
	t.ACL = pick(b.ACL, s.ACL, t.ACL, p)
	return t
}

// pick takes the side that changed.
func pick[T any](b, s, t T, p *picker) T {
	switch {
	case alike(b, s), alike(s, t):
		return t
	case alike(b, t):
		return s
	}
	p.clash = true
	if p.source {
		return s
	}
	return t
}

// mergeList merges lists of parts with identities. each merges a part that both sides changed; nil: that is a
// contradiction.
func mergeList[T any](base, source, target []T, id func(T) uint32, each func(b, s, t T, p *picker) T, p *picker) []T {
	find := func(list []T, x T) (T, bool) {
		i := slices.IndexFunc(list, func(y T) bool { return id(y) == id(x) })
		if i < 0 {
			var none T
			return none, false
		}
		return list[i], true
	}
	var out []T
	for _, t := range target {
		b, inBase := find(base, t)
		s, inSource := find(source, t)
		switch {
		case !inSource && inBase: // dropped on the source
			if !alike(b, t) {
				if p.clash = true; !p.source {
					out = append(out, t)
				}
			}
		case !inSource, alike(s, t), inBase && alike(s, b):
			out = append(out, t)
		case inBase && alike(b, t):
			out = append(out, s)
		case each != nil && inBase:
			out = append(out, each(b, s, t, p))
		case p.source:
			p.clash = true
			out = append(out, s)
		default:
			p.clash = true
			out = append(out, t)
		}
	}
	for _, s := range source {
		if _, inTarget := find(target, s); inTarget {
			continue
		}
		b, inBase := find(base, s)
		switch {
		case !inBase:
			out = append(out, s)
		case !alike(b, s): // changed here, dropped there
			if p.clash = true; p.source {
				out = append(out, s)
			}
		}
	}
	return out
}

// typeOf and defaultOf are fields of a column that change together.
type typeOf struct {
	oid       catalog.OID
	mod       int32
	collation string
}

type defaultOf struct {
	Default, Generated string
	Deps               []catalog.Dep
}

func mergeColumn(b, s, t catalog.Column, p *picker) catalog.Column {
	if s.Dropped || t.Dropped { // dropping wins over other changes
		if s.Dropped {
			num := t.Num
			t = s
			t.Num = num
		}
		return t
	}
	t.Name = pick(b.Name, s.Name, t.Name, p)
	kind := func(c catalog.Column) typeOf { return typeOf{c.TypeOID, c.Mod, c.Collation} }
	if k := choose(kind(b), kind(s), kind(t), p); k != kind(t) {
		t.TypeOID, t.Mod, t.Collation, t.Type = k.oid, k.mod, k.collation, s.Type
	}
	value := func(c catalog.Column) defaultOf { return defaultOf{c.Default, c.Generated, c.Deps} }
	d := pick(value(b), value(s), value(t), p)
	t.Default, t.Generated, t.Deps = d.Default, d.Generated, d.Deps
	t.NotNull = pick(b.NotNull, s.NotNull, t.NotNull, p)
	t.Identity = pick(b.Identity, s.Identity, t.Identity, p)
	t.Sequence = pick(b.Sequence, s.Sequence, t.Sequence, p)
	t.Storage = pick(b.Storage, s.Storage, t.Storage, p)
	t.Statistics = pick(b.Statistics, s.Statistics, t.Statistics, p)
	t.Comment = pick(b.Comment, s.Comment, t.Comment, p)
	t.Merge = pick(b.Merge, s.Merge, t.Merge, p)
	t.ACL = pick(b.ACL, s.ACL, t.ACL, p)
	return t
}

// choose is pick for values that can be compared.
func choose[T comparable](b, s, t T, p *picker) T {
	switch {
	case b == s, s == t:
		return t
	case b == t:
		return s
	}
	p.clash = true
	if p.source {
		return s
	}
	return t
}

func distinctNames(cols []catalog.Column) bool {
	seen := map[string]bool{}
	for _, c := range cols {
		if c.Dropped || c.Hidden != "" {
			continue
		}
		if seen[c.Name] {
			return false
		}
		seen[c.Name] = true
	}
	return true
}

// renumber gives columns that came from the source attribute numbers that the target does not use.
func renumber(cols, target []catalog.Column) {
	next := int16(1)
	known := map[catalog.ColumnID]bool{}
	for _, c := range target {
		known[c.ID] = true
		next = max(next, c.Num+1)
	}
	for i := range cols {
		if c := &cols[i]; !known[c.ID] && c.Num > 0 {
			c.Num = next
			next++
		}
	}
}
