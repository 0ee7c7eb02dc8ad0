// Package session is one client's conversation: its settings, its transaction, its prepared statements, portals and
// cursors. run.go shows the whole way of a statement in one function.
//
// It drives planner and executor over storage, runs the commands that have no plan (utility.go) and offers functions what
// they ask of their session (services.go). It knows neither the wire nor HTTP: both call it through the interface that
// package wire declares, and server joins them.
//
// A Session is used by one goroutine. Invariants: after an error outside of an explicit transaction block nothing of the
// statement is left; inside one the block is failed until it ends or returns to a savepoint; CommandComplete of a
// statement that commits is sent only after the commit is durable.
package session

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/temp"
	"github.com/rowandb/rowan/types"
)

// Engine is what all sessions of a server share.
type Engine struct {
	Store   storage.Store
	Log     *zap.Logger
	Started time.Time
	Version string // Rowan's own
	TempDir string
	// Defaults are settings that the server was started with, by name.
	Defaults map[string]string
	// Temp keeps temporary tables; nil: there are none.
	Temp *temp.Store
	// Backends stops other sessions; nil: nobody can. Set before the first session.
	Backends Backends

	plans    *planCache
	activity *activity
	notify   *notifier
	virtual  virtualCache
	count    atomic.Uint32
	analyzed atomic.Uint64 // how often statistics were made: plans are made anew then
}

// NewEngine makes the shared part.
func NewEngine(store storage.Store, log *zap.Logger) *Engine {
	return &Engine{
		Store: store, Log: log, Started: time.Now(),
		plans: newPlanCache(planCacheSize), activity: newActivity(), notify: newNotifier(),
	}
}

// Options open a session for an authenticated user.
type Options struct {
	User        string
	Database    string            // db, db/branch, db/branch@point, db@point
	Settings    map[string]string // from the startup message and its options
	RemoteAddr  string
	PID         uint32
	Application string
	Reach       Reach         // bounds the session beside its role; nil: nothing does
	Within      time.Duration // bounds statements, where statement_timeout is not shorter; 0: nothing does
	Wake        func()        // makes an idle client's connection ask for notifications; nil: it never is
}

// Session is one client's conversation.
type Session struct {
	nested       *op.Events // of the statement that runs others to keep references true
	triggerDepth int
	engine       *Engine
	log          *zap.Logger
	opts         Options
	database     *catalog.Database
	late         bool          // the statement that is being planned will be planned again when it is run,
	args         []types.Datum // with these values of its parameters; nil: they are not known yet
	home         uint64        // the branch that was the default one when the session began

	sessionUser, user string // session_user and current_user
	settings          *settings
	txn               *txn // nil: none open
	prepared          map[string]*prepared
	portals           map[string]*portal
	sequences         sequenceState
	failed            bool // the extended batch has failed outside of a block
	several           bool // the message that is being run has several statements
	activity          *activityEntry
	closed            bool
	catalogs          catalogAccess
	lastSCN           storage.SCN
	advisory          storage.LockSession // nil until the first advisory lock
	literals          []parse.Literal     // scratch
	notices           []*pgerr.Error      // of functions, for the running statement
	me                currentRole
	temp              *temp.Space // nil until the first temporary object
	ephemeral         string      // branch that is dropped with the session; "": none
	depth             int         // of functions that call each other
	frame             *frame      // of the innermost one; nil: none runs
	pl                plState     // of functions in PL/pgSQL
	out               *output     // of the client's statement, for what is told at once; nil: nowhere
	trusted           bool        // the engine's own statements run: privileges are not checked
}

// New opens a session. Errors are what PostgreSQL answers at the end of startup: 3D000, 28000, 22023.
func (e *Engine) New(ctx context.Context, o Options) (*Session, error) {
	s := &Session{engine: e, log: e.Log, opts: o, sessionUser: o.User, user: o.User, settings: newSettings(),
		prepared: map[string]*prepared{}, portals: map[string]*portal{}}
	s.catalogs.session = s
	s.settings.users = s.settleRole
	s.settings.waits = func() {
		if s.txn != nil && s.txn.Txn != nil {
			s.txn.settleWaits()
		}
	}
	s.settings.format.Names = regNames{s}
	if err := s.connect(ctx, o.Database); err != nil {
		return nil, err
	}
	s.activity = e.activity.add(s)
	return s, nil
}

// Close rolls back what is open and frees the session.
func (s *Session) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.closePortals(true)
	var err error
	if s.txn != nil {
		err = s.rollback()
	}
	if s.advisory != nil {
		s.advisory.UnlockAll()
	}
	if s.temp != nil {
		if terr := s.temp.Close(context.Background()); err == nil {
			err = terr
		}
	}
	if ferr := s.dropFork(); err == nil {
		err = ferr
	}
	s.engine.notify.remove(s)
	s.engine.activity.remove(s.activity)
	return err
}

// TxnStatus is 'I', 'T' or 'E', as ReadyForQuery has it.
func (s *Session) TxnStatus() byte {
	switch {
	case s.txn == nil || !s.txn.explicit:
		return 'I'
	case s.txn.failed:
		return 'E'
	}
	return 'T'
}

// Format returns what the text forms of values depend on.
func (s *Session) Format() *types.Format { return &s.settings.format }

// Changed returns the reported settings that changed since the last call.
func (s *Session) Changed() [][2]string { return s.settings.takeChanged() }
