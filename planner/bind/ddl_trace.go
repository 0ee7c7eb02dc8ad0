package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// trace notes what the names of one parse tree mean while it is bound, so that the tree can then be written out with
// names that mean the same for ever.
type trace struct {
	relations map[*pg.RangeVar]*relation
	stars     map[*pg.ResTarget][]target
	columns   map[*pg.ColumnRef]catalog.Dep // those that go by the name that the column has now
	functions map[*pg.FuncCall]catalog.OID  // users'
	shaped    map[*pg.Node]*relation        // constants that name the table of a function whose columns depend on it
	literals  map[int]*relation             // by their place, the constants that name a relation: 'name'::regclass
	ofTables  map[*pg.RangeVar]*relation    // names of Dolt's relations that have a table's in them
	deps      []catalog.Dep
	spelling  *spelling // nil unless the tree is to be written out by ViewText
}

func newTrace() *trace {
	return &trace{relations: map[*pg.RangeVar]*relation{}, stars: map[*pg.ResTarget][]target{}, columns: map[*pg.ColumnRef]catalog.Dep{}, functions: map[*pg.FuncCall]catalog.OID{},
		shaped: map[*pg.Node]*relation{}, literals: map[int]*relation{}, ofTables: map[*pg.RangeVar]*relation{}}
}

// tracing reports whether names are being noted: those in the queries of views that the tree reads are not its own.
func (b *binder) tracing() bool { return b.trace != nil && b.views == 0 }

func (t *trace) need(d catalog.Dep) {
	if !slices.Contains(t.deps, d) {
		t.deps = append(t.deps, d)
	}
}

func (b *binder) traceRelation(rv *pg.RangeVar, r *relation) {
	if !b.tracing() {
		return
	}
	b.trace.relations[rv] = r
	if h := r.object.Head(); h.OID >= catalog.FirstUserOID {
		b.trace.need(catalog.Dep{Object: h.OID})
	}
}

// traceLiteral notes a constant that names a relation.
func (b *binder) traceLiteral(pos int, r *relation) {
	if h := r.object.Head(); b.tracing() && h.OID >= catalog.FirstUserOID {
		b.trace.literals[pos] = r
		b.trace.need(catalog.Dep{Object: h.OID})
	}
}

// traceNamed notes the type or function that a constant names: 'name'::regtype, regproc or regprocedure.
func (b *binder) traceNamed(e expr.Expr) {
	c, ok := e.(*expr.Const)
	if !ok || c.Value.Null || !b.tracing() {
		return
	}
	switch c.T.ID() {
	case types.OIDRegtype, types.OIDRegproc, types.OIDRegprocedure:
	default:
		return
	}
	id := catalog.OID(c.Value.I)
	if d := b.def(id); d != nil && d.Elem != nil && d.Category == 'A' {
		id = d.Elem.OID
	}
	if id >= catalog.FirstUserOID {
		b.trace.need(catalog.Dep{Object: id})
	}
}

// findLiterals finds the constants of a tree that were seen to name relations.
func (t *trace) findLiterals(tree *pg.Node) {
	if len(t.literals) == 0 {
		return
	}
	visit(tree, func(m proto.Message) {
		n, ok := m.(*pg.Node)
		if c := n.GetAConst(); ok && c.GetSval() != nil && t.literals[int(c.Location)] != nil {
			t.shaped[n] = t.literals[int(c.Location)]
		}
	})
}

func (b *binder) traceStar(rt *pg.ResTarget, ts []target) {
	if !b.tracing() {
		return
	}
	b.trace.stars[rt] = ts
	for _, t := range ts {
		b.traceUse(t.e)
	}
}

func (b *binder) traceColumn(n *pg.ColumnRef, e expr.Expr) {
	if b.tracing() {
		if d, ok := b.traceUse(e); ok && b.followsName(e.(*expr.Column)) {
			b.trace.columns[n] = d
		}
	}
}

// followsName reports whether a column is named by what it is called now: not by an alias, nor in a subquery's result, nor at a point or on a
// branch, where it is called what it is called there.
func (b *binder) followsName(c *expr.Column) bool {
	from := b.info(c.ID)
	it := from.item
	switch {
	case it == nil:
		return false
	case from.shaped.Object != 0:
	case it.ref != b.ref, it.relation != from.table && (it.table == nil || it.table.OID != from.table):
		return false
	}
	shown := 0
	for i := range it.cols {
		if it.cols[i].id == c.ID {
			return shown >= it.renamed
		}
		if !it.cols[i].hidden {
			shown++
		}
	}
	return false
}

// traceUse notes that a column of a relation is used.
func (b *binder) traceUse(e expr.Expr) (catalog.Dep, bool) {
	c, ok := e.(*expr.Column)
	if !ok {
		return catalog.Dep{}, false
	}
	from := b.info(c.ID)
	if from.shaped.Object != 0 {
		b.trace.need(from.shaped)
		return from.shaped, true
	}
	if from.table < catalog.FirstUserOID {
		return catalog.Dep{}, false
	}
	snap, err := b.session()
	if err != nil {
		return catalog.Dep{}, false
	}
	o, _ := snap.RelationByOID(from.table)
	for _, col := range relationColumns(o) {
		if col.Num == from.attnum {
			d := catalog.Dep{Object: from.table, Column: col.ID}
			b.trace.need(d)
			return d, true
		}
	}
	return catalog.Dep{}, false
}

// starOrigin is the FROM item that a column of a star is of, "" for one that a join has merged, and its name there.
func (it *item) starOrigin(i int) (from, name string) {
	c := &it.cols[i]
	switch {
	case it.join && !it.relVisible && c.from != nil:
		return c.from.starOrigin(c.index)
	case !it.relVisible:
		return "", c.name
	}
	return it.name, c.name
}
