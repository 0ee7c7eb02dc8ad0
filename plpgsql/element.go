package plpgsql

import (
	"math"
	"slices"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

func itoa(i int) string { return strconv.Itoa(i) }

// subscripts are the steps of an assignment with their values.
type place struct {
	field        string
	slice        bool
	index        int64
	lower, upper *int64
}

// assignInside assigns to an element of an array or a field of a composite value, however deep.
func (x *run) assignInside(s *assign) error {
	t, err := x.targetType(s.to)
	if err != nil {
		return err
	}
	places := make([]place, len(s.steps))
	isNull := false
	for i, st := range s.steps {
		places[i] = place{field: st.field, slice: st.slice}
		if st.lower != nil {
			if places[i].lower, err = x.subscript(st.lower); err != nil {
				return err
			}
			isNull = isNull || places[i].lower == nil
		}
		if st.upper != nil {
			if places[i].upper, err = x.subscript(st.upper); err != nil {
				return err
			}
			isNull = isNull || places[i].upper == nil
			if !st.slice && places[i].upper != nil {
				places[i].index = *places[i].upper
			}
		}
	}
	leaf, err := x.leafType(t, places)
	if err != nil {
		return err
	}
	d, from, err := x.evalAs(s.value, leaf)
	if err == nil {
		d, err = x.cast(d.Clone(), from, leaf)
	}
	if err != nil {
		return err
	}
	if isNull {
		return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "array subscript in assignment must not be null")
	}
	if len(places) == 1 && places[0].field == "" && !places[0].slice && s.to.field == "" && t.IsArray() {
		return x.openArray(s.to.v).put(places, d)
	}
	old := types.Null
	if s.to.field == "" {
		old = x.get(param{s.to.v, -1})
	} else {
		i, err := x.fieldIndex(s.to)
		if err != nil {
			return err
		}
		old = x.get(param{s.to.v, i})
	}
	out, err := x.replaced(t, old, places, d)
	if err != nil {
		return err
	}
	return x.assignTo(s.to, out, t)
}

// subscript computes a subscript; nil is NULL.
func (x *run) subscript(q *Query) (*int64, error) {
	d, t, err := x.eval(q)
	if err == nil {
		d, err = x.cast(d, t, integer)
	}
	if err != nil || d.Null {
		return nil, err
	}
	return &d.I, nil
}

func baseOf(t types.Type) types.Type {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t
}

// run of subscripts at the beginning of places.
func subscripts(places []place) int {
	n := slices.IndexFunc(places, func(p place) bool { return p.field != "" })
	if n < 0 {
		return len(places)
	}
	return n
}

// leafType is the type of the value that is assigned.
func (x *run) leafType(t types.Type, places []place) (types.Type, error) {
	for len(places) > 0 {
		b := baseOf(t)
		if places[0].field != "" {
			found := false
			for _, f := range b.Fields {
				if f.Name == places[0].field {
					t, found = f.Type, true
					break
				}
			}
			if !found {
				return t, x.noPlace(b, places[0].field)
			}
			places = places[1:]
			continue
		}
		n := subscripts(places)
		if !b.IsArray() {
			return t, pgerr.New(pgerrcode.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", x.h.TypeName(t))
		}
		if slices.ContainsFunc(places[:n], func(p place) bool { return p.slice }) {
			t = types.Of(b.Def)
		} else {
			t = types.Type{Def: b.Elem, Mod: b.Mod}
		}
		places = places[n:]
	}
	return t, nil
}

func (x *run) noPlace(t types.Type, field string) error {
	if isRecord(t) {
		return pgerr.New(pgerrcode.UndefinedColumn, "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s", field, field, x.h.TypeName(t))
	}
	return pgerr.New(pgerrcode.DatatypeMismatch, "cannot assign to field \"%s\" because its type %s is not a composite type", field, x.h.TypeName(t))
}

// replaced is old with the value at places replaced.
func (x *run) replaced(t types.Type, old types.Datum, places []place, value types.Datum) (types.Datum, error) {
	if len(places) == 0 {
		return value, nil
	}
	b := baseOf(t)
	if places[0].field != "" {
		return x.replacedField(b, old, places, value)
	}
	n := subscripts(places)
	a := types.Array{}
	if !old.Null {
		a = types.UnpackArray(old.S)
	}
	if slices.ContainsFunc(places[:n], func(p place) bool { return p.slice }) {
		return setSlice(a, places[:n], value, b.Elem)
	}
	et := types.Type{Def: b.Elem, Mod: b.Mod}
	if n < len(places) {
		index := make([]int64, n)
		for i := range index {
			index[i] = places[i].index
		}
		inner := types.Null
		if len(a.Dims) == n {
			inner = types.ArrayAt(old.S, index...)
		}
		var err error
		if value, err = x.replaced(et, inner, places[n:], value); err != nil {
			return value, err
		}
	}
	return setElement(a, places[:n], value, b.Elem)
}

func (x *run) replacedField(t types.Type, old types.Datum, places []place, value types.Datum) (types.Datum, error) {
	fields := make([]types.RecordField, len(t.Fields))
	var have []types.RecordField
	if !old.Null {
		have = types.UnpackRecord(t, old.S)
	}
	for i, f := range t.Fields {
		fields[i] = types.RecordField{Type: f.Type, Value: types.Null}
		if i < len(have) {
			fields[i].Value = have[i].Value
		}
		if f.Name == places[0].field {
			d, err := x.replaced(f.Type, fields[i].Value, places[1:], value)
			if err != nil {
				return d, err
			}
			fields[i].Value = d
		}
	}
	return types.String(types.PackRecord(fields)), nil
}

// setElement puts an element into an array, which grows in its one dimension if it must.
func setElement(a types.Array, places []place, value types.Datum, elem *types.Def) (types.Datum, error) {
	err := putElement(&a, places, value)
	return types.String(a.Pack(elem)), err
}

func putElement(a *types.Array, places []place, value types.Datum) error {
	if len(a.Dims) == 0 {
		if len(places) > types.MaxDims {
			return tooManyDims(len(places))
		}
		for _, p := range places {
			a.Dims = append(a.Dims, types.Dim{Len: 1, Lower: int32(p.index)})
		}
		a.Elems = []types.Datum{value}
		return nil
	}
	if len(a.Dims) != len(places) {
		return pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts")
	}
	if len(places) == 1 {
		if err := grow(a, places[0].index, places[0].index); err != nil {
			return err
		}
	}
	at := int64(0)
	for i, d := range a.Dims {
		k := places[i].index - int64(d.Lower)
		if k < 0 || k >= int64(d.Len) {
			return pgerr.New(pgerrcode.ArraySubscriptError, "array subscript out of range")
		}
		at = at*int64(d.Len) + k
	}
	a.Elems[at] = value
	return nil
}

func tooManyDims(n int) error {
	return pgerr.New(pgerrcode.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, types.MaxDims)
}

// grow makes a one-dimensional array reach from lower to upper, with NULLs for what is between.
func grow(a *types.Array, lower, upper int64) error {
	d := &a.Dims[0]
	first, last := int64(d.Lower), int64(d.Lower)+int64(d.Len)-1
	size := max(last, upper) - min(first, lower) + 1
	if size > (1<<30-1)/8 || upper == math.MaxInt32 {
		return pgerr.New(pgerrcode.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", (1<<30-1)/8)
	}
	if lower < first {
		more := make([]types.Datum, first-lower)
		for i := range more {
			more[i] = types.Null
		}
		a.Elems = append(more, a.Elems...)
		d.Lower = int32(lower)
	}
	for k := last; k < upper; k++ {
		a.Elems = append(a.Elems, types.Null)
	}
	d.Len = int32(len(a.Elems))
	return nil
}

// setSlice puts the elements of an array into a slice of another.
func setSlice(a types.Array, places []place, value types.Datum, elem *types.Def) (types.Datum, error) {
	if value.Null {
		return types.String(a.Pack(elem)), nil
	}
	from := types.UnpackArray(value.S)
	lo, hi := make([]int64, len(places)), make([]int64, len(places))
	for i, p := range places {
		switch {
		case !p.slice:
			lo[i], hi[i] = 1, p.index
			continue
		case p.lower != nil:
			lo[i] = *p.lower
		case i < len(a.Dims):
			lo[i] = int64(a.Dims[i].Lower)
		default:
			return value, noBounds()
		}
		switch {
		case p.upper != nil:
			hi[i] = *p.upper
		case i < len(a.Dims):
			hi[i] = int64(a.Dims[i].Lower) + int64(a.Dims[i].Len) - 1
		default:
			return value, noBounds()
		}
		if lo[i] > hi[i] {
			return value, pgerr.New(pgerrcode.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
	}
	want := int64(1)
	for i := range places {
		want *= hi[i] - lo[i] + 1
	}
	if int64(len(from.Elems)) < want {
		return value, pgerr.New(pgerrcode.ArraySubscriptError, "source array too small")
	}
	if len(a.Dims) == 0 {
		for i := range places {
			a.Dims = append(a.Dims, types.Dim{Len: int32(hi[i] - lo[i] + 1), Lower: int32(lo[i])})
		}
		a.Elems = slices.Clone(from.Elems[:want])
		return types.String(a.Pack(elem)), nil
	}
	if len(a.Dims) < len(places) {
		return value, pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts")
	}
	if len(a.Dims) == 1 {
		if err := grow(&a, lo[0], hi[0]); err != nil {
			return value, err
		}
	}
	return copySlice(a, lo, hi, from.Elems, elem)
}

func noBounds() error {
	return pgerr.New(pgerrcode.ArraySubscriptError, "array slice subscript must provide both boundaries").
		WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
}

// copySlice puts elements where a slice has them, in order.
func copySlice(a types.Array, lo, hi []int64, elems []types.Datum, elem *types.Def) (types.Datum, error) {
	for i := len(lo); i < len(a.Dims); i++ {
		lo, hi = append(lo, int64(a.Dims[i].Lower)), append(hi, int64(a.Dims[i].Lower)+int64(a.Dims[i].Len)-1)
	}
	for i, d := range a.Dims {
		if lo[i] < int64(d.Lower) || hi[i] >= int64(d.Lower)+int64(d.Len) {
			return types.Null, pgerr.New(pgerrcode.ArraySubscriptError, "array subscript out of range")
		}
	}
	at := slices.Clone(lo)
	for n := 0; n < len(elems); n++ {
		k := int64(0)
		for i, d := range a.Dims {
			k = k*int64(d.Len) + at[i] - int64(d.Lower)
		}
		a.Elems[k] = elems[n]
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] <= hi[i] {
				break
			}
			at[i] = lo[i]
		}
		if i < 0 {
			break
		}
	}
	return types.String(a.Pack(elem)), nil
}
