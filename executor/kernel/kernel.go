// Package kernel has the code of SQL's functions, operators, casts and aggregates: one kernel per pg_proc.prosrc, in the
// tables of this package's files, which table.go joins.
//
// A kernel knows values and vectors, never plans or storage; what a function needs of its session it asks through
// Services. A row kernel gets one row's arguments; strictness (NULL in, NULL out) is the caller's, by Proc.Strict, so row
// kernels of strict functions never see NULL. A vector kernel gets whole columns, computes garbage in rows that are NULL
// (the caller masks them), and may fail only for rows that are alive and not NULL. executor/eval is the caller.
package kernel

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Env is what functions may see of the statement that runs them.
type Env struct {
	Ctx      context.Context
	Format   *types.Format
	TxnTime  time.Time // now()
	StmtTime time.Time // statement_timestamp()
	Session  Services
}

// Row is a function of one row. args and their strings hold during the call; the result may borrow from them.
type Row func(e *Env, args []types.Datum) (types.Datum, error)

// Vec is a function of columns. It writes out (already resized to n rows of the result type) at the rows of sel, or at
// all n rows when sel is nil. args have n rows or are Const.
type Vec func(e *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error

// Select is a boolean function of columns as a filter: it appends to out the numbers of the rows (of sel, or of all n when
// sel is nil) for which the function is true and not NULL, ascending. Unlike a Vec it looks at NULLs itself. out may be sel
// emptied: the writing never overtakes the reading.
type Select func(args []*vector.Vector, n int, sel []uint16, out []uint16) []uint16

// Set is a set-returning function: it calls yield for each row (one datum per output column) until yield returns false.
type Set func(e *Env, args []types.Datum, yield func(row []types.Datum) bool) error

// Kernel is the code of a function. Row is always there for plain functions; Vec is the faster way for hot ones. Bind,
// when set, makes the kernel for given argument and result types (polymorphic functions, type modifiers).
type Kernel struct {
	Row    Row
	Vec    Vec
	Select Select // beside Vec, for comparisons that filters are made of
	Set    Set
	Bind   func(args []types.Type, result types.Type) (Kernel, error)
}

// Aggregate is the running state of one aggregate call over any number of groups. It is not safe for concurrent use.
type Aggregate interface {
	// Add feeds rows: the k-th row of sel (or row k when sel is nil, k < n) belongs to group groups[k]. args has the
	// call's argument columns. Groups are numbered from 0; new ones may appear at any time.
	Add(groups []uint32, args []*vector.Vector, n int, sel []uint16) error
	// Result appends the groups' values [0, n) to out, which has been reset to the result type.
	Result(n int, out *vector.Vector) error
	// Bytes is the memory held, for accounting.
	Bytes() int64
}

// NewAggregate makes the state for a call of an aggregate function.
type NewAggregate func(e *Env, args []types.Type, result types.Type) (Aggregate, error)

// Services is what functions ask of the session. The session implements it.
type Services interface {
	Setting(name string, missingOK bool) (string, error)
	SetSetting(name, value string, local bool) error
	CurrentUser() string
	SessionUser() string
	Database() string
	SearchPath(implicit bool) []string
	BackendPID() int32
	// Call runs a function that belongs to the session rather than to values: sequences, catalog look-ups (pg_get_expr,
	// regclass input), branches. name is pg_proc.prosrc.
	Call(ctx context.Context, name string, args []types.Datum) (types.Datum, error)
	// Rows runs such a function that returns a set: it calls yield for each row until yield returns false.
	Rows(ctx context.Context, name string, args []types.Datum, yield func(row []types.Datum) bool) error
	// Routine opens a user's function for calls with arguments of these types that give values of type result.
	Routine(ctx context.Context, p *builtin.Proc, args []types.Type, result types.Type) (Routine, error)
	// Taken gives what checks values of a type that come in from outside against what domains demand of them; nil: nothing does.
	Taken(ctx context.Context, t types.Type) (func(types.Datum) (types.Datum, error), error)
}
