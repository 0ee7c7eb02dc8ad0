package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
)

// numberCharFunctions is to_char of numbers.
var numberCharFunctions = map[string]Kernel{
	"int4_to_char":    row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.ToCharInt(a[0].I, a[1].S)) }),
	"int8_to_char":    row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.ToCharInt(a[0].I, a[1].S)) }),
	"numeric_to_char": row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.ToChar(a[0].S, a[1].S)) }),
	"float4_to_char":  row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.ToCharFloat(a[0].F(), a[1].S, 6)) }),
	"float8_to_char":  row(func(_ *Env, a []datum) (datum, error) { return stringOr(numeric.ToCharFloat(a[0].F(), a[1].S, 15)) }),
}

// numberParseFunctions is to_number.
var numberParseFunctions = map[string]Kernel{
	"numeric_to_number": row(func(_ *Env, a []datum) (datum, error) {
		if a[1].S == "" {
			return types.Null, nil
		}
		return stringOr(numeric.ToNumber(a[0].S, a[1].S))
	}),
}
