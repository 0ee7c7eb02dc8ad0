package session

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// txn is the session's transaction: an explicit block, or the implicit one around a statement or a batch.
type txn struct {
	storage.Txn
	session    *Session
	explicit   bool
	failed     bool
	readOnly   bool
	deferrable bool
	safe       bool // it has the safe snapshot that a deferrable one waits for
	isolation  string
	started    time.Time
	mark       int // of the settings
	savepoints []savepoint
	deferred   []deferredCheck
	running    []*execution         // that are not closed yet, outer ones first
	allDefer   map[catalog.OID]bool // SET CONSTRAINTS
	deferAll   *bool
	notices    []notification           // NOTIFY, sent at commit
	listens    []*command.Listen        // LISTEN and UNLISTEN, done then
	override   *catalog.Ref             // what empty Refs mean while the engine's own statements run
	room       map[uint64]int64         // how many rows may still be changed on a branch, by its id; -1: any number
	rooms      map[int]map[uint64]int64 // room at the savepoints
	named      bool                     // somebody knows its id
	ran        bool                     // what reads or writes has run
	ddl        bool                     // the transaction has changed the schema
	tag        string                   // of the last statement, for the branch's log
	home       storage.View             // what an empty Ref means, while the settings are those of homeEpoch; nil: not known
	homeEpoch  uint64
	merged     bool                          // tag and text are those of a merge
	wrote      bool                          // a statement has changed rows or the schema
	moves      map[counter]*uint64           // of sequences, nil while nobody asks
	used       *usedSequence                 // by nextval, nil: none that is still locked
	restore    []func() error                // the same, before the transaction gives its locks back
	undo       []func(context.Context) error // how to take back what was done at once, beside the store's transaction
}

// takeBack undoes what was done at once since there was so much of it.
func (t *txn) takeBack(since int) {
	for i := len(t.undo) - 1; i >= since; i-- {
		if err := t.undo[i](context.Background()); err != nil {
			t.session.log.Sugar().Warnw("what a rolled back transaction did to a branch stays", "error", err)
		}
	}
	t.undo = t.undo[:min(since, len(t.undo))]
}

// undoFirst has something done when what follows is rolled back, before the locks that protect it are given back.
func (t *txn) undoFirst(f func() error) { t.restore = append(t.restore, f) }

// restoreTo takes back what undoFirst was told of since there was so much of it.
func (t *txn) restoreTo(since int) {
	for i := len(t.restore) - 1; i >= since; i-- {
		if err := t.restore[i](); err != nil {
			t.session.log.Sugar().Warnw("a sequence that a rolled back transaction restarted stays so", "error", err)
		}
	}
	t.restore = t.restore[:min(since, len(t.restore))]
}

type savepoint struct {
	name     string
	at       int // storage's
	mark     int
	deferred int
	undo     int
	restore  int
	notices  int
	listens  int
	readOnly bool
}

// place is a savepoint at where the transaction is.
func (t *txn) place(name string) savepoint {
	return savepoint{
		name: name, at: t.Savepoint(), mark: t.session.settings.mark(), deferred: len(t.deferred), undo: len(t.undo), restore: len(t.restore),
		notices: len(t.notices), listens: len(t.listens), readOnly: t.readOnly,
	}
}

// deferredCheck is a constraint to be checked later.
type deferredCheck struct {
	table      catalog.OID // not to be altered until then
	constraint catalog.OID
	check      func(ctx context.Context) error
}

// View resolves a Ref, empty fields standing for the session's branch and point.
func (t *txn) View(ctx context.Context, r catalog.Ref) (storage.View, error) {
	plain := r == noRef && t.override == nil
	if plain && t.home != nil && t.homeEpoch == t.session.settings.epoch {
		return t.home, nil
	}
	v, err := t.view(ctx, r)
	if plain && err == nil {
		t.home, t.homeEpoch = v, t.session.settings.epoch
	}
	return v, err
}

func (t *txn) view(ctx context.Context, r catalog.Ref) (storage.View, error) {
	if t.override != nil && r == noRef {
		r = *t.override
	}
	if r.Point == "" && r.Branch == "" {
		r.Point, _ = t.session.settings.get("rowan.as_of")
	}
	if r.Branch == "" {
		r.Branch = t.session.branch()
	}
	v, err := t.Txn.View(ctx, r)
	if err == nil && t.session.bounded() {
		err = t.session.reaches(v.Branch().Name, false)
	}
	return v, Conceal(t.session.opts.Reach, err)
}

// begin opens a transaction unless one is open.
func (s *Session) begin(ctx context.Context, explicit bool) error {
	if s.txn != nil {
		s.txn.explicit = s.txn.explicit || explicit
		return nil
	}
	iso, _ := s.settings.get("default_transaction_isolation")
	t := &txn{session: s, explicit: explicit, isolation: iso, readOnly: s.settings.on("default_transaction_read_only"),
		deferrable: s.settings.on("default_transaction_deferrable"), started: time.Now(), mark: s.settings.mark()}
	if err := t.open(ctx); err != nil {
		return err
	}
	s.txn = t
	s.settings.format.Now = t.started
	return nil
}

func (t *txn) open(ctx context.Context) error {
	s := t.session
	app, _ := s.settings.get("application_name")
	st, err := s.engine.Store.Begin(ctx, storage.TxnOptions{
		Isolation: isolationLevel(t.isolation), ReadOnly: t.readOnly, Database: s.database.OID,
		PID: int32(s.opts.PID), Session: s.locks(),
		Info: storage.TxnInfo{User: s.user, Application: app},
	})
	if err != nil {
		return err
	}
	t.Txn, t.home, t.used = st, nil, nil
	if s.temp != nil {
		if err := t.join(ctx, storage.TxnOptions{Isolation: isolationLevel(t.isolation)}); err != nil {
			_ = st.Rollback() // the error before it says more
			return err
		}
	}
	t.settleWaits()
	return nil
}

func isolationLevel(name string) storage.Isolation {
	switch name {
	case "repeatable read":
		return storage.RepeatableRead
	case "serializable":
		return storage.Serializable
	}
	return storage.ReadCommitted
}

// commit commits what is open: deferred constraints first, then the store, then what follows a commit.
func (s *Session) commit(ctx context.Context) error {
	t := s.txn
	if err := s.doltCommit(ctx); err != nil {
		s.rollbackQuietly()
		return err
	}
	if err := t.runDeferred(ctx, true); err != nil {
		s.rollbackQuietly()
		return err
	}
	if err := s.holdCursors(ctx); err != nil {
		s.rollbackQuietly()
		return err
	}
	s.closePortals(false)
	if err := s.onCommit(ctx); err != nil {
		s.rollbackQuietly()
		return err
	}
	scn, err := t.Txn.Commit(ctx)
	if err != nil {
		s.txn = nil
		t.restoreTo(0)
		s.settings.rollback(t.mark)
		t.takeBack(0)
		return err
	}
	s.txn = nil
	if scn != 0 {
		s.lastSCN = scn
	}
	s.settings.commit()
	s.announce(t)
	return nil
}

// checkpoint commits what the transaction has done so far and puts a new one in its place, of which the client knows
// nothing: what a procedure's COMMIT does. Savepoints are gone then.
func (s *Session) checkpoint(ctx context.Context) error {
	t := s.txn
	if err := t.runDeferred(ctx, true); err != nil {
		return err
	}
	if err := s.onCommit(ctx); err != nil {
		return err
	}
	scn, err := t.Txn.Commit(ctx)
	if err != nil {
		return err
	}
	if scn != 0 {
		s.lastSCN = scn
	}
	s.settings.commit()
	t.mark = s.settings.mark()
	s.announce(t)
	t.restore, t.savepoints, t.undo, t.tag, t.merged, t.ddl, t.wrote, t.named = nil, nil, nil, "", false, false, false, false
	if err := t.open(ctx); err != nil {
		return err
	}
	t.Txn.Statement()
	return nil
}

// rollback undoes what is open.
func (s *Session) rollback() error {
	t := s.txn
	s.dropPortals(0)
	s.closePortals(false)
	s.txn = nil
	s.settings.rollback(t.mark)
	t.restoreTo(0)
	err := t.Txn.Rollback()
	t.takeBack(0)
	return err
}

func (s *Session) rollbackQuietly() {
	if err := s.rollback(); err != nil {
		s.log.Sugar().Errorw("rollback failed", "error", err)
	}
}

// runDeferred runs the checks that are due: those that are not deferred at the end of a statement, all at commit.
func (t *txn) runDeferred(ctx context.Context, all bool) error {
	for t.due(all) {
		due := t.deferred
		t.deferred = nil
		for _, d := range due {
			if !all && t.isDeferred(d.constraint) {
				t.deferred = append(t.deferred, d)
				continue
			}
			if err := d.check(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// due reports whether anything is to be run now. What runs may queue more.
func (t *txn) due(all bool) bool {
	return slices.ContainsFunc(t.deferred, func(d deferredCheck) bool { return all || !t.isDeferred(d.constraint) })
}

func (t *txn) isDeferred(constraint catalog.OID) bool {
	if constraint == atEnd {
		return false
	}
	if constraint == 0 { // one that is deferred only where SET CONSTRAINTS says so
		return t.deferAll != nil && *t.deferAll
	}
	if d, ok := t.allDefer[constraint]; ok {
		return d
	}
	return t.deferAll == nil || *t.deferAll
}

var errAborted = pgerr.New(pgerrcode.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")

// transaction runs BEGIN, COMMIT, ROLLBACK and the savepoint commands. It returns the tag.
func (s *Session) transaction(ctx context.Context, c *command.Transaction, out *output) (string, error) {
	switch c.Kind {
	case "BEGIN", "START":
		return c.Tag(), s.beginBlock(ctx, c, out)
	case "COMMIT", "ROLLBACK":
		return s.endBlock(ctx, c, out)
	case "SAVEPOINT":
		return c.Tag(), s.setSavepoint(ctx, c.Savepoint)
	case "RELEASE":
		return c.Tag(), s.releaseSavepoint(c.Savepoint)
	case "ROLLBACK_TO":
		return c.Tag(), s.rollbackTo(c.Savepoint)
	}
	return s.twoPhase(c, out)
}

func (s *Session) beginBlock(ctx context.Context, c *command.Transaction, out *output) error {
	if s.txn != nil && s.txn.explicit {
		return out.Notice(warning(pgerrcode.ActiveSQLTransaction, "there is already a transaction in progress"))
	}
	if err := s.begin(ctx, true); err != nil {
		return err
	}
	return s.setModes(c.Modes)
}

// setModes applies the modes of BEGIN and SET TRANSACTION to the transaction that is open.
func (s *Session) setModes(m command.TxnModes) error {
	t := s.txn
	if m.Snapshot != "" {
		return pgerr.Unsupported("SET TRANSACTION SNAPSHOT")
	}
	isolation, readOnly := t.isolation, t.readOnly
	if m.Isolation != "" && m.Isolation != t.isolation {
		if err := t.mayChoose("SET TRANSACTION ISOLATION LEVEL must be called before any query",
			"SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction"); err != nil {
			return err
		}
		t.isolation = m.Isolation
	}
	if m.ReadOnly != nil {
		if t.readOnly && !*m.ReadOnly {
			if err := t.mayWriteAfterAll(); err != nil {
				return err
			}
		}
		t.readOnly = *m.ReadOnly
	}
	if m.Deferrable != nil {
		if err := t.mayChoose("SET TRANSACTION [NOT] DEFERRABLE must be called before any query",
			"SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction"); err != nil {
			return err
		}
		t.deferrable = *m.Deferrable
	}
	// What is set later, or in a savepoint, is no more than a limit to the statements that the client may send.
	if !t.ran && len(t.savepoints) == 0 && (t.isolation != isolation || t.readOnly != readOnly) {
		t.Txn.SetModes(isolationLevel(t.isolation), t.readOnly)
	}
	return nil
}

func (s *Session) endBlock(ctx context.Context, c *command.Transaction, out *output) (string, error) {
	t := s.txn
	if t == nil || !t.explicit {
		if c.Chain {
			return "", pgerr.New(pgerrcode.NoActiveSQLTransaction, "%s AND CHAIN can only be used in transaction blocks", c.Kind)
		}
		if err := out.Notice(warning(pgerrcode.NoActiveSQLTransaction, "there is no transaction in progress")); err != nil {
			return "", err
		}
		if t == nil {
			return c.Kind, nil
		}
	}
	modes := command.TxnModes{Isolation: t.isolation, ReadOnly: &t.readOnly, Deferrable: &t.deferrable}
	tag := c.Kind
	var err error
	if c.Kind == "COMMIT" && !t.failed {
		err = s.commit(ctx)
	} else {
		tag = "ROLLBACK"
		err = s.rollback()
	}
	if err == nil && c.Chain {
		if err = s.begin(ctx, true); err == nil {
			err = s.setModes(modes)
		}
	}
	return tag, err
}

func (s *Session) setSavepoint(ctx context.Context, name string) error {
	if s.txn == nil || !s.txn.explicit {
		return pgerr.New(pgerrcode.NoActiveSQLTransaction, "SAVEPOINT can only be used in transaction blocks")
	}
	t := s.txn
	t.savepoints = append(t.savepoints, t.place(name))
	return nil
}

func (s *Session) findSavepoint(name, verb string) (int, error) {
	if s.txn == nil || !s.txn.explicit {
		return 0, pgerr.New(pgerrcode.NoActiveSQLTransaction, "%s can only be used in transaction blocks", verb)
	}
	for i := len(s.txn.savepoints) - 1; i >= 0; i-- {
		if s.txn.savepoints[i].name == name {
			return i, nil
		}
	}
	return 0, pgerr.New(pgerrcode.InvalidSavepointSpecification, "savepoint \"%s\" does not exist", name)
}

func (s *Session) releaseSavepoint(name string) error {
	i, err := s.findSavepoint(name, "RELEASE SAVEPOINT")
	if err == nil {
		s.txn.savepoints = s.txn.savepoints[:i]
		s.releaseCursors(i)
	}
	return err
}

func (s *Session) rollbackTo(name string) error {
	i, err := s.findSavepoint(name, "ROLLBACK TO SAVEPOINT")
	if err != nil {
		return err
	}
	return s.rollbackSavepoint(i)
}

// rollbackSavepoint takes back what was done since a savepoint, which stays.
func (s *Session) rollbackSavepoint(i int) error {
	t := s.txn
	sp := t.savepoints[i]
	t.restoreTo(sp.restore)
	if err := t.RollbackTo(sp.at); err != nil {
		return err
	}
	s.dropPortals(i + 1)
	s.settings.rollback(sp.mark)
	t.readOnly = sp.readOnly
	t.deferred = t.deferred[:min(sp.deferred, len(t.deferred))]
	t.takeBack(sp.undo)
	t.notices, t.listens = t.notices[:sp.notices], t.listens[:sp.listens]
	t.savepoints = t.savepoints[:i+1]
	t.savepoints[i].at = t.Savepoint()
	t.failed = false
	return nil
}

// abort fails an explicit block. What it did since the last savepoint is undone at once, and its locks are given back:
// others need not wait until the client has noticed.
func (t *txn) abort() {
	t.failed = true
	var err error
	if n := len(t.savepoints); n > 0 {
		t.restoreTo(t.savepoints[n-1].restore)
		err = t.RollbackTo(t.savepoints[n-1].at)
		t.takeBack(t.savepoints[n-1].undo)
	} else {
		t.restoreTo(0)
		err = t.Txn.Rollback()
		t.takeBack(0)
	}
	if err != nil {
		t.session.log.Sugar().Errorw("abort failed", "error", err)
	}
}

func warning(code, format string, args ...any) *pgerr.Error {
	e := pgerr.New(code, format, args...)
	e.Severity = "WARNING"
	return e
}

// note remembers what the transaction did, for the branch's log.
func (t *txn) note(tag string) {
	if tag == "" || tag == "SELECT" || tag == t.tag || t.merged {
		return
	}
	t.tag = tag
	switch word, rest, _ := strings.Cut(tag, " "); word {
	case "INSERT", "UPDATE", "DELETE", "COPY", "TRUNCATE", "ALTER", "COMMENT", "GRANT", "REVOKE", "CREATE", "DROP":
		t.wrote = t.wrote || rest != "BRANCH"
	}
	app, _ := t.session.settings.get("application_name")
	t.SetInfo(storage.TxnInfo{User: t.session.user, Application: app, Summary: t.session.activity.summary(tag)})
}

// noteMerge is note for a merge, which says more than the statements around it.
func (t *txn) noteMerge(summary, merged string) {
	t.merged = true
	app, _ := t.session.settings.get("application_name")
	t.SetInfo(storage.TxnInfo{User: t.session.user, Application: app, Summary: summary, Merged: merged})
}

// dirtyCatalog reports whether the transaction has changed the schema: plans made in it are of no use to others.
func (t *txn) dirtyCatalog() bool { return t.ddl }
