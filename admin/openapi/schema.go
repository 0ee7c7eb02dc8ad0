package openapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

func typeOf(v any) reflect.Type { return reflect.TypeOf(v) }

// schema describes a Go type as encoding/json writes it. Named structs become components. In requests what the tag
// required says is required, in answers whatever is always there.
func (d *builder) schema(section string, t reflect.Type, request bool) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return d.anything()
	}
	d.anything() // what describes itself may refer to it
	if described, ok := describes(t); ok {
		return described.JSONSchema()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(d.schema(section, t.Elem(), request))
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Int32, reflect.Uint32:
		return object{"type": "integer", "format": "int32"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": d.schema(section, t.Elem(), request)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(section, t.Elem(), request)}
	case reflect.Struct:
		return d.component(section, t, request)
	}
	return d.anything()
}

// anything is the schema of any value, a component that leads to itself: where there is no type, tools do not agree on whether null is one.
func (d *builder) anything() object {
	if d.schemas[api.AnyValueName] == nil {
		ref := api.AnyValue()
		d.schemas[api.AnyValueName] = object{"description": "Any JSON value.", "anyOf": []any{
			object{"type": "string", "nullable": true}, object{"type": "number"}, object{"type": "boolean"},
			object{"type": "array", "items": ref}, object{"type": "object", "additionalProperties": ref},
		}}
	}
	return api.AnyValue()
}

// nullable allows null, which takes a type beside it: beside a reference nothing may stand, so that it is wrapped; any value is null anyway.
func nullable(s object) object {
	switch {
	case s["$ref"] == api.AnyValue()["$ref"]:
		return s
	case s["$ref"] != nil:
		return object{"type": "object", "nullable": true, "allOf": []any{s}}
	}
	s["nullable"] = true
	return s
}

func (d *builder) component(section string, t reflect.Type, request bool) object {
	if t.Name() == "" {
		return d.structure(section, t, request)
	}
	name := section + upper(t.Name())
	if d.schemas[name] == nil {
		d.schemas[name] = object{} // for types that lead to themselves
		d.schemas[name] = d.structure(section, t, request)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (d *builder) structure(section string, t reflect.Type, request bool) object {
	properties := object{}
	var required []any
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous || name == "" {
			continue
		}
		properties[name] = d.property(section, f, request)
		if request && f.Tag.Get("required") == "true" || !request && !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	s := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	if request {
		s["additionalProperties"] = false
	}
	return s
}

// describer is a type that says itself what its schema is.
type describer interface{ JSONSchema() map[string]any }

func describes(t reflect.Type) (describer, bool) {
	x, ok := reflect.Zero(t).Interface().(describer)
	return x, ok
}

func (d *builder) property(section string, f reflect.StructField, request bool) object {
	t := f.Type
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	_, itself := describes(t)
	if t.Kind() == reflect.Pointer && !itself && strings.Contains(options, "omitempty") && !request {
		t = t.Elem() // left out rather than null
	}
	s := d.schema(section, t, request)
	if kinds := f.Tag.Get("types"); kinds != "" {
		var one []any
		for kind := range strings.SplitSeq(kinds, ",") {
			one = append(one, object{"type": kind})
		}
		s = object{"oneOf": one}
	}
	extra := object{}
	for tag, key := range map[string]string{"doc": "description", "format": "format", "example": "example"} {
		if v := f.Tag.Get(tag); v != "" {
			extra[key] = v
		}
	}
	if v := f.Tag.Get("enum"); v != "" {
		extra["enum"] = anys(strings.Split(v, ","))
	}
	if len(extra) == 0 {
		return s
	}
	if s["$ref"] != nil {
		s = object{"allOf": []any{s}}
	}
	for k, v := range extra {
		s[k] = v
	}
	return s
}

// hasRequired reports whether a body must be sent.
func hasRequired(t reflect.Type) bool {
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("required") == "true" {
			return true
		}
	}
	return false
}

func bodyExamples(r *web.Route) object {
	out := object{}
	for i, e := range r.Examples {
		if e.Body == "" {
			continue
		}
		var v any
		if json.Unmarshal([]byte(e.Body), &v) != nil {
			continue
		}
		ex := object{"value": v}
		if e.Summary != "" {
			ex["summary"] = e.Summary
		}
		out[exampleName(i)] = ex
	}
	return out
}
