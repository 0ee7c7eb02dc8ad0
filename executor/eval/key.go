package eval

import (
	"math"
	"unsafe"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// KeyType says in which form values of type t are compared and hashed: t itself where the order of Go's int64, float64 or
// string is that of SQL, else bytea, for the bytes that index keys have.
func KeyType(t types.Type) types.Type {
	if nativeOrder(t) {
		return t
	}
	return types.Of(types.Builtin(types.OIDBytea))
}

// nativeOrder reports whether the values need no conversion to be compared. Floats do for their NaNs and zeros only.
func nativeOrder(t types.Type) bool {
	if t.Class != types.ClassString {
		return true
	}
	for t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	switch t.ID() {
	case types.OIDText, types.OIDVarchar, types.OIDName, types.OIDBytea, types.OIDUUID, types.OIDUnknown, types.OIDCstring:
		return true
	}
	return false
}

// Keys brings columns into the form of KeyType.
type Keys struct {
	from    []types.Type
	enc     []keys.Column
	scratch []vector.Vector
	out     []*vector.Vector
	buf     []byte
}

// NewKeys makes a Keys for columns of these types.
func NewKeys(ts []types.Type) *Keys {
	k := &Keys{from: ts, enc: make([]keys.Column, len(ts)), scratch: make([]vector.Vector, len(ts)), out: make([]*vector.Vector, len(ts))}
	for i, t := range ts {
		if !nativeOrder(t) {
			k.enc[i] = keys.NewColumn(t, false, false, false)
		}
	}
	return k
}

// Types returns the types of what Convert gives.
func (k *Keys) Types() []types.Type {
	out := make([]types.Type, len(k.from))
	for i, t := range k.from {
		out[i] = KeyType(t)
	}
	return out
}

// Convert returns the columns in key form, for the rows of sel or all n: columns that have it already are returned
// themselves. The result holds until the next call.
func (k *Keys) Convert(cols []*vector.Vector, n int, sel []uint16) []*vector.Vector {
	for i, t := range k.from {
		switch {
		case t.Class == types.ClassFloat:
			k.out[i] = k.floats(cols[i], &k.scratch[i], n)
		case nativeOrder(t):
			k.out[i] = cols[i]
		default:
			k.out[i] = k.encode(&k.enc[i], cols[i], &k.scratch[i], n, sel)
		}
	}
	return k.out
}

// floats makes -0 into 0 and all NaNs one, above +Infinity only by the comparisons that know it.
func (k *Keys) floats(v, out *vector.Vector, n int) *vector.Vector {
	odd := false
	for _, f := range v.Float {
		odd = odd || f == 0 || f != f
	}
	if !odd {
		return v
	}
	*out = vector.Vector{Type: v.Type, Const: v.Const, Nulls: v.Nulls, Float: append(out.Float[:0], v.Float...)}
	for i, f := range out.Float {
		switch {
		case f == 0:
			out.Float[i] = 0
		case f != f:
			out.Float[i] = math.NaN()
		}
	}
	return out
}

func (k *Keys) encode(enc *keys.Column, v, out *vector.Vector, n int, sel []uint16) *vector.Vector {
	if v.Const {
		n, sel = 1, nil
	}
	out.Resize(types.Of(types.Builtin(types.OIDBytea)), n)
	each(n, sel, func(i int) error {
		if v.IsNull(i) {
			out.Nulls = out.Nulls.Set(i)
			return nil
		}
		k.buf = enc.Append(k.buf[:0], v.Datum(i))
		out.SetString(i, unsafe.String(unsafe.SliceData(k.buf), len(k.buf)))
		return nil
	})
	out.Const = v.Const
	return out
}
