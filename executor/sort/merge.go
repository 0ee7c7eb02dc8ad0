package sort

import (
	"container/heap"

	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/types/vector"
)

// merger reads sorted runs as one.
type merger struct {
	s     *Sort
	heads []*head // a heap
	begun bool
	left  int64
	vecs  []vector.Vector
	out   vector.Batch
}

// head is the first row of a run not yet taken.
type head struct {
	run   int
	q     *spill.Queue
	batch *vector.Batch
	i     int
}

func newMerger(s *Sort) *merger {
	m := &merger{s: s, left: s.limit, vecs: make([]vector.Vector, s.width)}
	for i := range m.vecs {
		m.vecs[i].Type = s.types[i]
		m.out.Cols = append(m.out.Cols, &m.vecs[i])
	}
	return m
}

// Len implements heap.Interface.
func (m *merger) Len() int { return len(m.heads) }

// Less implements heap.Interface: of equal rows that of the earlier run is first.
func (m *merger) Less(i, j int) bool {
	a, b := m.heads[i], m.heads[j]
	for k := range m.s.keys {
		key := &m.s.keys[k]
		if c := key.Compare(a.batch.Cols[key.Col].Datum(a.i), b.batch.Cols[key.Col].Datum(b.i)); c != 0 {
			return c < 0
		}
	}
	return a.run < b.run
}

// Swap implements heap.Interface.
func (m *merger) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }

// Push implements heap.Interface.
func (m *merger) Push(x any) { m.heads = append(m.heads, x.(*head)) }

// Pop implements heap.Interface.
func (m *merger) Pop() any {
	h := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return h
}

func (m *merger) begin() error {
	m.begun = true
	for i, q := range m.s.runs {
		b, err := q.Dequeue()
		if err != nil {
			return err
		}
		if b != nil {
			m.heads = append(m.heads, &head{run: i, q: q, batch: b})
		}
	}
	heap.Init(m)
	return nil
}

func (m *merger) next() (*vector.Batch, error) {
	if !m.begun {
		if err := m.begin(); err != nil {
			return nil, err
		}
	}
	for i := range m.vecs {
		m.vecs[i].Reset(m.vecs[i].Type)
	}
	for m.out.N = 0; m.out.N < vector.Size && len(m.heads) > 0 && m.left != 0; m.out.N++ {
		h := m.heads[0]
		for i := range m.vecs {
			m.vecs[i].Append(h.batch.Cols[i].Datum(h.i))
		}
		m.left--
		if err := m.advance(h); err != nil {
			return nil, err
		}
	}
	if m.out.N == 0 {
		return nil, nil
	}
	return &m.out, nil
}

// advance steps the first run on.
func (m *merger) advance(h *head) error {
	if h.i++; h.i < h.batch.N {
		heap.Fix(m, 0)
		return nil
	}
	b, err := h.q.Dequeue()
	if err != nil {
		return err
	}
	if b == nil {
		heap.Pop(m)
		return nil
	}
	h.batch, h.i = b, 0
	heap.Fix(m, 0)
	return nil
}
