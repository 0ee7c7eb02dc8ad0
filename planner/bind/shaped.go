package bind

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// shaped are the functions of schema rowan whose columns depend on a table that their arguments name. They stand in FROM
// only, and those arguments must be constants. So must those of rowan.blame, whose columns are the same for all: what may be read is known
// from them. A parameter is a constant when its value is known, which comes too late for the columns.
var shaped = map[string]func(q *query, f *tableFunction, words []string, pos int) error{
	"diff":    shapeDiff,
	"history": shapeHistory,
	"blame":   shapeBlame,

	"conflict_rows": shapeConflicts,
	// Dolt's, which are found without a schema.
	"dolt_diff":       shapeDoltDiff,
	"dolt_diff_of":    shapeDoltDiffs,
	"dolt_history_of": shapeDoltHistory,
	"dolt_blame_of":   shapeDoltBlame,

	"dolt_commit_diff_of":           shapeDoltDiffFirst,
	"dolt_conflicts_of":             shapeDoltConflicts,
	"dolt_constraint_violations_of": shapeDoltViolations,
}

// isShaped recognises a call of one of them.
func isShaped(c *pg.FuncCall) bool {
	name := stringList(c.Funcname)
	last := name[len(name)-1]
	if strings.HasPrefix(last, "dolt_") {
		return (len(name) == 1 || name[0] == "pg_catalog") && shaped[last] != nil && len(c.Args) > 0
	}
	return len(name) == 2 && name[0] == "rowan" && shaped[last] != nil
}

// shapedProc reports whether a function is one of them.
func shapedProc(p *builtin.Proc) bool {
	return builtin.IsRowan(p) && shaped[p.Name] != nil && len(p.ArgModes) == 0
}

func (q *query) shapedFunction(f *tableFunction, n *pg.FuncCall) error {
	old := q.lateral
	q.lateral = true
	c, err := q.callArgs(n)
	q.lateral = old
	if err != nil {
		return err
	}
	o, err := q.b.overload(c)
	if err != nil {
		return err
	}
	if o.cand == nil {
		return q.b.noFunction(c, o.many)
	}
	r, err := q.b.resolve(c, o.cand)
	if err != nil {
		return err
	}
	q.b.out.Once = true // the plan holds for the tables of then
	words := make([]string, len(r.args))
	for i := range words {
		if i > 0 && r.proc.Name == "dolt_commit_diff_of" {
			break // the commits need not be known before
		}
		if words[i], err = q.b.constantWord(r.args[i], r.proc, i, c.pos); err != nil {
			return err
		}
	}
	if err := shaped[r.proc.Name](q, f, words, c.pos); err != nil {
		return err
	}
	q.b.traceShaped(n, slices.Index(r.proc.ArgNames, "table_name"), words)
	f.call = &expr.Call{Proc: r.proc, Args: r.args, T: recordOf(f.fields), Pos: c.pos}
	return nil
}

// constantWord evaluates an argument; NULL is "".
func (b *binder) constantWord(e expr.Expr, p *builtin.Proc, i, pos int) (string, error) {
	isTable := i < len(p.ArgNames) && p.ArgNames[i] == "table_name" && p.Name != "blame" // whose columns must be known from the beginning
	if hasParams(e) && b.opts.Late && !isTable {
		if e = b.withArgs(e); e == nil {
			return "", nil
		}
	}
	k, ok := e.(*expr.Const)
	if !ok && expr.IsConstant(e) && b.opts.Fold != nil && !hasParams(e) {
		d, err := b.opts.Fold(e)
		if err != nil {
			return "", err
		}
		b.out.Once = true
		k, ok = &expr.Const{Value: d, T: e.Type()}, true
	}
	if !ok {
		return "", notConstant(p, i, isTable).At(pos)
	}
	if k.Value.Null || k.T.Class != types.ClassString {
		return "", nil
	}
	return k.Value.S, nil
}

func notConstant(p *builtin.Proc, i int, isTable bool) *pgerr.Error {
	hint := "It may be a parameter or an argument of the function around the query."
	if isTable {
		hint = "The columns of the result are those of the table."
	}
	name, arg := p.Name, strconv.Itoa(i+1)
	if !strings.HasPrefix(name, "dolt_") {
		name = "rowan." + name
	}
	if i < len(p.ArgNames) {
		arg = p.ArgNames[i]
	}
	return pgerr.New(pgerrcode.FeatureNotSupported, "argument %s of %s must be a constant", arg, name).WithHint("%s", hint)
}

// shapeDiff gives rowan.diff('from', 'to', 'table') the columns of the table on either side; what was renamed has its new name.
func shapeDiff(q *query, f *tableFunction, words []string, pos int) error {
	from, to, err := q.b.comparedTables(words[2], pos, branchPoint(words[0]), branchPoint(words[1]))
	if err != nil {
		return err
	}
	f.fields = []types.Field{{Name: "diff_type", Type: typeText}}
	for _, c := range catalog.PairColumns(from, to) {
		old, now := cmp.Or(c.From, c.To), cmp.Or(c.To, c.From) // a type of one name may have other labels on each side, or be another
		f.fields = append(f.fields, types.Field{Name: "from_" + now.Name, Type: old.Type}, types.Field{Name: "to_" + now.Name, Type: now.Type})
	}
	f.fields = append(f.fields, types.Field{Name: "changed_columns", Type: builtinType(types.OIDTextArray)})
	return nil
}

// comparedTables finds a table, all of which is read, on both sides of a comparison; nil where a side lacks it.
func (b *binder) comparedTables(table string, pos int, from, to catalog.Ref) (*catalog.Table, *catalog.Table, error) {
	rv, err := b.tableName(table, pos, from, to)
	if err != nil {
		return nil, nil, err
	}
	x, left, err := b.tableAt(rv, from)
	if err != nil {
		return nil, nil, err
	}
	y, right, err := b.tableAt(rv, to)
	if err != nil {
		return nil, nil, err
	}
	if x == nil && y == nil {
		return nil, nil, b.noTable(rv, table)
	}
	x, y = catalog.PairTables(left.snap, right.snap, x, y)
	b.readsAll(x, left)
	b.readsAll(y, right)
	return x, y, nil
}

// shapeHistory gives rowan.history('table', from, to, key, branch) the columns of the table behind those of the versions.
func shapeHistory(q *query, f *tableFunction, words []string, pos int) error {
	ref, err := q.b.upTo(branchPoint(words[4]), words[2])
	if err != nil {
		return pgerr.From(err).At(pos)
	}
	t, err := q.b.shapedTable(words[0], pos, ref)
	if err != nil {
		return err
	}
	f.fields = []types.Field{{Name: "versions_startscn", Type: typeInt8}, {Name: "versions_starttime", Type: builtinType(types.OIDTimestamptz)},
		{Name: "versions_endscn", Type: typeInt8}, {Name: "versions_endtime", Type: builtinType(types.OIDTimestamptz)},
		{Name: "versions_operation", Type: typeText}, {Name: "versions_xid", Type: typeInt8}, {Name: "versions_user", Type: typeText}}
	ix := t.PrimaryIndex()
	for _, c := range t.Live() {
		if ix != nil && len(ix.Columns) == 1 && ix.Columns[0].Column == c.ID && c.Type.Mod < 0 && exactText[c.Type.OID] {
			f.asked = map[int]int{len(f.fields): 3}
		}
		f.column("", t.OID, c, ref == q.b.ref)
	}
	return nil
}

// exactText are types whose values can be read from their text, whatever the session's settings: not so numbers with rounded digits, and
// times with the abbreviation of a zone.
var exactText = map[types.OID]bool{types.OIDInt2: true, types.OIDInt4: true, types.OIDInt8: true, types.OIDText: true, types.OIDVarchar: true, types.OIDUUID: true,
	types.OIDNumeric: true, types.OIDBool: true}

// upTo is a branch at a point, or at present where that is earlier.
func (b *binder) upTo(ref catalog.Ref, point string) (catalog.Ref, error) {
	if point == "" {
		return ref, nil
	}
	to := catalog.Ref{Branch: ref.Branch, Point: point}
	_, err := b.snapshot(to)
	if errors.Is(err, catalog.ErrPointAhead) {
		return ref, nil
	}
	return to, err
}

// shapeBlame gives rowan.blame('table', branch, as_of, key) its columns, which are the same for all tables.
func shapeBlame(q *query, f *tableFunction, words []string, pos int) error {
	ref := branchPoint(words[1])
	if words[2] != "" {
		ref.Point = words[2]
	}
	if words[0] != "" {
		if _, err := q.b.shapedTable(words[0], pos, ref); err != nil {
			return err
		}
	}
	f.fields = []types.Field{{Name: "row_key", Type: typeText}, {Name: "column_name", Type: typeText}, {Name: "value", Type: typeText},
		{Name: "scn", Type: typeInt8}, {Name: "changed_at", Type: builtinType(types.OIDTimestamptz)}, {Name: "username", Type: typeText},
		{Name: "txid", Type: typeInt8}, {Name: "summary", Type: typeText}, {Name: "commit_id", Type: typeText}, {Name: "branch", Type: typeText}}
	return nil
}

// shapeConflicts gives rowan.conflict_rows('table', merge) the columns of the table on all sides of the merge.
func shapeConflicts(q *query, f *tableFunction, words []string, pos int) error {
	t, err := q.b.shapedTable(words[0], pos, q.b.ref)
	if err != nil {
		return err
	}
	f.fields = []types.Field{{Name: "id", Type: typeText}, {Name: "conflict_type", Type: typeText}, {Name: "column_name", Type: typeText},
		{Name: "resolution", Type: typeText}}
	for _, c := range t.Live() {
		for _, side := range []string{"base_", "source_", "target_"} {
			f.column(side, t.OID, c, true)
		}
	}
	return nil
}

// tableName reads the name of a table that is at one of some places: as SQL writes it or, where that is none, as it is shown. The last
// resort is the table that the session has under the name: it may be called otherwise there.
func (b *binder) tableName(table string, pos int, at ...catalog.Ref) (*pg.RangeVar, error) {
	rv, err := b.writtenName(table, pos)
	for _, ref := range at {
		if err != nil {
			break
		}
		if r, err := b.relationAt(rv, ref); err == nil && r.object != nil {
			return rv, nil
		}
	}
	for _, ref := range at {
		snap, err := b.snapshot(ref)
		if err != nil {
			continue
		}
		if o := snap.ShownAs(table); o != nil {
			return fullName(snap, o, pos), nil
		}
	}
	if err != nil {
		return nil, err
	}
	if r, err := b.relationAt(rv, b.ref); err == nil && r.object != nil {
		for _, ref := range at {
			if snap, err := b.snapshot(ref); err == nil && snap.Object(r.object.Head().OID) != nil {
				return fullName(snap, snap.Object(r.object.Head().OID), pos), nil
			}
		}
	}
	return rv, nil
}

func fullName(snap *catalog.Snapshot, o catalog.Object, pos int) *pg.RangeVar {
	return rangeVar([]string{snap.SchemaName(o.Head().Schema), o.Head().Name}, pos)
}

// writtenName reads a table's name as SQL writes it. It says nothing of branches: where it is looked for is known.
func (b *binder) writtenName(table string, pos int) (*pg.RangeVar, error) {
	names, ok := types.SplitName(table)
	switch {
	case !ok:
		return nil, pgerr.New(pgerrcode.InvalidName, "invalid name syntax").At(pos)
	case len(names) > 3:
		return nil, pgerr.New(pgerrcode.SyntaxError, "improper relation name (too many dotted names): %s", strings.Join(names, ".")).At(pos)
	}
	rv := rangeVar(names, pos)
	ref, err := b.reference(rv)
	if err == nil && ref != b.ref {
		err = elsewhere(names, pos).WithHint("The function's other arguments say where it looks.")
	}
	if err != nil {
		return nil, err
	}
	rv.Catalogname = ""
	return rv, nil
}

// shapedTable finds a table, all of which is read, at a place.
func (b *binder) shapedTable(table string, pos int, ref catalog.Ref) (*catalog.Table, error) {
	rv, err := b.tableName(table, pos, ref)
	if err != nil {
		return nil, err
	}
	t, r, err := b.tableAt(rv, ref)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, b.noTable(rv, table)
	}
	b.readsAll(t, r)
	return t, nil
}

// tableAt looks a table up at a place; nil where it is not there.
func (b *binder) tableAt(rv *pg.RangeVar, ref catalog.Ref) (*catalog.Table, *relation, error) {
	old := b.ref
	b.ref = ref
	r, err := b.lookupRelation(rv)
	b.ref = old
	if err != nil {
		return nil, nil, err
	}
	t, ok := r.object.(*catalog.Table)
	if !ok || t.Virtual {
		return nil, r, nil
	}
	return t, r, nil
}

// noTable is the error about a name that is no table's.
func (b *binder) noTable(rv *pg.RangeVar, table string) error {
	_, err := b.findRelation(rv)
	if err == nil {
		err = pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a table", table).At(int(rv.Location))
	}
	return err
}

// readsAll notes that all columns of a table, which is nil where it is not there, are read.
func (b *binder) readsAll(t *catalog.Table, r *relation) {
	if t == nil {
		return
	}
	b.needs(t, r, catalog.PrivSelect)
	read := &b.out.Access[len(b.out.Access)-1]
	for _, c := range t.Live() {
		read.Columns = append(read.Columns, c.ID)
	}
}
