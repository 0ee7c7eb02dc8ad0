package storage

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog"
)

// Keeper decides how much of the past is kept. What is kept can be read, and answers as it always did; beyond that a
// point is an error (72000) that names the oldest readable one. Snapshots and what Names.Pins lists stay readable, and what a
// running transaction has resolved does to its end: a pin committed with that transaction holds it on.
type Keeper interface {
	// SetRetention sets how long the past of a branch, or with "" of all branches of a database that have no window of
	// their own, can be read: 0 for ever, which is the default. nil takes a branch's own window away.
	SetRetention(ctx context.Context, db catalog.OID, branch string, window *time.Duration) error
	// Retention tells what holds for each branch.
	Retention(ctx context.Context, db catalog.OID) ([]Retention, error)
	// Oldest returns the oldest point of a branch that can be read without a snapshot.
	Oldest(ctx context.Context, db catalog.OID, branch string) (SCN, error)
	// SetSchedule makes snapshots of a branch by itself.
	SetSchedule(ctx context.Context, db catalog.OID, branch string, every time.Duration, keep int) error
	// DropSnapshot forgets a snapshot; false: there is none with that id.
	DropSnapshot(ctx context.Context, db catalog.OID, id string) (bool, error)
	// GC removes now what nobody can see any more. It runs in the background too.
	GC(ctx context.Context, o GCOptions) (GCResult, error)
	// Sizes tells what the branches of a database take of the disk.
	Sizes(ctx context.Context, db catalog.OID) ([]BranchSize, error)
	// Written returns the bytes of keys and values that a branch has written itself.
	Written(ctx context.Context, db catalog.OID, branch string) (int64, error)
}

// Retention is what holds for a branch.
type Retention struct {
	Branch string
	Window time.Duration // 0: for ever
	Own    bool          // set for this branch, not for the database
	Oldest SCN
	Time   time.Time // of Oldest
	Every  time.Duration
	Keep   int // automatic snapshots
}

// GCOptions say how to collect.
type GCOptions struct {
	Purge   bool // dropped branches go at once, instead of after the time in which they can be brought back
	Slowly  bool // leave time to others
	Compact bool // have the engine give space back to the file system
}

// GCResult counts what was removed.
type GCResult struct {
	Branches, Layers, Keyspaces, Versions, LogEntries, Bytes int64
}

// BranchSize is what a branch takes in the store, in bytes of keys and values before compression.
type BranchSize struct {
	Branch string
	Total  int64 // all that the branch shows
	Unique int64 // what it has written itself
	Freed  int64 // what dropping it would free
}
