package mvcc

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// RowEstimate implements storage.Txn: what the layers of the view count, with the transaction's own changes. It is exact
// at the head of a branch that was never forked from another; a parent's count is its newest. CountRows is exact, and
// says when it does not know.
func (t *Txn) RowEstimate(sv storage.View, table *catalog.Table) int64 {
	v, err := t.own(sv)
	if err != nil {
		return 0
	}
	var n int64
	for _, l := range v.chain {
		if sp := l.space(table.Rows); sp != nil {
			n += sp.rows.Load()
		}
	}
	if w := t.writesIn(v, table.Rows); w != nil {
		n += w.inserts - w.deletes + w.pending()
	}
	return max(n, 0)
}

// pending counts rows added less rows removed by what is not written ahead; of large transactions it takes a guess.
func (w *writes) pending() (n int64) {
	size := w.tree.Len()
	for _, p := range w.away {
		size += p.tree.Len()
	}
	if size > 10000 {
		return int64(size)
	}
	w.each(func(x *write) bool {
		was := x.below == belowHead || x.below == belowParent
		switch {
		case x.deleted && was:
			n--
		case !x.deleted && !was && x.below != belowOwn:
			n++
		}
		return true
	})
	return n
}

// rowSaver saves the counts of rows now and then. What was committed since is counted again from the log at start-up.
type rowSaver struct {
	last time.Time
	scn  uint64 // of what was saved
}

const saveEvery = 30 * time.Second

func (r *rowSaver) save(ctx context.Context, s *Store, force bool) error {
	if !force && time.Since(r.last) < saveEvery {
		return nil
	}
	r.last = time.Now()
	published := s.seq.published.Load()
	if published == r.scn {
		return nil
	}
	var b kv.Batch
	b.Async = !force
	s.topology.Lock()
	published = s.seq.published.Load()
	s.mu.RLock()
	for _, l := range s.layers {
		for _, sp := range *l.spaces.Load() {
			if sp.ins.Load()+sp.upd.Load()+sp.del.Load() > 0 {
				b.Put(keys.MetaRows.Append(nil, sp.Layer, sp.Keyspace), sp.appendCounts(nil))
			}
		}
	}
	s.mu.RUnlock()
	s.topology.Unlock()
	b.Put(keys.MetaRows.Append(nil), binary.AppendUvarint(nil, published))
	if err := b.Check(s.kv.Limits()); err != nil {
		return nil // more tables than a batch takes: they are counted from the log
	}
	r.scn = published
	return s.kv.Apply(ctx, &b)
}

func (sp *space) appendCounts(dst []byte) []byte {
	for _, n := range []int64{sp.rows.Load(), sp.ins.Load(), sp.upd.Load(), sp.del.Load()} {
		dst = binary.AppendVarint(dst, n)
	}
	return dst
}

// loadRows reads the counts and adds what was committed after they were saved.
func (s *Store) loadRows(ctx context.Context) error {
	var saved uint64
	err := s.each(ctx, keys.MetaRows.Append(nil), func(rest, val []byte) error {
		if len(rest) == 0 {
			saved, _ = binary.Uvarint(val)
			return nil
		}
		id, rest, _ := keys.ID(rest)
		ks, _, ok := keys.ID(rest)
		l := s.layers[id]
		if !ok || l == nil {
			return nil
		}
		sp, _ := l.open(ks)
		var n [4]int64
		for i := range n {
			v, size := binary.Varint(val)
			if size <= 0 {
				return errCorrupt(val)
			}
			n[i], val = v, val[size:]
		}
		sp.rows.Store(n[0])
		sp.ins.Store(n[1])
		sp.upd.Store(n[2])
		sp.del.Store(n[3])
		return nil
	})
	if err != nil {
		return err
	}
	s.rowSaver.scn = saved
	for _, l := range s.layers {
		if last, _ := l.lastCommit(); last <= saved {
			continue
		}
		err := s.eachLog(ctx, l, saved, latest, func(_ uint64, h logHeader) bool {
			for _, c := range h.tables {
				sp, _ := l.open(c.keyspace)
				sp.rows.Add(c.inserts - c.deletes)
				sp.ins.Add(c.inserts)
				sp.upd.Add(c.updates)
				sp.del.Add(c.deletes)
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	s.forgetTallies()
	return nil
}

// forgetTallies says that of the commits so far none is in memory.
func (s *Store) forgetTallies() {
	last := s.seq.published.Load()
	for _, l := range s.layers {
		for _, sp := range *l.spaces.Load() {
			sp.tally.floor = last
		}
	}
}
