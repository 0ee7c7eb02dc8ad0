package session

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// virtual scans a relation of pg_catalog or information_schema.
func (s *Session) virtual(ctx context.Context, t *catalog.Table, ref catalog.Ref) (storage.Scanner, error) {
	v, err := s.txn.View(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t.Schema == catalog.RowanSchema {
		return s.rowanRelation(ctx, t, ref)
	}
	snap, global := v.Catalog(), s.global()
	key := virtualKey{t.OID, snap.Version, global.Version}
	keep := pgcatalog.Static(t)
	if keep {
		if batches := s.engine.virtual.get(key); batches != nil {
			return &batchScanner{batches: slices.Clone(batches)}, nil
		}
	}
	batches, err := pgcatalog.Rows(ctx, t, s.source(ctx, v))
	if keep && err == nil {
		s.engine.virtual.put(key, batches)
	}
	return &batchScanner{batches: slices.Clone(batches)}, err
}

// virtualKey says what rows of a virtual relation were computed from.
type virtualKey struct {
	relation        catalog.OID
	catalog, global uint64
}

// virtualCache keeps the rows of relations that depend on catalogs only, so that the queries of clients over pg_type or
// pg_proc need not make thousands of rows each time. Batches in it are shared and must not be changed.
type virtualCache struct {
	mu      sync.Mutex
	entries map[virtualKey][]*vector.Batch
	rows    int
}

// virtualCacheRows bounds the cache; when it is full it starts anew.
const virtualCacheRows = 200_000

func (c *virtualCache) get(k virtualKey) []*vector.Batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[k]
}

func (c *virtualCache) put(k virtualKey, batches []*vector.Batch) {
	rows := 0
	for _, b := range batches {
		rows += b.N
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || c.rows+rows > virtualCacheRows {
		c.entries, c.rows = map[virtualKey][]*vector.Batch{}, 0
	}
	if _, ok := c.entries[k]; !ok {
		c.entries[k] = batches
		c.rows += rows
	}
}

// source is what the rows of virtual relations are computed from.
func (s *Session) source(ctx context.Context, v storage.View) *pgcatalog.Source {
	s.catalogs.ctx = ctx
	return &pgcatalog.Source{
		Catalog: v.Catalog(), Global: s.global(), User: s.user, Names: s.definitions(v.Catalog()),
		View: func(w *catalog.View) string { return s.viewText(v.Catalog(), w, false, 0) },
		Rows: func(t *catalog.Table) int64 { return s.txn.RowEstimate(v, t) },
		Sequence: func(q *catalog.Sequence) (int64, bool, error) {
			return s.engine.Store.Sequences().Get(ctx, q.On(v.Branch().ID))
		},
		Statistics: func(t *catalog.Table) *statistics.Table { return s.txn.Statistics(v, t) },
		Settings:   s.settingRows, Activity: s.activityRows, Locks: s.lockRows, Prepared: s.preparedRows, Cursors: s.cursorRows,
	}
}

// batchScanner yields batches that are there already.
type batchScanner struct{ batches []*vector.Batch }

// Next returns the next batch.
func (b *batchScanner) Next(context.Context) (*vector.Batch, error) {
	if len(b.batches) == 0 {
		return nil, nil
	}
	next := b.batches[0]
	b.batches = b.batches[1:]
	return next, nil
}

// Close implements storage.Scanner.
func (*batchScanner) Close() error { return nil }

func (s *Session) settingRows() []pgcatalog.Setting {
	var out []pgcatalog.Setting
	for _, p := range sortedParameters() {
		v, _ := s.settings.get(p.name)
		reset, _ := s.settings.reset(strings.ToLower(p.name))
		source := "default"
		switch {
		case v != reset:
			source = "session"
		case reset != p.boot:
			source = "client"
		}
		out = append(out, pgcatalog.Setting{Name: p.name, Value: v, Unit: p.unit, Category: p.category, Desc: p.desc, Context: p.context, Type: p.kind,
			Source: source, Min: p.min, Max: p.max, Values: p.values, Boot: p.boot, Reset: reset})
	}
	return out
}

func (a *activity) rows() []pgcatalog.Activity {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []pgcatalog.Activity
	for e := range a.entries {
		e.mu.Lock()
		out = append(out, pgcatalog.Activity{Database: e.DatabaseOID, DatabaseName: e.Database, User: e.User, Application: e.application, Client: e.RemoteAddr,
			PID: int32(e.PID), Started: e.Started, Transaction: e.txnAt, Query: e.queryAt, StateChange: e.stateAt, State: e.state, Text: e.query,
			WaitType: e.waitType, Wait: e.wait})
		e.mu.Unlock()
	}
	slices.SortFunc(out, func(x, y pgcatalog.Activity) int { return int(x.PID) - int(y.PID) })
	return out
}

func (s *Session) preparedRows() []pgcatalog.Prepared {
	var out []pgcatalog.Prepared
	for _, p := range s.prepared {
		if p.name == "" {
			continue
		}
		r := pgcatalog.Prepared{Name: p.name, Statement: p.sql, FromSQL: p.fromSQL, Made: p.made}
		for _, t := range p.params {
			if name, ok := (regNames{s}).NameOf(types.OIDRegtype, t.ID()); ok {
				r.Types = append(r.Types, name)
			}
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b pgcatalog.Prepared) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (s *Session) cursorRows() []pgcatalog.Cursor {
	var out []pgcatalog.Cursor
	for _, p := range s.portals {
		if p.declared {
			out = append(out, pgcatalog.Cursor{Name: p.name, Statement: p.sql, Hold: p.hold, Binary: p.binary, Scrollable: p.scroll, Made: p.made})
		}
	}
	return out
}
