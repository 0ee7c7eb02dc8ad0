package merge

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// withoutNamesakes takes from one side what both have added to a table under one name with different definitions, so that
// the other's is kept.
func withoutNamesakes(base, source, target *catalog.Table, p *picker) (s, t *catalog.Table) {
	s, t = source.Clone(), target.Clone()
	loser := t
	if !p.source {
		loser = s
	}
	gone := map[string]bool{}
	for i := range s.Columns {
		a := &s.Columns[i]
		b := t.Column(a.Name)
		if a.Dropped || a.Hidden != "" || b == nil || b.ID == a.ID || base.ColumnByID(a.ID) != nil || base.ColumnByID(b.ID) != nil {
			continue
		}
		var d difference
		d.column(a, b)
		p.clashed("both sides added column " + types.QuoteIdent(a.Name) + ": " + d.String())
		gone[a.Name] = true
	}
	loses := func(c *catalog.Column) bool {
		return gone[c.Name] && !c.Dropped && c.Hidden == "" && base.ColumnByID(c.ID) == nil
	}
	if loser == s { // never seen by the target
		s.Columns = slices.DeleteFunc(s.Columns, func(c catalog.Column) bool { return loses(&c) })
	}
	for i := range loser.Columns {
		if c := &loser.Columns[i]; loses(c) {
			c.Drop()
		}
	}
	lost := map[catalog.OID]bool{}
	for _, a := range s.Indexes {
		if b := indexNamed(t, a.Name); b != nil && b.OID != a.OID && base.Index(a.OID) == nil && base.Index(b.OID) == nil {
			var d difference
			d.index(s, t, a, b)
			p.clashed(added("index", a.Name, &d))
			lost[a.OID], lost[b.OID] = true, true
		}
	}
	for _, a := range s.Constraints {
		if b := t.Constraint(a.Name); b != nil && b.OID != a.OID && base.ConstraintByOID(a.OID) == nil && base.ConstraintByOID(b.OID) == nil {
			var d difference
			d.constraint(s, t, a, b)
			p.clashed(added("constraint", a.Name, &d))
			lost[a.OID], lost[b.OID] = true, true
		}
	}
	for _, a := range s.Triggers {
		if b := catalog.TriggerNamed(t, a.Name); b != nil && b.OID != a.OID && catalog.TriggerByOID(base, a.OID) == nil && catalog.TriggerByOID(base, b.OID) == nil {
			p.clashed(added("trigger", a.Name, &difference{}))
			lost[a.OID], lost[b.OID] = true, true
		}
	}
	loser.Triggers = slices.DeleteFunc(loser.Triggers, func(t *catalog.Trigger) bool { return lost[t.OID] })
	loser.Indexes = slices.DeleteFunc(loser.Indexes, func(x *catalog.Index) bool { return lost[x.OID] })
	loser.Constraints = slices.DeleteFunc(loser.Constraints, func(k *catalog.Constraint) bool {
		return lost[k.OID] || k.Kind != catalog.ForeignKey && lost[k.Index]
	})
	return s, t
}

func added(kind, name string, d *difference) string {
	out := "both sides added " + kind + " " + types.QuoteIdent(name)
	if len(d.list) > 0 {
		out += ": " + d.String()
	}
	return out
}
