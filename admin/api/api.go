// Package api is what the HTTP dialects ask of the database: small interfaces and the plain data that goes through them.
//
// It knows neither HTTP nor the engine: server fills the interfaces over sessions and the store. Invariants: a call acts
// with the rights of the Principal's role, the same as over the PostgreSQL protocol, and within its scopes and branches;
// errors carry SQLSTATEs. Callers: the dialects, package auth and package webhook of admin.
package api

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"
)

// Principal is who asks: a role, and how far the credentials reach.
type Principal struct {
	Role     string
	Database string   // that the request is about; "": the default one
	Account  string   // that rates are counted for; "": they are not
	Scopes   []string // nil: all
	Branches []string // patterns, such as ci/*; one that ends in :read is for reading only; nil: all branches
}

// May reports whether the scopes hold one; "" every Principal has.
func (p Principal) May(scope string) bool {
	return scope == "" || p.Scopes == nil || slices.Contains(p.Scopes, scope)
}

// MayUse reports whether the patterns hold a branch.
func (p Principal) MayUse(branch string, write bool) bool {
	if p.Branches == nil {
		return true
	}
	return slices.ContainsFunc(p.Branches, func(pattern string) bool {
		pattern, readOnly := strings.CutSuffix(pattern, ":read")
		return (!readOnly || !write) && Matches(pattern, branch)
	})
}

// AllBranches reports whether the Principal is bound to no branches.
func (p Principal) AllBranches() bool { return p.Branches == nil }

// Matches reports whether a branch's name fits a pattern: * stands for anything within the segments of a name, ** at the
// end for all that follows.
func Matches(pattern, name string) bool {
	if pattern == "*" || pattern == "**" {
		return true
	}
	if prefix, deep := strings.CutSuffix(pattern, "/**"); deep {
		return strings.HasPrefix(name, prefix+"/")
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

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

// Table is a table or view of a branch.
type Table struct {
	Name, Schema string
	Kind         string // table, view
	Rows         int64
	Columns      []Column
	Indexes      []string
	Created      time.Time // zero: not known
}

// Column is a column of a table.
type Column struct {
	Name, Type string
	Nullable   bool
	PrimaryKey bool
	Default    string
}

// Selection asks for rows of a table. Columns, Filter and OrderBy are SQL as clients write it behind SELECT, WHERE and
// ORDER BY; "" are all columns, all rows, and the order of the primary key.
type Selection struct {
	Branch, Table, Point     string
	Columns, Filter, OrderBy string
	Limit, Offset            int
}

// Page is a part of a table's rows. Total counts all that the filter lets through.
type Page struct {
	Columns, Types []string
	Rows           [][]any
	Total          int64
}

// Insertion adds rows, given as JSON objects.
type Insertion struct {
	Branch, Table string
	Rows          []map[string]any
	OnConflict    string // error, ignore, update
}

// Inserted says what an Insertion did. IDs are the values of the primary key: arrays where it has several columns.
type Inserted struct {
	Rows int64
	IDs  []any
}

// Tables are the tables of a branch, and their rows.
type Tables interface {
	Tables(ctx context.Context, p Principal, branch string) ([]Table, error)
	Table(ctx context.Context, p Principal, branch, table string) (Table, error)
	Select(ctx context.Context, p Principal, s Selection) (Page, error)
	Insert(ctx context.Context, p Principal, in Insertion) (Inserted, error)
	Update(ctx context.Context, p Principal, branch, table, filter string, values map[string]any) (int64, error)
	Delete(ctx context.Context, p Principal, branch, table, filter string) (int64, error)
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

// SQL runs statements.
type SQL interface {
	Run(ctx context.Context, p Principal, s Statement) (Result, error)
}

// Webhook is an address that is told of events.
type Webhook struct {
	ID, URL, Description string
	Events, Branches     []string
	Secret               string // shown when it is made only
	Active               bool
	Created              time.Time
	CreatedBy            string
}

// WebhookChange is what of a webhook changes; nil stays as it is.
type WebhookChange struct {
	URL, Description *string
	Events, Branches []string
	Active           *bool
}

// Delivery is a message to a webhook.
type Delivery struct {
	ID, Event, State string // pending, delivered, failed
	Payload          string // JSON
	Created          time.Time
	Attempts         int
	Next, Delivered  time.Time // zero: none
	Status           int       // of the last answer; 0: there was none
	Error            string
}

// Webhooks are the webhooks of a database. They are for its owner.
type Webhooks interface {
	Webhooks(ctx context.Context, p Principal) ([]Webhook, error)
	Webhook(ctx context.Context, p Principal, id string) (Webhook, error)
	CreateWebhook(ctx context.Context, p Principal, w Webhook) (Webhook, error)
	AlterWebhook(ctx context.Context, p Principal, id string, c WebhookChange) (Webhook, error)
	DeleteWebhook(ctx context.Context, p Principal, id string) error
	// Deliveries are the newest ones, of one state or ("") all.
	Deliveries(ctx context.Context, p Principal, id, state string, limit int) ([]Delivery, error)
	Replay(ctx context.Context, p Principal, id, delivery string) (Delivery, error)
}

// Function is a function of schema rowan, as SQL has it.
type Function struct {
	Name, Comment string
	Args          []Argument
	Set           bool       // returns rows
	Columns       []Argument // of its rows; nil where they depend on the arguments
	Result        string     // type of the value of one that returns no rows
}

// Argument is an argument or a column. Type is that of SQL: text, bool, int8, text[], …
type Argument struct {
	Name, Type string
	Optional   bool
}

// Call asks for a function of schema rowan. Args are JSON values by name; those left out have the function's defaults.
type Call struct {
	Branch   string // the session's; "": the default one
	Function string
	Args     map[string]any
	ReadOnly bool
}

// List names what Lists can list.
type List string

// The lists.
const (
	Databases List = "databases"
	AllRoles  List = "roles"
	Sessions  List = "sessions"
	Settings  List = "settings"
)

// Native is what only the native API asks for.
type Native interface {
	// Function describes a function of schema rowan; false: there is none.
	Function(name string) (Function, bool)
	Call(ctx context.Context, p Principal, c Call) (Result, error)
	// ListAll lists what is not one database's.
	ListAll(ctx context.Context, p Principal, l List) (Result, error)
	CreateDatabase(ctx context.Context, p Principal, name string) error
	DropDatabase(ctx context.Context, p Principal, name string, force bool) error
	// EndSession ends a session, or its running statement only. It reports whether there was one.
	EndSession(ctx context.Context, p Principal, pid int, statement bool) (bool, error)
}

// Roles know who may log in.
type Roles interface {
	// Password reports whether the role may log in with the password.
	Password(ctx context.Context, role, password string) bool
	// MayLogin reports whether the role exists and may log in.
	MayLogin(role string) bool
	// Anonymous is the role of requests without credentials; "" when there is none.
	Anonymous() string
}

// KeyProver knows whose an API key is.
type KeyProver interface {
	// IsKey tells keys from other secrets.
	IsKey(secret string) bool
	// ProveKey returns the Principal of a key that is good.
	ProveKey(ctx context.Context, secret string) (p Principal, ok bool, err error)
}

// Status says how the server is.
type Status interface {
	Version() string
	Started() time.Time
	// Ready is nil when the server can serve.
	Ready(ctx context.Context) error
}

// Services are all that the dialects need.
type Services struct {
	Roles    Roles
	Keys     KeyProver
	Branches Branches
	Tables   Tables
	SQL      SQL
	Webhooks Webhooks
	Native   Native
	Status   Status
}
