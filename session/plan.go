package session

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// catalogAccess is what binding sees of the session: the catalogs of the open transaction, and how names resolve.
type catalogAccess struct {
	session  *Session
	ctx      context.Context
	key      string
	keyEpoch uint64
	keyUser  string
	path     []string
	pathKey  pathKey
}

// Catalog returns the catalog that a Ref means in the open transaction.
func (c *catalogAccess) Catalog(r catalog.Ref) (*catalog.Snapshot, error) {
	v, err := c.session.txn.View(c.ctx, r)
	if err != nil {
		return nil, err
	}
	return v.Catalog(), nil
}

// SearchPath returns the schemas in which unqualified names are looked up: those of search_path that exist, pg_catalog
// first unless it is listed.
func (c *catalogAccess) SearchPath() []string {
	value, _ := c.session.settings.get("search_path")
	snap, err := c.session.snapshot(c.ctx)
	if err != nil {
		return []string{"pg_catalog"}
	}
	key := pathKey{value, c.session.user, snap.Version}
	if c.pathKey == key {
		return c.path
	}
	path := make([]string, 0, 4)
	names := splitList(value)
	if !slices.Contains(names, "pg_catalog") {
		path = append(path, "pg_catalog")
	}
	for _, n := range names {
		if n == "$user" {
			n = c.session.user
		}
		if snap.Schema(n) != nil && !slices.Contains(path, n) {
			path = append(path, n)
		}
	}
	c.path, c.pathKey = path, key
	return path
}

// pathKey is what the effective search path depends on.
type pathKey struct {
	value, user string
	version     uint64
}

// User returns current_user.
func (c *catalogAccess) User() string { return c.session.user }

// Database returns the database's name.
func (c *catalogAccess) Database() string { return c.session.database.Name }

// Fold evaluates a constant expression.
func (c *catalogAccess) Fold(e expr.Expr) (types.Datum, error) {
	return eval.Fold(e, c.session.kernelEnv(c.ctx))
}

// Rows estimates the rows of a table.
func (c *catalogAccess) Rows(r catalog.Ref, t *catalog.Table) float64 {
	if t.Virtual {
		return 500
	}
	v, err := c.session.txn.View(c.ctx, r)
	if err != nil {
		return 1000
	}
	return float64(c.session.txn.RowEstimate(v, t))
}

// planOptions are what the planner needs of the session.
func (s *Session) planOptions() planner.Options {
	return planner.Options{Fold: s.catalogs.Fold, Supported: supported, Stats: &s.catalogs}
}

// supported reports whether a built-in function can be called.
func supported(p *builtin.Proc) bool { return kernel.Supported(p) }

// plan plans a statement within the session's transaction, which it opens when there is none. known are the parameter
// types the client declared (nil when the statement takes none).
func (s *Session) plan(ctx context.Context, st parse.Statement, known []types.Type) (*planned, error) {
	if err := s.begin(ctx, false); err != nil {
		return nil, err
	}
	if s.txn.failed && !st.EndsFailedBlock() {
		return nil, errAborted
	}
	s.txn.Statement()
	s.catalogs.ctx = ctx
	key := st.Key()
	if p := s.cached(ctx, key, known); p != nil {
		return p, nil
	}
	plan, err := planner.New(ctx, st, &s.catalogs, known, s.planOptions())
	if err != nil {
		return nil, err
	}
	p := &planned{stmt: st, plan: plan, names: s.nameKey()}
	p.epoch, err = s.catalogVersion(ctx)
	if err != nil {
		return nil, err
	}
	s.remember(key, p, known)
	return p, nil
}

// catalogVersion is the version of the catalog that unqualified names mean. In a failed block there is none to read.
func (s *Session) catalogVersion(ctx context.Context) (uint64, error) {
	if s.txn == nil || s.txn.failed {
		return 0, nil
	}
	v, err := s.txn.View(ctx, catalog.Ref{})
	if err != nil {
		return 0, err
	}
	return v.Catalog().Version, nil
}

func (s *Session) cached(ctx context.Context, key string, known []types.Type) *planned {
	if key == "" {
		return nil
	}
	e, ok := s.engine.plans.get(s.nameKey() + "\x00" + key)
	if !ok || e.plan == nil {
		return nil
	}
	if !s.fits(ctx, e.plan) || known != nil && !declaredFit(known, e.plan.plan.Params) {
		return nil
	}
	return e.plan
}

// fits reports whether a plan still stands: same names, same catalog.
func (s *Session) fits(ctx context.Context, p *planned) bool {
	v, err := s.catalogVersion(ctx)
	return err == nil && p.epoch == v && p.names == s.nameKey()
}

// declaredFit reports whether the types that a client declared are those of a plan.
func declaredFit(known, params []types.Type) bool {
	for i, t := range known {
		if t.Known() && (i >= len(params) || params[i].ID() != t.ID()) {
			return false
		}
	}
	return true
}

// remember keeps plans of queries; commands depend on more than their text.
func (s *Session) remember(key string, p *planned, known []types.Type) {
	if key == "" || len(key) > maxCachedText || p.plan.Root == nil || len(p.plan.Refs) > 0 || known != nil && !sameTypes(known, p.plan.Params) {
		if _, ok := p.plan.Command.(*command.Transaction); !ok {
			return
		}
	}
	if s.txn.failed || s.txn.dirtyCatalog() {
		return
	}
	s.engine.plans.put(cacheEntry{key: s.nameKey() + "\x00" + key, plan: p})
}
