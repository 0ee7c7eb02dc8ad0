package server

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/types"
)

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

// textParams are encodeParams of values that are known already.
func textParams(values []any) func([]types.OID) ([]types.Encoded, error) {
	return func(ts []types.OID) ([]types.Encoded, error) { return encodeParams(ts, values) }
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
