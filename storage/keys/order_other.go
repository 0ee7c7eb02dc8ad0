package keys

import (
	"encoding/binary"
	"math/bits"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/numeric"
)

func appendNumeric(dst []byte, s string) []byte { return numeric.AppendKey(dst, s) }

// appendArray appends the elements, each after 1, and 0 at the end; then what else PostgreSQL compares: the dimensions
// and bounds. An element is NULL last, as in PostgreSQL's array comparison.
func (c *Column) appendArray(dst []byte, s string) []byte {
	a := types.ReadArray(s)
	for i := range a.Len() {
		dst = append(dst, 1)
		dst = c.elem.Append(dst, a.At(i))
	}
	dst = append(dst, 0, byte(len(a.Dims)))
	for _, d := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Len))
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Lower)^1<<31)
	}
	return dst
}

// appendInterval appends the span that PostgreSQL compares: months of 30 days, days of 24 hours, as a 128-bit number of
// microseconds.
func appendInterval(dst []byte, s string) []byte {
	v := datetime.Unpack(s)
	days := int64(v.Months)*30 + int64(v.Days)
	hi, lo := bits.Mul64(uint64(abs(days)), uint64(datetime.Day))
	if days < 0 {
		lo, hi = ^lo+1, ^hi
		if lo == 0 {
			hi++
		}
	}
	var carry uint64
	lo, carry = bits.Add64(lo, uint64(v.Micros), 0)
	hi, _ = bits.Add64(hi, uint64(v.Micros>>63), carry)
	dst = binary.BigEndian.AppendUint64(dst, hi^1<<63)
	return binary.BigEndian.AppendUint64(dst, lo)
}

func abs(i int64) int64 {
	if i < 0 {
		return -i
	}
	return i
}

// appendTimetz appends the instant in UTC, then the zone.
func appendTimetz(dst []byte, s string) []byte {
	us, west := types.UnpackTimetz(s)
	dst = appendInt8(dst, us+int64(west)*1e6)
	return append(dst, byte(west>>24)^0x80, byte(west>>16), byte(west>>8), byte(west))
}

// appendInet appends the family, the network bit by bit, where one that ends is below all that go on, and then the address.
func appendInet(dst []byte, s string) []byte {
	if len(s) < 2 {
		return appendEscaped(dst, s)
	}
	dst = append(dst, s[0])
	b, room := byte(0), 8
	for i := range int(s[1]) + 1 {
		sym := byte(0) // the end
		if i < int(s[1]) && 2+i/8 < len(s) {
			sym = 1 + s[2+i/8]>>(7-i%8)&1
		}
		room -= 2
		if b |= sym << room; room == 0 {
			dst = append(dst, b)
			b, room = 0, 8
		}
	}
	if room < 8 {
		dst = append(dst, b)
	}
	return append(dst, s[2:]...)
}

// appendRecord appends the fields as appendArray does elements, each by its own type.
func appendRecord(dst []byte, t types.Type, s string) []byte {
	for _, f := range types.UnpackRecord(t, s) {
		dst = append(dst, 1)
		switch {
		case f.Type.Def != nil:
			c := NewColumn(f.Type, false, false, true)
			dst = c.Append(dst, f.Value)
		case f.Value.Null:
			dst = append(dst, flagNullLast)
		default: // of a type that the record does not tell: numbers or strings
			dst = appendEscaped(appendInt8(append(dst, flagValue), f.Value.I), f.Value.S)
		}
	}
	return append(dst, 0)
}
