package badgerkv

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"github.com/rowandb/rowan/storage/kv"
)

// densities knows of tables how dense they are: compression, what keys have in common, and indexes make of a byte less than one or more.
type densities struct {
	mu       sync.Mutex
	known    map[uint64]share // by the table's number; a table never changes
	tables   []badger.TableInfo
	manifest int64 // how long it was when they were listed
}

// share is what a table takes, and what keys and values it is for.
type share struct{ disk, held int64 }

// sampled is how many tables are read for a range that has many.
const sampled = 8

// Density implements kv.Engine, from some of the tables in the range, or all where there are few. What is in memory will be about as
// dense.
func (e *Engine) Density(ctx context.Context, lo, hi []byte) (float64, error) {
	if err := e.enter(); err != nil {
		return 0, err
	}
	defer e.leave()
	d := &e.density
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.list(e); err != nil {
		return 0, err
	}
	var disk, held float64
	for _, t := range d.some(lo, hi) {
		s, err := d.of(ctx, e, t.TableInfo)
		if err != nil {
			return 0, err
		}
		n := s.held
		if !t.within {
			if n, err = e.held(ctx, later(lo, t.left()), sooner(hi, t.end())); err != nil {
				return 0, err
			}
		}
		disk, held = disk+float64(n)*s.density(), held+float64(n)
	}
	if held == 0 {
		return 1, nil
	}
	return disk / held, nil
}

// list takes in which tables there are, if others are than at the last look: Badger's manifest grows then.
func (d *densities) list(e *Engine) error {
	st, err := os.Stat(filepath.Join(e.opts.Dir, badger.ManifestFilename))
	if err != nil || st.Size() == d.manifest {
		return err
	}
	tables := e.db.Tables()
	known := make(map[uint64]share, len(d.known))
	for _, t := range tables {
		if s, ok := d.known[t.ID]; ok {
			known[t.ID] = s
		}
	}
	d.tables, d.known, d.manifest = tables, known, st.Size()
	return nil
}

// some returns tables of a range, from everywhere in it.
func (d *densities) some(lo, hi []byte) []tableOf {
	var all, within []tableOf
	for _, info := range d.tables {
		t := tableOf{TableInfo: info}
		left, end := t.left(), t.end()
		if bytes.Compare(end, lo) <= 0 || hi != nil && bytes.Compare(left, hi) >= 0 {
			continue
		}
		t.within = bytes.Compare(left, lo) >= 0 && (hi == nil || bytes.Compare(end, hi) <= 0)
		if all = append(all, t); t.within {
			within = append(within, t)
		}
	}
	if len(within) <= sampled {
		return all[:min(len(all), 2*sampled)]
	}
	slices.SortFunc(within, func(a, b tableOf) int { return cmp.Or(bytes.Compare(a.Left, b.Left), cmp.Compare(a.ID, b.ID)) })
	out := make([]tableOf, sampled)
	for i := range out {
		out[i] = within[i*len(within)/sampled+len(within)/sampled/2]
	}
	return out
}

// tableOf is a table that is within a range, or has a part of it.
type tableOf struct {
	badger.TableInfo
	within bool
}

func (t *tableOf) left() []byte { return y.ParseKey(t.Left) }
func (t *tableOf) end() []byte  { return append(bytes.Clone(y.ParseKey(t.Right)), 0) }

func later(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		return a
	}
	return b
}

func sooner(hi, b []byte) []byte {
	if hi != nil && bytes.Compare(hi, b) < 0 {
		return hi
	}
	return b
}

// of measures a table.
func (d *densities) of(ctx context.Context, e *Engine, t badger.TableInfo) (s share, err error) {
	if s, ok := d.known[t.ID]; ok {
		return s, nil
	}
	st, err := os.Stat(table.NewFilename(t.ID, e.opts.Dir))
	if err != nil {
		return s, nil //nolint:nilerr // it was compacted just now
	}
	x := tableOf{TableInfo: t}
	s.disk = st.Size()
	if s.held, err = e.held(ctx, x.left(), x.end()); err == nil {
		d.known[t.ID] = s
	}
	return s, err
}

func (s share) density() float64 { return float64(s.disk) / float64(max(s.held, 1)) }

// held adds up the keys and values in a range: what a table holds is what is between its ends, since the levels above have little
// beside it.
func (e *Engine) held(ctx context.Context, lo, hi []byte) (n int64, err error) {
	it := e.Scan(ctx, kv.Range{Lo: lo, Hi: hi})
	defer it.Close()
	for it.Next() {
		n += int64(len(it.Key()) + len(it.Value()))
	}
	return n, it.Err()
}
