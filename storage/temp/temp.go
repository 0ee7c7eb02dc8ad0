// Package temp gives each session a schema for temporary tables whose objects and rows nobody else sees.
//
// They live in a store of their own, beside the one of the branches: nothing of them is in a branch's history, in forks,
// diffs, merges and backups, and their writes wait for no disk. A session's Space is a branch of that store; Begin joins a
// transaction of the branches' store with one of the Space: what concerns the temporary schema goes to the Space, all else
// to the other.
//
// It knows storage's contract only. Invariants: the catalog that a transaction shows is that of its branch and the Space's
// objects together, on every branch and at every point; a commit is the branches' store's, and the Space follows it.
// Callers: session; server, which opens the store.
package temp

import (
	"context"
	"fmt"
	"sync"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// Store keeps the temporary objects of all sessions. It opens when the first session needs it.
type Store struct {
	open func(context.Context) (storage.Store, error)
	db   catalog.OID

	mu    sync.Mutex
	store storage.Store
}

// New makes a store that open opens; db is the database in it that the spaces are branches of.
func New(db catalog.OID, open func(context.Context) (storage.Store, error)) *Store {
	return &Store{open: open, db: db}
}

// Close closes what has been opened.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}

func (s *Store) opened(ctx context.Context) (storage.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	var err error
	s.store, err = s.open(ctx)
	return s.store, err
}

// Space is the temporary schema of one session. One goroutine uses it.
type Space struct {
	Name   string      // of the schema, such as pg_temp_3
	Schema catalog.OID // its OID
	s      *Store
	store  storage.Store

	// The last catalog made of two.
	cat           *catalog.Snapshot
	catOf, tempOf uint64 // versions of its parts
}

// Space makes a session's schema; number is the session's own, id an OID that nothing else has.
func (s *Store) Space(ctx context.Context, number uint32, id catalog.OID) (*Space, error) {
	store, err := s.opened(ctx)
	if err != nil {
		return nil, err
	}
	sp := &Space{Name: fmt.Sprintf("pg_temp_%d", number), Schema: id, s: s, store: store}
	_, err = store.Branches().Create(ctx, s.db, storage.BranchOptions{Name: sp.branch()})
	return sp, err
}

// branch is a name that no other space has had.
func (sp *Space) branch() string { return fmt.Sprintf("%s_%d", sp.Name, sp.Schema) }

// Close drops the schema with all that is in it.
func (sp *Space) Close(ctx context.Context) error {
	_, err := sp.store.Branches().Drop(ctx, sp.s.db, sp.branch(), true)
	return err
}

// catalog puts the space's objects into a branch's catalog.
func (sp *Space) catalog(base, own *catalog.Snapshot) *catalog.Snapshot {
	if sp.cat != nil && sp.catOf == base.Version && sp.tempOf == own.Version {
		return sp.cat
	}
	var put []catalog.Object
	for _, o := range own.Objects() {
		if o.Head().Schema == sp.Schema || o.Head().OID == sp.Schema {
			put = append(put, o)
		}
	}
	sp.cat, sp.catOf, sp.tempOf = base, base.Version, own.Version
	if len(put) > 0 {
		sp.cat = base.Edit(put, nil)
	}
	return sp.cat
}
