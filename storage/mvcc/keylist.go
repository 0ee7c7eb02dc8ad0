package mvcc

import (
	"encoding/binary"

	"github.com/rowandb/rowan/storage/keys"
)

// keyList is the encoding of which keys a transaction has written:
//
//	'S' uvarint layer, uvarint keyspace        the keys that follow are of this space
//	'P' or 'D' uvarint n, uvarint m, m bytes   a key put or deleted: n bytes of the last one, then these
type keyList struct {
	buf   []byte
	space keys.Space
	last  []byte
	n     int
}

func (l *keyList) add(sp keys.Space, key []byte, del bool) {
	if l.n == 0 || sp != l.space {
		l.buf = append(l.buf, 'S')
		l.buf = binary.AppendUvarint(l.buf, sp.Layer)
		l.buf = binary.AppendUvarint(l.buf, sp.Keyspace)
		l.space, l.last = sp, l.last[:0]
	}
	op := byte('P')
	if del {
		op = 'D'
	}
	shared := 0
	for shared < len(key) && shared < len(l.last) && key[shared] == l.last[shared] {
		shared++
	}
	l.buf = append(l.buf, op)
	l.buf = binary.AppendUvarint(l.buf, uint64(shared))
	l.buf = binary.AppendUvarint(l.buf, uint64(len(key)-shared))
	l.buf = append(l.buf, key[shared:]...)
	l.last = append(l.last[:0], key...)
	l.n++
}

func (l *keyList) reset() {
	l.buf, l.last, l.n = l.buf[:0], l.last[:0], 0
}

// eachKey calls f for the keys of a list until it returns false; key is borrowed.
func eachKey(b []byte, f func(sp keys.Space, key []byte, del bool) bool) error {
	var sp keys.Space
	var key []byte
	for len(b) > 0 {
		op := b[0]
		x, n := binary.Uvarint(b[1:])
		if n <= 0 {
			return errCorrupt(b)
		}
		rest := b[1+n:]
		y, n := binary.Uvarint(rest)
		if n <= 0 {
			return errCorrupt(b)
		}
		rest = rest[n:]
		if op == 'S' {
			sp, key, b = keys.Space{Layer: x, Keyspace: y}, key[:0], rest
			continue
		}
		if x > uint64(len(key)) || y > uint64(len(rest)) {
			return errCorrupt(b)
		}
		key = append(key[:x], rest[:y]...)
		b = rest[y:]
		if !f(sp, key, op == 'D') {
			return nil
		}
	}
	return nil
}
