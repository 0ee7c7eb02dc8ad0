package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// readBody decodes a JSON body strictly: unknown fields and wrong types are refused by name. An empty body is an empty
// object, so that operations all of whose fields are optional need none. Numbers of type any stay as they are written.
func readBody(r *http.Request, in reflect.Type) (any, error) {
	into := reflect.New(in).Interface()
	dec := json.NewDecoder(r.Body)
	dec.UseNumber()
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	switch {
	case errors.Is(err, io.EOF):
		return into, nil
	case err != nil:
		return nil, bodyError(err)
	case dec.More():
		return nil, Invalid("", "the request body holds more than one JSON value")
	}
	return into, nil
}

// readObject decodes a JSON object whose fields are data, as strictly.
func readObject(r *http.Request, fields []Param) (map[string]any, error) {
	read, err := readBody(r, reflect.TypeFor[map[string]any]())
	if err != nil {
		return nil, err
	}
	object := *read.(*map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	for name, v := range object {
		i := slices.IndexFunc(fields, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return nil, Invalid(name, "unknown field %q", name)
		}
		if v == nil {
			delete(object, name) // as if it were left out
			continue
		}
		if !fits(fields[i].Type, v) {
			return nil, Invalid(name, "%s must be of type %s", name, fields[i].Type)
		}
	}
	for _, p := range fields {
		if _, ok := object[p.Name]; p.Required && !ok {
			return nil, Invalid(p.Name, "%s is missing", p.Name)
		}
	}
	return object, nil
}

// fits reports whether a JSON value is of a type.
func fits(kind string, v any) bool {
	switch kind {
	case "string":
		_, ok := v.(string)
		return ok
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "integer":
		n, ok := v.(json.Number)
		if ok {
			_, err := n.Int64()
			ok = err == nil
		}
		return ok
	case "array":
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(list, func(e any) bool { return !fits("string", e) })
	}
	return true
}

func bodyError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return TooLarge(large.Limit)
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return Invalid("", "the request body must be a JSON object, not a %s", wrong.Value)
		}
		return Invalid(wrong.Field, "%s must be %s, not a JSON %s", wrong.Field, jsonKind(wrong.Type), wrong.Value)
	}
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name := strings.Trim(quoted, `"`)
		return Invalid(name, "unknown field %s", quoted)
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Invalid("", "the request body is not valid JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// TooLarge says that a body is above the limit.
func TooLarge(limit int64) *Error {
	return &Error{Code: "INVALID_REQUEST", Status: http.StatusRequestEntityTooLarge, Message: "the request body is too large", Details: map[string]any{"limit_bytes": limit}}
}

// jsonKind names a Go type as JSON does.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct, reflect.Pointer:
		return "an object"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "an integer"
	}
	return "a number"
}

// WriteJSON answers with a JSON body.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	WriteMedia(w, "application/json; charset=utf-8", status, body)
}

// WriteMedia is WriteJSON for JSON under another name.
func WriteMedia(w http.ResponseWriter, media string, status int, body any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // the client may have gone
}
