package plpgsql

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Firing is what a trigger function learns of why it is called.
type Firing struct {
	Row      types.Type // of the table
	Old, New []types.Datum
	Values   map[string]types.Datum // of the variables that begin with TG_
	EachRow  bool
}

// Fire runs a trigger function. It returns the row that the function does, one of the table; nil: NULL.
func (c *Call) Fire(f Firing) ([]types.Datum, error) {
	x := c.x
	for name, d := range f.Values {
		x.vals[x.f.tg[name]] = d
	}
	x.setRow(x.f.new, f.Row, f.New)
	x.setRow(x.f.old, f.Row, f.Old)
	if err := x.body(); err != nil {
		return nil, x.failed(err)
	}
	if !x.done {
		return nil, x.failed(x.noReturn("trigger procedure"))
	}
	if x.value.Null || !f.EachRow {
		return nil, nil
	}
	row, err := x.triggerRow(f.Row)
	if err != nil {
		return nil, x.failed(err)
	}
	return row, nil
}

// setRow gives NEW or OLD a row. Where the event has none it is a record that is NULL.
func (x *run) setRow(v int, t types.Type, row []types.Datum) {
	r := &x.recs[v]
	r.def, r.null, r.fields = t, row == nil, nil
	if row != nil {
		r.fields = make([]types.Datum, len(row))
		for i, d := range row {
			r.fields[i] = d.Clone()
		}
	}
}

// triggerRow makes what was returned a row of the table.
func (x *run) triggerRow(want types.Type) ([]types.Datum, error) {
	from := x.result.def
	x.phase, x.line = "during function exit", 0
	if !isRecord(from) {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "cannot return non-composite value from trigger function")
	}
	fields, row := unpack(from, x.value)
	return x.fit(fields, row, want.Fields, "returned row structure does not match the structure of the triggering table")
}
