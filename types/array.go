package types

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// MaxDims is the most dimensions that an array has.
const MaxDims = 6

// Dim is a dimension of an array.
type Dim struct{ Len, Lower int32 }

// Array is an unpacked array. Elems are in row-major order; an empty array has no Dims.
//
// Packed, in Datum.S, it is
//
//	byte 0   dimensions (bits 0-2), storage class of the elements (3-4), has NULLs (5)
//	         per dimension its length and lower bound, each 4 bytes
//	         if there are NULLs, a bitmap, bit i of byte i/8 being set when element i is NULL
//	         numbers: 8 bytes each; strings: the end offsets, 4 bytes each, then the bytes
//
// all little-endian, so that an element is found without a walk (ArrayElem). The empty array is the empty string.
type Array struct {
	Dims  []Dim
	Elems []Datum
}

const arrayNulls = 1 << 5

// Vector1 makes a one-dimensional array with lower bound 1.
func Vector1(elems []Datum) Array {
	if len(elems) == 0 {
		return Array{}
	}
	return Array{Dims: []Dim{{int32(len(elems)), 1}}, Elems: elems}
}

// Pack packs a; elem is the type of its elements.
func (a Array) Pack(elem *Def) string {
	if len(a.Elems) == 0 {
		return ""
	}
	size := 1 + 8*len(a.Dims) + 9*len(a.Elems)
	for i := range a.Elems {
		size += len(a.Elems[i].S)
	}
	b := a.appendHeader(make([]byte, 0, size), elem.Class)
	if elem.Class != ClassString {
		for _, e := range a.Elems {
			b = binary.LittleEndian.AppendUint64(b, uint64(e.I))
		}
		return bytesString(b)
	}
	end := 0
	for _, e := range a.Elems {
		end += len(e.S)
		b = binary.LittleEndian.AppendUint32(b, uint32(end))
	}
	for _, e := range a.Elems {
		b = append(b, e.S...)
	}
	return bytesString(b)
}

func bytesString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (a Array) appendHeader(b []byte, class Class) []byte {
	head := byte(len(a.Dims)) | byte(class)<<3
	for i := range a.Elems {
		if a.Elems[i].Null {
			head |= arrayNulls
			break
		}
	}
	b = append(b, head)
	for _, d := range a.Dims {
		b = binary.LittleEndian.AppendUint32(b, uint32(d.Len))
		b = binary.LittleEndian.AppendUint32(b, uint32(d.Lower))
	}
	if head&arrayNulls == 0 {
		return b
	}
	start := len(b)
	b = append(b, make([]byte, (len(a.Elems)+7)/8)...)
	for i := range a.Elems {
		if a.Elems[i].Null {
			b[start+i/8] |= 1 << (i & 7)
		}
	}
	return b
}

// arrayView reads a packed array in place. The zero view is the empty array.
type arrayView struct {
	s     string
	n     int
	class Class
	ndim  int
	nulls int // offset of the bitmap, 0: none
	data  int // offset of the numbers or end offsets
}

func le32(s string, at int) uint32 {
	if at+4 > len(s) {
		return 0
	}
	return uint32(s[at]) | uint32(s[at+1])<<8 | uint32(s[at+2])<<16 | uint32(s[at+3])<<24
}

func le64(s string, at int) uint64 { return uint64(le32(s, at)) | uint64(le32(s, at+4))<<32 }

func viewArray(s string) arrayView {
	if s == "" {
		return arrayView{}
	}
	v := arrayView{s: s, n: 1, class: Class(s[0] >> 3 & 3), ndim: int(s[0] & 7)}
	for i := range v.ndim {
		v.n *= int(le32(s, 1+8*i))
	}
	v.data = 1 + 8*v.ndim
	if s[0]&arrayNulls != 0 {
		v.nulls = v.data
		v.data += (v.n + 7) / 8
	}
	if width := 8 >> (1 - min(v.class, 1)); v.data+v.n*width > len(s) { // not a packed array
		return arrayView{}
	}
	return v
}

func (v *arrayView) dim(i int) Dim {
	return Dim{int32(le32(v.s, 1+8*i)), int32(le32(v.s, 5+8*i))}
}

func (v *arrayView) elem(i int) Datum {
	if v.nulls > 0 && v.s[v.nulls+i/8]&(1<<(i&7)) != 0 {
		return Null
	}
	if v.class != ClassString {
		return Datum{I: int64(le64(v.s, v.data+8*i))}
	}
	start := uint32(0)
	if i > 0 {
		start = le32(v.s, v.data+4*i-4)
	}
	end := le32(v.s, v.data+4*i)
	base := v.data + 4*v.n
	if start > end || base+int(end) > len(v.s) {
		return Null
	}
	return Datum{S: v.s[base+int(start) : base+int(end)]}
}

// UnpackArray unpacks an array; the elements borrow from s.
func UnpackArray(s string) Array {
	v := viewArray(s)
	if v.n == 0 {
		return Array{}
	}
	a := Array{Dims: make([]Dim, v.ndim), Elems: make([]Datum, v.n)}
	for i := range a.Dims {
		a.Dims[i] = v.dim(i)
	}
	for i := range a.Elems {
		a.Elems[i] = v.elem(i)
	}
	return a
}

// ArrayReader reads a packed array in place: its elements borrow from the string.
type ArrayReader struct {
	Dims []Dim
	view arrayView
}

// ReadArray opens a packed array.
func ReadArray(s string) ArrayReader {
	r := ArrayReader{view: viewArray(s)}
	if r.view.ndim > 0 {
		r.Dims = make([]Dim, r.view.ndim)
		for i := range r.Dims {
			r.Dims[i] = r.view.dim(i)
		}
	}
	return r
}

// Len returns the number of elements in all dimensions.
func (r *ArrayReader) Len() int { return r.view.n }

// At returns the i-th element in row-major order; i must be less than Len.
func (r *ArrayReader) At(i int) Datum { return r.view.elem(i) }

// ArrayLen returns how many elements a packed array has, in all dimensions together.
func ArrayLen(s string) int { return viewArray(s).n }

// ArrayDims returns how many dimensions a packed array has; 0 when empty.
func ArrayDims(s string) int { return viewArray(s).ndim }

// ArrayDim returns a dimension, counted from 0, of a packed array.
func ArrayDim(s string, i int) (Dim, bool) {
	v := viewArray(s)
	if i < 0 || i >= v.ndim {
		return Dim{}, false
	}
	return v.dim(i), true
}

// ArrayElem returns the i-th element, from 0 in row-major order, of a packed array; it borrows from s.
func ArrayElem(s string, i int) Datum {
	v := viewArray(s)
	if i < 0 || i >= v.n {
		return Null
	}
	return v.elem(i)
}

// ArrayAt returns the element at subscripts, NULL when there is none.
func ArrayAt(s string, index ...int64) Datum {
	v := viewArray(s)
	if len(index) != v.ndim || v.n == 0 {
		return Null
	}
	at := 0
	for i, x := range index {
		d := v.dim(i)
		x -= int64(d.Lower)
		if x < 0 || x >= int64(d.Len) {
			return Null
		}
		at = at*int(d.Len) + int(x)
	}
	return v.elem(at)
}

// CheckDims returns how many elements the dimensions make, or PostgreSQL's error when they are too many.
func CheckDims(dims []Dim) (int, error) {
	n := int64(1)
	for _, d := range dims {
		n *= int64(d.Len)
		if n > maxArraySize {
			return 0, pgerr.New(pgerrcode.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArraySize)
		}
		if int64(d.Lower)+int64(d.Len) > math.MaxInt32 {
			return 0, pgerr.New(pgerrcode.ProgramLimitExceeded, "array lower bound is too large: %d", d.Lower)
		}
	}
	return int(n), nil
}

const maxArraySize = 134217727

// mapArray applies f to the elements that are not NULL.
func mapArray(t Type, d Datum, f func(Datum) (Datum, error)) (Datum, error) {
	a := UnpackArray(d.S)
	for i, e := range a.Elems {
		if e.Null {
			continue
		}
		v, err := f(e)
		if err != nil {
			return Null, err
		}
		a.Elems[i] = v
	}
	return String(a.Pack(t.Elem)), nil
}
