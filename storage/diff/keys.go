package diff

import (
	"context"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/vector"
)

// keySource yields ascending row keys, up to n at a time; none means the end.
type keySource interface {
	next(ctx context.Context, n int) ([]string, error)
	close() error
}

// keyList yields keys that are known.
type keyList struct{ list []string }

func (l *keyList) next(_ context.Context, n int) ([]string, error) {
	n = min(n, len(l.list))
	out := l.list[:n]
	l.list = l.list[n:]
	return out, nil
}

func (*keyList) close() error { return nil }

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

func newUnion(ctx context.Context, tx storage.Txn, from, to side) (keySource, error) {
	u := &union{}
	var err error
	if u.a, err = scanKeys(ctx, tx, from); err != nil {
		return nil, err
	}
	if u.b, err = scanKeys(ctx, tx, to); err != nil {
		_ = u.a.close()
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

func (k *keyScan) close() error {
	if k.sc == nil {
		return nil
	}
	return k.sc.Close()
}

func (u *union) next(ctx context.Context, n int) ([]string, error) {
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

func (u *union) close() error {
	err := u.a.close()
	if err2 := u.b.close(); err == nil {
		err = err2
	}
	return err
}
