package server

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
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

// jsonText is a parameter that is JSON already.
type jsonText string

// encodeParams turns JSON values into parameters in text form, for the types that the statement gives them.
func encodeParams(ts []types.OID, values []any) ([]types.Encoded, error) {
	out := make([]types.Encoded, len(values))
	for i, v := range values {
		var t types.Type
		if i < len(ts) {
			if d := types.Builtin(ts[i]); d != nil {
				t = types.Of(d)
			}
		}
		switch v := v.(type) {
		case nil:
			out[i].Null = true
		case jsonText:
			out[i].Value = []byte(v)
		default:
			text := parameterText(t, v)
			if err := types.CheckUTF8(text); err != nil {
				return nil, err
			}
			out[i].Value = []byte(text)
		}
	}
	return out, nil
}

// parameterText is the text form of a JSON value: strings as they are, arrays as PostgreSQL's where one is wanted, all
// else as JSON, which for numbers and booleans is PostgreSQL's form as well.
func parameterText(t types.Type, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		if integral(t) {
			return integerText(v)
		}
	case []any:
		if t.Known() && t.IsArray() {
			return arrayText(types.Of(t.Elem), v)
		}
	}
	return encodeJSON(v)
}

func integral(t types.Type) bool {
	if !t.Known() {
		return false
	}
	id := t.ID()
	return id == types.OIDInt2 || id == types.OIDInt4 || id == types.OIDInt8
}

// exact is how many digits a number may have for a float64 to tell it from all others.
const exact = 15

// integerText writes 1.0 and 1e3 as integers: to JSON they are, and some languages know no other numbers.
func integerText(n json.Number) string {
	text := n.String()
	whole, fraction, _ := strings.Cut(text, ".")
	switch {
	case strings.Trim(fraction, "0") == "":
		text = whole
	case len(text) > exact:
		return text
	}
	if f, err := strconv.ParseFloat(text, 64); strings.ContainsAny(text, ".eE") && len(text) <= exact && err == nil && f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatInt(int64(f), 10)
	}
	return text
}

// arrayText writes an array as PostgreSQL reads it: every element quoted.
func arrayText(elem types.Type, values []any) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		switch inner, nested := v.([]any); {
		case v == nil:
			b.WriteString("NULL")
		case nested:
			b.WriteString(arrayText(elem, inner))
		default:
			b.WriteString(`"` + arrayEscapes.Replace(parameterText(elem, v)) + `"`)
		}
	}
	b.WriteByte('}')
	return b.String()
}

var arrayEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// collector is a vector.Sink that keeps a result as JSON values. A result above maxRows is refused.
type collector struct {
	format *types.Format
	fields []vector.Field
	result api.Result
	bytes  int
}

// maxRows and maxResult bound the rows and bytes of one HTTP answer.
const (
	maxRows   = 100_000
	maxResult = 64 << 20
)

func errResult(format string, args ...any) error {
	return pgerr.New(pgerrcode.ConfigurationLimitExceeded, format, args...).WithHint("Use LIMIT, or the PostgreSQL protocol.")
}

// Fields implements vector.Sink.
func (c *collector) Fields(fields []vector.Field) error {
	c.fields = fields
	if fields == nil {
		return nil
	}
	c.result.Columns, c.result.Types = []string{}, []string{}
	for _, f := range fields {
		c.result.Columns = append(c.result.Columns, f.Name)
		c.result.Types = append(c.result.Types, jsonTypeName(f.Type))
	}
	return nil
}

// Rows implements vector.Sink.
func (c *collector) Rows(b *vector.Batch) error {
	if len(c.result.Rows)+b.Live() > maxRows {
		return errResult("the result has more than %d rows", maxRows)
	}
	for k := range b.Live() {
		row := make([]any, len(b.Cols))
		for i, col := range b.Cols {
			d := col.Datum(b.Row(k))
			c.bytes += 16 + len(d.S)
			row[i] = jsonValue(c.fields[i].Type, d, c.format)
		}
		if c.bytes > maxResult {
			return errResult("the result has more than %d bytes", maxResult)
		}
		c.result.Rows = append(c.result.Rows, row)
	}
	return nil
}

// Complete implements vector.Sink: INSERT 0 5 is tag INSERT and 5 rows.
func (c *collector) Complete(tag string) error {
	words := strings.Fields(tag)
	for len(words) > 1 {
		n, err := strconv.ParseInt(words[len(words)-1], 10, 64)
		if err != nil {
			break
		}
		if c.result.Affected == 0 {
			c.result.Affected = n
		}
		words = words[:len(words)-1]
	}
	c.result.Tag = strings.Join(words, " ")
	return nil
}

// Empty implements vector.Sink.
func (c *collector) Empty() error { return nil }

// Notice implements vector.Sink.
func (c *collector) Notice(error) error { return nil }

// CopyIn implements vector.Sink.
func (c *collector) CopyIn(vector.CopyFormat) (vector.CopyReader, error) {
	return nil, pgerr.Unsupported("COPY FROM STDIN over HTTP")
}

// CopyOut implements vector.Sink.
func (c *collector) CopyOut(vector.CopyFormat) (vector.CopyWriter, error) {
	return nil, pgerr.Unsupported("COPY TO STDOUT over HTTP")
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

// jsonValue turns a value into a JSON value: numbers and booleans as such, json as it is, times in ISO 8601, all else as
// PostgreSQL's text.
func jsonValue(t types.Type, d types.Datum, f *types.Format) any {
	if d.Null || !t.Known() {
		return nil
	}
	switch t.ID() {
	case types.OIDBool:
		return d.B()
	case types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDOid:
		return d.I
	case types.OIDFloat4, types.OIDFloat8:
		if v := d.F(); !math.IsNaN(v) && !math.IsInf(v, 0) {
			return json.RawMessage(types.Text(t, d, f))
		}
	case types.OIDNumeric:
		if s := types.Text(t, d, f); json.Valid([]byte(s)) {
			return json.RawMessage(s)
		}
	case types.OIDJSON, types.OIDJSONB:
		return json.RawMessage(d.S)
	case types.OIDTimestamp, types.OIDTimestamptz:
		return isoTime(types.Text(t, d, types.DefaultFormat()))
	}
	if t.IsArray() {
		return jsonArray(t, d, f)
	}
	return types.Text(t, d, f)
}

// jsonArray turns an array into one of JSON, nested as it has dimensions.
func jsonArray(t types.Type, d types.Datum, f *types.Format) any {
	a := types.UnpackArray(d.S)
	elem := types.Of(t.Elem)
	flat := make([]any, len(a.Elems))
	for i, e := range a.Elems {
		flat[i] = jsonValue(elem, e, f)
	}
	for k := len(a.Dims) - 1; k > 0; k-- {
		n := int(a.Dims[k].Len)
		var outer []any
		for len(flat) > 0 {
			outer = append(outer, flat[:n:n])
			flat = flat[n:]
		}
		flat = outer
	}
	return flat
}

// isoTime turns 2025-12-01 08:00:00+00 into 2025-12-01T08:00:00Z.
func isoTime(s string) string {
	if len(s) < 11 || s[10] != ' ' {
		return s
	}
	s = s[:10] + "T" + s[11:]
	if strings.HasSuffix(s, "+00") {
		s = strings.TrimSuffix(s, "+00") + "Z"
	}
	return s
}
