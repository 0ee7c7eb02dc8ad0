package kernel

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
	"github.com/rowandb/rowan/types/numeric"
)

// jsonFunctions takes json and jsonb apart. jsonb is a canonical text, of which every part is one as well, so most
// functions serve both types.
var jsonFunctions = join(
	jsonAccess("json_", jsonb.Index), jsonAccess("jsonb_", jsonb.IndexB),
	map[string]Kernel{
		"json_typeof":        strStr(jsonKind),
		"jsonb_typeof":       strStr(jsonKind),
		"json_array_length":  row(func(_ *Env, a []datum) (datum, error) { return jsonLength(a[0].S) }),
		"jsonb_array_length": row(func(_ *Env, a []datum) (datum, error) { return jsonLength(a[0].S) }),
		"json_strip_nulls":   strStr(stripNulls),
		"jsonb_strip_nulls":  jsonEdit(func(v jsonb.Value, _ []datum) (jsonb.Value, error) { return v.StripNulls(), nil }),
		"jsonb_pretty":       row(jsonPretty),
		"jsonb_contains":     row(func(_ *Env, a []datum) (datum, error) { return jsonContains(a[0].S, a[1].S) }),
		"jsonb_contained":    row(func(_ *Env, a []datum) (datum, error) { return jsonContains(a[1].S, a[0].S) }),
		"jsonb_exists":       row(func(_ *Env, a []datum) (datum, error) { return jsonExists(a[0].S, []datum{a[1]}, false) }),
		"jsonb_exists_any": row(func(_ *Env, a []datum) (datum, error) {
			return jsonExists(a[0].S, types.UnpackArray(a[1].S).Elems, false)
		}),
		"jsonb_exists_all": row(func(_ *Env, a []datum) (datum, error) {
			return jsonExists(a[0].S, types.UnpackArray(a[1].S).Elems, true)
		}),
		"jsonb_concat":       row(jsonConcat),
		"jsonb_delete":       jsonEdit(func(v jsonb.Value, a []datum) (jsonb.Value, error) { return v.DeleteKeys(a[1].S) }),
		"jsonb_delete_array": jsonEdit(deleteKeys),
		"jsonb_delete_idx":   jsonEdit(func(v jsonb.Value, a []datum) (jsonb.Value, error) { return v.DeleteIndex(int(a[1].I)) }),
		"jsonb_delete_path":  jsonEdit(deletePath),
		"jsonb_set":          jsonEdit(jsonSet),
		"jsonb_insert":       jsonEdit(jsonInsert),
		"jsonb_set_lax":      row(jsonSetLax),
		"jsonb_bool":         row(jsonToBool),
		"jsonb_numeric":      row(func(_ *Env, a []datum) (datum, error) { return jsonToNumeric(a[0].S, "numeric") }),
		"jsonb_int2":         jsonToInt("int2", "smallint"),
		"jsonb_int4":         jsonToInt("int4", "integer"),
		"jsonb_int8":         jsonToInt("int8", "bigint"),
		"jsonb_float4":       jsonToFloat("real", true),
		"jsonb_float8":       jsonToFloat("double precision", false),
	})

func jsonAccess(prefix string, index func(text string, i int) (string, bool)) map[string]Kernel {
	part := func(s string, ok bool) (datum, error) {
		if !ok {
			return types.Null, nil
		}
		return types.String(s), nil
	}
	text := func(s string, ok bool) (datum, error) {
		if !ok {
			return types.Null, nil
		}
		return jsonText(s)
	}
	return map[string]Kernel{
		prefix + "object_field":      row(func(_ *Env, a []datum) (datum, error) { return part(jsonb.Field(a[0].S, a[1].S)) }),
		prefix + "object_field_text": row(func(_ *Env, a []datum) (datum, error) { return text(jsonb.Field(a[0].S, a[1].S)) }),
		prefix + "array_element": row(func(_ *Env, a []datum) (datum, error) {
			return part(index(a[0].S, int(a[1].I)))
		}),
		prefix + "array_element_text": row(func(_ *Env, a []datum) (datum, error) {
			return text(index(a[0].S, int(a[1].I)))
		}),
		prefix + "extract_path":      row(func(_ *Env, a []datum) (datum, error) { return part(jsonPath(a[0].S, a[1].S)) }),
		prefix + "extract_path_text": row(func(_ *Env, a []datum) (datum, error) { return text(jsonPath(a[0].S, a[1].S)) }),
	}
}

// jsonText is what ->> shows.
func jsonText(part string) (datum, error) {
	s, null, err := jsonb.AsText(part)
	if err != nil || null {
		return types.Null, err
	}
	return types.String(s), nil
}

// jsonPath follows a text[]; a NULL in it leads nowhere.
func jsonPath(text, path string) (string, bool) {
	elems := types.UnpackArray(path).Elems
	keys := make([]string, len(elems))
	for i, e := range elems {
		if e.Null {
			return "", false
		}
		keys[i] = e.S
	}
	return jsonb.Path(text, keys)
}

func jsonKind(s string) string {
	switch jsonb.KindOf(s) {
	case jsonb.Object:
		return "object"
	case jsonb.Array:
		return "array"
	case jsonb.String:
		return "string"
	case jsonb.Number:
		return "number"
	case jsonb.Bool:
		return "boolean"
	}
	return "null"
}

func badJSON(format string, args ...any) *pgerr.Error {
	return pgerr.New(pgerrcode.InvalidParameterValue, format, args...)
}

func jsonLength(s string) (datum, error) {
	switch jsonb.KindOf(s) {
	case jsonb.Array:
		return types.Int(int64(jsonb.Len(s))), nil
	case jsonb.Object:
		return datum{}, badJSON("cannot get array length of a non-array")
	}
	return datum{}, badJSON("cannot get array length of a scalar")
}

// stripNulls writes a json text without white space and without the members that are null.
func stripNulls(s string) string { return string(appendStripped(nil, s)) }

func appendStripped(b []byte, s string) []byte {
	switch jsonb.KindOf(s) {
	case jsonb.Object:
		b = append(b, '{')
		first := true
		jsonb.Members(s, func(key, part string) bool {
			if jsonb.KindOf(part) == jsonb.Null {
				return true
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(jsonb.AppendQuoted(b, key), ':')
			b = appendStripped(b, part)
			return true
		})
		return append(b, '}')
	case jsonb.Array:
		b = append(b, '[')
		first := true
		jsonb.Elements(s, func(part string) bool {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = appendStripped(b, part)
			return true
		})
		return append(b, ']')
	case jsonb.String:
		if v, err := jsonb.Parse(s); err == nil {
			return jsonb.AppendQuoted(b, v.Str)
		}
	}
	return append(b, trimJSON(s)...)
}

func trimJSON(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\n' || s[0] == '\r') {
		s = s[1:]
	}
	for s != "" {
		c := s[len(s)-1]
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// jsonEdit makes a kernel of a function that changes a jsonb value.
func jsonEdit(f func(v jsonb.Value, a []datum) (jsonb.Value, error)) Kernel {
	return row(func(_ *Env, a []datum) (datum, error) {
		v, err := jsonb.Parse(a[0].S)
		if err != nil {
			return datum{}, err
		}
		r, err := f(v, a)
		if err != nil {
			return datum{}, err
		}
		return types.String(r.Text()), nil
	})
}

func jsonPretty(_ *Env, a []datum) (datum, error) {
	v, err := jsonb.Parse(a[0].S)
	if err != nil {
		return datum{}, err
	}
	return types.String(view(v.Pretty(nil))), nil
}

func parsePair(a, b string) (v, w jsonb.Value, err error) {
	if v, err = jsonb.Parse(a); err == nil {
		w, err = jsonb.Parse(b)
	}
	return v, w, err
}

func jsonContains(a, b string) (datum, error) {
	v, w, err := parsePair(a, b)
	if err != nil {
		return datum{}, err
	}
	return types.Bool(v.Contains(w)), nil
}

func jsonConcat(_ *Env, a []datum) (datum, error) {
	v, w, err := parsePair(a[0].S, a[1].S)
	if err != nil {
		return datum{}, err
	}
	return types.String(v.Concat(w).Text()), nil
}

func jsonExists(s string, keys []datum, all bool) (datum, error) {
	v, err := jsonb.Parse(s)
	if err != nil {
		return datum{}, err
	}
	for _, k := range keys {
		if !k.Null && v.Exists(k.S) != all {
			return types.Bool(!all), nil
		}
	}
	return types.Bool(all), nil
}

func deleteKeys(v jsonb.Value, a []datum) (jsonb.Value, error) {
	if types.ArrayDims(a[1].S) > 1 {
		return v, pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts")
	}
	var keys []string
	for _, e := range types.UnpackArray(a[1].S).Elems {
		if !e.Null {
			keys = append(keys, e.S)
		}
	}
	return v.DeleteKeys(keys...)
}

// idle reports whether an edit ends before it looks at its path: in a scalar, which is an error, or in an empty container.
func idle(v jsonb.Value, path string, create bool) bool {
	if types.ArrayDims(path) > 1 {
		return false
	}
	return !v.IsContainer() || len(v.Elems) == 0 && len(v.Pairs) == 0 && !create
}

// pathOf reads the text[] of jsonb_set and its kin.
func pathOf(s string) ([]string, error) {
	arr := types.UnpackArray(s)
	if len(arr.Dims) > 1 {
		return nil, pgerr.New(pgerrcode.ArraySubscriptError, "wrong number of array subscripts")
	}
	out := make([]string, len(arr.Elems))
	for i, e := range arr.Elems {
		if e.Null {
			return nil, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "path element at position %d is null", i+1)
		}
		out[i] = e.S
	}
	return out, nil
}

func deletePath(v jsonb.Value, a []datum) (jsonb.Value, error) {
	if idle(v, a[1].S, false) {
		return v.DeletePath([]string{""})
	}
	path, err := pathOf(a[1].S)
	if err != nil {
		return v, err
	}
	return v.DeletePath(path)
}

func jsonSet(v jsonb.Value, a []datum) (jsonb.Value, error) {
	if idle(v, a[1].S, a[3].B()) {
		return v.SetPath(nil, v, false)
	}
	path, w, err := pathAndValue(a)
	if err != nil {
		return v, err
	}
	return v.SetPath(path, w, a[3].B())
}

func jsonInsert(v jsonb.Value, a []datum) (jsonb.Value, error) {
	path, w, err := pathAndValue(a)
	if err != nil {
		return v, err
	}
	return v.InsertPath(path, w, a[3].B())
}

func pathAndValue(a []datum) ([]string, jsonb.Value, error) {
	path, err := pathOf(a[1].S)
	if err != nil {
		return nil, jsonb.Value{}, err
	}
	w, err := jsonb.Parse(a[2].S)
	return path, w, err
}

// jsonSetLax is jsonb_set with a choice of what a NULL value does.
func jsonSetLax(e *Env, a []datum) (datum, error) {
	if a[0].Null || a[1].Null || a[3].Null {
		return types.Null, nil
	}
	if a[4].Null {
		return datum{}, badJSON(`null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"`)
	}
	if !a[2].Null {
		return jsonEdit(jsonSet).Row(e, a)
	}
	switch a[4].S {
	case "raise_exception":
		return datum{}, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "JSON value must not be null").WithDetail(
			"Exception was raised because null_value_treatment is \"raise_exception\".").WithHint(
			"To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
	case "use_json_null":
		b := append([]datum(nil), a...)
		b[2] = types.String("null")
		return jsonEdit(jsonSet).Row(e, b)
	case "delete_key":
		return jsonEdit(deletePath).Row(e, a)
	case "return_target":
		return a[0], nil
	}
	return datum{}, badJSON(`null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"`)
}

func badCast(s, to string) error {
	kind := map[jsonb.Kind]string{jsonb.Null: "null", jsonb.String: "string", jsonb.Number: "numeric", jsonb.Bool: "boolean",
		jsonb.Array: "array", jsonb.Object: "object"}[jsonb.KindOf(s)]
	if kind == "array" || kind == "object" {
		return badJSON("cannot cast jsonb %s to type %s", kind, to)
	}
	return badJSON("cannot cast jsonb %s to type %s", kind, to)
}

func jsonToBool(_ *Env, a []datum) (datum, error) {
	if jsonb.KindOf(a[0].S) != jsonb.Bool {
		return datum{}, badCast(a[0].S, "boolean")
	}
	return types.Bool(a[0].S == "true"), nil
}

func jsonToNumeric(s, to string) (datum, error) {
	if jsonb.KindOf(s) != jsonb.Number {
		return datum{}, badCast(s, to)
	}
	return stringOr(numeric.Parse(s))
}

func jsonToInt(name, sql string) Kernel {
	return row(func(e *Env, a []datum) (datum, error) {
		n, err := jsonToNumeric(a[0].S, sql)
		if err != nil {
			return datum{}, err
		}
		return numericFunctions["numeric_"+name].Row(e, []datum{n})
	})
}

func jsonToFloat(sql string, single bool) Kernel {
	convert := numericToFloat(single)
	return row(func(e *Env, a []datum) (datum, error) {
		n, err := jsonToNumeric(a[0].S, sql)
		if err != nil {
			return datum{}, err
		}
		return convert.Row(e, []datum{n})
	})
}
