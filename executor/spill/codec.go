// Package spill keeps rows that may outgrow memory: Rows for access by number, Queue for reading once in order. Both write
// batches to temporary files when the statement's memory account refuses more.
//
// A file's name is removed as soon as it is open, so that nothing is left behind by a crash. Vectors are written as they
// lie in memory: a file is read by the process that wrote it, and by no other. The growing operators call it.
package spill

import (
	"encoding/binary"
	"unsafe"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// appendBatch adds a batch without selection: the number of rows, then each column.
func appendBatch(dst []byte, cols []*vector.Vector, n int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	for _, v := range cols {
		dst = appendNulls(dst, v.Nulls)
		switch v.Type.Class {
		case types.ClassInt:
			dst = append(dst, raw(v.Int[:n])...)
		case types.ClassFloat:
			dst = append(dst, raw(v.Float[:n])...)
		default:
			dst = appendStrings(dst, v.Str[:n])
		}
	}
	return dst
}

// raw is the memory of a slice.
func raw[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

func appendNulls(dst []byte, b vector.Bitmap) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	return append(dst, raw(b)...)
}

func appendStrings(dst []byte, ss []string) []byte {
	total := 0
	for _, s := range ss {
		total += len(s)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(total))
	for _, s := range ss {
		dst = append(dst, s...)
	}
	return dst
}

// decodeBatch reads what appendBatch wrote into b, whose columns have been made. Strings borrow from src.
func decodeBatch(b *vector.Batch, ts []types.Type, src []byte) {
	n := int(binary.LittleEndian.Uint32(src))
	src = src[4:]
	b.N, b.Sel = n, nil
	for k, t := range ts {
		v := b.Cols[k]
		v.Resize(t, n)
		words := int(binary.LittleEndian.Uint32(src))
		src = src[4:]
		v.Nulls = append(v.Nulls[:0], make(vector.Bitmap, words)...)
		src = src[copy(raw(v.Nulls), src):]
		switch t.Class {
		case types.ClassInt:
			src = src[copy(raw(v.Int), src):]
		case types.ClassFloat:
			src = src[copy(raw(v.Float), src):]
		default:
			src = decodeStrings(v.Str, src)
		}
	}
}

func decodeStrings(dst []string, src []byte) []byte {
	lens := src
	src = src[4*len(dst):]
	total := int(binary.LittleEndian.Uint64(src))
	src = src[8:]
	data := unsafe.String(unsafe.SliceData(src), total)
	for i := range dst {
		n := int(binary.LittleEndian.Uint32(lens[4*i:]))
		dst[i], data = data[:n], data[n:]
	}
	return src[total:]
}

// newBatch makes a batch with empty columns.
func newBatch(ts []types.Type) *vector.Batch {
	b := &vector.Batch{Cols: make([]*vector.Vector, len(ts))}
	vs := make([]vector.Vector, len(ts))
	for i := range ts {
		vs[i].Reset(ts[i])
		b.Cols[i] = &vs[i]
	}
	return b
}
