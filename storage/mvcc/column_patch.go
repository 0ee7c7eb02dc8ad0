package mvcc

import (
	"bytes"
	"sort"

	"github.com/rowandb/rowan/storage/keys"
)

// cachedState makes what the scan is to see of the cache's nearest entry, nil where there is none that helps. What is
// committed is kept in the cache; rows that the transaction itself has written are put in for this scan alone.
func (s *scanner) cachedState() (*cachedTable, error) {
	c := &s.t.s.columns
	x, parts := c.find(s.rowKS, s.chain, s.shape)
	if x == nil {
		return nil, nil
	}
	if len(parts) > 0 {
		list, ok, err := s.apartFrom(x, parts)
		if err != nil || !ok {
			return nil, err
		}
		if x, err = s.patch(x, list, s.committedRow); err != nil {
			return nil, err
		}
		c.put(x, true)
	}
	if s.w == nil || !s.w.inMemory() {
		return x, nil
	}
	var own keySet
	s.w.each(func(w *write) bool {
		own.add(w.key)
		return len(own.keys) <= x.patchable()
	})
	if len(own.keys) > x.patchable() {
		return nil, nil
	}
	return s.patch(x, own.sorted(), s.ownRow)
}

// patchable is how many rows may differ for an entry to be of use.
func (x *cachedTable) patchable() int { return x.rows/patchShare + 64 }

// apartFrom returns the keys of the rows that were written where an entry and the scan are apart. ok is false when there are
// too many of them, when finding them would cost too much, or when the logs do not reach back.
func (s *scanner) apartFrom(x *cachedTable, parts []stretch) (list []string, ok bool, err error) {
	most, left := x.patchable(), x.rows/4+1000
	var set keySet
	add := func(sp keys.Space, key []byte, _ bool) bool {
		left--
		if sp.Keyspace == s.rowKS {
			set.add(key)
		}
		return left > 0 && len(set.keys) <= most
	}
	for _, p := range parts {
		if p.from < p.trimmed.Load() {
			return nil, false, nil
		}
		if err := s.t.s.eachChange(s.ctx, p.layer, p.from, p.to, add); err != nil {
			return nil, false, err
		}
		// Nothing holds the log where the entry was made: it may have been trimmed meanwhile.
		if left <= 0 || len(set.keys) > most || p.from < p.trimmed.Load() || p.cut.Load() {
			return nil, false, nil
		}
	}
	return set.sorted(), true, nil
}

// patch returns an entry with the rows of the keys in a list, ascending, as get has them.
func (s *scanner) patch(x *cachedTable, list []string, get rowGetter) (*cachedTable, error) {
	t := newTableBuilder(x.ks, s.chain, x.shape)
	at := 0
	for len(list) > 0 {
		i := x.holder(list[0], at)
		for ; at < i; at++ {
			t.share(x.batches[at])
		}
		b, n := &cachedBatch{}, len(list)
		if i < len(x.batches) {
			b, at = x.batches[i], i+1
		}
		if at < len(x.batches) {
			end := bytesString(x.batches[at].keys.at(0))
			n = sort.Search(len(list), func(k int) bool { return list[k] >= end })
		}
		if err := t.merge(b, list[:n], get); err != nil {
			return nil, err
		}
		list = list[n:]
	}
	for ; at < len(x.batches); at++ {
		t.share(x.batches[at])
	}
	return t.table(), nil
}

// holder returns the batch, from one on, in which a key is or would be.
func (x *cachedTable) holder(key string, from int) int {
	n := sort.Search(len(x.batches)-from, func(i int) bool { return bytesString(x.batches[from+i].keys.at(0)) > key })
	return from + max(n-1, 0)
}

// merge adds the rows of a batch, those of the keys in a list as get has them.
func (t *tableBuilder) merge(b *cachedBatch, list []string, get rowGetter) error {
	t.flush()
	at := 0
	for _, k := range list {
		key := stringBytes(k)
		i := at + sort.Search(b.n-at, func(i int) bool { return bytes.Compare(b.keys.at(at+i), key) >= 0 })
		t.rows(b, at, i)
		if at = i; at < b.n && bytes.Equal(b.keys.at(at), key) {
			at++
		}
		row, ok, err := get(key)
		if err == nil && ok {
			err = t.row(key, row.payload, row.ver)
		}
		if err != nil {
			return err
		}
	}
	t.rows(b, at, b.n)
	t.flush()
	return nil
}

// rowGetter looks a row up.
type rowGetter func(key []byte) (r row, ok bool, err error)

func (s *scanner) committedRow(key []byte) (row, bool, error) {
	row, _, ok, err := s.r.get(s.ctx, s.chain, s.rowKS, key)
	return row, ok && !row.deleted, err
}

func (s *scanner) ownRow(key []byte) (row, bool, error) {
	if w := s.w.get(key, s.r.cmd); w != nil {
		return row{payload: w.payload}, !w.deleted, nil
	}
	return s.committedRow(key)
}
