package bind

import (
	"errors"
	"slices"
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
// only, and those arguments must be constants.
var shaped = map[string]func(q *query, f *tableFunction, words []string, pos int) error{
	"diff":    shapeDiff,
	"history": shapeHistory,
	"blame":   shapeBlame,

	"conflict_rows": shapeConflicts,
	// Dolt's, which are found without a schema.
	"dolt_diff":       shapeDoltDiff,
	"dolt_diff_of":    shapeDoltDiff,
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
	c, err := q.callArgs(n)
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
	isTable := i < len(p.ArgNames) && p.ArgNames[i] == "table_name" // whose columns must be known from the beginning
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
		return "", pgerr.New(pgerrcode.FeatureNotSupported, "the arguments of rowan.%s must be constants", p.Name).At(pos)
	}
	if k.Value.Null || k.T.Class != types.ClassString {
		return "", nil
	}
	return k.Value.S, nil
}

// shapeDiff gives rowan.diff('from', 'to', 'table') the columns of the table on either side.
func shapeDiff(q *query, f *tableFunction, words []string, pos int) error {
	tables, err := q.b.tablesAt(words[2], pos, branchPoint(words[0]), branchPoint(words[1]))
	if err != nil {
		return err
	}
	typeAt := func(t *catalog.Table, c *catalog.Column) types.Type { // a type of one name may have other labels on each side, or be another
		if t != nil && t.Column(c.Name) != nil {
			return t.Column(c.Name).Type
		}
		return c.Type
	}
	f.fields = []types.Field{{Name: "diff_type", Type: typeText}}
	for _, c := range columnsOf(tables) {
		f.fields = append(f.fields, types.Field{Name: "from_" + c.Name, Type: typeAt(tables[0], c)}, types.Field{Name: "to_" + c.Name, Type: typeAt(tables[1], c)})
	}
	f.fields = append(f.fields, types.Field{Name: "changed_columns", Type: builtinType(types.OIDTextArray)})
	return nil
}

// shapeHistory gives rowan.history('table', from, to, key, branch) the columns of the table behind those of the versions.
func shapeHistory(q *query, f *tableFunction, words []string, pos int) error {
	ref, err := q.b.upTo(branchPoint(words[4]), words[2])
	if err != nil {
		return pgerr.From(err).At(pos)
	}
	cols, err := q.b.tableColumns(words[0], pos, ref)
	if err != nil {
		return err
	}
	f.fields = []types.Field{{Name: "versions_startscn", Type: typeInt8}, {Name: "versions_starttime", Type: builtinType(types.OIDTimestamptz)},
		{Name: "versions_endscn", Type: typeInt8}, {Name: "versions_endtime", Type: builtinType(types.OIDTimestamptz)},
		{Name: "versions_operation", Type: typeText}, {Name: "versions_xid", Type: typeInt8}, {Name: "versions_user", Type: typeText}}
	for _, c := range cols {
		f.fields = append(f.fields, types.Field{Name: c.Name, Type: c.Type})
	}
	return nil
}

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
	if _, err := q.b.tableColumns(words[0], pos, ref); err != nil {
		return err
	}
	f.fields = []types.Field{{Name: "row_key", Type: typeText}, {Name: "column_name", Type: typeText}, {Name: "value", Type: typeText},
		{Name: "scn", Type: typeInt8}, {Name: "changed_at", Type: builtinType(types.OIDTimestamptz)}, {Name: "username", Type: typeText},
		{Name: "txid", Type: typeInt8}, {Name: "summary", Type: typeText}, {Name: "commit_id", Type: typeText}, {Name: "branch", Type: typeText}}
	return nil
}

// shapeConflicts gives rowan.conflict_rows('table', merge) the columns of the table on all sides of the merge.
func shapeConflicts(q *query, f *tableFunction, words []string, pos int) error {
	cols, err := q.b.tableColumns(words[0], pos, q.b.ref)
	if err != nil {
		return err
	}
	f.fields = []types.Field{{Name: "id", Type: typeText}, {Name: "conflict_type", Type: typeText}, {Name: "column_name", Type: typeText},
		{Name: "resolution", Type: typeText}}
	for _, c := range cols {
		for _, side := range []string{"base_", "source_", "target_"} {
			f.fields = append(f.fields, types.Field{Name: side + c.Name, Type: c.Type})
		}
	}
	return nil
}

// tableName reads a table's name, which says nothing of branches: where it is looked for is known.
func (b *binder) tableName(table string, pos int) (*pg.RangeVar, error) {
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

// tableColumns lists the columns that a table has at any of the given places, by name, and notes that its rows are read.
func (b *binder) tableColumns(table string, pos int, refs ...catalog.Ref) ([]*catalog.Column, error) {
	tables, err := b.tablesAt(table, pos, refs...)
	return columnsOf(tables), err
}

// columnsOf are the columns of versions of a table, each name once.
func columnsOf(tables []*catalog.Table) (out []*catalog.Column) {
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, c := range t.Live() {
			if !slices.ContainsFunc(out, func(o *catalog.Column) bool { return o.Name == c.Name }) {
				out = append(out, c)
			}
		}
	}
	return out
}

// tablesAt finds a table, all of which is read, at places; nil where it is not there, an error where it is nowhere.
func (b *binder) tablesAt(table string, pos int, refs ...catalog.Ref) ([]*catalog.Table, error) {
	rv, err := b.tableName(table, pos)
	if err != nil {
		return nil, err
	}
	out := make([]*catalog.Table, len(refs))
	found := false
	for i, ref := range refs {
		old := b.ref
		b.ref = ref
		r, err := b.lookupRelation(rv)
		b.ref = old
		if err != nil {
			return nil, err
		}
		t, ok := r.object.(*catalog.Table)
		if !ok || t.Virtual {
			continue
		}
		out[i], found = t, true
		b.needs(t, r, catalog.PrivSelect, nil)
		read := &b.out.Access[len(b.out.Access)-1]
		for _, c := range t.Live() {
			read.Columns = append(read.Columns, c.ID)
		}
	}
	if !found {
		_, err := b.findRelation(rv)
		if err == nil {
			err = pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a table", table).At(pos)
		}
		return nil, err
	}
	return out, nil
}
