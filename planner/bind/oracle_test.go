package bind_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// oracle makes the golden files from a PostgreSQL 15 instead of comparing with them; with -rewrite. Its database is made
// anew with testdata/schema.sql.
var oracle = flag.String("oracle", "", "connection string of a PostgreSQL 15 to ask for the expected results")

// TestOracle compares what bind says of a statement with what PostgreSQL says when it prepares it: the names and types of
// the columns and parameters, or the error with all its fields.
func TestOracle(t *testing.T) {
	ask := describe
	if *oracle != "" {
		ask = askPostgres(t)
	}
	c := newCatalog()
	datadriven.Walk(t, "testdata/oracle", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			for _, sql := range strings.Split(d.Input, ";\n") {
				sql = strings.TrimSuffix(strings.TrimSpace(sql), ";")
				if sql == "" {
					continue
				}
				fmt.Fprintf(&out, "> %s\n%s\n", sql, ask(c, sql))
			}
			return out.String()
		})
	})
}

// describe is bind's answer.
func describe(c testCatalog, sql string) string {
	stmts, err := parse.Parse(sql)
	if err != nil {
		return ourError(sql, err)
	}
	params := []types.Type{}
	b, err := bind.Bind(stmts[0], c, &params, bind.Options{Fold: fold})
	if err != nil {
		return ourError(sql, err)
	}
	if b.Node != nil {
		if err := logical.Check(b.Node, expr.ColumnSet{}); err != nil {
			return "INVALID PLAN: " + err.Error() + "\n" + logical.Format(b.Node)
		}
	}
	var out []string
	for _, f := range b.Fields {
		origin := ""
		if f.TableOID >= catalog.FirstUserOID {
			origin = fmt.Sprintf(" #%d", uint16(f.Attribute))
		}
		for f.Type.Kind == types.KindDomain {
			f.Type = *f.Type.Base // as RowDescription has it
		}
		mod := f.Type.Mod
		out = append(out, fmt.Sprintf("%s %s%s%s", f.Name, typeText(f.Type.Def), modText(mod), origin))
	}
	for i, p := range params {
		out = append(out, fmt.Sprintf("$%d %s", i+1, typeText(p.Def)))
	}
	return strings.Join(out, ", ")
}

func typeText(d *types.Def) string {
	if d == nil {
		return "?"
	}
	return d.Name
}

func modText(mod int32) string {
	if mod < 0 {
		return ""
	}
	return fmt.Sprintf("(%d)", mod)
}

func ourError(sql string, err error) string {
	e := pgerr.From(err)
	pos := e.Position
	if at := e.ByteOffset(); at >= 0 && at <= len(sql) {
		pos = utf8.RuneCountInString(sql[:at]) + 1
	}
	return errorText(e.Code, e.Message, e.Detail, e.Hint, pos)
}

func errorText(code, message, detail, hint string, pos int) string {
	out := fmt.Sprintf("ERROR %s: %s", code, message)
	if pos > 0 {
		out += fmt.Sprintf(" @%d", pos)
	}
	if detail != "" {
		out += "\n  DETAIL: " + detail
	}
	if hint != "" {
		out += "\n  HINT: " + hint
	}
	return out
}

// askPostgres makes the schema and returns PostgreSQL's answers.
func askPostgres(t *testing.T) func(testCatalog, string) string {
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, *oracle)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	for _, sql := range []string{"DROP DATABASE IF EXISTS rowan_bind_test", "CREATE DATABASE rowan_bind_test"} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	conf, _ := pgx.ParseConfig(*oracle)
	conf.Database = "rowan_bind_test"
	conn, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	schema, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, string(schema)); err != nil {
		t.Fatal(err)
	}
	return func(_ testCatalog, sql string) string { return describePostgres(ctx, conn, sql) }
}

func describePostgres(ctx context.Context, conn *pgx.Conn, sql string) string {
	d, err := conn.PgConn().Prepare(ctx, "", sql, nil)
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return errorText(e.Code, e.Message, e.Detail, e.Hint, int(e.Position))
	}
	if err != nil {
		return err.Error()
	}
	name := func(oid uint32) (s string) {
		_ = conn.QueryRow(ctx, "SELECT typname FROM pg_type WHERE oid = $1", oid).Scan(&s)
		return s
	}
	var out []string
	for _, f := range d.Fields {
		origin := ""
		if f.TableOID >= catalog.FirstUserOID {
			origin = fmt.Sprintf(" #%d", f.TableAttributeNumber)
		}
		out = append(out, fmt.Sprintf("%s %s%s%s", f.Name, name(f.DataTypeOID), modText(f.TypeModifier), origin))
	}
	for i, p := range d.ParamOIDs {
		out = append(out, fmt.Sprintf("$%d %s", i+1, name(p)))
	}
	return strings.Join(out, ", ")
}
