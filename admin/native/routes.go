package native

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// Routes are the API's operations: those of functions that this server has, and the lists.
func (d *Dialect) Routes() []web.Route {
	out := slices.Concat(d.listRoutes(), d.branchRoutes(), d.backupRoutes(), d.hooks.Routes(ofDatabase, true))
	for i := range operations {
		if f, ok := d.native.Function(operations[i].function); ok {
			out = append(out, d.route(&operations[i], f))
		}
	}
	return out
}

// route makes an operation's.
func (d *Dialect) route(o *operation, f api.Function) web.Route {
	r := web.Route{Method: o.method, Path: o.path, Name: operationName(o), Tag: o.tag, Scope: o.scope, Class: web.Writes, Status: o.status, Summary: o.summary,
		Doc: "SELECT … rowan." + f.Name + "(…)", Errors: []int{http.StatusNotFound, http.StatusConflict}, Schema: schemaOf(f), Examples: o.examples}
	if r.Summary == "" {
		r.Summary = upper(f.Comment)
	}
	params := o.rest(f)
	switch o.method {
	case http.MethodGet, http.MethodDelete:
		if o.method == http.MethodGet {
			r.Class = web.Reads
		}
		r.Query = params
		if o.paged(f) {
			r.Query = append(r.Query, pages...)
		}
		r.Handler = web.Plain(func(c *web.Call) (any, error) { return d.call(c, o, f, fromQuery(c, params)) })
	default:
		if o.function == "create_branch" {
			r.Class = web.Branches
		}
		r.Handler = web.Object(params, func(c *web.Call, in map[string]any) (any, error) { return d.call(c, o, f, in) })
	}
	switch {
	case o.keys != nil:
		r.Schema = itemSchema(f.Columns)
		r.Summary = o.summary
	case o.paged(f):
		more(r.Schema)
	}
	return r
}

// pages are the parameters of operations that give rows piece by piece.
var pages = []web.Param{
	{Name: "limit", Type: "integer", Default: "1000", Min: 1, Max: 10000, Doc: "most items"},
	{Name: "offset", Type: "integer", Default: "0", Max: 1_000_000_000, Doc: "how many items to leave out"},
}

// maxRows is the argument of functions that bound their rows themselves: it follows limit and offset.
const maxRows = "max_rows"

// paged reports whether an operation gives its rows piece by piece.
func (o *operation) paged(f api.Function) bool {
	return f.Set && o.method == http.MethodGet && o.keys == nil
}

// operationName is the function's, in the way of names of operations; one function may be at two paths.
func operationName(o *operation) string {
	if o.name != "" {
		return o.name
	}
	var b strings.Builder
	for i, word := range strings.Split(o.function, "_") {
		if i > 0 {
			word = upper(word)
		}
		b.WriteString(word)
	}
	return b.String()
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// rest are the arguments that the path does not bind.
func (o *operation) rest(f api.Function) []web.Param {
	out := []web.Param{}
	for _, a := range f.Args {
		bound := false
		for _, name := range o.bind {
			bound = bound || name == a.Name
		}
		if a.Name == maxRows && o.method == http.MethodGet {
			bound = true
		}
		if !bound {
			out = append(out, web.Param{Name: a.Name, Type: jsonType(a.Type), Required: !a.Optional, Nullable: a.Name == o.nullable, Doc: "of type " + a.Type})
		}
	}
	if o.elsewhere {
		out = append(out, web.Param{Name: "branch", Type: "string", Doc: "default: the database's default branch"})
	}
	return out
}

// jsonType is how a value of an SQL type is written.
func jsonType(t string) string {
	switch t {
	case "bool":
		return "boolean"
	case "int2", "int4", "int8":
		return "integer"
	case "jsonb", "json":
		return "any"
	}
	if strings.HasSuffix(t, "[]") {
		return "array"
	}
	return "string"
}

func fromQuery(c *web.Call, params []web.Param) map[string]any {
	in := map[string]any{}
	for _, p := range params {
		if v := c.Text(p.Name); v != "" {
			in[p.Name] = v
		}
	}
	return in
}

// call calls the function.
func (d *Dialect) call(c *web.Call, o *operation, f api.Function, in map[string]any) (any, error) {
	call := api.Call{Function: f.Name, Args: in, ReadOnly: o.method == http.MethodGet || o.scope == web.Read}
	for param, arg := range o.bind {
		call.Args[arg] = c.Path(param)
	}
	if o.elsewhere {
		call.Branch, _ = in["branch"].(string)
		delete(in, "branch")
	}
	last := math.MaxInt32
	if o.paged(f) {
		call.Limit, call.Offset = c.Int("limit")+1, c.Int("offset") // one more shows whether there are more
		last = call.Limit + call.Offset
	}
	if o.method == http.MethodGet && slices.ContainsFunc(f.Args, func(a api.Argument) bool { return a.Name == maxRows }) {
		call.Args[maxRows] = last
	}
	if o.keys != nil {
		call.Keys, call.Value = o.keys, c.Path(o.named())
	}
	p := c.Principal
	if name := c.Path("database"); name != "" {
		p.Database = name
	}
	res, err := d.native.Call(c.Context(), p, call)
	switch {
	case err != nil:
		return nil, err
	case o.keys != nil:
		row := res.Rows.First()
		if row == nil {
			return nil, web.Missing("NOT_FOUND", "there is no %s %q", o.what, call.Value)
		}
		return object(res.Columns, row), nil
	case call.Limit > 0:
		return page(res, 0, call.Limit-1), nil
	}
	return show(f.Set, res), nil
}

// named is the parameter of the path that names one row.
func (o *operation) named() string {
	r := web.Route{Path: o.path}
	names := r.PathParams()
	return names[len(names)-1]
}

// page shows so many rows, and whether there are more.
func page(res api.Result, offset, limit int) any {
	return map[string]any{"items": objects(res, offset, limit), "has_more": res.Rows.Len() > offset+limit}
}

// show makes rows objects; a function that returns one value has it alone.
func show(set bool, res api.Result) any {
	if !set {
		var v any
		if row := res.Rows.First(); res.Rows.Len() == 1 && len(row) == 1 {
			v = row[0]
		}
		return map[string]any{"result": v}
	}
	return map[string]any{"items": objects(res, 0, res.Rows.Len())}
}

// objects makes objects of some of the rows.
func objects(res api.Result, offset, limit int) []map[string]any {
	items := make([]map[string]any, 0, max(min(res.Rows.Len()-offset, limit), 0))
	for i, row := range res.Rows.All() {
		if i >= offset && i-offset < limit {
			items = append(items, object(res.Columns, row))
		}
	}
	return items
}

func object(columns []string, row []json.RawMessage) map[string]any {
	out := make(map[string]any, len(row))
	for k, v := range row {
		out[columns[k]] = v
	}
	return out
}

// schemaOf describes what show makes.
func schemaOf(f api.Function) map[string]any {
	if !f.Set {
		return map[string]any{"type": "object", "required": []any{"result"}, "properties": map[string]any{"result": valueSchema(f.Result)}}
	}
	return itemsSchema(f.Columns)
}

func itemsSchema(columns []api.Argument) map[string]any {
	return map[string]any{"type": "object", "required": []any{"items"}, "properties": map[string]any{"items": map[string]any{"type": "array", "items": itemSchema(columns)}}}
}

// more adds to the schema of items whether there are more.
func more(schema map[string]any) {
	schema["required"] = []any{"items", "has_more"}
	schema["properties"].(map[string]any)["has_more"] = map[string]any{"type": "boolean"}
}

func itemSchema(columns []api.Argument) map[string]any {
	item := map[string]any{"type": "object"}
	if columns != nil {
		properties := map[string]any{}
		var names []any
		for _, c := range columns {
			properties[c.Name] = valueSchema(c.Type)
			names = append(names, c.Name)
		}
		item["properties"], item["required"] = properties, names
	}
	return item
}

// valueSchema describes a value of an SQL type, which may always be null.
func valueSchema(t string) map[string]any {
	kind := jsonType(t)
	if kind == "any" {
		return api.AnyValue()
	}
	s := map[string]any{"type": kind, "nullable": true}
	if kind == "array" {
		s["items"] = map[string]any{"type": "string", "nullable": true}
	}
	if t == "timestamptz" {
		s["format"] = "date-time"
	}
	return s
}

func texts(names ...string) (out []api.Argument) {
	for _, n := range names {
		name, kind, ok := strings.Cut(n, " ")
		if !ok {
			kind = "text"
		}
		out = append(out, api.Argument{Name: name, Type: kind})
	}
	return out
}

// listRoutes are the operations that are no function of schema rowan.
func (d *Dialect) listRoutes() []web.Route {
	list := func(path, summary string, l api.List, scope web.Scope, columns []api.Argument) web.Route {
		schema := itemsSchema(columns)
		more(schema)
		return web.Route{Method: http.MethodGet, Path: path, Name: "list" + upper(string(l)), Tag: "Server", Summary: summary, Class: web.Reads, Scope: scope, Schema: schema, Query: pages,
			Examples: []web.Example{{}},
			Handler: web.Plain(func(c *web.Call) (any, error) {
				res, err := d.native.ListAll(c.Context(), c.Principal, l)
				return page(res, c.Int("offset"), c.Int("limit")), err
			})}
	}
	named := map[string]any{"type": "object", "required": []any{"name"}, "properties": map[string]any{"name": map[string]any{"type": "string"}}}
	ended := map[string]any{"type": "object", "required": []any{"ended"}, "properties": map[string]any{"ended": map[string]any{"type": "boolean"}}}
	return []web.Route{
		list("/databases", "List databases", api.Databases, web.Read, texts("name", "owner", "size_bytes int8")),
		{Method: http.MethodPost, Path: "/databases", Name: "createDatabase", Tag: "Server", Summary: "Create a database", Class: web.Writes, Scope: web.Admin, Status: http.StatusCreated, Schema: named,
			Errors: []int{http.StatusConflict}, Examples: []web.Example{{Body: `{"name": "shop"}`}},
			Handler: web.Object([]web.Param{{Name: "name", Type: "string", Required: true}}, func(c *web.Call, in map[string]any) (any, error) {
				return in, d.native.CreateDatabase(c.Context(), c.Principal, in["name"].(string))
			})},
		{Method: http.MethodDelete, Path: "/databases/{database}", Name: "dropDatabase", Tag: "Server", Summary: "Drop a database", Class: web.Writes, Scope: web.Admin, Schema: named,
			Query:  []web.Param{{Name: "force", Type: "boolean", Default: "false", Doc: "end the sessions that are connected to it"}},
			Errors: []int{http.StatusNotFound, http.StatusConflict}, Examples: []web.Example{{Path: map[string]string{"database": "shop"}}},
			Handler: web.Plain(func(c *web.Call) (any, error) {
				name := c.Path("database")
				return map[string]any{"name": name}, d.native.DropDatabase(c.Context(), c.Principal, name, c.Bool("force"))
			})},
		list("/roles", "List roles", api.AllRoles, web.Read, texts("name", "superuser bool", "can_login bool", "create_db bool", "create_role bool", "inherit bool", "connection_limit int4")),
		list("/settings", "List settings", api.Settings, web.Read, texts("name", "setting", "unit", "category", "description", "source")),
		list("/sessions", "List sessions", api.Sessions, web.Admin, texts("pid int4", "database", "username", "application", "client", "state", "query", "started_at timestamptz", "query_started_at timestamptz")),
		{Method: http.MethodDelete, Path: "/sessions/{pid}", Name: "endSession", Tag: "Server", Summary: "End a session, or its running statement", Class: web.Writes, Scope: web.Admin, Schema: ended,
			Query: []web.Param{{Name: "statement", Type: "boolean", Default: "false", Doc: "cancel the running statement only"}}, Errors: []int{http.StatusNotFound},
			Handler: web.Plain(func(c *web.Call) (any, error) {
				pid, err := strconv.Atoi(c.Path("pid"))
				if err != nil {
					return nil, web.Invalid("pid", "pid must be a number, not %q", c.Path("pid"))
				}
				ok, err := d.native.EndSession(c.Context(), c.Principal, pid, c.Bool("statement"))
				if err == nil && !ok {
					err = web.Missing("NOT_FOUND", "there is no session %d", pid)
				}
				return map[string]any{"ended": ok}, err
			})},
	}
}
