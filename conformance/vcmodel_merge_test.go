package conformance

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rowandb/rowan/internal/ancestry"
)

// vcNode is a state in the history.
type vcNode = ancestry.Node[*vcState]

// vcBase is the state that nodes have grown from: a state, or, where there are two, their merge, in which what they have
// differently is like nothing else. It refuses where there are more than two.
func vcBase(a, b []*vcNode) (state *vcState, refused string) {
	list := ancestry.Bases(a, b)
	if len(list) > 2 { // in what order they are merged depends on when branches were forked
		return nil, fmt.Sprintf("%d bases", len(list))
	}
	out := list[0].State
	for i, n := range list[1:] {
		inner, refused := vcBase(list[:i+1], list[i+1:i+2])
		if refused != "" {
			return nil, refused
		}
		if out, refused = vcVirtual(inner, out, n.State); refused != "" {
			return nil, refused
		}
	}
	return out, ""
}

// vcSide is who a conflict goes to.
type vcSide byte

const (
	vcOpen   vcSide = 0
	vcSource vcSide = 's'
	vcTarget vcSide = 't'
	vcBaseOf vcSide = 'b'
	vcValue  vcSide = 'v'
)

// vcConflict is what both sides have made otherwise.
type vcConflict struct {
	table, key, column, kind string
	base, source, target     string // of a cell
	odd                      bool   // the bases have it differently
	rows                     string // of a whole row: what both sides have, which a decision is about
}

func (c vcConflict) String() string {
	return strings.Join([]string{c.table, c.key, c.column, c.kind, c.base, c.source, c.target}, "|")
}

// vcMerge is one merge: source into target, since base.
type vcMerge struct {
	base, source, target      *vcState
	decide                    func(vcConflict) (vcSide, string) // the value for vcValue
	out                       *vcState
	conflicts                 []vcConflict
	refused                   string
	revived                   bool // counts are those of rows that are written again
	inserts, updates, deletes int
}

// decided is what becomes of a conflict; an open one is noted.
func (m *vcMerge) decided(c vcConflict) (vcSide, string) {
	side, v := m.decide(c)
	if side == vcOpen {
		m.conflicts = append(m.conflicts, c)
	}
	return side, v
}

func (m *vcMerge) refuse(format string, args ...any) {
	if m.refused == "" {
		m.refused = fmt.Sprintf(format, args...)
	}
}

// run merges the schema, table by table, then the rows. The conflicts of the schema come first and by themselves.
func (m *vcMerge) run() {
	m.out = m.target.clone()
	all := map[string]bool{}
	for _, s := range []*vcState{m.base, m.source, m.target} {
		for id := range s.tables {
			all[id] = true
		}
	}
	order := slices.Sorted(maps.Keys(all))
	for _, id := range order {
		m.schema(id, m.base.tables[id], m.source.tables[id], m.target.tables[id])
	}
	if len(m.conflicts) == 0 {
		m.whole()
	}
	if len(m.conflicts) > 0 || m.refused != "" {
		return
	}
	for _, id := range order {
		if s, into := m.source.tables[id], m.out.tables[id]; s != nil && into != nil {
			m.rows(into, m.base.tables[id], s, m.target.tables[id])
		}
	}
}

// sameTable reports whether two tables are there and have one definition, or are both not there.
func sameTable(a, b *vcTable) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.name == b.name && a.space == b.space && reflect.DeepEqual(a.columns, b.columns) && sameParts(a, b)
}

func sameParts(a, b *vcTable) bool {
	if len(a.parts) != len(b.parts) {
		return false
	}
	for _, p := range a.parts {
		if q := b.part(p.id); q == nil || *q != p {
			return false
		}
	}
	return true
}

func sameRows(a, b *vcTable) bool {
	if len(a.rows) != len(b.rows) {
		return false
	}
	for k, r := range a.rows {
		q, ok := b.rows[k]
		if !ok {
			return false
		}
		for i := range a.columns {
			c := &a.columns[i]
			if !c.dropped && a.value(c, r) != b.valueOf(c, q) {
				return false
			}
		}
	}
	return true
}

// contradiction is a conflict about a whole table: the source's side puts the winner, or drops the target's.
func (m *vcMerge) contradiction(o *vcTable, what string, winner *vcTable) {
	name := o.name
	if t := m.target.tables[o.id]; t != nil {
		name = t.name
	}
	side, _ := m.decided(vcConflict{table: name, kind: "schema: " + what})
	switch {
	case side != vcSource:
	case winner != nil:
		m.out.tables[o.id] = winner.clone()
	default:
		delete(m.out.tables, o.id)
	}
}

func (m *vcMerge) schema(id string, b, s, t *vcTable) {
	switch {
	case s == nil:
		if b == nil || t == nil {
			return
		}
		switch {
		case !sameTable(b, t):
			m.contradiction(t, "dropped on the source, changed on the target", nil)
		case !sameRows(b, t):
			m.contradiction(t, "dropped on the source, and its rows were changed on the target", nil)
		default:
			delete(m.out.tables, id)
		}
	case t == nil && b == nil:
		m.out.tables[id] = s.clone()
	case t == nil && sameTable(b, s):
		if !sameRows(b, s) {
			m.contradiction(s, "its rows were changed on the source, and it was dropped on the target", s)
		}
	case sameTable(b, s), b != nil && sameTable(s, t):
	case t == nil:
		m.contradiction(s, "changed on the source, dropped on the target", s)
	case b == nil:
		if s.name != t.name || len(s.columns) != len(t.columns) || !sameTable(t, rewritten(s, t.space)) {
			m.refuse("twins of %s differ", id)
		}
	case sameTable(b, t):
		if b.space != s.space && !sameRows(b, t) && !keysFit(b, s) {
			m.contradiction(s, "its rows were rewritten on the source, and changed on the target", s)
			return
		}
		m.become(s, t)
	default:
		m.both(b, s, t)
	}
}

// keysFit reports whether rows have the same keys in one version of a table as in another, or such as are made of them.
func keysFit(from, to *vcTable) bool {
	a, b := from.column(from.key()).typ, to.column(to.key()).typ
	return to.keyed && (a == b || a == "integer" && b == "bigint")
}

func rewritten(t *vcTable, space int) *vcTable {
	out := *t
	out.space = space
	return &out
}

// become gives the target the source's definition, and its rows where they were rewritten.
func (m *vcMerge) become(s, t *vcTable) {
	out := s.clone()
	out.rows = t.clone().rows
	m.out.tables[s.id] = out
}

// both merges a table that both sides have changed.
func (m *vcMerge) both(b, s, t *vcTable) {
	var p vcPicker
	merged := p.table(b, s, t)
	if p.twin != "" {
		m.refuse("both sides added column %s of %s, and one has renamed it", p.twin, s.id)
	}
	if len(p.clashes) > 0 {
		side, _ := m.decided(vcConflict{table: t.name, kind: "schema: changed on both sides: " + strings.Join(p.clashes, "; ")})
		if side == vcSource {
			p = vcPicker{source: true}
			merged = p.table(b, s, t)
		}
	}
	merged.rows = t.clone().rows
	m.out.tables[s.id] = merged
}

// whole looks for what is wrong with the merged schema though each table could be merged.
func (m *vcMerge) whole() {
	for _, id := range m.out.ids() {
		t := m.out.tables[id]
		if t == m.target.tables[id] {
			continue
		}
		for _, p := range t.parts {
			if t.live(p.column) == nil {
				m.conflicts = append(m.conflicts, vcConflict{table: t.name, kind: "schema: needs a column"})
			}
			if p.kind == "foreign" && m.out.tables[p.ref] == nil {
				m.conflicts = append(m.conflicts, vcConflict{table: t.name, kind: "schema: needs a table"})
			}
		}
		names := map[string]bool{}
		for i := range t.columns {
			c := &t.columns[i]
			if c.generated != "" && !c.dropped && t.live(c.generated) == nil {
				m.conflicts = append(m.conflicts, vcConflict{table: t.name, kind: "schema: needs a column"})
			}
			if !c.dropped && names[c.name] {
				m.conflicts = append(m.conflicts, vcConflict{table: t.name, kind: "schema: two columns"})
			}
			names[c.name] = !c.dropped || names[c.name]
		}
		m.stale(t)
	}
}

// stale finds texts of one side with names that the other has changed.
func (m *vcMerge) stale(t *vcTable) {
	for _, side := range []*vcTable{m.source.tables[t.id], m.target.tables[t.id]} {
		if side == nil {
			continue
		}
		for i := range t.columns {
			c := &t.columns[i]
			old := side.live(c.id)
			if old == nil || old.name == c.name || c.dropped {
				continue
			}
			for _, p := range t.parts {
				if p.kind == "check" && strings.HasPrefix(p.text, old.name+" ") {
					m.conflicts = append(m.conflicts, vcConflict{table: t.name, kind: "schema: stale name"})
					return
				}
			}
			for j := range t.columns {
				if d := &t.columns[j]; d.generated == c.id && !d.dropped {
					m.refuse("a column that another is generated from was renamed")
				}
			}
		}
	}
}
