package vcs

import (
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// signature names an object as DROP and ALTER do: functions with the types of their arguments.
func (s *schemaSide) signature(o catalog.Object) string {
	if f, ok := o.(*catalog.Function); ok {
		return s.name(&f.Header) + s.arguments(f)
	}
	return s.name(o.Head())
}

func (s *schemaSide) arguments(f *catalog.Function) string {
	var args []string
	for _, t := range f.Inputs() {
		args = append(args, s.typeName(types.Of(s.snap.TypeByOID(t))))
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// function replaces a function, or drops and makes it where CREATE OR REPLACE cannot.
func (s *script) function(kind string, p objectPair, b *catalog.Function, before, after string) {
	a := p.from.(*catalog.Function)
	if s.needsReplaced(a) || before != after && !replaceable(a, b) {
		s.anew[a.OID], s.altered[a.OID] = true, true
		s.add(phaseDropFunctions, "DROP %s %s", strings.ToUpper(catalog.KindName(a)), s.from.signature(a))
		s.newObject(b, after)
		return
	}
	s.rename(kind, p)
	if before != after && strings.Replace(before, s.from.name(&a.Header)+"(", s.to.name(&b.Header)+"(", 1) != after {
		s.makeFunction(b, after)
	}
}

// replaceable reports whether CREATE OR REPLACE may make one function another: what it takes and returns stays, by name, too.
func replaceable(a, b *catalog.Function) bool {
	return a.Kind == b.Kind && a.Returns == b.Returns && a.ReturnsSet == b.ReturnsSet && slices.Equal(a.ArgTypes, b.ArgTypes) && slices.Equal(a.ArgModes, b.ArgModes) &&
		slices.Equal(a.ArgNames, b.ArgNames) && len(a.Defaults) <= len(b.Defaults)
}

// makeFunction writes a function's definition: after the tables and views whose rows it takes or returns, or which its body reads.
func (s *script) makeFunction(f *catalog.Function, definition string) {
	at := phaseCreate
	for _, id := range needs(f) {
		switch s.to.snap.Object(id).(type) {
		case *catalog.Table:
			at = phaseTableFunctions
			if slices.ContainsFunc(f.Deps, func(d catalog.Dep) bool { return d.Object == id && s.from.snap.Object(id) != nil }) {
				s.late = append(s.late, f) // it may read a column that is yet to come
				return
			}
		case *catalog.View:
			s.late = append(s.late, f)
			return
		}
	}
	s.put(at, definition)
}

// makesWay reports whether the second side has another routine, which may be of another kind, under the name of one that goes.
func (s *script) makesWay(f *catalog.Function) bool {
	return slices.ContainsFunc(own(s.to), func(o catalog.Object) bool {
		g, ok := o.(*catalog.Function)
		return ok && s.to.signature(g) == s.from.signature(f)
	})
}

// ofLostRows reports whether a function takes or returns rows of a table that goes.
func (s *script) ofLostRows(f *catalog.Function) bool {
	return slices.ContainsFunc(s.pairs, func(p objectPair) bool {
		t, ok := p.from.(*catalog.Table)
		return ok && p.to == nil && ofRows(f, t.OID)
	})
}
