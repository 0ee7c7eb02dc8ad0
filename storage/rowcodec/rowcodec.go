// Package rowcodec turns rows into bytes and bytes straight into vectors.
//
// It knows columns by id and class, no keys, versions or catalogs. A row is
//
//	flags   1 byte: bits 0-1 log2 of the size of an offset (1, 2 or 4 bytes); bit 2: NULLs; bit 3: ids have gaps
//	count   uvarint, number of columns
//	id      uvarint, the first column's id; with gaps followed by count-1 uvarint distances
//	nulls   with NULLs: a bitmap of count bits
//	ends    count offsets: where each column's value ends, little-endian, from the start of data
//	data    the values: integers as the fewest little-endian bytes that keep the sign (0 is none), floats as their bits
//	        in reversed byte order in the same way, strings as they are
//
// Ids ascend. A column that the row does not list was added to the table after the row was written. A value's length is
// known without its type, so that columns dropped since, and their types, need not be known. The header up to the ids is
// the same for nearly all rows of a table, so the decoder maps ids to positions only when it changes.
// Callers: storage/mvcc and what is built on it.
package rowcodec

import (
	"encoding/binary"
	"errors"
)

const (
	widthMask = 3
	hasNulls  = 4
	hasGaps   = 8
)

// ErrCorrupt is returned for bytes that are no row.
var ErrCorrupt = errors.New("rowcodec: corrupt row")

func readUvarint(b []byte) (v uint64, rest []byte) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), b[1:]
	}
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil
	}
	return v, b[n:]
}

// intSize returns the number of bytes that v needs.
func intSize(v int64) int {
	if v == 0 {
		return 0
	}
	n := 1
	for n < 8 && v>>(8*n-1) != 0 && v>>(8*n-1) != -1 {
		n++
	}
	return n
}
