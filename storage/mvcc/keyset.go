package mvcc

import (
	"context"
	"slices"
)

// keySet gathers keys that come many times over, in any order: 16 bytes and the key itself for each. What is more than limit
// bytes goes to temporary files, sorted.
type keySet struct {
	limit int    // 0: none
	dir   string // of the files

	chunk []byte
	keys  []string
	bytes int // of the keys themselves
	clean int // keys up to here are sorted and different
	runs  []*keyRun
	err   error
}

const keyChunk = 64 << 10

// add adds a key, and reports whether that went well.
func (s *keySet) add(key []byte) bool {
	if n := len(s.keys); n > 0 && s.keys[n-1] == string(key) {
		return true
	}
	if len(s.chunk)+len(key) > cap(s.chunk) {
		s.chunk = make([]byte, 0, max(keyChunk, len(key)))
	}
	at := len(s.chunk)
	s.chunk = append(s.chunk, key...) // what is in a chunk is never changed, nor moved
	s.keys = append(s.keys, bytesString(s.chunk[at:]))
	s.bytes += len(key)
	if full := s.full(1); full || len(s.keys) > 2*s.clean+keyChunk {
		s.sorted()
		if full && s.full(2) { // else there were enough that came again
			s.spill()
		}
	}
	return s.err == nil
}

// full reports whether the keys in memory take the n-th part of the limit.
func (s *keySet) full(n int) bool {
	return s.limit > 0 && n*(s.bytes+24*len(s.keys)) > s.limit
}

// sorted returns the keys in memory in order, each once.
func (s *keySet) sorted() []string {
	slices.Sort(s.keys)
	before := len(s.keys)
	s.keys = slices.Compact(s.keys)
	if s.clean = len(s.keys); s.clean < before {
		s.bytes = 0
		for _, k := range s.keys {
			s.bytes += len(k)
		}
	}
	return s.keys
}

// spill moves the keys in memory, which are sorted, to a file.
func (s *keySet) spill() {
	r, err := writeRun(s.dir, s.keys)
	if err != nil {
		s.err = err
		return
	}
	s.runs = append(s.runs, r)
	clear(s.keys)
	s.keys, s.chunk, s.bytes, s.clean = s.keys[:0], nil, 0, 0
}

// list returns what yields the keys; the set is not to be used any more.
func (s *keySet) list() *keyMerge {
	m := &keyMerge{left: len(s.sorted())}
	m.add(&keyHead{list: s.keys})
	for _, r := range s.runs {
		m.left += r.n
		m.add(&keyHead{run: r})
	}
	s.runs = nil
	return m
}

// close removes the files of a set that is not used.
func (s *keySet) close() {
	for _, r := range s.runs {
		_ = r.close()
	}
}

// keyMerge implements storage.RowKeys over sorted lists.
type keyMerge struct {
	heads []*keyHead // a heap; their keys are read
	runs  []*keyRun
	left  int
	err   error
	buf   []byte
	ends  []int // of the keys in buf
	out   []string
}

// keyHead is what is left of a list in memory, or of a file.
type keyHead struct {
	list []string
	run  *keyRun
	key  string // of a file, until the next one is read
}

// next moves to the next key.
func (h *keyHead) next() (ok bool, err error) {
	if h.run != nil {
		h.key, ok, err = h.run.next()
		return ok, err
	}
	if len(h.list) == 0 {
		return false, nil
	}
	h.key, h.list = h.list[0], h.list[1:]
	return true, nil
}

func (m *keyMerge) add(h *keyHead) {
	if h.run != nil {
		m.runs = append(m.runs, h.run)
	}
	ok, err := h.next()
	if err != nil {
		m.err = err
	}
	if !ok {
		return
	}
	m.heads = append(m.heads, h)
	for i := len(m.heads) - 1; i > 0 && m.heads[i].key < m.heads[(i-1)/2].key; i = (i - 1) / 2 {
		m.heads[i], m.heads[(i-1)/2] = m.heads[(i-1)/2], m.heads[i]
	}
}

// advance moves the first head on.
func (m *keyMerge) advance() {
	ok, err := m.heads[0].next()
	if err != nil {
		m.err = err
	}
	n := len(m.heads)
	if !ok {
		m.heads[0] = m.heads[n-1]
		m.heads, n = m.heads[:n-1], n-1
	}
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if m.heads[c].key < m.heads[least].key {
				least = c
			}
		}
		if least == i {
			return
		}
		m.heads[i], m.heads[least] = m.heads[least], m.heads[i]
		i = least
	}
}

// Next implements storage.RowKeys.
func (m *keyMerge) Next(_ context.Context, n int) ([]string, error) {
	if len(m.runs) == 0 && m.err == nil {
		return m.fromMemory(n), nil
	}
	m.buf = make([]byte, 0, len(m.buf)+len(m.buf)/8) // the keys of before may still be in use
	m.ends, m.out = m.ends[:0], m.out[:0]
	for len(m.ends) < n && len(m.heads) > 0 && m.err == nil {
		from := len(m.buf)
		m.buf = append(m.buf, m.heads[0].key...)
		m.ends = append(m.ends, len(m.buf))
		for len(m.heads) > 0 && m.err == nil && m.heads[0].key == bytesString(m.buf[from:]) {
			m.advance()
			m.left--
		}
	}
	from := 0
	for _, to := range m.ends {
		m.out = append(m.out, bytesString(m.buf[from:to:to]))
		from = to
	}
	return m.out, m.err
}

// fromMemory is Next where nothing is in files.
func (m *keyMerge) fromMemory(n int) []string {
	if len(m.heads) == 0 {
		return nil
	}
	h := m.heads[0]
	n = min(n, len(h.list)+1)
	m.left -= n
	m.out = append(append(m.out[:0], h.key), h.list[:n-1]...)
	if h.list = h.list[n-1:]; len(h.list) == 0 {
		m.heads = nil
		return m.out
	}
	h.key, h.list = h.list[0], h.list[1:]
	return m.out
}

// Len implements storage.RowKeys.
func (m *keyMerge) Len() int { return m.left }

// Close implements storage.RowKeys.
func (m *keyMerge) Close() (err error) {
	for _, r := range m.runs {
		if e := r.close(); err == nil {
			err = e
		}
	}
	m.runs, m.heads = nil, nil
	return err
}
