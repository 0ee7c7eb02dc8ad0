package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/rowandb/rowan/internal/strictjson"
)

// maxBody is how many bytes the body of a request may have, where its route does not say.
const maxBody = 16 << 20

// BodyTime is how long a JSON body may take to arrive, or one that nobody reads.
const BodyTime = time.Minute

// readBody reads the body that the route wants; nil where it wants none, or the handler reads it. The type that clients
// give their JSON does not matter, but for a form's: curl calls everything a form unless it is told otherwise.
func (c *Call) readBody() (any, error) {
	h := &c.Route.Handler
	if h.In == nil && h.Fields == nil {
		return nil, nil
	}
	if media, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type")); strings.HasPrefix(media, "multipart/") {
		return nil, &Error{Code: "INVALID_REQUEST", Status: http.StatusUnsupportedMediaType, Message: "the request body must be JSON, not " + media}
	}
	if packed := c.Header.Get("Content-Encoding"); packed != "" && !strings.EqualFold(packed, "identity") {
		return nil, &Error{Code: "INVALID_REQUEST", Status: http.StatusUnsupportedMediaType, Message: "the request body must not be packed: its Content-Encoding is " + packed}
	}
	defer c.Hurry(BodyTime)()
	if h.In != nil {
		return readBody(c.Request, h.In)
	}
	return readObject(c.Request, h.Fields)
}

// Hurry lets the rest of the body arrive within a time; the function that it returns ends that.
func (c *Call) Hurry(limit time.Duration) (done func()) {
	control := http.NewResponseController(c.Writer)
	end := time.Now().Add(limit)
	if control.SetReadDeadline(end) != nil {
		return func() {} // there is no connection: in tests of handlers
	}
	return func() {
		if time.Now().Before(end) { // else net/http must not wait for the rest of the body, either
			_ = control.SetReadDeadline(time.Time{}) // as it has been set above
		}
	}
}

// readBody decodes a JSON body strictly: unknown fields and wrong types are refused by name. An empty body is an empty
// object, so that operations all of whose fields are optional need none. Numbers of type any stay as they are written.
func readBody(r *http.Request, in reflect.Type) (any, error) {
	into := reflect.New(in).Interface()
	text, err := readJSON(r.Body)
	if err != nil || text == nil {
		return into, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return nil, bodyError(err)
	}
	if name := inexact(text, in); name != "" {
		return nil, unknownField(name)
	}
	return into, nil
}

// readJSON reads a body that is one JSON value, or empty: nil.
func readJSON(body io.Reader) (text json.RawMessage, err error) {
	dec := json.NewDecoder(strictjson.Reader(body))
	switch err := dec.Decode(&text); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, bodyError(err)
	case dec.More():
		return nil, Invalid("", "the request body holds more than one JSON value")
	}
	return text, nil
}

func unknownField(name string) *Error { return Invalid(name, "unknown field %q", name) }

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
			return nil, unknownField(name)
		}
		if v == nil {
			if !fields[i].Nullable {
				delete(object, name) // as if it were left out
			}
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

// BodyError says why a body could not be read, whatever is in it; nil where that is not the matter.
func BodyError(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return TooLarge(large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Code: "INVALID_REQUEST", Status: http.StatusRequestTimeout, Message: "the request body did not arrive in time"}
	}
	return nil
}

func bodyError(err error) error {
	if e := BodyError(err); e != nil {
		return e
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return Invalid("", "the request body must be a JSON object, not %s", article(wrong.Value))
		}
		return Invalid(wrong.Field, "%s must be %s, not a JSON %s", wrong.Field, jsonKind(wrong.Type), wrong.Value)
	}
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return unknownField(strings.Trim(quoted, `"`))
	}
	var twice *strictjson.DuplicateError
	if errors.As(err, &twice) {
		return Invalid(twice.Name, "%q is there twice in one object", twice.Name)
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

// article puts one before what encoding/json calls a value.
func article(kind string) string {
	if strings.HasPrefix(kind, "a") || strings.HasPrefix(kind, "o") {
		return "an " + kind
	}
	return "a " + kind
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

// answerTime is how long a client may take to read an answer that is ready.
const answerTime = 2 * time.Minute

// giveTime bounds what is written from now on.
func giveTime(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime)) // fails only where there is no connection: in tests
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

// Stamp is how answers write times.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
