package web

import (
	"net/http"
	"reflect"
	"strings"
)

// Class is a category of requests that share a rate limit.
type Class string

// The classes.
const (
	Reads    Class = "reads"
	Writes   Class = "writes"
	Queries  Class = "queries"
	Branches Class = "branches"
	// Failures is of logins that fail, and of no route.
	Failures Class = "failures"
)

// Scope is what a credential must be allowed to do; "" is nothing in particular.
type Scope string

// The scopes.
const (
	Read   Scope = "read"   // look at data and branches
	Write  Scope = "write"  // change data and schema
	Branch Scope = "branch" // make, change, merge, restore and drop branches
	Admin  Scope = "admin"  // API keys, webhooks, sessions, settings
)

// Scopes lists all of them.
var Scopes = []Scope{Read, Write, Branch, Admin}

// Route is one operation: what a document says of it, and what is enforced.
type Route struct {
	Method string
	// Path is below the dialect's prefix. {name} takes one segment, {name...} one or more: names with slashes in them.
	Path    string
	Name    string // unique: the operation's id
	Tag     string
	Summary string
	Doc     string
	Class   Class
	Scope   Scope
	Public  bool // needs no credentials
	Hidden  bool // left out of documents
	Query   []Param
	Handler Handler
	Status  int            // of success; 0: 200
	Answer  any            // zero value of what success answers
	Schema  map[string]any // of the answer, instead of Answer
	Media   []string       // of an answer that is a file: what it can be
	Takes   string         // type of a body that is not JSON, which the handler reads itself
	Form    []Param        // its fields, where that is multipart/form-data; of type binary: a file
	MaxBody int64          // bytes of the body; 0: as many as all routes take
	Errors  []int          // statuses of failures that this operation is known for
	// Examples are requests that work against a server prepared as package openapi's tests prepare it.
	Examples []Example
}

// Param is a parameter of the path or the query.
type Param struct {
	Name     string
	Type     string // string, integer, boolean; of fields also array (of strings), object
	Doc      string
	Default  string
	Enum     []string
	Min, Max int // of integers; Max 0: none
	Required bool
	Nullable bool // of fields: null is a value, and not the same as none
	Format   string
	Example  string
}

// Example is a request that can be sent as it is.
type Example struct {
	Summary string
	Path    map[string]string
	Query   map[string]string
	Body    string
	Status  int // 0: the route's
}

// Handler runs an operation; In is the type of the body, nil when it takes none.
type Handler struct {
	In     reflect.Type
	Fields []Param // of a body that is no Go type
	run    func(*Call, any) (any, error)
}

// Plain makes a handler of an operation without a body.
func Plain(f func(*Call) (any, error)) Handler {
	return Handler{run: func(c *Call, _ any) (any, error) { return f(c) }}
}

// Body makes a handler of an operation whose body is a JSON object, decoded strictly into a B.
func Body[B any](f func(*Call, *B) (any, error)) Handler {
	return Handler{In: reflect.TypeFor[B](), run: func(c *Call, in any) (any, error) { return f(c, in.(*B)) }}
}

// Object makes a handler of an operation whose body is a JSON object of these fields, decoded strictly.
func Object(fields []Param, f func(*Call, map[string]any) (any, error)) Handler {
	return Handler{Fields: fields, run: func(c *Call, in any) (any, error) { return f(c, in.(map[string]any)) }}
}

// ok is the status of success.
func (r *Route) ok() int {
	if r.Status != 0 {
		return r.Status
	}
	return http.StatusOK
}

// segment is one part of a route's path.
type segment struct {
	literal string
	name    string // of a parameter
	greedy  bool
}

func segments(path string) (out []segment) {
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, param := strings.CutPrefix(part, "{")
		if !param {
			out = append(out, segment{literal: part})
			continue
		}
		name = strings.TrimSuffix(name, "}")
		bare, greedy := strings.CutSuffix(name, "...")
		out = append(out, segment{name: bare, greedy: greedy})
	}
	return out
}

// PathParams lists the names of the path's parameters, in order.
func (r *Route) PathParams() (names []string) {
	for _, s := range segments(r.Path) {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	return names
}

// Template is the path as a document writes it.
func (r *Route) Template() string { return strings.ReplaceAll(r.Path, "...}", "}") }
