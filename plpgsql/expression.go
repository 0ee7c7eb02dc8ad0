package plpgsql

import (
	"context"

	"github.com/rowandb/rowan/types"
)

// Computed is a list of expressions without a query, which a Host can compute over less than the values of all parameters.
type Computed interface {
	// Reads are what Values is to be given; nil: the parameters.
	Reads() []Read
	// Values computes the expressions. The values may borrow until the next call.
	Values(ctx context.Context, args []types.Datum) ([]types.Datum, error)
	// Plain computes the same of the parameters.
	Plain() (Computed, error)
}

// SimpleExpression is the one expression of a Query.
type SimpleExpression interface {
	Computed
	// Growth tells that the expression's value is that of a parameter with something added to its end; nil: it is not of that
	// form.
	Growth() *Growth
}

// Growth is an expression like array || element: its value can be made in the place of the parameter's.
type Growth struct {
	Param  int
	Kind   GrowthKind
	Pieces Computed // what is added, in order; of arrays, one
}

// GrowthKind says what is added to what.
type GrowthKind uint8

// The kinds of growth.
const (
	GrowText    GrowthKind = iota // texts to a text; NULL where one of them is
	GrowElement                   // an element to an array
	GrowArray                     // an array to an array; NULL adds nothing
)

// Read is what is read of a parameter.
type Read struct {
	Param int
	Part  Part
	Index []*Index // the subscripts of an element, or the dimension whose size is wanted
}

// Part says what of a value is read.
type Part uint8

// The parts.
const (
	PartWhole Part = iota
	PartElement
	PartLength
	PartLower
	PartUpper
	PartCount
)

// Index is a number that is computed of parameters and constants.
type Index struct {
	Op          byte // c: Const, p: Param, n: Param, a bigint, as an integer; + - *
	Const       types.Datum
	Param       int
	Left, Right *Index
}
