package vcs

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
)

// objectPair is an object on both sides; nil where it is not.
type objectPair struct{ from, to catalog.Object }

// either is the object, on the side that has it.
func (p objectPair) either() catalog.Object {
	if p.to != nil {
		return p.to
	}
	return p.from
}

// tables are the pair as tables; nil where they are none.
func (p objectPair) tables() (a, b *catalog.Table) {
	a, _ = p.from.(*catalog.Table)
	b, _ = p.to.(*catalog.Table)
	return a, b
}

// matchObjects pairs the objects of two schemas that users have made: by identity, and what is left by kind and name.
func matchObjects(from, to *schemaSide) []objectPair {
	var out []objectPair
	rest := map[string]int{} // where an object that is on the first side only stands, by kind and name
	for _, o := range own(from) {
		if x := to.snap.Object(o.Head().OID); x != nil {
			out = append(out, objectPair{o, x})
			continue
		}
		rest[from.label(o)] = len(out)
		out = append(out, objectPair{from: o})
	}
	for _, o := range own(to) {
		if from.snap.Object(o.Head().OID) != nil {
			continue
		}
		if i, ok := rest[to.label(o)]; ok {
			out[i].to = o
			continue
		}
		out = append(out, objectPair{to: o})
	}
	return out
}

// own lists the objects of a side that are users', in the order in which they were made.
func own(s *schemaSide) []catalog.Object {
	var out []catalog.Object
	for _, o := range s.snap.Objects() {
		t, isTable := o.(*catalog.Table)
		if catalog.KindName(o) == "" || isTable && t.Virtual || o.Head().OID < catalog.FirstUserOID && o.Head().OID != catalog.Public || s.internal(o) {
			continue
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b catalog.Object) int { return int(int64(a.Head().OID) - int64(b.Head().OID)) })
	return out
}

// label is what an object is called; functions with their arguments.
func (s *schemaSide) label(o catalog.Object) string {
	out := catalog.KindName(o) + " " + s.name(o.Head())
	if f, ok := o.(*catalog.Function); ok {
		out += "("
		for i, t := range f.ArgTypes {
			if i > 0 {
				out += ","
			}
			if d := s.snap.TypeByOID(t); d != nil {
				out += d.Name
			}
		}
		out += ")"
	}
	return out
}

// pair is a part of a table on both sides.
type pair[T any] = catalog.Pair[T]

func constraintsOf(t *catalog.Table) []*catalog.Constraint {
	if t == nil {
		return nil
	}
	return t.Constraints
}

func matchConstraints(a, b *catalog.Table) []pair[catalog.Constraint] {
	return catalog.PairParts(constraintsOf(a), constraintsOf(b), func(c *catalog.Constraint) uint32 { return c.OID }, func(c *catalog.Constraint) string { return c.Name })
}

// plainIndexes are a table's indexes that no constraint stands for.
func plainIndexes(t *catalog.Table) []*catalog.Index {
	var out []*catalog.Index
	if t == nil {
		return nil
	}
	for _, ix := range t.Indexes {
		if !slices.ContainsFunc(t.Constraints, func(k *catalog.Constraint) bool { return k.Index == ix.OID && k.Kind != catalog.ForeignKey }) {
			out = append(out, ix)
		}
	}
	return out
}

func matchIndexes(a, b *catalog.Table) []pair[catalog.Index] {
	return catalog.PairParts(plainIndexes(a), plainIndexes(b), func(x *catalog.Index) uint32 { return x.OID }, func(x *catalog.Index) string { return x.Name })
}

func matchTriggers(a, b catalog.Object) []pair[catalog.Trigger] {
	return catalog.PairParts(triggersOf(a), triggersOf(b), func(t *catalog.Trigger) uint32 { return t.OID }, func(t *catalog.Trigger) string { return t.Name })
}

func triggersOf(o catalog.Object) []*catalog.Trigger {
	if o == nil {
		return nil
	}
	return catalog.TriggersOf(o)
}
