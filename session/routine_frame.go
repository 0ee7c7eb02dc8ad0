package session

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
)

// frame is what a call of a function changes in the session, as it was before.
type frame struct {
	outer    *frame
	secure   bool // the function is SECURITY DEFINER
	txn      storage.Txn
	caller   storage.ReadPoint // what the caller reads
	deferred []deferredCheck   // of the caller's statement, due at its end
	user     string
	trusted  bool
	settings []undoSetting // of SET clauses
}

// enter begins a call: the function's owner becomes the user if it is SECURITY DEFINER, and the settings are those of its SET
// clauses.
func (r *routine) enter() (*frame, error) {
	s, fn := r.s, r.proc.Function
	if err := s.tooDeep(); err != nil {
		return nil, err
	}
	s.depth++
	f := &frame{outer: s.frame, txn: s.txn.Txn, deferred: s.txn.deferred, user: s.user, trusted: s.trusted}
	f.caller = s.txn.Enter()
	s.txn.deferred, s.frame = nil, f
	if f.secure = fn.Security; f.secure {
		if o, ok := s.global().Object(fn.Owner).(*catalog.Role); ok {
			s.user, s.trusted = o.Name, false
		}
	}
	for _, c := range fn.Config {
		name, value, _ := strings.Cut(c, "=")
		if err := s.push(f, name, value); err != nil {
			r.leave(f)
			return nil, err
		}
	}
	return f, nil
}

// push gives a setting another value for the time of the call.
func (s *Session) push(f *frame, name, value string) error {
	v, err := s.settings.check(name, value, false)
	if err != nil {
		return err
	}
	key := strings.ToLower(name)
	f.settings = append(f.settings, s.settings.now(key))
	s.settings.values[key] = v
	s.settings.refresh(key)
	return nil
}

// leave ends a call.
func (r *routine) leave(f *frame) {
	s := r.s
	s.depth--
	s.frame = f.outer
	for i := len(f.settings) - 1; i >= 0; i-- {
		s.settings.restore(f.settings[i])
	}
	s.user, s.trusted = f.user, f.trusted
	if s.txn == nil {
		return
	}
	s.txn.deferred = append(f.deferred, s.txn.deferred...)
	if s.txn.Txn == f.txn || s.txn.base() == f.txn { // else it has been committed, and another one is open
		s.txn.Leave(f.caller)
	}
}

// inside is a call that waits while its caller has a row of it.
type inside struct {
	f        *frame
	user     string
	trusted  bool
	deferred []deferredCheck
	reads    storage.ReadPoint
	settings []undoSetting
}

// outside goes back to what the caller reads and who it is, while it has a row of a function that has not ended.
func (s *Session) outside() inside {
	f := s.frame
	in := inside{f: f, user: s.user, trusted: s.trusted, deferred: s.txn.deferred, reads: s.txn.Resume(f.caller)}
	s.depth--
	s.frame, s.user, s.trusted, s.txn.deferred = f.outer, f.user, f.trusted, f.deferred
	for _, u := range f.settings {
		in.settings = append(in.settings, s.settings.now(u.name))
		s.settings.restore(u)
	}
	return in
}

// inside goes on with a call. Its caller may be another statement by now, the next FETCH of a cursor: what is gone back to is
// what that one has.
func (s *Session) inside(in inside) {
	f := in.f
	s.depth++
	f.outer, f.user, f.trusted = s.frame, s.user, s.trusted
	for i, u := range in.settings {
		f.settings[i] = s.settings.now(u.name)
		s.settings.restore(u)
	}
	s.frame, s.user, s.trusted = f, in.user, in.trusted
	if s.txn == nil {
		return
	}
	f.deferred, s.txn.deferred = s.txn.deferred, in.deferred
	if s.txn.Txn == f.txn || s.txn.base() == f.txn {
		f.caller = s.txn.Resume(in.reads)
	}
}

// now is a setting's value, to be gone back to.
func (s *settings) now(key string) undoSetting {
	v, had := s.values[key]
	return undoSetting{key, v, had, true}
}

// mayChangeUser refuses to change who the user is where a function has changed it already.
func (s *Session) mayChangeUser(setting string) error {
	for f := s.frame; f != nil; f = f.outer {
		if f.secure {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "cannot set parameter \"%s\" within security-definer function", setting)
		}
	}
	return nil
}
