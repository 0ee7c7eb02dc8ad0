package storage

import (
	"context"
	"strings"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Branch describes a branch.
type Branch struct {
	ID          uint64
	Database    catalog.OID
	Name        string
	DisplayName string
	Description string
	Parent      string // "" for the first branch
	ParentID    uint64
	Fork        SCN // the parent's SCN at the fork
	Created     time.Time
	CreatedBy   string
	Owner       catalog.OID `json:",omitempty"` // the role that made it; 0: it is known by name only
	Updated     time.Time   // of the last commit
	Head        SCN         // of the last commit on the branch, or the fork
	Default     bool
	Protected   bool
	Merged      bool      // merged into another branch since its last change
	Deleted     time.Time // zero: not
	Expires     time.Time // zero: never
	Metadata    map[string]string
	Hidden      bool `json:",omitempty"` // holds states that commits name; it is in no list
}

// BranchOptions make a branch.
type BranchOptions struct {
	Name        string
	Source      string // "" the default branch
	Point       string // "" the head
	DisplayName string
	Description string
	Protected   bool
	Expires     time.Time
	Metadata    map[string]string
	User        string
	Hidden      bool // see Branch
	// Reads may refuse the branch that the point lies on, which need not be Source; nil refuses none.
	Reads      func(Branch) error
	SchemaOnly bool // the source's schema with empty tables, and without its past: a branch of its own that does not merge back
}

// Branches are the branches of all databases. All calls are durable when they return, atomic, and cost O(1) in the data.
type Branches interface {
	// List leaves out hidden branches.
	List(ctx context.Context, db catalog.OID, deleted bool) ([]Branch, error)
	// Get finds a branch by name or by id in decimal or the form br_<id>; unknown: 3D000, the hint names known ones.
	Get(ctx context.Context, db catalog.OID, name string) (Branch, error)
	// ByID finds a branch, be it dropped or hidden; ok is false for one that is not known any more.
	ByID(id uint64) (b Branch, ok bool)
	Create(ctx context.Context, db catalog.OID, o BranchOptions) (Branch, error)
	// Drop forgets the name. The default branch is refused with 2BP01; so are, without force, protected branches and those
	// that others have been forked from, which go on working when it is forced.
	Drop(ctx context.Context, db catalog.OID, name string, force bool) (Branch, error)
	// Alter changes what f changes: display name, description, protection, expiry, metadata, name.
	Alter(ctx context.Context, db catalog.OID, name string, f func(*Branch) error) (Branch, error)
	// Resolve turns a point of a branch into an SCN: an SCN in decimal, an LSN X/Y, a timestamp, an interval in the past
	// (-10 minutes), ~n transactions back, a snapshot id (snap_…), a transaction id (tx:…), what Names knows. A point before
	// the branch's history, or on another branch, is 22023; one beyond retention is 72000 and names the oldest readable one.
	Resolve(ctx context.Context, db catalog.OID, branch, point string) (SCN, error)
	Points
	// Time returns when an SCN was committed.
	Time(ctx context.Context, scn SCN) (time.Time, error)
	// Log lists transactions of a branch, newest first, with SCN in (from, to]; zero to: the head.
	Log(ctx context.Context, db catalog.OID, branch string, from, to SCN, limit int) ([]LogEntry, error)
	// Reflog is Log of what happened on a branch itself, whether it is still in its past or not: what it was before a reset or a rebase
	// is there, and what it has got by one is not.
	Reflog(ctx context.Context, db catalog.OID, branch string, from, to SCN, limit int) ([]LogEntry, error)
	// LogOf is Log of what a view has grown from. A branch that was reset or rebased has had another past before.
	LogOf(ctx context.Context, v View, from, to SCN, limit int) ([]LogEntry, error)
	// Taken returns what the transaction with an SCN in a view's past has merged: the sources as they were then, be they renamed or
	// dropped since.
	Taken(tx Txn, v View, scn SCN) ([]View, error)
	// Snapshot keeps a point for a user and gives it an id.
	Snapshot(ctx context.Context, db catalog.OID, branch, point, comment, user string) (PointSnapshot, error)
	// Snapshots lists those of a branch, or with "" of all branches.
	Snapshots(ctx context.Context, db catalog.OID, branch string) ([]PointSnapshot, error)
	// Reset makes a branch what it, or its parent, was at a point: a new layer; the old future stays readable by SCN.
	Reset(ctx context.Context, db catalog.OID, branch, source, point string) (Branch, error)
	// Stats counts what a branch holds.
	Stats(ctx context.Context, db catalog.OID, branch string) (BranchStats, error)

	BranchAdmin
	Differ
}

// Differ compares and merges branches; it is the part of Branches that storage/diff and storage/merge implement.
type Differ interface {
	// Diff compares a table at two views of one transaction. The rows come in key order, in batches.
	Diff(ctx context.Context, tx Txn, from, to View, table catalog.OID) (DiffScanner, error)
	// DiffPair compares two tables that are not one but may be meant to be: rows by key, columns by name.
	DiffPair(ctx context.Context, tx Txn, from, to View, a, b *catalog.Table) (DiffScanner, error)
	// Changed lists the tables that differ between two views, cheaply where layers tell.
	Changed(ctx context.Context, tx Txn, from, to View) ([]catalog.OID, error)
	// Base returns the merge base of two branches: a view of the source branch's content at the last merge between the
	// two or at the fork.
	Base(ctx context.Context, tx Txn, source, target string) (View, error)
	// Merge writes the three-way merge into tx, which the caller commits. With conflicts, and a strategy that does not
	// decide them, nothing has been written.
	Merge(ctx context.Context, tx Txn, r MergeRequest) (MergeResult, error)
}

// LogEntry is one transaction in a branch's history.
type LogEntry struct {
	SCN     SCN
	Branch  uint64 // that it was made on
	Txn     uint64
	Time    time.Time
	Info    TxnInfo
	Inserts int64
	Updates int64
	Deletes int64
	Tables  []catalog.OID
	Rebase  bool // the branch was put on another state with it
}

// Reset is how the summary of an entry begins that is no transaction: the branch went to a point, its own or another's.
const Reset = "RESET to "

// IsReset reports whether the entry is one. What the branch was before is in its log no more.
func (e *LogEntry) IsReset() bool { return e.Txn == 0 && strings.HasPrefix(e.Info.Summary, Reset) }

// PointSnapshot is a kept point.
type PointSnapshot struct {
	ID        string // snap_…
	Branch    string
	SCN       SCN
	Time      time.Time
	Comment   string
	Automatic bool
	CreatedBy string `json:",omitempty"`
}

// BranchStats counts a branch's content and its own changes since the fork.
type BranchStats struct {
	Tables, Rows, SizeBytes   int64
	Changes                   int64 // of rows since the fork, those of tables that are gone included: the sum of the next three
	Inserts, Updates, Deletes int64
	Ahead, Behind             int64 // transactions since the fork on the branch and on its source
}

// DiffKind is '+', '-' or '~'.
type DiffKind byte

// The kinds of differences.
const (
	Added   DiffKind = '+'
	Removed DiffKind = '-'
	Changed DiffKind = '~'
)

// DiffScanner yields differences of one table. From and To have FromTable's and ToTable's live columns (the tables as they
// are at each view; nil where the table does not exist); rows absent on a side are all NULL.
type DiffScanner interface {
	FromTable() *catalog.Table
	ToTable() *catalog.Table
	Next(ctx context.Context) (*DiffBatch, error)
	Close() error
}

// DiffBatch holds for each k: Kind[k], Key[k], row k of From and row k of To.
type DiffBatch struct {
	Kind     []DiffKind
	Key      []string
	From, To *vector.Batch
}

// Strategy says what happens to conflicts.
type Strategy uint8

// The strategies. Abort and Manual both leave the target unchanged and report the conflicts.
const (
	Abort Strategy = iota
	Manual
	SourceWins
	TargetWins
)

// FastForward says what a merge does when the target has changed nothing since the base.
type FastForward uint8

// The ways. A merge is a transaction of the target in any case, so that Auto and Never do the same.
const (
	FastForwardAuto FastForward = iota
	FastForwardOnly             // a target with changes of its own is refused
	FastForwardNever
)

// Record says what a merge does about ancestry. Where From is set nothing is ever recorded.
type Record uint8

// The ways.
const (
	RecordMerge Record = iota // merge, and record it
	RecordNever               // merge, and leave it to a later one to record it
	RecordOnly                // the target has all of the source already: record that
)

// Side is who a conflict goes to.
type Side uint8

// The sides. Undecided leaves a conflict to the strategy.
const (
	Undecided Side = iota
	SourceSide
	TargetSide
	BaseSide
	ValueSide // neither: what the decision gives
)

// Decision is what becomes of one conflict. With ValueSide, Cell is the cell's value, or Row the row's: one value for each
// of the conflict's Columns, nil for no row.
type Decision struct {
	Side Side
	Cell types.Datum
	Row  []types.Datum
}

// MergeRequest merges Source into the branch Target.
type MergeRequest struct {
	Source, Target string
	SourcePoint    string // the source as of then; "" its head
	// To, when set, and From bring what lies between two views to the target, and nothing else of the source: a
	// cherry-pick, or with To older than From a revert. No merge is recorded. With Onto in place of From it is what To has
	// got since it and Onto had the same: a rebase.
	From, To, Onto View
	Strategy       Strategy
	FastForward    FastForward
	Record         Record
	Message        string
	// Only, when set, says which objects of the schema, with their rows, are merged; all else stays as it is.
	Only func(o catalog.Object) bool
	// Decide is asked about each conflict before the strategy is; nil decides none. It may be asked twice.
	Decide func(ctx context.Context, c *Conflict) (Decision, error)
	// Cell merges the values of a column with a merge policy that both sides have changed; base is NULL where it is not
	// there. It may be asked twice. When ok is false, or Cell nil, they conflict.
	Cell func(ctx context.Context, t *catalog.Table, c *catalog.Column, base, source, target types.Datum) (d types.Datum, ok bool, err error)
	// Convert answers how values of one type become those of another in which a column's values are assigned; nil: they do not.
	// It is nil where no values are to be converted.
	Convert func(from, to types.Type) func(types.Datum) (types.Datum, error)
	// Renumber gives the next value of a sequence of the target, for a row whose key a row of the target has; nil: such rows
	// conflict whatever the sequence's policy.
	Renumber func(ctx context.Context, q *catalog.Sequence) (int64, error)
	// Violated, when set, is told of every row that breaks a key or NOT NULL, which is then left out, one by one. The
	// transaction must be rolled back.
	Violated func(v Violation)
	// Complete is called with batches of rows, whose columns are all stored and hidden columns of t in the order of
	// t.Columns, to compute the hidden ones. For rows about to be written (fresh) it computes generated columns as well
	// and refuses rows that break a CHECK constraint.
	Complete func(ctx context.Context, t *catalog.Table, rows *vector.Batch, fresh bool) error
	// Written is called after each batch of changes has been written to the target, with all stored and hidden columns of
	// t in the order of t.Columns: old is nil for inserts, new for deletes. The caller notes what constraints to verify.
	Written func(ctx context.Context, t *catalog.Table, old, new *vector.Batch) error
}

// MergeResult says what a merge did or would do.
type MergeResult struct {
	Base                      SCN // of the source at the merge base
	SourceHead                SCN
	FastForward               bool // the target had no changes since the base
	Inserts, Updates, Deletes int64
	Resolved                  int64 // conflicts decided by the strategy
	Conflicts                 []Conflict
	Violations                []Violation
	Tables                    []catalog.OID // tables of the target that were written
	Objects                   []catalog.OID // schema objects changed on the target
	Sequences                 []SequencePair
	Renumbered                []Renumbered // rows that came with other keys, in the order of their tables and old keys
}

// Renumbered is a row of the source that has got another key on the target: because rows of both had the same generated
// one, or because it follows such a row. Old and New are values of the primary key's columns.
type Renumbered struct {
	Schema, Table string
	Columns       []string
	Types         []types.Type
	Old, New      []types.Datum
	Follows       bool
}

// SequencePair is a sequence that both sides of a merge have made, each with a state of its own, and that is one.
type SequencePair struct{ Source, Target *catalog.Sequence }

// Changed reports whether the merge took, or would take, anything in.
func (r *MergeResult) Changed() bool {
	return r.Inserts+r.Updates+r.Deletes+r.Resolved > 0 || len(r.Objects) > 0
}

// Told lists the tables of whose rows the result says something.
func (r *MergeResult) Told() (out []catalog.OID) {
	for i := range r.Conflicts {
		if c := &r.Conflicts[i]; c.Key != "" {
			out = append(out, c.TableOID)
		}
	}
	for i := range r.Violations {
		out = append(out, r.Violations[i].TableOID)
	}
	return out
}

// ConflictType names a conflict as users see it.
type ConflictType string

// The types.
const (
	UpdateUpdate ConflictType = "update_update"
	DeleteUpdate ConflictType = "delete_update" // deleted on the source, changed on the target
	UpdateDelete ConflictType = "update_delete"
	InsertInsert ConflictType = "insert_insert"
	SchemaBoth   ConflictType = "schema"
)

// Conflict is one contradiction: a cell, or a whole row (Column "").
type Conflict struct {
	Schema, Table                 string
	TableOID                      catalog.OID
	Key                           string        // row key
	KeyColumns                    []string      // names of the key's columns
	KeyValues                     []types.Datum // and their values
	KeyTypes                      []types.Type
	Column                        string
	ColumnType                    types.Type
	Type                          ConflictType
	Base, Source, Target          types.Datum // cell values, NULL where the row is absent
	BaseRow, SourceRow, TargetRow bool        // whether the row is there on each side
	Description                   string      // for schema conflicts

	Columns                             []*catalog.Column // of the table as merged, and the row on each side; nil where it is absent
	BaseCells, SourceCells, TargetCells []types.Datum
}

// Violation is a row of the merged state that breaks a constraint.
type Violation struct {
	Schema, Table string
	TableOID      catalog.OID
	KeyColumns    []string
	KeyValues     []types.Datum
	KeyTypes      []types.Type
	Code          string // SQLSTATE
	Kind          string // check, not_null, unique, foreign_key, exclusion
	Constraint    string
	Owner         catalog.OID // the table that has the constraint
	Message       string
	Detail        string
}
