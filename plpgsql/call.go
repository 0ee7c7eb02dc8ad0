package plpgsql

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Call is a call that is running.
type Call struct{ x *run }

// Context is what contexts say of it.
func (c *Call) Context() string { return c.x.Context() }

// Finish ends the call.
func (c *Call) Finish() { c.x.end() }

// Value runs a function or procedure and returns its value, or a procedure's OUT parameters as a record.
func (c *Call) Value(args []types.Datum) (types.Datum, error) {
	x := c.x
	err := x.start(args)
	if err == nil {
		err = x.body()
	}
	if err != nil {
		return types.Null, x.failed(err)
	}
	d, err := x.returned()
	if err != nil {
		return types.Null, x.failed(err)
	}
	return d.Clone(), nil
}

// Rows runs a function that returns a set, and gives its rows to yield until that returns false.
func (c *Call) Rows(args []types.Datum, yield func(row []types.Datum) (bool, error)) error {
	x := c.x
	x.yield = yield
	err := x.start(args)
	if err == nil {
		err = x.body()
	}
	if err == errStopped || err == nil {
		return nil
	}
	return x.failed(err)
}

// failed adds the call's line to an error; one that is raised again has it.
func (x *run) failed(err error) error {
	if a, ok := err.(*raisedAgain); ok {
		e := *a.e
		if outer := x.h.Outer(); outer != "" && len(e.Where) > len(outer) {
			e.Where = e.Where[:len(e.Where)-len(outer)-1] // callers add it anew
		}
		return &e
	}
	return x.within(err)
}

// start puts the arguments into their variables.
func (x *run) start(args []types.Datum) error {
	x.phase = "while storing call arguments into local variables"
	for i, v := range x.f.args {
		if i >= len(args) {
			break
		}
		if !x.f.vars[v].record {
			x.vals[v] = args[i].Clone()
			continue
		}
		if err := x.assignRecord(v, args[i], x.f.vars[v].t); err != nil {
			return err
		}
	}
	x.phase = "during function entry"
	return nil
}

// returned is the function's value.
func (x *run) returned() (types.Datum, error) {
	f := x.f
	switch {
	case f.Kind == KindInline:
		return types.Null, nil
	case len(f.out) == 1 && f.Kind != KindProcedure:
		fields, row := x.outputs()
		x.phase, x.line = "while casting return value to function's return type", 0
		return x.cast(row[0], fields[0].Type, f.Result)
	case len(f.out) > 0:
		fields, row := x.outputs()
		return packed(fields, row), nil
	case f.Kind == KindProcedure || f.Result.ID() == types.OIDVoid:
		return types.Datum{}, nil
	case !x.done:
		return types.Null, x.noReturn("function")
	}
	x.phase, x.line = "while casting return value to function's return type", 0
	return x.convert(x.value, x.result.def)
}

func (x *run) noReturn(what string) error {
	x.phase, x.kind, x.line = "", "", 0
	return pgerr.New(pgerrcode.FunctionExecutedNoReturnStatement, "control reached end of %s without RETURN", what)
}

// convert makes a value that was returned one of the result's type.
func (x *run) convert(d types.Datum, from types.Type) (types.Datum, error) {
	want := x.f.Result
	if !isRecord(want) {
		return x.cast(d, from, want)
	}
	if d.Null {
		return d, nil
	}
	if !isRecord(from) {
		return d, pgerr.New(pgerrcode.DatatypeMismatch, "cannot return non-composite value from function returning composite type")
	}
	if len(fieldsOf(want)) == 0 || from.ID() == want.ID() && want.ID() != types.OIDRecord {
		return d, nil
	}
	fields, row := unpack(from, d)
	row, err := x.fit(fields, row, fieldsOf(want), "returned record type does not match expected record type")
	if err != nil {
		return d, err
	}
	out := packed(fieldsOf(want), row)
	if want.Kind == types.KindDomain {
		return x.cast(out, baseOf(want), want)
	}
	return out, nil
}
