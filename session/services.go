package session

import (
	"context"
	"maps"
	"sync"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

var _ kernel.Services = (*Session)(nil)

// service is a function of one row that belongs to the session: its kernel forwards to it.
type service func(s *Session, ctx context.Context, args []types.Datum) (types.Datum, error)

// rowService is one that returns a set.
type rowService func(s *Session, ctx context.Context, args []types.Datum, yield func(row []types.Datum) bool) error

// services and rowServices join the tables of this package's files.
var (
	services = sync.OnceValue(func() map[string]service {
		return joined(vcsServices(), sequenceServices, catalogServices, definitionServices, functionServices, privilegeServices, systemServices,
			lockServices, tempServices, backendServices, apiKeyServices)
	})
	rowServices = sync.OnceValue(func() map[string]rowService { return joined(vcsRows(), operationRows, catalogRows, apiKeyRows) })
)

func joined[F any](tables ...map[string]F) map[string]F {
	out := map[string]F{}
	for _, t := range tables {
		maps.Copy(out, t)
	}
	return out
}

// Setting gives a setting's value as current_setting does.
func (s *Session) Setting(name string, missingOK bool) (string, error) {
	v, err := s.value(name)
	if err != nil && missingOK {
		return "", nil
	}
	return v, err
}

// SetSetting is set_config.
func (s *Session) SetSetting(name, value string, local bool) error {
	return s.assign(context.Background(), name, value, local)
}

// CurrentUser is current_user.
func (s *Session) CurrentUser() string { return s.user }

// SessionUser is session_user.
func (s *Session) SessionUser() string { return s.sessionUser }

// Database is current_database().
func (s *Session) Database() string { return s.database.Name }

// BackendPID is pg_backend_pid().
func (s *Session) BackendPID() int32 { return int32(s.opts.PID) }

// SearchPath is current_schemas(implicit): those schemas of search_path that exist.
func (s *Session) SearchPath(implicit bool) []string {
	snap, err := s.snapshot(context.Background())
	if err != nil {
		return nil
	}
	value, _ := s.settings.get("search_path")
	explicit := false
	for _, n := range splitList(value) {
		explicit = explicit || n == "pg_catalog"
	}
	var out []string
	for _, n := range s.catalogs.SearchPath() {
		if n == "pg_catalog" && !explicit && !implicit || snap.Schema(n) == nil {
			continue
		}
		out = append(out, n)
	}
	return out
}

// snapshot is the catalog that unqualified names mean.
func (s *Session) snapshot(ctx context.Context) (*catalog.Snapshot, error) {
	v, err := s.txn.View(ctx, noRef)
	if err != nil {
		return nil, err
	}
	return v.Catalog(), nil
}

// Call runs a function that belongs to the session.
func (s *Session) Call(ctx context.Context, name string, args []types.Datum) (types.Datum, error) {
	if f := services()[name]; f != nil {
		return f(s, ctx, args)
	}
	return types.Null, pgerr.New(pgerrcode.FeatureNotSupported, "function %s is not supported yet", name)
}

// Rows runs a set-returning function that belongs to the session.
func (s *Session) Rows(ctx context.Context, name string, args []types.Datum, yield func(row []types.Datum) bool) error {
	if f := rowServices()[name]; f != nil {
		return f(s, ctx, args, yield)
	}
	return pgerr.New(pgerrcode.FeatureNotSupported, "function %s is not supported yet", name)
}
