package mvcc

import (
	"context"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// tableCheck compares the rows of a table, as one view shows them, with the entries of its indexes. It goes over the rows
// once and sums up what entries there should be; only where that is not what there is does it look at each of them.
type tableCheck struct {
	*checker
	v       *view
	info    *tableInfo
	where   string
	columns []catalog.ColumnID
	hidden  bool // the table has hidden columns
	w       *tableWriter
	sums    []entrySum // of each index
	rows    int64
	detail  []bool // indexes whose entries are looked up one by one
	r       reader
}

// entrySum is a fingerprint of a set of entries.
type entrySum struct {
	n   int64
	sum uint64
}

func (e *entrySum) add(key, ref []byte) {
	d := xxhash.New()
	_, _ = d.Write(key) // a hash takes everything
	_, _ = d.Write([]byte{0})
	_, _ = d.Write(ref) // as above
	e.n++
	e.sum += d.Sum64()
}

func (x *tableCheck) run(ctx context.Context) (err error) {
	t := x.info.table
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Dropped {
			x.columns = append(x.columns, c.ID)
			x.hidden = x.hidden || c.Hidden != ""
		}
	}
	if x.w, err = x.info.writer(x.columns); err != nil {
		x.bad(storage.ProblemCatalog, x.where, "", "%v", err)
		return nil
	}
	x.r.s = x.s
	x.sums = make([]entrySum, len(x.w.indexes))
	x.detail = make([]bool, len(x.w.indexes))
	if err := x.each(ctx, x.first); err != nil {
		return err
	}
	again := false
	for i := range x.w.indexes {
		if x.detail[i], err = x.differs(ctx, i); err != nil {
			return err
		}
		again = again || x.detail[i]
	}
	if again {
		if err := x.each(ctx, x.second); err != nil {
			return err
		}
	}
	return x.count(ctx)
}

// count compares the rows with the count that is kept beside them.
func (x *tableCheck) count(ctx context.Context) error {
	n, ok, err := x.t.CountRows(ctx, storage.ScanRequest{View: x.v, Table: x.info.table})
	if err != nil {
		return err
	}
	if ok && n != x.rows {
		x.bad(storage.ProblemCount, x.where, "", "%d rows are counted, and %d are there", n, x.rows)
	}
	return nil
}

// expect computes the entry of row i in an index; ok is false where there is none, or it is not known.
func (x *tableCheck) expect(iw *indexWriter, b *scanBatch, key []byte, i int) (entry []byte, ok bool) {
	entry, null, skip := iw.entryKey(x.w.entry[:0], b.batch.Cols, i)
	if !skip && !iw.unique(null) {
		entry = append(entry, key...)
	}
	x.w.entry = entry
	return entry, !skip
}

// known reports whether the entries of an index can be told from the rows.
func (x *tableCheck) known(iw *indexWriter, complete bool) bool {
	if complete || !x.hidden {
		return true
	}
	if iw.Predicate != 0 {
		return false
	}
	for _, k := range iw.Columns {
		if c := x.info.table.ColumnByID(k.Column); c == nil || c.Hidden != "" {
			return false
		}
	}
	return true
}

// first sums up the entries that a row should have, and looks at the row itself.
func (x *tableCheck) first(b *scanBatch, keys [][]byte, complete bool) error {
	for i, key := range keys {
		x.rows++
		x.row(b, key, i)
		for j := range x.w.indexes {
			iw := &x.w.indexes[j]
			if !x.known(iw, complete) {
				x.sums[j].n = -1
				continue
			}
			if entry, ok := x.expect(iw, b, key, i); ok {
				x.sums[j].add(entry, key)
			}
		}
	}
	return nil
}

func (x *tableCheck) row(b *scanBatch, key []byte, i int) {
	for _, n := range x.w.notNull {
		if n.pos >= 0 && b.batch.Cols[n.pos].IsNull(i) {
			x.bad(storage.ProblemNull, x.where, fmt.Sprintf("%x", key), "column %s is NULL", n.col.Name)
		}
	}
	if x.info.pk == nil {
		return
	}
	want, err := x.w.rowKey(x.w.key[:0], b.batch.Cols, i)
	if x.w.key = want; err != nil || string(want) != string(key) {
		x.bad(storage.ProblemRowKey, x.where, fmt.Sprintf("%x", key), "the row should be under %x", want)
	}
}

// differs goes over the entries of an index. Where the rows do not tell what they should be it looks for the row of each.
func (x *tableCheck) differs(ctx context.Context, j int) (bool, error) {
	iw := &x.w.indexes[j]
	unknown := x.sums[j].n < 0
	var have entrySum
	err := x.scan(ctx, iw.Keyspace, func(r *row) error {
		ref := rowRef(r.payload, r.key)
		have.add(r.key, ref)
		if !unknown {
			return nil
		}
		_, err := x.rowOf(ctx, iw, r.key, ref)
		return err
	})
	if err != nil || unknown {
		return false, err
	}
	if have == x.sums[j] {
		return false, nil
	}
	return true, x.scan(ctx, iw.Keyspace, func(r *row) error {
		_, err := x.rowOf(ctx, iw, r.key, rowRef(r.payload, r.key))
		return err
	})
}

// rowOf finds the row of an entry.
func (x *tableCheck) rowOf(ctx context.Context, iw *indexWriter, entry, ref []byte) (bool, error) {
	found, _, ok, err := x.r.get(ctx, x.v.chain, x.info.table.Rows, ref)
	if err != nil {
		return false, err
	}
	if ok && !found.deleted {
		return true, nil
	}
	x.bad(storage.ProblemNoRow, x.where+"/"+iw.Name, fmt.Sprintf("%x", entry), "there is no row %x", ref)
	return false, nil
}

// second looks up the entries that each row should have.
func (x *tableCheck) second(b *scanBatch, keys [][]byte, _ bool) error {
	ctx := context.Background()
	for i, key := range keys {
		for j := range x.w.indexes {
			if !x.detail[j] {
				continue
			}
			if err := x.lookUp(ctx, &x.w.indexes[j], b, key, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *tableCheck) lookUp(ctx context.Context, iw *indexWriter, b *scanBatch, key []byte, i int) error {
	entry, ok := x.expect(iw, b, key, i)
	if !ok {
		return nil
	}
	where, id := x.where+"/"+iw.Name, fmt.Sprintf("%x", key)
	found, _, ok, err := x.r.get(ctx, x.v.chain, iw.Keyspace, entry)
	switch {
	case err != nil:
		return err
	case !ok || found.deleted:
		x.bad(storage.ProblemNoEntry, where, id, "the row has no entry %x", entry)
	case string(rowRef(found.payload, found.key)) != string(key) && iw.Unique:
		x.bad(storage.ProblemDuplicate, where, id, "its entry %x belongs to the row %x", entry, rowRef(found.payload, found.key))
	case string(rowRef(found.payload, found.key)) != string(key):
		x.bad(storage.ProblemEntry, where, id, "its entry %x belongs to the row %x", entry, rowRef(found.payload, found.key))
	default:
		return nil
	}
	return nil
}

// scan goes over the rows of a keyspace.
func (x *tableCheck) scan(ctx context.Context, ks catalog.Keyspace, f func(r *row) error) error {
	src := x.r.scan(ctx, x.v.chain, ks, nil, span{})
	defer src.close()
	for n := 0; ; n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		ok, err := src.next()
		if err != nil || !ok {
			return err
		}
		if err := f(src.row()); err != nil {
			return err
		}
	}
}

const checkBatch = 256

// each calls f for the rows of the table, in batches; complete says that hidden columns are there.
func (x *tableCheck) each(ctx context.Context, f func(b *scanBatch, keys [][]byte, complete bool) error) error {
	shape := newShape(x.info.table, x.columns)
	b := newScanBatch(shape)
	var keys, payloads [][]byte
	flush := func() error {
		complete, err := x.decode(ctx, shape, b, &keys, payloads)
		if err == nil && len(keys) > 0 {
			err = f(b, keys, complete)
		}
		keys, payloads = keys[:0], payloads[:0]
		return err
	}
	err := x.scan(ctx, x.info.table.Rows, func(r *row) error {
		keys, payloads = append(keys, append([]byte(nil), r.key...)), append(payloads, append([]byte(nil), r.payload...))
		if len(keys) < checkBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// decode fills a batch with rows, leaving out those that cannot be decoded, and computes the hidden columns.
func (x *tableCheck) decode(ctx context.Context, shape *scanShape, b *scanBatch, keys *[][]byte, payloads [][]byte) (complete bool, err error) {
	b.reset(shape)
	for i := 0; i < len(*keys); i++ {
		if err := b.dec.Append(payloads[i], b.stored); err == nil {
			continue
		}
		x.bad(storage.ProblemRow, x.where, fmt.Sprintf("%x", (*keys)[i]), "the row cannot be decoded")
		*keys = append((*keys)[:i], (*keys)[i+1:]...)
		payloads = append(payloads[:i], payloads[i+1:]...)
		b.reset(shape) // what the bad row has left behind goes too
		i = -1
	}
	b.batch.N = len(*keys)
	if !x.hidden || x.o.Complete == nil || b.batch.N == 0 {
		return !x.hidden, nil
	}
	return x.o.Complete(ctx, x.v, x.info.table, &b.batch)
}
