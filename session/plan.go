package session

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
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
	path = append(path, c.session.tempPath(snap, names)...)
	if !slices.Contains(names, "pg_catalog") {
		path = append(path, "pg_catalog")
	}
	for _, n := range names {
		switch {
		case n == "$user":
			n = c.session.user
		case n == "pg_temp" && c.session.temp != nil:
			n = c.session.temp.Name
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

// Statistics implements estimate.Analyzed.
func (c *catalogAccess) Statistics(r catalog.Ref, t *catalog.Table) *statistics.Table {
	if t.Virtual {
		return nil
	}
	v, err := c.session.txn.View(c.ctx, r)
	if err != nil {
		return nil
	}
	return c.session.txn.Statistics(v, t)
}

// planOptions are what the planner needs of the session.
func (s *Session) planOptions() planner.Options {
	return planner.Options{Fold: s.catalogs.Fold, Supported: supported, Stats: &s.catalogs, CountRows: true,
		NoBodyCheck: !s.settings.on("check_function_bodies"), Late: s.late, Args: s.args}
}

// lateOptions are planOptions for the body of a function: what depends on the values of its arguments is planned with args, and
// without them only looked at.
func (s *Session) lateOptions(args []types.Datum) planner.Options {
	o := s.planOptions()
	o.Late, o.Args = true, args
	return o
}

// supported reports whether a built-in function can be called.
func supported(p *builtin.Proc) bool { return kernel.Supported(p) }

// plan plans a statement within the session's transaction, which it opens when there is none, and locks what it uses. known are the parameter
// types the client declared; nil: the statement may have none.
func (s *Session) plan(ctx context.Context, st parse.Statement, known []types.Type) (*planned, error) {
	if err := s.begin(ctx, false); err != nil {
		return nil, err
	}
	if s.txn.failed && !st.EndsFailedBlock() {
		return nil, errAborted
	}
	if what := st.NeedsBlock(); what != "" && !s.inBlock() {
		return nil, pgerr.New(pgerrcode.NoActiveSQLTransaction, "%s can only be used in transaction blocks", what)
	}
	s.txn.Statement()
	s.catalogs.ctx = ctx
	notices := len(s.notices)
	for {
		p, err := s.planNow(ctx, st, known)
		if p == nil {
			return nil, err
		}
		if err == nil && p.plan.Root != nil && s.txn.wantsSafe() {
			if err := s.safeSnapshot(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if ok, failed := s.lockRelations(ctx, p); failed != nil {
			return nil, failed
		} else if ok && err != nil {
			return nil, err
		} else if ok {
			return p, nil
		}
		s.notices = s.notices[:notices]
	}
}

// planNow plans by the catalog as it is, without locks on what the statement uses. With an error it returns what locks the
// statement had come to need, if any.
func (s *Session) planNow(ctx context.Context, st parse.Statement, known []types.Type) (*planned, error) {
	key := s.planKey(st.Key(), known)
	if p := s.cached(ctx, key); p != nil {
		return p, nil
	}
	stats := s.engine.analyzed.Load()
	o := s.planOptions()
	o.NoParams = known == nil
	plan, err := planner.New(ctx, st, &s.catalogs, known, o)
	if err != nil && plan != nil && len(plan.Locks) > 0 {
		if locks, bad := s.lockGroups(plan); bad == nil {
			return &planned{stmt: st, plan: plan, locks: locks}, err
		}
	}
	if err != nil {
		return nil, err
	}
	s.notices = append(s.notices, plan.Notices...)
	p := &planned{stmt: st, plan: plan, names: s.nameKey(), stats: stats}
	if p.locks, err = s.lockGroups(plan); err != nil {
		return nil, err
	}
	// The session's branch or point may be gone. A statement that needs nothing of it, as one that chooses another, runs.
	if p.epoch, err = s.catalogVersion(ctx); err == nil {
		s.remember(key, p)
	}
	return p, nil
}

// planKey is what a plan is kept under: all that it depends on but the catalog.
func (s *Session) planKey(text string, known []types.Type) string {
	if len(text) > maxCachedText {
		return ""
	}
	key := s.nameKey() + "\x00" + text
	if known == nil {
		return key
	}
	key += "\x00$"
	for _, t := range known {
		key += strconv.FormatUint(uint64(t.ID()), 36) + ","
	}
	return key
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

func (s *Session) cached(ctx context.Context, key string) *planned {
	if key == "" {
		return nil
	}
	e, ok := s.engine.plans.get(key)
	if !ok || e.plan == nil || !s.fits(ctx, e.plan) {
		return nil
	}
	return e.plan
}

// fits reports whether a plan still stands: same names, same catalog.
func (s *Session) fits(ctx context.Context, p *planned) bool {
	v, err := s.catalogVersion(ctx)
	return err == nil && p.epoch == v && p.stats == s.engine.analyzed.Load() && p.names == s.nameKey()
}

// remember keeps a plan for all sessions: of queries, and of the commands that depend on nothing but their text.
func (s *Session) remember(key string, p *planned) {
	if key == "" || p.plan.Once || len(p.plan.Refs) > 0 || len(p.plan.Notices) > 0 || s.txn.failed || s.txn.dirtyCatalog() {
		return
	}
	if _, ok := p.plan.Command.(*command.Transaction); p.plan.Root == nil && !ok || p.plan.Root != nil && p.plan.Command != nil {
		return
	}
	s.engine.plans.put(cacheEntry{key: key, plan: p})
}
