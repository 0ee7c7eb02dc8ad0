// Package bind turns a parse tree into a typed logical plan or a command, in one pass: every name becomes a column id, an
// OID or a descriptor, every expression gets its type, every coercion becomes a visible node. There is no second tree
// between pg_query's and the plan.
//
// The rules are PostgreSQL's: scopes (scope.go, from.go, join.go), overload resolution (oper.go, func.go), coercion
// (coerce*.go, generic.go), grouping (group.go), and its error texts with SQLSTATE and position. It executes nothing:
// literals become values through Catalog.Fold, a parameter, because evaluation belongs to the executor. It does not
// choose how a plan runs; planner/optimize and lowering do.
//
// Invariants: after bind there are no names but output names; every expr.Column's id is produced by exactly one node
// below it or by a node of an enclosing query; parse trees are never changed, so one tree can be bound many times.
// Package planner calls it.
package bind

import (
	pg "github.com/pganalyze/pg_query_go/v5"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Catalog is what bind asks of a session.
type Catalog interface {
	// Catalog returns the catalog that a Ref means in the session's transaction.
	Catalog(r catalog.Ref) (*catalog.Snapshot, error)
	// SearchPath is the effective one: "$user" resolved, schemas that do not exist left out, pg_catalog first unless the
	// user listed it.
	SearchPath() []string
	User() string
	// Database is the name of the session's database, without branch and point.
	Database() string
}

// Options are what bind needs beside the catalog.
type Options struct {
	// Fold evaluates an expression without columns. nil leaves literals of most types as conversions to run later.
	Fold func(expr.Expr) (types.Datum, error)
	// Supported reports whether a function can be called. nil: all can.
	Supported func(*builtin.Proc) bool
	// NoParams makes a parameter an error, as in a simple query.
	NoParams bool
	// Late says that the statement will be bound again when it is run, with the values of its parameters in Args: what a plan
	// depends on, such as the point of AS OF, may be a parameter then. Until there are values it is bound as of the present.
	Late bool
	Args []types.Datum
	// Body says that the statement is one of a function's; nil: it is not.
	Body *Body
	// Ref is what unqualified relations and functions mean.
	Ref catalog.Ref
	// NoBodyCheck lets functions be made whose bodies are not looked at, as check_function_bodies = off does, and views that
	// read points which are not there, as in a database that a dump is being restored to.
	NoBodyCheck bool
	// AnyPoint takes what a relation is at present where it cannot be read at the point that is given.
	AnyPoint bool

	columns, ctes int // the last numbers taken by the plan into which the statement's is put
}

// Bound is a bound statement. Exactly one of Node and Command is set, but for COPY FROM, which has both: the command says
// how rows are read, the node what becomes of them.
type Bound struct {
	Node    logical.Node
	Command command.Command
	// Tag is the command tag without row counts.
	Tag string
	// Fields describes the result; nil: the statement returns no rows.
	Fields []Field
	// ReadOnly says that the statement changes nothing and locks no rows; Writes what does, where that is not the Tag.
	ReadOnly bool
	Writes   string
	// Refs lists the branches and points that it names beside the session's own.
	Refs []catalog.Ref
	// Once says that the plan holds values of now, such as 'today'::date, or of settings that must be bound again.
	Once bool
	// ByArgs says that the plan depends on the values of parameters: see Options.Late.
	ByArgs bool
	// Access lists the privileges on relations that running the statement takes.
	Access []Access
	// Locks lists the relations that the statement uses, in the order of their names.
	Locks []RelationLock
	// Notices are what PostgreSQL tells the client beside the result.
	Notices []*pgerr.Error
	// Calls says that users' functions are called.
	Calls bool
	// Whole says, of the last statement of a function that returns a row, that its only column is that row.
	Whole bool

	// Outputs are those of a CALL in a body of PL/pgSQL.
	Outputs *Outputs

	changes bool // rows are written or locked
	ctes    int  // the last number of a CTE
}

// Field is a result column.
type Field struct {
	Name      string
	Type      types.Type
	TableOID  types.OID // 0: not a plain column
	Attribute int16
}

// Access is a privilege on a relation that a statement takes.
type Access struct {
	Object    catalog.Object
	Ref       catalog.Ref
	Privilege byte // as in an aclitem
	// Owner is the owner of the view through which the relation is reached, whose privileges count; 0: the user's own.
	Owner catalog.OID
	// Columns are those used; a privilege on each of them will do. Empty: one on any column will do.
	Columns []catalog.ColumnID
	// At is where the relation is named, a byte offset; -1: nowhere in the user's text.
	At int

	items  []*item // whose columns that are read are meant
	ifRead bool    // it is taken only where some are
}

// Bind binds a statement. params holds the types of the parameters that the client declared and receives those that are
// inferred. With an error comes what was bound so far of Bound.Locks: the names may mean something else once they are held.
func Bind(stmt parse.Statement, c Catalog, params *[]types.Type, o Options) (*Bound, error) {
	b := &binder{cat: c, opts: o, params: params, stmt: &stmt, out: &Bound{}, ref: o.Ref, ctes: o.ctes}
	if o.columns > 0 {
		b.columns = make([]columnInfo, o.columns)
	}
	err := b.statement(stmt.Node)
	if err == nil {
		err = b.checkParams()
	}
	if err == nil && o.Body != nil {
		err = b.bodyStatement(o.Body)
	}
	if err != nil {
		return &Bound{Locks: b.out.Locks}, b.relocate(err)
	}
	if stmt.Tag != "" {
		b.out.Tag = stmt.Tag
	}
	b.settleAccess()
	b.out.changes, b.out.ctes = b.changes, b.ctes
	return b.out, nil
}

// binder is the binding of one statement. It is used by one goroutine.
type binder struct {
	cat    Catalog
	opts   Options
	params *[]types.Type
	stmt   *parse.Statement
	out    *Bound

	// columns[id-1] says where column id comes from.
	columns []columnInfo
	ctes    int // CTEs numbered so far
	views   int // depth of nested views
	path    []string
	modify  bool        // something writes
	changes bool        // rows are written or locked
	viewer  catalog.OID // owner of the view being bound; 0: none
	ref     catalog.Ref // what unqualified relations mean: in a view, the view's own
	snaps   map[catalog.Ref]*catalog.Snapshot
	// places has the locations of untyped literals, paramPlaces those of parameters.
	places map[*expr.Const]int
	// written has the fields of ROW(…) as they were before untyped ones became text, for casts to a composite type.
	written     map[*expr.Row][]expr.Expr
	paramPlaces []paramPlace
	trace       *trace // notes what names mean, for views; nil else
	keeps       bool   // what is bound is written into a descriptor
}

// relocate makes an error's position one of the text that the user sent.
func (b *binder) relocate(err error) error {
	e := pgerr.From(err)
	if at := e.ByteOffset(); at >= 0 {
		e.Relocate(b.stmt.Source(at))
	}
	return e
}

// columnInfo is what bind knows of a column: the query level that it belongs to, the FROM item that it is of if any, and
// whether it stands for an aggregate 'a', a window function 'w' or a set-returning function 's'.
type columnInfo struct {
	owner *query
	item  *item
	kind  byte
	origin
	shaped catalog.Dep // the column that gives it its name, of a function whose columns depend on a table
}

// newColumn numbers a column of query q.
func (b *binder) newColumn(q *query) expr.ColumnID {
	b.columns = append(b.columns, columnInfo{owner: q})
	return expr.ColumnID(len(b.columns))
}

// info returns what is known of a column.
func (b *binder) info(id expr.ColumnID) *columnInfo { return &b.columns[id-1] }

// snapshot returns the catalog that a Ref means, and notes the Ref.
func (b *binder) snapshot(r catalog.Ref) (*catalog.Snapshot, error) {
	if s := b.snaps[r]; s != nil {
		return s, nil
	}
	s, err := b.cat.Catalog(r)
	if err != nil {
		return nil, err
	}
	if b.snaps == nil {
		b.snaps = map[catalog.Ref]*catalog.Snapshot{}
	}
	b.snaps[r] = s
	if r != (catalog.Ref{}) {
		b.out.Refs = append(b.out.Refs, r)
	}
	return s, nil
}

// session is the catalog of the session's own branch and point.
func (b *binder) session() (*catalog.Snapshot, error) { return b.snapshot(catalog.Ref{}) }

// searchPath is the session's, asked once.
func (b *binder) searchPath() []string {
	if b.path == nil {
		b.path = b.cat.SearchPath()
	}
	return b.path
}

// statement binds a statement of any kind.
func (b *binder) statement(n *pg.Node) error {
	if sel, tag, err := b.changeQuery(n); sel != nil || err != nil {
		if err == nil {
			err = b.queryStatement(sel, tag)
			b.out.Fields = nil // what a change comes to is not shown
		}
		return err
	}
	switch s := n.Node.(type) {
	case *pg.Node_SelectStmt:
		if s.SelectStmt.IntoClause != nil || hasInto(s.SelectStmt) {
			return b.command(n)
		}
		return b.queryStatement(n, "SELECT")
	case *pg.Node_InsertStmt:
		return b.queryStatement(n, "INSERT")
	case *pg.Node_UpdateStmt:
		return b.queryStatement(n, "UPDATE")
	case *pg.Node_DeleteStmt:
		return b.queryStatement(n, "DELETE")
	case *pg.Node_MergeStmt:
		return pgerr.Unsupported("MERGE")
	case *pg.Node_CallStmt:
		if sel := callQuery(s.CallStmt); sel != nil {
			err := b.queryStatement(sel, "CALL")
			b.out.Fields = nil // a procedure's results are not shown
			return err
		}
		return b.callStatement(s.CallStmt)
	}
	return b.command(n)
}

// hasInto reports whether the leftmost SELECT of a set operation has INTO.
func hasInto(s *pg.SelectStmt) bool {
	for ; s != nil; s = s.Larg {
		if s.IntoClause != nil {
			return true
		}
	}
	return false
}

// queryStatement binds a statement that becomes a plan.
func (b *binder) queryStatement(n *pg.Node, tag string) error {
	node, fields, err := b.bindQuery(n, nil)
	if err != nil {
		return err
	}
	b.out.Node, b.out.Tag, b.out.Fields = node, tag, fields
	b.out.ReadOnly = !b.modify
	return nil
}

// needs notes a privilege that the statement takes, and the lock that goes with it.
func (b *binder) needs(o catalog.Object, r *relation, privilege byte, read ...*item) *Access {
	mode := catalog.AccessShare
	if privilege != catalog.PrivSelect {
		mode = catalog.RowExclusive
	}
	b.locks(o, r.ref, mode)
	return b.takes(o, r, privilege, read...)
}

// takes is needs where the lock is held already.
func (b *binder) takes(o catalog.Object, r *relation, privilege byte, read ...*item) *Access {
	at := -1
	if b.views == 0 {
		at = b.stmt.Source(r.at)
	}
	b.out.Access = append(b.out.Access, Access{Object: o, Ref: r.ref, Privilege: privilege, Owner: b.viewer, At: at, items: read})
	return &b.out.Access[len(b.out.Access)-1]
}

// accessTo is the privilege that reading an item takes; nil: none.
func (b *binder) accessTo(it *item) *Access {
	for i := range b.out.Access {
		if a := &b.out.Access[i]; slices.Contains(a.items, it) {
			return a
		}
	}
	return nil
}

// settleAccess fills in which columns were read, which is known when all is bound.
func (b *binder) settleAccess() {
	for i := range b.out.Access {
		a := &b.out.Access[i]
		for _, it := range a.items {
			a.reads(it)
		}
		a.items = nil
	}
	b.out.Access = slices.DeleteFunc(b.out.Access, func(a Access) bool { return a.ifRead })
}

// reads adds the columns of an item that were read. Those of the system are of the whole table.
func (a *Access) reads(it *item) {
	for j, read := range it.read {
		if !read {
			continue
		}
		a.ifRead = false
		if it.table != nil {
			a.Columns = append(a.Columns, it.table.Columns[it.cols[j].index].ID)
		}
	}
	if it.readSystem {
		a.ifRead, a.Columns = false, append(a.Columns, catalog.ColRowKey)
	}
}
