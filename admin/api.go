// Package admin is the HTTP side of Rowan: one router, a dialect by path prefix, each dialect owning its parsing,
// authentication, error shape, 404 and 405.
//
// Handlers decode, call one method of the small interfaces declared here, and encode. There is no SQL, no storage and no
// lock in this package: server fills the interfaces over sessions and the store. Invariants: a request acts with the
// rights of the role it has proved to be, the same as over the PostgreSQL protocol; no request ends the process.
package admin

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

// Merge asks for a merge. Strategy is abort, manual, source_wins or target_wins.
type Merge struct {
	Source, Target, Strategy, Message string
	DropSource, DryRun                bool
}

// Merged says what a merge did, or would do.
type Merged struct {
	Commit    string // "" when nothing was written
	Changes   int64
	Resolved  int64
	Conflicts []Conflict
	Dropped   bool
	At        time.Time
}

// Conflict is one contradiction; Column is "" where it is the whole row. Values are JSON values.
type Conflict struct {
	Table, RowID, Column, Type string
	Source, Target             any
}

// Statement is SQL to run. Params are JSON values. Timeout 0: the server's own.
type Statement struct {
	Branch, Point, SQL string
	Params             []any
	ReadOnly           bool
	Explain            bool
	Timeout            time.Duration
}

// Result is a statement's result. Rows holds JSON values.
type Result struct {
	Tag      string // the command tag without counts, for example CREATE TABLE
	Columns  []string
	Types    []string
	Rows     [][]any
	Affected int64
	Plan     string
	Elapsed  time.Duration
}

// Principal is who asks: a role.
type Principal struct{ Role string }

// Authenticator proves who asks.
type Authenticator interface {
	// Password reports whether the role may log in with the password.
	Password(ctx context.Context, role, password string) bool
	// Anonymous is the role of requests without credentials; "" when there is none.
	Anonymous() string
}

// Branches are the branches of the default database. Errors carry SQLSTATEs.
type Branches interface {
	List(ctx context.Context, p Principal) ([]Branch, error)
	Get(ctx context.Context, p Principal, name string, stats bool) (Branch, error)
	Create(ctx context.Context, p Principal, b NewBranch) (Branch, error)
	Drop(ctx context.Context, p Principal, name string, force bool) (Branch, error)
	Merge(ctx context.Context, p Principal, m Merge) (Merged, error)
}

// SQL runs statements.
type SQL interface {
	Run(ctx context.Context, p Principal, s Statement) (Result, error)
}

// Status says how the server is.
type Status interface {
	Version() string
	Started() time.Time
	// Ready is nil when the server can serve.
	Ready(ctx context.Context) error
}

// Services are all that the router needs.
type Services struct {
	Auth     Authenticator
	Branches Branches
	SQL      SQL
	Status   Status
}
