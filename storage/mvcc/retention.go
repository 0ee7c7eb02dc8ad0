package mvcc

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// keepRecord says how much of its branches' past a database keeps.
type keepRecord struct {
	Window time.Duration // 0: all
	Low    uint64        // points before are gone on branches without a window of their own; it only grows
}

// low returns the SCN below which a branch cannot be read, except at points that are pinned.
func (s *Store) low(b *branch) uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lowLocked(b)
}

func (s *Store) lowLocked(b *branch) uint64 {
	if b.Window == nil {
		return max(b.Low, s.keeps[b.Database].Low)
	}
	return b.Low
}

func (s *Store) windowLocked(b *branch) time.Duration {
	if b.Window != nil {
		return *b.Window
	}
	return s.keeps[b.Database].Window
}

// readable refuses points that are before the branch's history or not kept any more.
func (s *Store) readable(ctx context.Context, b *branch, point string, scn uint64) error {
	if oldest := b.oldest(); scn < oldest {
		return errPoint(point, "is before the history of branch \""+b.Name+"\"").Because(catalog.ErrPointBefore).
			WithHint("The oldest readable point is SCN %d.", max(oldest, s.low(b)))
	}
	if scn >= s.low(b) {
		return nil
	}
	if slices.ContainsFunc(b.Gone, func(g gap) bool { return g.From <= scn && scn <= g.To }) {
		return s.errTooOld(ctx, b, point)
	}
	ok, err := s.pinned(ctx, b.at(scn), scn)
	if err == nil && !ok {
		err = s.errTooOld(ctx, b, point)
	}
	return err
}

func (s *Store) errTooOld(ctx context.Context, b *branch, point string) error {
	low := s.low(b)
	e := errPoint(point, "is older than what branch \""+b.Name+"\" keeps")
	e.Code = pgerrcode.SnapshotTooOld
	at, err := s.Time(ctx, low)
	if err != nil || at.IsZero() {
		return e.WithHint("The oldest readable point is SCN %d.", low)
	}
	return e.WithHint("The oldest readable point is SCN %d, of %s.", low, at.Format("2006-01-02 15:04:05.999999Z07:00"))
}

// stays reports whether what a view reads, which is registered by now, will not be removed under it.
func (s *Store) stays(v *view) bool {
	s.mu.RLock()
	known := s.layers[v.layer.id] == v.layer
	b := s.branches[v.branch.ID]
	low := uint64(0)
	if b != nil {
		low = s.lowLocked(b)
	}
	s.mu.RUnlock()
	if !known || b == nil {
		return false
	}
	if !v.readOnly || v.At() >= low {
		return true
	}
	ok, err := s.pinned(context.Background(), v.layer, v.At())
	return ok && err == nil
}

// pinned reports whether a point of a layer is kept by a snapshot, a tag or a commit.
func (s *Store) pinned(ctx context.Context, l *layer, scn uint64) (bool, error) {
	pins, err := s.allPins(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(pins, func(p pin) bool {
		if p.SCN != scn {
			return false
		}
		b := s.branchByID(p.Branch)
		return b != nil && b.at(scn) == l
	}), nil
}

// pin is a point of a branch, by its id, that is kept.
type pin struct {
	Branch uint64
	SCN    uint64
}

// allPins returns the points that snapshots, tags and commits keep.
func (s *Store) allPins(ctx context.Context) (list []pin, err error) {
	s.mu.RLock()
	for _, r := range s.snaps {
		list = append(list, pin{Branch: r.BranchID, SCN: r.SCN})
	}
	s.mu.RUnlock()
	if s.naming == nil {
		return list, nil
	}
	named, err := s.naming.Pins(ctx)
	for _, p := range named {
		list = append(list, pin{Branch: p.Branch, SCN: p.SCN})
	}
	return list, err
}

// SetRetention implements storage.Keeper.
func (b branches) SetRetention(ctx context.Context, db catalog.OID, name string, window *time.Duration) error {
	s := b.s
	if window != nil && *window < 0 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "retention must not be negative")
	}
	s.topology.Lock()
	defer s.topology.Unlock()
	if name == "" {
		return storeError(s.keepDatabase(ctx, db, window))
	}
	x, err := s.branch(db, name)
	if err != nil {
		return err
	}
	c := x.touch(s.o.Clock())
	c.Low = s.low(x)
	c.Window = window
	_, err = s.saveBranch(ctx, &kv.Batch{Urgent: true}, c)
	return err
}

func (s *Store) keepDatabase(ctx context.Context, db catalog.OID, window *time.Duration) error {
	s.mu.RLock()
	k := s.keeps[db]
	s.mu.RUnlock()
	k.Window = 0
	if window != nil {
		k.Window = *window
	}
	batch := kv.Batch{Urgent: true}
	if err := putKeep(&batch, db, k); err != nil {
		return err
	}
	if err := s.kv.Apply(ctx, &batch); err != nil {
		return err
	}
	s.mu.Lock()
	s.keeps[db] = k
	s.mu.Unlock()
	return nil
}

func putKeep(batch *kv.Batch, db catalog.OID, k keepRecord) error {
	val, err := json.Marshal(k)
	if err == nil {
		batch.Put(keys.MetaKeep.Append(nil, uint64(db)), val)
	}
	return err
}

func (s *Store) loadKeeps(ctx context.Context) error {
	return s.each(ctx, keys.MetaKeep.Append(nil), func(rest, val []byte) error {
		id, _, _ := keys.ID(rest)
		var k keepRecord
		if err := json.Unmarshal(val, &k); err != nil {
			return fmt.Errorf("retention of database %d: %w", id, err)
		}
		s.keeps[catalog.OID(id)] = k
		return nil
	})
}

// Retention implements storage.Keeper.
func (b branches) Retention(ctx context.Context, db catalog.OID) ([]storage.Retention, error) {
	s := b.s
	var out []storage.Retention
	s.mu.RLock()
	for _, id := range slices.Sorted(maps.Keys(s.branches)) {
		x := s.branches[id]
		if x.Database != db || !x.Deleted.IsZero() {
			continue
		}
		out = append(out, storage.Retention{
			Branch: x.Name, Window: s.windowLocked(x), Own: x.Window != nil, Oldest: max(s.lowLocked(x), x.oldest()), Every: x.Every, Keep: x.Keep,
		})
	}
	s.mu.RUnlock()
	for i := range out {
		var err error
		if out[i].Time, err = s.Time(ctx, out[i].Oldest); err != nil {
			return nil, storeError(err)
		}
	}
	return out, nil
}

// Oldest implements storage.Keeper.
func (b branches) Oldest(_ context.Context, db catalog.OID, name string) (storage.SCN, error) {
	x, err := b.s.branch(db, name)
	if err != nil {
		return 0, err
	}
	return max(b.s.low(x), x.oldest()), nil
}
