// Package expr is the bound scalar expression: every name resolved, every type known, every coercion visible.
//
// bind makes expressions, optimize rewrites them, lower turns Columns into Slots, executor/eval compiles them. They are
// plain immutable data: a rewrite makes new nodes. Nothing here evaluates.
package expr

import (
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

// ColumnID numbers a column of some relation or operator within one statement.
type ColumnID int32

// Expr is a bound expression.
//
//sumtype:decl
type Expr interface {
	Type() types.Type
	expr()
}

// Plan is a logical.Node before lowering and a physical.Node after it: what a Subquery runs. It is opaque here.
type Plan interface{ Plan() }

// Const is a constant.
type Const struct {
	Value types.Datum
	T     types.Type
	Spelt *types.Datum // how it is spelt, if not as its value: the one that was cut to the length of its type
}

// Param is a parameter of the statement, $1 being 0.
type Param struct {
	Index int
	T     types.Type
}

// Column is a column by its id. Present until lowering.
type Column struct {
	ID   ColumnID
	T    types.Type
	Name string // for messages and EXPLAIN
	Pos  int    // byte offset in the statement, -1 unknown
}

// Slot is a column of the operator's input by position. Present after lowering.
type Slot struct {
	Index int
	T     types.Type
	Name  string
}

// Outer is, inside a Subquery's lowered plan, the n-th of the Subquery's Args.
type Outer struct {
	Index int
	T     types.Type
	Name  string
}

// CallForm says how a call was written, for deparsing.
type CallForm uint8

// The forms.
const (
	FormCall CallForm = iota
	FormOperator
	FormCast         // explicit cast
	FormImplicitCast // put in by coercion
	FormSQL          // a construct of the grammar, such as EXTRACT or AT TIME ZONE
)

// Call calls a function. Op is set for FormOperator.
type Call struct {
	Proc     *builtin.Proc
	Op       *builtin.Operator
	Args     []Expr
	T        types.Type
	Form     CallForm
	Variadic bool // the last argument is an array passed with VARIADIC
	Pos      int
}

// Relabel changes the type and nothing else (a binary-coercible cast).
type Relabel struct {
	Arg  Expr
	T    types.Type
	Form CallForm
}

// IOCast converts through the text form: source's output function, target's input function. It serves the casts for
// which pg_cast has no function, and typed literals that are not constant.
type IOCast struct {
	Arg  Expr
	T    types.Type
	Form CallForm
	Pos  int
}

// ArrayCast converts an array element by element: Elem converts one element, given as Slot 0.
type ArrayCast struct {
	Arg  Expr
	Elem Expr
	T    types.Type
	Form CallForm
}

// DomainCast checks a domain's constraints (bound over Slot 0) on Arg, already of the base type. A row that came in from outside is not
// of a domain, but its fields may be: Parts (bound over Slot 0, too) check them, unless there is no row.
type DomainCast struct {
	Arg     Expr
	Parts   []Expr
	NotNull bool
	Checks  []DomainCheck
	T       types.Type
	Form    CallForm
}

// DomainCheck is one CHECK of a domain.
type DomainCheck struct {
	Name string
	Expr Expr
}

// Bool combines conditions with three-valued logic and PostgreSQL's laziness.
type Bool struct {
	Op   BoolOp
	Args []Expr // one for Not, two or more else
}

// BoolOp is AND, OR or NOT.
type BoolOp uint8

// The boolean operators.
const (
	And BoolOp = iota
	Or
	Not
)

// NullTest is IS [NOT] NULL. For rows, all fields are tested.
type NullTest struct {
	Arg Expr
	Not bool
}

// BoolTest is IS [NOT] TRUE, FALSE, UNKNOWN. Want is 't', 'f' or 'u'.
type BoolTest struct {
	Arg  Expr
	Want byte
	Not  bool
}

// Distinct is IS [NOT] DISTINCT FROM; Equal is the type's = function.
type Distinct struct {
	Left, Right Expr
	Equal       *builtin.Proc
	Not         bool
}

// Case is CASE. Simple marks CASE operand WHEN value …: its whens are already conditions, Calls of = whose first argument
// is the operand; the mark is for deparsing only.
type Case struct {
	Whens  []When
	Else   Expr // never nil: a Const NULL when absent
	T      types.Type
	Simple bool
}

// When is one arm of a Case.
type When struct{ Cond, Then Expr }

// Coalesce returns the first argument that is not NULL.
type Coalesce struct {
	Args []Expr
	T    types.Type
}

// MinMax is GREATEST or LEAST; Less is the type's < function.
type MinMax struct {
	Args     []Expr
	Greatest bool
	Less     *builtin.Proc
	T        types.Type
}

// NullIf is NULLIF; Equal is the = function of the two arguments (coerced in EqualArgs over Slot 0 and 1 if needed).
type NullIf struct {
	Left, Right Expr
	Equal       *builtin.Proc
	T           types.Type
}

// ArrayCompare is `Left op ANY|ALL (array)`. IN lists are bound to it when all elements have one type.
type ArrayCompare struct {
	Left, Array Expr
	Proc        *builtin.Proc // (left, element) → boolean
	Op          *builtin.Operator
	All         bool
}

// Array is ARRAY[…]; nested arrays when Multi.
type Array struct {
	Elems []Expr
	Multi bool
	T     types.Type
}

// Row is ROW(…). T is a record type with Fields.
type Row struct {
	Fields []Expr
	T      types.Type
}

// Field selects the field at Index of a composite value.
type Field struct {
	Arg   Expr
	Index int
	Name  string
	T     types.Type
}

// Subscript is array[i] or array[l:u]. In a slice a missing bound is nil.
type Subscript struct {
	Arg   Expr
	Index []SubscriptBound
	Slice bool
	T     types.Type
}

// SubscriptBound is one dimension of a Subscript.
type SubscriptBound struct{ Lower, Upper Expr }

// SubqueryKind says what a Subquery yields.
type SubqueryKind uint8

// The kinds of subqueries.
const (
	SubScalar SubqueryKind = iota // the value of the only column of the only row; NULL for no row; 21000 for more
	SubExists
	SubAny   // Test op ANY (subquery); IN is = ANY
	SubAll   // Test op ALL (subquery)
	SubArray // ARRAY(subquery)
	SubRow   // the only row as a record
)

// Subquery runs a plan. Before lowering Plan is a logical.Node whose correlated references are plain Columns of outer
// scopes; lowering replaces these by Outers and puts what they refer to into Args. A Subquery without Args is run once.
type Subquery struct {
	Kind SubqueryKind
	Plan Plan
	Args []Expr
	// Test is, for SubAny and SubAll, the condition over the outer row and one row of the subquery. The subquery's
	// columns are Columns of TestColumns before lowering and, in Test, Outers len(Args)+i after it.
	Test        Expr
	TestColumns []ColumnID
	T           types.Type
}

// Default stands for DEFAULT in INSERT and UPDATE until bind replaces it.
type Default struct{ T types.Type }

// CurrentValue stands for the value being checked: VALUE in a domain's CHECK.
type CurrentValue struct{ T types.Type }

// Aggregate is an aggregate call. It stands only in logical.Aggregate and logical.Window.
type Aggregate struct {
	Proc     *builtin.Proc
	Args     []Expr // empty for count(*)
	Direct   []Expr // direct arguments of ordered-set aggregates
	Distinct bool
	Order    []SortKey
	Filter   Expr // nil: none
	T        types.Type
	// Grouping is set for GROUPING(…) over grouping sets: indexes into the node's Groups. Its value has, from the left, a bit
	// for each that is 1 where the current set lacks the group. Proc is GroupingProc and there are no Args.
	Grouping []int
}

// GroupingProc is what GROUPING(…) has for a function; PostgreSQL has none in pg_proc.
var GroupingProc = &builtin.Proc{Name: "grouping", Schema: 11, Returns: types.OIDInt4, Kind: 'a', Volatile: 'i', Source: "grouping"}

// SortKey is one ORDER BY key.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Type methods.
func (e *Const) Type() types.Type        { return e.T }
func (e *Param) Type() types.Type        { return e.T }
func (e *Column) Type() types.Type       { return e.T }
func (e *Slot) Type() types.Type         { return e.T }
func (e *Outer) Type() types.Type        { return e.T }
func (e *Call) Type() types.Type         { return e.T }
func (e *Relabel) Type() types.Type      { return e.T }
func (e *IOCast) Type() types.Type       { return e.T }
func (e *ArrayCast) Type() types.Type    { return e.T }
func (e *DomainCast) Type() types.Type   { return e.T }
func (e *Bool) Type() types.Type         { return boolean }
func (e *NullTest) Type() types.Type     { return boolean }
func (e *BoolTest) Type() types.Type     { return boolean }
func (e *Distinct) Type() types.Type     { return boolean }
func (e *Case) Type() types.Type         { return e.T }
func (e *Coalesce) Type() types.Type     { return e.T }
func (e *MinMax) Type() types.Type       { return e.T }
func (e *NullIf) Type() types.Type       { return e.T }
func (e *ArrayCompare) Type() types.Type { return boolean }
func (e *Array) Type() types.Type        { return e.T }
func (e *Row) Type() types.Type          { return e.T }
func (e *Field) Type() types.Type        { return e.T }
func (e *Subscript) Type() types.Type    { return e.T }
func (e *Subquery) Type() types.Type     { return e.T }
func (e *Default) Type() types.Type      { return e.T }
func (e *CurrentValue) Type() types.Type { return e.T }
func (e *Aggregate) Type() types.Type    { return e.T }

func (*Const) expr()        {}
func (*Param) expr()        {}
func (*Column) expr()       {}
func (*Slot) expr()         {}
func (*Outer) expr()        {}
func (*Call) expr()         {}
func (*Relabel) expr()      {}
func (*IOCast) expr()       {}
func (*ArrayCast) expr()    {}
func (*DomainCast) expr()   {}
func (*Bool) expr()         {}
func (*NullTest) expr()     {}
func (*BoolTest) expr()     {}
func (*Distinct) expr()     {}
func (*Case) expr()         {}
func (*Coalesce) expr()     {}
func (*MinMax) expr()       {}
func (*NullIf) expr()       {}
func (*ArrayCompare) expr() {}
func (*Array) expr()        {}
func (*Row) expr()          {}
func (*Field) expr()        {}
func (*Subscript) expr()    {}
func (*Subquery) expr()     {}
func (*Default) expr()      {}
func (*CurrentValue) expr() {}
func (*Aggregate) expr()    {}

var boolean = types.Of(types.Builtin(types.OIDBool))
