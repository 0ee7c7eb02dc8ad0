package diff

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// Rows are the rows of a table with given keys: At[k] is where row k of the keys stands in Cols, -1 when it is absent.
type Rows struct {
	At   []int
	Cols []*vector.Vector
	N    int
}

// Fetch reads rows by their keys, which ascend. A table that is not there (nil) has none of them.
func Fetch(ctx context.Context, tx storage.Txn, v storage.View, t *catalog.Table, columns []catalog.ColumnID, keys []string) (*Rows, error) {
	r := &Rows{At: make([]int, len(keys))}
	for k := range r.At {
		r.At[k] = -1
	}
	if t == nil {
		return r, nil
	}
	for _, id := range columns {
		c := &vector.Vector{}
		c.Reset(t.ColumnByID(id).Type)
		r.Cols = append(r.Cols, c)
	}
	with := append(columns[:len(columns):len(columns)], catalog.ColRowKey)
	sc, err := tx.Scan(ctx, storage.ScanRequest{View: v, Table: t, Columns: with, Keys: keys})
	if err != nil {
		return nil, err
	}
	defer sc.Close()
	k := 0
	for {
		b, err := sc.Next(ctx)
		if b == nil || err != nil {
			return r, err
		}
		for n := range b.Live() {
			i := b.Row(n)
			key := b.Cols[len(columns)].Str[i]
			for k < len(keys) && keys[k] != key {
				k++
			}
			if k == len(keys) {
				break
			}
			r.At[k] = r.N
			r.N++
			for c := range columns {
				r.Cols[c].Append(b.Cols[c].Datum(i))
			}
		}
	}
}

// Reader reads rows of one table by ascending keys, chunk after chunk. When they are many it goes over the table once and
// picks them out, which costs less than looking each of them up.
type Reader struct {
	tx      storage.Txn
	view    storage.View
	table   *catalog.Table
	columns []catalog.ColumnID
	all     bool
	sc      storage.Scanner
	b       *vector.Batch
	pos     int
	end     bool
}

// fewKeys is how many keys are always looked up.
const fewKeys = 8192

// NewReader prepares to read rows with the given keys.
func NewReader(ctx context.Context, tx storage.Txn, v storage.View, t *catalog.Table, columns []catalog.ColumnID, keys Keys) *Reader {
	r := &Reader{tx: tx, view: v, table: t, columns: columns}
	l, counted := keys.(interface{ Len() int })
	switch {
	case t == nil:
	case !counted:
		r.all = true
	case l.Len() > fewKeys:
		n, known, err := tx.CountRows(ctx, storage.ScanRequest{View: v, Table: t})
		r.all = err == nil && known && n/8 < int64(l.Len())
	}
	return r
}

// Fetch reads rows by their keys, which are greater than all asked for before.
func (r *Reader) Fetch(ctx context.Context, keys []string) (*Rows, error) {
	if !r.all {
		return Fetch(ctx, r.tx, r.view, r.table, r.columns, keys)
	}
	if r.sc == nil {
		with := append(r.columns[:len(r.columns):len(r.columns)], catalog.ColRowKey)
		var err error
		if r.sc, err = r.tx.Scan(ctx, storage.ScanRequest{View: r.view, Table: r.table, Columns: with}); err != nil {
			return nil, err
		}
	}
	out := &Rows{At: make([]int, len(keys))}
	for _, id := range r.columns {
		c := &vector.Vector{}
		c.Reset(r.table.ColumnByID(id).Type)
		out.Cols = append(out.Cols, c)
	}
	for k, key := range keys {
		out.At[k] = -1
		here, err := r.seek(ctx, key)
		if err != nil {
			return nil, err
		}
		if !here {
			continue
		}
		i := r.b.Row(r.pos)
		out.At[k] = out.N
		out.N++
		for c := range r.columns {
			out.Cols[c].Append(r.b.Cols[c].Datum(i))
		}
	}
	return out, nil
}

// seek moves to the first row whose key is not less, and reports whether it is that one.
func (r *Reader) seek(ctx context.Context, key string) (bool, error) {
	for !r.end {
		if r.b != nil {
			list := r.b.Cols[len(r.columns)].Str
			for n := r.b.Live(); r.pos < n; r.pos++ {
				if have := list[r.b.Row(r.pos)]; have >= key {
					return have == key, nil
				}
			}
		}
		var err error
		if r.b, err = r.sc.Next(ctx); err != nil {
			return false, err
		}
		r.pos, r.end = 0, r.b == nil
	}
	return false, nil
}

// Close ends the reading.
func (r *Reader) Close() error {
	if r.sc == nil {
		return nil
	}
	return r.sc.Close()
}
