package mvcc

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

const (
	tallyRecent = 64   // commits that a space remembers one by one
	tallyPast   = 256  // counts of older points that it keeps
	tallyLogs   = 4096 // log entries that counting back to an older point may read
)

// tally tells how many rows a space has at an SCN: its newest count less what the commits after the SCN have added. The
// last of them are in memory, those before in the layer's log. What it was at a point never changes, and is kept.
type tally struct {
	mu     sync.Mutex
	recent []tallyDelta // ascending by SCN
	floor  uint64       // commits up to here are not in recent any more
	past   map[uint64]int64
}

type tallyDelta struct {
	scn  uint64
	rows int64
}

// changes count what commits did to rows.
type changes struct{ inserts, updates, deletes atomic.Int64 }

func (c *changes) add(n rowCounts) {
	c.inserts.Add(n.inserts)
	c.updates.Add(n.updates)
	c.deletes.Add(n.deletes)
}

func (c *changes) all() int64 { return c.inserts.Load() + c.updates.Load() + c.deletes.Load() }

func (c *changes) append(dst []byte) []byte {
	for _, n := range []*atomic.Int64{&c.inserts, &c.updates, &c.deletes} {
		dst = binary.AppendVarint(dst, n.Load())
	}
	return dst
}

// read takes in what append made, and returns what follows; nil where there is none.
func (c *changes) read(b []byte) []byte {
	for _, n := range []*atomic.Int64{&c.inserts, &c.updates, &c.deletes} {
		v, size := binary.Varint(b)
		if size <= 0 {
			return nil
		}
		n.Store(v)
		b = b[size:]
	}
	return b
}

// changed counts what a commit did to the rows of a table.
func (l *layer) changed(n tableCount) {
	if n.table >= catalog.FirstUserOID { // not the store's own
		l.changes.add(n.rowCounts)
	}
}

// countSpaces finds what was changed in a layer of which that was never saved, as far as what it has tells.
func (l *layer) countSpaces() {
	for ks, sp := range *l.spaces.Load() {
		if ks >= counterStart[counterKeyspace] { // not the store's own
			l.changes.add(rowCounts{sp.changes.inserts.Load(), sp.changes.updates.Load(), sp.changes.deletes.Load()})
		}
	}
}

// counted takes in what a commit did to the space's rows, before its SCN is published.
func (sp *space) counted(scn uint64, n rowCounts) {
	sp.changes.add(n)
	if n.inserts == n.deletes {
		return
	}
	c := &sp.tally
	c.mu.Lock()
	defer c.mu.Unlock()
	sp.rows.Add(n.inserts - n.deletes)
	i := len(c.recent)
	for i > 0 && c.recent[i-1].scn > scn {
		i--
	}
	if len(c.recent) == tallyRecent {
		if i == 0 { // it is the oldest itself
			c.floor = max(c.floor, scn)
			return
		}
		c.floor = max(c.floor, c.recent[0].scn)
		c.recent = slices.Delete(c.recent, 0, 1)
		i--
	}
	c.recent = slices.Insert(c.recent, i, tallyDelta{scn, n.inserts - n.deletes})
}

// rowsAt returns the space's count at an SCN of which all commits are published. Where that is beyond what memory holds
// it also returns up to where the log has to be read, and ok is false.
func (sp *space) rowsAt(at uint64) (n int64, floor uint64, ok bool) {
	c := &sp.tally
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok = c.past[at]; ok {
		return n, 0, true
	}
	n = sp.rows.Load()
	for i := len(c.recent) - 1; i >= 0 && c.recent[i].scn > at; i-- {
		n -= c.recent[i].rows
	}
	return n, c.floor, at >= c.floor
}

func (sp *space) keepPast(at uint64, n int64) {
	c := &sp.tally
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.past == nil || len(c.past) >= tallyPast {
		c.past = map[uint64]int64{}
	}
	c.past[at] = n
}

// countLayer counts what one layer adds to a keyspace at an SCN; false: that would take too long.
func (s *Store) countLayer(ctx context.Context, l *layer, ks catalog.Keyspace, at uint64) (int64, bool, error) {
	sp := l.space(ks)
	if sp == nil {
		return 0, true, nil
	}
	if l.cut.Load() {
		return 0, false, nil
	}
	n, floor, ok := sp.rowsAt(at)
	if ok {
		return n, true, nil
	}
	if at < l.trimmed.Load() {
		return 0, false, nil // log entries after the point are gone
	}
	read := 0
	err := s.eachLog(ctx, l, at, floor, func(_ uint64, h logHeader) bool {
		for _, c := range h.tables {
			if c.keyspace == ks {
				n -= c.inserts - c.deletes
			}
		}
		read++
		return read <= tallyLogs
	})
	if err != nil || read > tallyLogs || at < l.trimmed.Load() {
		return 0, false, err
	}
	sp.keepPast(at, n)
	return n, true, nil
}

// CountRows returns the number of rows that a scan of the whole table would give, without scanning. ok is false where it
// is not known: far back in the past, and where the transaction's own writes cannot be told apart from what its snapshot
// shows.
func (t *Txn) CountRows(ctx context.Context, r storage.ScanRequest) (n int64, ok bool, err error) {
	if err := t.check(); err != nil {
		return 0, false, err
	}
	v, err := t.own(r.View)
	if err != nil {
		return 0, false, err
	}
	if r.Index != nil || r.Ranges != nil || r.Keys != nil || r.Latest || t.o.Isolation == storage.Serializable && !v.readOnly {
		return 0, false, nil
	}
	if n, ok = t.ownRows(v, r.Table.Rows); !ok {
		return 0, false, nil
	}
	for _, l := range v.chain {
		k, ok, err := t.s.countLayer(ctx, l.layer, r.Table.Rows, l.bound)
		if err != nil || !ok {
			return 0, false, storeError(err)
		}
		n += k
	}
	return n, true, nil
}

// ownRows is what the transaction's earlier statements have added to a table. Under REPEATABLE READ what its writes
// replaced need not be what its snapshot shows; of what a large transaction has written ahead no list is in memory.
func (t *Txn) ownRows(v *view, ks catalog.Keyspace) (n int64, ok bool) {
	w := t.writesIn(v, ks)
	switch {
	case w == nil || !w.any():
		return 0, true
	case w.flushed || t.o.Isolation != storage.ReadCommitted:
		return 0, false
	}
	ok = true
	w.tree.Scan(func(x *write) bool {
		was := x.below == belowHead || x.below == belowParent
		ok = x.below != belowOwn
		if x = x.at(t.r.cmd); x == nil {
			return ok
		}
		switch {
		case x.deleted && was:
			n--
		case !x.deleted && !was:
			n++
		}
		return ok
	})
	return n, ok
}
