package openapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/admin/web"
)

// object is a JSON object.
type object = map[string]any

// Section is one dialect: its routes below a prefix, and the shapes around its answers.
type Section struct {
	Name   string // in front of the names of its schemas
	Prefix string
	Routes []web.Route
	// Wrap makes the schema of a whole answer from that of what a handler returns; nil: it is the same.
	Wrap func(schema map[string]any) map[string]any
	// Failure is the schema of failures, and Media its type.
	Failure map[string]any
	Media   string
}

// Document makes the document.
func Document(version string, sections ...Section) map[string]any {
	d := &builder{schemas: object{}}
	paths := object{}
	var tags []any
	order := 0
	for i := range sections {
		s := &sections[i]
		d.schemas[s.Name+"Error"] = s.Failure
		for k := range s.Routes {
			r := &s.Routes[k]
			if r.Hidden {
				continue
			}
			if tag := (object{"name": r.Tag}); !slices.ContainsFunc(tags, func(t any) bool { return t.(object)["name"] == r.Tag }) {
				tags = append(tags, tag)
			}
			path := s.Prefix + r.Template()
			item, _ := paths[path].(object)
			if item == nil {
				item = object{}
				paths[path] = item
			}
			order++
			op := d.operation(s, r)
			op["x-order"] = order
			item[strings.ToLower(r.Method)] = op
		}
	}
	return object{
		"openapi": "3.0.3",
		"info": object{"title": "Rowan HTTP API", "version": version,
			"description": "Branches, data, queries, history and merges over HTTP. Names of branches may have slashes in them: in paths they can stand raw or as %2F.",
			"license":     object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}},
		"servers": []any{object{"url": "/"}},
		"tags":    tags,
		"paths":   paths,
		"security": []any{
			object{"bearer": []any{}}, object{"apiKey": []any{}}, object{"password": []any{}},
		},
		"components": object{"schemas": d.schemas, "securitySchemes": object{
			"bearer":   object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "a JSON Web Token, or an API key"},
			"apiKey":   object{"type": "apiKey", "in": "header", "name": "X-API-Key"},
			"password": object{"type": "http", "scheme": "basic", "description": "a role and its password"},
		}},
	}
}

type builder struct{ schemas object }

func (d *builder) operation(s *Section, r *web.Route) object {
	op := object{"operationId": s.Name + upper(r.Name), "tags": []any{r.Tag}, "summary": r.Summary, "responses": d.responses(s, r)}
	if r.Doc != "" {
		op["description"] = r.Doc
	}
	if r.Public {
		op["security"] = []any{}
	}
	if params := d.parameters(r); len(params) > 0 {
		op["parameters"] = params
	}
	if in := r.Handler.In; in != nil {
		content := object{"schema": d.schema(s.Name, in, true)}
		if ex := bodyExamples(r); len(ex) > 0 {
			content["examples"] = ex
		}
		op["requestBody"] = object{"required": hasRequired(in), "content": object{"application/json": content}}
	}
	if fields := r.Handler.Fields; len(fields) > 0 {
		content := object{"schema": d.fieldsSchema(fields)}
		if ex := bodyExamples(r); len(ex) > 0 {
			content["examples"] = ex
		}
		needed := slices.ContainsFunc(fields, func(p web.Param) bool { return p.Required })
		op["requestBody"] = object{"required": needed, "content": object{"application/json": content}}
	}
	if r.Takes != "" {
		content := object{"schema": d.fieldsSchema(r.Form)}
		if ex := bodyExamples(r); len(ex) > 0 {
			content["examples"] = ex
		}
		op["requestBody"] = object{"required": true, "content": object{r.Takes: content}}
	}
	if r.Scope != "" {
		op["x-scope"] = string(r.Scope)
	}
	if r.Class != "" {
		op["x-rate-limit-class"] = string(r.Class)
	}
	return op
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// exampleName is how the parts of a route's i-th example are told to belong together.
func exampleName(i int) string { return "example" + strconv.Itoa(i+1) }

func (d *builder) parameters(r *web.Route) (out []any) {
	for _, name := range r.PathParams() {
		p := object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}, "description": pathDocs[name]}
		out = append(out, withExamples(p, r, func(e *web.Example) (string, bool) { v, ok := e.Path[name]; return v, ok }, "string"))
	}
	for i := range r.Query {
		q := &r.Query[i]
		p := object{"name": q.Name, "in": "query", "required": q.Required, "schema": paramSchema(q), "description": q.Doc}
		out = append(out, withExamples(p, r, func(e *web.Example) (string, bool) { v, ok := e.Query[q.Name]; return v, ok }, q.Type))
	}
	return out
}

// pathDocs describe parameters of paths, which have the same names everywhere.
var pathDocs = map[string]string{
	"branch":   "name of a branch, or its id (br_…)",
	"table":    "name of a table, with its schema before a dot if that is not in the search path",
	"snapshot": "id of a snapshot, or scn_ and a system change number, or tx_ and a transaction's number",
	"database": "name of a database",
	"id":       "id",
	"name":     "name",
	"key":      "id of an API key; to revoke one, its name does as well",
	"scn":      "system change number",
	"pid":      "process id of a session",
	"delivery": "id of a delivery",
}

func withExamples(p object, r *web.Route, value func(*web.Example) (string, bool), kind string) object {
	examples := object{}
	for i := range r.Examples {
		if v, ok := value(&r.Examples[i]); ok {
			examples[exampleName(i)] = object{"value": typed(kind, v)}
		}
	}
	if len(examples) > 0 {
		p["examples"] = examples
	}
	return p
}

// typed is a parameter's text as a value of its type.
func typed(kind, text string) any {
	switch kind {
	case "integer":
		if n, err := strconv.Atoi(text); err == nil {
			return n
		}
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	return text
}

func paramSchema(q *web.Param) object {
	s := object{"type": q.Type}
	if q.Default != "" {
		s["default"] = typed(q.Type, q.Default)
	}
	if len(q.Enum) > 0 {
		s["enum"] = anys(q.Enum)
	}
	if q.Type == "integer" {
		s["minimum"] = q.Min
		if q.Max > 0 {
			s["maximum"] = q.Max
		}
	}
	if q.Format != "" {
		s["format"] = q.Format
	}
	return s
}

// fieldsSchema describes a body whose fields are data.
func (d *builder) fieldsSchema(fields []web.Param) object {
	properties := object{}
	var required []any
	for i := range fields {
		p := &fields[i]
		s := paramSchema(p)
		delete(s, "minimum")
		switch p.Type {
		case "binary":
			s["type"], s["format"] = "string", "binary"
		case "array":
			s["items"] = object{"type": "string"}
		case "any":
			s = object{"allOf": []any{d.anything()}}
		}
		if p.Doc != "" {
			s["description"] = p.Doc
		}
		if p.Nullable && p.Type != "any" {
			s["nullable"] = true
		}
		properties[p.Name] = s
		if p.Required {
			required = append(required, p.Name)
		}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		s["required"] = required
	}
	return s
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func (d *builder) responses(s *Section, r *web.Route) object {
	ok := object{"description": r.Summary, "headers": headers()}
	switch {
	case r.Media != nil:
		content := object{}
		for _, media := range r.Media {
			content[media] = object{"schema": object{"type": "string"}}
			if media == "application/json" {
				content[media] = object{"schema": object{}}
			}
		}
		ok["content"] = content
	case r.Schema != nil:
		ok["content"] = object{"application/json": object{"schema": r.Schema}}
	case r.Answer != nil:
		schema := d.schema(s.Name, typeOf(r.Answer), false)
		if s.Wrap != nil {
			schema = s.Wrap(schema)
		}
		ok["content"] = object{"application/json": object{"schema": schema}}
	}
	status := r.Status
	if status == 0 {
		status = http.StatusOK
	}
	out := object{strconv.Itoa(status): ok}
	codes := append([]int{http.StatusInternalServerError, http.StatusServiceUnavailable}, r.Errors...)
	if !r.Public { // 404: there may be no such database
		codes = append(codes, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests)
	}
	if r.Handler.In != nil || r.Handler.Fields != nil {
		codes = append(codes, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	for _, code := range codes {
		out[strconv.Itoa(code)] = object{"description": http.StatusText(code),
			"content": object{s.Media: object{"schema": object{"$ref": "#/components/schemas/" + s.Name + "Error"}}}}
	}
	return out
}

func headers() object {
	number := object{"type": "integer"}
	return object{
		"X-Request-ID":          object{"description": "the request's id, the client's own if it sent one", "schema": object{"type": "string"}},
		"X-RateLimit-Limit":     object{"description": "requests a minute", "schema": number},
		"X-RateLimit-Remaining": object{"description": "requests left", "schema": number},
		"X-RateLimit-Reset":     object{"description": "Unix time at which none is missing any more", "schema": number},
	}
}
