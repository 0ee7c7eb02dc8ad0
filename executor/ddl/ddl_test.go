package ddl_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/ddl"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// TestStatements runs scripts of definitions over a catalog without rows. The answers are PostgreSQL 15's: with
// ROWAN_ORACLE set to a connection string of an empty database, -rewrite takes them from there.
func TestStatements(t *testing.T) {
	oracle := os.Getenv("ROWAN_ORACLE")
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var run func(sql string) string
		if oracle != "" {
			run = newOracle(t, oracle)
		} else {
			s := &session{f: newFake(), path: []string{"pg_catalog", "public"}, user: "postgres"}
			run = s.run
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			for _, st := range split(t, d.Input) {
				out.WriteString(run(st))
			}
			return out.String()
		})
	})
}

func split(t *testing.T, sql string) []string {
	stmts, err := parse.Parse(sql)
	if err != nil {
		t.Fatalf("%v in %s", err, sql)
	}
	var out []string
	for _, s := range stmts {
		out = append(out, s.Text)
	}
	return out
}

func show(severity, code, message, detail, hint string) string {
	s := fmt.Sprintf("%s %s: %s\n", severity, code, message)
	if detail != "" {
		s += "DETAIL: " + detail + "\n"
	}
	if hint != "" {
		s += "HINT: " + hint + "\n"
	}
	return s
}

func at(position int) string {
	if position <= 0 {
		return ""
	}
	return fmt.Sprintf("AT %d\n", position)
}

func newOracle(t *testing.T, dsn string) func(string) string {
	ctx := context.Background()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	var notices strings.Builder
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		notices.WriteString(show(n.Severity, n.Code, n.Message, n.Detail, n.Hint))
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	exec := func(sql string) (string, error) {
		res := conn.PgConn().Exec(ctx, sql)
		all, err := res.ReadAll()
		if err != nil || len(all) == 0 {
			return "", err
		}
		return all[len(all)-1].CommandTag.String(), all[len(all)-1].Err
	}
	if _, err := exec("DROP SCHEMA IF EXISTS public, s, s2, s3 CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO public; DROP ROLE IF EXISTS alice, bob, carol"); err != nil {
		t.Fatal(err)
	}
	notices.Reset()
	return func(sql string) string {
		tag, err := exec(sql)
		out := notices.String()
		notices.Reset()
		if e, ok := err.(*pgconn.PgError); ok {
			return out + show("ERROR", e.Code, e.Message, e.Detail, e.Hint) + at(int(e.Position))
		}
		return out + tag + "\n"
	}
}

// session is what bind and ddl see of a client over a fake.
type session struct {
	f    *fake
	path []string
	user string
}

func (s *session) Catalog(catalog.Ref) (*catalog.Snapshot, error) { return s.f.local, nil }
func (s *session) SearchPath() []string                           { return s.path }
func (s *session) User() string                                   { return s.user }
func (s *session) Database() string                               { return "test" }

func (s *session) run(sql string) string {
	local, global := s.f.local, s.f.global
	out, err := s.exec(sql)
	if err != nil {
		s.f.local, s.f.global = local, global
		e := pgerr.From(err)
		return out + show("ERROR", e.Code, e.Message, e.Detail, e.Hint) + at(e.ByteOffset()+1)
	}
	return out
}

func (s *session) exec(sql string) (string, error) {
	ctx := context.Background()
	stmts, err := parse.Parse(sql)
	if err != nil {
		return "", err
	}
	var params []types.Type
	fold := func(e expr.Expr) (types.Datum, error) {
		return eval.Fold(e, &kernel.Env{Ctx: ctx, Format: types.DefaultFormat()})
	}
	bound, err := bind.Bind(stmts[0], s, &params, bind.Options{Fold: fold})
	if err != nil {
		return "", err
	}
	var out strings.Builder
	env := &ddl.Env{
		Env: &op.Env{Txn: s.f, SQL: s.f.run, Build: noPlan, Kernel: &kernel.Env{TxnTime: time.UnixMicro(0)},
			Sight: func(*catalog.Table) catalog.Sight { return catalog.FullSight }}, Store: s.f, Role: s.f.global.RoleByName(s.user).OID,
		Notice: func(e *pgerr.Error) { out.WriteString(show(e.Severity, e.Code, e.Message, e.Detail, e.Hint)) },
	}
	for _, n := range s.path {
		env.SearchPath = append(env.SearchPath, s.f.local.Schema(n).OID)
	}
	tag, err := ddl.Run(ctx, env, bound.Command)
	if err != nil {
		return out.String(), err
	}
	return out.String() + tag + "\n", nil
}
