package storage

import (
	"context"

	"github.com/rowandb/rowan/catalog"
)

// Names knows what users have called points: tags and commits. The store asks it for every point that it cannot read
// itself; it may be called while the store makes or resets a branch, and must not do so in turn.
type Names interface {
	// Point finds the point of a name; suffix is what follows it, such as ~2 or ^. ok is false where there is no such name.
	// HEAD:br_<id> is the last commit of a branch.
	Point(ctx context.Context, db catalog.OID, name, suffix string) (p NamedPoint, ok bool, err error)
	// Pins lists the points that must stay readable.
	Pins(ctx context.Context) ([]NamedPoint, error)
}

// NamedPoint is a place in the history of a branch, which may have been dropped since.
type NamedPoint struct {
	Database catalog.OID
	Branch   uint64
	SCN      SCN
	Suffix   string // of what Point was asked, the part that is still to be followed: in steps of transactions
}

// Points finds points of branches.
type Points interface {
	// Find is Resolve for points that may lie on another branch than the one they are asked of: tags, commits and names of
	// branches. The branch that it returns may have been dropped.
	Find(ctx context.Context, db catalog.OID, branch, point string) (Branch, SCN, error)
	Historian
}
