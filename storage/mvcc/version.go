package mvcc

import (
	"encoding/binary"
	"fmt"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// flags of a version, the first byte of a head's or history row's value.
type flags byte

const (
	// deleted: a tombstone. It has no payload.
	deleted flags = 1 << iota
	// marked: the number is the id of a large transaction, which the table of large transactions turns into an SCN. The
	// statement number of the writing transaction follows it.
	marked
	// first: this layer has no older version of the key, so that whoever needs one goes to the parent layer.
	first
	// root: with first, the parent layers have none either.
	root
)

// version is the value of a head or history row:
//
//	flags | uvarint SCN or transaction | marked: uvarint statement | payload
type version struct {
	flags   flags
	ver     uint64 // SCN, or id of a large transaction with keys.Marker set
	cmd     uint32
	payload []byte // borrowed
}

func (v *version) deleted() bool { return v.flags&deleted != 0 }

func parseVersion(b []byte) (v version, err error) {
	if len(b) < 2 {
		return v, errCorrupt(b)
	}
	v.flags = flags(b[0])
	if b[1] < 0x80 && v.flags&marked == 0 {
		v.ver, v.payload = uint64(b[1]), b[2:]
		return v, nil
	}
	n, size := binary.Uvarint(b[1:])
	if size <= 0 {
		return v, errCorrupt(b)
	}
	v.ver, v.payload = n, b[1+size:]
	if v.flags&marked != 0 {
		cmd, size := binary.Uvarint(v.payload)
		if size <= 0 {
			return v, errCorrupt(b)
		}
		v.ver |= keys.Marker
		v.cmd, v.payload = uint32(cmd), v.payload[size:]
	}
	return v, nil
}

// appendVersion appends the value's bytes; ver may be a marker.
func appendVersion(dst []byte, f flags, ver uint64, cmd uint32, payload []byte) []byte {
	if ver&keys.Marker == 0 {
		dst = append(dst, byte(f&^marked))
		dst = binary.AppendUvarint(dst, ver)
	} else {
		dst = append(dst, byte(f|marked))
		dst = binary.AppendUvarint(dst, ver&^keys.Marker)
		dst = binary.AppendUvarint(dst, uint64(cmd))
	}
	return append(dst, payload...)
}

func errCorrupt(b []byte) error {
	return fmt.Errorf("%w: the record %x… cannot be read", kv.ErrCorrupt, b[:min(len(b), 16)])
}
