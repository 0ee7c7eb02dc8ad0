package badgerkv

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"github.com/rowandb/rowan/storage/kv"
)

// densities knows how the tables lie on the disk. Compression, what keys have in common, indexes and what is overwritten make of a byte
// less than one or more.
type densities struct {
	mu       sync.Mutex
	manifest int64 // how long it was when the tables were listed
	tables   []extent
	files    verifier
	blocks   map[uint64]blockList
}

// extent is a table with what its keys lie between.
type extent struct {
	id     uint64
	lo, hi []byte
	size   int64
}

// blockList says where the blocks of a table begin, by key, and how long they are.
type blockList struct {
	first [][]byte
	size  []int64
	all   int64
}

const (
	sampled     = 8   // how many tables are read of a range that has more
	mostIndexes = 256 // how many tables' blocks are remembered
)

// Density implements kv.Engine: what tables have within the range, or some parts of it, against the keys and values that a scan finds there.
// It is 1 where nothing has come to tables yet.
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
	var disk, held int64
	for _, p := range d.parts(lo, hi) {
		for _, t := range d.tables {
			n, err := d.within(t, p.Lo, p.Hi)
			if err != nil {
				return 0, err
			}
			disk += n
		}
		n, err := e.held(ctx, p)
		if err != nil {
			return 0, err
		}
		held += n
	}
	if disk == 0 || held == 0 {
		return 1, nil
	}
	return float64(disk) / float64(held), nil
}

// list takes in which tables there are, if others are than at the last look: Badger's manifest grows then.
func (d *densities) list(e *Engine) error {
	st, err := os.Stat(filepath.Join(e.opts.Dir, badger.ManifestFilename))
	if err != nil || st.Size() == d.manifest {
		return err
	}
	d.files = verifier{dir: e.opts.Dir, key: e.opts.Key, open: true}
	if err := d.files.list(); err != nil {
		return err
	}
	d.tables, d.blocks, d.manifest = d.tables[:0], map[uint64]blockList{}, st.Size()
	for _, t := range e.db.Tables() {
		if st, err := os.Stat(table.NewFilename(t.ID, e.opts.Dir)); err == nil { // else it was compacted just now
			d.tables = append(d.tables, extent{t.ID, y.ParseKey(t.Left), append(bytes.Clone(y.ParseKey(t.Right)), 0), st.Size()})
		}
	}
	return nil
}

// parts are what is looked at of a range: all that tables reach, or where there are many what some of them reach, from everywhere.
func (d *densities) parts(lo, hi []byte) []kv.Range {
	var within []extent
	var reach kv.Range
	for _, t := range d.tables {
		if bytes.Compare(t.hi, lo) <= 0 || hi != nil && bytes.Compare(t.lo, hi) >= 0 {
			continue
		}
		from, to := t.lo, t.hi
		if bytes.Compare(from, lo) < 0 {
			from = lo
		}
		if hi != nil && bytes.Compare(to, hi) > 0 {
			to = hi
		}
		if reach.Hi == nil {
			reach = kv.Range{Lo: from, Hi: to}
		}
		reach.Lo, reach.Hi = slices.MinFunc([][]byte{reach.Lo, from}, bytes.Compare), slices.MaxFunc([][]byte{reach.Hi, to}, bytes.Compare)
		if bytes.Equal(from, t.lo) && bytes.Equal(to, t.hi) {
			within = append(within, t)
		}
	}
	if reach.Hi == nil {
		return nil
	}
	if len(within) <= sampled {
		return []kv.Range{reach}
	}
	slices.SortFunc(within, func(a, b extent) int { return cmp.Or(bytes.Compare(a.lo, b.lo), cmp.Compare(a.id, b.id)) })
	parts := make([]kv.Range, sampled)
	for i := range parts {
		t := within[i*len(within)/sampled+len(within)/sampled/2]
		parts[i] = kv.Range{Lo: t.lo, Hi: t.hi}
	}
	return parts
}

// within returns the bytes that a table has of a range: by its blocks, with their share of the rest of the file.
func (d *densities) within(t extent, lo, hi []byte) (int64, error) {
	switch {
	case bytes.Compare(t.hi, lo) <= 0 || bytes.Compare(t.lo, hi) >= 0:
		return 0, nil
	case bytes.Compare(t.lo, lo) >= 0 && bytes.Compare(t.hi, hi) <= 0:
		return t.size, nil
	}
	b, err := d.blocksOf(t.id)
	if err != nil || b.all == 0 {
		return 0, err
	}
	from, _ := slices.BinarySearchFunc(b.first, lo, bytes.Compare)
	to, _ := slices.BinarySearchFunc(b.first, hi, bytes.Compare)
	var n int64
	for _, size := range b.size[from:max(from, to)] {
		n += size
	}
	return int64(float64(n) * float64(t.size) / float64(b.all)), nil
}

func (d *densities) blocksOf(id uint64) (b blockList, err error) {
	if b, ok := d.blocks[id]; ok {
		return b, nil
	}
	index, err := d.files.index(id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return b, nil
	case err != nil:
		return b, err
	}
	for i := range index.OffsetsLength() {
		var o fb.BlockOffset
		if index.Offsets(&o, i) {
			b.first = append(b.first, y.ParseKey(o.KeyBytes()))
			b.size = append(b.size, int64(o.Len()))
			b.all += int64(o.Len())
		}
	}
	if len(d.blocks) >= mostIndexes {
		clear(d.blocks)
	}
	d.blocks[id] = b
	return b, nil
}

// held adds up the keys and values in a range.
func (e *Engine) held(ctx context.Context, r kv.Range) (n int64, err error) {
	it := e.Scan(ctx, r)
	defer it.Close()
	for i := 0; it.Next(); i++ {
		if n += int64(len(it.Key()) + len(it.Value())); i&4095 == 4095 && ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
	}
	return n, it.Err()
}
