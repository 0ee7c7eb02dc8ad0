package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// picker decides where both sides changed the same, and remembers what.
type picker struct {
	source  bool // the source's is taken, else the target's
	part    string
	clashes []string
	// converts reports whether values of one version of a table can be brought to another; nil: rows are not merged.
	converts func(from, to *catalog.Table) bool
}

func (p *picker) clash() bool { return len(p.clashes) > 0 }

// what says what both sides changed.
func (p *picker) what() string { return strings.Join(p.clashes, "; ") }

// clashed notes a contradiction.
func (p *picker) clashed(what string) {
	if p.part != "" {
		what += " of " + p.part
	}
	p.clashes = append(p.clashes, what)
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
		p.clashed("all of it")
		return p.side(s, t)
	}
	if bt, ok := b.(*catalog.Table); ok {
		st, ok1 := s.(*catalog.Table)
		tt, ok2 := t.(*catalog.Table)
		if ok1 && ok2 && st.Rows == bt.Rows {
			return mergeTable(bt, st, tt, p)
		}
		if ok1 && ok2 && p.converts != nil {
			if merged := mergeRewritten(bt, st, tt, p); merged != nil {
				return merged
			}
		}
		p.clashed("its rows were rewritten on the source, and its definition was changed on the target")
		return p.side(s, t)
	}
	if bt, ok := b.(*catalog.View); ok {
		st, ok1 := s.(*catalog.View)
		tt, ok2 := t.(*catalog.View)
		if ok1 && ok2 {
			return mergeView(bt, st, tt, p)
		}
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
	body := pick("the definition", bodyOf(b), bodyOf(s), bodyOf(t), p)
	body = catalog.CloneObject(body)
	*body.Head() = head
	return body
}

// mergeEnum joins the labels that both sides have added. Their keys, which rows hold, are different unless both sides made
// them of the same number.
func mergeEnum(b, s, t *catalog.UserType, p *picker) catalog.Object {
	out := *t
	out.Header = mergeHeader(b.Header, s.Header, t.Header, p)
	out.ArrayName = pick("the name of the array type", b.ArrayName, s.ArrayName, t.ArrayName, p)
	out.Labels = mergeList(b.Labels, s.Labels, t.Labels, func(l types.Label) uint32 { return l.OID }, part[types.Label]{
		each: func(b, s, t types.Label, p *picker) types.Label {
			t.Name = pick("the name of label "+types.QuoteLiteral(b.Name), b.Name, s.Name, t.Name, p)
			return t
		}, name: func(l types.Label) string { return "label " + types.QuoteLiteral(l.Name) }}, p)
	slices.SortFunc(out.Labels, func(x, y types.Label) int { return cmp.Compare(x.Key, y.Key) })
	for i, l := range out.Labels {
		for _, m := range out.Labels[:i] {
			if l.Key == m.Key || l.Name == m.Name {
				p.clashed("label " + types.QuoteLiteral(l.Name))
				return p.side(s, t)
			}
		}
	}
	if !ordered(s.Labels, out.Labels) {
		p.clashed("the order of the labels")
		return p.side(s, t)
	}
	return &out
}

// ordered reports whether labels stand in one list as they do in another, as far as it has them.
func ordered(list, in []types.Label) bool {
	last := -1
	for _, l := range list {
		at := slices.IndexFunc(in, func(x types.Label) bool { return x.OID == l.OID })
		if at >= 0 && at < last {
			return false
		}
		last = max(last, at)
	}
	return true
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
	if base.Rows != target.Rows { // what older rows have in a column is written into rows that are rewritten, and indexes move with them
		base, source = placedAs(sameMissing(base, target), target), placedAs(sameMissing(source, target), target)
	}
	source, target = withoutNamesakes(base, source, target, p)
	out := *target
	out.Header = mergeHeader(base.Header, source.Header, target.Header, p)
	out.Columns = mergeList(base.Columns, source.Columns, target.Columns, func(c catalog.Column) uint32 { return c.ID },
		part[catalog.Column]{each: mergeColumn, made: madeColumn, gone: func(c catalog.Column) bool { return c.Dropped }, name: func(c catalog.Column) string { return "column " + types.QuoteIdent(c.Name) }}, p)
	out.Indexes = mergeList(base.Indexes, source.Indexes, target.Indexes, func(x *catalog.Index) uint32 { return x.OID },
		part[*catalog.Index]{each: mergeIndex, name: func(x *catalog.Index) string { return "index " + types.QuoteIdent(x.Name) }}, p)
	out.Constraints = mergeList(base.Constraints, source.Constraints, target.Constraints, func(c *catalog.Constraint) uint32 { return c.OID },
		part[*catalog.Constraint]{each: mergeConstraint, name: func(c *catalog.Constraint) string { return "constraint " + types.QuoteIdent(c.Name) }}, p)
	out.Triggers = mergeTriggers(base.Triggers, source.Triggers, target.Triggers, p)
	out.Options = pick("the options", base.Options, source.Options, target.Options, p)
	out.RowSecurity = pick("row security", base.RowSecurity, source.RowSecurity, target.RowSecurity, p)
	out.ForceRLS = pick("row security", base.ForceRLS, source.ForceRLS, target.ForceRLS, p)
	out.Unlogged = pick("whether it is logged", base.Unlogged, source.Unlogged, target.Unlogged, p)
	out.Replident = pick("the replica identity", base.Replident, source.Replident, target.Replident, p)
	renumber(out.Columns, target.Columns)
	return &out
}

func mergeHeader(b, s, t catalog.Header, p *picker) catalog.Header {
	t.Name = pick("the name", b.Name, s.Name, t.Name, p)
	t.Schema = pick("the schema", b.Schema, s.Schema, t.Schema, p)
	t.Owner = pick("the owner", b.Owner, s.Owner, t.Owner, p)
	t.Comment = pick("the comment", b.Comment, s.Comment, t.Comment, p)
	t.ACL = pick("the privileges", b.ACL, s.ACL, t.ACL, p)
	return t
}

// pick takes the side that changed.
func pick[T any](what string, b, s, t T, p *picker) T {
	switch {
	case alike(b, s), alike(s, t):
		return t
	case alike(b, t):
		return s
	}
	p.clashed(what)
	if p.source {
		return s
	}
	return t
}

// part is what mergeList needs to know of parts: how one that both sides changed is merged, and one that both have and the
// base does not (nil: what differs does not matter), whether it is one that was dropped (nil: it cannot be), and what it is called.
type part[T any] struct {
	each func(b, s, t T, p *picker) T
	made func(s, t T, p *picker) T
	gone func(T) bool
	name func(T) string
}

// mergeList merges lists of parts with identities.
func mergeList[T any](base, source, target []T, id func(T) uint32, kind part[T], p *picker) []T {
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
			if !alike(b, t) && !(kind.gone != nil && kind.gone(t)) {
				if p.clashed(kind.name(t) + " was dropped on the source"); !p.source {
					out = append(out, t)
				}
			}
		case !inSource, alike(s, t), inBase && alike(s, b):
			out = append(out, t)
		case inBase && alike(b, t):
			out = append(out, s)
		case inBase:
			out = append(out, kind.each(b, s, t, p))
		case kind.made != nil:
			out = append(out, kind.made(s, t, p))
		default:
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
		case !alike(b, s) && !(kind.gone != nil && kind.gone(s)):
			if p.clashed(kind.name(s) + " was dropped on the target"); p.source {
				out = append(out, s)
			}
		}
	}
	return out
}

// mergeIndex merges an index that both sides changed: its name and comment may be changed by themselves.
func mergeIndex(b, s, t *catalog.Index, p *picker) *catalog.Index {
	name := "index " + types.QuoteIdent(b.Name)
	rest := func(x *catalog.Index) *catalog.Index {
		c := *x
		c.Name, c.Comment = "", ""
		return &c
	}
	out := *pick(name, rest(b), rest(s), rest(t), p)
	out.Name = pick("the name of "+name, b.Name, s.Name, t.Name, p)
	out.Comment = pick("the comment of "+name, b.Comment, s.Comment, t.Comment, p)
	return &out
}

// mergeConstraint is mergeIndex for constraints.
func mergeConstraint(b, s, t *catalog.Constraint, p *picker) *catalog.Constraint {
	name := "constraint " + types.QuoteIdent(b.Name)
	rest := func(x *catalog.Constraint) *catalog.Constraint {
		c := *x
		c.Name, c.Comment = "", ""
		return &c
	}
	out := *pick(name, rest(b), rest(s), rest(t), p)
	out.Name = pick("the name of "+name, b.Name, s.Name, t.Name, p)
	out.Comment = pick("the comment of "+name, b.Comment, s.Comment, t.Comment, p)
	return &out
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
	switch num := t.Num; {
	case b.Dropped && s.Dropped: // who has it again has changed it, be what is left of it another
		return t
	case s.Dropped, b.Dropped && t.Dropped: // else dropping wins over other changes
		s.Num = num
		return s
	case t.Dropped:
		return t
	}
	p.part = "column " + types.QuoteIdent(b.Name)
	defer func() { p.part = "" }()
	t.Name = pick("the name", b.Name, s.Name, t.Name, p)
	kind := func(c catalog.Column) typeOf { return typeOf{c.TypeOID, c.Mod, c.Collation} }
	if k := choose("the type", kind(b), kind(s), kind(t), p); k != kind(t) {
		t.TypeOID, t.Mod, t.Collation, t.Type = k.oid, k.mod, k.collation, s.Type
	}
	value := func(c catalog.Column) defaultOf { return defaultOf{c.Default, c.Generated, c.Deps} }
	d := pick("the default", value(b), value(s), value(t), p)
	t.Default, t.Generated, t.Deps = d.Default, d.Generated, d.Deps
	t.NotNull = pick("NOT NULL", b.NotNull, s.NotNull, t.NotNull, p)
	t.Identity = pick("the identity", b.Identity, s.Identity, t.Identity, p)
	t.Sequence = pick("the sequence", b.Sequence, s.Sequence, t.Sequence, p)
	t.Storage = pick("the storage", b.Storage, s.Storage, t.Storage, p)
	t.Statistics = pick("the statistics target", b.Statistics, s.Statistics, t.Statistics, p)
	t.Comment = pick("the comment", b.Comment, s.Comment, t.Comment, p)
	t.Merge = pick("the merge policy", b.Merge, s.Merge, t.Merge, p)
	t.ACL = pick("the privileges", b.ACL, s.ACL, t.ACL, p)
	return t
}

// madeColumn merges a column that both sides have and the base does not: twins, and one of which a part of its history is
// brought, or taken back. One that the source has, and the target has no longer, comes back.
func madeColumn(s, t catalog.Column, p *picker) catalog.Column {
	var d difference
	switch d.column(&s, &t); {
	case s.Dropped:
		return t
	case t.Dropped:
		s.Num = t.Num
		return s
	case len(d.list) == 0 && s.Name == t.Name:
		return t
	}
	d.field("the name", s.Name, t.Name)
	if p.clashed(added("column", t.Name, &d)); p.source && s.TypeOID == t.TypeOID && s.Mod == t.Mod {
		s.Num, s.HasMiss, s.Missing = t.Num, t.HasMiss, t.Missing
		return s
	}
	return t
}

// sameMissing is a table that says as another does what older rows have in its columns.
func sameMissing(t, as *catalog.Table) *catalog.Table {
	out := *t
	out.Columns = slices.Clone(t.Columns)
	for i := range out.Columns {
		if c := as.ColumnByID(out.Columns[i].ID); c != nil {
			out.Columns[i].HasMiss, out.Columns[i].Missing = c.HasMiss, c.Missing
		}
	}
	return &out
}

// choose is pick for values that can be compared.
func choose[T comparable](what string, b, s, t T, p *picker) T {
	switch {
	case b == s, s == t:
		return t
	case b == t:
		return s
	}
	p.clashed(what)
	if p.source {
		return s
	}
	return t
}

// sameNames lists names that two live columns have.
func sameNames(cols []catalog.Column) (out []string) {
	seen := map[string]bool{}
	for _, c := range cols {
		if c.Dropped || c.Hidden != "" {
			continue
		}
		if seen[c.Name] {
			out = append(out, c.Name)
		}
		seen[c.Name] = true
	}
	return out
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
