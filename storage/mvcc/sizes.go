package mvcc

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"sync/atomic"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// size counts the bytes of keys and values that a space, or the log of a layer, has in the store. Commits and garbage
// collection keep it; after a crash, and where a large transaction wrote, it is measured when somebody asks.
type size struct {
	n       atomic.Int64
	unknown atomic.Bool
	changed atomic.Bool // since it was saved
}

func (z *size) add(n int) {
	z.n.Add(int64(n))
	z.changed.Store(true)
}

func (z *size) forget() {
	z.unknown.Store(true)
	z.changed.Store(true)
}

func (z *size) append(dst []byte, scn uint64) []byte {
	dst = binary.AppendVarint(dst, z.n.Load())
	if z.unknown.Load() {
		return binary.AppendUvarint(append(dst, 1), scn)
	}
	return binary.AppendUvarint(append(dst, 0), scn)
}

// read takes in what append made, and returns the SCN and what follows. Records of old do not have it.
func (z *size) read(b []byte) (scn uint64, rest []byte) {
	n, size := binary.Varint(b)
	if size <= 0 || len(b) <= size {
		z.unknown.Store(true)
		return 0, nil
	}
	z.n.Store(n)
	z.unknown.Store(b[size] != 0)
	b = b[size+1:]
	scn, size = binary.Uvarint(b)
	return scn, b[max(size, 0):]
}

// unmeasured says that what is known of the sizes of a layer is not of now.
func (l *layer) unmeasured() {
	l.logged.forget()
	for _, sp := range *l.spaces.Load() {
		sp.size.forget()
	}
}

// bytes returns what a layer takes, and measures what is not known.
func (s *Store) bytes(ctx context.Context, l *layer) (n int64, err error) {
	for _, sp := range *l.spaces.Load() {
		if err := s.measure(ctx, &sp.size, sp.prefix, sp.AppendHistory(nil, nil)); err != nil {
			return 0, err
		}
		n += sp.size.n.Load()
	}
	if err := s.measure(ctx, &l.logged, keys.AppendLogPrefix(nil, l.id)); err != nil {
		return 0, err
	}
	return n + l.logged.n.Load(), nil
}

func (s *Store) measure(ctx context.Context, z *size, prefixes ...[]byte) error {
	if !z.unknown.Load() {
		return nil
	}
	before := z.n.Load()
	var n int64
	for _, p := range prefixes {
		k, err := s.bytesIn(ctx, p, kv.PrefixEnd(p))
		if err != nil {
			return err
		}
		n += k
	}
	z.n.Add(n - before) // with what was committed meanwhile, some of which may be counted twice
	z.changed.Store(true)
	z.unknown.Store(false)
	return nil
}

func (s *Store) bytesIn(ctx context.Context, lo, hi []byte) (n int64, err error) {
	it := s.kv.Scan(ctx, kv.Range{Lo: lo, Hi: hi})
	defer it.Close()
	for i := 1; it.Next(); i++ {
		n += int64(len(it.Key()) + len(it.Value()))
		if i&4095 == 0 && ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
	}
	return n, it.Err()
}

// disk returns what a layer takes of the disk, of which n bytes are keys and values.
func (s *Store) disk(ctx context.Context, l *layer) (n, disk int64, err error) {
	if n, err = s.bytes(ctx, l); err != nil {
		return 0, 0, err
	}
	add := func(n int64, prefix []byte) error {
		if n == 0 {
			return nil
		}
		d, err := s.kv.Density(ctx, prefix, kv.PrefixEnd(prefix))
		disk += int64(float64(n) * d)
		return err
	}
	for _, sp := range *l.spaces.Load() {
		if err := add(sp.size.n.Load(), sp.prefix); err != nil {
			return 0, 0, err
		}
	}
	err = add(l.logged.n.Load(), keys.AppendLogPrefix(nil, l.id))
	return n, disk, err
}

// Written implements storage.Keeper.
func (b branches) Written(ctx context.Context, db catalog.OID, name string) (n int64, err error) {
	x, err := b.s.branch(db, name)
	if err != nil {
		return 0, err
	}
	for l := range x.shows() {
		if l.branch != x.ID {
			continue
		}
		k, err := b.s.bytes(ctx, l)
		if err != nil {
			return 0, storeError(err)
		}
		n += k
	}
	return n, nil
}

// Sizes implements storage.Keeper.
func (b branches) Sizes(ctx context.Context, db catalog.OID) ([]storage.BranchSize, error) {
	s := b.s
	list, err := b.List(ctx, db, false)
	if err != nil {
		return nil, err
	}
	all, err := s.sights(ctx, func(*branch) bool { return false })
	if err != nil {
		return nil, storeError(err)
	}
	sizes, held := map[*layer]int64{}, map[*layer]int64{}
	for l := range all {
		if held[l], sizes[l], err = s.disk(ctx, l); err != nil {
			return nil, storeError(err)
		}
	}
	shown, trimmed := s.shownBy(), s.trims(db)
	var out []storage.BranchSize
	for _, d := range list {
		x := s.branchByID(d.ID)
		if x == nil {
			continue
		}
		r := storage.BranchSize{Branch: d.Name}
		alone := true
		for l := range x.shows() {
			r.Total += sizes[l]
			if l.branch == x.ID {
				r.Unique += sizes[l]
				alone = alone && shown[l] == 1
			}
			alone = alone && (shown[l] == 1 || !trimmed) // it may be all that keeps the past of the others
			if shown[l] == 1 && !x.Default {
				r.Freed += sizes[l]
			}
		}
		if !alone && !x.Default {
			if r.Freed, err = s.freed(ctx, x, all, sizes, held); err != nil {
				return nil, storeError(err)
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// shows returns the layers that a branch shows or has shown.
func (b *branch) shows() map[*layer]bool {
	m := map[*layer]bool{}
	for _, l := range b.layers {
		for ; l != nil && !m[l]; l = l.parent {
			m[l] = true
			if f := l.flat.Load(); f != nil {
				m[f] = true
			}
		}
	}
	return m
}

// shownBy counts, for each layer, the branches that show it.
func (s *Store) shownBy() map[*layer]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := map[*layer]int{}
	for _, b := range s.branches {
		for l := range b.shows() {
			m[l]++
		}
	}
	return m
}

// trims reports whether a branch of a database has a past that is not kept any more, but for what others show of it.
func (s *Store) trims(db catalog.OID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, b := range s.branches {
		if b.Database == db && s.lowLocked(b) > 0 {
			return true
		}
	}
	return false
}

// freed returns what dropping a branch that shares layers with others, and collecting then, would free: layers that only it
// shows, and of those that others go on showing from or up to some point what came before or after.
func (s *Store) freed(ctx context.Context, x *branch, all sights, sizes, held map[*layer]int64) (n int64, err error) {
	rest, err := s.sights(ctx, func(b *branch) bool { return b.ID == x.ID })
	if err != nil {
		return 0, err
	}
	for l, e := range all {
		left := rest[l]
		switch {
		case left == nil:
			n += sizes[l]
		case !slices.Equal(left, e):
			k, err := s.invisible(ctx, l, left)
			if err != nil {
				return 0, err
			}
			if k > 0 {
				n += int64(float64(k) * float64(sizes[l]) / float64(max(held[l], 1)))
			}
		}
	}
	return n, nil
}

// invisible returns the bytes of the versions and log entries of a layer that nobody could see. It reads the layer's history, and its
// heads as well where they are not seen; there are few that are seen in part only.
func (s *Store) invisible(ctx context.Context, l *layer, e extent) (n int64, err error) {
	r := &reader{s: s}
	last := e[len(e)-1].to
	for _, sp := range *l.spaces.Load() {
		var heads int64
		if last < latest {
			heads, err = s.eachVersion(ctx, sp.prefix, func(_ []byte, v *version) bool {
				return r.scn(v) > last && r.scn(v) <= latest // not of a transaction that runs
			})
		}
		if err != nil {
			return 0, err
		}
		past, err := s.eachVersion(ctx, sp.AppendHistory(nil, nil), func(key []byte, v *version) bool {
			_, end, _ := keys.SplitHistory(key)
			return r.endOf(end) <= latest && !e.meets(r.scn(v), r.endOf(end))
		})
		if err != nil {
			return 0, err
		}
		n += heads + past
	}
	log, err := s.invisibleLog(ctx, l, e)
	return n + log, err
}

// invisibleLog returns the bytes of a layer's log entries before and after all that can be seen of it.
func (s *Store) invisibleLog(ctx context.Context, l *layer, e extent) (n int64, err error) {
	prefix := keys.AppendLogPrefix(nil, l.id)
	if first := min(e[0].from, s.seq.published.Load()+1); first > l.fork+1 {
		if n, err = s.bytesIn(ctx, prefix, keys.Log{Layer: l.id, SCN: first}.Append(nil)); err != nil {
			return 0, err
		}
	}
	last := e[len(e)-1].to
	if last >= latest {
		return n, nil
	}
	later, err := s.bytesIn(ctx, keys.Log{Layer: l.id, SCN: last + 1}.Append(nil), kv.PrefixEnd(prefix))
	return n + later, err
}

// eachVersion adds up the bytes of the versions under a prefix that f picks.
func (s *Store) eachVersion(ctx context.Context, prefix []byte, f func(key []byte, v *version) bool) (n int64, err error) {
	it := s.kv.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix)})
	defer it.Close()
	for it.Next() {
		val := it.Value()
		v, err := parseVersion(val)
		if err != nil {
			return 0, err
		}
		if f(it.Key(), &v) {
			n += int64(len(it.Key()) + len(val))
		}
	}
	return n, cmp.Or(it.Err(), ctx.Err())
}
