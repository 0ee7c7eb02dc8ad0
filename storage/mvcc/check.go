package mvcc

import (
	"context"
	"fmt"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// checker verifies a store. It looks at what is committed; commits may go on meanwhile.
type checker struct {
	s        *Store
	ctx      context.Context
	problems []string
	done     int64
	total    int64
	progress func(done, total int64)
}

// Check implements storage.Store. Every branch's head is read whole: each index entry must have its row and each row its
// entries. Then history: a key's versions must begin before they end and not overlap.
func (s *Store) Check(ctx context.Context, progress func(done, total int64)) ([]string, error) {
	c := &checker{s: s, ctx: ctx, progress: progress}
	t, err := s.begin(ctx, storage.TxnOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = t.Rollback() }()
	s.mu.RLock()
	var all []*branch
	for _, b := range s.branches {
		if b.Deleted.IsZero() {
			all = append(all, b)
		}
	}
	var spaces []*space
	for _, l := range s.layers {
		for _, sp := range *l.spaces.Load() {
			spaces = append(spaces, sp)
		}
	}
	s.mu.RUnlock()
	c.total = int64(len(all) + len(spaces))
	for _, b := range all {
		if err := c.branch(t, b); err != nil {
			return nil, storeError(err)
		}
		c.step()
	}
	for _, sp := range spaces {
		if err := c.history(t, sp); err != nil {
			return nil, storeError(err)
		}
		c.step()
	}
	return c.problems, nil
}

func (c *checker) step() {
	if c.done++; c.progress != nil {
		c.progress(c.done, c.total)
	}
}

func (c *checker) bad(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *checker) branch(t *Txn, b *branch) error {
	v := t.addView(&view{t: t, branch: b, layer: b.at(t.snap), readOnly: true, ref: catalog.Ref{Point: "\x00"}}, t.snap)
	for _, o := range v.Catalog().Objects() {
		tab, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		if err := c.table(v, tab); err != nil {
			return fmt.Errorf("branch %s, table %s: %w", b.Name, tab.Name, err)
		}
	}
	return nil
}

// table compares the entries that rows should have with those that there are. Indexes over hidden columns are compared by
// number only, since what the columns hold is not known here; partial ones not at all.
func (c *checker) table(v *view, tab *catalog.Table) error {
	info := c.s.table(tab)
	for _, ix := range info.indexes {
		if ix.Predicate != 0 {
			continue
		}
		if err := c.index(v, info, ix); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) index(v *view, info *tableInfo, ix *indexInfo) error {
	hidden := false
	var ids []catalog.ColumnID
	for _, k := range ix.Columns {
		col := info.table.ColumnByID(k.Column)
		hidden = hidden || col == nil || col.Hidden != ""
		ids = append(ids, k.Column)
	}
	shape := newShape(info.table, ids)
	r := &reader{s: c.s}
	want := map[string]string{}
	b := newScanBatch(shape)
	iw := indexWriter{indexInfo: ix, pred: -1}
	for i := range ids {
		iw.pos = append(iw.pos, i)
	}
	err := c.each(r, v, info.table.Rows, func(row *row) error {
		if hidden {
			want[string(row.key)] = ""
			return nil
		}
		b.reset(shape)
		if err := b.dec.Append(row.payload, b.stored); err != nil {
			c.bad("branch %s, table %s: row %x cannot be read", v.branch.Name, info.table.Name, row.key)
			return nil
		}
		key, null, _ := iw.entryKey(nil, b.batch.Cols, 0)
		if !iw.unique(null) {
			key = append(key, row.key...)
		}
		want[string(row.key)] = string(key)
		return nil
	})
	if err != nil {
		return err
	}
	err = c.each(r, v, ix.Keyspace, func(row *row) error {
		ref := string(rowRef(row.payload, row.key))
		key, ok := want[ref]
		switch {
		case !ok:
			c.bad("branch %s, index %s: entry %x without row %x", v.branch.Name, ix.Name, row.key, ref)
		case !hidden && key != string(row.key):
			c.bad("branch %s, index %s: entry %x of row %x should be %x", v.branch.Name, ix.Name, row.key, ref, key)
		}
		delete(want, ref)
		return nil
	})
	for ref := range want {
		c.bad("branch %s, index %s: row %x without entry", v.branch.Name, ix.Name, ref)
	}
	return err
}

func (c *checker) each(r *reader, v *view, ks catalog.Keyspace, f func(row *row) error) error {
	src := r.scan(c.ctx, v.chain, ks, nil, span{})
	defer src.close()
	for {
		ok, err := src.next()
		if err != nil || !ok {
			return err
		}
		if err := f(src.row()); err != nil {
			return err
		}
	}
}

// history looks at all versions of the keys of one space.
func (c *checker) history(t *Txn, sp *space) error {
	prefix := sp.AppendHistory(nil, nil)
	it := c.s.kv.Scan(c.ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix)})
	defer it.Close()
	var last []byte
	var lastEnd uint64
	for it.Next() {
		key, end, ok := keys.SplitHistory(it.Key()[len(prefix):])
		v, err := parseVersion(it.Value())
		if !ok || err != nil {
			c.bad("%s: cannot be read", keys.Print(it.Key()))
			continue
		}
		start := t.r.scn(&v)
		if end&keys.Marker != 0 || v.flags&marked != 0 {
			continue // of large transactions: their order is not that of the keys
		}
		if start >= end {
			c.bad("%s: begins at %d", keys.Print(it.Key()), start)
		}
		if string(key) == string(last) && start < lastEnd {
			c.bad("%s: begins at %d, before the one before it ends", keys.Print(it.Key()), start)
		}
		last, lastEnd = append(last[:0], key...), end
	}
	return it.Err()
}
