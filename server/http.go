package server

import (
	"cmp"
	"context"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/apikey"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/webhook"
)

// defaultDatabase is the database that HTTP requests mean when they do not say.
const defaultDatabase = "postgres"

// httpAPI fills the interfaces of admin over sessions and the store.
type httpAPI struct {
	*sessions
	trust   bool
	started time.Time
	sizes   snapshotFigures
	hooks   *webhook.Dispatcher
}

// services gives admin what it needs.
func (a *httpAPI) services() api.Services {
	return api.Services{Roles: a, Keys: a, Branches: a, Tables: a, SQL: a, Webhooks: a, Native: a, Status: a}
}

// Version implements api.Status.
func (a *httpAPI) Version() string { return Version }

// Started implements api.Status.
func (a *httpAPI) Started() time.Time { return a.started }

// Ready implements api.Status: a read of the catalog goes through all of storage.
func (a *httpAPI) Ready(ctx context.Context) error {
	if h, ok := a.store.(interface{ Health() error }); ok {
		if err := h.Health(); err != nil {
			return err
		}
	}
	db, err := a.database(api.Principal{})
	if err != nil {
		return err
	}
	_, err = a.store.Branches().List(ctx, db.OID, false)
	return err
}

// MayLogin implements api.Roles.
func (a *httpAPI) MayLogin(role string) bool {
	r := a.role(role)
	return r != nil && r.Login
}

// Anonymous implements api.Roles.
func (a *httpAPI) Anonymous() string {
	if a.trust {
		return "postgres"
	}
	return ""
}

// IsKey implements api.KeyProver.
func (a *httpAPI) IsKey(secret string) bool { return strings.HasPrefix(secret, apikey.Prefix) }

// ProveKey implements api.KeyProver.
func (a *httpAPI) ProveKey(ctx context.Context, secret string) (api.Principal, bool, error) {
	k, err := apikey.Prove(ctx, a.store, secret)
	if k == nil || err != nil {
		return api.Principal{}, false, err
	}
	role, ok := a.store.Global().Object(k.Role).(*catalog.Role)
	if !ok { // dropped since
		return api.Principal{}, false, nil
	}
	return api.Principal{Role: role.Name, Account: "key:" + k.ID, Scopes: k.Scopes, Branches: k.Branches}, true, nil
}

// database is the one that a request is about.
func (a *httpAPI) database(p api.Principal) (*catalog.Database, error) {
	name := cmp.Or(p.Database, defaultDatabase)
	if db := a.store.Global().DatabaseByName(name); db != nil {
		return db, nil
	}
	return nil, pgerr.New(pgerrcode.InvalidCatalogName, "database %q does not exist", name)
}

// terms are what a session is opened with.
type terms struct {
	settings map[string]string
	within   time.Duration // what a statement may take at most; 0: what the role's settings say
}

// open opens a session of the request's database on a branch, at a point.
func (a *httpAPI) open(ctx context.Context, p api.Principal, branch, point string, t terms) (*session.Session, error) {
	db, err := a.database(p)
	if err != nil {
		return nil, err
	}
	all := map[string]string{"application_name": "http"}
	maps.Copy(all, t.settings)
	if branch != "" {
		b, err := a.branch(ctx, p, db.OID, branch, false)
		if err != nil {
			return nil, err
		}
		all["rowan.branch"] = b.Name
	}
	if point != "" {
		all["rowan.as_of"] = point
	}
	of := requestOf(ctx)
	sess, err := a.engine.New(ctx, session.Options{User: p.Role, Database: db.Name, Settings: all, RemoteAddr: of.client, PID: of.pid, Reach: reach(p), Within: t.within})
	if err != nil && point != "" && badPoint[pgerr.Code(err)] {
		e := *pgerr.From(err)
		e.Where = "as_of"
		err = &e
	}
	return sess, err
}

// badPoint are the SQLSTATEs of points that cannot be read.
var badPoint = map[string]bool{pgerrcode.InvalidParameterValue: true, pgerrcode.SnapshotTooOld: true}

// mayUse refuses a branch that the credentials do not reach.
func mayUse(p api.Principal, branch string, write bool) error {
	switch {
	case p.MayUse(branch, write):
		return nil
	case write && p.MayUse(branch, false):
		return pgerr.New(pgerrcode.InsufficientPrivilege, "these credentials may only read branch %q", branch)
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "these credentials may not use branch %q", branch)
}

// reach is what binds a session beside its role: nil where the credentials stand for all of the role.
func reach(p api.Principal) session.Reach {
	if p.Scopes == nil && p.Branches == nil {
		return nil
	}
	return p
}
