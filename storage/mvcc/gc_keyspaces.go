package mvcc

import (
	"maps"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// keyspaces removes those that no descriptor names which can still be seen: of tables dropped, emptied or rewritten, and of
// commands that were rolled back after they had written ahead. The order counts: a space that is there now, and was not
// made by a transaction that still runs, is named by a descriptor that is there by the time that those are read.
func (c *collector) keyspaces() error {
	s := c.s
	limit := s.txns.oldestKeyspace(s.nextKeyspace())
	s.mu.RLock()
	found := map[*layer][]uint64{}
	for _, l := range s.layers {
		for ks := range *l.spaces.Load() {
			if ks >= counterStart[counterKeyspace] && ks < limit {
				found[l] = append(found[l], ks)
			}
		}
	}
	s.mu.RUnlock()
	if len(found) == 0 {
		return nil
	}
	named, err := c.named()
	if err != nil {
		return err
	}
	for l, list := range found {
		for _, ks := range list {
			if named[ks] {
				continue
			}
			if err := c.removeSpace(l, ks); err != nil {
				return err
			}
			l.forget(ks)
			c.res.Keyspaces++
		}
	}
	return nil
}

// named returns the keyspaces that descriptors name, the older versions of them included.
func (c *collector) named() (map[uint64]bool, error) {
	s := c.s
	s.mu.RLock()
	var all []*layer
	for _, l := range s.layers {
		all = append(all, l)
	}
	s.mu.RUnlock()
	named := map[uint64]bool{}
	for _, l := range all {
		if l.space(catalogSpace) == nil {
			continue
		}
		id := keys.Space{Layer: l.id, Keyspace: catalogSpace}
		// Descriptors that are dropped meanwhile go from the heads to history, and none comes back.
		for _, prefix := range [][]byte{id.AppendHead(nil, nil), id.AppendHistory(nil, nil)} {
			if err := c.namedIn(prefix, named); err != nil {
				return nil, err
			}
		}
	}
	return named, nil
}

func (c *collector) namedIn(prefix []byte, named map[uint64]bool) error {
	return c.walk(prefix, kv.PrefixEnd(prefix), func(_, val []byte) error {
		v, err := parseVersion(val)
		if err != nil {
			return err
		}
		if v.deleted() || len(v.payload) == 0 || v.payload[0] != 't' {
			return nil
		}
		o, err := decodeObject(v.payload)
		if err != nil {
			return err
		}
		t, ok := o.(*catalog.Table)
		if !ok {
			return nil
		}
		named[t.Rows] = true
		for _, ix := range t.Indexes {
			named[ix.Keyspace] = true
		}
		return nil
	})
}

func (s *Store) nextKeyspace() uint64 {
	c := &s.counters[counterKeyspace]
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// oldestKeyspace returns the least keyspace that a running transaction can have made.
func (g *registry) oldestKeyspace(next uint64) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.txns {
		next = min(next, t.keyspace)
	}
	return next
}

// forget takes a keyspace out of a layer, of which nothing is left in the store.
func (l *layer) forget(ks uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := maps.Clone(*l.spaces.Load())
	delete(m, ks)
	l.spaces.Store(&m)
}
