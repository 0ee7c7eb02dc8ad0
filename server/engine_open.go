package server

import (
	"context"
	"errors"
	"time"

	"github.com/rowandb/rowan/admin"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/internal/password"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// superuser and firstDatabase are made in a new store, as initdb makes them. firstBranch is the database's first branch.
const (
	superuser       = "postgres"
	firstDatabase   = "postgres"
	firstBranch     = "main"
	firstDatabaseID = 5
)

// openEngine opens the engine that keeps its data in a directory: Badger, versions over it, sessions over those.
func openEngine(ctx context.Context, o EngineOptions) (*Engine, error) {
	kv, err := badgerkv.Open(badgerkv.Options{Dir: o.Dir, Small: o.Memory == MemorySmall})
	if err != nil {
		return nil, err
	}
	store, err := mvcc.Open(kv, mvcc.Options{})
	if err != nil {
		return nil, errors.Join(err, kv.Close())
	}
	created, err := bootstrap(ctx, store, o.Password)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	engine := session.NewEngine(store, o.Log.Named("session"))
	engine.TempDir = o.TempDir
	s := &sessions{engine: engine, store: store}
	a := &api{sessions: s, trust: o.Trust, started: time.Now()}
	return &Engine{
		Sessions: s, Roles: s, HTTP: admin.New(a.services(), o.Log.Named("admin")), Created: created,
		Attach: func(b Backends) { engine.Backends = b }, Close: store.Close,
	}, nil
}

// bootstrap makes the superuser and the first database in a store that has none. It reports whether it did.
func bootstrap(ctx context.Context, store storage.Store, pw string) (created bool, err error) {
	if store.Global().RoleByName(superuser) != nil {
		return false, nil
	}
	verifier, err := password.Verifier(pw)
	if err != nil {
		return false, err
	}
	tx, err := store.Begin(ctx, storage.TxnOptions{Info: storage.TxnInfo{User: superuser, Summary: "initialize"}})
	if err != nil {
		return false, err
	}
	if err := putFirst(ctx, tx, verifier); err != nil {
		return false, errors.Join(err, tx.Rollback())
	}
	_, err = tx.Commit(ctx)
	return err == nil, err
}

// putFirst writes the superuser and the first database.
func putFirst(ctx context.Context, tx storage.Txn, verifier string) error {
	global, err := tx.GlobalView(ctx)
	if err != nil {
		return err
	}
	role := &catalog.Role{
		Header:    catalog.Header{OID: catalog.Superuser, Name: superuser},
		Superuser: true, Inherit: true, CreateRole: true, CreateDB: true, Login: true, Replication: true, BypassRLS: true,
		ConnLimit: -1, Password: verifier,
	}
	if err := global.Put(ctx, role); err != nil {
		return err
	}
	return global.Put(ctx, &catalog.Database{
		Header:    catalog.Header{OID: firstDatabaseID, Name: firstDatabase, Owner: catalog.Superuser},
		AllowConn: true, ConnLimit: -1, Default: firstBranch,
	})
}
