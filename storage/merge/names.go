package merge

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// staleNames finds expressions and queries that one side has written with a name that the other has changed: as they stand
// they mean nothing in the merged schema, or something else. They are contradictions that no strategy decides.
func (m *merger) staleNames(snap *catalog.Snapshot) {
	outdated := m.outdatedNames(snap)
	if len(outdated) == 0 {
		return
	}
	for _, o := range snap.Objects() {
		if name := staleName(o, outdated); name != "" {
			m.schemaConflict(o, "has a definition with the name "+types.QuoteIdent(name)+", which the other side has changed")
		}
	}
}

// outdatedNames are names that either side has for what has another in the merged schema.
func (m *merger) outdatedNames(snap *catalog.Snapshot) map[ident][]string {
	out := map[ident][]string{}
	for _, now := range snap.Objects() {
		id := now.Head().OID
		for _, o := range []catalog.Object{m.was.Object(id), m.ids.object(m.source, id)} {
			if o == nil {
				continue
			}
			if o.Head().Name != now.Head().Name {
				out[objectID(id)] = append(out[objectID(id)], o.Head().Name)
			}
			a, ok1 := o.(*catalog.Table)
			b, ok2 := now.(*catalog.Table)
			if !ok1 || !ok2 {
				continue
			}
			for _, c := range a.Live() {
				if d := b.ColumnByID(c.ID); d != nil && !d.Dropped && d.Name != c.Name {
					out[columnID(c.ID)] = append(out[columnID(c.ID)], c.Name)
				}
			}
		}
	}
	return out
}

// staleName finds an outdated name in the texts of an object, "" if there is none.
func staleName(o catalog.Object, outdated map[ident][]string) string {
	find := func(text string, ids ...ident) string {
		for _, i := range ids {
			for _, n := range outdated[i] {
				if text != "" && mentions(text, n) {
					return n
				}
			}
		}
		return ""
	}
	needs := func(list []catalog.Dep) (out []ident) {
		for _, d := range list {
			out = append(out, objectID(d.Object), columnID(d.Column))
		}
		return out
	}
	switch o := o.(type) {
	case *catalog.View:
		return find(o.SQL, needs(o.Deps)...)
	case *catalog.Table:
		own := []ident{objectID(o.OID)}
		for _, c := range o.Live() {
			own = append(own, columnID(c.ID))
		}
		for i := range o.Columns {
			c := &o.Columns[i]
			if c.Dropped {
				continue
			}
			if n := find(c.Default+" "+c.Generated+" "+c.Hidden, append(needs(c.Deps), own...)...); n != "" {
				return n
			}
		}
		for _, k := range o.Constraints {
			if n := find(k.Expr, append(needs(k.Deps), own...)...); n != "" {
				return n
			}
		}
		for _, t := range o.Triggers {
			if n := find(t.When, append(needs(t.Deps), own...)...); n != "" {
				return n
			}
		}
	case *catalog.UserType:
		return find(o.Default, needs(o.Deps)...)
	case *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
	}
	return ""
}

// mentions reports whether a text has a name as a word.
func mentions(text, name string) bool {
	word := func(b byte) bool {
		return b == '_' || b == '$' || b >= 0x80 || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
	}
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 || name == "" {
			return false
		}
		i += at
		end := i + len(name)
		if (i == 0 || !word(text[i-1])) && (end == len(text) || !word(text[end])) {
			return true
		}
		at = i + 1
	}
}
