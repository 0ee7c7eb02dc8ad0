package command

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// Transaction is BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their kin. Kind is one of the words BEGIN, START, COMMIT,
// ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO, PREPARE, COMMIT_PREPARED, ROLLBACK_PREPARED.
type Transaction struct {
	Kind      string
	Savepoint string
	Chain     bool
	Modes     TxnModes
}

// TxnModes are the modes of BEGIN and SET TRANSACTION; "" and nil leave a mode alone.
type TxnModes struct {
	Isolation  string // read committed, repeatable read, serializable, read uncommitted
	ReadOnly   *bool
	Deferrable *bool
	Snapshot   string // SET TRANSACTION SNAPSHOT
}

// Set is SET and RESET. Values are the words given; none with Reset or Default.
type Set struct {
	Name   string // "" with All
	Values []string
	Local  bool
	Reset  bool // RESET, or SET … TO DEFAULT
	All    bool // RESET ALL
	IsList bool
}

// SetTransaction is SET [LOCAL] TRANSACTION and, with Session, SET SESSION CHARACTERISTICS.
type SetTransaction struct {
	Session bool
	Modes   TxnModes
}

// Show is SHOW; Name is "all" for SHOW ALL.
type Show struct{ Name string }

// Discard is DISCARD ALL, PLANS, SEQUENCES or TEMP.
type Discard struct{ What string }

// Prepare is PREPARE; Query is the statement's own text, Offset its byte offset in the whole.
type Prepare struct {
	Name   string
	Types  []types.Type
	Query  string
	Offset int
}

// Execute is EXECUTE with its arguments, constant expressions once bound.
type Execute struct {
	Name string
	Args []expr.Expr
	At   []int // the arguments' places in the text
}

// Deallocate is DEALLOCATE; "" is ALL.
type Deallocate struct{ Name string }

// DeclareCursor is DECLARE … CURSOR; Query is the query's own text, Offset its byte offset in the whole.
type DeclareCursor struct {
	Name                 string
	Query                string
	Offset               int
	Scroll, Hold, Binary bool
}

// Fetch is FETCH and MOVE. Direction: forward, backward, absolute, relative; All: ALL.
type Fetch struct {
	Cursor    string
	Direction string
	Count     int64
	All       bool
	Move      bool
}

// CloseCursor is CLOSE; "" is ALL.
type CloseCursor struct{ Name string }

// Listen is LISTEN, UNLISTEN (Off) and NOTIFY (Notify with Payload).
type Listen struct {
	Channel string
	Off     bool
	Notify  bool
	Payload string
}

// LockTable is LOCK TABLE. Tables are those of Named and what the views among these read.
type LockTable struct {
	Named  []catalog.OID
	Tables []catalog.OID
	Ref    catalog.Ref
	Mode   catalog.TableLock
	NoWait bool
}

// Explain is EXPLAIN. Query is the explained statement's own text; Offset its byte offset in the whole.
type Explain struct {
	Query    string
	Offset   int
	Analyze  bool
	Verbose  bool
	Costs    bool
	Buffers  bool
	Timing   bool
	Summary  bool
	Settings bool
	Format   string // text, json, yaml, xml
}

// Copy is COPY. Exactly one of Table and Query is set.
type Copy struct {
	Table   *catalog.Table
	Ref     catalog.Ref
	Columns []catalog.ColumnID
	Query   string // COPY (query) TO
	Offset  int    // of the query in the whole
	From    bool
	Where   string // COPY … FROM … WHERE, SQL
	File    string // "" for STDIN and STDOUT
	Program bool
	Options CopyOptions
}

// CopyOptions are the options of COPY, with defaults applied by format.
type CopyOptions struct {
	Format       string // text, csv, binary
	Delimiter    byte
	Null         string
	Header       bool
	HeaderMatch  bool
	Quote        byte
	Escape       byte
	ForceQuote   []string // nil none; ["*"] all
	ForceNotNull []string
	ForceNull    []string
	Encoding     string
	Freeze       bool
}

// Vacuum is VACUUM, ANALYZE, CHECKPOINT, CLUSTER, REINDEX: Kind is the word. But for ANALYZE they are maintenance that
// Rowan does by itself.
type Vacuum struct {
	Kind    string
	Alone   string       // what it cannot be in a transaction block as: "VACUUM", "REINDEX DATABASE"; "": it can be
	Targets []Maintained // none: all tables
	Ref     catalog.Ref
	Analyze bool
	Verbose bool
	// SkipLocked: tables that somebody has locked are left out.
	SkipLocked bool
}

// Maintained is a relation that a Vacuum names. Columns are those to analyze; nil: all.
type Maintained struct {
	Relation catalog.OID
	Columns  []catalog.ColumnID
}

// Do is DO: an anonymous block.
type Do struct {
	Language, Body string
	// Place is where a place of the body is in the text that the client sent; -1: not known.
	Place func(offset int) int
}

// Placed is an error in the body with its place in the client's text.
func (c *Do) Placed(err error) error {
	e := *pgerr.From(err)
	if at := e.ByteOffset(); at >= 0 && c.Place != nil {
		return e.Relocate(c.Place(at))
	}
	return &e
}

// Constraints is SET CONSTRAINTS; Names nil is ALL.
type Constraints struct {
	Names    []catalog.OID
	Deferred bool
}

// Tags.
func (c *Transaction) Tag() string {
	switch c.Kind {
	case "START":
		return "START TRANSACTION"
	case "ROLLBACK_TO":
		return "ROLLBACK"
	case "PREPARE":
		return "PREPARE TRANSACTION"
	case "COMMIT_PREPARED":
		return "COMMIT PREPARED"
	case "ROLLBACK_PREPARED":
		return "ROLLBACK PREPARED"
	}
	return c.Kind
}

// Tag implements Command.
func (c *Set) Tag() string {
	if c.Reset && len(c.Values) == 0 {
		return "RESET"
	}
	return "SET"
}

// Tag implements Command.
func (*SetTransaction) Tag() string { return "SET" }

// Tag implements Command.
func (*Show) Tag() string { return "SHOW" }

// Tag implements Command.
func (c *Discard) Tag() string { return "DISCARD " + c.What }

// Tag implements Command.
func (*Prepare) Tag() string { return "PREPARE" }

// Tag implements Command.
func (*Execute) Tag() string { return "EXECUTE" }

// Tag implements Command.
func (c *Deallocate) Tag() string {
	if c.Name == "" {
		return "DEALLOCATE ALL"
	}
	return "DEALLOCATE"
}

// Tag implements Command.
func (*DeclareCursor) Tag() string { return "DECLARE CURSOR" }

// Tag implements Command.
func (c *Fetch) Tag() string {
	if c.Move {
		return "MOVE"
	}
	return "FETCH"
}

// Tag implements Command.
func (c *CloseCursor) Tag() string {
	if c.Name == "" {
		return "CLOSE CURSOR ALL"
	}
	return "CLOSE CURSOR"
}

// Tag implements Command.
func (c *Listen) Tag() string {
	switch {
	case c.Notify:
		return "NOTIFY"
	case c.Off:
		return "UNLISTEN"
	}
	return "LISTEN"
}

// Tag implements Command.
func (*LockTable) Tag() string { return "LOCK TABLE" }

// Tag implements Command.
func (*Explain) Tag() string { return "EXPLAIN" }

// Tag implements Command.
func (*Copy) Tag() string { return "COPY" }

// Tag implements Command.
func (c *Vacuum) Tag() string { return c.Kind }

// Tag implements Command.
func (*Do) Tag() string { return "DO" }

// Tag implements Command.
func (*Constraints) Tag() string { return "SET CONSTRAINTS" }

func (*Transaction) command()    {}
func (*Set) command()            {}
func (*SetTransaction) command() {}
func (*Show) command()           {}
func (*Discard) command()        {}
func (*Prepare) command()        {}
func (*Execute) command()        {}
func (*Deallocate) command()     {}
func (*DeclareCursor) command()  {}
func (*Fetch) command()          {}
func (*CloseCursor) command()    {}
func (*Listen) command()         {}
func (*LockTable) command()      {}
func (*Explain) command()        {}
func (*Copy) command()           {}
func (*Vacuum) command()         {}
func (*Do) command()             {}
func (*Constraints) command()    {}
