package rowcodec

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Field is a column to decode.
type Field struct {
	ID      uint32
	Type    types.Type
	Missing types.Datum // what rows that do not list the column have
}

// Decoder decodes a fixed list of columns. It is not safe for concurrent use.
type Decoder struct {
	fields []Field
	pos    []int  // field → position in the rows that have the header, -1: not listed
	header []byte // count and ids that pos is for, with the gaps flag before them
}

// NewDecoder makes a decoder.
func NewDecoder(fields []Field) *Decoder {
	return &Decoder{fields: fields, pos: make([]int, len(fields))}
}

// row is one row parted.
type row struct {
	nulls []byte // nil: none
	ends  []byte
	data  []byte
	width byte
	count int
}

// parse parts a row, and brings pos up to date.
func (d *Decoder) parse(b []byte) (r row, err error) {
	if len(b) == 0 {
		return r, ErrCorrupt
	}
	flags := b[0]
	rest := b[1:]
	if h := d.header; len(h) > 1 && h[0] == flags&hasGaps && len(rest) >= len(h)-1 && bytes.Equal(h[1:], rest[:len(h)-1]) {
		n, _ := readUvarint(rest)
		r.count = int(n)
		rest = rest[len(h)-1:]
	} else if rest, err = d.layout(flags, rest, &r); err != nil {
		return r, err
	}
	if r.width = flags & widthMask; r.width > 2 {
		return r, ErrCorrupt
	}
	if flags&hasNulls != 0 {
		n := (r.count + 7) / 8
		if len(rest) < n {
			return r, ErrCorrupt
		}
		r.nulls, rest = rest[:n], rest[n:]
	}
	n := r.count << r.width
	if len(rest) < n {
		return r, ErrCorrupt
	}
	r.ends, r.data = rest[:n], rest[n:]
	return r, nil
}

// layout reads the ids and maps the fields to positions.
func (d *Decoder) layout(flags byte, b []byte, r *row) (rest []byte, err error) {
	n, rest := readUvarint(b)
	if rest == nil || n > uint64(len(b))*8 {
		return nil, ErrCorrupt
	}
	r.count = int(n)
	for i := range d.pos {
		d.pos[i] = -1
	}
	var id uint64
	for k := range r.count {
		switch {
		case k == 0:
			id, rest = readUvarint(rest)
		case flags&hasGaps != 0:
			var step uint64
			step, rest = readUvarint(rest)
			id += step
		default:
			id++
		}
		if rest == nil {
			return nil, ErrCorrupt
		}
		for i := range d.fields {
			if uint64(d.fields[i].ID) == id {
				d.pos[i] = k
			}
		}
	}
	d.header = append(append(d.header[:0], flags&hasGaps), b[:len(b)-len(rest)]...)
	return rest, nil
}

// bounds returns where column k's value lies in data.
func (r *row) bounds(k int) (lo, hi int) {
	switch r.width {
	case 0:
		hi = int(r.ends[k])
		if k > 0 {
			lo = int(r.ends[k-1])
		}
	case 1:
		hi = int(binary.LittleEndian.Uint16(r.ends[2*k:]))
		if k > 0 {
			lo = int(binary.LittleEndian.Uint16(r.ends[2*k-2:]))
		}
	default:
		hi = int(binary.LittleEndian.Uint32(r.ends[4*k:]))
		if k > 0 {
			lo = int(binary.LittleEndian.Uint32(r.ends[4*k-4:]))
		}
	}
	return lo, hi
}

func (r *row) null(k int) bool { return r.nulls != nil && r.nulls[k>>3]&(1<<(k&7)) != 0 }

// Append decodes a row and appends its fields to the vectors, which have been reset to the fields' types. b is not
// kept.
func (d *Decoder) Append(b []byte, out []*vector.Vector) error {
	r, err := d.parse(b)
	if err != nil {
		return err
	}
	for i := range d.fields {
		v, k := out[i], d.pos[i]
		if k < 0 {
			v.Append(d.fields[i].Missing)
			continue
		}
		if r.null(k) {
			v.AppendNull()
			continue
		}
		lo, hi := r.bounds(k)
		if uint(hi) > uint(len(r.data)) || lo > hi {
			return ErrCorrupt
		}
		switch class := v.Type.Class; {
		case class == types.ClassString:
			v.AppendBytes(r.data[lo:hi])
		case hi-lo > 8:
			return ErrCorrupt
		case class == types.ClassInt:
			v.Int = append(v.Int, readInt(r.data, lo, hi))
		default:
			v.Float = append(v.Float, readFloat(r.data, lo, hi))
		}
	}
	return nil
}

// readInt reads the integer in data[lo:hi], of at most 8 bytes, in one load where data is long enough.
func readInt(data []byte, lo, hi int) int64 {
	n := hi - lo
	if n == 0 {
		return 0
	}
	var u uint64
	if lo+8 <= len(data) {
		u = binary.LittleEndian.Uint64(data[lo:])
	} else {
		for i := hi - 1; i >= lo; i-- {
			u = u<<8 | uint64(data[i])
		}
	}
	shift := uint(64 - 8*n)
	return int64(u<<shift) >> shift
}

func readFloat(data []byte, lo, hi int) float64 {
	return math.Float64frombits(bits.ReverseBytes64(uint64(readInt(data, lo, hi))))
}
