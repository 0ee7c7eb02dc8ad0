package mvcc

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/rowandb/rowan/types/vector"
)

// appendCtid appends a row's ctid: block << 16 | offset. Rows have no places; it is made of the row's key, so that it
// stays the same as long as the row does. Hidden row ids give ascending ones.
func appendCtid(v *vector.Vector, key []byte) {
	if len(key) == 8 {
		id := binary.BigEndian.Uint64(key)
		v.Int = append(v.Int, int64(id/200&0xffffffff)<<16|int64(id%200+1))
		return
	}
	h := xxhash.Sum64(key)
	v.Int = append(v.Int, int64(h>>32)<<16|int64(h%200+1))
}
