package rowcodec

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Encoder writes rows of a fixed list of columns. It is not safe for concurrent use.
type Encoder struct {
	order  []int // positions of the columns by ascending id
	header []byte
	gaps   bool
	nulls  []byte
	ends   []uint32
	data   []byte
}

// NewEncoder makes an encoder; ids[i] is the id of the i-th vector given to Append, 0 for one that is not stored.
func NewEncoder(ids []uint32) *Encoder {
	e := &Encoder{}
	for i, id := range ids {
		if id != 0 {
			e.order = append(e.order, i)
		}
	}
	slices.SortFunc(e.order, func(a, b int) int { return int(int64(ids[a]) - int64(ids[b])) })
	for k := 1; k < len(e.order); k++ {
		e.gaps = e.gaps || ids[e.order[k]] != ids[e.order[k-1]]+1
	}
	e.header = binary.AppendUvarint(e.header, uint64(len(e.order)))
	for k, i := range e.order {
		switch {
		case k == 0:
			e.header = binary.AppendUvarint(e.header, uint64(ids[i]))
		case e.gaps:
			e.header = binary.AppendUvarint(e.header, uint64(ids[i]-ids[e.order[k-1]]))
		}
	}
	e.nulls = make([]byte, (len(e.order)+7)/8)
	e.ends = make([]uint32, len(e.order))
	return e
}

// Append appends the encoding of one row of the columns.
func (e *Encoder) Append(dst []byte, cols []*vector.Vector, row int) []byte {
	e.data = e.data[:0]
	clear(e.nulls)
	null := false
	for k, i := range e.order {
		v := cols[i]
		at := row
		if v.Const {
			at = 0
		}
		switch {
		case v.Nulls != nil && v.Nulls.Get(at):
			e.nulls[k>>3] |= 1 << (k & 7)
			null = true
		case v.Type.Class == types.ClassInt:
			e.appendInt(v.Int[at])
		case v.Type.Class == types.ClassFloat:
			e.appendFloat(v.Float[at])
		default:
			e.data = append(e.data, v.Str[at]...)
		}
		e.ends[k] = uint32(len(e.data))
	}
	return e.finish(dst, null)
}

func (e *Encoder) finish(dst []byte, null bool) []byte {
	flags := byte(0)
	switch {
	case len(e.data) > 0xffff:
		flags = 2
	case len(e.data) > 0xff:
		flags = 1
	}
	width := flags
	if null {
		flags |= hasNulls
	}
	if e.gaps {
		flags |= hasGaps
	}
	dst = append(append(dst, flags), e.header...)
	if null {
		dst = append(dst, e.nulls...)
	}
	for _, end := range e.ends {
		switch width {
		case 0:
			dst = append(dst, byte(end))
		case 1:
			dst = binary.LittleEndian.AppendUint16(dst, uint16(end))
		default:
			dst = binary.LittleEndian.AppendUint32(dst, end)
		}
	}
	return append(dst, e.data...)
}

func (e *Encoder) appendInt(v int64) {
	n := intSize(v)
	for u := uint64(v); n > 0; n-- {
		e.data = append(e.data, byte(u))
		u >>= 8
	}
}

func (e *Encoder) appendFloat(f float64) {
	e.appendInt(int64(bits.ReverseBytes64(uint64(types.Float(f).I))))
}
