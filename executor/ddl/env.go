// Package ddl runs the commands that define schema objects: it turns a command of planner/command into descriptors that it
// puts into the catalog of a branch, allocates ids, fills new indexes, rewrites tables and verifies constraints.
//
// It parses nothing: commands come from bind with names resolved and expressions as canonical SQL. What has to be computed
// over rows is computed by Env.SQL, inside the transaction. Everything is transactional but
// the creation of databases and branches; a sequence that is restarted is so for all at once, and set back by a rollback. Invariants: a command checks before it puts, so that a failed one leaves the
// transaction's catalog as a savepoint can restore it; descriptors are cloned, never changed in place. session calls Run.
package ddl

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
)

// Env is what a command runs in.
type Env struct {
	*op.Env
	Store storage.Store
	// Ref is the branch that objects are made on: the session's own.
	Ref catalog.Ref
	// Role is the current role.
	Role catalog.OID
	// SearchPath is what the session's search_path resolves to; names of objects in it are shown without their schema.
	SearchPath []catalog.OID
	// Temp makes the session's schema for temporary objects ready and returns its OID and name.
	Temp   func(ctx context.Context) (catalog.OID, string, error)
	Notice func(*pgerr.Error)
	// Undo keeps what is to be done when the transaction, or the savepoint, is rolled back, before its locks are given back.
	Undo func(func() error)
	// Moves is where the transaction counts how often it has moved a sequence.
	Moves func(*catalog.Sequence) *uint64
	// InUse says what the session itself still does with a table that must not change meanwhile; "": nothing.
	InUse func(ctx context.Context, v storage.View, table catalog.OID) (string, error)
	// InBlock is true inside BEGIN … COMMIT, where databases cannot be made.
	InBlock bool
}

// stmt is one command being run.
type stmt struct {
	*Env
	view   storage.View
	server storage.View // roles and databases
}

// Run runs a command and returns its tag.
func Run(ctx context.Context, env *Env, c command.Command) (string, error) {
	view, err := env.Txn.View(ctx, env.Ref)
	if err != nil {
		return "", err
	}
	server, err := env.Txn.GlobalView(ctx)
	if err != nil {
		return "", err
	}
	s := &stmt{Env: env, view: view, server: server}
	if view.ReadOnly() && writesBranch(c) {
		return "", pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", c.Tag())
	}
	if n, err := s.run(ctx, c); err != nil {
		return "", err
	} else if n != "" {
		return n, nil
	}
	return c.Tag(), nil
}

func writesBranch(c command.Command) bool {
	_, nothing := c.(*command.Nothing)
	return !nothing
}

// run dispatches; the string is a tag that replaces the command's own.
func (s *stmt) run(ctx context.Context, c command.Command) (string, error) {
	switch c := c.(type) {
	case *command.CreateTable:
		return s.createTable(ctx, c)
	case *command.AlterTable:
		return "", s.alterTable(ctx, c)
	case *command.CreateIndex:
		return "", s.createIndex(ctx, c)
	case *command.AlterIndex:
		return "", s.alterIndex(ctx, c)
	case *command.CreateSequence:
		return "", s.createSequence(ctx, c)
	case *command.AlterSequence:
		return "", s.alterSequence(ctx, c)
	case *command.CreateView:
		return "", s.createView(ctx, c)
	case *command.Drop:
		return "", s.drop(ctx, c)
	case *command.Truncate:
		return "", s.truncate(ctx, c)
	}
	return "", s.runOther(ctx, c)
}

func (s *stmt) runOther(ctx context.Context, c command.Command) error {
	switch c := c.(type) {
	case *command.Nothing:
		s.notices(c.Notices)
		return nil
	case *command.CreateSchema:
		return s.createSchema(ctx, c)
	case *command.CreateType:
		return s.createType(ctx, c)
	case *command.AlterEnum:
		return s.alterEnum(ctx, c)
	case *command.AlterComposite:
		return s.alterComposite(ctx, c)
	case *command.CreateDomain:
		return s.createDomain(ctx, c)
	case *command.AlterDomain:
		return s.alterDomain(ctx, c)
	case *command.CreateTrigger:
		return s.createTrigger(ctx, c)
	case *command.CreateFunction:
		return s.createFunction(ctx, c)
	case *command.AlterFunction:
		return s.alterFunction(ctx, c)
	case *command.CreateExtension:
		return s.createExtension(c)
	case *command.Comment:
		return s.comment(ctx, c)
	case *command.Owner:
		return s.owner(ctx, c)
	case *command.SetSchema:
		return s.setSchema(ctx, c)
	case *command.Rename:
		return s.rename(ctx, c)
	}
	return s.runGlobal(ctx, c)
}

func (s *stmt) runGlobal(ctx context.Context, c command.Command) error {
	switch c := c.(type) {
	case *command.CreateRole:
		return s.createRole(ctx, c)
	case *command.AlterRole:
		return s.alterRole(ctx, c)
	case *command.AlterSetting:
		return s.alterSetting(ctx, c)
	case *command.DropRole:
		return s.dropRole(ctx, c)
	case *command.GrantRole:
		return s.grantRole(ctx, c)
	case *command.Grant:
		return s.grant(ctx, c)
	case *command.DefaultPrivileges:
		return s.defaultPrivileges(ctx, c)
	case *command.ReassignOwned:
		return s.reassignOwned(ctx, c)
	case *command.CreateDatabase:
		return s.createDatabase(ctx, c)
	case *command.AlterDatabase:
		return s.alterDatabase(ctx, c)
	case *command.DropDatabase:
		return s.dropDatabase(ctx, c)
	}
	return pgerr.Unsupported("%s", c.Tag())
}

func (s *stmt) cat() *catalog.Snapshot { return s.view.Catalog() }

func (s *stmt) notice(code, format string, args ...any) {
	n := pgerr.New(code, format, args...)
	n.Severity = "NOTICE"
	s.notices([]*pgerr.Error{n})
}

func (s *stmt) notices(list []*pgerr.Error) {
	if s.Notice == nil {
		return
	}
	for _, n := range list {
		s.Notice(n)
	}
}

// oids allocates fresh OIDs.
func (s *stmt) oid(ctx context.Context) (catalog.OID, error) { return s.Store.AllocateOIDs(ctx, 1) }

// table returns the table with that OID as the transaction sees it now.
func (s *stmt) table(id catalog.OID) (*catalog.Table, error) {
	if t, ok := s.cat().Object(id).(*catalog.Table); ok {
		return t, nil
	}
	return nil, pgerr.New(pgerrcode.UndefinedTable, "relation with OID %d does not exist", id)
}

// lockTable takes a table lock and returns the table as it is once the lock is held.
func (s *stmt) lockTable(ctx context.Context, id catalog.OID, mode catalog.TableLock) (*catalog.Table, error) {
	if err := s.Txn.LockTable(ctx, s.view, id, mode, catalog.Wait); err != nil {
		return nil, err
	}
	return s.table(id)
}

// notInUse refuses to change a table that the session's own open cursors and running statements read, or that deferred
// checks are still due for.
func (s *stmt) notInUse(ctx context.Context, t *catalog.Table, what string) error {
	if s.InUse == nil {
		return nil
	}
	why, err := s.InUse(ctx, s.view, t.OID)
	if err != nil || why == "" {
		return err
	}
	return pgerr.New(pgerrcode.ObjectInUse, "cannot %s \"%s\" because %s", what, t.Name, why)
}

// flush makes what the command has written so far visible to the SQL that it runs.
func (s *stmt) flush() { s.Txn.Statement() }
