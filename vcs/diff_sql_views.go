package vcs

import (
	"context"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
)

// views makes those anew that differ, and those that stand on tables or views which do; functions of a view's rows go and come with it.
func (s *script) views(ctx context.Context) error {
	s.redo = map[catalog.OID]bool{}
	for again := true; again; {
		again = false
		for _, p := range s.pairs {
			more, err := s.redoes(ctx, p)
			if err != nil {
				return err
			}
			again = again || more
		}
	}
	var drop, create []catalog.Object
	for _, f := range s.late {
		create = append(create, f)
	}
	for _, p := range s.pairs {
		if p.from != nil && s.redo[p.from.Head().OID] {
			drop = append(drop, p.from)
		}
		if v, ok := p.to.(*catalog.View); ok && s.redo[v.OID] {
			create = append(create, v)
		}
	}
	for _, o := range slices.Backward(byDependency(drop)) {
		s.add(phaseDropViews, "DROP %s %s", strings.ToUpper(catalog.KindName(o)), s.from.signature(o))
	}
	for _, o := range byDependency(create) {
		text, err := s.to.definition(ctx, o)
		if err != nil {
			return err
		}
		s.add(phaseViews, "%s", text)
	}
	return nil
}

// redoes notes that a view, or a function of a view's rows, is made anew; false where it is not, or has been noted.
func (s *script) redoes(ctx context.Context, p objectPair) (bool, error) {
	if f, ok := p.from.(*catalog.Function); ok {
		return s.redoFunction(ctx, p, f)
	}
	a, ok1 := p.from.(*catalog.View)
	b, ok2 := p.to.(*catalog.View)
	if !ok1 && !ok2 || s.redo[p.either().Head().OID] {
		return false, nil
	}
	must, err := s.mustRedo(ctx, a, b, s.redo)
	if !must || err != nil {
		return false, err
	}
	s.redo[p.either().Head().OID] = true
	if a != nil {
		s.redo[a.OID] = true
	}
	return true, nil
}

// redoFunction notes that a function is dropped before, and made after, what its rows are of or its body reads.
func (s *script) redoFunction(ctx context.Context, p objectPair, f *catalog.Function) (bool, error) {
	if s.redo[f.OID] || !slices.ContainsFunc(needs(f), func(id catalog.OID) bool { return s.redo[id] }) && !slices.ContainsFunc(f.Deps, func(d catalog.Dep) bool { return s.altered[d.Object] }) {
		return false, nil
	}
	s.redo[f.OID], s.anew[f.OID], s.altered[f.OID] = true, true, true
	text, kind, signature := "", strings.ToUpper(catalog.KindName(f)), s.from.signature(f)
	if p.to != nil {
		var err error
		if text, err = s.to.definition(ctx, p.to); err != nil {
			return false, err
		}
		if g := p.to.(*catalog.Function); !slices.Contains(s.late, g) {
			s.late = append(s.late, g)
		}
	}
	for _, at := range []phase{phaseDrop, phaseDropFunctions, phaseRename, phaseCreate, phaseTableFunctions} {
		s.stmts[at] = slices.DeleteFunc(s.stmts[at], func(x string) bool {
			return x == "DROP "+kind+" IF EXISTS "+signature || x == "DROP "+kind+" "+signature || x == text || strings.HasPrefix(x, "ALTER "+kind+" "+signature+" ")
		})
	}
	return true, nil
}

// needs lists what must be there before an object is made: of a function, its rows' relations and what its body reads.
func needs(o catalog.Object) (out []catalog.OID) {
	switch o := o.(type) {
	case *catalog.View:
		for _, d := range o.Deps {
			out = append(out, d.Object)
		}
	case *catalog.Function:
		for _, d := range o.Deps {
			out = append(out, d.Object)
		}
		for _, t := range append([]catalog.OID{o.Returns}, o.ArgTypes...) {
			out = append(out, catalog.RowTypeOf(t))
		}
	default: // not among those that are ordered
	}
	return out
}

// ofRows reports whether a function takes or returns rows of a relation.
func ofRows(f *catalog.Function, relation catalog.OID) bool {
	return slices.ContainsFunc(append([]catalog.OID{f.Returns}, f.ArgTypes...), func(t catalog.OID) bool { return catalog.RowTypeOf(t) == relation })
}

func (s *script) mustRedo(ctx context.Context, a, b *catalog.View, redo map[catalog.OID]bool) (bool, error) {
	if a == nil || b == nil {
		return true, nil
	}
	for _, d := range a.Deps {
		if redo[d.Object] || s.altered[d.Object] {
			return true, nil
		}
	}
	if a == b {
		return false, nil
	}
	before, err := s.from.definition(ctx, a)
	if err != nil {
		return false, err
	}
	after, err := s.to.definition(ctx, b)
	return before != after, err
}

// byDependency orders views and functions so that each comes after those that it needs.
func byDependency(list []catalog.Object) []catalog.Object {
	var out []catalog.Object
	done := map[catalog.OID]bool{}
	var visit func(o catalog.Object)
	visit = func(o catalog.Object) {
		if done[o.Head().OID] {
			return
		}
		done[o.Head().OID] = true
		for _, id := range needs(o) {
			for _, w := range list {
				if w.Head().OID == id {
					visit(w)
				}
			}
		}
		out = append(out, o)
	}
	for _, o := range list {
		visit(o)
	}
	return out
}
