package keys

import (
	"github.com/rowandb/rowan/types"
)

// kind is a way to encode values.
type kind uint8

const (
	kindBytes    kind = iota // escaped bytes: text, bytea, json, and whatever has no order of its own
	kindBlank                // bpchar: trailing blanks do not count
	kindBool                 // 1 byte
	kindInt2                 // big-endian with the sign flipped
	kindInt4                 //
	kindInt8                 //
	kindUint4                // oid and its kin
	kindFloat                // IEEE 754, made to sort; -0 is 0, NaN is largest
	kindFixed                // raw bytes of a fixed length: uuid
	kindNumeric              //
	kindInterval             // normalised span
	kindTimetz               // instant, then zone
	kindArray                // element by element
	kindJSONB                // kind, length, members
	kindInet                 // family, network, address
	kindRecord               // field by field
)

// Column encodes one column of a key.
type Column struct {
	kind  kind
	size  int // of kindFixed
	flag  bool
	desc  bool
	nulls byte // the flag byte of NULL
	typ   types.Type
	elem  *Column
}

// The flag bytes: NULL comes before or after values.
const (
	flagNullFirst byte = 1
	flagValue     byte = 2
	flagNullLast  byte = 3
)

// NewColumn makes the encoder of a key column. A column that can be NULL has a flag byte; one that cannot (a primary
// key's) has none.
func NewColumn(t types.Type, desc, nullsFirst, nullable bool) Column {
	c := Column{typ: t, desc: desc, flag: nullable, nulls: flagNullLast}
	if nullsFirst {
		c.nulls = flagNullFirst
	}
	c.kind, c.size = kindOf(t)
	if c.kind == kindArray {
		elem := NewColumn(types.Of(t.Elem), false, false, true)
		c.elem = &elem
	}
	return c
}

func kindOf(t types.Type) (kind, int) {
	if t.Def == nil {
		return kindBytes, 0
	}
	d := t.Def
	for d.Kind == types.KindDomain && d.Base != nil {
		d = d.Base.Def
	}
	if d.Elem != nil && d.Category == 'A' {
		return kindArray, 0
	}
	switch d.Class {
	case types.ClassInt:
		return intKind(d), 0
	case types.ClassFloat:
		return kindFloat, 0
	}
	switch d.OID {
	case types.OIDBpchar:
		return kindBlank, 0
	case types.OIDUUID:
		return kindFixed, 16
	case types.OIDNumeric:
		return kindNumeric, 0
	case types.OIDInterval:
		return kindInterval, 0
	case types.OIDTimetz:
		return kindTimetz, 0
	case types.OIDJSONB:
		return kindJSONB, 0
	case types.OIDInet, types.OIDCidr:
		return kindInet, 0
	case types.OIDRecord:
		return kindRecord, 0
	}
	if d.Kind == types.KindComposite {
		return kindRecord, 0
	}
	return kindBytes, 0
}

func intKind(d *types.Def) kind {
	switch d.OID {
	case types.OIDBool:
		return kindBool
	case types.OIDInt2:
		return kindInt2
	case types.OIDInt4, types.OIDDate:
		return kindInt4
	}
	return kindInt8
}

// Append appends d's encoding.
func (c *Column) Append(dst []byte, d types.Datum) []byte {
	if c.flag {
		if d.Null {
			return append(dst, c.nulls)
		}
		dst = append(dst, flagValue)
	}
	if !c.desc {
		return c.appendValue(dst, d)
	}
	n := len(dst)
	dst = c.appendValue(dst, d)
	invert(dst[n:])
	return dst
}

// AppendAfter appends the least encoding that is greater than all encodings that begin like those of b.
func AppendAfter(dst, b []byte) []byte {
	n := len(dst)
	dst = append(dst, b...)
	for i := len(dst) - 1; i >= n; i-- {
		if dst[i] != 0xff {
			dst[i]++
			return dst[:i+1]
		}
	}
	return append(dst[:n], 0xff, 0xff, 0xff, 0xff) // beyond every key of the space
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

func (c *Column) appendValue(dst []byte, d types.Datum) []byte {
	switch c.kind {
	case kindBool:
		return append(dst, byte(d.I))
	case kindInt2:
		return append(dst, byte(d.I>>8)^0x80, byte(d.I))
	case kindInt4:
		return append(dst, byte(d.I>>24)^0x80, byte(d.I>>16), byte(d.I>>8), byte(d.I))
	case kindInt8:
		return appendInt8(dst, d.I)
	case kindUint4:
		return append(dst, byte(d.I>>24), byte(d.I>>16), byte(d.I>>8), byte(d.I))
	case kindFloat:
		return appendFloat(dst, d.F())
	case kindFixed:
		return append(dst, d.S...)
	case kindBlank:
		return appendEscaped(dst, trimBlanks(d.S))
	case kindNumeric:
		return appendNumeric(dst, d.S)
	case kindInterval:
		return appendInterval(dst, d.S)
	case kindTimetz:
		return appendTimetz(dst, d.S)
	case kindArray:
		return c.appendArray(dst, d.S)
	case kindJSONB:
		return appendJSONB(dst, d.S)
	case kindInet:
		return appendInet(dst, d.S)
	case kindRecord:
		return appendRecord(dst, c.typ, d.S)
	default:
		return appendEscaped(dst, d.S)
	}
}
