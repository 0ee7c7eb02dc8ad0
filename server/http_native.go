package server

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// function finds a function of schema rowan.
func function(name string) *builtin.Proc {
	for _, p := range builtin.ProcsByName(name) {
		if p.Schema == catalog.RowanSchema {
			return p
		}
	}
	return nil
}

// Function implements api.Native.
func (a *httpAPI) Function(name string) (api.Function, bool) {
	p := function(name)
	if p == nil {
		return api.Function{}, false
	}
	f := api.Function{Name: p.Name, Comment: p.Comment, Set: p.Set, Result: sqlType(p.Returns)}
	for i, oid := range p.Args {
		f.Args = append(f.Args, api.Argument{Name: p.ArgNames[i], Type: sqlType(oid), Optional: i >= len(p.Args)-int(p.NDefaults)})
	}
	for i, mode := range p.ArgModes {
		if mode == 't' {
			f.Columns = append(f.Columns, api.Argument{Name: p.ArgNames[i], Type: sqlType(p.AllArgs[i])})
		}
	}
	return f, true
}

func sqlType(oid types.OID) string {
	d := types.Builtin(oid)
	if d == nil {
		return ""
	}
	if t := types.Of(d); t.IsArray() {
		return t.Elem.Name + "[]"
	}
	return d.Name
}

// Call implements api.Native.
func (a *httpAPI) Call(ctx context.Context, p api.Principal, c api.Call) (api.Result, error) {
	f := function(c.Function)
	var sql strings.Builder
	sql.WriteString("SELECT * FROM rowan." + types.QuoteIdent(f.Name) + "(")
	var params []any
	for i, name := range slices.Sorted(maps.Keys(c.Args)) {
		if i > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString(types.QuoteIdent(name) + " => ")
		v := c.Args[name]
		if text, ok := v.(string); ok && f.Set && !slices.Contains(f.ArgModes, 't') { // the columns depend on it
			sql.WriteString(types.QuoteLiteral(text))
			continue
		}
		k := slices.Index(f.ArgNames, name)
		if t := f.Args[k]; t == types.OIDJSONB || t == types.OIDJSON {
			v = jsonText(encodeJSON(v))
		}
		params = append(params, v)
		sql.WriteString("$" + encodeJSON(len(params)))
	}
	sql.WriteString(") AS f")
	before := " WHERE "
	for _, key := range c.Keys {
		params = append(params, c.Value)
		sql.WriteString(before + "f." + types.QuoteIdent(key) + "::text = $" + encodeJSON(len(params)))
		before = " OR "
	}
	if c.Limit > 0 {
		sql.WriteString(" LIMIT " + encodeJSON(c.Limit) + " OFFSET " + encodeJSON(c.Offset))
	}
	return a.Run(ctx, p, api.Statement{Branch: c.Branch, SQL: sql.String(), Params: params, ReadOnly: c.ReadOnly})
}

// Backup implements api.Native.
func (a *httpAPI) Backup(ctx context.Context, p api.Principal, base string, to io.Writer) error {
	sess, err := a.open(ctx, p, "", "", terms{})
	if err != nil {
		return err
	}
	defer sess.Close()
	sql, params := "SELECT * FROM rowan.backup()", []any(nil)
	if base != "" {
		sql, params = "SELECT * FROM rowan.backup($1)", []any{base}
	}
	out := &pieces{to: to}
	out.format = sess.Format()
	err = execute(ctx, sess, sql, out, textParams(params))
	if err == nil {
		err = sess.Sync(ctx)
	}
	return unplaced(err)
}

// pieces is a vector.Sink that writes the bytes of a single column.
type pieces struct {
	collector
	to io.Writer
}

// Rows implements vector.Sink.
func (x *pieces) Rows(b *vector.Batch) error {
	for k := range b.Live() {
		if _, err := io.WriteString(x.to, b.Cols[0].Datum(b.Row(k)).S); err != nil {
			return err
		}
	}
	return nil
}

// lists are the queries behind api.List. They show what the role may see.
var lists = map[api.List]string{
	api.Databases: `SELECT datname AS name, pg_get_userbyid(datdba) AS owner, pg_database_size(oid) AS size_bytes FROM pg_database WHERE NOT datistemplate ORDER BY 1`,
	api.AllRoles: `SELECT rolname AS name, rolsuper AS superuser, rolcanlogin AS can_login, rolcreatedb AS create_db, rolcreaterole AS create_role, rolinherit AS inherit,
		rolconnlimit AS connection_limit FROM pg_roles ORDER BY 1`,
	api.Settings: `SELECT name, setting, unit, category, short_desc AS description, source FROM pg_settings ORDER BY 1`,
	api.Sessions: `SELECT pid, datname AS database, usename AS username, application_name AS application, client_addr AS client, state, query,
		backend_start AS started_at, query_start AS query_started_at FROM pg_stat_activity ORDER BY 1`,
}

// ListAll implements api.Native.
func (a *httpAPI) ListAll(ctx context.Context, p api.Principal, l api.List) (api.Result, error) {
	return a.Run(ctx, p, api.Statement{SQL: lists[l], ReadOnly: true})
}

// CreateDatabase implements api.Native. A name with a slash would make a branch: it is refused by SQL as a name of a database
// that is not there.
func (a *httpAPI) CreateDatabase(ctx context.Context, p api.Principal, name string) error {
	_, err := a.Run(ctx, p, api.Statement{SQL: "CREATE DATABASE " + types.QuoteIdent(name)})
	return err
}

// DropDatabase implements api.Native.
func (a *httpAPI) DropDatabase(ctx context.Context, p api.Principal, name string, force bool) error {
	sql := "DROP DATABASE " + types.QuoteIdent(name)
	if force {
		sql += " WITH (FORCE)"
	}
	_, err := a.Run(ctx, p, api.Statement{SQL: sql})
	return err
}

// EndSession implements api.Native.
func (a *httpAPI) EndSession(ctx context.Context, p api.Principal, pid int, statement bool) (bool, error) {
	sql := "SELECT pg_terminate_backend($1)"
	if statement {
		sql = "SELECT pg_cancel_backend($1)"
	}
	res, err := a.Run(ctx, p, api.Statement{SQL: sql, Params: []any{pid}})
	return err == nil && string(res.Rows.First()[0]) == "true", err
}
