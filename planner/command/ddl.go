package command

import (
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Target is where a new object goes.
type Target struct {
	Schema catalog.OID
	Name   string
	Temp   bool
	At     int // where it is named, in bytes; for errors
}

// Nothing is a statement that has nothing to do but say why: DROP … IF EXISTS of what is not there, settings that Rowan
// accepts and ignores.
type Nothing struct {
	Name    string // the tag
	Notices []*pgerr.Error
}

// CreateSchema is CREATE SCHEMA. Owner "" is the current role.
type CreateSchema struct {
	Name        string
	Owner       string
	IfNotExists bool
}

// SequenceDef is the definition of a sequence; nil fields take PostgreSQL's defaults (or stay, in ALTER).
type SequenceDef struct {
	Type                              catalog.OID // 0: bigint, or unchanged
	Start, Increment, Min, Max, Cache *int64
	NoMin, NoMax                      bool // NO MINVALUE, NO MAXVALUE: back to the default
	Cycle                             *bool
	Restart                           bool
	RestartWith                       *int64
	OwnedBy                           *catalog.Dep // Object 0: OWNED BY NONE
	Name                              *Target      // SEQUENCE NAME of an identity column
	Unlogged                          bool
}

// MovesState reports whether ALTER SEQUENCE with these options gives the sequence a state of the transaction's own, as PostgreSQL does: all do but
// OWNED BY.
func (d *SequenceDef) MovesState() bool {
	without := *d
	without.OwnedBy = nil
	return without != SequenceDef{}
}

// CreateSequence is CREATE SEQUENCE.
type CreateSequence struct {
	Target      Target
	IfNotExists bool
	Def         SequenceDef
}

// AlterSequence is ALTER SEQUENCE with options.
type AlterSequence struct {
	Sequence catalog.OID
	Def      SequenceDef
}

// CreateType makes an enum (Labels) or a composite type (Fields).
type CreateType struct {
	Target Target
	Kind   types.Kind
	Labels []string
	Fields []ColumnDef
}

// AlterEnum is ALTER TYPE … ADD VALUE (Add) or RENAME VALUE.
type AlterEnum struct {
	Type        catalog.OID
	Add         string
	IfNotExists bool
	Before      string
	After       string
	Rename, To  string
}

// AlterComposite is ALTER TYPE … ADD, DROP or ALTER ATTRIBUTE.
type AlterComposite struct {
	Type    catalog.OID
	Actions []AlterAction
}

// DomainCheck is a constraint of a domain, over VALUE.
type DomainCheck struct {
	Name     string
	Expr     string
	Deps     []catalog.Dep
	NotValid bool
}

// CreateDomain is CREATE DOMAIN.
type CreateDomain struct {
	Target  Target
	Base    types.Type
	NotNull bool
	Default string
	Deps    []catalog.Dep
	Checks  []DomainCheck
}

// AlterDomain is ALTER DOMAIN. Op: default, notnull, nullable, add, drop, validate.
type AlterDomain struct {
	Domain   catalog.OID
	Op       string
	Default  string
	Deps     []catalog.Dep
	Check    DomainCheck
	Name     string
	IfExists bool
}

// Verifies reports whether the command looks at the values that there are.
func (c *AlterDomain) Verifies() bool {
	return c.Op == "notnull" || c.Op == "validate" || c.Op == "add" && !c.Check.NotValid
}

// CreateView is CREATE [OR REPLACE] VIEW.
type CreateView struct {
	Target  Target
	Replace bool
	Columns []ColumnDef
	SQL     string
	Deps    []catalog.Dep
	Options []string
}

// CreateFunction is CREATE [OR REPLACE] FUNCTION or PROCEDURE.
type CreateFunction struct {
	Function *catalog.Function // without OID and Owner
	Invalid  error             // what is wrong with its body, to be told when all else is right; nil: nothing
	// Place, if it is set, says that a body in PL/pgSQL is to be looked at, and where a place of it is in the client's text.
	Place   func(offset int) int
	Replace bool
	Temp    bool // in the schema of temporary objects, which is not there yet
}

// AlterFunction is ALTER FUNCTION with actions; nil fields stay.
type AlterFunction struct {
	Function  catalog.OID
	Routine   string // function, procedure or routine
	Volatile  byte
	Strict    *bool
	Security  *bool
	Leakproof *bool
	Parallel  byte
	Cost      float32
	Rows      float32
	Set       []string // name=value to set
	Reset     []string // names to reset; "all" for all
}

// CreateExtension is CREATE EXTENSION.
type CreateExtension struct {
	Name        string
	IfNotExists bool
}

// Comment is COMMENT ON; Text "" removes it. Column, Constraint and Index narrow the object; nothing is done when
// Object is 0 (an object of the system that keeps no comment).
type Comment struct {
	Object     catalog.OID
	Column     catalog.ColumnID
	Constraint catalog.OID
	Index      catalog.OID
	Trigger    catalog.OID
	Role       string
	Database   string
	Text       string
}

// Owner is ALTER … OWNER TO and the like.
type Owner struct {
	Name     string // tag
	Object   catalog.OID
	Database string // instead of Object
	Role     string // the new owner
}

// SetSchema is ALTER … SET SCHEMA.
type SetSchema struct {
	Name     string // tag
	Object   catalog.OID
	Schema   catalog.OID
	Rewrites []Rewrite
}

// Rename is ALTER … RENAME. Object is renamed itself unless Column, Constraint, Index or Label says which part of it.
// Rewrites are the dependent expressions under the new name.
type Rename struct {
	Name       string // tag
	Object     catalog.OID
	Column     catalog.ColumnID
	Constraint catalog.OID
	Index      catalog.OID
	Trigger    catalog.OID
	Field      string // of a composite type
	To         string
	Role       string // instead of Object
	Database   string // instead of Object
	Rewrites   []Rewrite
}

// Rewrite replaces stored SQL text: a column's default, generation or hidden expression, a constraint's, or a view's.
type Rewrite struct {
	Part       int // of a function: the statement of its body, from 1, or its default, from -1
	Object     catalog.OID
	Column     catalog.ColumnID
	Constraint catalog.OID
	Trigger    catalog.OID // its WHEN
	Text       string
	Generated  bool // of Column: its Generated, else its Default or Hidden
}

// Drop is DROP of any kind of object in a schema, and of schemas.
type Drop struct {
	Kind    string // TABLE, VIEW, SEQUENCE, INDEX, TYPE, DOMAIN, SCHEMA, FUNCTION, PROCEDURE, ROUTINE, …
	Objects []DropObject
	Cascade bool
	Notices []*pgerr.Error
}

// DropObject is one object to drop; Index for an index of table Object, Trigger for a trigger of it.
type DropObject struct {
	Object  catalog.OID
	Index   catalog.OID
	Trigger catalog.OID
}

// Truncate is TRUNCATE.
type Truncate struct {
	Tables  []catalog.OID
	Restart bool
	Cascade bool
}

// Tag implements Command.
func (c *Nothing) Tag() string { return c.Name }

// Tag implements Command.
func (*CreateSchema) Tag() string { return "CREATE SCHEMA" }

// Tag implements Command.
func (*CreateSequence) Tag() string { return "CREATE SEQUENCE" }

// Tag implements Command.
func (*AlterSequence) Tag() string { return "ALTER SEQUENCE" }

// Tag implements Command.
func (*CreateType) Tag() string { return "CREATE TYPE" }

// Tag implements Command.
func (*AlterEnum) Tag() string { return "ALTER TYPE" }

// Tag implements Command.
func (*AlterComposite) Tag() string { return "ALTER TYPE" }

// Tag implements Command.
func (*CreateDomain) Tag() string { return "CREATE DOMAIN" }

// Tag implements Command.
func (*AlterDomain) Tag() string { return "ALTER DOMAIN" }

// Tag implements Command.
func (*CreateView) Tag() string { return "CREATE VIEW" }

// Tag implements Command.
func (c *CreateFunction) Tag() string {
	if c.Function.Kind == 'p' {
		return "CREATE PROCEDURE"
	}
	return "CREATE FUNCTION"
}

// Tag implements Command.
func (c *AlterFunction) Tag() string { return "ALTER " + strings.ToUpper(c.Routine) }

// Tag implements Command.
func (*CreateExtension) Tag() string { return "CREATE EXTENSION" }

// Tag implements Command.
func (*Comment) Tag() string { return "COMMENT" }

// Tag implements Command.
func (c *Owner) Tag() string { return c.Name }

// Tag implements Command.
func (c *SetSchema) Tag() string { return c.Name }

// Tag implements Command.
func (c *Rename) Tag() string { return c.Name }

// Tag implements Command.
func (c *Drop) Tag() string { return "DROP " + c.Kind }

// Tag implements Command.
func (*Truncate) Tag() string { return "TRUNCATE TABLE" }

func (*Nothing) command()         {}
func (*CreateSchema) command()    {}
func (*CreateSequence) command()  {}
func (*AlterSequence) command()   {}
func (*CreateType) command()      {}
func (*AlterEnum) command()       {}
func (*AlterComposite) command()  {}
func (*CreateDomain) command()    {}
func (*AlterDomain) command()     {}
func (*CreateView) command()      {}
func (*CreateFunction) command()  {}
func (*AlterFunction) command()   {}
func (*CreateExtension) command() {}
func (*Comment) command()         {}
func (*Owner) command()           {}
func (*SetSchema) command()       {}
func (*Rename) command()          {}
func (*Drop) command()            {}
func (*Truncate) command()        {}
