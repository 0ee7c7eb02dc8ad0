package mvcc

import (
	"context"
	"encoding/binary"
	"sync"
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
	mu   sync.Mutex
	last time.Time
	scn  uint64 // of what was saved
	all  bool   // some of what changed may not have been saved
	// closing is 1 when the store is closed: what is saved then is all there is to know. Else sizes are measured anew after the
	// next start: removals leave no trace in the log.
	closing byte
}

const saveEvery = 30 * time.Second

func (r *rowSaver) save(ctx context.Context, s *Store, force bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !force && time.Since(r.last) < saveEvery {
		return nil
	}
	r.last = time.Now()
	if s.seq.published.Load() == r.scn && !force {
		return nil
	}
	batch, published := s.counts(r.all)
	r.all = true // unless all of it gets there
	limits := s.kv.Limits()
	b := kv.Batch{Async: true, Urgent: true}
	for i := range batch.Len() {
		key, val := batch.At(i)
		if !b.Fits(limits, 1, len(key)+len(val)) {
			if err := s.kv.Apply(ctx, &b); err != nil {
				return err
			}
			b.Reset()
			b.Async, b.Urgent = true, true
		}
		b.Put(key, val)
	}
	b.Put(keys.MetaRows.Append(nil), append(binary.AppendUvarint(nil, published), r.closing))
	b.Async = !force
	if err := s.kv.Apply(ctx, &b); err != nil {
		return err
	}
	r.scn, r.all = published, false
	return nil
}

// counts returns the records of all that has been counted, as of one SCN, which is in each of them: should they not get
// into the store together, each says from where on to count.
func (s *Store) counts(all bool) (kv.Batch, uint64) {
	s.topology.Lock()
	defer s.topology.Unlock()
	return s.countsLocked(all)
}

func (s *Store) countsLocked(all bool) (b kv.Batch, published uint64) {
	published = s.seq.published.Load()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, l := range s.layers {
		if l.logged.changed.Swap(false) || all {
			b.Put(keys.MetaRows.Append(nil, l.id), l.changes.append(l.logged.append(nil, published)))
		}
		for _, sp := range *l.spaces.Load() {
			if sp.size.changed.Swap(false) || all {
				b.Put(keys.MetaRows.Append(nil, sp.Layer, sp.Keyspace), sp.size.append(sp.appendCounts(nil), published))
			}
		}
	}
	return b, published
}

func (sp *space) appendCounts(dst []byte) []byte {
	return sp.changes.append(binary.AppendVarint(dst, sp.rows.Load()))
}

// loadRows reads the counts and adds what was committed after they were saved.
func (s *Store) loadRows(ctx context.Context) error {
	var saved uint64
	inOrder := false
	since, layers := map[*space]uint64{}, map[*layer]uint64{}
	err := s.each(ctx, keys.MetaRows.Append(nil), func(rest, val []byte) error {
		if len(rest) == 0 {
			var n int
			saved, n = binary.Uvarint(val)
			inOrder = n > 0 && n < len(val) && val[n] == 1
			return nil
		}
		id, rest, _ := keys.ID(rest)
		l := s.layers[id]
		if l == nil {
			return nil
		}
		if len(rest) == 0 {
			scn, rest := l.logged.read(val)
			if l.changes.read(rest) != nil {
				layers[l] = scn
			}
			return nil
		}
		ks, _, ok := keys.ID(rest)
		if !ok {
			return nil
		}
		sp, _ := l.open(ks)
		n, size := binary.Varint(val)
		sp.rows.Store(n)
		if val = sp.changes.read(val[max(size, 0):]); size <= 0 || val == nil {
			return errCorrupt(val)
		}
		since[sp], _ = sp.size.read(val)
		sp.touched(since[sp])
		return nil
	})
	if err != nil {
		return err
	}
	s.rowSaver.scn = saved
	if err := s.opened(ctx, saved, inOrder); err != nil {
		return err
	}
	for _, l := range s.layers {
		if _, ok := layers[l]; !ok {
			l.countSpaces()
		}
		if last, _ := l.lastCommit(); last <= saved {
			continue
		}
		err := s.eachLog(ctx, l, saved, latest, func(scn uint64, h logHeader) bool {
			for _, c := range h.tables {
				if scn > layers[l] {
					l.changed(c)
				}
				if c.keyspace == 0 {
					continue
				}
				sp, _ := l.open(c.keyspace)
				sp.touched(scn)
				if scn <= since[sp] {
					continue
				}
				sp.rows.Add(c.inserts - c.deletes)
				sp.changes.add(c.rowCounts)
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	s.forgetTallies(since)
	return nil
}

// opened notes that the store is in use.
func (s *Store) opened(ctx context.Context, saved uint64, inOrder bool) error {
	if !inOrder {
		for _, l := range s.layers {
			l.unmeasured()
		}
		return nil
	}
	b := kv.Batch{Async: true, Urgent: true}
	b.Put(keys.MetaRows.Append(nil), append(binary.AppendUvarint(nil, saved), 0))
	return s.kv.Apply(ctx, &b)
}

// forgetTallies says that of the commits so far none is in memory. Of spaces without counts nothing is known: they may have been written
// to with the last commit.
func (s *Store) forgetTallies(counts map[*space]uint64) {
	s.loaded = s.seq.published.Load()
	for _, l := range s.layers {
		for _, sp := range *l.spaces.Load() {
			sp.tally.floor = s.loaded
			if counts[sp] == 0 {
				sp.touched(s.loaded)
			}
		}
	}
}
