package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// tableFunction is one function of FROM with the columns that it gives.
type tableFunction struct {
	call   expr.Expr
	label  string
	fields []types.Field
	scalar bool
	named  bool // the only column's name comes from an OUT argument
	// follows are the columns, by field, that give the fields their names.
	follows map[int]catalog.Dep
	// asked are fields that arguments can be the values of, with the positions of these.
	asked map[int]int
}

// rangeFunction binds functions in FROM.
func (q *query) rangeFunction(n *pg.RangeFunction) (logical.Node, []*item, error) {
	var fs []*tableFunction
	for _, f := range n.Functions {
		items := f.GetList().GetItems()
		defs := n.Coldeflist
		if len(items) > 1 && items[1].GetList() != nil {
			defs = items[1].GetList().GetItems()
		}
		more, err := q.tableFunctions(items[0], defs, n.IsRowsfrom)
		if err != nil {
			return nil, nil, err
		}
		fs = append(fs, more...)
	}
	return q.functionItem(n, fs)
}

// tableFunctions binds one function call; unnest of several arrays is several calls side by side.
func (q *query) tableFunctions(n *pg.Node, defs []*pg.Node, rows bool) ([]*tableFunction, error) {
	if c := n.GetFuncCall(); c != nil && len(c.Args) > 1 && !decorated(c) && len(defs) == 0 {
		if name := stringList(c.Funcname); name[len(name)-1] == "unnest" && (len(name) == 1 || name[0] == "pg_catalog") {
			var out []*tableFunction
			for _, a := range c.Args {
				one := &pg.FuncCall{Funcname: c.Funcname, Args: []*pg.Node{a}, Funcformat: c.Funcformat, Location: c.Location}
				f, err := q.tableFunction(&pg.Node{Node: &pg.Node_FuncCall{FuncCall: one}}, nil)
				if err != nil {
					return nil, err
				}
				out = append(out, f)
			}
			return out, nil
		}
	}
	f, err := q.tableFunction(n, defs)
	return []*tableFunction{f}, err
}

func (q *query) tableFunction(n *pg.Node, defs []*pg.Node) (*tableFunction, error) {
	f := &tableFunction{label: columnLabel(n)}
	if c := n.GetFuncCall(); c != nil && isShaped(c) {
		return f, q.shapedFunction(f, c)
	}
	old := q.lateral
	q.lateral = true
	e, err := q.in(kindFromFunction, n)
	q.lateral = old
	if err != nil {
		return nil, err
	}
	if err := topLevelSet(e, location(n)); err != nil {
		return nil, err
	}
	if e, err = q.b.known(e); err != nil {
		return nil, err
	}
	f.call = e
	return f, q.functionColumns(f, defs, location(n))
}

// topLevelSet refuses set-returning functions among the arguments.
func topLevelSet(e expr.Expr, pos int) error {
	for _, c := range expr.Children(e) {
		if expr.ReturnsSet(c) {
			return pgerr.New(pgerrcode.FeatureNotSupported, "set-returning functions must appear at top level of FROM").At(pos)
		}
	}
	return nil
}

// functionColumns settles what columns a function gives.
func (q *query) functionColumns(f *tableFunction, defs []*pg.Node, pos int) error {
	t := f.call.Type()
	record := t.OID == types.OIDRecord
	switch {
	case len(defs) > 0 && !record:
		return pgerr.New(pgerrcode.SyntaxError, "a column definition list is only allowed for functions returning \"record\"").At(int(defs[0].GetColumnDef().GetLocation()))
	case len(defs) > 0 && len(t.Fields) > 0:
		return pgerr.New(pgerrcode.SyntaxError, "a column definition list is redundant for a function with OUT parameters").At(int(defs[0].GetColumnDef().GetLocation()))
	case len(defs) > 0:
		return q.defineColumns(f, defs)
	case record && len(t.Fields) == 0:
		return pgerr.New(pgerrcode.SyntaxError, "a column definition list is required for functions returning \"record\"").At(pos)
	case isRow(baseType(t.Def)):
		f.fields = baseType(t.Def).Fields
		return nil
	}
	f.scalar = true
	f.fields = []types.Field{{Name: f.label, Type: t}}
	if c, ok := f.call.(*expr.Call); ok {
		if name := onlyOut(c.Proc); name != "" {
			f.fields[0].Name, f.named = name, true
		}
	}
	return nil
}

// onlyOut is the name of a function's only OUT argument.
func onlyOut(p *builtin.Proc) string {
	name, n := "", 0
	for i, m := range p.ArgModes {
		if m == 'o' || m == 'b' || m == 't' {
			n++
			if i < len(p.ArgNames) {
				name = p.ArgNames[i]
			}
		}
	}
	if n != 1 {
		return ""
	}
	return name
}

func (q *query) defineColumns(f *tableFunction, defs []*pg.Node) error {
	for _, d := range defs {
		cd := d.GetColumnDef()
		t, err := q.b.typeName(cd.TypeName)
		if err != nil {
			return err
		}
		f.fields = append(f.fields, types.Field{Name: cd.Colname, Type: t})
	}
	if c, ok := f.call.(*expr.Call); ok {
		with := *c
		with.T = recordOf(f.fields)
		f.call = &with
	}
	return nil
}

// functionItem makes the scan and the item of the functions.
func (q *query) functionItem(n *pg.RangeFunction, fs []*tableFunction) (logical.Node, []*item, error) {
	scan := &logical.FunctionScan{Ordinality: n.Ordinality, Alias: fs[0].label}
	name := fs[0].label
	if n.Alias != nil {
		name = n.Alias.Aliasname
		scan.Alias = name
		if len(fs) == 1 && fs[0].scalar && !fs[0].named {
			fs[0].fields[0].Name = name
		}
	}
	add := func(name string, t types.Type) {
		scan.Cols = append(scan.Cols, logical.Column{ID: q.b.newColumn(q), Name: name, Type: t})
	}
	for _, f := range fs {
		scan.Calls = append(scan.Calls, logical.TableFunction{Call: f.call, Width: len(f.fields)})
		for _, c := range f.fields {
			add(c.Name, c.Type)
		}
	}
	if n.Ordinality {
		add("ordinality", typeInt8)
	}
	node, items, err := q.nodeItem(scan, nil, name, n.Alias)
	if err != nil {
		return nil, nil, err
	}
	for field, arg := range fs[0].asked {
		if scan.Calls[0].Asked == nil {
			scan.Calls[0].Asked = map[expr.ColumnID]int{}
		}
		scan.Calls[0].Asked[scan.Cols[field].ID] = arg
	}
	for i, d := range fs[0].follows {
		q.b.info(scan.Cols[i].ID).shaped = d
	}
	items[0].scalar = len(fs) == 1 && fs[0].scalar && !n.Ordinality
	items[0].aliased = n.Alias != nil
	if t := baseType(fs[0].call.Type().Def); len(fs) == 1 && !n.Ordinality && t.Kind == types.KindComposite {
		items[0].row = t
	}
	return node, items, nil
}

// column adds a field that has the name of a table's column, behind a prefix. here says that the session's own table is meant: then the
// field is renamed with the column.
func (f *tableFunction) column(prefix string, table catalog.OID, c *catalog.Column, here bool) {
	if here {
		if f.follows == nil {
			f.follows = map[int]catalog.Dep{}
		}
		f.follows[len(f.fields)] = catalog.Dep{Object: table, Column: c.ID}
	}
	f.fields = append(f.fields, types.Field{Name: prefix + c.Name, Type: c.Type})
}

// sequenceItem makes a sequence's one row, as SELECT * FROM sequence shows it.
func (q *query) sequenceItem(s *catalog.Sequence, ref catalog.Ref, alias *pg.Alias) (logical.Node, []*item, error) {
	id := &expr.Const{Value: types.Int(int64(s.OID)), T: builtinType(types.OIDRegclass)}
	ask := func(p *builtin.Proc) expr.Expr {
		return onBranch(&expr.Call{Proc: p, Args: []expr.Expr{id}, T: typeInt8, Pos: -1}, ref)
	}
	last := ask(builtin.ProcsByName("pg_sequence_last_value")[0])
	row := []expr.Expr{
		ask(builtin.SequencePosition),
		&expr.Const{Value: types.Int(0), T: typeInt8},
		&expr.NullTest{Arg: last, Not: true},
	}
	v := &logical.Values{Rows: [][]expr.Expr{row}}
	for i, name := range []string{"last_value", "log_cnt", "is_called"} {
		v.Cols = append(v.Cols, logical.Column{ID: q.b.newColumn(q), Name: name, Type: row[i].Type()})
	}
	fields := make([]Field, len(v.Cols))
	for i, c := range v.Cols {
		fields[i] = Field{Name: c.Name, Type: c.Type, TableOID: s.OID, Attribute: int16(i + 1)}
	}
	node, items, err := q.nodeItem(v, fields, s.Name, alias)
	if err == nil {
		items[0].schema = s.Schema
	}
	return node, items, err
}
