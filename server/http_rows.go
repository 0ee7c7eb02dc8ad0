package server

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Select implements api.Tables. The rows and their number are of one snapshot.
func (a *httpAPI) Select(ctx context.Context, p api.Principal, s api.Selection) (api.Page, error) {
	sess, err := a.open(ctx, p, s.Branch, s.Point, reading)
	if err != nil {
		return api.Page{}, err
	}
	defer sess.Close()
	r, err := sess.FindRelation(ctx, s.Table)
	if err != nil {
		return api.Page{}, err
	}
	rows, err := selection(r, &s)
	if err != nil {
		return api.Page{}, err
	}
	var count session.Fragments
	rows.Write(" LIMIT ").Number(s.Limit).Write(" OFFSET ").Number(s.Offset)
	count.Write("SELECT count(*) FROM ").Write(r.Quoted())
	if err := count.Where("filter", s.Filter); err != nil {
		return api.Page{}, err
	}
	out := &collector{format: sess.Format()}
	if err := execute(ctx, sess, rows.SQL(), out, noParams); err != nil {
		return api.Page{}, rows.Locate(err)
	}
	if n := out.result.Rows.Len(); n < s.Limit && (n > 0 || s.Offset == 0) && !strings.Contains(s.Columns, "(") { // the end is here, and no function has made rows
		return api.Page{Columns: out.result.Columns, Types: out.result.Types, Rows: out.result.Rows, Total: int64(s.Offset + n)}, nil
	}
	total := &collector{format: sess.Format()}
	if err := execute(ctx, sess, count.SQL(), total, noParams); err != nil {
		return api.Page{}, count.Locate(err)
	}
	n, err := strconv.ParseInt(string(total.result.Rows.First()[0]), 10, 64)
	return api.Page{Columns: out.result.Columns, Types: out.result.Types, Rows: out.result.Rows, Total: n}, err
}

// selection is the query for rows of a table, all of them.
func selection(r *session.Relation, s *api.Selection) (*session.Fragments, error) {
	f := &session.Fragments{}
	f.Write("SELECT ")
	if err := f.Columns("columns", s.Columns); err != nil {
		return nil, err
	}
	f.Write(" FROM ").Write(r.Quoted())
	if err := f.Where("filter", s.Filter); err != nil {
		return nil, err
	}
	return f, f.OrderBy("order_by", s.OrderBy, r.Key)
}

// Export implements api.Tables. There is no end to its time: that of the client decides, whom the sink waits for.
func (a *httpAPI) Export(ctx context.Context, p api.Principal, s api.Selection, text bool, to api.RowSink) error {
	sess, err := a.open(ctx, p, s.Branch, s.Point, exporting)
	if err != nil {
		return err
	}
	defer sess.Close()
	r, err := sess.FindRelation(ctx, s.Table)
	if err != nil {
		return err
	}
	s.Columns = ""
	f, err := selection(r, &s)
	if err != nil {
		return err
	}
	t, err := toTable(ctx, sess, r)
	if err != nil {
		return err
	}
	out := &exporter{to: to, table: t, text: text}
	out.format = sess.Format()
	return f.Locate(execute(ctx, sess, f.SQL(), out, noParams))
}

// exporter is a vector.Sink that passes rows on as they come.
type exporter struct {
	collector
	to    api.RowSink
	table api.Table
	text  bool
	row   [][]byte
	made  []byte // what row's values are parts of
}

// Fields implements vector.Sink.
func (x *exporter) Fields(fields []vector.Field) error {
	x.fields, x.row, x.made = fields, make([][]byte, len(fields)), []byte{} // nil is NULL
	return x.to.Begin(x.table)
}

// Rows implements vector.Sink.
func (x *exporter) Rows(b *vector.Batch) error {
	for k := range b.Live() {
		x.made = x.made[:0]
		for i, col := range b.Cols {
			d := col.Datum(b.Row(k))
			if d.Null {
				x.row[i] = nil
				continue
			}
			start := len(x.made)
			if x.text {
				x.made = types.AppendText(x.made, x.fields[i].Type, d, x.format)
			} else {
				x.made = appendJSON(x.made, x.fields[i].Type, d, x.format)
			}
			if x.row[i] = x.made[start:]; types.CheckText(x.row[i]) != nil {
				return types.CheckText(x.row[i])
			}
		}
		if err := x.to.Row(x.row); err != nil {
			return err
		}
	}
	return nil
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
	return a.open(ctx, p, b.Name, "", writing)
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
