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
	case "pg_exception_context":
		text = e.Where
	default:
		text = *partOf(e, diagnosed[kind])
	}
	return types.String(text), types.Of(types.Builtin(types.OIDText))
}

// diagnosed are the items of GET STACKED DIAGNOSTICS, with the names that RAISE has for them.
var diagnosed = map[string]string{
	"message_text": "message", "pg_exception_detail": "detail", "pg_exception_hint": "hint", "column_name": "column",
	"constraint_name": "constraint", "pg_datatype_name": "datatype", "table_name": "table", "schema_name": "schema",
}
