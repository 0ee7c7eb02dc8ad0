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

// sequences implements storage.Sequences. The state in the store runs ahead of the one in memory. A sequence has one state
// for all branches, or, when they are isolated, one for each that begins where the common one stands.
type sequences struct {
	s  *Store
	mu sync.Mutex
	m  map[uint64]*sequence
}

// stateID numbers the state of a sequence: its OID, and for a branch's own state the branch above that.
func stateID(d *catalog.Sequence) uint64 {
	if d.PerBranch() {
		return d.Branch<<32 | uint64(d.OID)
	}
	return uint64(d.OID)
}

type sequence struct {
	mu     sync.Mutex
	loaded bool
	last   int64
	called bool
	left   int // values that the store's state runs ahead
	moves  uint64

	blocks map[uint64]*block // what branches have taken
}

// block is a run of values that a branch has taken and not used yet. What is left of it when the server ends is lost.
type block struct {
	next int64
	left int64
}

func (q *sequences) init(s *Store) { q.s, q.m = s, map[uint64]*sequence{} }

func (q *sequences) open(ctx context.Context, d *catalog.Sequence) (*sequence, error) {
	q.mu.Lock()
	id := stateID(d)
	x := q.m[id]
	if x == nil {
		x = &sequence{}
		q.m[id] = x
	}
	q.mu.Unlock()
	x.mu.Lock()
	if x.loaded {
		return x, nil
	}
	val, ok, err := q.s.kv.Get(ctx, keys.MetaSequence.Append(nil, id), nil)
	if err == nil && !ok && id != uint64(d.OID) {
		err = q.begin(ctx, d, x)
		if err == nil {
			return x, nil
		}
	}
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

// begin starts a branch's own state where its parent's stands, or, for one without a parent, the common one.
func (q *sequences) begin(ctx context.Context, d *catalog.Sequence, x *sequence) error {
	from := *d
	from.Policy = catalog.SequenceShared
	if b := q.s.branchByID(d.Branch); b != nil && b.ParentID != 0 && b.ParentID != b.ID {
		from.Policy, from.Branch = d.Policy, b.ParentID
	}
	y, err := q.open(ctx, &from)
	if err != nil {
		return err
	}
	defer y.mu.Unlock()
	x.last, x.called, x.loaded = y.last, y.called, true
	return nil
}

func (q *sequences) store(ctx context.Context, id uint64, last int64, called bool) error {
	val := make([]byte, 1, 9)
	if called {
		val[0] = 1
	}
	b := kv.Batch{Async: true} // the next commit syncs it: see Store.seqDirty
	b.Put(keys.MetaSequence.Append(nil, id), binary.BigEndian.AppendUint64(val, uint64(last)))
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
	if d.Policy == catalog.SequenceBlock && d.Branch != 0 && d.Block > 1 {
		return q.fromBlock(ctx, d, x)
	}
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
		if err := q.store(ctx, stateID(d), top, true); err != nil {
			return 0, err
		}
		x.left = n + 1
	}
	x.left--
	x.moves++
	x.last, x.called = v, true
	return v, nil
}

// fromBlock gives the next value of a branch's block; where it is used up the branch takes another.
func (q *sequences) fromBlock(ctx context.Context, d *catalog.Sequence, x *sequence) (int64, error) {
	b := x.blocks[d.Branch]
	if b == nil {
		b = &block{}
		if x.blocks == nil {
			x.blocks = map[uint64]*block{}
		}
		x.blocks[d.Branch] = b
	}
	if b.left == 0 {
		if err := q.takeBlock(ctx, d, x, b); err != nil {
			return 0, err
		}
	}
	v := b.next
	b.left--
	x.moves++
	b.next += d.Increment
	return v, nil
}

func (q *sequences) takeBlock(ctx context.Context, d *catalog.Sequence, x *sequence, b *block) error {
	v := x.last
	var err error
	if x.called {
		if v, err = step(d, x.last); err != nil {
			return err
		}
	}
	top, n := v, int64(1)
	for n < d.Block {
		t, err := step(d, top)
		if err != nil || (t > top) != (d.Increment > 0) { // the end, or a new cycle
			break
		}
		top = t
		n++
	}
	if err := q.store(ctx, stateID(d), top, true); err != nil {
		return err
	}
	b.next, b.left = v, n
	x.last, x.called, x.left = top, true, 0
	return nil
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
	if err := q.store(ctx, stateID(d), value, called); err != nil {
		return err
	}
	x.last, x.called, x.left, x.blocks = value, called, 0, nil
	x.moves++
	return nil
}

// Moves implements storage.Sequences.
func (q *sequences) Moves(ctx context.Context, d *catalog.Sequence) (uint64, error) {
	x, err := q.open(ctx, d)
	if err != nil {
		return 0, err
	}
	defer x.mu.Unlock()
	return x.moves, nil
}

// Redefine implements storage.Sequences: what was reserved by the old definition is given back.
func (q *sequences) Redefine(ctx context.Context, d *catalog.Sequence) error {
	x, err := q.open(ctx, d)
	if err != nil {
		return err
	}
	defer x.mu.Unlock()
	if err := q.store(ctx, stateID(d), x.last, x.called); err != nil {
		return err
	}
	x.left, x.blocks = 0, nil
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
