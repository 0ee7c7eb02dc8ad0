// Package plpgsql runs functions, procedures, trigger functions and DO blocks in PL/pgSQL.
//
// Compile makes a Function of the tree that planner/parse reads: names of variables become numbers, and mistakes that
// PostgreSQL finds before the first statement runs are found there. Run interprets it. All that a function does with SQL —
// expressions too — it asks of a Host, which plans a text once for each Function and place, with the variables that the text
// names as typed parameters; the Host also keeps savepoints, cursors and transactions.
//
// It knows no plans, no catalog and no storage; the session is its Host and its caller. A Function is used by one session. What
// a run keeps between calls (plans, compiled expressions) is in a Frame, of which a Function has as many as it calls itself deep.
package plpgsql

import (
	"context"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Mode says how a text of a body is to be read.
type Mode uint8

// The modes.
const (
	Expression Mode = iota // a value
	Assignment             // the value of an assignment
	Command                // a statement
)

// Query is a text of SQL in a body. It is immutable.
type Query struct {
	Text string // as PostgreSQL shows it in contexts
	SQL  string // what is planned
	Mode Mode
	Conflict
	scope *scope
	slot  int

	grows  bool // it is assigned to the variable target as a whole
	target int
}

// Conflict says what a name means that is both a column and a variable.
type Conflict uint8

// The choices of #variable_conflict.
const (
	ConflictError Conflict = iota
	ConflictVariable
	ConflictColumn
)

// Names tells what names mean that are variables of the function.
type Names interface {
	// Variable finds a variable: the number of the parameter that stands for it, its type, and how many of the parts are its
	// name. index is -1 where there is none. sure says that the name cannot be a column.
	Variable(names []string, sure bool) (index int, t types.Type, used int, err error)
}

// Statement is a planned Query, or a statement of EXECUTE. It belongs to one Frame.
type Statement interface {
	// Fields are the columns of its rows; nil: it has none.
	Fields() []types.Field
	// Context is the line that contexts have of it.
	Context() string
	// Tag is the command tag without counts.
	Tag() string
	// Expression is the statement as an expression without a query; nil: it is more.
	Expression() SimpleExpression
	// Value computes an expression. The value may borrow until the next call.
	Value(ctx context.Context, args []types.Datum) (types.Datum, error)
	// Run runs it, and gives its rows to yield until that returns false; a row holds during the call. n is how many rows it has
	// returned or changed.
	Run(ctx context.Context, args []types.Datum, yield func(row []types.Datum) (bool, error)) (n int64, err error)
	// With is the statement for these arguments; another than itself where its plan depends on their values.
	With(ctx context.Context, args []types.Datum) (Statement, error)
	// Current reports whether it still fits the catalog.
	Current(ctx context.Context) bool
}

// Host is what a run asks of the session.
type Host interface {
	// Type resolves the name of a type; Copied that of what %TYPE and %ROWTYPE name.
	Type(ctx context.Context, text string) (types.Type, error)
	Copied(ctx context.Context, of []string, row bool) (types.Type, error)
	// Prepare plans a query. With want its one column is made a value of that type.
	Prepare(ctx context.Context, q *Query, names Names, want types.Type) (Statement, error)
	// Dynamic plans the statements of a text that is run with args.
	Dynamic(ctx context.Context, text string, params []types.Type, args []types.Datum) ([]Statement, error)
	// Cast is how values of one type are made those of another, as an assignment in PL/pgSQL does it; nil: they are.
	Cast(ctx context.Context, from, to types.Type) (func(types.Datum) (types.Datum, error), error)
	// TypeName is a type's name as messages have it.
	TypeName(t types.Type) string
	// Text is the text form of a value.
	Text(t types.Type, d types.Datum) string
	// Notice tells the client something.
	Notice(e *pgerr.Error) error
	// Savepoint begins what RollbackTo takes back; Release ends it.
	Savepoint() (int, error)
	RollbackTo(mark int) error
	Release(mark int)
	// EndTransaction commits or rolls back, and begins another transaction.
	EndTransaction(ctx context.Context, rollback, chain bool) error
	// Asserts reports whether ASSERT does anything.
	Asserts() bool
	// Outer is the context of what has called the function.
	Outer() string
	Cursors
}

// Cursors are the cursors of the session.
type Cursors interface {
	// Open makes a cursor of a statement; without a name it gets one of its own. scroll is that of DECLARE.
	Open(ctx context.Context, name string, st Statement, text string, args []types.Datum, scroll int) (string, error)
	// Fetch moves a cursor, and gives out rows.
	Fetch(ctx context.Context, name string, f Move, yield func(fields []types.Field, row []types.Datum) error) (int64, error)
	// CursorFields are the columns of a cursor.
	CursorFields(name string) ([]types.Field, error)
	Close(name string) error
}

// Move is a movement of a cursor.
type Move struct {
	Direction string
	Count     int64
	All       bool
	NoRows    bool // MOVE
}

// Arg is a parameter of a function.
type Arg struct {
	Name string
	Mode byte // as in pg_proc
	Type types.Type
}

// Kind says what a body is of.
type Kind uint8

// The kinds of bodies.
const (
	KindFunction Kind = iota
	KindProcedure
	KindTrigger
	KindInline
)

// Definition is what Compile is given.
type Definition struct {
	Name      string // without arguments
	Signature string // with them, as contexts have it
	OID       types.OID
	Kind      Kind
	Args      []Arg
	Result    types.Type
	Set       bool
	ReadOnly  bool
	Conflict  Conflict
	Body      *parse.PL
}
