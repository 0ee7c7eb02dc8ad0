package plpgsql

import (
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// diagnostic is the value of an item of GET DIAGNOSTICS.
func (x *run) diagnostic(kind string, e *pgerr.Error) (types.Datum, types.Type) {
	switch kind {
	case "row_count":
		return types.Int(x.rows), types.Of(types.Builtin(types.OIDInt8))
	case "pg_routine_oid":
		return types.Int(int64(x.f.OID)), types.Of(types.Builtin(types.OIDOid))
	}
	text := ""
	switch kind {
	case "pg_context":
		text = x.Context()
		if outer := x.h.Outer(); outer != "" {
			text += "\n" + outer
		}
	case "returned_sqlstate":
		text = e.Code
	case "message_text":
		text = e.Message
	case "pg_exception_detail":
		text = e.Detail
	case "pg_exception_hint":
		text = e.Hint
	case "pg_exception_context":
		text = e.Where
	case "column_name":
		text = e.Column
	case "constraint_name":
		text = e.Constraint
	case "pg_datatype_name":
		text = e.DataType
	case "table_name":
		text = e.Table
	case "schema_name":
		text = e.Schema
	}
	return types.String(text), types.Of(types.Builtin(types.OIDText))
}
