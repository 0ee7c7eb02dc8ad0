package mvcc

import (
	"encoding/binary"
	"slices"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// versions removes history that cannot be seen, and of layers that are not in force any more also heads.
func (c *collector) versions() error {
	for _, l := range c.restricted() {
		l.mu.Lock()
		same := slices.Equal(l.swept, c.sees[l])
		l.mu.Unlock()
		if same {
			continue // what came since is newer than what was swept
		}
		for _, sp := range *l.spaces.Load() {
			if err := c.sweep(sp, c.sees[l]); err != nil {
				return err
			}
		}
		done, err := c.behead(l)
		if err != nil {
			return err
		}
		if done {
			l.mu.Lock()
			l.swept = c.sees[l]
			l.mu.Unlock()
		}
	}
	return nil
}

// restricted returns the layers of which not everything can be seen.
func (c *collector) restricted() (list []*layer) {
	for l, e := range c.sees {
		if !e.whole() {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b *layer) int { return int(int64(a.id) - int64(b.id)) })
	return list
}

// sweep removes the history rows of a space that meet nothing that can be seen.
func (c *collector) sweep(sp *space, e extent) error {
	r := &reader{s: c.s}
	prefix := sp.AppendHistory(nil, nil)
	return c.walk(prefix, kv.PrefixEnd(prefix), func(key, val []byte) error {
		_, end, ok := keys.SplitHistory(key[len(prefix):])
		v, err := parseVersion(val)
		if !ok || err != nil {
			return nil //nolint:nilerr // check will tell
		}
		start, end := r.scn(&v), r.endOf(end)
		if end <= latest && start < end && !e.meets(start, end) {
			c.removeVersion(sp, key, val)
		}
		return nil
	})
}

func (c *collector) removeVersion(sp *space, key, val []byte) {
	c.remove(key, len(val))
	c.res.Versions++
	sp.size.add(-len(key) - len(val))
}

// behead removes the heads of a layer that is not in force any more which are newer than all that can be seen of it. Before, it
// notes that keys without a head may have history. Readers who may have looked before that have to end first: false
// means that it is to be tried again.
func (c *collector) behead(l *layer) (bool, error) {
	e := c.sees[l]
	last := e[len(e)-1].to
	if last >= latest {
		return true, nil // in force, or read by a transaction
	}
	if head, _ := l.lastCommit(); head <= last {
		return true, nil
	}
	now := c.s.seq.published.Load()
	for _, sp := range *l.spaces.Load() {
		if sp.cleaned.Load() < now {
			sp.cleaned.Store(now)
			c.batch.Put(keys.MetaSpace.Append(nil, sp.Layer, sp.Keyspace), binary.AppendUvarint(nil, now))
		}
	}
	l.cut.Store(true)
	if err := c.s.putLayer(&c.batch, l); err != nil {
		return false, err
	}
	if err := c.flush(); err != nil {
		return false, err
	}
	if c.s.inUse(l) {
		return false, nil
	}
	for _, sp := range *l.spaces.Load() {
		if err := c.beheadSpace(sp, last); err != nil {
			return false, err
		}
	}
	log := keys.AppendLogPrefix(nil, l.id)
	return true, c.removeLog(l, keys.Log{Layer: l.id, SCN: last + 1}.Append(nil), kv.PrefixEnd(log), 0)
}

func (c *collector) beheadSpace(sp *space, last uint64) error {
	r := &reader{s: c.s}
	return c.walk(sp.prefix, kv.PrefixEnd(sp.prefix), func(key, val []byte) error {
		v, err := parseVersion(val)
		if scn := r.scn(&v); err == nil && scn > last && scn <= latest {
			c.removeVersion(sp, key, val)
		}
		return nil
	})
}

// inUse reports whether a running transaction reads a layer, be it through those above.
func (s *Store) inUse(l *layer) bool {
	for _, x := range s.used() {
		for ; x != nil; x = x.parent {
			if x == l {
				return true
			}
		}
	}
	return false
}

// logs removes the log entries before everything that can be seen of a layer: no two states that can be read differ by them.
func (c *collector) logs() error {
	oldest := uint64(latest)
	for l, e := range c.sees {
		if l != c.s.global {
			oldest = min(oldest, e[0].from)
		}
	}
	for l, e := range c.sees {
		first := min(e[0].from, c.known+1)
		if l == c.s.global || first <= l.fork+1 || first <= l.trimmed.Load()+1 {
			continue
		}
		if err := c.trim(l, first, oldest); err != nil {
			return err
		}
	}
	return nil
}

// trim removes a layer's log entries before an SCN, after it has noted that they may be gone.
func (c *collector) trim(l *layer, first, oldest uint64) error {
	lo, hi := keys.Log{Layer: l.id}.Append(nil), keys.Log{Layer: l.id, SCN: first}.Append(nil)
	it := c.s.kv.Scan(c.ctx, kv.Range{Lo: lo, Hi: hi, KeysOnly: true})
	some, err := it.Next(), it.Err()
	it.Close()
	if !some || err != nil {
		return err
	}
	l.trimmed.Store(first - 1)
	if err := c.s.putLayer(&c.batch, l); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.removeLog(l, lo, hi, oldest)
}

// removeLog removes log entries. The lists of large transactions may be shared by layers, and go when no layer can be seen as
// of then.
func (c *collector) removeLog(l *layer, lo, hi []byte, oldest uint64) error {
	return c.walk(lo, hi, func(key, val []byte) error {
		k, _ := keys.DecodeLog(key)
		if h, _, err := parseLog(val); k.Chunk == 0 && err == nil && h.large != 0 && k.SCN < oldest {
			prefix := keys.AppendChunkPrefix(nil, h.large)
			if err := c.removeRange(prefix, kv.PrefixEnd(prefix)); err != nil {
				return err
			}
		}
		c.remove(key, len(val))
		l.logged.add(-len(key) - len(val))
		c.res.LogEntries++
		return nil
	})
}

// commits removes the commit records before all that can be seen, except of points that can.
func (c *collector) commits() error {
	oldest := c.s.seq.published.Load()
	points := map[uint64]bool{}
	c.s.mu.RLock()
	for _, b := range c.s.branches {
		oldest = min(oldest, c.s.lowLocked(b))
		points[b.Fork] = true
	}
	c.s.mu.RUnlock()
	for _, e := range c.sees {
		for _, v := range e {
			points[v.from], points[v.to] = true, true
		}
	}
	for l := range c.sees {
		last, _ := l.lastCommit()
		points[last] = true
	}
	if oldest == 0 {
		return nil
	}
	if err := putKeep(&c.batch, 0, keepRecord{Low: oldest}); err != nil {
		return err
	}
	return c.walk(keys.AppendCommit(nil, 0), keys.AppendCommit(nil, oldest), func(key, val []byte) error {
		if scn, ok := keys.DecodeCommit(key); ok && !points[scn] {
			c.remove(key, len(val))
		}
		return nil
	})
}
