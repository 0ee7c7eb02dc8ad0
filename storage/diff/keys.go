package diff

import (
	"context"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// Keys yields ascending row keys, up to n at a time; none means the end. What it yields holds until the next call.
type Keys interface {
	Next(ctx context.Context, n int) ([]string, error)
	Close() error
}

// CandidatesOf finds the keys of rows that may differ between a table at one view and the same, or another that stands for
// it, at a second; either may be nil.
func CandidatesOf(ctx context.Context, tx History, from, to storage.View, a, b *catalog.Table) (Keys, error) {
	return candidates(ctx, tx, sideOf(from, a), sideOf(to, b))
}

func candidates(ctx context.Context, tx History, from, to side) (Keys, error) {
	if from.table != nil && to.table != nil && from.table.Rows == to.table.Rows {
		return tx.ChangedRows(ctx, from.view, to.view, to.table.Rows)
	}
	return newUnion(ctx, tx, from, to)
}

// union yields the keys of all rows of both sides, each once.
type union struct {
	a, b keyScan
	buf  []string
}

// keyScan yields the keys of one side.
type keyScan struct {
	sc  storage.Scanner
	b   *vector.Batch
	pos int
	key string
	ok  bool
}

func newUnion(ctx context.Context, tx storage.Txn, from, to side) (Keys, error) {
	u := &union{}
	var err error
	if u.a, err = scanKeys(ctx, tx, from); err != nil {
		return nil, err
	}
	if u.b, err = scanKeys(ctx, tx, to); err != nil {
		_ = u.a.Close()
		return nil, err
	}
	return u, nil
}

func scanKeys(ctx context.Context, tx storage.Txn, s side) (k keyScan, err error) {
	if s.table == nil {
		return k, nil
	}
	k.sc, err = tx.Scan(ctx, storage.ScanRequest{View: s.view, Table: s.table, Columns: []catalog.ColumnID{catalog.ColRowKey}})
	if err != nil {
		return k, err
	}
	return k, k.move(ctx)
}

func (k *keyScan) move(ctx context.Context) (err error) {
	k.ok = false
	if k.sc == nil {
		return nil
	}
	for k.b == nil || k.pos == k.b.Live() {
		if k.b, err = k.sc.Next(ctx); k.b == nil || err != nil {
			return err
		}
		k.pos = 0
	}
	k.key, k.ok = k.b.Cols[0].Str[k.b.Row(k.pos)], true
	k.pos++
	return nil
}

func (k *keyScan) Close() error {
	if k.sc == nil {
		return nil
	}
	return k.sc.Close()
}

func (u *union) Next(ctx context.Context, n int) ([]string, error) {
	u.buf = u.buf[:0]
	for len(u.buf) < n && (u.a.ok || u.b.ok) {
		c := 0
		switch {
		case !u.b.ok:
			c = -1
		case !u.a.ok:
			c = 1
		default:
			c = strings.Compare(u.a.key, u.b.key)
		}
		if c <= 0 {
			u.buf = append(u.buf, strings.Clone(u.a.key))
		} else {
			u.buf = append(u.buf, strings.Clone(u.b.key))
		}
		if c <= 0 {
			if err := u.a.move(ctx); err != nil {
				return nil, err
			}
		}
		if c >= 0 {
			if err := u.b.move(ctx); err != nil {
				return nil, err
			}
		}
	}
	return u.buf, nil
}

func (u *union) Close() error {
	err := u.a.Close()
	if err2 := u.b.Close(); err == nil {
		err = err2
	}
	return err
}
