package api

import (
	"context"
	"time"
)

// Branch is a branch as HTTP clients see it. Times are UTC.
type Branch struct {
	ID             string
	Name           string
	DisplayName    string
	Status         string // active, merged, deleted
	Default        bool
	Protected      bool
	Source         string // "" for the first branch
	SourceSnapshot string // the point of the source at the fork
	Created        time.Time
	Updated        time.Time
	Metadata       map[string]any
	Stats          *Stats
}

// Stats counts what a branch holds, and its changes since it was made.
type Stats struct {
	Tables, Rows, SizeBytes            int64
	Changes, Inserts, Updates, Deletes int64
	Ahead, Behind                      int64
}

// NewBranch is what a branch is made of. Point is as SQL has it: "" is now.
type NewBranch struct {
	Name, DisplayName, Source, Point string
	Metadata                         map[string]any
}

// BranchChange is what of a branch changes; nil stays as it is. A metadata value of nil removes that entry.
type BranchChange struct {
	DisplayName *string
	Protected   *bool
	Metadata    map[string]any
}

// Merge asks for a merge. Strategy is abort, manual, source_wins or target_wins.
type Merge struct {
	Source, Target, Strategy, Message string
	DropSource, DryRun                bool
}

// Merged says what a merge did, or would do.
type Merged struct {
	Source, Target string
	Commit         string // "" when nothing was written
	Changes        int64
	Resolved       int64
	Conflicts      []Conflict
	Pending        int64       // id under which a manual merge waits for its conflicts to be resolved; 0: none does
	Violations     []Violation // rows of the merged state that break constraints: nothing was written
	Dropped        bool
	FastForward    bool
	UpToDate       bool // there was nothing to merge
	At             time.Time
}

// Conflict is one contradiction; Column is "" where it is the whole row, and then the values are the rows as JSON objects,
// nil for a side that has deleted it. Values are JSON values.
type Conflict struct {
	Table, RowID, Column, Type string
	Base, Source, Target       any
}

// Violation is a row of a merged state that breaks a constraint.
type Violation struct {
	Table, RowID, Kind, Constraint, Message, Detail string
}

// Event is an entry of a branch's history: a transaction or a snapshot.
type Event struct {
	ID      string
	Type    string // transaction, snapshot
	Time    time.Time
	SCN     uint64
	Summary string
	User    string // of transactions
	Size    int64  // of snapshots
}

// Change is a transaction that changed rows of a table. The numbers are those of all of its rows.
type Change struct {
	Event
	Inserts, Updates, Deletes int64
}

// Span selects events: those in [From, To], zero being unbounded, the newest Limit of them.
type Span struct {
	From, To time.Time
	Limit    int
}

// Snapshot is a kept point. Size, Tables and Rows are those at the point.
type Snapshot struct {
	ID                 string
	Time               time.Time
	SCN                uint64
	Automatic          bool
	Comment            string
	Size, Tables, Rows int64
}

// Restored says what a restore did.
type Restored struct {
	SCN    uint64
	Backup string // the branch that holds what was there before; "": none was made
}

// Branches are the branches of a database.
type Branches interface {
	List(ctx context.Context, p Principal) ([]Branch, error)
	Get(ctx context.Context, p Principal, name string, stats bool) (Branch, error)
	Create(ctx context.Context, p Principal, b NewBranch) (Branch, error)
	Alter(ctx context.Context, p Principal, name string, c BranchChange) (Branch, error)
	Drop(ctx context.Context, p Principal, name string, force bool) (Branch, error)
	Merge(ctx context.Context, p Principal, m Merge) (Merged, error)
	History(ctx context.Context, p Principal, branch string, s Span) ([]Event, error)
	Snapshots(ctx context.Context, p Principal, branch string) ([]Snapshot, error)
	// Restore makes a branch what it was at a point; backup names a branch to be made of what it is ("": none).
	Restore(ctx context.Context, p Principal, branch, point, backup string) (Restored, error)
}
