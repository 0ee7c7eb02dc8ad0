package server

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/wire"
)

// sessions opens sessions for the wire and knows the roles' passwords.
type sessions struct {
	engine *session.Engine
	store  storage.Store
}

var (
	_ wire.Session       = (*session.Session)(nil)
	_ wire.Opener        = (*sessions)(nil)
	_ wire.Authenticator = (*sessions)(nil)
)

// Open implements wire.Opener.
func (s *sessions) Open(ctx context.Context, st wire.Startup) (wire.Session, error) {
	sess, err := s.engine.New(ctx, session.Options{
		User: st.User, Database: st.Database, Settings: st.Parameters, RemoteAddr: st.RemoteAddr, PID: st.PID, Wake: st.Wake,
	})
	if err != nil {
		return nil, err
	}
	return sess, nil
}

// Verifier implements wire.Authenticator.
func (s *sessions) Verifier(_ context.Context, role string) (string, bool) {
	r := s.role(role)
	if r == nil || !r.Login || r.Password == "" || outdated(r, time.Now()) {
		return "", false
	}
	return r.Password, true
}

// outdated reports whether a role's password was valid until a time that has passed.
func outdated(r *catalog.Role, now time.Time) bool {
	return r.ValidUntil != nil && *r.ValidUntil < datetime.FromTime(now)
}

func (s *sessions) role(name string) *catalog.Role { return s.store.Global().RoleByName(name) }
