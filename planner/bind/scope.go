package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// query is one level of a statement: the scope of its FROM items, and what its expressions ask of it (aggregates, window
// functions, set-returning functions), which become nodes once all its clauses are bound.
type query struct {
	b      *binder
	parent *query
	kind   exprKind // the clause being bound
	items  []*item  // what names can refer to
	all    []*item  // every item ever, for hints
	point  string   // AS OF SYSTEM TIME for all tables here
	ctes   []*cte   // WITH queries visible here, innermost last

	lateral     bool           // LATERAL items may be referred to now
	lateralRefs map[*item]bool // those that have been

	aggs        []*aggCall
	groupings   []*groupingCall
	windows     []*windowCall
	windowDefs  []*pg.Node
	named       map[string]*windowSpec
	srfs        []*setCall
	groups      *grouping
	keepUnknown bool // targets stay untyped: the caller decides

	// locking are the locking clauses, the query's own and those that reach it from around it (implied); locked are the
	// tables whose rows the query around it is to lock.
	locking, implied []*pg.LockingClause
	locked           []logical.LockTarget

	// value is what VALUE stands for in a domain's CHECK; nil elsewhere.
	value   expr.Expr
	targets []target
	noSet   string // the construct in which no set-returning function may stand; "" none
}

func (b *binder) child(parent *query) *query { return &query{b: b, parent: parent} }

// item is an entry of FROM.
type item struct {
	name     string
	schema   catalog.OID
	table    *catalog.Table // nil unless a table
	relation catalog.OID    // of the table or view whose rows these are; 0 when they are not
	ref      catalog.Ref    // where that is looked up
	renamed  int            // columns that the alias has given names
	aliased  bool
	cols     []itemColumn
	owner    *query

	// relVisible: `name.column` finds it. colsVisible: `column` alone does.
	relVisible, colsVisible bool
	// lateralOnly: seen by LATERAL items only; lateralOK: and legally so.
	lateralOnly, lateralOK bool
	join                   bool
	// scalar marks a function that returns one plain column: its name stands for the column.
	scalar bool
	// nullable: on the nullable side of an outer join.
	nullable bool

	scan *logical.Scan
	// locked are the tables of a subquery whose rows the query around it is to lock; with marks a WITH query.
	locked []logical.LockTarget
	with   bool
	used   []bool     // columns that the scan outputs
	read   []bool     // columns that the statement names: privileges are about these
	row    *types.Def // of the rows, where they come of a function that returns a composite type

	readSystem bool // it names a system column
}

// itemColumn is a column of an item: its own id, or for joins a column of another item or an expression.
type itemColumn struct {
	name  string
	typ   types.Type
	id    expr.ColumnID
	from  *item
	index int
	e     expr.Expr

	hidden bool // not in *
}

// column makes a reference to the item's i-th column.
func (it *item) column(i, pos int) expr.Expr {
	if i < len(it.read) {
		it.read[i] = true
	}
	return it.value(i, pos)
}

// value is column where it is not the statement that reads it.
func (it *item) value(i, pos int) expr.Expr {
	c := &it.cols[i]
	switch {
	case c.e != nil:
		return c.e
	case c.from != nil:
		return c.from.column(c.index, pos)
	}
	it.use(i)
	return &expr.Column{ID: c.id, T: c.typ, Name: c.name, Pos: pos}
}

// use makes sure that a table's scan outputs the column: scans have the columns that are referred to and no others.
func (it *item) use(i int) {
	if it.scan == nil || it.used[i] {
		return
	}
	it.used[i] = true
	c := &it.cols[i]
	it.scan.Cols = append(it.scan.Cols, logical.Column{ID: c.id, Name: c.name, Type: c.typ})
	it.scan.Source = append(it.scan.Source, it.table.Columns[c.index].ID)
}

// useAll is use for all columns.
func (it *item) useAll() {
	for i := range it.cols {
		it.use(i)
	}
}

// system makes the scan output a system column and returns a reference to it.
func (it *item) system(id catalog.ColumnID, pos int) *expr.Column {
	name, t := systemColumn(id)
	for i, s := range it.scan.Source {
		if s == id {
			return &expr.Column{ID: it.scan.Cols[i].ID, T: t, Name: name, Pos: pos}
		}
	}
	cid := it.owner.b.newColumn(it.owner)
	if n := systemNumbers[id]; n != 0 {
		it.owner.b.info(cid).origin = origin{it.table.OID, n}
	}
	it.scan.Cols = append(it.scan.Cols, logical.Column{ID: cid, Name: name, Type: t})
	it.scan.Source = append(it.scan.Source, id)
	return &expr.Column{ID: cid, T: t, Name: name, Pos: pos}
}

func systemColumn(id catalog.ColumnID) (string, types.Type) {
	switch id {
	case catalog.ColRowKey:
		return "rowkey", typeBytea
	case catalog.ColVersion:
		return "version", typeInt8
	case catalog.ColTableOID:
		return "tableoid", typeOid
	case catalog.ColXmin:
		return "xmin", builtinType(types.OIDXid)
	}
	return "ctid", builtinType(types.OIDTid)
}

// systemNumbers are the attnums that PostgreSQL gives to system columns.
var systemNumbers = map[catalog.ColumnID]int16{catalog.ColCtid: -1, catalog.ColXmin: -2, catalog.ColTableOID: -6}

var systemColumns = map[string]catalog.ColumnID{
	"tableoid": catalog.ColTableOID, "xmin": catalog.ColXmin, "ctid": catalog.ColCtid,
}

// find returns the index of the item's column of that name, or -1. Two of a name are ambiguous.
func (it *item) find(name string, pos int) (int, error) {
	found := -1
	for i := range it.cols {
		if it.cols[i].name != name {
			continue
		}
		if found >= 0 {
			return 0, ambiguousColumn(name, pos)
		}
		found = i
	}
	return found, nil
}

func ambiguousColumn(name string, pos int) error {
	return pgerr.New(pgerrcode.AmbiguousColumn, "column reference \"%s\" is ambiguous", name).At(pos)
}

// resolve finds an unqualified column in this level and the ones around it; nil when there is none.
func (q *query) resolve(name string, pos int) (expr.Expr, error) {
	for l := q; l != nil; l = l.parent {
		e, err := l.resolveHere(name, pos)
		if e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

func (q *query) resolveHere(name string, pos int) (expr.Expr, error) {
	var found *item
	at := -1
	for _, it := range q.items {
		if !it.colsVisible || it.lateralOnly && !q.lateral {
			continue
		}
		i, err := it.find(name, pos)
		if err != nil {
			return nil, err
		}
		if i < 0 {
			continue
		}
		if found != nil {
			return nil, ambiguousColumn(name, pos)
		}
		found, at = it, i
	}
	if found == nil {
		return q.resolveSystem(name, pos)
	}
	if err := q.touch(found, pos); err != nil {
		return nil, err
	}
	return found.column(at, pos), nil
}

// resolveSystem finds a system column of the only table that is there.
func (q *query) resolveSystem(name string, pos int) (expr.Expr, error) {
	id, ok := systemColumns[name]
	if !ok {
		return nil, nil
	}
	var found *item
	for _, it := range q.items {
		if !it.colsVisible || it.scan == nil || it.lateralOnly && !q.lateral {
			continue
		}
		if found != nil {
			return nil, ambiguousColumn(name, pos)
		}
		found = it
	}
	if found == nil {
		return nil, nil
	}
	return found.systemRef(id, pos), q.touch(found, pos)
}

// systemRef is system, except that the table's OID is known here and now.
func (it *item) systemRef(id catalog.ColumnID, pos int) expr.Expr {
	it.readSystem = true
	if id == catalog.ColTableOID && !it.nullable {
		return &expr.Const{Value: types.Int(int64(it.table.OID)), T: typeOid}
	}
	return it.system(id, pos)
}

// touch checks that an item may be referred to and notes lateral references.
func (q *query) touch(it *item, pos int) error {
	if !it.lateralOnly {
		return nil
	}
	if !it.lateralOK {
		return pgerr.New(pgerrcode.InvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"", it.name).
			WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.").At(pos)
	}
	if q.lateralRefs == nil {
		q.lateralRefs = map[*item]bool{}
	}
	q.lateralRefs[it] = true
	return nil
}

// relation finds the item that a (qualified) name means, in this level and the ones around it; nil when there is none.
func (q *query) relation(schema, name string, pos int) (*item, *query, error) {
	for l := q; l != nil; l = l.parent {
		var found *item
		for _, it := range l.items {
			if !it.relVisible || it.name != name || it.lateralOnly && !l.lateral {
				continue
			}
			if schema != "" && (it.table == nil && it.schema == 0 || it.aliased || it.schemaName() != schema) {
				continue
			}
			if found != nil {
				return nil, nil, pgerr.New(pgerrcode.AmbiguousAlias, "table reference \"%s\" is ambiguous", name).At(pos)
			}
			found = it
		}
		if found != nil {
			return found, l, l.touch(found, pos)
		}
	}
	return nil, nil, nil
}

func (it *item) schemaName() string {
	for _, s := range it.owner.b.snaps {
		if n := s.SchemaName(it.schema); n != "" {
			return n
		}
	}
	return ""
}

// qualified finds name.column.
func (q *query) qualified(it *item, name string, pos int) (expr.Expr, error) {
	i, err := it.find(name, pos)
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		return it.column(i, pos), nil
	}
	if id, ok := systemColumns[name]; ok && it.scan != nil {
		return it.systemRef(id, pos), nil
	}
	return nil, nil
}

// add puts items into the scope after checking that their names differ from those there.
func (q *query) add(items []*item) error {
	for _, it := range items {
		if !it.relVisible {
			continue
		}
		for _, old := range q.items {
			if old.relVisible && old.name == it.name && !(old.table != nil && it.table != nil && !old.aliased && !it.aliased && old.table.OID != it.table.OID) {
				return pgerr.New(pgerrcode.DuplicateAlias, "table name \"%s\" specified more than once", it.name)
			}
		}
	}
	q.items = append(q.items, items...)
	return nil
}
