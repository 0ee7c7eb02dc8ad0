package kernel

import (
	"fmt"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

var arrayFunctions = map[string]Kernel{
	"array_dims":        row(func(_ *Env, a []datum) (datum, error) { return arrayDims(a[0].S), nil }),
	"array_ndims":       row(func(_ *Env, a []datum) (datum, error) { return zeroNull(types.ArrayDims(a[0].S)), nil }),
	"array_cardinality": strInt(func(s string) int64 { return int64(types.ArrayLen(s)) }),
	"array_length": row(func(_ *Env, a []datum) (datum, error) {
		return dimension(a, func(d types.Dim) int64 { return int64(d.Len) })
	}),
	"array_lower": row(func(_ *Env, a []datum) (datum, error) {
		return dimension(a, func(d types.Dim) int64 { return int64(d.Lower) })
	}),
	"array_upper": row(func(_ *Env, a []datum) (datum, error) {
		return dimension(a, func(d types.Dim) int64 { return int64(d.Lower) + int64(d.Len) - 1 })
	}),
	"array_append":  bindElem(0, func(elem types.Type) Row { return appendElement(elem) }),
	"array_prepend": bindElem(1, func(elem types.Type) Row { return prependElement(elem) }),
	"array_cat":     bindElem(0, func(elem types.Type) Row { return concatenate(elem) }),
	"array_remove": bindElem(0, func(elem types.Type) Row {
		return func(_ *Env, a []datum) (datum, error) { return removeElements(elem, a[0], a[1]) }
	}),
	"array_replace": bindElem(0, func(elem types.Type) Row {
		return func(_ *Env, a []datum) (datum, error) { return replaceElements(elem, a) }
	}),
	"array_position":       bindElem(0, func(elem types.Type) Row { return arrayPosition(elem) }),
	"array_position_start": bindElem(0, func(elem types.Type) Row { return arrayPosition(elem) }),
	"array_positions":      bindElem(0, func(elem types.Type) Row { return arrayPositions(elem) }),
	"trim_array":           bindElem(0, func(elem types.Type) Row { return trimArray(elem) }),
	"array_fill":           {Bind: bindFill}, "array_fill_with_lower_bounds": {Bind: bindFill},
}

// bindElem makes a kernel that depends on the element type of its i-th argument.
func bindElem(i int, f func(elem types.Type) Row) Kernel {
	return Kernel{Bind: func(args []types.Type, result types.Type) (Kernel, error) {
		elem, err := elemOf(args, i, result)
		if err != nil {
			return Kernel{}, err
		}
		return Kernel{Row: f(elem)}, nil
	}}
}

// elemOf finds an element type: that of the i-th argument, or of the result when the argument's is not known.
func elemOf(args []types.Type, i int, result types.Type) (types.Type, error) {
	for _, t := range []types.Type{args[i], result} {
		if t.Def != nil && t.Elem != nil {
			return types.Of(t.Elem), nil
		}
	}
	return types.Type{}, pgerr.New(pgerrcode.IndeterminateDatatype, "could not determine polymorphic type because input has type unknown")
}

func zeroNull(n int) datum {
	if n == 0 {
		return types.Null
	}
	return types.Int(int64(n))
}

func arrayDims(s string) datum {
	n := types.ArrayDims(s)
	if n == 0 {
		return types.Null
	}
	var b strings.Builder
	for i := range n {
		d, _ := types.ArrayDim(s, i)
		fmt.Fprintf(&b, "[%d:%d]", d.Lower, d.Lower+d.Len-1)
	}
	return types.String(b.String())
}

func dimension(a []datum, f func(types.Dim) int64) (datum, error) {
	d, ok := types.ArrayDim(a[0].S, int(a[1].I)-1)
	if !ok {
		return types.Null, nil
	}
	return types.Int(f(d)), nil
}

func notOneDimensional() error {
	return pgerr.New(pgerrcode.DataException, "argument must be empty or one-dimensional array")
}

// elements unpacks a one-dimensional array and its lower bound; NULL is empty.
func elements(d datum) (elems []datum, lower int32, err error) {
	if d.Null {
		return nil, 1, nil
	}
	a := types.UnpackArray(d.S)
	switch len(a.Dims) {
	case 0:
		return nil, 1, nil
	case 1:
		return a.Elems, a.Dims[0].Lower, nil
	}
	return nil, 0, notOneDimensional()
}

// pack makes a one-dimensional array with a lower bound.
func pack(elem types.Type, elems []datum, lower int32) datum {
	a := types.Vector1(elems)
	if len(elems) > 0 {
		a.Dims[0].Lower = lower
	}
	return types.String(a.Pack(elem.Def))
}

func appendElement(elem types.Type) Row {
	return func(_ *Env, a []datum) (datum, error) {
		e, lower, err := elements(a[0])
		if err != nil {
			return datum{}, err
		}
		return pack(elem, append(e, a[1]), lower), nil
	}
}

func prependElement(elem types.Type) Row {
	return func(_ *Env, a []datum) (datum, error) {
		e, lower, err := elements(a[1])
		if err != nil {
			return datum{}, err
		}
		return pack(elem, append([]datum{a[0]}, e...), lower), nil
	}
}

func incompatible(detail string) error {
	return pgerr.New(pgerrcode.ArraySubscriptError, "cannot concatenate incompatible arrays").WithDetail("%s", detail)
}

// concatenate is array_cat: arrays of one shape but for the first dimension, or one that is an element of the other.
func concatenate(elem types.Type) Row {
	return func(_ *Env, a []datum) (datum, error) {
		switch {
		case a[0].Null:
			return a[1], nil
		case a[1].Null:
			return a[0], nil
		}
		x, y := types.UnpackArray(a[0].S), types.UnpackArray(a[1].S)
		switch {
		case len(x.Dims) == 0:
			return a[1], nil
		case len(y.Dims) == 0:
			return a[0], nil
		}
		dims, err := joinDims(x.Dims, y.Dims)
		if err != nil {
			return datum{}, err
		}
		if _, err := types.CheckDims(dims); err != nil {
			return datum{}, err
		}
		r := types.Array{Dims: dims, Elems: append(x.Elems, y.Elems...)}
		return types.String(r.Pack(elem.Def)), nil
	}
}

func joinDims(x, y []types.Dim) ([]types.Dim, error) {
	same := func(a, b []types.Dim) bool {
		for i := range a {
			if a[i] != b[i] {
				return false
			}
		}
		return true
	}
	switch {
	case len(x) == len(y):
		if !same(x[1:], y[1:]) {
			return nil, incompatible("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		x[0].Len += y[0].Len
		return x, nil
	case len(x) == len(y)-1:
		if !same(x, y[1:]) {
			return nil, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		y[0].Len++
		return y, nil
	case len(x) == len(y)+1:
		if !same(x[1:], y) {
			return nil, incompatible("Arrays with differing dimensions are not compatible for concatenation.")
		}
		x[0].Len++
		return x, nil
	}
	return nil, incompatible(fmt.Sprintf("Arrays of %d and %d dimensions are not compatible for concatenation.", len(x), len(y)))
}

// same is IS NOT DISTINCT FROM.
func same(t types.Type, a, b datum) bool {
	if a.Null || b.Null {
		return a.Null && b.Null
	}
	return types.Compare(t, a, b) == 0
}

func removeElements(elem types.Type, array, value datum) (datum, error) {
	if array.Null {
		return types.Null, nil
	}
	if types.ArrayDims(array.S) > 1 {
		return datum{}, pgerr.New(pgerrcode.FeatureNotSupported, "removing elements from multidimensional arrays is not supported")
	}
	all, lower, _ := elements(array)
	kept := all[:0]
	for _, e := range all {
		if !same(elem, e, value) {
			kept = append(kept, e)
		}
	}
	return pack(elem, kept, lower), nil
}

func replaceElements(elem types.Type, args []datum) (datum, error) {
	if args[0].Null {
		return types.Null, nil
	}
	a := types.UnpackArray(args[0].S)
	for i, e := range a.Elems {
		if same(elem, e, args[1]) {
			a.Elems[i] = args[2]
		}
	}
	return types.String(a.Pack(elem.Def)), nil
}

func searchable(s string) error {
	if types.ArrayDims(s) > 1 {
		return pgerr.New(pgerrcode.FeatureNotSupported, "searching for elements in multidimensional arrays is not supported")
	}
	return nil
}

func arrayPosition(elem types.Type) Row {
	return func(_ *Env, a []datum) (datum, error) {
		if a[0].Null {
			return types.Null, nil
		}
		if err := searchable(a[0].S); err != nil {
			return datum{}, err
		}
		if types.ArrayLen(a[0].S) == 0 {
			return types.Null, nil
		}
		if len(a) > 2 && a[2].Null {
			return datum{}, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "initial position must not be null")
		}
		e, lower, _ := elements(a[0])
		from := 0
		if len(a) > 2 {
			from = int(max(a[2].I-int64(lower), 0))
		}
		for i := from; i < len(e); i++ {
			if same(elem, e[i], a[1]) {
				return types.Int(int64(lower) + int64(i)), nil
			}
		}
		return types.Null, nil
	}
}

func arrayPositions(elem types.Type) Row {
	return func(_ *Env, a []datum) (datum, error) {
		if a[0].Null {
			return types.Null, nil
		}
		if err := searchable(a[0].S); err != nil {
			return datum{}, err
		}
		e, lower, _ := elements(a[0])
		var found []datum
		for i := range e {
			if same(elem, e[i], a[1]) {
				found = append(found, types.Int(int64(lower)+int64(i)))
			}
		}
		return pack(types.Of(types.Builtin(types.OIDInt4)), found, 1), nil
	}
}

func trimArray(elem types.Type) Row {
	return func(_ *Env, a []datum) (datum, error) {
		x := types.UnpackArray(a[0].S)
		length := int64(0)
		if len(x.Dims) > 0 {
			length = int64(x.Dims[0].Len)
		}
		if a[1].I < 0 || a[1].I > length {
			return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "number of elements to trim must be between 0 and %d", length)
		}
		if a[1].I == length {
			return types.String(""), nil
		}
		keep := len(x.Elems) / int(length) * int(length-a[1].I)
		x.Elems = x.Elems[:keep]
		x.Dims[0].Len -= int32(a[1].I)
		for i := range x.Dims {
			x.Dims[i].Lower = 1
		}
		return types.String(x.Pack(elem.Def)), nil
	}
}

func bindFill(args []types.Type, _ types.Type) (Kernel, error) {
	return Kernel{Row: func(_ *Env, a []datum) (datum, error) { return fillArray(args[0], a) }}, nil
}

func fillArray(elem types.Type, a []datum) (datum, error) {
	for _, d := range a[1:] {
		if d.Null {
			return datum{}, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "dimension array or low bound array cannot be null")
		}
	}
	lengths, err := dimensionList(a[1].S, "dimension")
	if err != nil {
		return datum{}, err
	}
	dims := make([]types.Dim, len(lengths))
	for i, n := range lengths {
		dims[i] = types.Dim{Len: n, Lower: 1}
	}
	if len(a) > 2 {
		lowers, err := dimensionList(a[2].S, "low bound")
		if err != nil {
			return datum{}, err
		}
		if len(lowers) != len(dims) {
			return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts").WithDetail(
				"Low bound array has different size than dimensions array.")
		}
		for i, l := range lowers {
			dims[i].Lower = l
		}
	}
	if len(dims) > types.MaxDims {
		return datum{}, pgerr.New(pgerrcode.ProgramLimitExceeded,
			"number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims), types.MaxDims)
	}
	n, err := types.CheckDims(dims)
	if err != nil || n == 0 || len(dims) == 0 {
		return types.String(""), err
	}
	r := types.Array{Dims: dims, Elems: make([]datum, n)}
	for i := range r.Elems {
		r.Elems[i] = a[0]
	}
	return types.String(r.Pack(elem.Def)), nil
}

// dimensionList reads an integer[] of array_fill.
func dimensionList(s, what string) ([]int32, error) {
	a := types.UnpackArray(s)
	if len(a.Dims) > 1 {
		return nil, pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts").WithDetail(
			"Dimension array must be one dimensional.")
	}
	out := make([]int32, len(a.Elems))
	for i, e := range a.Elems {
		if e.Null {
			return nil, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "dimension values cannot be null")
		}
		if e.I < 0 && what == "dimension" {
			return nil, pgerr.New(pgerrcode.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 134217727)
		}
		out[i] = int32(e.I)
	}
	return out, nil
}
