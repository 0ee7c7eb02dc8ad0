// Package storage is the contract between the engine that stores versioned rows and all that use it: Store, Txn, View,
// Branches. The engine itself is storage/mvcc over storage/kv.
//
// It knows rows, keys, branches and points; it knows no SQL text and no expressions. It enforces keys (unique and primary)
// and NOT NULL; all else is in the plan that writes. Invariants: those of docs/ARCHITECTURE.md, "What must always hold".
package storage

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// SCN is a system change number: one counter for the server; each committed transaction gets the next one. 0 is none.
type SCN = uint64

// Isolation is a transaction's isolation level. READ UNCOMMITTED is ReadCommitted.
type Isolation uint8

// The levels.
const (
	ReadCommitted Isolation = iota
	RepeatableRead
	Serializable
)

// TxnOptions begin a transaction.
type TxnOptions struct {
	Isolation Isolation
	ReadOnly  bool
	Database  catalog.OID
	Info      TxnInfo
	Async     bool        // synchronous_commit = off: Commit returns before the batch is synced
	PID       int32       // of the backend, for the texts of deadlocks and for Locks
	Session   LockSession // whose session advisory locks never conflict with this transaction's; may be nil
}

// TxnInfo is kept with the commit in the branch's history.
type TxnInfo struct {
	User        string
	Application string
	Summary     string // the last statement's tag or text, shortened
	Merged      string // the branch and SCN that a merge took in, else ""
}

// Store is a data directory opened. It is safe for many goroutines.
type Store interface {
	Begin(ctx context.Context, o TxnOptions) (Txn, error)
	Branches() Branches
	Sequences() Sequences
	// AllocateOIDs returns the first of n fresh OIDs; they are never given out again, over all databases and branches.
	AllocateOIDs(ctx context.Context, n int) (catalog.OID, error)
	// AllocateKeyspace and AllocateColumn likewise.
	AllocateKeyspace(ctx context.Context) (catalog.Keyspace, error)
	AllocateColumns(ctx context.Context, n int) (catalog.ColumnID, error)
	// Global returns the catalog of databases and roles as last committed.
	Global() *catalog.Snapshot
	// Session makes the owner of one client session's advisory locks.
	Session(pid int32) LockSession
	// Locks lists the locks held and waited for.
	Locks() []LockInfo
	// Stale lists the tables, by branch, of which more than least rows and this share of all were written since their
	// statistics were made, and takes them for being seen to. It looks only at those written to since it was last asked.
	Stale(least int64, share float64) []StaleTable
	// Bulk reports whether a transaction is under way that has written so much that it does so ahead of its commit.
	Bulk() bool
	// Now returns the last published SCN and its time.
	Now() (SCN, time.Time)
	// Check verifies the invariants of the whole store and reports every violation; progress may be nil.
	Check(ctx context.Context, progress func(done, total int64)) ([]string, error)
	// Verify is Check with more to say and to ask for.
	Verify(ctx context.Context, o CheckOptions) ([]Problem, error)
	Close() error
}

// Txn is one transaction. One goroutine uses it at a time. Reads see the writes of its earlier statements, not those of
// the running one.
type Txn interface {
	// View resolves a branch and point of the transaction's database, "" being the default branch and the head. Views are
	// cached: the same Ref gives the same View for the transaction's life (and under READ COMMITTED moves on with each
	// Statement). An unknown branch is 3D000, an unknown or unreadable point 22023 or 72000.
	View(ctx context.Context, r catalog.Ref) (View, error)
	// GlobalView is the catalog of databases and roles, as a branch of its own.
	GlobalView(ctx context.Context) (View, error)
	// Statement begins a statement: what the last one wrote becomes visible, and under READ COMMITTED the snapshot is
	// taken anew.
	Statement()
	// Enter begins statements inside the running one, such as those of a function that it calls: after it Statement may be
	// called, and what the one outside reads stays readable. Leave ends them, and goes back to the point that Enter returned.
	Enter() ReadPoint
	Leave(p ReadPoint)
	// Hold keeps what the running statement reads readable until Release, for a cursor that comes back to it with Resume while
	// other statements run.
	Hold() ReadPoint
	Release(p ReadPoint)
	// Resume goes to a point of a statement that is still running, outside or inside, and returns the one that it leaves.
	Resume(p ReadPoint) ReadPoint

	Scan(ctx context.Context, r ScanRequest) (Scanner, error)
	// Insert adds rows. With r.Arbiters nil a duplicate key is 23505; else rows that collide in one of these indexes
	// (any unique index when the list is empty) are left out and reported.
	Insert(ctx context.Context, r InsertRequest) ([]Collision, error)
	Update(ctx context.Context, r UpdateRequest) error
	Delete(ctx context.Context, r DeleteRequest) error
	// LockRows locks rows in the given strength, waiting as told, and says of each how it was found. Under REPEATABLE
	// READ a row changed since the snapshot is 40001.
	LockRows(ctx context.Context, r LockRequest) ([]LockResult, error)
	// LockTable takes a table lock, held to the end of the transaction.
	LockTable(ctx context.Context, v View, table catalog.OID, mode catalog.TableLock, wait catalog.LockWait) error
	// LockTables takes the table locks of the statement that is about to run. Under READ COMMITTED, and before the first
	// read of others, the snapshot is taken anew once it has them: the view's catalog may be another than the one by which
	// the statement was planned. Else writing to a table that was altered since the snapshot is 40001.
	LockTables(ctx context.Context, v View, locks []TableLock) error
	// LockSequence locks a sequence that is about to be moved, to the end of the transaction, and returns it as those left
	// it who have changed it until then; nil: it was dropped. What the running statement reads stays what it is.
	LockSequence(ctx context.Context, v View, s *catalog.Sequence) (*catalog.Sequence, error)
	// Reads says that the statement reads: from here on REPEATABLE READ keeps its snapshot.
	Reads()
	// SafeSnapshot makes a serializable, read-only transaction wait for a snapshot that no anomaly can show in: it then
	// reads like one under REPEATABLE READ, and is never refused.
	SafeSnapshot(ctx context.Context) error
	// Wrote reports whether the transaction has written to a view's branch what no SCN stands for yet.
	Wrote(v View) bool
	// LockAdvisory takes an advisory lock to the end of the transaction; false: held by another, and NoWait was asked.
	LockAdvisory(ctx context.Context, key AdvisoryKey, shared bool, wait catalog.LockWait) (bool, error)
	// SetModes makes a transaction that has neither read nor written anything one of other modes; it keeps its locks.
	SetModes(level Isolation, readOnly bool)
	// Try lets a read-only transaction write until the function that it answers with is called. What it has written must have been
	// rolled back by then.
	Try() (end func())
	// SetLockTimeout bounds each wait for a lock from now on (55P03); 0 is no bound.
	SetLockTimeout(d time.Duration)
	// SetAsync is TxnOptions.Async for a transaction that has begun.
	SetAsync(async bool)
	// Truncate gives the table and its indexes new, empty keyspaces and puts the changed descriptor; the next Catalog of
	// the view has it.
	Truncate(ctx context.Context, v View, t *catalog.Table) error
	// Backfill writes the entries of a new index for rows that are already there, as scanned. A duplicate in a unique
	// index is 23505 "could not create unique index". Rewriting a table needs nothing like it: Insert into a descriptor
	// whose Rows and index keyspaces are new.
	Backfill(ctx context.Context, r BackfillRequest) error
	// RowEstimate is the number of live rows, exact on branches that were never forked from another.
	RowEstimate(v View, t *catalog.Table) int64
	// CountRows is the number of rows that a scan of the whole table would give. ok is false where only the scan can tell.
	CountRows(ctx context.Context, r ScanRequest) (n int64, ok bool, err error)

	// Statistics are what was last found out about a table on the view's branch, or on those that it was forked from; nil:
	// nothing. They must not be changed.
	Statistics(v View, t *catalog.Table) *statistics.Table
	// SaveStatistics keeps statistics, at once and for all transactions.
	SaveStatistics(ctx context.Context, v View, t *catalog.Table, x *statistics.Table) error

	Savepoint() int
	RollbackTo(savepoint int) error
	// Commit makes the transaction durable and visible and returns its SCN (0 when it wrote nothing).
	Commit(ctx context.Context) (SCN, error)
	Rollback() error
	// ID is the transaction id that txid_current shows.
	ID() uint64
	// SetInfo replaces what is kept with the commit.
	SetInfo(TxnInfo)
}

// ReadPoint is what a running statement reads: what was committed at an SCN, and of its own transaction's statements those
// before a number. Temporary is the same for temporary objects, where there are any.
type ReadPoint struct {
	SCN       SCN
	Statement uint32
	Temporary *ReadPoint
}

// View is a branch at a point as one transaction sees it.
type View interface {
	Branch() Branch
	// At is the read point. ReadOnly is true for points in the past.
	At() SCN
	ReadOnly() bool
	Catalog() *catalog.Snapshot
	// Put writes an object's descriptor, Drop removes one; both are transactional and versioned. Writing through a
	// read-only view is 25006.
	Put(ctx context.Context, o catalog.Object) error
	Drop(ctx context.Context, id catalog.OID) error
}

// ScanRequest asks for rows of a table in key order of Index, or of the table's own keyspace when Index is nil.
type ScanRequest struct {
	View    View
	Table   *catalog.Table
	Index   *catalog.Index
	Columns []catalog.ColumnID // the batch's columns; system columns allowed
	Ranges  []Range            // over the key columns of the index, ascending and disjoint; nil: everything
	Keys    []string           // instead of Ranges: these rows by row key, absent ones left out
	Ahead   bool               // of Keys: the caller does other work before it asks for the rows, which may be read meanwhile
	Reverse bool
	Latest  bool // read the newest committed version (and own writes) instead of the snapshot
	Limit   int  // a hint: the caller wants no more than this many rows; 0: all
	Sample  int  // about this many rows from all over the table will do; 0: all
}

// Range is an interval of index keys: a bound gives values for a prefix of the key columns. A bound without values is
// unbounded. A prefix bound includes or excludes all keys that begin with it. Equal inclusive bounds over all columns of
// a unique index are a point lookup.
type Range struct {
	Lo, Hi         []types.Datum
	LoExcl, HiExcl bool
}

// Scanner yields batches; a batch holds until the next call. After the last it returns nil.
type Scanner interface {
	Next(ctx context.Context) (*vector.Batch, error)
	Close() error
}

// InsertRequest adds the live rows of a batch; Columns says which column each vector is, hidden ones included.
type InsertRequest struct {
	View     View
	Table    *catalog.Table
	Columns  []catalog.ColumnID
	Rows     *vector.Batch
	Arbiters []catalog.OID // nil: duplicates are errors
	Any      bool          // any unique index arbitrates (ON CONFLICT DO NOTHING without target)
	Keys     *[]string     // when not nil, gets the row key of each row inserted ("" for those left out)
	Failed   *int          // when not nil, gets the number among the live rows of the one that an error is about
	// RowKeys, for a table without a primary key, are the keys that the live rows get: a merge keeps a row's identity.
	RowKeys []string
}

// StaleTable is a table whose statistics are outdated on a branch.
type StaleTable struct {
	Database catalog.OID
	Branch   string
	Table    catalog.OID
	Changes  int64 // rows written since
}

// Collision is a row left out by Insert: the k-th live row met the existing row with Key.
type Collision struct {
	Row int
	Key string
}

// UpdateRequest replaces rows. The batches' live rows go together; Old must hold Columns and Keys as scanned (and locked).
type UpdateRequest struct {
	View    View
	Table   *catalog.Table
	Columns []catalog.ColumnID // of Old and New alike: all stored and hidden columns
	Old     *vector.Batch
	New     *vector.Batch
	Keys    []string // row key of each live row
}

// DeleteRequest removes rows, given as for UpdateRequest.
type DeleteRequest struct {
	View    View
	Table   *catalog.Table
	Columns []catalog.ColumnID
	Old     *vector.Batch
	Keys    []string
}

// BackfillRequest adds index entries for the live rows of a batch. Columns are those of the index, hidden and included
// ones too.
type BackfillRequest struct {
	View    View
	Table   *catalog.Table
	Index   *catalog.Index
	Columns []catalog.ColumnID
	Rows    *vector.Batch
	Keys    []string // row key of each live row
}

// LockRequest asks for row locks. Seen[i] is the version (ColVersion) that the caller's scan saw.
type LockRequest struct {
	View     View
	Table    *catalog.Table
	Keys     []string
	Seen     []SCN
	Strength catalog.RowLock
	Wait     catalog.LockWait
	// Bulk: the caller has read all the rows in this statement at the view's snapshot, and writes those that it locks next. Rows
	// in ascending order are claimed together then, without a lock for each.
	Bulk bool
	// Changes: the rows are changed next, not only locked; who finds one gone under REPEATABLE READ is told so.
	Changes bool
	// Doing is what the error of a wait says was under way: locking, updating or deleting a row; "" says nothing.
	Doing string
	// Follow: under READ COMMITTED a row whose primary key has changed meanwhile is locked under its new one, which takes the place of the old
	// one in Keys.
	Follow bool
}

// LockResult says how a row was found when its lock was granted.
type LockResult uint8

// The results.
const (
	LockUnchanged LockResult = iota
	LockChanged              // another transaction changed the row since the snapshot: read it again (Latest) and re-check
	LockDeleted              // it is gone
	LockSkipped              // held by another, and SKIP LOCKED was asked for: not locked
	LockSelf                 // the running statement itself has written it already: UPDATE and DELETE leave such a row out
)

// Sequences are the states of sequences. They are not transactional and not part of history.
type Sequences interface {
	// Next returns the next n values as first and step; it is durable before it returns values not given out before.
	Next(ctx context.Context, s *catalog.Sequence) (int64, error)
	// Set sets the last value; called: the next one is value+increment.
	Set(ctx context.Context, s *catalog.Sequence, value int64, called bool) error
	// Get returns the state.
	Get(ctx context.Context, s *catalog.Sequence) (last int64, called bool, err error)
	// Moves counts the calls of Next and Set that have moved the sequence: who knows his own sees whether there were others.
	Moves(ctx context.Context, s *catalog.Sequence) (uint64, error)
	// Redefine goes on from the present state by a changed definition.
	Redefine(ctx context.Context, s *catalog.Sequence) error
}

// AdvisoryKey is what pg_advisory_lock locks. A pair of int4 is Pair with the first in the high half of Key.
type AdvisoryKey struct {
	Database catalog.OID
	Key      int64
	Pair     bool
	// Constraint is not 0 where a constraint locks the hash of one of its keys: such locks never meet users' own.
	Constraint catalog.OID
}

// LockSession holds a session's advisory locks, which outlive its transactions. They count: a lock taken twice must be
// unlocked twice.
type LockSession interface {
	// Lock waits no longer than patience (55P03); 0 is no bound.
	Lock(ctx context.Context, key AdvisoryKey, shared bool, wait catalog.LockWait, patience time.Duration) (bool, error)
	// Unlock reports whether the lock was held.
	Unlock(key AdvisoryKey, shared bool) bool
	UnlockAll()
}

// TableLock is a lock that a statement takes on a table.
type TableLock struct {
	Table catalog.OID
	Mode  catalog.TableLock
}

// LockInfo is one row of pg_locks.
type LockInfo struct {
	Kind      string // relation, tuple, advisory, transactionid, virtualxid
	Database  catalog.OID
	Branch    uint64
	Relation  catalog.OID
	Keyspace  catalog.Keyspace // of a tuple
	Key       string           // row key
	On        uint64           // the transaction that is the lock's object
	Advisory  AdvisoryKey
	Mode      string // as pg_locks has it
	Granted   bool
	Fast      bool
	PID       int32
	Txn       uint64
	Since     time.Time // of those who wait
	BlockedBy []int32   // who stands in the way of those who wait
	Horizon   uint64    // of a virtualxid: transactions from this number on may be beyond the snapshot
	Keeps     bool      // of a virtualxid: the snapshot lasts until the transaction ends
}
