package plpgsql

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// open is OPEN.
type open struct {
	v       int
	scroll  int
	query   *Query
	execute *Query
	using   []*Query
	args    []*Query // of a bound cursor, in the order of its arguments
}

// cursorVariable resolves a variable that is a cursor.
func (c *compiler) cursorVariable(n parse.PLName) (int, error) {
	v, used := c.scope.find(n.Parts)
	if used != len(n.Parts) {
		return 0, unknownVariable(n)
	}
	if c.f.vars[v].record {
		return 0, pgerr.New(pgerrcode.DatatypeMismatch, "cursor variable must be a simple variable").At(n.Offset)
	}
	if c.f.vars[v].t.ID() != types.OIDRefcursor {
		return 0, pgerr.New(pgerrcode.DatatypeMismatch, "variable \"%s\" must be of type cursor or refcursor", n.Text).At(n.Offset)
	}
	return v, nil
}

func (c *compiler) open(s *parse.PLOpen) (stmt, error) {
	v, err := c.cursorVariable(s.Cursor)
	if err != nil {
		return nil, err
	}
	out := &open{v: v, scroll: s.Scroll, using: c.exprs(s.Using), execute: c.expr(s.Execute)}
	k := c.f.vars[v].cursor
	switch {
	case k == nil && s.Query == nil && s.Execute == nil:
		return nil, pgerr.New(pgerrcode.SyntaxError, "syntax error, expected \"FOR\"").At(s.Cursor.Offset)
	case k == nil:
		out.query = c.query(s.Query, Command)
	case s.Query != nil || s.Execute != nil:
		return nil, pgerr.New(pgerrcode.SyntaxError, "syntax error at or near \"FOR\"").At(s.Cursor.Offset)
	default:
		out.args, err = c.cursorArgs(s.Cursor, s.Args)
	}
	return out, err
}

// cursorArgs puts the arguments of a bound cursor in order.
func (c *compiler) cursorArgs(n parse.PLName, args []parse.PLArg) ([]*Query, error) {
	v, _ := c.scope.find(n.Parts)
	k := c.f.vars[v].cursor
	if len(k.args) == 0 && args != nil {
		return nil, pgerr.New(pgerrcode.SyntaxError, "cursor \"%s\" has no arguments", n.Text).At(n.Offset + len(n.Text))
	}
	out := make([]*Query, len(k.args))
	if len(k.args) > 0 && args == nil {
		return nil, pgerr.New(pgerrcode.SyntaxError, "cursor \"%s\" has arguments", n.Text).At(n.Offset + len(n.Text))
	}
	for i, a := range args {
		at := i
		if a.Name != "" {
			at = -1
			for j, name := range k.names {
				if name == a.Name {
					at = j
				}
			}
			if at < 0 {
				return nil, pgerr.New(pgerrcode.SyntaxError, "cursor \"%s\" has no argument named \"%s\"", n.Text, a.Name).At(n.Offset)
			}
		}
		if at >= len(out) {
			return nil, pgerr.New(pgerrcode.SyntaxError, "too many arguments for cursor \"%s\"", n.Text).At(n.Offset)
		}
		if out[at] != nil {
			return nil, pgerr.New(pgerrcode.SyntaxError, "value for parameter \"%s\" of cursor \"%s\" specified more than once", k.names[at], n.Text).At(n.Offset)
		}
		out[at] = c.expr(a.Value)
	}
	for _, q := range out {
		if q == nil {
			return nil, pgerr.New(pgerrcode.SyntaxError, "not enough arguments for cursor \"%s\"", n.Text).At(n.Offset)
		}
	}
	return out, nil
}

func (s *open) run(x *run) (flow, error) {
	va := x.f.vars[s.v]
	name := ""
	if d := x.vals[s.v]; !d.Null {
		name = d.S
	}
	var st Statement
	var args []types.Datum
	var err error
	scroll, text := s.scroll, ""
	switch {
	case s.execute != nil:
		st, args, err = x.dynamicQuery(s.execute, s.using, "EXECUTE")
	case s.query != nil:
		text = s.query.Text
		st, args, err = x.prepare(s.query)
	default:
		scroll = va.cursor.scroll
		text = va.cursor.query.Text
		st, args, err = x.opened(va.cursor, s.args)
	}
	if err != nil {
		return next, err
	}
	if st.Fields() == nil {
		return next, notQuery(st, "open")
	}
	name, err = x.h.Open(x.ctx, name, st, text, args, scroll)
	if err == nil && x.vals[s.v].Null {
		x.vals[s.v] = types.String(name)
	}
	return next, err
}

// opened prepares a bound cursor's query with its arguments.
func (x *run) opened(k *cursorDecl, args []*Query) (Statement, []types.Datum, error) {
	for i, q := range args {
		d, t, err := x.eval(q)
		if err != nil {
			return nil, nil, err
		}
		if err := x.assignTo(target{v: k.args[i]}, d.Clone(), t); err != nil {
			return nil, nil, err
		}
	}
	return x.prepare(k.query)
}

// cursorName is the name of the cursor that a variable holds.
func (x *run) cursorName(v int) (string, error) {
	if x.vals[v].Null {
		return "", pgerr.New(pgerrcode.NullValueNotAllowedDataException, "cursor variable \"%s\" is null", x.f.vars[v].name)
	}
	return x.vals[v].S, nil
}

// fetch is FETCH and MOVE.
type fetch struct {
	v     int
	move  Move
	count *Query
	into  *into
}

func (c *compiler) fetch(s *parse.PLFetch) (stmt, error) {
	v, err := c.cursorVariable(s.Cursor)
	if err != nil {
		return nil, err
	}
	out := &fetch{v: v, move: Move{Direction: s.Direction, Count: s.Count, All: s.All, NoRows: s.Move}, count: c.expr(s.CountExpr)}
	out.into, err = c.into(s.Into)
	return out, err
}

func (s *fetch) run(x *run) (flow, error) {
	name, err := x.cursorName(s.v)
	if err != nil {
		return next, err
	}
	m := s.move
	if s.count != nil {
		d, t, err := x.eval(s.count)
		if err == nil {
			d, err = x.cast(d, t, integer)
		}
		if err != nil {
			return next, err
		}
		if d.Null {
			return next, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "relative or absolute cursor position is null")
		}
		m.Count = d.I
	}
	got := false
	n, err := x.h.Fetch(x.ctx, name, m, func(fields []types.Field, row []types.Datum) error {
		if got || s.into == nil {
			return nil
		}
		got = true
		return x.assignRow(s.into.targets, fields, row)
	})
	if err != nil {
		return next, err
	}
	if !got && s.into != nil {
		if err := x.fetchNull(name, s.into.targets); err != nil {
			return next, err
		}
	}
	x.rows = n
	x.setFound(n > 0)
	return next, nil
}

// fetchNull makes targets NULL; a record has the cursor's fields all the same.
func (x *run) fetchNull(name string, into []target) error {
	if len(into) == 1 && into[0].field == "" && x.f.vars[into[0].v].record {
		fields, err := x.h.CursorFields(name)
		if err != nil {
			return err
		}
		row := make([]types.Datum, len(fields))
		for i := range row {
			row[i] = types.Null
		}
		return x.assignRow(into, fields, row)
	}
	return x.assignNull(into)
}

// closeStmt is CLOSE.
type closeStmt struct{ v int }

func (c *compiler) close(s *parse.PLClose) (stmt, error) {
	v, err := c.cursorVariable(s.Cursor)
	return &closeStmt{v}, err
}

func (s *closeStmt) run(x *run) (flow, error) {
	name, err := x.cursorName(s.v)
	if err != nil {
		return next, err
	}
	return next, x.h.Close(name)
}

// forCursor is FOR over a cursor.
type forCursor struct {
	label string
	v     int
	row   int
	args  []*Query
	body  []node
}

func (c *compiler) forCursor(s *parse.PLFor, v int) (stmt, error) {
	if c.f.vars[v].cursor == nil {
		return nil, pgerr.New(pgerrcode.SyntaxError, "cursor FOR loop must use a bound cursor variable").At(s.Cursor.Offset)
	}
	if len(s.Targets) > 1 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "cursor FOR loop must have only one target variable").At(s.Targets[0].Offset)
	}
	out := &forCursor{label: s.Label, v: v}
	var err error
	if out.args, err = c.cursorArgs(*s.Cursor, s.Args); err != nil {
		return nil, err
	}
	c.push(s.Label, true)
	defer c.pop()
	out.row = c.add(&variable{name: s.Targets[0].Parts[0], t: types.Of(types.Builtin(types.OIDRecord)), record: true, line: s.Line})
	c.scope.declare(s.Targets[0].Parts[0], out.row)
	out.body, err = c.loopBody(s.Body)
	return out, err
}

func (s *forCursor) run(x *run) (flow, error) {
	va := x.f.vars[s.v]
	name, wasNull := "", x.vals[s.v].Null
	if !wasNull {
		name = x.vals[s.v].S
	}
	st, args, err := x.opened(va.cursor, s.args)
	if err != nil {
		return next, err
	}
	if name, err = x.h.Open(x.ctx, name, st, va.cursor.query.Text, args, va.cursor.scroll); err != nil {
		return next, err
	}
	x.vals[s.v] = types.String(name)
	to, err := x.overRows(s.label, []target{{v: s.row}}, s.body, func(each func([]types.Field, []types.Datum) (bool, error)) error {
		for more := true; more; {
			n, err := x.h.Fetch(x.ctx, name, Move{Direction: "forward", Count: 1}, func(fields []types.Field, row []types.Datum) error {
				var err error
				more, err = each(fields, row)
				return err
			})
			if err != nil || n == 0 {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return to, err
	}
	if wasNull {
		x.vals[s.v] = types.Null
	}
	return to, x.h.Close(name)
}
