package session

import (
	"context"

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
	epoch, err := s.catalogVersion(ctx)
	if err != nil {
		return nil, err
	}
	if s.pl.casts == nil || s.pl.castEpoch != epoch || len(s.pl.casts) > 1000 {
		s.pl.casts, s.pl.castEpoch = map[[2]types.Type]cast{}, epoch
	}
	key := [2]types.Type{from, to}
	if c, ok := s.pl.casts[key]; ok {
		return c, nil
	}
	s.catalogs.ctx = ctx
	e, err := bind.VariableCast(from, to, &s.catalogs, bind.Options{Fold: s.catalogs.Fold, Supported: supported})
	if err != nil {
		return nil, err
	}
	var c cast
	if e != nil {
		if c, err = s.castProgram(e, from); err != nil {
			return nil, err
		}
	}
	s.pl.casts[key] = c
	return c, nil
}

// castProgram computes an expression over one value.
func (s *Session) castProgram(e expr.Expr, from types.Type) (cast, error) {
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
