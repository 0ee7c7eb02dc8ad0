package storage

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// VersionRequest asks for the versions that rows of a table have had on a branch.
type VersionRequest struct {
	View  View // the branch; nothing newer than its point is seen, nor what the transaction itself has written
	Table catalog.OID
	From  SCN    // versions that had ended before are left out
	Keys  *Range // of the primary key; nil: all rows
	Row   string // of a table without one: the row with this RowVersion.Key; "": all rows
}

// RowVersion is one version of a row: it was there from Start until End. The cells are those of the table's live columns as
// the view has them, and hold until the next version.
type RowVersion struct {
	Key        string
	Start, End SCN  // End 0: it is there at the view's point
	Fresh      bool // no version of the row ended where this one started: it was inserted
	Replaced   bool // another version of the row starts where this one ended; else it was deleted
	Cells      []types.Datum
}

// Historian reads versions.
type Historian interface {
	// Versions passes the versions of a table's rows to yield, those of one row together and oldest first, until it returns
	// false. What the rows of a table were before it was emptied or rewritten comes before what they are since.
	Versions(ctx context.Context, tx Txn, r VersionRequest, yield func(*RowVersion) bool) error
}
