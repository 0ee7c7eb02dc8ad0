// Package catalog describes the objects of a database: schemas, tables, indexes, constraints, sequences, types, views,
// functions, roles. Descriptors are plain data, immutable once published, and stored by storage as versioned rows, so
// that every branch and every point has its own schema.
//
// It neither stores nor evaluates: expressions are kept as SQL text in PostgreSQL's canonical spelling, to be bound where
// they are used. Sub-packages: builtin (pg_type, pg_proc, … as data), pgcatalog (the relations of pg_catalog and
// information_schema). Invariants: an object's OID, a column's ID and a keyspace's number are unique for ever and over
// all branches; an object has the same OID on every branch and at every point.
package catalog

import "github.com/rowandb/rowan/types"

// OID is an object's id.
type OID = types.OID

// Keyspace numbers a versioned keyspace: the rows of a table or the entries of an index. TRUNCATE and rewrites give a
// table a new one; the old stays readable in the past.
type Keyspace = uint64

// ColumnID identifies a column for ever; it survives renames and is never used again.
type ColumnID = uint32

// System columns that every scan can produce beside a table's own.
const (
	ColRowKey   ColumnID = 0xffffff00 + iota // bytea: the row's key, its identity in the table's keyspace
	ColVersion                               // int8: the SCN that wrote the version seen (0: written by this transaction)
	ColTableOID                              // tableoid
	ColXmin
	ColCtid
)

// Object is what the catalog of one branch holds, by OID.
//
//sumtype:decl
type Object interface {
	Head() *Header
	object()
}

// Header is what all objects have.
type Header struct {
	OID     OID
	Schema  OID // 0: not in a schema
	Name    string
	Owner   OID
	Comment string  `json:",omitempty"`
	ACL     []Grant `json:",omitempty"`
	Twins   []Twin  `json:",omitempty"` // what merges have made one with the object and its parts
}

// Twin says that something another branch has made by itself is one with an object here, or with a part of it, since a
// merge has met both with the same name and the same definition. Rows of the other stand under its own ids on that branch.
type Twin struct {
	Kind  byte   // 'o' what has an OID, 'c' a column, 'k' a keyspace
	Own   uint64 // the id here
	Other uint64
}

// Head returns h itself.
func (h *Header) Head() *Header { return h }

// Grant is one entry of an access control list.
type Grant struct {
	Grantee    OID // 0: PUBLIC
	Grantor    OID
	Privileges string // letters of PostgreSQL's aclitem: r a w d D x t X U C c T
	Grantable  string // those of them WITH GRANT OPTION
}

// Schema is a namespace.
type Schema struct{ Header }

// Table is a table, or a relation of pg_catalog (Virtual).
type Table struct {
	Header
	Virtual     bool          `json:"-"` // rows come from pgcatalog, not from storage
	Rows        Keyspace      // where its rows are
	Columns     []Column      `json:",omitempty"` // by Num; dropped ones stay
	Indexes     []*Index      `json:",omitempty"` // none is none, be there a list or not: descriptors are compared as they are stored
	Constraints []*Constraint `json:",omitempty"`
	Created     uint64        // microseconds since 1970; 0: not known
	Options     []string      `json:",omitempty"`
	Unlogged    bool          `json:",omitempty"`
	OnCommit    byte          `json:",omitempty"` // of a temporary table: 'd' delete its rows, 'x' drop it, else keep
	Replident   byte          `json:",omitempty"`
	RowSecurity bool          `json:",omitempty"`
	ForceRLS    bool          `json:",omitempty"`
	Triggers    []*Trigger    `json:",omitempty"`
}

// Column is a table's column. Hidden columns hold what storage needs to keep an index on expressions or a partial index:
// they are computed by the plan that writes a row, given to storage, put in index keys and never stored in rows.
type Column struct {
	ID         ColumnID
	Num        int16 // pg_attribute.attnum, from 1; 0 for hidden columns
	Name       string
	TypeOID    OID
	Mod        int32
	NotNull    bool    `json:",omitempty"`
	Dropped    bool    `json:",omitempty"`
	Hidden     string  `json:",omitempty"` // the SQL expression of a hidden column
	Default    string  `json:",omitempty"` // SQL
	Generated  string  `json:",omitempty"` // SQL of GENERATED ALWAYS AS … STORED
	Identity   byte    `json:",omitempty"` // 'a' always, 'd' by default
	Sequence   OID     `json:",omitempty"` // of an identity column
	Missing    string  `json:",omitempty"` // text form of the value that rows older than the column have; with HasMissing
	HasMiss    bool    `json:",omitempty"`
	Comment    string  `json:",omitempty"`
	Storage    byte    `json:",omitempty"`
	Collation  string  `json:",omitempty"`
	Statistics int32   `json:",omitempty"`
	ACL        []Grant `json:",omitempty"`
	Deps       []Dep   `json:",omitempty"` // what Default, Generated or Hidden needs
	Merge      string  `json:",omitempty"` // merge policy: how values that both sides of a merge changed become one

	Type types.Type `json:"-"` // TypeOID and Mod resolved; set when a Snapshot is built
}

// Index is an index of a table. The primary key's index is the table's own keyspace.
type Index struct {
	OID              OID
	Name             string
	Keyspace         Keyspace
	Primary          bool `json:",omitempty"`
	Unique           bool `json:",omitempty"` // storage lets no two rows have a key
	Deferrable       bool `json:",omitempty"` // no two rows have a key once the constraint has been checked: Unique and Primary are false
	NullsNotDistinct bool `json:",omitempty"`
	Columns          []IndexColumn
	Include          []ColumnID `json:",omitempty"`
	Predicate        ColumnID   `json:",omitempty"` // hidden boolean column of a partial index
	Method           string     `json:",omitempty"` // as written: btree, hash, gin …; all are kept as ordered keys
	Comment          string     `json:",omitempty"`
	Options          []string   `json:",omitempty"`
	Clustered        bool       `json:",omitempty"`
}

// IndexColumn is one key column of an index.
type IndexColumn struct {
	Column     ColumnID // of the table, or a hidden one for an expression
	Desc       bool     `json:",omitempty"`
	NullsFirst bool     `json:",omitempty"` // as it applies, that is with Desc's default resolved
	OpClass    string   `json:",omitempty"` // only where not the type's default
	Collation  string   `json:",omitempty"`
}

// ConstraintKind is pg_constraint.contype.
type ConstraintKind byte

// The kinds of constraints.
const (
	Check      ConstraintKind = 'c'
	ForeignKey ConstraintKind = 'f'
	PrimaryKey ConstraintKind = 'p'
	Unique     ConstraintKind = 'u'
	Exclusion  ConstraintKind = 'x'
)

// Constraint is a table's constraint.
type Constraint struct {
	OID        OID
	Name       string
	Kind       ConstraintKind
	Columns    []ColumnID
	Index      OID        `json:",omitempty"` // supporting index: own for p and u, the referenced one for f
	Expr       string     `json:",omitempty"` // of a check
	RefTable   OID        `json:",omitempty"`
	RefColumns []ColumnID `json:",omitempty"`
	OnUpdate   byte       `json:",omitempty"` // a no action, r restrict, c cascade, n set null, d set default
	OnDelete   byte       `json:",omitempty"`
	SetColumns []ColumnID `json:",omitempty"` // ON DELETE SET NULL (columns)
	Match      byte       `json:",omitempty"` // s simple, f full
	Deferrable bool       `json:",omitempty"`
	Deferred   bool       `json:",omitempty"`
	NotValid   bool       `json:",omitempty"`
	NoInherit  bool       `json:",omitempty"`
	Comment    string     `json:",omitempty"`
	Deps       []Dep      `json:",omitempty"` // what Expr needs beside Columns
}

// Dep is something that an expression or query needs and that cannot be dropped from under it: an object, or one column
// of a relation.
type Dep struct {
	Object OID
	Column ColumnID `json:",omitempty"`
}

// Sequence is a sequence's definition; its state lives outside of history.
type Sequence struct {
	Header
	TypeOID                           OID
	Start, Increment, Min, Max, Cache int64
	Cycle                             bool
	OwnerTable                        OID      `json:",omitempty"` // OWNED BY
	OwnerColumn                       ColumnID `json:",omitempty"`
	Policy                            string   `json:",omitempty"` // how branches share it: "" shared, block, isolated, renumber
	Block                             int64    `json:",omitempty"` // values a branch takes at a time, with policy block
	Branch                            uint64   `json:"-"`          // whose state is meant, where the policy gives each branch its own
}

// PerBranch reports whether each branch counts by itself.
func (s *Sequence) PerBranch() bool {
	return s.Policy == SequenceIsolated || s.Policy == SequenceRenumber
}

// On returns the sequence as a branch uses it.
func (s *Sequence) On(branch uint64) *Sequence {
	if s.Policy == SequenceShared {
		return s
	}
	c := *s
	c.Branch = branch
	return &c
}

// Policies of sequences: how branches share them.
const (
	SequenceShared   = ""
	SequenceBlock    = "block"    // each branch takes a number of values at a time
	SequenceRenumber = "renumber" // isolated, and rows with a value that the target has given out get another in a merge
	SequenceIsolated = "isolated" // each branch counts by itself; a merge takes the greater value
)

// View is a view.
type View struct {
	Header
	Columns  []Column
	SQL      string     // the query, names qualified
	Options  []string   `json:",omitempty"`
	Deps     []Dep      `json:",omitempty"`
	Triggers []*Trigger `json:",omitempty"` // INSTEAD OF, and those for statements
}

// UserType is an enum, domain or composite type made by a user.
type UserType struct {
	Header
	Kind      types.Kind
	Array     OID // of its array type
	ArrayName string
	Labels    []types.Label `json:",omitempty"`
	Base      OID           `json:",omitempty"` // of a domain
	Mod       int32         `json:",omitempty"`
	NotNull   bool          `json:",omitempty"`
	Default   string        `json:",omitempty"`
	Checks    []*Constraint `json:",omitempty"` // of a domain, over VALUE
	Fields    []Column      `json:",omitempty"` // of a composite
	Deps      []Dep         `json:",omitempty"` // what Default needs
}

// Function is a function or procedure made by a user.
type Function struct {
	Header
	Kind       byte // pg_proc.prokind
	Language   string
	Body       string
	ArgTypes   []OID
	ArgNames   []string
	ArgModes   []byte
	Defaults   []string
	Returns    OID
	ReturnsSet bool
	Strict     bool
	Volatile   byte
	Security   bool
	Leakproof  bool
	Parallel   byte
	Config     []string `json:",omitempty"`
	Cost       float32  `json:",omitempty"` // 0: the language's usual
	Rows       float32  `json:",omitempty"` // of one that returns a set; 0: the usual
	// Atomic has the statements of a body in the standard's form, names qualified; Body is "" then. Return says that it is
	// one expression, RETURN …, kept as SELECT.
	Atomic []string `json:",omitempty"`
	Return bool     `json:",omitempty"`
	Deps   []Dep    `json:",omitempty"` // what Atomic and Defaults need
}

// Standard reports whether the body is in the standard's form: bound when the function was made.
func (f *Function) Standard() bool { return f.Atomic != nil }

// Inputs are the types of the input arguments, by which functions of one name are told apart.
func (f *Function) Inputs() []OID {
	if len(f.ArgModes) == 0 {
		return f.ArgTypes
	}
	var out []OID
	for i, m := range f.ArgModes {
		if m != 'o' && m != 't' {
			out = append(out, f.ArgTypes[i])
		}
	}
	return out
}

// Role is a role; roles, like databases, belong to the server and not to a branch.
type Role struct {
	Header
	Superuser, Inherit, CreateRole, CreateDB, Login, Replication, BypassRLS bool
	ConnLimit                                                               int
	Password                                                                string    `json:",omitempty"` // SCRAM verifier
	ValidUntil                                                              *int64    `json:",omitempty"` // microseconds since 2000-01-01 UTC; nil: for ever
	MemberOf                                                                []Member  `json:",omitempty"`
	Settings                                                                []Setting `json:",omitempty"`
}

// Member is one role membership.
type Member struct {
	Role    OID
	Admin   bool
	Grantor OID
}

// Database is a database.
type Database struct {
	Header
	AllowConn  bool
	ConnLimit  int
	IsTemplate bool
	Default    string       // name of the default branch
	Settings   []Setting    `json:",omitempty"`
	Defaults   []DefaultACL `json:",omitempty"` // ALTER DEFAULT PRIVILEGES

	BranchGrants []BranchGrant `json:",omitempty"`
	BranchLimits []BranchLimit `json:",omitempty"`
}

// DefaultACL is an entry of ALTER DEFAULT PRIVILEGES: what new objects of a kind get. Schema 0: in all schemas.
type DefaultACL struct {
	Role   OID
	Schema OID  `json:",omitempty"`
	Kind   byte // r tables, S sequences, f functions, T types, n schemas
	ACL    []Grant
}

// Setting is one entry of ALTER ROLE or ALTER DATABASE … SET. Database narrows a role's setting to one database.
type Setting struct {
	Database OID `json:",omitempty"`
	Name     string
	Value    string
}

func (*Schema) object()   {}
func (*Table) object()    {}
func (*Sequence) object() {}
func (*View) object()     {}
func (*UserType) object() {}
func (*Function) object() {}
func (*Role) object()     {}
func (*Database) object() {}

// KindName is the word for a kind of object in DDL, in lower case; none for what is not in a schema, such as roles.
func KindName(o Object) string {
	switch o := o.(type) {
	case *Schema:
		return "schema"
	case *Table:
		return "table"
	case *View:
		return "view"
	case *Sequence:
		return "sequence"
	case *UserType:
		if o.Kind == types.KindDomain {
			return "domain"
		}
		return "type"
	case *Function:
		if o.Kind == 'p' {
			return "procedure"
		}
		return "function"
	}
	return ""
}
