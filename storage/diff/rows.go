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
	return NewReader(tx, v, t, columns).Fetch(ctx, keys)
}

// Reader reads rows of one table by ascending keys, chunk after chunk. Chunks that are asked for ahead are read while the caller
// works on those before.
type Reader struct {
	tx      storage.Txn
	view    storage.View
	table   *catalog.Table // nil: not there
	columns []catalog.ColumnID
	with    []catalog.ColumnID // and the row's key
	ahead   []asked            // oldest first
}

// asked is a chunk that is being read.
type asked struct {
	keys []string
	sc   storage.Scanner // nil: the table is not there
}

// NewReader prepares to read rows.
func NewReader(tx storage.Txn, v storage.View, t *catalog.Table, columns []catalog.ColumnID) *Reader {
	return &Reader{tx: tx, view: v, table: t, columns: columns, with: append(columns[:len(columns):len(columns)], catalog.ColRowKey)}
}

// Ahead has the rows of a chunk read; Fetch returns them, chunk after chunk. The keys must not change until then.
func (r *Reader) Ahead(ctx context.Context, keys []string) error {
	sc, err := r.scan(ctx, keys, true)
	if err == nil {
		r.ahead = append(r.ahead, asked{keys, sc})
	}
	return err
}

func (r *Reader) scan(ctx context.Context, keys []string, ahead bool) (storage.Scanner, error) {
	if r.table == nil || len(keys) == 0 { // a scan without keys is one of all rows
		return nil, nil
	}
	return r.tx.Scan(ctx, storage.ScanRequest{View: r.view, Table: r.table, Columns: r.with, Keys: keys, Ahead: ahead})
}

// Fetch reads rows by their keys, or takes them where they were read ahead.
func (r *Reader) Fetch(ctx context.Context, keys []string) (out *Rows, err error) {
	var sc storage.Scanner
	if len(r.ahead) > 0 && len(keys) > 0 && &r.ahead[0].keys[0] == &keys[0] {
		sc, r.ahead = r.ahead[0].sc, r.ahead[1:]
	} else if sc, err = r.scan(ctx, keys, false); err != nil {
		return nil, err
	}
	out = &Rows{At: make([]int, len(keys))}
	for k := range out.At {
		out.At[k] = -1
	}
	if sc == nil {
		return out, nil
	}
	defer func() {
		if e := sc.Close(); err == nil {
			err = e
		}
	}()
	for _, id := range r.columns {
		c := &vector.Vector{}
		c.Reset(r.table.ColumnByID(id).Type)
		out.Cols = append(out.Cols, c)
	}
	return out, out.take(ctx, sc, keys)
}

// take copies what a scanner yields.
func (r *Rows) take(ctx context.Context, sc storage.Scanner, keys []string) error {
	k := 0
	for {
		b, err := sc.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		list := b.Cols[len(r.Cols)].Str
		for n := range b.Live() {
			key := list[b.Row(n)]
			for keys[k] != key {
				k++
			}
			r.At[k] = r.N + n
		}
		for c, v := range r.Cols {
			v.AppendFrom(b.Cols[c], b.Sel, b.Live())
		}
		r.N += b.Live()
	}
}

// Close ends the reading.
func (r *Reader) Close() (err error) {
	for _, a := range r.ahead {
		if a.sc != nil {
			if e := a.sc.Close(); err == nil {
				err = e
			}
		}
	}
	r.ahead = nil
	return err
}
