package badgerkv

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"github.com/rowandb/rowan/storage/kv"
)

// densities knows of tables how dense they are: compression, what keys have in common, and indexes make of a byte less than one or more.
type densities struct {
	mu     sync.Mutex
	known  map[uint64]share // by the table's number; a table never changes
	tables []badger.TableInfo
	listed time.Time
}

// share is what a table takes, and what keys and values it is for.
type share struct{ disk, held int64 }

const (
	sampled   = 8           // how many tables are read for a range
	listedFor = time.Second // for how long a list of the tables is good enough
)

// Density implements kv.Engine, from some of the tables in the range, or about it where none is within. What is in memory will be
// about as dense.
func (e *Engine) Density(ctx context.Context, lo, hi []byte) (float64, error) {
	if err := e.enter(); err != nil {
		return 0, err
	}
	defer e.leave()
	d := &e.density
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.listed) > listedFor {
		d.list(e.db.Tables())
	}
	var sum share
	for _, t := range some(d.within(lo, hi)) {
		s, err := d.of(ctx, e, t)
		if err != nil {
			return 0, err
		}
		sum.disk, sum.held = sum.disk+s.disk, sum.held+s.held
	}
	if sum.held == 0 {
		return 1, nil
	}
	return float64(sum.disk) / float64(sum.held), nil
}

func (d *densities) list(tables []badger.TableInfo) {
	known := make(map[uint64]share, len(d.known))
	for _, t := range tables {
		if s, ok := d.known[t.ID]; ok {
			known[t.ID] = s
		}
	}
	d.tables, d.known, d.listed = tables, known, time.Now()
}

// within returns the tables of a range on the lowest level that has any, in order; else one that has a part of it.
func (d *densities) within(lo, hi []byte) (in []badger.TableInfo) {
	var about []badger.TableInfo
	lowest := 0
	for _, t := range d.tables {
		left, right := y.ParseKey(t.Left), y.ParseKey(t.Right)
		if bytes.Compare(right, lo) < 0 || hi != nil && bytes.Compare(left, hi) >= 0 {
			continue
		}
		about = append(about, t)
		if bytes.Compare(left, lo) >= 0 && (hi == nil || bytes.Compare(right, hi) < 0) {
			in, lowest = append(in, t), max(lowest, t.Level)
		}
	}
	if len(in) == 0 {
		slices.SortFunc(about, func(a, b badger.TableInfo) int { return b.Level - a.Level })
		return about[:min(len(about), 1)]
	}
	in = slices.DeleteFunc(in, func(t badger.TableInfo) bool { return t.Level < lowest })
	slices.SortFunc(in, func(a, b badger.TableInfo) int { return cmp.Or(bytes.Compare(a.Left, b.Left), cmp.Compare(a.ID, b.ID)) })
	return in
}

// some are a few of many, from everywhere.
func some(list []badger.TableInfo) []badger.TableInfo {
	if len(list) <= sampled {
		return list
	}
	out := make([]badger.TableInfo, sampled)
	for i := range out {
		out[i] = list[i*len(list)/sampled+len(list)/sampled/2]
	}
	return out
}

// of measures a table. What it holds is what a scan finds between its ends, since the levels above hold little beside it.
func (d *densities) of(ctx context.Context, e *Engine, t badger.TableInfo) (s share, err error) {
	if s, ok := d.known[t.ID]; ok {
		return s, nil
	}
	st, err := os.Stat(table.NewFilename(t.ID, e.opts.Dir))
	if err != nil {
		return s, nil //nolint:nilerr // it was compacted meanwhile
	}
	s.disk = st.Size()
	it := e.Scan(ctx, kv.Range{Lo: y.ParseKey(t.Left), Hi: append(bytes.Clone(y.ParseKey(t.Right)), 0)})
	defer it.Close()
	for it.Next() {
		s.held += int64(len(it.Key()) + len(it.Value()))
	}
	if err := it.Err(); err != nil {
		return share{}, err
	}
	d.known[t.ID] = s
	return s, nil
}
