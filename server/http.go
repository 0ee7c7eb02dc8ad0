package server

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/internal/password"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// defaultDatabase is the database that the HTTP dialects without a word for databases mean.
const defaultDatabase = "postgres"

// api fills admin's interfaces over sessions and the store.
type api struct {
	*sessions
	trust   bool
	started time.Time
}

// services gives admin what it needs.
func (a *api) services() admin.Services {
	return admin.Services{Auth: a, Branches: a, SQL: a, Status: a}
}

// Version implements admin.Status.
func (a *api) Version() string { return Version }

// Started implements admin.Status.
func (a *api) Started() time.Time { return a.started }

// Ready implements admin.Status: a read of the catalog goes through all of storage.
func (a *api) Ready(ctx context.Context) error {
	_, err := a.store.Branches().List(ctx, a.database().OID, false)
	return err
}

// Password implements admin.Authenticator.
func (a *api) Password(ctx context.Context, role, pw string) bool {
	v, ok := a.Verifier(ctx, role)
	return ok && password.Check(v, pw)
}

// Anonymous implements admin.Authenticator.
func (a *api) Anonymous() string {
	if a.trust {
		return "postgres"
	}
	return ""
}

func (a *api) database() *catalog.Database { return a.store.Global().DatabaseByName(defaultDatabase) }

// List implements admin.Branches.
func (a *api) List(ctx context.Context, _ admin.Principal) ([]admin.Branch, error) {
	list, err := a.store.Branches().List(ctx, a.database().OID, true)
	if err != nil {
		return nil, err
	}
	out := make([]admin.Branch, len(list))
	for i, b := range list {
		out[i] = toBranch(b)
	}
	return out, nil
}

// Get implements admin.Branches.
func (a *api) Get(ctx context.Context, _ admin.Principal, name string, stats bool) (admin.Branch, error) {
	db := a.database().OID
	b, err := a.store.Branches().Get(ctx, db, name)
	if err != nil {
		return admin.Branch{}, err
	}
	out := toBranch(b)
	if !stats {
		return out, nil
	}
	s, err := a.store.Branches().Stats(ctx, db, b.Name)
	if err != nil {
		return out, err
	}
	out.Stats = &admin.Stats{Tables: s.Tables, Rows: s.Rows, SizeBytes: s.SizeBytes, Changes: s.Changes, Inserts: s.Inserts, Updates: s.Updates, Deletes: s.Deletes,
		Ahead: s.Ahead, Behind: s.Behind}
	return out, nil
}

// Create implements admin.Branches.
func (a *api) Create(ctx context.Context, p admin.Principal, b admin.NewBranch) (admin.Branch, error) {
	metadata := map[string]string{}
	for k, v := range b.Metadata {
		metadata[k] = encodeJSON(v)
	}
	made, err := a.store.Branches().Create(ctx, a.database().OID, storage.BranchOptions{
		Name: b.Name, Source: b.Source, Point: b.Point, DisplayName: b.DisplayName, Metadata: metadata, User: p.Role,
	})
	return toBranch(made), err
}

// Drop implements admin.Branches.
func (a *api) Drop(ctx context.Context, _ admin.Principal, name string, force bool) (admin.Branch, error) {
	b, err := a.store.Branches().Drop(ctx, a.database().OID, name, force)
	return toBranch(b), err
}

// Merge implements admin.Branches.
func (a *api) Merge(ctx context.Context, p admin.Principal, m admin.Merge) (admin.Merged, error) {
	sess, err := a.open(ctx, p, "", "", nil)
	if err != nil {
		return admin.Merged{}, err
	}
	defer sess.Close()
	res, scn, err := sess.MergeNow(ctx, session.Merge{Source: m.Source, Target: m.Target, Strategy: m.Strategy, Message: m.Message, DryRun: m.DryRun})
	if err != nil {
		return admin.Merged{}, err
	}
	out := admin.Merged{Changes: res.Inserts + res.Updates + res.Deletes, Resolved: res.Resolved, At: time.Now()}
	for _, c := range res.Conflicts {
		out.Conflicts = append(out.Conflicts, admin.Conflict{Table: tableName(c), RowID: sess.RowID(c), Column: c.Column, Type: string(c.Type),
			Source: jsonValue(c.ColumnType, c.Source, sess.Format()), Target: jsonValue(c.ColumnType, c.Target, sess.Format())})
	}
	if len(out.Conflicts) > 0 || m.DryRun {
		return out, nil
	}
	out.Commit = "mc_" + strconv.FormatUint(scn, 10)
	if m.DropSource {
		if _, err := a.Drop(ctx, p, m.Source, false); err != nil {
			return out, err
		}
		out.Dropped = true
	}
	return out, nil
}

func tableName(c storage.Conflict) string {
	if c.Schema == "" || c.Schema == "public" {
		return c.Table
	}
	return c.Schema + "." + c.Table
}

// open opens a session of the default database on a branch, at a point.
func (a *api) open(ctx context.Context, p admin.Principal, branch, point string, settings map[string]string) (*session.Session, error) {
	all := map[string]string{"application_name": "http"}
	for k, v := range settings {
		all[k] = v
	}
	if branch != "" {
		b, err := a.store.Branches().Get(ctx, a.database().OID, branch)
		if err != nil {
			return nil, err
		}
		all["rowan.branch"] = b.Name
	}
	if point != "" {
		all["rowan.as_of"] = point
	}
	return a.engine.New(ctx, session.Options{User: p.Role, Database: defaultDatabase, Settings: all, RemoteAddr: "http"})
}

// Run implements admin.SQL. The statement is prepared, run and committed in a session of its own.
func (a *api) Run(ctx context.Context, p admin.Principal, st admin.Statement) (admin.Result, error) {
	started := time.Now()
	settings := map[string]string{}
	if st.ReadOnly {
		settings["default_transaction_read_only"] = "on"
	}
	if st.Timeout > 0 {
		settings["statement_timeout"] = strconv.FormatInt(st.Timeout.Milliseconds(), 10)
	}
	sess, err := a.open(ctx, p, st.Branch, st.Point, settings)
	if err != nil {
		return admin.Result{}, err
	}
	defer sess.Close()
	out := &collector{format: sess.Format()}
	params, err := encodeParams(st.Params)
	if err != nil {
		return admin.Result{}, err
	}
	if err := runPrepared(ctx, sess, st.SQL, params, out); err != nil {
		return admin.Result{}, err
	}
	res := out.result
	if st.Explain && res.Columns != nil {
		res.Plan = explain(ctx, sess, st.SQL, params)
	}
	res.Elapsed = time.Since(started)
	return res, nil
}

func runPrepared(ctx context.Context, sess *session.Session, sql string, params []types.Encoded, out *collector) error {
	if err := sess.Parse(ctx, "", sql, nil); err != nil {
		return err
	}
	if err := sess.Bind(ctx, "", "", params); err != nil {
		return err
	}
	fields, err := sess.DescribePortal(ctx, "")
	if err != nil {
		return err
	}
	if err := out.Fields(fields); err != nil {
		return err
	}
	if _, err := sess.Execute(ctx, "", 0, out); err != nil {
		return err
	}
	return sess.Sync(ctx)
}

// explain gives the plan as text; a statement that cannot be explained has none.
func explain(ctx context.Context, sess *session.Session, sql string, params []types.Encoded) string {
	out := &collector{format: sess.Format()}
	if err := runPrepared(ctx, sess, "EXPLAIN "+sql, params, out); err != nil {
		return ""
	}
	plan := ""
	for _, r := range out.result.Rows {
		if line, ok := r[0].(string); ok {
			plan += line + "\n"
		}
	}
	return plan
}

// encodeParams turns JSON values into parameters in text form; their types are inferred from the statement.
func encodeParams(values []any) ([]types.Encoded, error) {
	out := make([]types.Encoded, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			out[i].Null = true
		case string:
			out[i].Value = []byte(v)
		case bool:
			out[i].Value = strconv.AppendBool(nil, v)
		default:
			s := encodeJSON(v)
			if s == "" {
				return nil, pgerr.New(pgerrcode.InvalidParameterValue, "parameter $%d cannot be encoded", i+1)
			}
			out[i].Value = []byte(s)
		}
	}
	return out, nil
}

func toBranch(b storage.Branch) admin.Branch {
	out := admin.Branch{ID: "br_" + strconv.FormatUint(b.ID, 10), Name: b.Name, DisplayName: b.DisplayName, Status: "active", Default: b.Default,
		Protected: b.Protected, Source: b.Parent, Created: b.Created, Updated: b.Updated}
	if b.Updated.IsZero() {
		out.Updated = b.Created
	}
	if out.DisplayName == "" {
		out.DisplayName = b.Name
	}
	if b.Parent != "" {
		out.SourceSnapshot = "scn_" + strconv.FormatUint(b.Fork, 10)
	}
	switch {
	case !b.Deleted.IsZero():
		out.Status = "deleted"
	case b.Merged:
		out.Status = "merged"
	}
	for k, v := range b.Metadata {
		if out.Metadata == nil {
			out.Metadata = map[string]any{}
		}
		out.Metadata[k] = decodeJSON(v)
	}
	return out
}
