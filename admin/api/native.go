package api

import (
	"context"
	"io"
)

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
	// Keys are columns, and Value what one of them must be, as a text; no keys: all rows.
	Keys  []string
	Value string
	// Limit and Offset cut a piece out of the rows; Limit 0: there is no end.
	Limit, Offset int
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
	// Backup writes a backup of the server, or what is new since another.
	Backup(ctx context.Context, p Principal, base string, to io.Writer) error
	// ListAll lists what is not one database's.
	ListAll(ctx context.Context, p Principal, l List) (Result, error)
	CreateDatabase(ctx context.Context, p Principal, name string) error
	DropDatabase(ctx context.Context, p Principal, name string, force bool) error
	// EndSession ends a session, or its running statement only. It reports whether there was one.
	EndSession(ctx context.Context, p Principal, pid int, statement bool) (bool, error)
}
