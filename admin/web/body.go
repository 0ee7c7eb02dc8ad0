package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
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
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // the client may have gone
}
