// Package logical is the plan that says what a statement means: relational operators over columns that are numbered
// within the statement. bind builds it, optimize rewrites it, lower turns it into physical.
//
// Nodes are plain data; a rewrite makes new nodes and leaves old ones alone. Columns are expr.ColumnIDs, so that moving an
// expression between nodes needs no renumbering.
package logical

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// Node is a relational operator.
//
//sumtype:decl
type Node interface {
	expr.Plan
	// Columns lists the output columns in order.
	Columns() []Column
	Inputs() []Node
}

// Column is an output column.
type Column struct {
	ID   expr.ColumnID
	Name string
	Type types.Type
}

// Scan yields the rows of a table. Cols[i] outputs the table's column Source[i] (system columns included).
type Scan struct {
	Table  *catalog.Table
	Ref    catalog.Ref // branch and point; zero: the session's
	Alias  string
	Cols   []Column
	Source []catalog.ColumnID
	Filter []expr.Expr // conjuncts pushed down by optimize
	// Target marks the relation that an UPDATE or DELETE changes, or FOR UPDATE locks: its rows are re-checked.
	Target bool
}

// Values yields literal rows; with no columns and one row it is the FROM-less SELECT's input.
type Values struct {
	Cols []Column
	Rows [][]expr.Expr
}

// Feed yields the rows that the session feeds in: COPY FROM's.
type Feed struct{ Cols []Column }

// FunctionScan yields the rows of set-returning functions in FROM, side by side (ROWS FROM); with Ordinality a bigint
// column is last.
type FunctionScan struct {
	Calls      []TableFunction
	Ordinality bool
	Cols       []Column
	Alias      string
}

// TableFunction is one function of a FunctionScan and how many columns it gives.
type TableFunction struct {
	Call  expr.Expr
	Width int
	// Asked are columns by whose values arguments of the function, where they are NULL, leave out the rows that have others: positions of
	// arguments by column.
	Asked map[expr.ColumnID]int
}

// Filter keeps the rows for which all conjuncts are true.
type Filter struct {
	Input Node
	Conds []expr.Expr
}

// Project computes columns.
type Project struct {
	Input Node
	Cols  []Column
	Exprs []expr.Expr // an *expr.Column passes a column through
}

// ProjectSet is Project where some expressions are set-returning calls: rows are repeated as PostgreSQL does.
type ProjectSet struct {
	Input Node
	Cols  []Column
	Exprs []expr.Expr
}

// JoinKind is the kind of a Join.
type JoinKind uint8

// The kinds. Semi and Anti output the left side only.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
)

// Join joins two inputs. A Lateral join's right side may refer to columns of the left.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	Conds       []expr.Expr // conjuncts of ON
	Lateral     bool
	// NullAware marks the Anti join of NOT IN: a NULL on either side makes the answer unknown, so no row.
	NullAware bool
}

// Aggregate groups. Output: the grouping columns in order, then the aggregates. Sets is nil for a plain GROUP BY, else
// the grouping sets, each a list of indexes into Groups.
type Aggregate struct {
	Input  Node
	Groups []expr.Expr
	Sets   [][]int
	Aggs   []*expr.Aggregate
	Cols   []Column
}

// Window computes window functions over one specification; output: the input's columns, then one per function.
type Window struct {
	Input     Node
	Partition []expr.Expr
	Order     []expr.SortKey
	Frame     Frame
	Funcs     []WindowFunc
	Cols      []Column // of the functions only
}

// WindowFunc is one function of a Window: a window function Proc, or an aggregate used as one.
type WindowFunc struct {
	Proc      *builtin.Proc
	Args      []expr.Expr
	Filter    expr.Expr
	Aggregate bool
	T         types.Type
}

// Frame is a window frame. Bounds use FrameBound kinds; offsets are expressions without columns.
type Frame struct {
	Mode       byte // 'r' rows, 'g' groups, 'v' range (values)
	Start, End FrameBound
	Exclude    byte // 0, 'r' current row, 'g' group, 't' ties
}

// FrameBound is one end of a Frame.
type FrameBound struct {
	Kind   byte // 'U' unbounded preceding, 'p' offset preceding, 'c' current row, 'f' offset following, 'u' unbounded following
	Offset expr.Expr
}

// Sort orders rows.
type Sort struct {
	Input Node
	Keys  []expr.SortKey
}

// Limit passes Count rows after Offset; nil means no limit or no offset. WithTies keeps peers of the last row, by the
// Sort below.
type Limit struct {
	Input         Node
	Count, Offset expr.Expr
	WithTies      bool
	Keys          []expr.SortKey // with WithTies
}

// Distinct keeps one row of each distinct set of On (DISTINCT ON) or of all columns (On nil). With On the first in input
// order stays.
type Distinct struct {
	Input Node
	On    []expr.Expr
}

// SetOpKind is UNION, INTERSECT or EXCEPT.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// SetOp combines two inputs column by column; the inputs' column types are already those of Cols.
type SetOp struct {
	Kind        SetOpKind
	All         bool
	Left, Right Node
	Cols        []Column
}

// With runs CTEs: each is computed once, when first read (data-modifying ones always, to the end), and read by CTEScan.
type With struct {
	CTEs []*CTE
	Body Node
}

// CTE is one common table expression. In a recursive one, Recursive is the term that reads Working (a CTEScan with
// Working set) and Plan is the non-recursive term.
type CTE struct {
	ID        int // unique in the statement
	Name      string
	Plan      Node
	Recursive Node // nil: not recursive
	UnionAll  bool
	Cols      []Column
	Modifies  bool
	// Materialized says that the user asked for it to be computed on its own (AS MATERIALIZED).
	Materialized bool
}

// CTEScan reads a CTE's rows under new column ids.
type CTEScan struct {
	CTE     *CTE
	Alias   string
	Working bool // inside the recursive term: the rows of the last round
	Cols    []Column
}

// Lock is FOR UPDATE and its kin: locks the rows of Scans marked Target below, re-checking as READ COMMITTED does.
// RowKeys[i] is the column with the row key of Tables[i].
type Lock struct {
	Input   Node
	Targets []LockTarget
}

// LockTarget is one relation of a Lock. One that is Kept is not locked: it has no Version, and its row stays the one it
// was joined with when others of the targets are checked again.
type LockTarget struct {
	Kept     bool
	Table    *catalog.Table
	Ref      catalog.Ref
	RowKey   expr.ColumnID
	Version  expr.ColumnID
	Strength catalog.RowLock
	Wait     catalog.LockWait
}

// Insert inserts Input's rows. Input's columns are, in order, all stored and hidden columns of Table (defaults, generated
// and hidden ones computed by bind); Targets names them.
type Insert struct {
	Table       *catalog.Table
	Ref         catalog.Ref
	Input       Node
	Targets     []catalog.ColumnID
	Given       []catalog.ColumnID // those that the statement names, in ON CONFLICT too
	Checks      []RowCheck
	Conflict    *OnConflict
	Triggers    *Triggers
	Returning   []Column
	ReturnExprs []expr.Expr // over NewCols
	// NewCols are the ids under which Checks, Conflict and Returning see the row, one per entry of Targets.
	NewCols []Column
}

// OnConflict is ON CONFLICT. Arbiters is nil for "any constraint" of DO NOTHING.
type OnConflict struct {
	Arbiters []catalog.OID // indexes
	Nothing  bool
	// For DO UPDATE: the existing row is seen as OldCols (Sources of all stored and hidden columns, then RowKey, Version),
	// the proposed one as the Insert's NewCols (EXCLUDED). Sets computes the whole new row, one per Target.
	OldCols []Column
	Olds    []expr.Expr // hidden columns computed: the existing row, one per Target, over OldCols; nil when there are none
	Sets    []expr.Expr
	Where   expr.Expr
	Checks  []RowCheck // over UpdCols, the ids of the updated row
	UpdCols []Column

	Triggers *Triggers // of updates
}

// RowCheck is a CHECK constraint (or a view's check option) over the new row; a false value is 23514. NOT NULL is storage's.
type RowCheck struct {
	Name string
	Expr expr.Expr
}

// Update changes rows. Input outputs, for each row to change: OldCols (all stored and hidden columns, RowKey, Version)
// followed by NewCols (the whole new row), followed by whatever RETURNING needs of other relations.
type Update struct {
	Table       *catalog.Table
	Ref         catalog.Ref
	Input       Node
	Targets     []catalog.ColumnID // all stored and hidden columns
	Given       []catalog.ColumnID // those that SET names
	Changed     []catalog.ColumnID // these, and those that depend on them
	OldCols     []Column           // one per Target, then RowKey, then Version
	NewCols     []Column           // one per Target
	Checks      []RowCheck
	Triggers    *Triggers
	Returning   []Column
	ReturnExprs []expr.Expr
}

// Delete removes rows. Input outputs OldCols (all stored and hidden columns, RowKey, Version), then what RETURNING needs.
type Delete struct {
	Table       *catalog.Table
	Ref         catalog.Ref
	Input       Node
	Targets     []catalog.ColumnID
	OldCols     []Column
	Triggers    *Triggers
	Returning   []Column
	ReturnExprs []expr.Expr
}

// Plan methods mark nodes.
func (*Scan) Plan()         {}
func (*Values) Plan()       {}
func (*Feed) Plan()         {}
func (*FunctionScan) Plan() {}
func (*Filter) Plan()       {}
func (*Project) Plan()      {}
func (*ProjectSet) Plan()   {}
func (*Join) Plan()         {}
func (*Aggregate) Plan()    {}
func (*Window) Plan()       {}
func (*Sort) Plan()         {}
func (*Limit) Plan()        {}
func (*Distinct) Plan()     {}
func (*SetOp) Plan()        {}
func (*With) Plan()         {}
func (*CTEScan) Plan()      {}
func (*Lock) Plan()         {}
func (*Insert) Plan()       {}
func (*Update) Plan()       {}
func (*Delete) Plan()       {}

// Columns methods.
func (n *Scan) Columns() []Column         { return n.Cols }
func (n *Values) Columns() []Column       { return n.Cols }
func (n *Feed) Columns() []Column         { return n.Cols }
func (n *FunctionScan) Columns() []Column { return n.Cols }
func (n *Filter) Columns() []Column       { return n.Input.Columns() }
func (n *Project) Columns() []Column      { return n.Cols }
func (n *ProjectSet) Columns() []Column   { return n.Cols }
func (n *Aggregate) Columns() []Column    { return n.Cols }
func (n *Sort) Columns() []Column         { return n.Input.Columns() }
func (n *Limit) Columns() []Column        { return n.Input.Columns() }
func (n *Distinct) Columns() []Column     { return n.Input.Columns() }
func (n *SetOp) Columns() []Column        { return n.Cols }
func (n *With) Columns() []Column         { return n.Body.Columns() }
func (n *CTEScan) Columns() []Column      { return n.Cols }
func (n *Lock) Columns() []Column         { return n.Input.Columns() }
func (n *Insert) Columns() []Column       { return n.Returning }
func (n *Update) Columns() []Column       { return n.Returning }
func (n *Delete) Columns() []Column       { return n.Returning }

// Columns of a Join are the left side's, then the right side's unless it is Semi or Anti.
func (n *Join) Columns() []Column {
	l := n.Left.Columns()
	if n.Kind == Semi || n.Kind == Anti {
		return l
	}
	return append(l[:len(l):len(l)], n.Right.Columns()...)
}

// Columns of a Window are the input's, then the functions'.
func (n *Window) Columns() []Column {
	in := n.Input.Columns()
	return append(in[:len(in):len(in)], n.Cols...)
}

// Inputs methods.
func (n *Scan) Inputs() []Node         { return nil }
func (n *Values) Inputs() []Node       { return nil }
func (n *Feed) Inputs() []Node         { return nil }
func (n *FunctionScan) Inputs() []Node { return nil }
func (n *Filter) Inputs() []Node       { return []Node{n.Input} }
func (n *Project) Inputs() []Node      { return []Node{n.Input} }
func (n *ProjectSet) Inputs() []Node   { return []Node{n.Input} }
func (n *Join) Inputs() []Node         { return []Node{n.Left, n.Right} }
func (n *Aggregate) Inputs() []Node    { return []Node{n.Input} }
func (n *Window) Inputs() []Node       { return []Node{n.Input} }
func (n *Sort) Inputs() []Node         { return []Node{n.Input} }
func (n *Limit) Inputs() []Node        { return []Node{n.Input} }
func (n *Distinct) Inputs() []Node     { return []Node{n.Input} }
func (n *SetOp) Inputs() []Node        { return []Node{n.Left, n.Right} }
func (n *With) Inputs() []Node         { return []Node{n.Body} }
func (n *CTEScan) Inputs() []Node      { return nil }
func (n *Lock) Inputs() []Node         { return []Node{n.Input} }
func (n *Insert) Inputs() []Node       { return []Node{n.Input} }
func (n *Update) Inputs() []Node       { return []Node{n.Input} }
func (n *Delete) Inputs() []Node       { return []Node{n.Input} }
