package mvcc

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// logAhead is how many values are reserved at a time, as PostgreSQL does: a crash leaves a gap of at most as many.
const logAhead = 32

// sequences implements storage.Sequences. The state in the store runs ahead of the one in memory.
type sequences struct {
	s  *Store
	mu sync.Mutex
	m  map[catalog.OID]*sequence
}

type sequence struct {
	mu     sync.Mutex
	loaded bool
	last   int64
	called bool
	left   int // values that the store's state runs ahead
}

func (q *sequences) init(s *Store) { q.s, q.m = s, map[catalog.OID]*sequence{} }

func (q *sequences) open(ctx context.Context, d *catalog.Sequence) (*sequence, error) {
	q.mu.Lock()
	x := q.m[d.OID]
	if x == nil {
		x = &sequence{}
		q.m[d.OID] = x
	}
	q.mu.Unlock()
	x.mu.Lock()
	if x.loaded {
		return x, nil
	}
	val, ok, err := q.s.kv.Get(ctx, keys.MetaSequence.Append(nil, uint64(d.OID)), nil)
	if err != nil {
		x.mu.Unlock()
		return nil, err
	}
	x.last, x.loaded = d.Start, true
	if ok && len(val) == 9 {
		x.called, x.last = val[0] == 1, int64(binary.BigEndian.Uint64(val[1:]))
	}
	return x, nil
}

func (q *sequences) store(ctx context.Context, id catalog.OID, last int64, called bool) error {
	val := make([]byte, 1, 9)
	if called {
		val[0] = 1
	}
	b := kv.Batch{Async: true} // the next commit syncs it: see Store.seqDirty
	b.Put(keys.MetaSequence.Append(nil, uint64(id)), binary.BigEndian.AppendUint64(val, uint64(last)))
	q.s.seqDirty.Store(true)
	return q.s.kv.Apply(ctx, &b)
}

// Next implements storage.Sequences.
func (q *sequences) Next(ctx context.Context, d *catalog.Sequence) (int64, error) {
	x, err := q.open(ctx, d)
	if err != nil {
		return 0, err
	}
	defer x.mu.Unlock()
	v := x.last
	if x.called {
		if v, err = step(d, x.last); err != nil {
			return 0, err
		}
	}
	if x.left == 0 {
		top, n := v, 0
		for n < logAhead-1 {
			t, err := step(d, top)
			if err != nil || (t > top) != (d.Increment > 0) { // the end, or a new cycle
				break
			}
			top = t
			n++
		}
		if err := q.store(ctx, d.OID, top, true); err != nil {
			return 0, err
		}
		x.left = n + 1
	}
	x.left--
	x.last, x.called = v, true
	return v, nil
}

// step returns the value after v.
func step(d *catalog.Sequence, v int64) (int64, error) {
	n := v + d.Increment
	switch {
	case d.Increment > 0 && (n > d.Max || n < v):
		if !d.Cycle {
			return 0, errSequence(d, "maximum", d.Max)
		}
		return d.Min, nil
	case d.Increment < 0 && (n < d.Min || n > v):
		if !d.Cycle {
			return 0, errSequence(d, "minimum", d.Min)
		}
		return d.Max, nil
	}
	return n, nil
}

func errSequence(d *catalog.Sequence, end string, limit int64) error {
	return pgerr.New(pgerrcode.SequenceGeneratorLimitExceeded, "nextval: reached %s value of sequence \"%s\" (%d)", end, d.Name, limit)
}

// Set implements storage.Sequences.
func (q *sequences) Set(ctx context.Context, d *catalog.Sequence, value int64, called bool) error {
	x, err := q.open(ctx, d)
	if err != nil {
		return err
	}
	defer x.mu.Unlock()
	if err := q.store(ctx, d.OID, value, called); err != nil {
		return err
	}
	x.last, x.called, x.left = value, called, 0
	return nil
}

// Get implements storage.Sequences.
func (q *sequences) Get(ctx context.Context, d *catalog.Sequence) (last int64, called bool, err error) {
	x, err := q.open(ctx, d)
	if err != nil {
		return 0, false, err
	}
	defer x.mu.Unlock()
	return x.last, x.called, nil
}
