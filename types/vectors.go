package types

import (
	"encoding/binary"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// vectorCodec is the codec of int2vector and oidvector: arrays from 0 on whose text is numbers between blanks.
func vectorCodec(elem OID) *codec {
	return &codec{
		appendText: func(dst []byte, d Datum, f *Format) []byte {
			v := viewArray(d.S)
			for i := range v.n {
				if i > 0 {
					dst = append(dst, ' ')
				}
				dst = appendIntText(dst, v.elem(i), f)
			}
			return dst
		},
		parseText:    func(_ int32, s string, _ *Format) (Datum, error) { return parseVector(elem, s) },
		appendBinary: func(dst []byte, d Datum) []byte { return appendVectorBinary(dst, elem, d.S) },
		parseBinary:  func(b []byte) (Datum, error) { return parseVectorBinary(elem, b) },
		compare:      func(a, b Datum) int { return compareVector(a.S, b.S) },
		hash:         hashString,
	}
}

// vectorElem is a definition that suffices to read and write an element; the full one is not built when codecs are.
func vectorElem(elem OID) *Def { return &Def{OID: elem, Class: ClassInt} }

func vectorElemSize(elem OID) int {
	if elem == OIDInt2 {
		return 2
	}
	return 4
}

// appendVectorBinary writes a vector as the array that it is; even an empty one has a dimension.
func appendVectorBinary(dst []byte, elem OID, s string) []byte {
	v := viewArray(s)
	size := vectorElemSize(elem)
	for _, x := range [...]uint32{1, 0, elem, uint32(v.n), 0} {
		dst = binary.BigEndian.AppendUint32(dst, x)
	}
	for i := range v.n {
		dst = binary.BigEndian.AppendUint32(dst, uint32(size))
		dst = appendIntN(dst, v.elem(i).I, size)
	}
	return dst
}

func parseVectorBinary(elem OID, b []byte) (Datum, error) {
	size := vectorElemSize(elem)
	if len(b) < 20 {
		return Null, errShort()
	}
	n := int(binary.BigEndian.Uint32(b[12:]))
	if binary.BigEndian.Uint32(b) != 1 || binary.BigEndian.Uint32(b[8:]) != elem || n > len(b)/4 || len(b) != 20+n*(4+size) {
		return Null, pgerr.New(pgerrcode.InvalidBinaryRepresentation, "invalid vector data")
	}
	elems := make([]int64, n)
	for i := range elems {
		at := 24 + i*(4+size)
		elems[i] = readIntN(b[at : at+size])
		if elem == OIDOid {
			elems[i] = int64(uint32(elems[i]))
		}
	}
	return String(MakeVector(elems...)), nil
}

func parseVector(elem OID, s string) (Datum, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r < 128 && isSpace(byte(r)) })
	a := Array{Dims: []Dim{{int32(len(words)), 0}}, Elems: make([]Datum, len(words))}
	var err error
	for i, w := range words {
		if elem == OIDOid {
			a.Elems[i], err = parseOID(w, "oid")
		} else {
			a.Elems[i], err = parseInt(w, -1<<15, 1<<15-1, "smallint")
		}
		if err != nil {
			return Null, err
		}
	}
	return String(a.Pack(vectorElem(elem))), nil
}

// MakeVector packs an int2vector or oidvector.
func MakeVector(elems ...int64) string {
	a := Array{Dims: []Dim{{int32(len(elems)), 0}}, Elems: make([]Datum, len(elems))}
	for i, e := range elems {
		a.Elems[i] = Int(e)
	}
	return a.Pack(vectorElem(OIDOid))
}

// compareVector orders by length first, then by the elements.
func compareVector(a, b string) int {
	v, w := viewArray(a), viewArray(b)
	if v.n != w.n {
		return v.n - w.n
	}
	for i := range v.n {
		if c := compareInt(v.elem(i), w.elem(i)); c != 0 {
			return c
		}
	}
	return 0
}
