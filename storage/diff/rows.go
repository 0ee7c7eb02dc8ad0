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
