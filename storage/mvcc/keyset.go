package mvcc

import "slices"

// keySet gathers keys that come many times over, in any order: 16 bytes and the key itself for each.
type keySet struct {
	chunk []byte
	keys  []string
	clean int // keys up to here are sorted and different
}

const keyChunk = 64 << 10

func (s *keySet) add(key []byte) {
	if n := len(s.keys); n > 0 && s.keys[n-1] == string(key) {
		return
	}
	if len(s.chunk)+len(key) > cap(s.chunk) {
		s.chunk = make([]byte, 0, max(keyChunk, len(key)))
	}
	at := len(s.chunk)
	s.chunk = append(s.chunk, key...) // what is in a chunk is never changed, nor moved
	s.keys = append(s.keys, bytesString(s.chunk[at:]))
	if len(s.keys) > 2*s.clean+keyChunk {
		s.sorted()
	}
}

// sorted returns the keys in order, each once.
func (s *keySet) sorted() []string {
	slices.Sort(s.keys)
	s.keys = slices.Compact(s.keys)
	s.clean = len(s.keys)
	return s.keys
}
