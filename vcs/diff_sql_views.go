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
	var drop, create []*catalog.View
	for _, p := range s.pairs {
		if a, ok := p.from.(*catalog.View); ok && s.redo[a.OID] {
			drop = append(drop, a)
		}
		if b, ok := p.to.(*catalog.View); ok && s.redo[b.OID] {
			create = append(create, b)
		}
	}
	for _, v := range slices.Backward(byDependency(drop)) {
		for _, p := range s.pairs {
			if f, ok := p.from.(*catalog.Function); ok && ofRows(f, v.OID) {
				s.put(phaseDropViews, "DROP "+strings.ToUpper(catalog.KindName(f))+" "+s.from.signature(f))
			}
		}
		s.add(phaseDropViews, "DROP VIEW %s", s.from.name(&v.Header))
	}
	for _, v := range byDependency(create) {
		text, err := s.to.definition(ctx, v)
		if err != nil {
			return err
		}
		s.add(phaseViews, "%s", text)
		if err := s.functionsOf(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// functionsOf makes the functions of a view's rows right after it: other views may call them.
func (s *script) functionsOf(ctx context.Context, v *catalog.View) error {
	for _, p := range s.pairs {
		f, ok := p.to.(*catalog.Function)
		if !ok || !ofRows(f, v.OID) {
			continue
		}
		text, err := s.to.definition(ctx, f)
		if err != nil {
			return err
		}
		if i := slices.Index(s.stmts[phaseViewFunctions], text); i >= 0 {
			s.stmts[phaseViewFunctions] = slices.Delete(s.stmts[phaseViewFunctions], i, i+1)
			s.put(phaseViews, text)
		}
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

func (s *script) redoFunction(ctx context.Context, p objectPair, f *catalog.Function) (bool, error) {
	if s.redo[f.OID] || !slices.ContainsFunc(append([]catalog.OID{f.Returns}, f.ArgTypes...), func(t catalog.OID) bool { return s.redo[catalog.RowTypeOf(t)] }) {
		return false, nil
	}
	s.redo[f.OID], s.anew[f.OID], s.altered[f.OID] = true, true, true
	kind, signature := strings.ToUpper(catalog.KindName(f)), s.from.signature(f)
	for _, at := range []phase{phaseDrop, phaseDropFunctions} {
		s.stmts[at] = slices.DeleteFunc(s.stmts[at], func(x string) bool {
			return x == "DROP "+kind+" IF EXISTS "+signature || x == "DROP "+kind+" "+signature
		})
	}
	if p.to == nil {
		return true, nil
	}
	text, err := s.to.definition(ctx, p.to)
	if err == nil && !slices.Contains(s.stmts[phaseViewFunctions], text) {
		s.put(phaseViewFunctions, text)
	}
	return true, err
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

// byDependency orders views so that each comes after those that it reads.
func byDependency(list []*catalog.View) []*catalog.View {
	var out []*catalog.View
	done := map[catalog.OID]bool{}
	var visit func(v *catalog.View)
	visit = func(v *catalog.View) {
		if done[v.OID] {
			return
		}
		done[v.OID] = true
		for _, d := range v.Deps {
			for _, w := range list {
				if w.OID == d.Object {
					visit(w)
				}
			}
		}
		out = append(out, v)
	}
	for _, v := range list {
		visit(v)
	}
	return out
}
