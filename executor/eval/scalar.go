package eval

import (
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// scalar is an expression over one value, given as Slot 0.
type scalar struct {
	p     *Program
	in    vector.Vector
	batch vector.Batch
}

func newScalar(e expr.Expr, p *Program) (*scalar, error) {
	q, err := Compile([]expr.Expr{e}, p.env)
	if err != nil {
		return nil, err
	}
	s := &scalar{p: q}
	s.batch = vector.Batch{Cols: []*vector.Vector{&s.in}, N: 1}
	return s, nil
}

// of computes the expression for a value of type t.
func (s *scalar) of(t types.Type, d types.Datum) (types.Datum, error) {
	s.in.Reset(t)
	setConst(&s.in, t, d)
	s.in.Const = false
	out, err := s.p.Run(&s.batch)
	if err != nil {
		return types.Null, err
	}
	return out[0].Datum(0), nil
}
