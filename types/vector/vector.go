// Package vector is what travels between operators: columns of up to Size values, and batches of them.
//
// It knows types but no expressions, no storage and no wire. A Vector is a plain struct with one slice per storage class
// rather than an interface per class: kernels switch on the class once per batch and loop over a slice.
//
// Ownership: a batch and all that its vectors point to belong to the operator that returned it and hold until its next
// call of Next; whoever keeps rows copies them (AppendFrom copies string bytes).
package vector

import (
	"unsafe"

	"github.com/rowandb/rowan/types"
)

// Size is the most rows that a batch holds.
const Size = 1024

// MostBytes is how many bytes of rows a batch takes: it has fewer rows than Size where they are wide. Nothing that makes batches splits a row.
const MostBytes = 8 << 20

// Vector is one column of a batch. Exactly one of Int, Float, Str is in use, by Type.Class. A Const vector holds one
// value, at index 0, that stands for every row. The zero Vector is empty; call Reset before the first use.
type Vector struct {
	Type  types.Type
	Const bool
	Nulls Bitmap // bit i set: row i is NULL (its value is then arbitrary); nil: no NULL
	Int   []int64
	Float []float64
	Str   []string // may point into arena, or borrow from whatever the owner guarantees
	arena []byte
}

// Reset empties v for values of type t, keeping its memory.
func (v *Vector) Reset(t types.Type) {
	v.Type, v.Const, v.Nulls = t, false, v.Nulls[:0]
	v.Int, v.Float, v.Str = v.Int[:0], v.Float[:0], v.Str[:0]
	v.arena = v.arena[:0]
	if len(v.Nulls) == 0 {
		v.Nulls = nil
	}
}

// Len returns the number of values held (1 for a Const vector).
func (v *Vector) Len() int {
	switch v.Type.Class {
	case types.ClassInt:
		return len(v.Int)
	case types.ClassFloat:
		return len(v.Float)
	default:
		return len(v.Str)
	}
}

// at maps a row to its index.
func (v *Vector) at(i int) int {
	if v.Const {
		return 0
	}
	return i
}

// IsNull reports whether row i is NULL.
func (v *Vector) IsNull(i int) bool { return v.Nulls != nil && v.Nulls.Get(v.at(i)) }

// Datum returns row i as a Datum that borrows from v.
func (v *Vector) Datum(i int) types.Datum {
	i = v.at(i)
	if v.Nulls != nil && v.Nulls.Get(i) {
		return types.Null
	}
	switch v.Type.Class {
	case types.ClassInt:
		return types.Datum{I: v.Int[i]}
	case types.ClassFloat:
		return types.Float(v.Float[i])
	default:
		return types.Datum{S: v.Str[i]}
	}
}

// Append adds d, copying its string into v's own memory.
func (v *Vector) Append(d types.Datum) {
	if d.Null {
		v.AppendNull()
		return
	}
	switch v.Type.Class {
	case types.ClassInt:
		v.Int = append(v.Int, d.I)
	case types.ClassFloat:
		v.Float = append(v.Float, d.F())
	default:
		v.AppendString(d.S)
	}
}

// AppendBorrowed adds d, whose string v only borrows.
func (v *Vector) AppendBorrowed(d types.Datum) {
	if v.Type.Class != types.ClassInt && v.Type.Class != types.ClassFloat && !d.Null {
		v.Str = append(v.Str, d.S)
		return
	}
	v.Append(d)
}

// AppendNull adds a NULL.
func (v *Vector) AppendNull() {
	n := v.Len()
	v.Nulls = v.Nulls.Set(n)
	switch v.Type.Class {
	case types.ClassInt:
		v.Int = append(v.Int, 0)
	case types.ClassFloat:
		v.Float = append(v.Float, 0)
	default:
		v.Str = append(v.Str, "")
	}
}

// AppendString adds a string, copying its bytes into v's own memory.
func (v *Vector) AppendString(s string) {
	v.Str = append(v.Str, v.intern(s))
}

// AppendBytes adds the bytes as a string, copying them into v's own memory.
func (v *Vector) AppendBytes(b []byte) {
	if len(b) == 0 {
		v.Str = append(v.Str, "")
		return
	}
	v.Str = append(v.Str, v.intern(unsafe.String(&b[0], len(b))))
}

// SetString stores s at row i, copying its bytes.
func (v *Vector) SetString(i int, s string) { v.Str[i] = v.intern(s) }

// intern copies s into the arena. A full arena is left to the garbage collector together with the strings that point
// into it, and a larger one is begun: strings never move.
func (v *Vector) intern(s string) string {
	if len(s) == 0 {
		return ""
	}
	if len(v.arena)+len(s) > cap(v.arena) {
		v.arena = make([]byte, 0, max(2*cap(v.arena), len(s), 256))
	}
	n := len(v.arena)
	v.arena = append(v.arena, s...)
	return unsafe.String(&v.arena[n], len(s))
}

// Resize makes v hold n values (old ones arbitrary, NULLs cleared), so that kernels may write by index.
func (v *Vector) Resize(t types.Type, n int) {
	v.Reset(t)
	switch t.Class {
	case types.ClassInt:
		v.Int = grow(v.Int, n)
	case types.ClassFloat:
		v.Float = grow(v.Float, n)
	default:
		v.Str = grow(v.Str, n)
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Set stores d at row i of a resized vector, copying its string.
func (v *Vector) Set(i int, d types.Datum) {
	if d.Null {
		v.Nulls = v.Nulls.Set(i)
		return
	}
	switch v.Type.Class {
	case types.ClassInt:
		v.Int[i] = d.I
	case types.ClassFloat:
		v.Float[i] = d.F()
	default:
		v.Str[i] = v.intern(d.S)
	}
}

// SetConst makes v a constant of type t.
func (v *Vector) SetConst(t types.Type, d types.Datum) {
	v.Reset(t)
	v.Append(d)
	v.Const = true
}
