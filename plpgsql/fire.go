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
	Values   []types.Datum // of TriggerVariables
	EachRow  bool
}

// TriggerVariables are the variables of a trigger function that begin with TG_.
var TriggerVariables = []string{
	"tg_name", "tg_when", "tg_level", "tg_op", "tg_relid", "tg_relname", "tg_table_name", "tg_table_schema", "tg_nargs", "tg_argv",
}

var triggerTypes = []types.OID{
	types.OIDName, types.OIDText, types.OIDText, types.OIDText, types.OIDOid, types.OIDName, types.OIDName, types.OIDName, types.OIDInt4,
	types.OIDTextArray,
}

// Fire runs a trigger function. It returns the row that the function does, one of the table; nil: NULL. The row holds until the
// function is called again.
func (c *Call) Fire(f Firing) ([]types.Datum, error) {
	x := c.x
	copy(x.vals[x.f.tg:], f.Values)
	x.setRow(x.f.new, f.Row, f.New, &x.frame.new)
	x.setRow(x.f.old, f.Row, f.Old, &x.frame.old)
	if err := x.body(); err != nil {
		return nil, x.failed(err)
	}
	if !x.done {
		return nil, x.failed(x.noReturn("trigger procedure"))
	}
	if !f.EachRow {
		return nil, nil
	}
	row, err := x.triggerRow(f.Row)
	if err != nil {
		return nil, x.failed(err)
	}
	return row, nil
}

// setRow gives NEW or OLD a row, in room that is used again. Where the event has none it is a record that is NULL.
func (x *run) setRow(v int, t types.Type, row []types.Datum, room *[]types.Datum) {
	r := &x.recs[v]
	r.def, r.null, r.fields = t, row == nil, nil
	if row != nil {
		fields := (*room)[:0]
		for _, d := range row {
			fields = append(fields, d.Clone())
		}
		*room, r.fields = fields, fields
	}
}

// triggerRow makes what was returned a row of the table.
func (x *run) triggerRow(want types.Type) ([]types.Datum, error) {
	const message = "returned row structure does not match the structure of the triggering table"
	if x.isRow {
		r := &x.recs[x.returns]
		if r.null || !r.def.Known() {
			return nil, nil
		}
		if r.def.Def == want.Def && len(r.fields) == len(want.Fields) {
			return r.fields, nil
		}
		x.phase, x.line = "during function exit", 0
		return x.fit(fieldsOf(r.def), r.fields, want.Fields, message)
	}
	if x.value.Null {
		return nil, nil
	}
	from := x.result.def
	x.phase, x.line = "during function exit", 0
	if !isRecord(from) {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "cannot return non-composite value from trigger function")
	}
	fields, row := unpack(from, x.value)
	return x.fit(fields, row, want.Fields, message)
}
