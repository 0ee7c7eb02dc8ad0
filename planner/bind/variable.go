package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Variables tells what names mean in a body in PL/pgSQL. index is the number of the parameter that stands for the variable, -1
// if there is none; used is how many of the parts are its name. sure says that the name can be nothing else.
type Variables interface {
	Variable(names []string, sure bool) (index int, t types.Type, used int, err error)
}

// Conflict says what a name means that is both a column and a variable.
type Conflict uint8

// The choices of plpgsql.variable_conflict.
const (
	ConflictError Conflict = iota
	ConflictVariable
	ConflictColumn
)

// variable is what a name means as a variable of PL/pgSQL, or a field of one; nil: it is none.
func (q *query) variable(names []string, sure bool, pos int) (expr.Expr, error) {
	index, t, used, err := q.b.body().Vars.Variable(names, sure)
	if err != nil {
		if pgerr.Code(err) == pgerrcode.ObjectNotInPrerequisiteState {
			return nil, err
		}
		return nil, pgerr.From(err).At(pos)
	}
	if index < 0 {
		return nil, nil
	}
	for len(*q.b.params) <= index {
		*q.b.params = append(*q.b.params, types.Type{})
	}
	(*q.b.params)[index] = t
	e, err := q.b.param(index+1, pos)
	for _, name := range names[used:] {
		if err != nil {
			return nil, err
		}
		e, err = q.field(e, name, pos)
	}
	return e, err
}

// variableFirst is columnRef in a body of PL/pgSQL: variables come before columns, after them, or may not be the same.
func (q *query) variableFirst(n *pg.ColumnRef, names []string) (expr.Expr, error) {
	pos := int(n.Location)
	body := q.b.body()
	if body.Conflict == ConflictVariable {
		if e, err := q.variable(names, false, pos); e != nil || err != nil {
			return e, err
		}
	}
	e, err := q.columnName(n, names)
	if err != nil || body.Conflict != ConflictError || isVariable(e) {
		return e, err
	}
	index, _, _, err := body.Vars.Variable(names, false)
	if err == nil && index >= 0 {
		return nil, pgerr.New(pgerrcode.AmbiguousColumn, "column reference \"%s\" is ambiguous", dotted(names)).
			WithDetail("It could refer to either a PL/pgSQL variable or a table column.").At(pos)
	}
	return e, nil
}

func isVariable(e expr.Expr) bool {
	for {
		switch x := e.(type) {
		case *expr.Param:
			return true
		case *expr.Field:
			e = x.Arg
		default:
			return false
		}
	}
}

// variableRow is variable.* where the variable is a record: its fields.
func (q *query) variableRow(names []string, n *pg.Node, pos int) ([]target, error) {
	e, err := q.variable(names, true, pos)
	if e == nil || err != nil {
		return nil, err
	}
	d := baseType(e.Type().Def)
	if !isRow(d) {
		return nil, nil
	}
	out := make([]target, len(d.Fields))
	for i, f := range d.Fields {
		fe, err := q.variable(append(names[:len(names):len(names)], f.Name), false, pos)
		if err != nil {
			return nil, err
		}
		if fe == nil || fe.Type().Def != f.Type.Def { // two fields of a name
			fe = &expr.Field{Arg: e, Index: i, Name: f.Name, T: f.Type}
		}
		out[i] = target{e: fe, name: f.Name, node: n}
	}
	return out, nil
}

// assigned makes the only column of a query a value of the type that the body wants of it, as an assignment in PL/pgSQL does.
func (b *binder) assigned(want types.Type) error {
	cols := b.resultColumns()
	if len(cols) != 1 {
		return nil
	}
	e := cols[0]
	if e.Type().ID() == want.ID() && (want.Mod < 0 || e.Type().Mod == want.Mod) {
		return nil
	}
	if isRow(baseType(e.Type().Def)) || isRow(baseType(want.Def)) {
		return nil
	}
	e, err := b.assignable(e, want)
	if err != nil {
		return err
	}
	return b.setResult([]expr.Expr{e})
}

// assignable makes a value one of a type: by an assignment cast, or else by way of its text.
func (b *binder) assignable(e expr.Expr, want types.Type) (expr.Expr, error) {
	if _, err := b.session(); err != nil { // checks of domains are found in the catalogs that the statement has used
		return nil, err
	}
	out, ok, err := b.coerceTo(e, want, cast{assignment, expr.FormImplicitCast, -1})
	if err != nil || ok {
		return out, err
	}
	text, ok, err := b.coerceTo(e, typeText, cast{explicit, expr.FormImplicitCast, -1})
	if err != nil || !ok {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "cannot cast type %s to %s", b.formatType(e.Type().Def), b.formatType(want.Def))
	}
	out, ok, err = b.coerceTo(text, want, cast{explicit, expr.FormImplicitCast, -1})
	if err == nil && !ok {
		err = pgerr.New(pgerrcode.CannotCoerce, "cannot cast type %s to %s", b.formatType(e.Type().Def), b.formatType(want.Def))
	}
	return out, err
}

// VariableCast is the expression over Slot 0, a value of type from, that makes it one of type to; nil: it is one.
func VariableCast(from, to types.Type, c Catalog, o Options) (expr.Expr, error) {
	var none []types.Type
	b := &binder{cat: c, opts: o, params: &none, stmt: &parse.Statement{}, out: &Bound{}}
	if from.ID() == types.OIDUnknown { // it is NULL
		e, err := b.assignable(&expr.Const{Value: types.Null, T: typeUnknown}, to)
		return e, err
	}
	slot := &expr.Slot{Index: 0, T: from}
	if from.ID() == to.ID() && (to.Mod < 0 || from.Mod == to.Mod) {
		return nil, nil
	}
	e, err := b.assignable(slot, to)
	if e == expr.Expr(slot) {
		return nil, err
	}
	return e, err
}

// TakenCast is the expression over Slot 0 that checks a value that came in from outside against what domains of the catalog of ref demand
// of it; nil: nothing.
func TakenCast(t types.Type, ref catalog.Ref, c Catalog, o Options) (expr.Expr, error) {
	var none []types.Type
	b := &binder{cat: c, opts: o, params: &none, stmt: &parse.Statement{}, out: &Bound{}}
	if _, err := b.snapshot(ref); err != nil || !b.demanding(t.Def) {
		return nil, err
	}
	return b.taken(&expr.Slot{Index: 0, T: t}, t, cast{assignment, expr.FormImplicitCast, -1})
}

// VariableType is the type that a name means in a declaration.
func VariableType(text string, c Catalog) (types.Type, error) {
	const before = "SELECT NULL::"
	placed := func(err error) error {
		if e := pgerr.From(err); e.ByteOffset() >= len(before) {
			c := *e
			return c.Relocate(e.ByteOffset() - len(before))
		}
		return err
	}
	stmts, err := parse.Parse(before + text)
	if err != nil {
		return types.Type{}, placed(err)
	}
	if len(stmts) == 1 {
		for _, t := range stmts[0].Node.GetSelectStmt().GetTargetList() {
			if k := t.GetResTarget().GetVal().GetTypeCast(); k != nil {
				b := &binder{cat: c, stmt: &stmts[0], out: &Bound{}}
				t, err := b.typeName(k.TypeName)
				if err != nil {
					err = placed(err)
				}
				return t, err
			}
		}
	}
	return types.Type{}, pgerr.New(pgerrcode.SyntaxError, "invalid type name \"%s\"", text)
}

// CopiedType is the type of what %TYPE and, with row, %ROWTYPE name.
func CopiedType(of []string, row bool, c Catalog) (types.Type, error) {
	b := &binder{cat: c, stmt: &parse.Statement{}, out: &Bound{}}
	if !row {
		var names []*pg.Node
		for _, n := range of {
			names = append(names, pg.MakeStrNode(n))
		}
		return b.typeName(&pg.TypeName{Names: names, PctType: true, Typemod: -1, Location: -1})
	}
	d, err := b.lookupType(of, -1)
	if err != nil {
		return types.Type{}, err
	}
	if d == nil {
		return types.Type{}, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", dotted(of))
	}
	if !isRow(d) {
		return types.Type{}, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", dotted(of))
	}
	return types.Of(d), nil
}

// Outputs tells, of a CALL, which parameters its arguments for OUT parameters are, -1 for those that are something else, and
// the names of the OUT parameters.
type Outputs struct {
	Params []int
	Names  []string
}
