package keys

import (
	"encoding/binary"
	"math"

	"github.com/rowandb/rowan/types"
)

// Decodable reports whether Decode gives back the value itself. Encodings of numerics, arrays and the like keep the
// order and not the form.
func (c *Column) Decodable() bool {
	switch c.kind {
	case kindBool, kindInt2, kindInt4, kindInt8, kindUint4, kindFixed:
		return true
	case kindBytes:
		return true
	}
	return false // kindFloat too: -0 is not kept
}

// Decode reads the value that b begins with, as Append wrote it, and returns what follows. buf is memory for strings; the
// result borrows from it or from b.
func (c *Column) Decode(b, buf []byte) (d types.Datum, rest, newBuf []byte, ok bool) {
	if c.flag {
		if len(b) == 0 {
			return d, nil, buf, false
		}
		flag := b[0]
		if b = b[1:]; flag != flagValue {
			return types.Null, b, buf, flag == c.nulls
		}
	}
	if c.kind == kindBytes {
		return c.decodeBytes(b, buf)
	}
	size := c.fixedSize()
	if size == 0 || len(b) < size {
		return d, nil, buf, false
	}
	raw := b[:size]
	if c.desc || c.kind == kindFixed {
		n := len(buf)
		buf = append(buf, raw...)
		if raw = buf[n:]; c.desc {
			invert(raw)
		}
	}
	switch c.kind {
	case kindBool:
		d.I = int64(raw[0])
	case kindInt2:
		d.I = int64(int16(binary.BigEndian.Uint16(raw) ^ 1<<15))
	case kindInt4:
		d.I = int64(int32(binary.BigEndian.Uint32(raw) ^ 1<<31))
	case kindInt8:
		d.I = int64(binary.BigEndian.Uint64(raw) ^ 1<<63)
	case kindUint4:
		d.I = int64(binary.BigEndian.Uint32(raw))
	case kindFloat:
		d = types.Float(floatOf(binary.BigEndian.Uint64(raw)))
	case kindFixed:
		d.S = bytesString(raw)
	}
	return d, b[size:], buf, true
}

func (c *Column) fixedSize() int {
	switch c.kind {
	case kindBool:
		return 1
	case kindInt2:
		return 2
	case kindInt4, kindUint4:
		return 4
	case kindInt8, kindFloat:
		return 8
	case kindFixed:
		return c.size
	}
	return 0
}

func floatOf(b uint64) float64 {
	if b>>63 != 0 {
		return math.Float64frombits(b &^ (1 << 63))
	}
	return math.Float64frombits(^b)
}

func (c *Column) decodeBytes(b, buf []byte) (d types.Datum, rest, newBuf []byte, ok bool) {
	n, ok := escapedLen(b, c.desc)
	if !ok {
		return d, nil, buf, false
	}
	var mask byte
	if c.desc {
		mask = 0xff
	}
	start := len(buf)
	for i := 0; i < n-2; i++ {
		ch := b[i] ^ mask
		buf = append(buf, ch)
		if ch == 0 {
			i++ // the 0xff after it
		}
	}
	d.S = bytesString(buf[start:])
	return d, b[n:], buf, true
}
