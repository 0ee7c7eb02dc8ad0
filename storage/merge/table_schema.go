package merge

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
)

// mergeObject merges an object that both sides changed; nil: they contradict each other.
func mergeObject(b, s, t catalog.Object) catalog.Object {
	if b == nil {
		return nil
	}
	if bt, ok := b.(*catalog.Table); ok {
		st, ok1 := s.(*catalog.Table)
		tt, ok2 := t.(*catalog.Table)
		if !ok1 || !ok2 {
			return nil
		}
		if merged := mergeTable(bt, st, tt); merged != nil {
			return merged
		}
		return nil
	}
	// Others are merged as to name, schema, owner, comment and privileges; the rest is taken from the side that changed it.
	ok := true
	head := mergeHeader(*b.Head(), *s.Head(), *t.Head(), &ok)
	body := pick(bodyOf(b), bodyOf(s), bodyOf(t), &ok)
	if !ok {
		return nil
	}
	body = catalog.CloneObject(body)
	*body.Head() = head
	return body
}

// bodyOf returns an object without what all objects have.
func bodyOf(o catalog.Object) catalog.Object {
	o = catalog.CloneObject(o)
	*o.Head() = catalog.Header{OID: o.Head().OID}
	return o
}

// mergeTable merges a table that both sides changed: columns by id, indexes and constraints by OID, the rest field by
// field. It returns nil when the sides contradict each other.
func mergeTable(base, source, target *catalog.Table) *catalog.Table {
	out := *target
	ok := true
	out.Header = mergeHeader(base.Header, source.Header, target.Header, &ok)
	if source.Rows != base.Rows {
		return nil // the source rewrote its rows; those of the target do not fit the new keys
	}
	out.Columns = mergeList(base.Columns, source.Columns, target.Columns, func(c catalog.Column) uint32 { return c.ID }, mergeColumn, &ok)
	out.Indexes = mergeList(base.Indexes, source.Indexes, target.Indexes, func(x *catalog.Index) uint32 { return x.OID }, nil, &ok)
	out.Constraints = mergeList(base.Constraints, source.Constraints, target.Constraints, func(c *catalog.Constraint) uint32 { return c.OID }, nil, &ok)
	out.Options = pick(base.Options, source.Options, target.Options, &ok)
	out.RowSecurity = pick(base.RowSecurity, source.RowSecurity, target.RowSecurity, &ok)
	out.ForceRLS = pick(base.ForceRLS, source.ForceRLS, target.ForceRLS, &ok)
	out.Unlogged = pick(base.Unlogged, source.Unlogged, target.Unlogged, &ok)
	out.Replident = pick(base.Replident, source.Replident, target.Replident, &ok)
	if !ok || !distinctNames(out.Columns) {
		return nil
	}
	renumber(out.Columns, target.Columns)
	return &out
}

func mergeHeader(b, s, t catalog.Header, ok *bool) catalog.Header {
	t.Name = pick(b.Name, s.Name, t.Name, ok)
	t.Schema = pick(b.Schema, s.Schema, t.Schema, ok)
	t.Owner = pick(b.Owner, s.Owner, t.Owner, ok)
	t.Comment = pick(b.Comment, s.Comment, t.Comment, ok)
	t.ACL = pick(b.ACL, s.ACL, t.ACL, ok)
	return t
}

// pick takes the side that changed; ok becomes false when both did, differently.
func pick[T any](b, s, t T, ok *bool) T {
	switch {
	case alike(b, s), alike(s, t):
		return t
	case alike(b, t):
		return s
	}
	*ok = false
	return t
}

// mergeList merges lists of parts with identities. each merges a part that both sides changed; nil: that is a
// contradiction.
func mergeList[T any](base, source, target []T, id func(T) uint32, each func(b, s, t T, ok *bool) T, ok *bool) []T {
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
				*ok = false
			}
		case !inSource, alike(s, t), alike(s, b):
			out = append(out, t)
		case alike(b, t):
			out = append(out, s)
		case each != nil && inBase:
			out = append(out, each(b, s, t, ok))
		default:
			*ok = false
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
			*ok = false
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

func mergeColumn(b, s, t catalog.Column, ok *bool) catalog.Column {
	if s.Dropped || t.Dropped { // dropping wins over other changes
		if s.Dropped {
			num := t.Num
			t = s
			t.Num = num
		}
		return t
	}
	t.Name = pick(b.Name, s.Name, t.Name, ok)
	kind := func(c catalog.Column) typeOf { return typeOf{c.TypeOID, c.Mod, c.Collation} }
	if k := choose(kind(b), kind(s), kind(t), ok); k != kind(t) {
		t.TypeOID, t.Mod, t.Collation, t.Type = k.oid, k.mod, k.collation, s.Type
	}
	value := func(c catalog.Column) defaultOf { return defaultOf{c.Default, c.Generated, c.Deps} }
	d := pick(value(b), value(s), value(t), ok)
	t.Default, t.Generated, t.Deps = d.Default, d.Generated, d.Deps
	t.NotNull = pick(b.NotNull, s.NotNull, t.NotNull, ok)
	t.Identity = pick(b.Identity, s.Identity, t.Identity, ok)
	t.Sequence = pick(b.Sequence, s.Sequence, t.Sequence, ok)
	t.Storage = pick(b.Storage, s.Storage, t.Storage, ok)
	t.Statistics = pick(b.Statistics, s.Statistics, t.Statistics, ok)
	t.Comment = pick(b.Comment, s.Comment, t.Comment, ok)
	t.ACL = pick(b.ACL, s.ACL, t.ACL, ok)
	return t
}

// choose is pick for values that can be compared.
func choose[T comparable](b, s, t T, ok *bool) T {
	switch {
	case b == s, s == t:
		return t
	case b == t:
		return s
	}
	*ok = false
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
