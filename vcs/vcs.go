// Package vcs is version control in SQL: what the functions and relations of schema rowan do. Its functions get the
// arguments that SQL gave and answer with values or rows; catalog/builtin/rowan.tsv has their names and types.
//
// It asks a client's session for what it needs through Conn and knows nothing else of it, nor of the planner, the executor
// and HTTP. How branches are stored, compared and merged is storage's.
//
// Invariants: functions that make, change or drop branches act at once: what they do is durable, and seen by all, when they
// return. Each tells the session how to take it back (Undo), which a ROLLBACK does. All else is written in the session's
// transaction. Callers: session, which joins Funcs and RowsFuncs to its own services.
package vcs

import (
	"context"
	"maps"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Conn is what version control needs of the session that calls it. One goroutine uses it.
type Conn interface {
	Store() storage.Store
	// Txn is the open transaction; there is one whenever a function runs.
	Txn() storage.Txn
	// View resolves a Ref, empty fields standing for the session's branch and point.
	View(ctx context.Context, r catalog.Ref) (storage.View, error)
	Database() *catalog.Database
	// Branch is the branch that the session works on; SetBranch makes it another, until the end of the session.
	Branch() string
	SetBranch(name string) error
	// User is current_user; Role is its descriptor.
	User() string
	Role() *catalog.Role
	// RefuseReadOnly is the error of a function that writes when the transaction is read-only.
	RefuseReadOnly(what string) error
	// Format is what the text forms of values depend on.
	Format() *types.Format
	// Relation finds a relation by the name that a user wrote, as SQL writes it or as it is shown, in a given catalog.
	Relation(snap *catalog.Snapshot, name string) (catalog.OID, error)
	// SQL runs one statement inside the transaction, on the branch and point of ref; rows may be nil. Privileges are not
	// checked: callers that run a user's text use UserSQL.
	SQL(ctx context.Context, ref catalog.Ref, sql string, rows func(*vector.Batch) error) (int64, error)
	UserSQL(ctx context.Context, ref catalog.Ref, sql string, rows func(*vector.Batch) error) (int64, error)
	// Merge merges within the transaction; constraints of the merged state have been checked when it returns.
	Merge(ctx context.Context, m Merge) (storage.MergeResult, error)
	// Checkpoint commits what the transaction has done so far, and goes on with a new one in its place; unless always is set,
	// only where the client has begun a transaction block.
	Checkpoint(ctx context.Context, always bool) error
	// Undo says how to take back what the function has done at once: it is done when the transaction is rolled back, or the
	// part of it that the function is in.
	Undo(f func(ctx context.Context) error)
	// Uncommitted reports whether statements before this one have changed anything in the transaction; Notice tells the client.
	Uncommitted() bool
	Notice(e *pgerr.Error)
	// Note is what the branch's log says of the transaction, instead of its last statement.
	Note(summary string)
	// Version is Rowan's own.
	Version() string
}

// Func is a function that returns one value.
type Func func(ctx context.Context, c Conn, args []types.Datum) (types.Datum, error)

// RowsFunc is one that returns a set; it stops when yield returns false.
type RowsFunc func(ctx context.Context, c Conn, args []types.Datum, yield func(row []types.Datum) bool) error

// Funcs are all functions that return one value, by the name that catalog/builtin has as their source.
func Funcs() map[string]Func {
	return joined(branchFuncs, adminFuncs, retentionFuncs, snapshotFuncs, sessionFuncs, squashFuncs, sequenceFuncs, policyFuncs, conflictFuncs, pendingFuncs)
}

// RowsFuncs are all functions that return sets.
func RowsFuncs() map[string]RowsFunc {
	return joined(branchRows, retentionRows, rebaseRows, logRows, snapshotRows, diffRows, schemaRows, mergeRows, sequenceRows, pickRows, policyRows,
		conflictRows, pendingRows, heliosRows)
}

func joined[F any](tables ...map[string]F) map[string]F {
	out := map[string]F{}
	for _, t := range tables {
		maps.Copy(out, t)
	}
	return out
}
