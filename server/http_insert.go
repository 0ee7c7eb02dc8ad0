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

// Insert implements api.Tables. Rows that name the same columns are added by one statement, all in one transaction.
func (a *httpAPI) Insert(ctx context.Context, p api.Principal, in api.Insertion) (api.Inserted, error) {
	sess, err := a.openTable(ctx, p, in.Branch)
	if err != nil {
		return api.Inserted{}, err
	}
	defer sess.Close()
	i := inserter{sess: sess, ids: in.IDs, text: in.Text, onConflict: in.OnConflict}
	if err := i.prepare(ctx, &in); err != nil {
		return api.Inserted{}, err
	}
	var waiting []map[string]any
	for row, err := range in.Rows {
		if err != nil {
			return api.Inserted{}, err
		}
		if waiting = append(waiting, row); len(waiting) == insertRows {
			if err := i.insert(ctx, waiting); err != nil {
				return api.Inserted{}, err
			}
			waiting = waiting[:0]
		}
	}
	if err := i.insert(ctx, waiting); err != nil {
		return api.Inserted{}, err
	}
	return i.out, sess.Sync(ctx)
}

// insertRows is how many rows are gathered before they are inserted.
const insertRows = 1000

// inserter adds rows to a table, in the session's transaction.
type inserter struct {
	sess       *session.Session
	table      *session.Relation
	onConflict string
	ids, text  bool
	tried      int // rows that the statements so far had
	out        api.Inserted
}

// prepare finds the table, or makes it where there is none.
func (i *inserter) prepare(ctx context.Context, in *api.Insertion) (err error) {
	i.table, err = i.sess.FindRelation(ctx, in.Table)
	if err != nil && in.Create != nil && pgerr.From(err).Code == pgerrcode.UndefinedTable {
		var t api.NewTable
		if t, err = in.Create(); err != nil {
			return err
		}
		if err = createTable(ctx, i.sess, t); err != nil {
			return err
		}
		i.out.Created = true
		i.table, err = i.sess.FindRelation(ctx, in.Table)
	}
	if err == nil && i.onConflict == "update" && len(i.table.Key) == 0 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "on_conflict update needs a primary key, and table %q has none", i.table.Name)
	}
	return err
}

func (i *inserter) insert(ctx context.Context, rows []map[string]any) error {
	for len(rows) > 0 {
		columns, n := sameColumns(rows)
		sql, params := i.statement(columns, rows[:n])
		rows = rows[n:]
		res := &collector{format: i.sess.Format()}
		if err := execute(ctx, i.sess, sql, res, textParams(params)); err != nil {
			return i.placed(err, columns)
		}
		i.tried += n
		i.out.Rows += res.result.Affected
		i.out.IDs = append(i.out.IDs, ids(i.table, res.result.Rows)...)
	}
	return nil
}

// placed tells of a value that cannot be read in which row and column it is, instead of where in the statement.
func (i *inserter) placed(err error, columns []string) error {
	e := *pgerr.From(unplaced(err))
	if at := e.Parameter - 1; at >= 0 && len(columns) > 0 {
		e.Column = columns[at%len(columns)]
		e.Where = "row " + strconv.Itoa(i.tried+at/len(columns)+1) + ", column " + e.Column
	}
	return &e
}

// unplaced leaves out the position in a statement that the client has not written.
func unplaced(err error) error {
	if err == nil {
		return nil
	}
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

// statement is what adds rows that have the same columns.
func (i *inserter) statement(columns []string, rows []map[string]any) (string, []any) {
	var b strings.Builder
	params := make([]any, 0, len(rows)*len(columns))
	b.WriteString("INSERT INTO " + i.table.Quoted())
	if len(columns) == 0 {
		b.WriteString(" DEFAULT VALUES")
	} else {
		b.WriteString(" (" + quoted(columns) + ") VALUES ")
	}
	for n, row := range rows {
		for k, c := range columns {
			v := row[c]
			if !i.text {
				v = forColumn(i.table, c, v)
			}
			params = append(params, v)
			b.WriteString(insertSeparator(n, k) + "$" + strconv.Itoa(len(params)))
		}
		if len(columns) > 0 {
			b.WriteByte(')')
		}
	}
	b.WriteString(conflictClause(i.table, columns, i.onConflict))
	if i.ids && len(i.table.Key) > 0 {
		b.WriteString(" RETURNING " + quoted(i.table.Key))
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

// conflictClause says what happens to rows that are there already. Which those are, the primary key says, or, for rows that
// leave it to the table, the unique index all of whose columns they have, if there is but one.
func conflictClause(r *session.Relation, columns []string, onConflict string) string {
	key := arbiter(r, columns)
	var set []string
	for _, c := range columns {
		if !slices.Contains(key, c) {
			set = append(set, types.QuoteIdent(c)+" = excluded."+types.QuoteIdent(c))
		}
	}
	switch {
	case onConflict == "ignore":
		return " ON CONFLICT DO NOTHING"
	case onConflict == "update" && len(set) == 0:
		return " ON CONFLICT (" + quoted(key) + ") DO NOTHING"
	case onConflict == "update":
		return " ON CONFLICT (" + quoted(key) + ") DO UPDATE SET " + strings.Join(set, ", ")
	}
	return ""
}

// arbiter is the key by which rows with these columns are found.
func arbiter(r *session.Relation, columns []string) []string {
	found := r.Key
	given := func(c string) bool { return slices.Contains(columns, c) }
	if slices.ContainsFunc(r.Key, given) {
		return found
	}
	n := 0
	for i := range r.Indexes {
		if ix := &r.Indexes[i]; ix.Arbiter && !slices.ContainsFunc(ix.Columns, func(c string) bool { return !given(c) }) {
			found = ix.Columns
			n++
		}
	}
	if n > 1 {
		return r.Key
	}
	return found
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = types.QuoteIdent(n)
	}
	return strings.Join(out, ", ")
}

// ids are the primary keys of rows: values, or arrays of them.
func ids(r *session.Relation, rows *api.Rows) (out []any) {
	for _, row := range rows.All() {
		if len(r.Key) == 1 {
			out = append(out, row[0])
		} else {
			out = append(out, slices.Clone(row))
		}
	}
	return out
}
