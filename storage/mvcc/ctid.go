package mvcc

import (
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// appendCtid appends a row's ctid.
func appendCtid(v *vector.Vector, key []byte) {
	v.Int = append(v.Int, storage.Place(bytesString(key)))
}
