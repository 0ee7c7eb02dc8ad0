package server

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/types"
)

// dataTimeout bounds statements on tables' rows.
const dataTimeout = 30 * time.Second

var (
	reading   = terms{settings: oneSnapshot, within: dataTimeout}
	writing   = terms{within: dataTimeout}
	exporting = terms{settings: oneSnapshot} // without end

	oneSnapshot = map[string]string{"default_transaction_read_only": "on", "default_transaction_isolation": "repeatable read"}
)

// Tables implements api.Tables.
func (a *httpAPI) Tables(ctx context.Context, p api.Principal, branch string) ([]api.Table, error) {
	sess, err := a.open(ctx, p, branch, "", reading)
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
	sess, err := a.open(ctx, p, branch, "", reading)
	if err != nil {
		return api.Table{}, err
	}
	defer sess.Close()
	r, err := visible(ctx, sess, table)
	if err != nil {
		return api.Table{}, err
	}
	return toTable(ctx, sess, r)
}

// visible finds a table on which the role has some privilege.
func visible(ctx context.Context, sess *session.Session, table string) (*session.Relation, error) {
	r, err := sess.FindRelation(ctx, table)
	if err != nil {
		return nil, err
	}
	list, err := sess.Relations(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].OID() == r.OID() {
			return &list[i], nil
		}
	}
	return nil, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", r.Name)
}

// Definition implements api.Tables.
func (a *httpAPI) Definition(t api.NewTable) (string, error) {
	f, err := definition(t)
	return f.SQL(), err
}

// maxName is how many bytes a name has: SQL cuts longer ones, and the table would not be found under its own.
const maxName = 63

// definition is the statement that makes a table.
func definition(t api.NewTable) (*session.Fragments, error) {
	f := &session.Fragments{}
	if len(t.Name) > maxName {
		return f, pgerr.New(pgerrcode.NameTooLong, "the table's name has %d bytes; it must have at most %d", len(t.Name), maxName)
	}
	f.Write("CREATE TABLE ").Write(types.QuoteIdent(t.Name)).Write(" (")
	before := ""
	for i := range t.Columns {
		f.Write(before)
		if err := defineColumn(f, &t.Columns[i]); err != nil {
			return f, err
		}
		before = ", "
	}
	if len(t.Key) > 0 {
		f.Write(before).Write("PRIMARY KEY (").Write(quoted(t.Key)).Write(")")
	}
	f.Write(")")
	return f, nil
}

func defineColumn(f *session.Fragments, c *api.NewColumn) error {
	f.Write(types.QuoteIdent(c.Name)).Write(" ")
	if err := f.Type("type", c.Type); err != nil {
		return err
	}
	if c.Default != "" {
		f.Write(" DEFAULT ")
		if err := f.Value("default", c.Default); err != nil {
			return err
		}
	}
	if c.NotNull {
		f.Write(" NOT NULL")
	}
	return nil
}

// CreateTable implements api.Tables.
func (a *httpAPI) CreateTable(ctx context.Context, p api.Principal, branch string, t api.NewTable) (api.Table, error) {
	sess, err := a.openTable(ctx, p, branch)
	if err != nil {
		return api.Table{}, err
	}
	defer sess.Close()
	if err := createTable(ctx, sess, t); err != nil {
		return api.Table{}, err
	}
	r, err := sess.FindRelation(ctx, t.Name)
	if err != nil {
		return api.Table{}, err
	}
	out, err := toTable(ctx, sess, r)
	if err != nil {
		return api.Table{}, err
	}
	return out, sess.Sync(ctx)
}

func createTable(ctx context.Context, sess *session.Session, t api.NewTable) error {
	f, err := definition(t)
	if err != nil {
		return err
	}
	return f.Locate(execute(ctx, sess, f.SQL(), &collector{format: sess.Format()}, noParams))
}

// DropTable implements api.Tables.
func (a *httpAPI) DropTable(ctx context.Context, p api.Principal, branch, table string, cascade bool) error {
	sess, err := a.openTable(ctx, p, branch)
	if err != nil {
		return err
	}
	defer sess.Close()
	r, err := sess.FindRelation(ctx, table)
	if err != nil {
		return err
	}
	sql := "DROP TABLE " + r.Quoted()
	if cascade {
		sql += " CASCADE"
	}
	_, err = runStatement(ctx, sess, sql, nil)
	return unplaced(err)
}

// Timeline implements api.Tables. It is for who may read the table.
func (a *httpAPI) Timeline(ctx context.Context, p api.Principal, branch, table string, limit int) ([]api.Change, error) {
	b, db, err := a.find(ctx, p, branch, false)
	if err != nil {
		return nil, err
	}
	sess, err := a.open(ctx, p, b.Name, "", reading)
	if err != nil {
		return nil, err
	}
	defer sess.Close()
	r, err := visible(ctx, sess, table)
	if err != nil {
		return nil, err
	}
	if !r.Readable {
		return nil, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", r.Name)
	}
	sums, err := a.summaries(ctx, p, db, b.Name)
	if err != nil {
		return nil, err
	}
	out := []api.Change{}
	for read := 4 * limit; ; read *= 4 {
		log, err := a.store.Branches().Log(ctx, db, b.Name, 0, 0, read)
		if err != nil {
			return nil, err
		}
		out = out[:0]
		for i := range log {
			if e := &log[i]; slices.Contains(e.Tables, r.OID()) && len(out) < limit {
				out = append(out, api.Change{Event: toEvent(e, sums), Inserts: e.Inserts, Updates: e.Updates, Deletes: e.Deletes})
			}
		}
		if len(out) == limit || len(log) < read {
			return out, nil
		}
	}
}

func toTable(ctx context.Context, sess *session.Session, r *session.Relation) (api.Table, error) {
	n, err := sess.CountRows(ctx, r)
	out := api.Table{Name: r.Name, Schema: r.Schema, Kind: "table", Rows: n, Size: n * rowBytes, Key: r.Key, Created: r.Created}
	if r.View {
		out.Kind = "view"
	}
	for _, c := range r.Columns {
		out.Columns = append(out.Columns, api.Column{Name: c.Name, Type: jsonTypeName(c.Type), Nullable: !c.NotNull, PrimaryKey: c.Key, Generated: c.Generated, Default: c.Default})
	}
	for _, ix := range r.Indexes {
		out.Indexes = append(out.Indexes, api.Index{Name: ix.Name, Method: ix.Method, Columns: ix.Columns, Unique: ix.Unique})
	}
	return out, err
}
