package mvcc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// branch is a name for a timeline. It never changes: Alter, Reset and Drop put another in its place.
type branch struct {
	storage.Branch
	Timeline []era
	Window   *time.Duration `json:",omitempty"` // how long its past is kept; nil: as the database says
	Low      uint64         `json:",omitempty"` // points before are gone
	Gone     []gap          `json:",omitempty"` // where the timeline has eras that are gone, among some that are kept
	Every    time.Duration  `json:",omitempty"` // of automatic snapshots; 0: none
	Keep     int            `json:",omitempty"` // how many of them
	layers   []*layer       // of the eras
}

// era says which layer is in force from an SCN on.
type era struct {
	From  uint64
	Layer uint64
}

// gap is from an SCN to another one, both in it.
type gap struct{ From, To uint64 }

type branchName struct {
	db   catalog.OID
	name string
}

type layerRecord struct {
	Parent  uint64
	Fork    uint64
	Branch  uint64
	Trimmed uint64 `json:",omitempty"`
	Cut     bool   `json:",omitempty"`
	Flat    bool   `json:",omitempty"` // it repeats what the ancestors of Owner hold
	Owner   uint64 `json:",omitempty"`
}

// at returns the layer in force at an SCN.
func (b *branch) at(scn uint64) *layer {
	i := len(b.Timeline) - 1
	for i > 0 && b.Timeline[i].From > scn {
		i--
	}
	return b.layers[i]
}

// era returns from which SCN to which the layer with that number is in force.
func (b *branch) era(i int) (from, to uint64) {
	if i > 0 { // what is before the first layer is looked up in it, too
		from = b.Timeline[i].From
	}
	if i+1 == len(b.Timeline) {
		return from, latest
	}
	return from, b.Timeline[i+1].From - 1
}

// now returns the layer in force, which commits write to.
func (b *branch) now() *layer { return b.layers[len(b.layers)-1] }

// describe returns a branch as users see it.
func (s *Store) describe(b *branch) storage.Branch {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.describeLocked(b)
}

func (s *Store) describeLocked(b *branch) storage.Branch {
	d := b.Branch
	if p := s.branches[b.ParentID]; p != nil {
		d.Parent = p.Name // as it is called now
	}
	if d.Head, d.Updated = b.now().lastCommit(); d.Head == 0 {
		d.Head, d.Updated = b.now().fork, d.Created
	} else if !d.Default {
		d.Merged = s.taken.all(b.ID, d.Head)
	}
	if b.Updated.After(d.Updated) { // the branch itself was changed since
		d.Updated = b.Updated
	}
	return d
}

func (s *Store) putBranch(batch *kv.Batch, b *branch) error {
	val, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("mvcc: branch %d: %w", b.ID, err)
	}
	batch.Put(keys.MetaBranch.Append(nil, b.ID), val)
	return nil
}

func (s *Store) putLayer(batch *kv.Batch, l *layer) error {
	r := layerRecord{Fork: l.fork, Branch: l.branch, Trimmed: l.trimmed.Load(), Cut: l.cut.Load(), Flat: l.owner != nil}
	if l.parent != nil {
		r.Parent = l.parent.id
	}
	if l.owner != nil {
		r.Owner = l.owner.id
	}
	val, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("mvcc: layer %d: %w", l.id, err)
	}
	batch.Put(keys.MetaLayer.Append(nil, l.id), val)
	return nil
}

// install makes a branch known, in the place of one with its id.
func (s *Store) install(b *branch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.branches[b.ID]; old != nil && old.Deleted.IsZero() {
		delete(s.names, branchName{old.Database, old.Name})
	}
	s.branches[b.ID] = b
	for _, l := range b.layers {
		l.want = s.flattener.want
		s.layers[l.id] = l
	}
	if !b.Deleted.IsZero() {
		if s.defaults[b.Database] != nil && s.defaults[b.Database].ID == b.ID {
			delete(s.defaults, b.Database)
		}
		return
	}
	s.names[branchName{b.Database, b.Name}] = b
	if b.Default {
		s.defaults[b.Database] = b
	}
}

// branch finds a branch by name or id; "" is the default one.
func (s *Store) branch(db catalog.OID, name string) (*branch, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if name == "" {
		if b := s.defaults[db]; b != nil {
			return b, nil
		}
	}
	if b := s.names[branchName{db, name}]; b != nil {
		return b, nil
	}
	if id, ok := branchID(name); ok {
		if b := s.branches[id]; b != nil && b.Database == db && b.Deleted.IsZero() {
			return b, nil
		}
	}
	return nil, s.errNoBranch(db, name)
}

// branchID reads the id of a branch as answers show it. What looks like one is never the name of another branch: checkName
// sees to that.
func branchID(name string) (id uint64, ok bool) {
	digits, ok := strings.CutPrefix(name, "br_")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 10, 64)
	return id, err == nil
}

func (s *Store) errNoBranch(db catalog.OID, name string) error {
	err := pgerr.New(pgerrcode.InvalidCatalogName, "branch \"%s\" does not exist", name)
	var known []string
	for n := range s.names {
		if n.db == db {
			known = append(known, n.name)
		}
	}
	slices.Sort(known)
	if len(known) > 8 {
		known = append(known[:8], "…")
	}
	if strings.Contains(name, "@") {
		return err.WithHint("A branch's name has no @. SET rowan.as_of, AS OF and the arguments as_of choose a point.")
	}
	if len(known) > 0 {
		return err.WithHint("Known branches: %s.", strings.Join(known, ", "))
	}
	return err
}

// newBranch makes a branch with a fresh layer that forks from a source at an SCN, and whose past is the source's; a nil
// source is an empty start.
func (s *Store) newBranch(ctx context.Context, d storage.Branch, source *branch, fork uint64) (*branch, error) {
	id, err := s.take(ctx, counterBranch, 1)
	if err != nil {
		return nil, err
	}
	layerID, err := s.take(ctx, counterLayer, 1)
	if err != nil {
		return nil, err
	}
	b := &branch{}
	var parent *layer
	if source != nil {
		parent = source.at(fork)
		b.Low, b.Gone = s.low(source), source.Gone
		for i, e := range source.Timeline {
			if e.From <= fork {
				b.Timeline, b.layers = append(b.Timeline, e), append(b.layers, source.layers[i])
			}
		}
	}
	l := newLayer(layerID, parent, fork)
	l.branch = id
	d.ID, d.Fork = id, fork
	d.Created = s.o.Clock()
	d.Updated, d.Head = d.Created, fork
	b.Branch = d
	b.Timeline, b.layers = append(b.Timeline, era{fork, layerID}), append(b.layers, l)
	return b, nil
}

func (s *Store) loadLayers(ctx context.Context) error {
	records := map[uint64]layerRecord{}
	err := s.each(ctx, keys.MetaLayer.Append(nil), func(rest, val []byte) error {
		id, _, _ := keys.ID(rest)
		var r layerRecord
		records[id] = r
		if err := json.Unmarshal(val, &r); err != nil {
			return fmt.Errorf("layer %d: %w", id, err)
		}
		records[id] = r
		return nil
	})
	if err != nil {
		return err
	}
	var build func(id uint64) *layer
	build = func(id uint64) *layer {
		if l := s.layers[id]; l != nil {
			return l
		}
		r, ok := records[id]
		if !ok {
			return nil
		}
		var parent *layer
		if r.Parent != 0 {
			parent = build(r.Parent)
		}
		l := newLayer(id, parent, r.Fork)
		l.branch = r.Branch
		l.trimmed.Store(r.Trimmed)
		l.cut.Store(r.Cut)
		s.layers[id] = l
		return l
	}
	for id, r := range records {
		l := build(id)
		if o := build(r.Owner); r.Flat && o != nil {
			l.owner = o
			o.flat.Store(l)
		}
	}
	return nil
}

func (s *Store) loadBranches(ctx context.Context) error {
	return s.each(ctx, keys.MetaBranch.Append(nil), func(rest, val []byte) error {
		b := &branch{}
		if err := json.Unmarshal(val, b); err != nil {
			return fmt.Errorf("branch: %w", err)
		}
		for _, e := range b.Timeline {
			l := s.layers[e.Layer]
			if l == nil {
				return fmt.Errorf("branch %d: layer %d is missing", b.ID, e.Layer)
			}
			b.layers = append(b.layers, l)
		}
		s.install(b)
		return nil
	})
}

// each calls f for all records with a prefix.
func (s *Store) each(ctx context.Context, prefix []byte, f func(rest, val []byte) error) error {
	it := s.kv.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix)})
	defer it.Close()
	for it.Next() {
		if err := f(it.Key()[len(prefix):], it.Value()); err != nil {
			return err
		}
	}
	return it.Err()
}

// touch returns a copy to change, with its time of change.
func (b *branch) touch(now time.Time) *branch {
	c := *b
	c.Timeline = slices.Clone(b.Timeline)
	c.layers = slices.Clone(b.layers)
	c.Updated = now
	return &c
}
