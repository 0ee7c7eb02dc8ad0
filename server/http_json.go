package server

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

func encodeJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

func decodeJSON(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	return v
}

// typeWords are the names that HTTP clients get for common types.
var typeWords = map[types.OID]string{
	types.OIDInt2: "SMALLINT", types.OIDInt4: "INTEGER", types.OIDInt8: "BIGINT", types.OIDBool: "BOOLEAN", types.OIDFloat4: "REAL",
	types.OIDFloat8: "DOUBLE PRECISION", types.OIDUnknown: "TEXT",
}

// shortNames are how HTTP clients see types whose SQL names are long.
var shortNames = strings.NewReplacer("CHARACTER VARYING", "VARCHAR", "CHARACTER", "CHAR", " WITHOUT TIME ZONE", "", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ",
	"TIME WITH TIME ZONE", "TIMETZ")

func jsonTypeName(t types.Type) string {
	if w := typeWords[t.ID()]; w != "" {
		return w
	}
	if t.IsArray() {
		return jsonTypeName(types.Of(t.Elem)) + "[]"
	}
	return shortNames.Replace(strings.ToUpper(types.FormatType(t, func(_, name string) string { return name })))
}

// appendJSON appends a value as JSON: numbers and booleans as such, json as it is, times in ISO 8601, all else as PostgreSQL's
// text.
func appendJSON(dst []byte, t types.Type, d types.Datum, f *types.Format) []byte {
	if d.Null || !t.Known() {
		return append(dst, "null"...)
	}
	for t.Kind == types.KindDomain {
		t = *t.Base
	}
	switch t.OID {
	case types.OIDBool:
		return strconv.AppendBool(dst, d.B())
	case types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDOid:
		return strconv.AppendInt(dst, d.I, 10)
	case types.OIDFloat4, types.OIDFloat8, types.OIDNumeric:
		return appendNumber(dst, t, d, f)
	case types.OIDJSON:
		return appendDocument(dst, d.S)
	case types.OIDJSONB:
		return append(dst, d.S...)
	case types.OIDText, types.OIDVarchar:
		return jsonb.AppendQuoted(dst, d.S)
	case types.OIDTimestamp, types.OIDTimestamptz:
		return appendTime(dst, t, d)
	}
	if t.IsArray() {
		return appendArray(dst, t, d, f)
	}
	text := types.AppendText(nil, t, d, f)
	if types.CheckText(text) != nil { // the answer has no room for it, nor for all that quotes would make of it
		return append(dst, text...)
	}
	return jsonb.AppendQuoted(dst, string(text))
}

// asJSON is a value as JSON.
func asJSON(t types.Type, d types.Datum, f *types.Format) json.RawMessage {
	return appendJSON(nil, t, d, f)
}

// appendNumber writes what is no number to JSON, such as NaN, as a text.
func appendNumber(dst []byte, t types.Type, d types.Datum, f *types.Format) []byte {
	before := len(dst)
	dst = types.AppendText(dst, t, d, f)
	if last := dst[len(dst)-1]; last >= '0' && last <= '9' {
		return dst
	}
	return jsonb.AppendQuoted(dst[:before], string(dst[before:]))
}

// appendDocument writes a document of type json, which is kept as it was written, in one line.
func appendDocument(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, "\n\r") {
		return append(dst, text...)
	}
	out := bytes.NewBuffer(dst)
	if json.Compact(out, []byte(text)) != nil { // never: it has been read as json
		return jsonb.AppendQuoted(dst, text)
	}
	return out.Bytes()
}

// appendArray writes an array as one of JSON, nested as it has dimensions.
func appendArray(dst []byte, t types.Type, d types.Datum, f *types.Format) []byte {
	a := types.UnpackArray(d.S)
	if len(a.Dims) == 0 {
		return append(dst, "[]"...)
	}
	dst, _ = appendDimension(dst, types.Of(t.Elem), a.Dims, a.Elems, f)
	return dst
}

// appendDimension writes one dimension and returns the elements that are left.
func appendDimension(dst []byte, elem types.Type, dims []types.Dim, elems []types.Datum, f *types.Format) ([]byte, []types.Datum) {
	dst = append(dst, '[')
	for i := range dims[0].Len {
		if i > 0 {
			dst = append(dst, ',')
		}
		if len(dims) > 1 {
			dst, elems = appendDimension(dst, elem, dims[1:], elems, f)
			continue
		}
		dst = appendJSON(dst, elem, elems[0], f)
		elems = elems[1:]
	}
	return append(dst, ']'), elems
}

// timeFormat is what times are written by before they become ISO 8601: in UTC, whatever the session's is.
var timeFormat = types.DefaultFormat()

// appendTime writes 2025-12-01 08:00:00+00 as 2025-12-01T08:00:00Z.
func appendTime(dst []byte, t types.Type, d types.Datum) []byte {
	dst = append(dst, '"')
	start := len(dst)
	dst = types.AppendText(dst, t, d, timeFormat)
	if text := dst[start:]; len(text) > 10 && text[10] == ' ' {
		text[10] = 'T'
		if rest, utc := bytes.CutSuffix(dst, []byte("+00")); utc {
			dst = append(rest, 'Z')
		}
	}
	return append(dst, '"')
}
