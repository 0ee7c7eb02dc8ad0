package vcs

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

// rowJSON writes a row as a JSON object; NULL where there is none. Values that JSON has no form for are in their text form.
func rowJSON(columns []*catalog.Column, cells []types.Datum) types.Datum {
	return objectOf(columns, cells, func(c *catalog.Column) string { return c.Name })
}

// keptRow is rowJSON with ids of columns in the place of names.
func keptRow(columns []*catalog.Column, cells []types.Datum) types.Datum {
	return objectOf(columns, cells, columnKeyOf)
}

func objectOf(columns []*catalog.Column, cells []types.Datum, name func(*catalog.Column) string) types.Datum {
	if cells == nil {
		return types.Null
	}
	size := 2
	for i, c := range columns {
		size += len(c.Name) + len(cells[i].S) + len(cells[i].S)/16 + 32
	}
	b := append(make([]byte, 0, size), '{')
	for i, c := range columns {
		if cells[i].Null && (c.TypeOID == types.OIDJSON || c.TypeOID == types.OIDJSONB) {
			continue // what is not there is NULL; null would be the JSON value
		}
		if len(b) > 1 {
			b = append(b, ", "...)
		}
		b = jsonb.AppendQuoted(b, name(c))
		b = append(b, ": "...)
		b = appendCell(b, c.Type, cells[i])
	}
	return types.String(string(append(b, '}')))
}

func appendCell(b []byte, t types.Type, d types.Datum) []byte {
	if d.Null || !t.Known() {
		return append(b, "null"...)
	}
	if t.OID == types.OIDText || t.OID == types.OIDVarchar { // which is its own text, and may be long
		return jsonb.AppendQuoted(b, d.S)
	}
	f := types.DefaultFormat()
	text := string(types.AppendText(nil, t, d, f))
	switch t.OID {
	case types.OIDBool:
		if d.B() {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDFloat4, types.OIDFloat8, types.OIDNumeric:
		if !strings.ContainsAny(text, "NnI") { // NaN, Infinity
			return append(b, text...)
		}
	case types.OIDJSON, types.OIDJSONB:
		return append(b, text...)
	}
	return jsonb.AppendQuoted(b, text)
}

// cellOf reads a JSON value as one of a type: what appendCell has written.
func cellOf(t types.Type, v jsonb.Value) (types.Datum, error) {
	f := types.DefaultFormat()
	switch {
	case t.OID == types.OIDJSON || t.OID == types.OIDJSONB:
		return types.ParseText(t, v.Text(), f)
	case v.Kind == jsonb.Null:
		return types.Null, nil
	case v.Kind == jsonb.String:
		return types.ParseText(t, v.Str, f)
	case v.Kind == jsonb.Array && t.IsArray():
		return types.ParseText(t, arrayText(v), f)
	}
	return types.ParseText(t, v.Text(), f)
}

// arrayText writes a JSON array as PostgreSQL reads arrays.
func arrayText(v jsonb.Value) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range v.Elems {
		if i > 0 {
			b.WriteByte(',')
		}
		switch e.Kind {
		case jsonb.Null:
			b.WriteString("NULL")
		case jsonb.Array:
			b.WriteString(arrayText(e))
		case jsonb.String:
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(e.Str) + `"`)
		default:
			b.WriteString(`"` + strings.ReplaceAll(e.Text(), `"`, `\"`) + `"`)
		}
	}
	b.WriteByte('}')
	return b.String()
}

// cellsOf reads a row from a JSON object as it is kept. Columns that it leaves out keep the value they have.
func cellsOf(columns []*catalog.Column, old []types.Datum, text string) ([]types.Datum, error) {
	v, err := jsonb.Parse(text)
	if err != nil {
		return nil, err
	}
	if v.Kind == jsonb.Null {
		return nil, nil
	}
	if v.Kind != jsonb.Object {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "a row is given as a JSON object of its columns, or as null for no row")
	}
	out := make([]types.Datum, len(columns))
	for i, c := range columns {
		out[i] = types.Null
		if old != nil {
			out[i] = old[i]
		}
		if x, ok := v.Get(columnKeyOf(c)); ok {
			if out[i], err = cellOf(c.Type, x); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
