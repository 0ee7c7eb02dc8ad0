package kernel

import (
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/jsonb"
)

// jsonBuilders turns SQL values into json and jsonb. jsonb is made by way of the json text.
var jsonBuilders = map[string]Kernel{
	"to_json":              {Bind: bindJSON(false, toJSON)},
	"to_jsonb":             {Bind: bindJSON(true, toJSON)},
	"array_to_json":        {Bind: bindJSON(false, toJSON)},
	"array_to_json_pretty": {Bind: bindJSON(false, prettyJSON)},
	"row_to_json":          {Bind: bindJSON(false, toJSON)},
	"row_to_json_pretty":   {Bind: bindJSON(false, prettyJSON)},
	"json_build_array":     {Bind: bindJSON(false, buildArray)}, "jsonb_build_array": {Bind: bindJSON(true, buildArray)},
	"json_build_object":         {Bind: bindJSON(false, buildObject)},
	"jsonb_build_object":        {Bind: bindJSON(true, buildObjectB)},
	"json_build_array_noargs":   row(func(*Env, []datum) (datum, error) { return types.String("[]"), nil }),
	"jsonb_build_array_noargs":  row(func(*Env, []datum) (datum, error) { return types.String("[]"), nil }),
	"json_build_object_noargs":  row(func(*Env, []datum) (datum, error) { return types.String("{}"), nil }),
	"jsonb_build_object_noargs": row(func(*Env, []datum) (datum, error) { return types.String("{}"), nil }),
	"json_object":               row(func(_ *Env, a []datum) (datum, error) { return objectOfPairs(a[0].S, false) }),
	"jsonb_object":              row(func(_ *Env, a []datum) (datum, error) { return objectOfPairs(a[0].S, true) }),
	"json_object_two_arg":       row(func(_ *Env, a []datum) (datum, error) { return objectOfTwo(a[0].S, a[1].S, false) }),
	"jsonb_object_two_arg":      row(func(_ *Env, a []datum) (datum, error) { return objectOfTwo(a[0].S, a[1].S, true) }),
}

type jsonBuild func(e *Env, t []types.Type, a []datum) ([]byte, error)

func bindJSON(binary bool, f jsonBuild) func([]types.Type, types.Type) (Kernel, error) {
	return func(args []types.Type, _ types.Type) (Kernel, error) {
		return row(func(e *Env, a []datum) (datum, error) {
			b, err := f(e, spreadTypes(args, len(a)), a)
			if err != nil {
				return datum{}, err
			}
			if binary {
				return stringOr(jsonb.Canonical(view(b)))
			}
			return types.String(view(b)), nil
		}), nil
	}
}

func toJSON(e *Env, t []types.Type, a []datum) ([]byte, error) {
	return AppendJSON(nil, t[0], a[0], e.Format), nil
}

// prettyJSON breaks the line after each element of the outermost array or row.
func prettyJSON(e *Env, t []types.Type, a []datum) ([]byte, error) {
	w := jsonWriter{f: e.Format}
	if a[1].B() {
		w.sep = ",\n "
	}
	return w.value(nil, t[0], a[0]), nil
}

// AppendJSON appends a value as to_json shows it.
func AppendJSON(dst []byte, t types.Type, d types.Datum, f *types.Format) []byte {
	return (&jsonWriter{f: f}).value(dst, t, d)
}

// jsonWriter writes values. sep, when set, parts the outermost container's elements.
type jsonWriter struct {
	f   *types.Format
	sep string
}

func (w *jsonWriter) inner() *jsonWriter { return &jsonWriter{f: w.f} }

func (w *jsonWriter) comma() string {
	if w.sep != "" {
		return w.sep
	}
	return ","
}

func (w *jsonWriter) value(b []byte, t types.Type, d datum) []byte {
	if d.Null {
		return append(b, "null"...)
	}
	for t.Def != nil && t.Kind == types.KindDomain {
		t = *t.Base
	}
	switch {
	case t.Def == nil:
		return jsonb.AppendQuoted(b, d.S)
	case t.IsArray():
		return w.array(b, t, d)
	case t.Kind == types.KindComposite || t.OID == types.OIDRecord:
		return w.record(b, t, d)
	}
	switch t.OID {
	case types.OIDBool:
		return strconv.AppendBool(b, d.B())
	case types.OIDJSON, types.OIDJSONB:
		return append(b, d.S...)
	case types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDFloat4, types.OIDFloat8, types.OIDNumeric:
		text := types.Text(t, d, w.f)
		if c := text[len(text)-1]; c == 'N' || c == 'y' {
			return jsonb.AppendQuoted(b, text)
		}
		return append(b, text...)
	case types.OIDDate, types.OIDTimestamp, types.OIDTimestamptz:
		return jsonb.AppendQuoted(b, isoTime(t.OID, d, w.f))
	}
	return jsonb.AppendQuoted(b, types.Text(t, d, w.f))
}

// isoTime is a date or timestamp as XML Schema wants it, with a T and the whole offset.
func isoTime(id types.OID, d datum, f *types.Format) string {
	s := f.DateTime()
	s.Style = datetime.ISO
	var b []byte
	switch id {
	case types.OIDDate:
		return string(datetime.AppendDate(b, d.I, s))
	case types.OIDTimestamp:
		b = datetime.AppendTimestamp(b, d.I, s)
	default:
		b = datetime.AppendTimestamptz(b, d.I, s)
	}
	text, bc := strings.CutSuffix(string(b), " BC")
	text = strings.Replace(text, " ", "T", 1)
	if n := len(text); id == types.OIDTimestamptz && n > 3 && (text[n-3] == '+' || text[n-3] == '-') {
		text += ":00"
	}
	if bc {
		text += " BC"
	}
	return text
}

func (w *jsonWriter) array(b []byte, t types.Type, d datum) []byte {
	a := types.UnpackArray(d.S)
	if len(a.Dims) == 0 {
		return append(b, "[]"...)
	}
	b, _ = w.dimension(b, types.Of(t.Elem), a.Dims, a.Elems)
	return b
}

// dimension writes one dimension and returns the elements that are left.
func (w *jsonWriter) dimension(b []byte, elem types.Type, dims []types.Dim, elems []datum) ([]byte, []datum) {
	b = append(b, '[')
	for i := range dims[0].Len {
		if i > 0 {
			b = append(b, w.comma()...)
		}
		if len(dims) > 1 {
			b, elems = w.inner().dimension(b, elem, dims[1:], elems)
			continue
		}
		b = w.inner().value(b, elem, elems[0])
		elems = elems[1:]
	}
	return append(b, ']'), elems
}

func (w *jsonWriter) record(b []byte, t types.Type, d datum) []byte {
	b = append(b, '{')
	for i, f := range types.UnpackRecord(t, d.S) {
		if i > 0 {
			b = append(b, w.comma()...)
		}
		name := "f" + strconv.Itoa(i+1)
		if i < len(t.Fields) && t.Fields[i].Name != "" {
			name = t.Fields[i].Name
		}
		b = append(jsonb.AppendQuoted(b, name), ':')
		b = w.inner().value(b, f.Type, f.Value)
	}
	return append(b, '}')
}

func buildArray(e *Env, t []types.Type, a []datum) ([]byte, error) {
	b := []byte{'['}
	for i := range a {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = AppendJSON(b, t[i], a[i], e.Format)
	}
	return append(b, ']'), nil
}

func buildObject(e *Env, t []types.Type, a []datum) ([]byte, error) {
	return buildMembers(e, t, a, false)
}

func buildObjectB(e *Env, t []types.Type, a []datum) ([]byte, error) {
	return buildMembers(e, t, a, true)
}

func buildMembers(e *Env, t []types.Type, a []datum, binary bool) ([]byte, error) {
	name := "json_build_object()"
	if binary {
		name = "jsonb_build_object()"
	}
	if len(a)%2 != 0 {
		return nil, badJSON("argument list must have even number of elements").WithHint(
			"The arguments of %s must consist of alternating keys and values.", name)
	}
	b := []byte{'{'}
	for i := 0; i < len(a); i += 2 {
		if i > 0 {
			b = append(b, ", "...)
		}
		if a[i].Null && binary {
			return nil, badJSON("argument %d: key must not be null", i+1)
		}
		if a[i].Null {
			return nil, badJSON("argument %d cannot be null", i+1).WithHint("Object keys should be text.")
		}
		var err error
		if b, err = appendKey(b, e, t[i], a[i]); err != nil {
			return nil, err
		}
		b = append(b, " : "...)
		b = AppendJSON(b, t[i+1], a[i+1], e.Format)
	}
	return append(b, '}'), nil
}

// appendKey writes an object's key: only scalars can be one.
func appendKey(b []byte, e *Env, t types.Type, d datum) ([]byte, error) {
	if t.Def != nil && (t.IsArray() || t.Kind == types.KindComposite || t.OID == types.OIDRecord || t.OID == types.OIDJSON || t.OID == types.OIDJSONB) {
		return nil, badJSON("key value must be scalar, not array, composite, or json")
	}
	switch t.ID() {
	case types.OIDBool:
		return jsonb.AppendQuoted(b, strconv.FormatBool(d.B())), nil
	case types.OIDDate, types.OIDTimestamp, types.OIDTimestamptz:
		return jsonb.AppendQuoted(b, isoTime(t.ID(), d, e.Format)), nil
	}
	return jsonb.AppendQuoted(b, types.Text(t, d, e.Format)), nil
}

func nullKey() error {
	return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "null value not allowed for object key")
}

// objectOfPairs is json_object(text[]): keys and values by turns, or in rows of two.
func objectOfPairs(s string, binary bool) (datum, error) {
	a := types.UnpackArray(s)
	switch {
	case len(a.Dims) == 0:
		return types.String("{}"), nil
	case len(a.Dims) == 1 && len(a.Elems)%2 != 0:
		return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "array must have even number of elements")
	case len(a.Dims) == 2 && a.Dims[1].Len != 2:
		return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "array must have two columns")
	case len(a.Dims) > 2:
		return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts")
	}
	var keys, values []datum
	for i := 0; i < len(a.Elems); i += 2 {
		keys, values = append(keys, a.Elems[i]), append(values, a.Elems[i+1])
	}
	return textObject(keys, values, binary)
}

func objectOfTwo(k, v string, binary bool) (datum, error) {
	keys, values := types.UnpackArray(k), types.UnpackArray(v)
	switch {
	case len(keys.Dims) > 1 || len(keys.Dims) != len(values.Dims):
		return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts")
	case len(keys.Elems) != len(values.Elems):
		return datum{}, pgerr.New(pgerrcode.ArraySubscriptError, "mismatched array dimensions")
	}
	return textObject(keys.Elems, values.Elems, binary)
}

func textObject(keys, values []datum, binary bool) (datum, error) {
	b := []byte{'{'}
	for i, k := range keys {
		if k.Null {
			return datum{}, nullKey()
		}
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(jsonb.AppendQuoted(b, k.S), " : "...)
		if values[i].Null {
			b = append(b, "null"...)
		} else {
			b = jsonb.AppendQuoted(b, values[i].S)
		}
	}
	b = append(b, '}')
	if binary {
		return stringOr(jsonb.Canonical(view(b)))
	}
	return types.String(view(b)), nil
}
