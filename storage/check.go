package storage

import (
	"context"
	"fmt"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types/vector"
)

// Problem is a violation of what must always hold in a store.
type Problem struct {
	Kind  string `json:"kind"`  // what it is, in a word: see the constants
	Where string `json:"where"` // branch, table, index, layer or file
	Key   string `json:"key"`   // of what is wrong, for people; "": none
	Text  string `json:"text"`
}

// String renders a problem as one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Kind)
	for _, s := range []string{p.Where, p.Key} {
		if s != "" {
			fmt.Fprintf(&b, " %s", s)
		}
	}
	return b.String() + ": " + p.Text
}

// The kinds of problems.
const (
	ProblemFile       = "damaged_file"       // a file does not hold what was written
	ProblemUnreadable = "unreadable"         // the store cannot be opened or read
	ProblemKey        = "unknown_key"        // a key that is none of ours
	ProblemValue      = "bad_value"          // a value that cannot be decoded
	ProblemLayer      = "missing_layer"      // something belongs to, or builds on, a layer that does not exist
	ProblemSpace      = "missing_space"      // versions in a keyspace of which the layer does not know
	ProblemBranch     = "bad_branch"         // a branch that contradicts itself or another
	ProblemCatalog    = "bad_catalog"        // a descriptor that cannot be decoded or is under another's key
	ProblemMark       = "missing_mark"       // the catalog changed without the mark by which readers know
	ProblemCounter    = "counter_behind"     // a number in use that could be given out again
	ProblemSnapshot   = "bad_snapshot"       // a kept point of nothing
	ProblemCommit     = "missing_commit"     // a version or log entry of a transaction without commit record
	ProblemLog        = "missing_log"        // a version of a transaction without log entry in its layer
	ProblemLogged     = "missing_version"    // the log names a change that is not there
	ProblemInterval   = "empty_interval"     // a version that ends before it begins
	ProblemOverlap    = "overlap"            // two versions of a key hold at the same time
	ProblemHead       = "head_not_newest"    // a head that is older than its history
	ProblemRow        = "bad_row"            // a row that cannot be decoded
	ProblemRowKey     = "wrong_row_key"      // a row under a key that is not that of its primary key
	ProblemNull       = "null_in_not_null"   // a NULL that a constraint forbids
	ProblemNoEntry    = "row_without_entry"  // a row that an index does not have
	ProblemNoRow      = "entry_without_row"  // an index entry of a row that is not there
	ProblemEntry      = "wrong_entry"        // an index entry that is not what its row asks for
	ProblemDuplicate  = "duplicate_key"      // two rows with one unique key
	ProblemCount      = "wrong_row_count"    // a count of rows kept beside them that is not theirs
	ProblemCheck      = "check_violation"    // a row that a CHECK constraint forbids
	ProblemForeignKey = "foreign_key_orphan" // a row that refers to nothing
)

// CheckOptions say how thoroughly to look.
type CheckOptions struct {
	// Progress is called now and then with what is being done; it may be nil.
	Progress func(phase string, done, total int64)
	// Database restricts the look at tables to one database and leaves out all else; 0: everything.
	Database catalog.OID
	// Points is at how many points of the past, spread evenly over its history, each branch is looked at beside its head.
	Points int
	// Complete computes the hidden columns of rows, which have all stored and hidden columns of t in the order of t.Columns.
	// It reports whether it could; without it partial indexes and those on expressions are looked at less closely.
	Complete func(ctx context.Context, v View, t *catalog.Table, rows *vector.Batch) (bool, error)
}
