package server

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/rowandb/rowan/admin"
	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/internal/password"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/storage/kv/badgerkv"
	"github.com/rowandb/rowan/storage/merge"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/storage/temp"
	"github.com/rowandb/rowan/vcs"
	"github.com/rowandb/rowan/webhook"
)

// openEngine opens the engine that keeps its data in a directory: Badger, versions over it, sessions over those.
func openEngine(ctx context.Context, o EngineOptions) (*Engine, error) {
	web, err := o.HTTP.options(o.Log.Named("admin"))
	if err != nil {
		return nil, err
	}
	budget, _ := o.Memory.bytes() // it was checked
	kv, err := badgerkv.Open(badgerkv.Options{Dir: o.Dir, Memory: budget, Key: o.Key})
	if err != nil {
		return nil, err
	}
	registerOnce.Do(func() { catalog.RegisterVirtual(pgcatalog.Tables()) })
	store, err := mvcc.Open(kv, mvcc.Options{SpillBytes: spillShare(budget), CacheBytes: budget / 6, TempDir: o.TempDir})
	if err != nil {
		return nil, errors.Join(err, kv.Close())
	}
	store.UseDiffer(merge.Differ{})
	store.UseNames(vcs.Names{Store: store})
	created, err := bootstrap(ctx, store, o.Password)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	engine := session.NewEngine(store, o.Log.Named("session"))
	engine.Version = Version
	if err := engine.DropEphemeral(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	engine.TempDir = o.TempDir
	engine.Temp = temp.New(mvcc.FirstDatabase, openTemp(filepath.Join(o.TempDir, "tables"), o.Key, store.AllocateKeyspace))
	stop := engine.Maintain()
	s := &sessions{engine: engine, store: store}
	a := &httpAPI{sessions: s, trust: o.Trust, started: time.Now()}
	handler := admin.New(a.services(), web)
	a.hooks = webhook.Start(store, webhook.Options{Private: o.HTTP.PrivateHooks, Matches: api.Matches, Log: o.Log.Named("webhooks")})
	return &Engine{
		Sessions: s, Roles: s, HTTP: handler, Created: created, Attach: func(b Backends) { engine.Backends = b },
		Close: func() error {
			a.hooks.Close()
			stop()
			return errors.Join(engine.Temp.Close(), store.Close())
		},
	}, nil
}

// registerOnce guards the relations of pg_catalog, which all engines of a process share.
var registerOnce sync.Once

// bootstrap makes the superuser and the first database in a store that has none. It reports whether it did.
func bootstrap(ctx context.Context, store *mvcc.Store, pw string) (created bool, err error) {
	if !store.Empty() {
		return false, nil
	}
	verifier, err := password.Verifier(pw)
	if err != nil {
		return false, err
	}
	return true, mvcc.Bootstrap(ctx, store, mvcc.BootstrapOptions{Password: verifier})
}
