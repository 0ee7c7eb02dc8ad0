package command

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// CreateTable is CREATE TABLE, and with Query CREATE TABLE AS and SELECT INTO.
type CreateTable struct {
	Target      Target
	IfNotExists bool
	Unlogged    bool
	Options     []string
	Columns     []ColumnDef
	Constraints []ConstraintDef
	Indexes     []IndexDef // from LIKE … INCLUDING INDEXES
	OnCommit    byte       // 'p' preserve, 'd' delete rows, 'x' drop

	As       string // "" or the tag of CREATE TABLE AS: CREATE TABLE AS, SELECT INTO
	Query    string // its SQL
	WithData bool
}

// ColumnDef is a column as it is to be made. Expressions are canonical SQL; Deps are what they need.
type ColumnDef struct {
	Name      string
	Type      types.Type
	NotNull   bool
	Default   string
	Volatile  bool // the default is: existing rows get a value each
	Generated string
	Uses      []string      // columns that Generated reads
	Deps      []catalog.Dep // objects that Default or Generated needs
	Serial    bool          // the default is nextval of a sequence made for it
	Identity  byte
	Sequence  *SequenceDef // with Serial or Identity
	Collation string
	Storage   byte
	Comment   string
}

// ConstraintDef is a constraint as it is to be made, by column names, for the columns may be as new as it.
type ConstraintDef struct {
	Name              string // "": chosen as PostgreSQL does
	Kind              catalog.ConstraintKind
	Columns           []string // of a check: those that it reads
	Include           []string
	Expr              string
	Deps              []catalog.Dep
	UsingIndex        catalog.OID
	NullsNotDistinct  bool
	Options           []string
	RefTable          catalog.OID // 0: the table itself
	RefColumns        []string    // nil: its primary key
	OnUpdate          byte
	OnDelete          byte
	SetColumns        []string
	Match             byte
	Deferrable        bool
	Deferred          bool
	NotValid          bool
	NoInherit         bool
	InitiallyNotValid bool
	Comment           string
}

// IndexDef is an index as it is to be made.
type IndexDef struct {
	Name             string // "": chosen
	Unique           bool
	NullsNotDistinct bool
	Method           string
	Columns          []IndexElem
	Include          []string
	Predicate        string
	BoundPredicate   expr.Expr
	PredicateUses    []string
	Deps             []catalog.Dep
	Options          []string
	Comment          string
	Constraint       catalog.ConstraintKind // p or u when LIKE copies a constraint's index
}

// IndexElem is one key column: a column by name, or an expression.
type IndexElem struct {
	Column     string
	Expr       string
	Type       types.Type // of Expr
	Bound      expr.Expr  // Expr bound: over expr.Columns that carry the table's column names
	Uses       []string
	Label      string // what PostgreSQL names the index's column
	Desc       bool
	NullsFirst bool
	OpClass    string
	Collation  string
}

// CreateIndex is CREATE INDEX.
type CreateIndex struct {
	Table       catalog.OID
	Def         IndexDef
	IfNotExists bool
	Concurrent  bool
}

// AlterIndex is ALTER INDEX with options that Rowan keeps and ignores.
type AlterIndex struct {
	Table, Index catalog.OID
	Options      []string
	Reset        bool
}

// AlterTable is ALTER TABLE, and ALTER VIEW, SEQUENCE or INDEX where they share its actions.
type AlterTable struct {
	Name    string // the tag
	Table   catalog.OID
	Only    bool
	Actions []AlterAction
}

// AlterAction is one action of ALTER TABLE.
//
//sumtype:decl
type AlterAction interface{ alterAction() }

// AddColumn is ADD COLUMN with the column's own constraints.
type AddColumn struct {
	Column      ColumnDef
	Constraints []ConstraintDef
	IfNotExists bool
}

// DropColumn is DROP COLUMN.
type DropColumn struct {
	Name     string
	IfExists bool
	Cascade  bool
}

// AlterType is ALTER COLUMN … TYPE. Using is canonical SQL over the old columns and has the new type but for its
// modifier, which is applied as an assignment does. Default is the old
// default cast to the new type ("" when there is none). Rebuild are dependent expressions under the new type.
type AlterType struct {
	Name      string
	Type      types.Type
	Collation string
	Using     string
	Default   string
	SameForm  bool // no value changes: the rows need no rewrite
	Rebuild   []Rewrite
	Refused   error // why dependent expressions, or the default, cannot have the new type; told when nothing before it is wrong
}

// SetDefault is SET DEFAULT, or DROP DEFAULT when Default is "".
type SetDefault struct {
	Name    string
	Default string
	Deps    []catalog.Dep
}

// SetNotNull is SET NOT NULL, or DROP NOT NULL when Off.
type SetNotNull struct {
	Name string
	Off  bool
}

// SetIdentity is ADD GENERATED … AS IDENTITY (Add), SET GENERATED and sequence options, or DROP IDENTITY (Drop).
type SetIdentity struct {
	Name     string
	Add      bool
	Drop     bool
	IfExists bool
	Kind     byte // 0: unchanged
	Sequence *SequenceDef
}

// DropExpression is DROP EXPRESSION.
type DropExpression struct {
	Name     string
	IfExists bool
}

// SetColumn is SET STATISTICS (Statistics not nil) or SET STORAGE.
type SetColumn struct {
	Name       string
	Num        int // by number when Name is "", as for indexes
	Statistics *int32
	Storage    byte
	Options    []string
	Reset      bool
}

// AddConstraint is ADD CONSTRAINT.
type AddConstraint struct{ Constraint ConstraintDef }

// AlterConstraint is ALTER CONSTRAINT.
type AlterConstraint struct {
	Name                 string
	Deferrable, Deferred bool
}

// ValidateConstraint is VALIDATE CONSTRAINT.
type ValidateConstraint struct{ Name string }

// DropConstraint is DROP CONSTRAINT.
type DropConstraint struct {
	Name     string
	IfExists bool
	Cascade  bool
}

// SetOptions is SET (…) or RESET (…).
type SetOptions struct {
	Options []string
	Reset   bool
}

// ClusterOn is CLUSTER ON; Index 0: SET WITHOUT CLUSTER.
type ClusterOn struct{ Index catalog.OID }

// ReplicaIdentity is REPLICA IDENTITY: d default, n nothing, f full, i using Index.
type ReplicaIdentity struct {
	Kind  byte
	Index catalog.OID
}

// RowSecurity is ENABLE, DISABLE, FORCE or NO FORCE ROW LEVEL SECURITY.
type RowSecurity struct {
	On    bool
	Force bool
}

// SetLogged is SET LOGGED or UNLOGGED.
type SetLogged struct{ Unlogged bool }

// SetOwner is OWNER TO.
type SetOwner struct{ Role string }

// Accept is an action that has no effect in Rowan, such as SET TABLESPACE.
type Accept struct{}

// SwitchTrigger is ENABLE and DISABLE TRIGGER: State is pg_trigger.tgenabled as it will be. Name "" is ALL, or USER where
// OnlyUser says so.
type SwitchTrigger struct {
	Name     string
	OnlyUser bool
	State    byte
}

func (*AddColumn) alterAction()          {}
func (*DropColumn) alterAction()         {}
func (*AlterType) alterAction()          {}
func (*SetDefault) alterAction()         {}
func (*SetNotNull) alterAction()         {}
func (*SetIdentity) alterAction()        {}
func (*DropExpression) alterAction()     {}
func (*SetColumn) alterAction()          {}
func (*AddConstraint) alterAction()      {}
func (*AlterConstraint) alterAction()    {}
func (*ValidateConstraint) alterAction() {}
func (*DropConstraint) alterAction()     {}
func (*SetOptions) alterAction()         {}
func (*ClusterOn) alterAction()          {}
func (*ReplicaIdentity) alterAction()    {}
func (*RowSecurity) alterAction()        {}
func (*SetLogged) alterAction()          {}
func (*SetOwner) alterAction()           {}
func (*Accept) alterAction()             {}
func (*SwitchTrigger) alterAction()      {}

// Tag implements Command.
func (c *CreateTable) Tag() string {
	if c.As != "" {
		return c.As
	}
	return "CREATE TABLE"
}

// Tag implements Command.
func (*CreateIndex) Tag() string { return "CREATE INDEX" }

// Tag implements Command.
func (*AlterIndex) Tag() string { return "ALTER INDEX" }

// Tag implements Command.
func (c *AlterTable) Tag() string { return c.Name }

func (*CreateTable) command() {}
func (*CreateIndex) command() {}
func (*AlterIndex) command()  {}
func (*AlterTable) command()  {}
