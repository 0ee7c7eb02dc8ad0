package storage

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Place is a row's ctid: block << 16 | offset. Rows have no places; it is made of the row's key, so that it stays the same
// as long as the row does. Hidden row ids give ascending ones.
func Place(key string) int64 {
	if len(key) == 8 {
		id := binary.BigEndian.Uint64([]byte(key))
		return int64(id/200&0xffffffff)<<16 | int64(id%200+1)
	}
	h := xxhash.Sum64String(key)
	return int64(h>>32)<<16 | int64(h%200+1)
}
