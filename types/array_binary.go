package types

import (
	"encoding/binary"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

func appendArrayBinary(dst []byte, t Type, s string) []byte {
	v := viewArray(s)
	dst = binary.BigEndian.AppendUint32(dst, uint32(v.ndim))
	hasNulls := uint32(0)
	if v.nulls > 0 {
		hasNulls = 1
	}
	dst = binary.BigEndian.AppendUint32(dst, hasNulls)
	dst = binary.BigEndian.AppendUint32(dst, t.Elem.OID)
	for i := range v.ndim {
		d := v.dim(i)
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Len))
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Lower))
	}
	elem := Of(t.Elem)
	for i := range v.n {
		dst = appendSized(dst, elem, v.elem(i))
	}
	return dst
}

// appendSized appends a value with its length in front, -1 for NULL.
func appendSized(dst []byte, t Type, d Datum) []byte {
	if d.Null {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	at := len(dst)
	dst = AppendBinary(append(dst, 0, 0, 0, 0), t, d)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// parseSized reads a value with its length in front.
func parseSized(t Type, b []byte) (d Datum, rest []byte, err error) {
	if len(b) < 4 {
		return Null, nil, errShort()
	}
	n := int32(binary.BigEndian.Uint32(b))
	b = b[4:]
	if n == -1 {
		return Null, b, nil
	}
	if n < 0 || int(n) > len(b) {
		return Null, nil, errShort()
	}
	d, err = ParseBinary(t, b[:n])
	return d, b[n:], err
}

func parseArrayBinary(t Type, b []byte) (Datum, error) {
	if len(b) < 12 {
		return Null, errShort()
	}
	ndim := binary.BigEndian.Uint32(b)
	flags := binary.BigEndian.Uint32(b[4:])
	elem := binary.BigEndian.Uint32(b[8:])
	switch {
	case ndim > MaxDims:
		return Null, pgerr.New(pgerrcode.ProgramLimitExceeded,
			"number of array dimensions (%d) exceeds the maximum allowed (%d)", ndim, MaxDims)
	case flags > 1:
		return Null, pgerr.New(pgerrcode.InvalidBinaryRepresentation, "invalid array flags")
	case elem != t.Elem.OID:
		return Null, pgerr.New(pgerrcode.DatatypeMismatch,
			"binary data has array element type %d (%s) instead of expected %d (%s)",
			elem, nameOfOID(elem), t.Elem.OID, TypeName(Of(t.Elem), nil))
	}
	a := Array{Dims: make([]Dim, ndim)}
	b = b[12:]
	for i := range a.Dims {
		if len(b) < 8 {
			return Null, errShort()
		}
		a.Dims[i] = Dim{int32(binary.BigEndian.Uint32(b)), int32(binary.BigEndian.Uint32(b[4:]))}
		if a.Dims[i].Len < 0 {
			return Null, pgerr.New(pgerrcode.InvalidBinaryRepresentation, "invalid array flags")
		}
		b = b[8:]
	}
	return parseArrayElems(t, a, b)
}

func parseArrayElems(t Type, a Array, b []byte) (Datum, error) {
	n, err := CheckDims(a.Dims)
	if err != nil {
		return Null, err
	}
	if len(a.Dims) == 0 || n == 0 {
		return String(""), nil
	}
	if n > len(b)/4 {
		return Null, errShort()
	}
	a.Elems = make([]Datum, n)
	elem := Type{t.Elem, t.Mod}
	for i := range a.Elems {
		if a.Elems[i], b, err = parseSized(elem, b); err != nil {
			return Null, err
		}
	}
	if len(b) > 0 {
		return Null, pgerr.New(pgerrcode.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return String(a.Pack(t.Elem)), nil
}

func nameOfOID(id OID) string {
	if d := Builtin(id); d != nil {
		return TypeName(Of(d), nil)
	}
	return "???"
}
