package mvcc

import (
	"bytes"
	"context"
)

// mergeScan merges sources: where several have a key the earliest one counts. It leaves tombstones out.
type mergeScan struct {
	in      []source
	ok      []bool // in[i] stands on a row
	need    []bool // in[i] has to move first
	reverse bool
	at      int
	dead    bool // yield tombstones too
}

func newMerge(in []source, reverse bool) source {
	m := &mergeScan{in: in, ok: make([]bool, len(in)), need: make([]bool, len(in)), reverse: reverse}
	for i := range m.need {
		m.need[i] = true
	}
	return m
}

func (m *mergeScan) row() *row { return m.in[m.at].row() }

func (m *mergeScan) close() {
	for _, s := range m.in {
		s.close()
	}
}

func (m *mergeScan) next() (ok bool, err error) {
	for {
		for i, need := range m.need {
			if need {
				if m.ok[i], err = m.in[i].next(); err != nil {
					return false, err
				}
				m.need[i] = false
			}
		}
		if !m.pick() {
			return false, nil
		}
		if m.dead || !m.row().deleted {
			return true, nil
		}
	}
}

// pick finds the least key, and marks all that stand on it as to be moved.
func (m *mergeScan) pick() bool {
	m.at = -1
	var best []byte
	for i, s := range m.in {
		if !m.ok[i] {
			continue
		}
		k := s.row().key
		c := -1
		if m.at >= 0 {
			if c = bytes.Compare(k, best); m.reverse {
				c = -c
			}
		}
		switch {
		case c < 0:
			for j := range i {
				m.need[j] = false
			}
			m.at, best, m.need[i] = i, k, true
		case c == 0:
			m.need[i] = true
		}
	}
	return m.at >= 0
}

// liveScan leaves the tombstones of a single source out.
type liveScan struct{ source }

func (l liveScan) next() (bool, error) {
	for {
		ok, err := l.source.next()
		if err != nil || !ok {
			return false, err
		}
		if !l.source.row().deleted {
			return true, nil
		}
	}
}

// scan yields the live rows that a chain, with the writes of w on top, has in a span.
func (r *reader) scan(ctx context.Context, chain []link, ks uint64, w *writes, s span) source {
	in := w.scan(nil, r.cmd, s)
	for _, k := range within(nil, chain[0], ks) {
		in = append(in, r.fork().scanLayer(ctx, k.space, k.bound, s)) // each has scratch memory of its own
	}
	switch len(in) {
	case 0:
		return emptyScan{}
	case 1:
		if ls, ok := in[0].(*layerScan); ok {
			ls.live = true
			return ls
		}
		return liveScan{in[0]}
	}
	return newMerge(in, s.reverse)
}

// fork returns a reader that sees the same and has its own memory.
func (r *reader) fork() *reader { return &reader{s: r.s, own: r.own, cmd: r.cmd} }

type emptyScan struct{}

func (emptyScan) next() (bool, error) { return false, nil }
func (emptyScan) row() *row           { return &row{} }
func (emptyScan) close()              {}
