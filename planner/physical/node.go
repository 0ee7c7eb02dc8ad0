// Package physical is the plan that says how a statement runs: operators over columns by position. lower makes it,
// executor.Build turns it into operators, EXPLAIN prints it, and the plan cache keeps it.
//
// Nodes are plain immutable data, shared by concurrent executions: they hold Refs and expressions, never views,
// transactions or parameter values. Expressions refer to the input by expr.Slot, to the enclosing subquery's arguments
// by expr.Outer, to the statement's parameters by expr.Param; an expr.Subquery in them holds a Node.
package physical

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// Node is an operator's plan.
//
//sumtype:decl
type Node interface {
	expr.Plan
	Output() []Column
	Inputs() []Node
	Cost() Cost
}

// Column is an output column.
type Column struct {
	Name string
	Type types.Type
}

// Cost is the planner's estimate; EXPLAIN prints it.
type Cost struct {
	Startup, Total float64
	Rows           float64
	Width          int
}

// Base is what all nodes have.
type Base struct {
	Cols     []Column
	Estimate Cost
}

// Output returns the output columns.
func (b *Base) Output() []Column { return b.Cols }

// SetOutput names the output columns anew. Only lower calls it, before anyone else has seen the node.
func (b *Base) SetOutput(cols []Column) { b.Cols = cols }

// Cost returns the estimate.
func (b *Base) Cost() Cost { return b.Estimate }

// Plan marks a Node.
func (b *Base) Plan() {}

// TableScan reads a table in key order of Index (its own keyspace when nil) and keeps the rows for which Filter holds
// (over the scan's output). A virtual table's rows come from pgcatalog.
type TableScan struct {
	Base
	Table   *catalog.Table
	Ref     catalog.Ref
	Alias   string
	Index   *catalog.Index
	Columns []catalog.ColumnID
	Ranges  []Range
	Filter  []expr.Expr
	Reverse bool
	Limit   int // hint, 0: none
	// Ordered says that an operator above relies on the order of the index; Matched has the conditions that Ranges stand
	// for. Both are for EXPLAIN.
	Ordered bool
	Matched []expr.Expr
	// Target is not 0 in the scan of a relation that is locked or changed above it: a re-check replaces this scan's rows
	// by the newest version of one row.
	Target int
}

// Range is an interval of index keys. Values are computed when the scan opens; a NULL among them makes the range empty
// (except where IsNull). In, when set, makes one range per element of an array value in the last position (col = ANY($1)).
type Range struct {
	Lo, Hi         []expr.Expr
	LoExcl, HiExcl bool
	In             expr.Expr
}

// LookupJoin is a nested loop with an index lookup inside: for each left row the rows of Table whose Index (own keyspace
// when nil) begins with Keys, computed over the left row. Output: left columns, then Columns of the table. Cond and
// Filter are over the output. Kind: Inner, Left, Semi, Anti.
type LookupJoin struct {
	Base
	Kind    JoinKind
	Left    Node
	Table   *catalog.Table
	Ref     catalog.Ref
	Alias   string
	Index   *catalog.Index
	Columns []catalog.ColumnID
	Keys    []expr.Expr
	Cond    []expr.Expr
	// Target is as a TableScan's.
	Target int
}

// Values yields literal rows.
type Values struct {
	Base
	Rows [][]expr.Expr
}

// Feed yields the rows that the session feeds in (op.Env.Feed): COPY FROM's.
type Feed struct{ Base }

// FunctionScan yields rows of set-returning functions side by side.
type FunctionScan struct {
	Base
	Calls      []expr.Expr
	Widths     []int
	Ordinality bool
	Alias      string
}

// Filter keeps rows for which all conjuncts are true.
type Filter struct {
	Base
	Input Node
	Conds []expr.Expr
}

// Project computes columns.
type Project struct {
	Base
	Input Node
	Exprs []expr.Expr
}

// ProjectSet computes columns, some of them by set-returning calls.
type ProjectSet struct {
	Base
	Input Node
	Exprs []expr.Expr
}

// JoinKind is as in logical.
type JoinKind uint8

// The kinds.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
)

// HashJoin builds a table of the right input and probes it with the left. Keys are compared by Equal[i] semantics of
// their (identical) types. Residual is over left columns then right columns.
type HashJoin struct {
	Base
	Kind                JoinKind
	Left, Right         Node
	LeftKeys, RightKeys []expr.Expr
	Residual            []expr.Expr
	NullAware           bool
}

// NestedLoop joins by running Right for each left row. Args, computed over the left row, are what Right sees as Outers
// (empty: Right does not depend on the left and is kept in memory). Cond is over left columns then right columns.
type NestedLoop struct {
	Base
	Kind        JoinKind
	Left, Right Node
	Args        []expr.Expr
	Cond        []expr.Expr
}

// HashAggregate groups by hashing. Output: groups, then aggregates. Without Groups there is one row even for no input.
// Sets are grouping sets as indexes into Groups; nil for one set of all.
type HashAggregate struct {
	Base
	Input  Node
	Groups []expr.Expr
	Sets   [][]int
	Aggs   []*expr.Aggregate
}

// CountRows answers an ungrouped count(*) over a whole table from the row counts that storage keeps.
type CountRows struct {
	Base
	Table *catalog.Table
	Ref   catalog.Ref
}

// Window computes window functions; Input is sorted by Partition then Order. Output: the input's columns, then one per
// function.
type Window struct {
	Base
	Input     Node
	Partition []expr.Expr
	Order     []expr.SortKey
	Frame     Frame
	Funcs     []WindowFunc
}

// WindowFunc is one function of a Window.
type WindowFunc struct {
	Proc      *builtin.Proc
	Args      []expr.Expr
	Filter    expr.Expr
	Aggregate bool
	T         types.Type
}

// Frame is a window frame, as in logical.
type Frame struct {
	Mode       byte
	Start, End FrameBound
	Exclude    byte
}

// FrameBound is one end of a Frame, as in logical.
type FrameBound struct {
	Kind   byte
	Offset expr.Expr
}

// Sort orders rows, stably. With Limit not nil only the first Limit (+ Offset) rows are kept.
type Sort struct {
	Base
	Input         Node
	Keys          []expr.SortKey
	Limit, Offset expr.Expr
}

// Limit passes Count rows after Offset.
type Limit struct {
	Base
	Input         Node
	Count, Offset expr.Expr
	WithTies      bool
	Keys          []expr.SortKey
}

// Distinct keeps the first row of each distinct set of On (all columns when nil), in input order.
type Distinct struct {
	Base
	Input Node
	On    []expr.Expr
}

// Append yields its inputs one after another (UNION ALL).
type Append struct {
	Base
	Children []Node
}

// SetOp is INTERSECT or EXCEPT, [ALL], by hashing. (UNION is Distinct over Append.)
type SetOp struct {
	Base
	Except, All bool
	Left, Right Node
}

// With runs CTEs, read by CTEScans by ID.
type With struct {
	Base
	CTEs []*CTE
	Body Node
}

// CTE is as in logical.
type CTE struct {
	ID        int
	Name      string
	Root      Node
	Recursive Node
	UnionAll  bool
	Modifies  bool
}

// CTEScan reads a CTE's rows; Working: those of the last round.
type CTEScan struct {
	Base
	ID      int
	Name    string
	Alias   string
	Working bool
}

// Lock locks rows of the scans marked with the targets' numbers.
type Lock struct {
	Base
	Input   Node
	Targets []LockTarget
}

// LockTarget is one relation of a Lock; RowKey and Version are input positions. One that is Kept is not locked and has no
// Version: its row stays the one it was joined with when others of the targets are checked again.
type LockTarget struct {
	Kept            bool
	Target          int
	Table           *catalog.Table
	Ref             catalog.Ref
	RowKey, Version int
	Strength        catalog.RowLock
	Wait            catalog.LockWait
}

// Insert inserts the input's rows: its first len(Targets) columns are the new row. Checks and Returning are over the new row
// (slots 0…len(Targets)-1).
type Insert struct {
	Base
	Table     *catalog.Table
	Ref       catalog.Ref
	Input     Node
	Targets   []catalog.ColumnID
	Given     []catalog.ColumnID // those that the statement names
	Checks    []RowCheck
	Conflict  *OnConflict
	Triggers  *Triggers
	Returning []expr.Expr // nil: no rows out
}

// OnConflict is ON CONFLICT. The existing row has slots 0…n+1 (n targets, RowKey, Version), the proposed row slots
// n+2…2n+1. Olds, unless nil, gives the existing row with its hidden columns, which are not stored, from its slots as
// read. Sets has one expression per target; Checks are over the updated row (slots 0…n-1).
type OnConflict struct {
	Arbiters []catalog.OID
	Any      bool
	Nothing  bool
	Olds     []expr.Expr
	Sets     []expr.Expr
	Changed  []catalog.ColumnID
	Where    expr.Expr
	Checks   []RowCheck
	Triggers *Triggers
}

// RowCheck is a CHECK constraint; false is 23514.
type RowCheck struct {
	Name string
	Expr expr.Expr
}

// Update changes rows. The input has n=len(Targets) old columns, RowKey, Version, n new columns, then others. Checks are
// over the new row (slots 0…n-1); Returning is over the whole input row.
type Update struct {
	Base
	Table     *catalog.Table
	Ref       catalog.Ref
	Input     Node
	Target    int
	Targets   []catalog.ColumnID
	Given     []catalog.ColumnID // those that SET names
	Changed   []catalog.ColumnID
	Checks    []RowCheck
	Triggers  *Triggers
	Returning []expr.Expr
}

// Delete removes rows. The input has n=len(Targets) old columns, RowKey, Version, then others.
type Delete struct {
	Base
	Table     *catalog.Table
	Ref       catalog.Ref
	Input     Node
	Target    int
	Targets   []catalog.ColumnID
	Triggers  *Triggers
	Returning []expr.Expr
}

// Inputs methods.
func (n *TableScan) Inputs() []Node     { return nil }
func (n *LookupJoin) Inputs() []Node    { return []Node{n.Left} }
func (n *Values) Inputs() []Node        { return nil }
func (n *Feed) Inputs() []Node          { return nil }
func (n *FunctionScan) Inputs() []Node  { return nil }
func (n *Filter) Inputs() []Node        { return []Node{n.Input} }
func (n *Project) Inputs() []Node       { return []Node{n.Input} }
func (n *ProjectSet) Inputs() []Node    { return []Node{n.Input} }
func (n *HashJoin) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *NestedLoop) Inputs() []Node    { return []Node{n.Left, n.Right} }
func (n *HashAggregate) Inputs() []Node { return []Node{n.Input} }
func (n *CountRows) Inputs() []Node     { return nil }
func (n *Window) Inputs() []Node        { return []Node{n.Input} }
func (n *Sort) Inputs() []Node          { return []Node{n.Input} }
func (n *Limit) Inputs() []Node         { return []Node{n.Input} }
func (n *Distinct) Inputs() []Node      { return []Node{n.Input} }
func (n *Append) Inputs() []Node        { return n.Children }
func (n *SetOp) Inputs() []Node         { return []Node{n.Left, n.Right} }
func (n *With) Inputs() []Node          { return []Node{n.Body} }
func (n *CTEScan) Inputs() []Node       { return nil }
func (n *Lock) Inputs() []Node          { return []Node{n.Input} }
func (n *Insert) Inputs() []Node        { return []Node{n.Input} }
func (n *Update) Inputs() []Node        { return []Node{n.Input} }
func (n *Delete) Inputs() []Node        { return []Node{n.Input} }
