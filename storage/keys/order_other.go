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

// appendOpaque appends the bytes of a value whose type has no encoding of its order: equal values have equal keys, and
// that is all. Ordered reports which columns are so.
func appendOpaque(dst []byte, _ types.Type, d types.Datum) []byte { return appendEscaped(dst, d.S) }

// Ordered reports whether keys sort as values do; otherwise the column serves equality only.
func (c *Column) Ordered() bool {
	if c.kind == kindArray {
		return c.elem.Ordered()
	}
	return c.kind != kindOpaque
}
