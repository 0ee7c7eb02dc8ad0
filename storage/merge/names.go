package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// staleNames finds expressions and queries that one side has written with a name that the other has changed: as they stand
// they mean nothing in the merged schema, or something else. They are contradictions that no strategy decides. What is as a side has it
// that calls everything as the merged schema does is well: it was rewritten there when the name changed, and may have the old one as an alias.
func (m *merger) staleNames(snap *catalog.Snapshot) {
	target, source := &sideNames{object: m.was.Object}, &sideNames{object: func(id catalog.OID) catalog.Object { return m.ids.object(m.source, id) }}
	target.compare(snap)
	source.compare(snap)
	if len(target.outdated)+len(source.outdated) == 0 {
		return
	}
	for _, o := range snap.Objects() {
		if name := staleName(o, target, source); name != "" {
			m.schemaConflict(o, "has a definition with the name "+types.QuoteIdent(name)+", which the other side has changed")
		}
	}
}

// sideNames are the names that one side has for what has another in the merged schema.
type sideNames struct {
	object   func(catalog.OID) catalog.Object
	outdated map[ident][]string
}

// compare finds the names that differ.
func (n *sideNames) compare(snap *catalog.Snapshot) {
	n.outdated = map[ident][]string{}
	for _, now := range snap.Objects() {
		id := now.Head().OID
		o := n.object(id)
		if o == nil {
			continue
		}
		if o.Head().Name != now.Head().Name {
			n.outdated[objectID(id)] = append(n.outdated[objectID(id)], o.Head().Name)
		}
		a, ok1 := o.(*catalog.Table)
		b, ok2 := now.(*catalog.Table)
		if !ok1 || !ok2 {
			continue
		}
		for _, c := range a.Live() {
			if d := b.ColumnByID(c.ID); d != nil && !d.Dropped && d.Name != c.Name {
				n.outdated[columnID(c.ID)] = append(n.outdated[columnID(c.ID)], c.Name)
			}
		}
	}
}

// in finds an outdated name in a text, "" if there is none.
func (n *sideNames) in(w written) string {
	for _, i := range w.needs {
		for _, name := range n.outdated[i] {
			if mentions(w.text, name) {
				return name
			}
		}
	}
	return ""
}

// wrote reports whether a text of an object is one of the side's.
func (n *sideNames) wrote(o catalog.Object, text string) bool {
	x := n.object(o.Head().OID)
	return x != nil && slices.ContainsFunc(texts(x), func(w written) bool { return w.text == text })
}

// staleName finds an outdated name in the texts of an object, "" if there is none.
func staleName(o catalog.Object, sides ...*sideNames) string {
	for _, w := range texts(o) {
		stale, well := "", false
		for _, n := range sides {
			name := n.in(w)
			stale = cmp.Or(stale, name)
			well = well || name == "" && n.wrote(o, w.text)
		}
		if !well && stale != "" {
			return stale
		}
	}
	return ""
}

// written is an expression or a query as SQL, and what it is about.
type written struct {
	text  string
	needs []ident
}

// texts are the expressions and queries of an object.
func texts(o catalog.Object) (out []written) {
	needs := func(list []catalog.Dep) (out []ident) {
		for _, d := range list {
			out = append(out, objectID(d.Object), columnID(d.Column))
		}
		return out
	}
	switch o := o.(type) {
	case *catalog.View:
		return []written{{o.SQL, needs(o.Deps)}}
	case *catalog.Table:
		own := []ident{objectID(o.OID)}
		for _, c := range o.Live() {
			own = append(own, columnID(c.ID))
		}
		for i := range o.Columns {
			if c := &o.Columns[i]; !c.Dropped {
				out = append(out, written{c.Default + " " + c.Generated + " " + c.Hidden, append(needs(c.Deps), own...)})
			}
		}
		for _, k := range o.Constraints {
			out = append(out, written{k.Expr, append(needs(k.Deps), own...)})
		}
		for _, t := range o.Triggers {
			out = append(out, written{t.When, append(needs(t.Deps), own...)})
		}
	case *catalog.UserType:
		return []written{{o.Default, needs(o.Deps)}}
	case *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
	}
	return out
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
