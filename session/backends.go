package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Backends stops what other sessions do. It is whoever serves the connections.
type Backends interface {
	// CancelBackend cancels the statement that the session with this process id runs; TerminateBackend ends the session.
	// They report whether there is one.
	CancelBackend(pid uint32) bool
	TerminateBackend(pid uint32) bool
}

// backendServices are the functions that act on other sessions.
var backendServices = map[string]service{
	"pg_cancel_backend": func(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		return s.signal(a[0].I, "cancel", "query is being canceled", Backends.CancelBackend)
	},
	"pg_terminate_backend": func(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		return s.signal(a[0].I, "terminate", "process is being terminated", Backends.TerminateBackend)
	},
}

// signal stops another session, if the user may.
func (s *Session) signal(pid int64, verb, what string, stop func(Backends, uint32) bool) (types.Datum, error) {
	if err := s.needs("admin"); err != nil {
		return types.Null, err
	}
	user, ok := s.engine.activity.user(uint32(pid))
	if !ok || s.engine.Backends == nil {
		s.notice(warning(pgerrcode.Warning, "PID %d is not a PostgreSQL backend process", pid))
		return types.Bool(false), nil
	}
	if err := s.maySignal(user, verb, what); err != nil {
		return types.Null, err
	}
	return types.Bool(stop(s.engine.Backends, uint32(pid))), nil
}

// maySignal wants the user to be a superuser, or of the other session's role where that is none.
func (s *Session) maySignal(other, verb, what string) error {
	global := s.global()
	me, them := global.RoleByName(s.user), global.RoleByName(other)
	switch {
	case me != nil && me.Superuser:
		return nil
	case them != nil && them.Superuser:
		object := map[string]string{"cancel": "query", "terminate": "process"}[verb]
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be a superuser to %s superuser %s", verb, object)
	case me == nil || them == nil || !catalog.IsMember(global, me.OID, them.OID):
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be a member of the role whose %s or member of pg_signal_backend", what)
	}
	return nil
}

// user is the user of the session with a process id.
func (a *activity) user(pid uint32) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for e := range a.entries {
		if e.PID == pid {
			return e.User, true
		}
	}
	return "", false
}
