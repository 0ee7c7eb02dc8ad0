package server

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/admin"
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

// collector is a vector.Sink that keeps a result as JSON values. A result above maxRows is refused.
type collector struct {
	format *types.Format
	fields []vector.Field
	result admin.Result
}

// maxRows bounds the rows of one HTTP answer.
const maxRows = 100_000

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
		return pgerr.New("54000", "the result has more than %d rows", maxRows).WithHint("Use LIMIT, or the PostgreSQL protocol.")
	}
	for k := range b.Live() {
		row := make([]any, len(b.Cols))
		for i, col := range b.Cols {
			row[i] = jsonValue(c.fields[i].Type, col.Datum(b.Row(k)), c.format)
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
	types.OIDFloat8: "DOUBLE PRECISION", types.OIDBpchar: "CHAR", types.OIDUnknown: "TEXT",
}

func jsonTypeName(t types.Type) string {
	if w := typeWords[t.ID()]; w != "" {
		return w
	}
	if t.IsArray() {
		return jsonTypeName(types.Of(t.Elem)) + "[]"
	}
	return strings.ToUpper(t.Name)
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
	return types.Text(t, d, f)
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
