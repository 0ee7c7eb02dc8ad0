package web

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// unmarshaler is what reads its JSON itself.
var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// inexact returns the name of a member that a decoded JSON text has and its type has not as it is written; "" where there is
// none. encoding/json takes "SQL" for "sql", and of both in one object the last.
func inexact(text []byte, t reflect.Type) string {
	switch {
	case reflect.PointerTo(t).Implements(unmarshaler):
	case t.Kind() == reflect.Pointer:
		return inexact(text, t.Elem())
	case t.Kind() == reflect.Slice:
		return inexactIn(text, t.Elem())
	case t.Kind() == reflect.Struct:
		return inexactField(text, t)
	}
	return ""
}

// inexactIn is inexact of an array. One whose elements have no fields is not looked through.
func inexactIn(text []byte, elem reflect.Type) string {
	if elem.Kind() != reflect.Struct || reflect.PointerTo(elem).Implements(unmarshaler) {
		return ""
	}
	var list []json.RawMessage
	_ = json.Unmarshal(text, &list) // it has been decoded before; null is no list
	for _, e := range list {
		if name := inexact(e, elem); name != "" {
			return name
		}
	}
	return ""
}

// inexactField is inexact of an object.
func inexactField(text []byte, t reflect.Type) string {
	var object map[string]json.RawMessage
	_ = json.Unmarshal(text, &object) // likewise
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		field, ok := fields[name]
		if !ok {
			return name
		}
		if inner := inexact(object[name], field); inner != "" {
			return inner
		}
	}
	return ""
}
