// Package keys owns every byte of every key in the kv store: which kinds of keys there are, how they are encoded, decoded
// and printed, and the order-preserving encoding of SQL values within them.
//
//	h | layer | keyspace | key            head: the newest version of a row or index entry in a layer
//	v | layer | keyspace | key | end      history: the version that was valid until SCN end
//	l | layer | SCN | chunk               log of a transaction
//	m | kind | …                          meta
//	s | SCN                               commit record: when
//	t | transaction | chunk               keys that a large transaction has written
//
// The order of the kinds matters to how much a store with sorted files writes anew: heads, of which there are the most, have
// nothing before them that is written all the time, and little stands between them and what is.
//
// It reads no values and no stores. Invariants: encodings keep order; within one keyspace no row's key is a prefix of
// another's, so that a history key has exactly one reading. Callers: storage/mvcc and storage/check; nobody else builds
// key bytes.
package keys

import "encoding/binary"

// The first bytes.
const (
	tagHead    = 'h'
	tagLog     = 'l'
	tagMeta    = 'm'
	tagCommit  = 's'
	tagChunk   = 't'
	tagHistory = 'v'
)

// HeadPrefix, HistoryPrefix, LogPrefix and MetaPrefix are what all keys of a kind begin with.
func HeadPrefix() []byte { return []byte{tagHead} }

// HistoryPrefix is of history keys.
func HistoryPrefix() []byte { return []byte{tagHistory} }

// LogPrefix is of log keys.
func LogPrefix() []byte { return []byte{tagLog} }

// MetaPrefix is of meta keys.
func MetaPrefix() []byte { return []byte{tagMeta} }

// Tags are the first bytes of all keys, in order.
func Tags() [][]byte {
	return [][]byte{{tagHead}, {tagLog}, {tagMeta}, {tagCommit}, {tagChunk}, {tagHistory}}
}

// Marker is set in an SCN's place where a large transaction wrote, and the rest of the bits are its id.
const Marker uint64 = 1 << 63

// appendNum appends n so that encodings sort like numbers: one byte up to 0xf7, else a length byte and big-endian bytes.
func appendNum(dst []byte, n uint64) []byte {
	if n < 0xf8 {
		return append(dst, byte(n))
	}
	size := 1
	for n>>(8*size) != 0 && size < 8 {
		size++
	}
	dst = append(dst, byte(0xf7+size))
	for i := size - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

func num(b []byte) (n uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	if b[0] < 0xf8 {
		return uint64(b[0]), b[1:], true
	}
	size := int(b[0] - 0xf7)
	if len(b) < 1+size {
		return 0, nil, false
	}
	for _, c := range b[1 : 1+size] {
		n = n<<8 | uint64(c)
	}
	return n, b[1+size:], true
}

// Space names one versioned keyspace of one layer.
type Space struct {
	Layer    uint64
	Keyspace uint64
}

// AppendHead appends the head key of a row; without key it is the prefix of all heads of the space.
func (s Space) AppendHead(dst, key []byte) []byte {
	dst = appendNum(appendNum(append(dst, tagHead), s.Layer), s.Keyspace)
	return append(dst, key...)
}

// HeadLen returns the length of the prefix of heads.
func (s Space) HeadLen() int { return 1 + numLen(s.Layer) + numLen(s.Keyspace) }

// AppendHistory appends the prefix of the history keys of a row; without key of all history of the space.
func (s Space) AppendHistory(dst, key []byte) []byte {
	dst = appendNum(appendNum(append(dst, tagHistory), s.Layer), s.Keyspace)
	return append(dst, key...)
}

// AppendEnd completes a history key by the SCN at which the version ended.
func AppendEnd(dst []byte, end uint64) []byte { return binary.BigEndian.AppendUint64(dst, end) }

// SplitHistory parts what follows a space's prefix in a history key into the row's key and the end.
func SplitHistory(b []byte) (key []byte, end uint64, ok bool) {
	if len(b) < 8 {
		return nil, 0, false
	}
	n := len(b) - 8
	return b[:n], binary.BigEndian.Uint64(b[n:]), true
}

func numLen(n uint64) int {
	if n < 0xf8 {
		return 1
	}
	size := 1
	for n>>(8*size) != 0 && size < 8 {
		size++
	}
	return 1 + size
}

// DecodeHead parts a head key.
func DecodeHead(b []byte) (s Space, key []byte, ok bool) { return decodeSpace(b, tagHead) }

// DecodeHistory parts a history key.
func DecodeHistory(b []byte) (s Space, key []byte, end uint64, ok bool) {
	s, rest, ok := decodeSpace(b, tagHistory)
	if !ok {
		return s, nil, 0, false
	}
	key, end, ok = SplitHistory(rest)
	return s, key, end, ok
}

func decodeSpace(b []byte, tag byte) (s Space, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != tag {
		return s, nil, false
	}
	if s.Layer, rest, ok = num(b[1:]); !ok {
		return s, nil, false
	}
	s.Keyspace, rest, ok = num(rest)
	return s, rest, ok
}
