package server

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/types"
)

// dataTimeout bounds statements on tables' rows, in milliseconds.
const dataTimeout = "30000"

var (
	readSettings  = map[string]string{"statement_timeout": dataTimeout, "default_transaction_read_only": "on", "default_transaction_isolation": "repeatable read"}
	writeSettings = map[string]string{"statement_timeout": dataTimeout}
)

// Tables implements api.Tables.
func (a *httpAPI) Tables(ctx context.Context, p api.Principal, branch string) ([]api.Table, error) {
	sess, err := a.open(ctx, p, branch, "", readSettings)
	if err != nil {
		return nil, err
	}
	defer sess.Close()
	list, err := sess.Relations(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.Table, len(list))
	for i := range list {
		if out[i], err = toTable(ctx, sess, &list[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Table implements api.Tables. What the role may not see is not there.
func (a *httpAPI) Table(ctx context.Context, p api.Principal, branch, table string) (api.Table, error) {
	sess, err := a.open(ctx, p, branch, "", readSettings)
	if err != nil {
		return api.Table{}, err
	}
	defer sess.Close()
	r, err := sess.FindRelation(ctx, table)
	if err != nil {
		return api.Table{}, err
	}
	list, err := sess.Relations(ctx)
	if err != nil {
		return api.Table{}, err
	}
	for i := range list {
		if list[i].Schema == r.Schema && list[i].Name == r.Name {
			return toTable(ctx, sess, &list[i])
		}
	}
	return api.Table{}, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", r.Name)
}

func toTable(ctx context.Context, sess *session.Session, r *session.Relation) (api.Table, error) {
	n, err := sess.CountRows(ctx, r)
	out := api.Table{Name: r.Name, Schema: r.Schema, Kind: "table", Rows: n, Indexes: r.Indexes}
	if r.View {
		out.Kind = "view"
	}
	for _, c := range r.Columns {
		out.Columns = append(out.Columns, api.Column{Name: c.Name, Type: jsonTypeName(c.Type), Nullable: !c.NotNull, PrimaryKey: c.Key, Default: c.Default})
	}
	return out, err
}

// Select implements api.Tables. The rows and their number are of one snapshot.
func (a *httpAPI) Select(ctx context.Context, p api.Principal, s api.Selection) (api.Page, error) {
	sess, err := a.open(ctx, p, s.Branch, s.Point, readSettings)
	if err != nil {
		return api.Page{}, err
	}
	defer sess.Close()
	r, err := sess.FindRelation(ctx, s.Table)
	if err != nil {
		return api.Page{}, err
	}
	var rows, count session.Fragments
	rows.Write("SELECT ")
	if err := rows.Columns("columns", s.Columns); err != nil {
		return api.Page{}, err
	}
	rows.Write(" FROM ").Write(r.Quoted())
	if err := rows.Where("filter", s.Filter); err != nil {
		return api.Page{}, err
	}
	if err := rows.OrderBy("order_by", s.OrderBy, r.Key); err != nil {
		return api.Page{}, err
	}
	rows.Write(" LIMIT ").Number(s.Limit).Write(" OFFSET ").Number(s.Offset)
	count.Write("SELECT count(*) FROM ").Write(r.Quoted())
	if err := count.Where("filter", s.Filter); err != nil {
		return api.Page{}, err
	}
	out := &collector{format: sess.Format()}
	if err := execute(ctx, sess, rows.SQL(), out, noParams); err != nil {
		return api.Page{}, rows.Locate(err)
	}
	total := &collector{format: sess.Format()}
	if err := execute(ctx, sess, count.SQL(), total, noParams); err != nil {
		return api.Page{}, count.Locate(err)
	}
	n, _ := total.result.Rows[0][0].(int64)
	return api.Page{Columns: out.result.Columns, Types: out.result.Types, Rows: out.result.Rows, Total: n}, nil
}

func noParams([]types.OID) ([]types.Encoded, error) { return nil, nil }

// Update implements api.Tables.
func (a *httpAPI) Update(ctx context.Context, p api.Principal, branch, table, filter string, values map[string]any) (int64, error) {
	return a.change(ctx, p, branch, table, func(f *session.Fragments, r *session.Relation) ([]any, error) {
		f.Write("UPDATE ").Write(r.Quoted())
		var params []any
		before := " SET "
		for _, name := range slices.Sorted(maps.Keys(values)) {
			params = append(params, forColumn(r, name, values[name]))
			f.Write(before).Write(types.QuoteIdent(name)).Write(" = $").Number(len(params))
			before = ", "
		}
		return params, f.Where("filter", filter)
	})
}

// Delete implements api.Tables.
func (a *httpAPI) Delete(ctx context.Context, p api.Principal, branch, table, filter string) (int64, error) {
	return a.change(ctx, p, branch, table, func(f *session.Fragments, r *session.Relation) ([]any, error) {
		f.Write("DELETE FROM ").Write(r.Quoted())
		return nil, f.Where("filter", filter)
	})
}

// change runs one statement that changes a table, and commits.
func (a *httpAPI) change(ctx context.Context, p api.Principal, branch, table string, build func(*session.Fragments, *session.Relation) ([]any, error)) (int64, error) {
	sess, err := a.openTable(ctx, p, branch)
	if err != nil {
		return 0, err
	}
	defer sess.Close()
	r, err := sess.FindRelation(ctx, table)
	if err != nil {
		return 0, err
	}
	var f session.Fragments
	params, err := build(&f, r)
	if err != nil {
		return 0, err
	}
	res, err := runStatement(ctx, sess, f.SQL(), params)
	return res.Affected, f.Locate(err)
}

// openTable opens a session to change a branch.
func (a *httpAPI) openTable(ctx context.Context, p api.Principal, branch string) (*session.Session, error) {
	b, _, err := a.find(ctx, p, branch, true)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, p, b.Name, "", writeSettings)
}

// forColumn prepares a value for a column: what goes into a column of JSON is JSON also when it is a string.
func forColumn(r *session.Relation, name string, v any) any {
	c := r.Column(name)
	if c == nil || v == nil {
		return v
	}
	if id := c.Type.ID(); id == types.OIDJSON || id == types.OIDJSONB {
		return jsonText(encodeJSON(v))
	}
	return v
}

// Insert implements api.Tables. Rows that name the same columns are added by one statement, all in one transaction.
func (a *httpAPI) Insert(ctx context.Context, p api.Principal, in api.Insertion) (api.Inserted, error) {
	sess, err := a.openTable(ctx, p, in.Branch)
	if err != nil {
		return api.Inserted{}, err
	}
	defer sess.Close()
	r, err := sess.FindRelation(ctx, in.Table)
	if err != nil {
		return api.Inserted{}, err
	}
	if in.OnConflict == "update" && len(r.Key) == 0 {
		return api.Inserted{}, pgerr.New(pgerrcode.InvalidParameterValue, "on_conflict update needs a primary key, and table %q has none", r.Name)
	}
	var out api.Inserted
	for rows := in.Rows; len(rows) > 0; {
		columns, n := sameColumns(rows)
		sql, params := insertSQL(r, columns, rows[:n], in.OnConflict)
		rows = rows[n:]
		res := &collector{format: sess.Format()}
		if err := execute(ctx, sess, sql, res, func(ts []types.OID) ([]types.Encoded, error) { return encodeParams(ts, params) }); err != nil {
			return api.Inserted{}, unplaced(err)
		}
		out.Rows += res.result.Affected
		out.IDs = append(out.IDs, ids(r, res.result.Rows)...)
	}
	return out, sess.Sync(ctx)
}

// unplaced leaves out the position in a statement that the client has not written.
func unplaced(err error) error {
	e := *pgerr.From(err)
	e.Position = 0
	return &e
}

// maxParams is how many parameters a statement may have.
const maxParams = 65535

// sameColumns finds the columns of the first row, and how many rows from there on have the same and fit into a statement.
func sameColumns(rows []map[string]any) (columns []string, n int) {
	columns = slices.Sorted(maps.Keys(rows[0]))
	if len(columns) == 0 {
		return nil, 1 // DEFAULT VALUES adds one row
	}
	for n < len(rows) && (n+1)*len(columns) <= maxParams && len(rows[n]) == len(columns) {
		for _, c := range columns {
			if _, ok := rows[n][c]; !ok {
				return columns, n
			}
		}
		n++
	}
	return columns, n
}

func insertSQL(r *session.Relation, columns []string, rows []map[string]any, onConflict string) (string, []any) {
	var b strings.Builder
	var params []any
	b.WriteString("INSERT INTO " + r.Quoted())
	if len(columns) == 0 {
		b.WriteString(" DEFAULT VALUES")
	} else {
		b.WriteString(" (" + quoted(columns) + ") VALUES ")
	}
	for i, row := range rows {
		for k, c := range columns {
			params = append(params, forColumn(r, c, row[c]))
			b.WriteString(insertSeparator(i, k) + "$" + strconv.Itoa(len(params)))
		}
		if len(columns) > 0 {
			b.WriteByte(')')
		}
	}
	b.WriteString(conflictClause(r, columns, onConflict))
	if len(r.Key) > 0 {
		b.WriteString(" RETURNING " + quoted(r.Key))
	}
	return b.String(), params
}

func insertSeparator(row, column int) string {
	switch {
	case column > 0:
		return ", "
	case row > 0:
		return ", ("
	}
	return "("
}

func conflictClause(r *session.Relation, columns []string, onConflict string) string {
	var set []string
	for _, c := range columns {
		if !slices.Contains(r.Key, c) {
			set = append(set, types.QuoteIdent(c)+" = excluded."+types.QuoteIdent(c))
		}
	}
	switch {
	case onConflict == "ignore":
		return " ON CONFLICT DO NOTHING"
	case onConflict == "update" && len(set) == 0:
		return " ON CONFLICT (" + quoted(r.Key) + ") DO NOTHING"
	case onConflict == "update":
		return " ON CONFLICT (" + quoted(r.Key) + ") DO UPDATE SET " + strings.Join(set, ", ")
	}
	return ""
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = types.QuoteIdent(n)
	}
	return strings.Join(out, ", ")
}

// ids are the primary keys of rows: values, or arrays of them.
func ids(r *session.Relation, rows [][]any) (out []any) {
	for _, row := range rows {
		if len(r.Key) == 1 {
			out = append(out, row[0])
		} else {
			out = append(out, row)
		}
	}
	return out
}
