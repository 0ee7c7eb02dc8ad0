package plpgsql

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// errStopped unwinds a call whose rows nobody wants any more.
var errStopped = errors.New("the rows are not wanted")

// returnStmt is RETURN. A trigger function that returns one of its records, as most do, returns it as it is.
type returnStmt struct {
	value  *Query
	record int // -1: it is no record of a trigger function
}

func (c *compiler) returns(s *parse.PLReturn) (stmt, error) {
	f := c.f
	at := s.Offset
	if s.Value != nil {
		at = s.Value.Offset
	}
	refuse := func(code, message string) (stmt, error) { return nil, pgerr.New(code, "%s", message).At(at) }
	switch {
	case f.Set && s.Value != nil:
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "RETURN cannot have a parameter in function returning set").
			WithHint("Use RETURN NEXT or RETURN QUERY.").At(at)
	case f.Set:
	case f.Kind == KindProcedure && s.Value != nil:
		return refuse(pgerrcode.SyntaxError, "RETURN cannot have a parameter in a procedure")
	case f.Kind != KindTrigger && f.Result.ID() == types.OIDVoid && s.Value != nil && len(f.out) == 0:
		return refuse(pgerrcode.DatatypeMismatch, "RETURN cannot have a parameter in function returning void")
	case len(f.out) > 0 && s.Value != nil:
		return refuse(pgerrcode.DatatypeMismatch, "RETURN cannot have a parameter in function with OUT parameters")
	case s.Value == nil && len(f.out) == 0 && f.Kind != KindProcedure && f.Result.ID() != types.OIDVoid:
		return nil, pgerr.New(pgerrcode.SyntaxError, "missing expression at or near \";\"").At(c.semicolon(s.Offset))
	}
	out := &returnStmt{value: c.expr(s.Value), record: -1}
	if f.Kind == KindTrigger && s.Value != nil && plainName(s.Value.Text) {
		name := strings.ToLower(strings.TrimSpace(s.Value.Text))
		if v, used := c.scope.find([]string{name}); used == 1 && f.vars[v].record && f.vars[v].t.Kind != types.KindDomain {
			out.record = v
		}
	}
	return out, nil
}

// plainName reports whether a text is but a name without quotes.
func plainName(text string) bool {
	text = strings.TrimSpace(text)
	for i, r := range []byte(text) {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != ""
}

// semicolon is where the statement that begins at a place ends.
func (c *compiler) semicolon(at int) int {
	text := c.f.Body.Text
	for i := at; i < len(text); i++ {
		if text[i] == ';' {
			return i
		}
	}
	return at
}

func (s *returnStmt) run(x *run) (flow, error) {
	x.done = true
	if s.value == nil || x.f.Set {
		return finish, nil
	}
	if x.isRow = s.record >= 0; x.isRow {
		x.returns = s.record
		return finish, nil
	}
	d, t, err := x.eval(s.value)
	if err != nil {
		return next, err
	}
	x.value = d.Clone()
	x.result.def = t
	return finish, nil
}

// returnNext is RETURN NEXT.
type returnNext struct{ value *Query }

func (c *compiler) returnNext(s *parse.PLReturnNext) (stmt, error) {
	switch {
	case !c.f.Set:
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "cannot use RETURN NEXT in a non-SETOF function").At(s.Offset)
	case len(c.f.out) > 0 && s.Value != nil:
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "RETURN NEXT cannot have a parameter in function with OUT parameters").At(s.Value.Offset)
	case len(c.f.out) == 0 && s.Value == nil:
		return nil, pgerr.New(pgerrcode.SyntaxError, "missing expression at or near \";\"").At(c.semicolon(s.Offset))
	}
	return &returnNext{c.expr(s.Value)}, nil
}

func (s *returnNext) run(x *run) (flow, error) {
	if s.value == nil {
		fields, row := x.outputs()
		if len(fields) == 1 {
			return next, x.give(fields[0].Type, row[0])
		}
		return next, x.giveRow(fields, row)
	}
	d, t, err := x.eval(s.value)
	if err != nil {
		return next, err
	}
	return next, x.give(t, d.Clone())
}

// outputs are the OUT parameters as they are.
func (x *run) outputs() ([]types.Field, []types.Datum) {
	var fields []types.Field
	var row []types.Datum
	for _, t := range x.f.out {
		fields = append(fields, types.Field{Name: x.f.vars[t.v].name, Type: x.typeOf(t.v)})
		row = append(row, x.get(param{t.v, -1}))
	}
	return fields, row
}

// give yields a value of the result's type.
func (x *run) give(from types.Type, d types.Datum) error {
	want := x.f.Result
	if !isRecord(want) {
		d, err := x.cast(d, from, want)
		if err != nil {
			return err
		}
		return x.pass([]types.Datum{d})
	}
	if d.Null {
		fields := fieldsOf(want)
		if len(fields) == 0 {
			return x.pass([]types.Datum{types.Null})
		}
		row := make([]types.Datum, len(fields))
		for i := range row {
			row[i] = types.Null
		}
		return x.passRow(want, row)
	}
	if !isRecord(from) {
		return pgerr.New(pgerrcode.DatatypeMismatch, "cannot return non-composite value from function returning composite type")
	}
	fields, row := unpack(from, d)
	if len(fieldsOf(want)) == 0 {
		return x.pass([]types.Datum{d})
	}
	row, err := x.fit(fields, row, fieldsOf(want), "wrong record type supplied in RETURN NEXT")
	if err != nil {
		return err
	}
	return x.passRow(want, row)
}

// giveRow yields a row of fields.
func (x *run) giveRow(fields []types.Field, row []types.Datum) error {
	want := fieldsOf(x.f.Result)
	if len(want) == 0 {
		return x.passRow(x.f.Result, row)
	}
	row, err := x.fit(fields, row, want, "wrong record type supplied in RETURN NEXT")
	if err != nil {
		return err
	}
	return x.passRow(x.f.Result, row)
}

// passRow yields the columns of a record; one of a single column goes packed.
func (x *run) passRow(t types.Type, row []types.Datum) error {
	if len(row) > 1 && len(fieldsOf(t)) > 0 {
		return x.pass(row)
	}
	fields := fieldsOf(t)
	out := make([]types.RecordField, len(row))
	for i := range row {
		out[i] = types.RecordField{Type: types.Of(types.Builtin(types.OIDText)), Value: row[i]}
		if i < len(fields) {
			out[i].Type = fields[i].Type
		}
	}
	return x.pass([]types.Datum{types.String(types.PackRecord(out))})
}

func (x *run) pass(row []types.Datum) error {
	x.rows++
	more, err := x.yield(row)
	if err == nil && !more {
		return errStopped
	}
	return err
}

// fit makes a row one of the wanted fields, by their places.
func (x *run) fit(have []types.Field, row []types.Datum, want []types.Field, message string) ([]types.Datum, error) {
	for i := range min(len(have), len(want)) {
		if from, to := have[i].Type, want[i].Type; from.ID() != to.ID() {
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "%s", message).
				WithDetail("Returned type %s does not match expected type %s in column %d.", x.h.TypeName(from), x.h.TypeName(to), i+1)
		}
	}
	if len(have) != len(want) {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "%s", message).
			WithDetail("Number of returned columns (%d) does not match expected column count (%d).", len(have), len(want))
	}
	return slices.Clone(row[:len(want)]), nil
}

// returnQuery is RETURN QUERY.
type returnQuery struct {
	query   *Query
	execute *Query
	using   []*Query
}

func (c *compiler) returnQuery(s *parse.PLReturnQuery) (stmt, error) {
	if !c.f.Set {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "cannot use RETURN QUERY in a non-SETOF function").At(s.Offset)
	}
	return &returnQuery{query: c.query(s.Query, Command), execute: c.expr(s.Execute), using: c.exprs(s.Using)}, nil
}

func (s *returnQuery) run(x *run) (flow, error) {
	var st Statement
	var args []types.Datum
	var err error
	if s.execute != nil {
		var list []Statement
		if list, args, _, err = x.dynamic(s.execute, s.using, "EXECUTE"); err == nil && len(list) == 1 {
			st = list[0]
		} else if err == nil {
			err = pgerr.New(pgerrcode.InvalidCursorDefinition, "cannot open multi-query plan as cursor")
		}
	} else {
		st, args, err = x.prepare(s.query)
	}
	if err != nil {
		return next, err
	}
	if st.Fields() == nil {
		return next, pgerr.New(pgerrcode.SyntaxError, "query does not return tuples") // PostgreSQL words it by the command
	}
	fields := st.Fields()
	want := fieldsOf(x.f.Result)
	if !isRecord(x.f.Result) {
		want = []types.Field{{Type: x.f.Result}}
	}
	n := int64(0)
	_, err = st.Run(x.ctx, args, func(row []types.Datum) (bool, error) {
		n++
		if len(want) > 0 {
			var err error
			if row, err = s.fit(x, st, row, want); err != nil {
				return false, err
			}
		}
		if !isRecord(x.f.Result) {
			return true, x.pass(row)
		}
		if len(want) == 0 {
			return true, x.pass([]types.Datum{packed(fields, row)})
		}
		return true, x.passRow(x.f.Result, row)
	})
	if err != nil {
		return next, err
	}
	if n == 0 && len(want) > 0 {
		nulls := make([]types.Datum, len(fields))
		if _, err := s.fit(x, st, nulls, want); err != nil {
			return next, err
		}
	}
	x.rows = n
	x.setFound(n > 0)
	return next, nil
}

// fit makes a row of the query one of the function's.
func (s *returnQuery) fit(x *run, st Statement, row []types.Datum, want []types.Field) ([]types.Datum, error) {
	row, err := x.fit(st.Fields(), row, want, "structure of query does not match function result type")
	if err != nil {
		pgerr.From(err).Where = st.Context()
	}
	return row, err
}

// packed is a row as a record.
func packed(fields []types.Field, row []types.Datum) types.Datum {
	out := make([]types.RecordField, len(row))
	for i := range row {
		out[i] = types.RecordField{Type: fields[i].Type, Value: row[i]}
	}
	return types.String(types.PackRecord(out))
}
