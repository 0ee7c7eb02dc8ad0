package plpgsql

import (
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// looped reports what the end of a loop's body means for the loop: whether it is over, and where to go then.
func (x *run) looped(f flow, label string) (over bool, to flow) {
	switch f {
	case next:
		return false, next
	case leave:
		if x.label == "" || x.label == label {
			x.label = ""
			return true, next
		}
	case again:
		if x.label == "" || x.label == label {
			x.label = ""
			return false, next
		}
	}
	return true, f
}

// loopBody compiles the body of a loop in a scope that has what the loop declares.
func (c *compiler) loopBody(body []parse.PLStmt) ([]node, error) { return c.statements(body) }

type loop struct {
	label string
	cond  *Query
	body  []node
}

func (c *compiler) loop(s *parse.PLLoop) (stmt, error) {
	out := &loop{label: s.Label}
	out.cond = c.expr(s.Cond)
	c.push(s.Label, true)
	defer c.pop()
	var err error
	out.body, err = c.loopBody(s.Body)
	return out, err
}

func (s *loop) run(x *run) (flow, error) {
	for {
		if err := x.ctx.Err(); err != nil {
			return next, err
		}
		if s.cond != nil {
			ok, err := x.condition(s.cond)
			if !ok || err != nil {
				return next, err
			}
		}
		f, err := x.statements(s.body)
		if err != nil {
			return f, err
		}
		if over, to := x.looped(f, s.label); over {
			return to, nil
		}
	}
}

type forInt struct {
	label            string
	v                int
	lower, upper, by *Query
	reverse          bool
	body             []node
}

func (c *compiler) forInt(s *parse.PLForInt) (stmt, error) {
	out := &forInt{label: s.Label, reverse: s.Reverse, lower: c.expr(s.Lower), upper: c.expr(s.Upper), by: c.expr(s.By)}
	if len(s.Var.Parts) != 1 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "syntax error at or near \"%s\"", s.Var.Text).At(s.Var.Offset)
	}
	c.push(s.Label, true)
	defer c.pop()
	out.v = c.add(&variable{name: s.Var.Parts[0], t: integer, line: s.Line})
	c.scope.declare(s.Var.Parts[0], out.v)
	var err error
	out.body, err = c.loopBody(s.Body)
	return out, err
}

var integer = types.Of(types.Builtin(types.OIDInt4))

// bound computes a bound of FOR.
func (x *run) bound(q *Query, what string) (int64, error) {
	d, t, err := x.eval(q)
	if err == nil {
		d, err = x.cast(d, t, integer)
	}
	if err == nil && d.Null {
		err = pgerr.New(pgerrcode.NullValueNotAllowedDataException, "%s of FOR loop cannot be null", what)
	}
	return d.I, err
}

func (s *forInt) run(x *run) (flow, error) {
	i, err := x.bound(s.lower, "lower bound")
	if err != nil {
		return next, err
	}
	end, err := x.bound(s.upper, "upper bound")
	if err != nil {
		return next, err
	}
	by := int64(1)
	if s.by != nil {
		if by, err = x.bound(s.by, "BY value"); err != nil {
			return next, err
		}
		if by <= 0 {
			return next, pgerr.New(pgerrcode.InvalidParameterValue, "BY value of FOR loop must be greater than zero")
		}
	}
	if s.reverse {
		by = -by
	}
	found := false
	defer func() { x.setFound(found) }()
	for n := 0; by > 0 && i <= end || by < 0 && i >= end; n++ {
		if n&255 == 0 {
			if err := x.ctx.Err(); err != nil {
				return next, err
			}
		}
		found = true
		x.vals[s.v] = types.Int(i)
		f, err := x.statements(s.body)
		if err != nil {
			return f, err
		}
		if over, to := x.looped(f, s.label); over {
			return to, nil
		}
		if i += by; i > math.MaxInt32 || i < math.MinInt32 {
			break
		}
	}
	return next, nil
}

// forRows is FOR over a query or over EXECUTE.
type forRows struct {
	label   string
	into    []target
	query   *Query
	execute *Query
	using   []*Query
	body    []node
}

func (c *compiler) forRows(s *parse.PLFor) (string, stmt, error) {
	c.push(s.Label, true)
	defer c.pop()
	if s.Cursor != nil {
		if v, used := c.scope.find(s.Cursor.Parts); used == len(s.Cursor.Parts) && c.f.vars[v].t.ID() == types.OIDRefcursor {
			do, err := c.forCursor(s, v)
			return "FOR over cursor", do, err
		}
	}
	out := &forRows{label: s.Label, query: c.query(s.Query, Command), execute: c.expr(s.Execute), using: c.exprs(s.Using)}
	kind := "FOR over SELECT rows"
	if s.Execute != nil {
		kind = "FOR over EXECUTE statement"
	}
	var err error
	if out.into, err = c.rowTargets(s.Targets); err != nil {
		return kind, nil, err
	}
	out.body, err = c.loopBody(s.Body)
	return kind, out, err
}

// rowTargets resolves the variables of a loop over rows.
func (c *compiler) rowTargets(names []parse.PLName) ([]target, error) {
	if len(names) == 1 {
		if v, used := c.scope.find(names[0].Parts); used == 0 {
			return nil, pgerr.New(pgerrcode.SyntaxError, "loop variable of loop over rows must be a record variable or list of scalar variables").At(names[0].Offset)
		} else if used == len(names[0].Parts) && c.f.vars[v].constant {
			return c.targets(names)
		}
	}
	return c.targets(names)
}

func (s *forRows) run(x *run) (flow, error) {
	var st Statement
	var args []types.Datum
	var err error
	if s.execute != nil {
		st, args, err = x.dynamicQuery(s.execute, s.using, "EXECUTE")
	} else {
		st, args, err = x.prepare(s.query)
	}
	if err != nil {
		return next, err
	}
	if st.Fields() == nil {
		return next, notQuery(st, "open")
	}
	return x.overRows(s.label, s.into, s.body, func(each func(fields []types.Field, row []types.Datum) (bool, error)) error {
		fields := st.Fields()
		_, err := st.Run(x.ctx, args, func(row []types.Datum) (bool, error) { return each(fields, row) })
		return err
	})
}

func notQuery(st Statement, _ string) error {
	return pgerr.New(pgerrcode.InvalidCursorDefinition, "cannot open %s query as cursor", st.Tag())
}

// overRows runs a body for each row. Targets are NULL where there is none.
func (x *run) overRows(label string, into []target, body []node, rows func(each func(fields []types.Field, row []types.Datum) (bool, error)) error) (flow, error) {
	found, to := false, next
	err := rows(func(fields []types.Field, row []types.Datum) (bool, error) {
		found = true
		if err := x.assignRow(into, fields, row); err != nil {
			return false, err
		}
		f, err := x.statements(body)
		if err != nil {
			return false, err
		}
		var over bool
		if over, to = x.looped(f, label); over {
			return false, nil
		}
		to = next
		return true, x.ctx.Err()
	})
	if err != nil {
		return next, err
	}
	if !found {
		if err := x.assignNull(into); err != nil {
			return next, err
		}
	}
	x.setFound(found)
	return to, nil
}

type forEach struct {
	label string
	into  []target
	slice int
	array *Query
	body  []node
}

func (c *compiler) forEach(s *parse.PLForEach) (stmt, error) {
	c.push(s.Label, true)
	defer c.pop()
	out := &forEach{label: s.Label, slice: s.Slice, array: c.expr(s.Array)}
	var err error
	if out.into, err = c.targets(s.Targets); err != nil {
		return nil, err
	}
	out.body, err = c.loopBody(s.Body)
	return out, err
}

func (s *forEach) run(x *run) (flow, error) {
	d, t, err := x.eval(s.array)
	if err != nil {
		return next, err
	}
	if d.Null {
		return next, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "FOREACH expression must not be null")
	}
	if !t.IsArray() {
		return next, pgerr.New(pgerrcode.DatatypeMismatch, "FOREACH expression must yield an array, not type %s", x.h.TypeName(t))
	}
	a := types.UnpackArray(d.Clone().S)
	if s.slice < 0 || s.slice > len(a.Dims) {
		return next, pgerr.New(pgerrcode.ArraySubscriptError, "slice dimension (%d) is out of the valid range 0..%d", s.slice, len(a.Dims))
	}
	if to, err := s.target(x); err != nil {
		return next, err
	} else if s.slice > 0 && !to.IsArray() {
		return next, pgerr.New(pgerrcode.DatatypeMismatch, "FOREACH ... SLICE loop variable must be of an array type")
	} else if s.slice == 0 && to.IsArray() {
		return next, pgerr.New(pgerrcode.DatatypeMismatch, "FOREACH loop variable must not be of an array type")
	}
	size, et := 1, types.Of(t.Elem)
	for _, k := range a.Dims[len(a.Dims)-s.slice:] {
		size *= int(k.Len)
	}
	if s.slice > 0 {
		et = types.Of(t.Def)
	}
	found := false
	defer func() { x.setFound(found) }()
	for i := 0; i+size <= len(a.Elems); i += size {
		found = true
		v := a.Elems[i]
		if s.slice > 0 {
			v = types.String(types.Array{Dims: a.Dims[len(a.Dims)-s.slice:], Elems: a.Elems[i : i+size]}.Pack(t.Elem))
		}
		if err := x.assignElement(s.into, v, et); err != nil {
			return next, err
		}
		f, err := x.statements(s.body)
		if err != nil {
			return f, err
		}
		if over, to := x.looped(f, s.label); over {
			return to, nil
		}
	}
	return next, nil
}

// target is the type of the loop's variable.
func (s *forEach) target(x *run) (types.Type, error) {
	if len(s.into) == 1 {
		return x.targetType(s.into[0])
	}
	return types.Of(types.Builtin(types.OIDRecord)), nil
}
