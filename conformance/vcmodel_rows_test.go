package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// vcPicker merges definitions that both sides have changed, field by field.
type vcPicker struct {
	source  bool // who wins
	clashes []string
	twin    string // a column that both sides have made, and one has renamed: whether it is one depends on whether a merge has found it so before
}

// choose takes the side that has changed something.
func choose[T comparable](p *vcPicker, what string, b, s, t T) T {
	switch {
	case b == s, s == t:
		return t
	case b == t:
		return s
	}
	p.clashes = append(p.clashes, what)
	if p.source {
		return s
	}
	return t
}

func (p *vcPicker) table(b, s, t *vcTable) *vcTable {
	if s.space != b.space {
		merged, mark := p.table(b, rewritten(s, b.space), t), len(p.clashes)
		switch {
		case merged.keyed && sameTypes(merged, t):
			return merged
		case merged.keyed && t.space == b.space && sameTypes(merged, s) && keysFit(b, s):
			merged.space = s.space
			return merged
		}
		p.clashes = p.clashes[:mark]
		p.clashes = append(p.clashes, "its rows were rewritten on the source, and its definition was changed on the target")
		if p.source {
			return s.clone()
		}
		return t.clone()
	}
	out := t.clone()
	out.name = choose(p, "the name", b.name, s.name, t.name)
	out.columns = p.columns(b, s, t)
	out.parts = p.parts(b, s, t)
	return out
}

// sameTypes reports whether columns that two versions of a table have are of the same types.
func sameTypes(a, b *vcTable) bool {
	for _, c := range a.columns {
		if x := b.column(c.id); x != nil && !c.dropped && !x.dropped && x.typ != c.typ {
			return false
		}
	}
	return true
}

func (p *vcPicker) columns(b, s, t *vcTable) (out []vcColumn) {
	for _, c := range t.columns {
		x, y := b.column(c.id), s.column(c.id)
		switch {
		case y == nil && x != nil: // made and taken back on the source
			if *x != c && !c.dropped {
				if p.clashes = append(p.clashes, "column "+c.name+" was dropped on the source"); !p.source {
					out = append(out, c)
				}
			}
		case y == nil, *y == c, x != nil && *x == *y:
			out = append(out, c)
		case x != nil && *x == c:
			out = append(out, *y)
		case x != nil:
			out = append(out, p.column(*x, *y, c))
		case y.dropped:
			out = append(out, c)
		case c.dropped: // it comes back
			out = append(out, *y)
		default:
			if y.name != c.name {
				p.twin = c.name
			}
			if p.clashes = append(p.clashes, "both sides added column "+c.name); p.source && y.typ == c.typ {
				c = *y
			}
			out = append(out, c)
		}
	}
	for _, c := range s.columns {
		if t.column(c.id) != nil {
			continue
		}
		if x := b.column(c.id); x == nil {
			out = append(out, c)
		} else if *x != c && !c.dropped {
			if p.clashes = append(p.clashes, "column "+c.name+" was dropped on the target"); p.source {
				out = append(out, c)
			}
		}
	}
	return out
}

func (p *vcPicker) column(b, s, t vcColumn) vcColumn {
	switch {
	case b.dropped && t.dropped: // it comes back
		return s
	case s.dropped && !b.dropped:
		t.dropped = true
		return t
	case s.dropped || t.dropped:
		return t
	}
	of := " of column " + b.name
	t.name = choose(p, "the name"+of, b.name, s.name, t.name)
	t.typ = choose(p, "the type"+of, b.typ, s.typ, t.typ)
	t.def = choose(p, "the default"+of, b.def, s.def, t.def)
	t.notNull = choose(p, "NOT NULL"+of, b.notNull, s.notNull, t.notNull)
	t.policy = choose(p, "the merge policy"+of, b.policy, s.policy, t.policy)
	return t
}

func (p *vcPicker) parts(b, s, t *vcTable) (out []vcPart) {
	for _, c := range t.parts {
		x, y := b.part(c.id), s.part(c.id)
		switch {
		case y == nil && x != nil:
			if *x != c {
				if p.clashes = append(p.clashes, "constraint "+c.id+" was dropped on the source"); !p.source {
					out = append(out, c)
				}
			}
		case y == nil, *y == c, x != nil && *x == *y:
			out = append(out, c)
		case x != nil && *x == c:
			out = append(out, *y)
		default:
			p.clashes = append(p.clashes, "constraint "+c.id)
			if out = append(out, c); p.source {
				out[len(out)-1] = *y
			}
		}
	}
	for _, c := range s.parts {
		if t.part(c.id) != nil {
			continue
		}
		if x := b.part(c.id); x == nil {
			out = append(out, c)
		} else if *x != c {
			if p.clashes = append(p.clashes, "constraint "+c.id+" was dropped on the target"); p.source {
				out = append(out, c)
			}
		}
	}
	return out
}

// vcView is a table's rows as the merged table has them: columns that it lacks are as in rows that are older than those.
type vcView struct {
	of, into *vcTable
}

func (v vcView) row(k int) (vcRow, bool) {
	if v.of == nil {
		return nil, false
	}
	r, ok := v.of.rows[k]
	if !ok {
		return nil, false
	}
	out := vcRow{}
	for i := range v.into.columns {
		c := &v.into.columns[i]
		if c.dropped || c.generated != "" {
			continue
		}
		if out[c.id] = c.missing; v.has(c.id) {
			out[c.id] = v.of.value(v.of.column(c.id), r)
		}
	}
	return out, true
}

func (v vcView) has(column string) bool { return v.of != nil && v.of.live(column) != nil }

// unclear marks a row of a merged base that is neither there nor absent.
const vcUnclear = "unclear"

func (m *vcMerge) rows(into, base, source, target *vcTable) {
	b, s, t := vcView{base, into}, vcView{source, into}, vcView{target, into}
	keys := map[int]bool{}
	for _, x := range []*vcTable{base, source, target} {
		if x != nil {
			for k := range x.rows {
				keys[k] = true
			}
		}
	}
	moved := target != nil && target.space != into.space // the target gets its rows where the source has them
	same := func(a, b *vcTable) bool { return a.column(a.key()).typ == b.column(b.key()).typ }
	all := target == nil || moved && !(base != nil && same(base, target) && keysFit(target, into)) // it takes the source's as they are
	if !all && !moved && into.space != source.space && !m.mergeable(into, base, source) {
		return
	}
	if base != nil && into.space == source.space && base.space != into.space && base.column(base.key()).typ != into.column(into.key()).typ && (target == nil || !sameRows(source, target)) {
		m.refuse("the rows of both sides have other keys than those of the base")
	}
	m.revived = m.revived || all && target != nil && (!into.keyed || target.column(target.key()).typ != into.column(into.key()).typ) // rows without a key, or with one of another type, are others once they are rewritten
	for i := range into.columns {                                                                                                    // what rows had in a column that comes back is there as it was
		c := &into.columns[i]
		gone := func(t *vcTable) bool { return t != nil && t.column(c.id) != nil && t.live(c.id) == nil }
		m.revived = m.revived || !c.dropped && (gone(base) || gone(target))
	}
	rows := map[int]vcRow{}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		before, was := t.row(k)
		var r vcRow
		if all {
			r, _ = s.row(k)
		} else {
			r = m.row(k, b, s, t)
		}
		if r != nil {
			rows[k] = r
		}
		switch {
		case r == nil && was:
			m.deletes++
		case r != nil && !was:
			m.inserts++
		case r != nil && !maps.Equal(r, before):
			m.updates++
		}
	}
	into.rows = rows
}

// mergeable reports whether rows that the target has rewritten can take what the source has changed.
func (m *vcMerge) mergeable(into, base, source *vcTable) bool {
	key := func(t *vcTable) string { return t.column(t.key()).typ }
	if base == nil || keysFit(base, into) && key(source) == key(base) || sameRows(source, base) && (into.keyed || len(base.rows) == 0) {
		return true
	}
	if side, _ := m.decide(vcConflict{table: into.name, kind: "schema: its rows were rewritten on the target, and changed on the source"}); side != vcTarget {
		m.refuse("rows that were rewritten on the target have changed on the source")
	}
	return false
}

func (m *vcMerge) row(k int, base, source, target vcView) vcRow {
	b, inBase := base.row(k)
	s, inSource := source.row(k)
	t, inTarget := target.row(k)
	unclear := base.of != nil && base.of.rows[k][vcUnclear] != ""
	whole := func(kind string) vcRow {
		key := fmt.Sprint(k)
		if !target.into.keyed {
			key = "?"
		}
		side, v := m.decided(vcConflict{table: target.into.name, key: key, kind: kind, rows: fmt.Sprint(s, t)})
		switch side {
		case vcSource:
			return keptBy(s, t, source)
		case vcBaseOf:
			if unclear {
				return nil
			}
			return b
		case vcValue:
			if v == vcNull {
				return nil
			}
			m.refuse("a row as the value")
		}
		return t
	}
	switch {
	case unclear && !inSource && !inTarget:
		return nil
	case unclear && !inSource:
		return whole("delete_update")
	case unclear && !inTarget:
		return whole("update_delete")
	case unclear && m.agree(s, t, source, target):
		return gained(s, t, source, target)
	case unclear:
		return whole("insert_insert")
	case inBase && inSource && maps.Equal(b, s), !inBase && !inSource:
		return t
	case !inBase && !inTarget:
		return s
	case !inBase:
		if m.agree(s, t, source, target) {
			return gained(s, t, source, target)
		}
		if r := m.combine(s, t, source, target); r != nil {
			return r
		}
		return whole("insert_insert")
	case !inSource && !inTarget:
		return nil
	case !inSource && maps.Equal(b, t):
		return nil
	case !inSource:
		return whole("delete_update")
	case !inTarget:
		return whole("update_delete")
	}
	return m.cells(k, b, s, t, source, target)
}

// keptBy is a row of the source with what the target has in columns that the source lacks.
func keptBy(s, t vcRow, source vcView) vcRow {
	if s == nil {
		return nil
	}
	out := maps.Clone(s)
	for id := range t {
		if !source.has(id) {
			out[id] = t[id]
		}
	}
	return out
}

// gained is a row of the target with what the source has in columns that come from there.
func gained(s, t vcRow, source, target vcView) vcRow {
	out := maps.Clone(t)
	for id := range s {
		if source.has(id) && target.of.live(id) == nil {
			out[id] = s[id]
		}
	}
	return out
}

// agree reports whether rows are alike in the columns that both sides have.
func (m *vcMerge) agree(s, t vcRow, source, target vcView) bool {
	for id := range s {
		if s[id] != t[id] && source.has(id) && target.of.live(id) != nil {
			return false
		}
	}
	return true
}

// combine merges rows that both sides have inserted by the policies of the columns in which they differ.
func (m *vcMerge) combine(s, t vcRow, source, target vcView) vcRow {
	out, any := gained(s, t, source, target), false
	for id := range s {
		any = any || target.into.column(id).policy != ""
	}
	for id := range s {
		if s[id] == t[id] || !source.has(id) || target.of.live(id) == nil {
			continue
		}
		v, ok := vcPolicy(target.into.column(id).policy, vcNull, s[id], t[id])
		if !ok {
			return nil
		}
		out[id] = v
	}
	if !any {
		return nil
	}
	return out
}

// cells merges a row that is there on all sides.
func (m *vcMerge) cells(k int, b, s, t vcRow, source, target vcView) vcRow {
	out, open := maps.Clone(t), false
	for i := range target.into.columns {
		c := &target.into.columns[i]
		id := c.id
		if _, ok := s[id]; !ok || !source.has(id) || c.policy == "" && s[id] == t[id] || s[id] == b[id] {
			continue
		}
		if b[id] == t[id] {
			out[id] = s[id]
			continue
		}
		odd := strings.HasPrefix(b[id], vcOdd)
		if v, ok := vcPolicy(c.policy, b[id], s[id], t[id]); ok && !odd {
			out[id] = v
			continue
		}
		if s[id] == t[id] {
			continue
		}
		key, was := fmt.Sprint(k), b[id]
		if !target.into.keyed {
			key = "?"
		}
		if odd {
			was = vcNull
		}
		side, v := m.decided(vcConflict{table: target.into.name, key: key, column: c.name, kind: "update_update", base: was, source: s[id], target: t[id], odd: odd})
		switch side {
		case vcSource:
			out[id] = s[id]
		case vcBaseOf:
			out[id] = was
		case vcValue:
			out[id] = v
		case vcOpen:
			open = true
		}
	}
	if open {
		return t
	}
	return out
}
