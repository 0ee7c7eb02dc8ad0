package eval

import (
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

func (c *compiler) row(e *expr.Row) (ref, error) {
	args, err := c.list(e.Fields)
	if err != nil {
		return 0, err
	}
	ts := exprTypes(e.Fields)
	return c.rowStep(e.T, args, func(_ *Program, a []types.Datum) (types.Datum, error) {
		return packRow(ts, a), nil
	}), nil
}

func packRow(ts []types.Type, values []types.Datum) types.Datum {
	fields := make([]types.RecordField, len(values))
	for i, d := range values {
		fields[i] = types.RecordField{Type: ts[i], Value: d}
	}
	return types.String(types.PackRecord(fields))
}

// MakeRecord makes a value of a composite type, or of an anonymous record type whose fields are known.
func MakeRecord(t types.Type, values []types.Datum) types.Datum {
	ts := make([]types.Type, len(values))
	for i := range ts {
		if i < len(t.Fields) {
			ts[i] = t.Fields[i].Type
		} else {
			ts[i] = types.Of(types.Builtin(types.OIDText))
		}
	}
	return packRow(ts, values)
}

// RecordFields returns the first n fields of a record, NULLs for those that it does not have; they borrow from it.
func RecordFields(t types.Type, d types.Datum, n int) []types.Datum {
	out := make([]types.Datum, n)
	for i := range out {
		out[i] = types.Null
	}
	if d.Null {
		return out
	}
	for i, f := range types.UnpackRecord(t, d.S) {
		if i < n {
			out[i] = f.Value
		}
	}
	return out
}

func (c *compiler) field(e *expr.Field) (ref, error) {
	if r, ok := e.Arg.(*expr.Row); ok && e.Index < len(r.Fields) {
		return c.expr(r.Fields[e.Index])
	}
	arg, err := c.expr(e.Arg)
	if err != nil {
		return 0, err
	}
	t, index := e.Arg.Type(), e.Index
	return c.rowStep(e.T, []ref{arg}, func(_ *Program, a []types.Datum) (types.Datum, error) {
		if a[0].Null {
			return a[0], nil
		}
		if fields := types.UnpackRecord(t, a[0].S); index < len(fields) {
			return fields[index].Value, nil
		}
		return types.Null, nil
	}), nil
}

// recordNullTest is IS [NOT] NULL of a composite value.
func (c *compiler) recordNullTest(e *expr.NullTest) (ref, error) {
	arg, err := c.expr(e.Arg)
	if err != nil {
		return 0, err
	}
	t, not := e.Arg.Type(), e.Not
	return c.rowStep(boolean, []ref{arg}, func(_ *Program, a []types.Datum) (types.Datum, error) {
		if a[0].Null {
			return types.Bool(!not), nil
		}
		for _, f := range types.UnpackRecord(t, a[0].S) {
			if f.Value.Null == not {
				return types.Bool(false), nil
			}
		}
		return types.Bool(true), nil
	}), nil
}

// variadicAny compiles a call of a function of any arguments that gets the last ones from an array (VARIADIC array): the
// function is bound anew for each number of elements.
func (c *compiler) variadicAny(e *expr.Call, args []ref) (ref, error) {
	ts := exprTypes(e.Args)
	last := len(ts) - 1
	elem := types.Of(ts[last].Elem)
	rows := map[int]kernel.Row{}
	var all []types.Datum
	return c.rowStep(e.T, args, func(p *Program, a []types.Datum) (types.Datum, error) {
		if a[last].Null {
			return types.Null, nil
		}
		elems := types.UnpackArray(a[last].S).Elems
		all = append(append(all[:0], a[:last]...), elems...)
		row, ok := rows[len(elems)]
		if !ok {
			bound := ts[:last:last]
			for range elems {
				bound = append(bound, elem)
			}
			k, err := Kernel(e.Proc, bound, e.T)
			if err != nil {
				return types.Null, err
			}
			row = k.Row
			rows[len(elems)] = row
		}
		return row(p.kenv, all)
	}), nil
}
