package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// cast makes a value of one type one of another; nil: it is one as it stands.
type cast func(types.Datum) (types.Datum, error)

// assignCast is how values of one type are assigned to variables, or columns, of another. Those that were asked for are kept until the
// catalog changes. refreshPL has been called in the running statement.
func (s *Session) assignCast(ctx context.Context, from, to types.Type) (cast, error) {
	return s.keptCast(ctx, [2]types.Type{from, to}, from, func(o bind.Options) (expr.Expr, error) { return bind.VariableCast(from, to, &s.catalogs, o) })
}

func (s *Session) keptCast(ctx context.Context, key [2]types.Type, from types.Type, make func(bind.Options) (expr.Expr, error)) (cast, error) {
	epoch, err := s.catalogVersion(ctx)
	if err != nil {
		return nil, err
	}
	if s.pl.casts == nil || s.pl.castEpoch != epoch || len(s.pl.casts) > 1000 {
		s.pl.casts, s.pl.castEpoch = map[[2]types.Type]cast{}, epoch
	}
	if c, ok := s.pl.casts[key]; ok {
		return c, nil
	}
	c, err := s.newCast(ctx, from, make)
	if err == nil {
		s.pl.casts[key] = c
	}
	return c, err
}

func (s *Session) newCast(ctx context.Context, from types.Type, make func(bind.Options) (expr.Expr, error)) (cast, error) {
	s.catalogs.ctx = ctx
	e, err := make(bind.Options{Fold: s.catalogs.Fold, Supported: supported})
	if err != nil {
		return nil, err
	}
	return s.castProgram(e, from)
}

// outside stands for where a value comes from that has only been read so far.
var outside types.Type

// Taken implements kernel.Services.
func (s *Session) Taken(ctx context.Context, t types.Type) (func(types.Datum) (types.Datum, error), error) {
	if !types.HoldsDomain(t.Def) {
		return nil, nil
	}
	s.refreshPL(ctx)
	return s.keptCast(ctx, [2]types.Type{outside, t}, t, s.takenCast(t, catalog.Ref{}))
}

// takenAt is Taken by the domains of another branch or point.
func (s *Session) takenAt(ctx context.Context, t types.Type, ref catalog.Ref) (cast, error) {
	if !types.HoldsDomain(t.Def) {
		return nil, nil
	}
	s.refreshPL(ctx)
	return s.newCast(ctx, t, s.takenCast(t, ref))
}

func (s *Session) takenCast(t types.Type, ref catalog.Ref) func(bind.Options) (expr.Expr, error) {
	return func(o bind.Options) (expr.Expr, error) { return bind.TakenCast(t, ref, &s.catalogs, o) }
}

// taken is a value that has come in from outside, if domains let it.
func (s *Session) taken(ctx context.Context, t types.Type, d types.Datum) (types.Datum, error) {
	f, err := s.Taken(ctx, t)
	if err != nil || f == nil {
		return d, err
	}
	return f(d)
}

// castProgram computes an expression over one value; nil: there is none.
func (s *Session) castProgram(e expr.Expr, from types.Type) (cast, error) {
	if e == nil {
		return nil, nil
	}
	p, err := eval.Compile([]expr.Expr{e}, s.pl.env)
	if err != nil {
		return nil, err
	}
	var in vector.Vector
	batch := &vector.Batch{Cols: []*vector.Vector{&in}, N: 1}
	return func(d types.Datum) (types.Datum, error) {
		in.Reset(from)
		in.Append(d)
		out, err := p.Run(batch)
		if err != nil {
			return types.Null, err
		}
		return out[0].Datum(0).Clone(), nil
	}, nil
}

// convert is assignCast for a merge: nil where there is no such cast.
func (s *Session) convert(ctx context.Context) func(from, to types.Type) func(types.Datum) (types.Datum, error) {
	s.refreshPL(ctx)
	return func(from, to types.Type) func(types.Datum) (types.Datum, error) {
		f, err := s.assignCast(ctx, from, to)
		switch {
		case err != nil:
			return nil
		case f == nil:
			return func(d types.Datum) (types.Datum, error) { return d, nil }
		}
		return f
	}
}
