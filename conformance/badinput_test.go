package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// badStatement is a statement that has to fail, or (code "") has to be borne.
type badStatement struct {
	name, sql  string
	code, what string // SQLSTATE; part of the message, detail or hint
}

// times is s, n times.
func times(s string, n int) string { return strings.Repeat(s, n) }

// list is f(0), f(1), … with commas.
func list(n int, f func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = f(i)
	}
	return strings.Join(parts, ",")
}

func badStatements() []badStatement {
	column := func(i int) string { return fmt.Sprintf("c%d int", i) }
	number := func(i int) string { return fmt.Sprint(i) }
	return []badStatement{
		{"syntax", "SELEC 1", "42601", `syntax error at or near "SELEC"`},
		{"end of input", "SELECT (", "42601", "syntax error at end of input"},
		{"open string", "SELECT 'abc", "42601", "unterminated quoted string"},
		{"open comment", "SELECT /* 1", "42601", "unterminated /* comment"},
		{"no table", "SELECT * FROM nosuch", "42P01", `relation "nosuch" does not exist`},
		{"no column", "SELECT nosuch FROM t", "42703", `column "nosuch" does not exist`},
		{"no function", "SELECT nosuch(1)", "42883", "function nosuch(integer) does not exist"},
		{"no operator", "SELECT 1 + true", "42883", "operator does not exist: integer + boolean"},
		{"no type", "SELECT 1::nosuch", "42704", `type "nosuch" does not exist`},
		{"no schema", "CREATE TABLE nosuch.t (a int)", "3F000", `schema "nosuch" does not exist`},
		{"no database", "DROP DATABASE nosuch", "3D000", `database "nosuch" does not exist`},
		{"no role", "SET ROLE nosuch", "22023", `role "nosuch" does not exist`},
		{"no setting", "SET nosuch = 1", "42704", `unrecognized configuration parameter "nosuch"`},
		{"bad setting", "SET work_mem = 'lots'", "22023", `invalid value for parameter "work_mem": "lots"`},
		{"no cursor", "FETCH nosuch", "34000", `cursor "nosuch" does not exist`},
		{"no prepared", "EXECUTE nosuch", "26000", `prepared statement "nosuch" does not exist`},
		{"no savepoint", "BEGIN; ROLLBACK TO nosuch", "3B001", `savepoint "nosuch" does not exist`},
		{"ambiguous", "SELECT a FROM t x, t y", "42702", `column reference "a" is ambiguous`},
		{"duplicate", "INSERT INTO t VALUES (1)", "23505", "Key (a)=(1) already exists."},
		{"not null", "INSERT INTO t VALUES (NULL)", "23502", `null value in column "a"`},
		{"division", "SELECT 1/0", "22012", "division by zero"},
		{"integer", "SELECT 2147483647 + 1", "22003", "integer out of range"},
		{"bad integer", "SELECT 'x'::int", "22P02", `invalid input syntax for type integer: "x"`},
		{"bad date", "SELECT '2024-02-30'::date", "22008", "date/time field value out of range"},
		{"bad json", "SELECT '{'::jsonb", "22P02", "invalid input syntax for type json"},
		{"bad uuid", "SELECT 'x'::uuid", "22P02", "invalid input syntax for type uuid"},
		{"bad array", "SELECT '{1'::int[]", "22P02", "malformed array literal"},
		{"bad regex", "SELECT 'a' ~ '('", "2201B", "parentheses () not balanced"},
		{"bad like", `SELECT 'ab' LIKE 'a\'`, "22025", "LIKE pattern must not end with escape character"},
		{"bad bytea", `SELECT '\xzz'::bytea`, "22023", "invalid hexadecimal digit"},
		{"two rows", "SELECT (SELECT a FROM t)", "21000", "more than one row returned by a subquery"},
		{"aggregate", "SELECT a, count(*) FROM t", "42803", "must appear in the GROUP BY clause"},
		{"limit", "SELECT 1 LIMIT -1", "2201W", "LIMIT must not be negative"},
		{"parameter", "SELECT $1", "42P02", "there is no parameter $1"},
		{"few columns", "INSERT INTO t (a, b) VALUES (1)", "42601", "more target columns than expressions"},
		{"union", "SELECT 1 UNION SELECT 1, 2", "42601", "each UNION query must have the same number of columns"},
		{"chr 0", "SELECT chr(0)", "54000", "null character not permitted"},
		{"escape 0", `SELECT E'a\000b'`, "22021", "invalid byte sequence for encoding"},
		{"json 0", `SELECT '"\u0000"'::jsonb`, "22P05", "unsupported Unicode escape sequence"},
		{"invalid UTF-8", "SELECT 'a\xff\xfe'", "22021", `invalid byte sequence for encoding "UTF8": 0xff`},
		{"escaped UTF-8", `SELECT E'\xff'`, "22021", `invalid byte sequence for encoding "UTF8": 0xff`},
		{"converted UTF-8", `SELECT convert_from('\xff', 'UTF8')`, "22021", `invalid byte sequence for encoding "UTF8": 0xff`},

		{"few parentheses", "SELECT " + times("(", 100) + "1" + times(")", 100), "", ""},
		{"parentheses", "SELECT " + times("(", 100_000) + "1" + times(")", 100_000), "42601|54001", ""},
		{"open parentheses", "SELECT " + times("(", 200_000), "42601|54001", ""},
		{"nested calls", "SELECT " + times("abs(", 50_000) + "1" + times(")", 50_000), "42601|54001", ""},
		{"nested NOT", "SELECT " + times("NOT ", 100_000) + "true", "42601|54001", ""},
		{"nested CASE", "SELECT " + times("CASE WHEN true THEN ", 20_000) + "1" + times(" END", 20_000), "42601|54001", ""},
		{"nested subqueries", "SELECT " + times("(SELECT ", 20_000) + "1" + times(")", 20_000), "42601|54001", ""},
		{"nested FROM", times("SELECT * FROM (", 5_000) + "SELECT 1 AS a" + times(") x", 5_000), "42601|54001", ""},
		{"deep calls", "SELECT " + times("abs(", 3000) + "1" + times(")", 3000), "", ""},
		{"deep NOT", "SELECT " + times("NOT ", 3000) + "true", "", ""},
		{"deep CASE", "SELECT " + times("CASE WHEN true THEN ", 1000) + "1" + times(" END", 1000), "", ""},
		{"deep subqueries", "SELECT " + times("(SELECT ", 1000) + "1" + times(")", 1000), "", ""},
		{"deep FROM", times("SELECT * FROM (", 500) + "SELECT 1 AS a" + times(") x", 500), "", ""},
		{"deep sum", "SELECT 1" + times("+1", 3000), "", ""},
		{"deep concatenation", "SELECT length('x'" + times("||'x'", 3000) + ")", "", ""},
		{"long sum", "SELECT 1" + times("+1", 100_000), "54001", "stack depth limit exceeded"},
		{"long union", "SELECT 1" + times(" UNION ALL SELECT 1", 20_000), "54001", "stack depth limit exceeded"},
		{"nested arrays", "SELECT " + times("ARRAY[", 100) + "1" + times("]", 100), "54000", "number of array dimensions"},
		{"nested json", "SELECT '" + times("[", 100_000) + times("]", 100_000) + "'::jsonb", "54001", "stack depth limit exceeded"},
		{"deeply nested json", "SELECT ('" + times("[", 10_000_000) + "')::jsonb", "54001|22P02", ""},
		{"deeply nested json objects", "SELECT ('" + times(`{"a":`, 2_000_000) + "')::json", "54001|22P02", ""},
		{"deeply nested array", "SELECT '" + times("{", 5_000_000) + "'::int[]", "22P02|54000", ""},
		{"nested regex", "SELECT 'a' ~ '" + times("(", 100_000) + "a" + times(")", 100_000) + "'", "2201B|", ""},
		{"long AND", "SELECT true" + times(" AND true", 50_000), "", ""},
		{"long IN", "SELECT count(*) FROM t WHERE a IN (" + list(100_000, number) + ")", "", ""},
		{"long NOT IN", "SELECT count(*) FROM t WHERE a NOT IN (" + list(100_000, number) + ")", "", ""},
		{"long VALUES", "SELECT count(*) FROM (VALUES " + list(50_000, func(i int) string { return fmt.Sprintf("(%d)", i) }) + ") v", "", ""},
		{"long identifier", "SELECT 1 AS " + times("x", 1<<20), "", ""},
		{"long table", "SELECT * FROM " + times("x", 1<<20), "42P01", `relation "` + times("x", 63) + `" does not exist`},
		{"long string", "SELECT length('" + times("x", 1<<22) + "')", "", ""},
		{"huge numeric", "SELECT 10::numeric ^ 131072", "22003", "value overflows numeric format"},
		{"wide numeric", "SELECT length((10::numeric ^ 100000 * 10::numeric ^ 30000)::text)", "", ""},
		{"numeric text", "SELECT '1" + times("0", 200_000) + "'::numeric", "22003", "value overflows numeric format"},
		{"numeric exponent", "SELECT '1e1000000000'::numeric", "22003", ""},
		{"power", "SELECT 2::numeric ^ 1000000000", "22003", "value overflows numeric format"},
		{"factorial", "SELECT factorial(100000)", "22003", "value overflows numeric format"},
		{"float", "SELECT 1e308::float8 * 10", "22003", "value out of range: overflow"},
		{"repeat", "SELECT repeat('x', 2000000000)", "54000", "requested length too large"},
		{"lpad", "SELECT lpad('x', 2000000000)", "54000", "requested length too large"},
		{"interval", "SELECT interval '1000000000 years'", "22008", ""},
		{"timestamp", "SELECT timestamp '294276-12-31' + interval '1 year'", "22008", "timestamp out of range"},
		{"array fill", "SELECT array_fill(0, ARRAY[2000000000])", "54000", "array size exceeds the maximum allowed"},
		{"many columns", "CREATE TABLE w (" + list(1601, column) + ")", "54011", "tables can have at most 1600 columns"},
		{"most columns", "CREATE TABLE w (" + list(1600, column) + "); INSERT INTO w (c0, c1599) VALUES (1, 2); SELECT * FROM w; DROP TABLE w", "", ""},
		{"many targets", "SELECT " + list(1665, number), "54011", "target lists can have at most 1664 entries"},
		{"many arguments", "SELECT concat(" + list(101, number) + ")", "54023", "cannot pass more than 100 arguments to a function"},
		{"long index key", "CREATE TABLE k (a text PRIMARY KEY); INSERT INTO k VALUES (repeat(md5('x'), 30000)); DROP TABLE k", "54000|", ""},
		{"wide row", "CREATE TABLE wr (a text, b text, c bytea); INSERT INTO wr VALUES (repeat('x', 10000000), repeat('y', 10000000), decode(repeat('ff', 5000000), 'hex')); SELECT length(a) + length(b) + length(c) FROM wr; DROP TABLE wr", "", ""},
		{"like bomb", "SELECT repeat('a', 1000) LIKE '" + times("%a", 500) + "%b'", "", ""},
		{"regex bomb", "SELECT repeat('a', 1000) ~ '^(a+)+$b'", "", ""},
		{"regex repeat", "SELECT 'a' ~ '((((a{255}){255}){255}){255}){255}'", "2201B", "regular expression is too complex"},
		{"regex back reference", `SELECT repeat('a', 2000) ~ '^(a*)*\1b$'`, "54000|", ""},
		{"similar bomb", "SELECT repeat('a', 500) SIMILAR TO '(a|a)*b'", "", ""},
	}
}

// died ends a test whose server is gone, with the last it said.
func died(t testing.TB, e endpoint) {
	t.Helper()
	if p, ok := e.(*process); ok {
		t.Fatalf("the server died:\n%.3000s", p.out.String())
	}
	t.Fatal("the server died")
}

// TestBadStatements sends statements that fail, or that are as large as they get, and wants each answered with
// PostgreSQL's error, while a bystander's transaction goes on.
func TestBadStatements(t *testing.T) {
	target := against(t)
	c := dial(t, target, "postgres")
	run(t, c, "DROP TABLE IF EXISTS t, w, k, wr", "CREATE TABLE t (a int PRIMARY KEY, b int)", "INSERT INTO t VALUES (1), (2)")
	by := dial(t, target, "postgres")
	run(t, by, "BEGIN", "INSERT INTO t VALUES (100)")
	for _, s := range badStatements() {
		ok := t.Run(s.name, func(t *testing.T) {
			start := time.Now()
			err := try(c, s.sql)
			if took := time.Since(start); took > patience {
				t.Errorf("took %v", took)
			}
			wantCode(t, err, s.code, s.what)
			_ = try(c, "ROLLBACK") // only one case opens a block
			if c.IsClosed() {
				t.Error("the session was closed")
				if c, err = pgx.Connect(context.Background(), target.url("postgres")); err != nil {
					died(t, target)
				}
			}
			if got := value(t, by, "SELECT count(*) FROM t"); got != "3" {
				t.Errorf("the bystander sees %s rows", got)
			}
		})
		if !ok && c == nil {
			t.FailNow()
		}
	}
	run(t, by, "COMMIT")
	if got := value(t, c, "SELECT string_agg(a::text, ',' ORDER BY a) FROM t"); got != "1,2,100" {
		t.Errorf("rows %s", got)
	}
}

// TestBadParameters calls prepared statements wrongly.
func TestBadParameters(t *testing.T) {
	target := against(t)
	c := dial(t, target, "postgres").PgConn()
	ctx := context.Background()
	exec := func(sql string, oids []uint32, formats []int16, params ...[]byte) error {
		_, err := c.ExecParams(ctx, sql, params, oids, formats, nil).Close()
		return err
	}
	if _, err := c.Prepare(ctx, "two", "SELECT $1::int + $2::int", nil); err != nil {
		t.Fatal(err)
	}
	prepared := func(params ...[]byte) error {
		_, err := c.ExecPrepared(ctx, "two", params, nil, nil).Close()
		return err
	}
	b := func(s string) []byte { return []byte(s) }
	_, twice := c.Prepare(ctx, "two", "SELECT 1", nil)
	many := make([][]byte, 65535)
	for i := range many {
		many[i] = b("1")
	}
	tests := []struct {
		name       string
		err        error
		code, what string
	}{
		{"too few", prepared(b("1")), "08P01", `bind message supplies 1 parameters, but prepared statement "two" requires 2`},
		{"too many", prepared(b("1"), b("2"), b("3")), "08P01", "bind message supplies 3 parameters"},
		{"not a number", prepared(b("1"), b("x")), "22P02", `invalid input syntax for type integer: "x"`},
		{"too large", prepared(b("1"), b("99999999999")), "22003", "out of range for type integer"},
		{"no statement", func() error { _, err := c.ExecPrepared(ctx, "nosuch", nil, nil, nil).Close(); return err }(), "26000", `prepared statement "nosuch" does not exist`},
		{"prepared twice", twice, "42P05", `prepared statement "two" already exists`},
		{"short binary", exec("SELECT $1", []uint32{23}, []int16{1}, []byte{0, 1}), "08P01", ""},
		{"long binary", exec("SELECT $1", []uint32{23}, []int16{1}, []byte{0, 0, 0, 0, 1}), "22P03", "incorrect binary data format"},
		{"bad binary array", exec("SELECT $1", []uint32{1007}, []int16{1}, []byte{0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 23}), "54000", ""},
		{"bad binary numeric", exec("SELECT $1", []uint32{1700}, []int16{1}, []byte{0x7f, 0xff, 0, 0, 0, 0, 0, 0}), "08P01", ""},
		{"bad format", exec("SELECT $1", []uint32{23}, []int16{7}, b("1")), "22023", "unsupported format code: 7"},
		{"NUL in text", exec("SELECT $1", []uint32{25}, nil, b("a\x00b")), "22021", `invalid byte sequence for encoding "UTF8": 0x00`},
		{"UTF-8 in text", exec("SELECT $1", []uint32{25}, nil, b("a\xc3(")), "22021", `invalid byte sequence for encoding "UTF8": 0xc3 0x28`},
		{"UTF-8 in binary text", exec("SELECT $1", []uint32{25}, []int16{1}, b("\xff")), "22021", `invalid byte sequence for encoding "UTF8": 0xff`},
		{"no such type", exec("SELECT $1", []uint32{987654}, nil, b("1")), "42704|XX000", ""},
		{"undetermined", exec("SELECT $2", nil, nil, b("1"), b("2")), "42P18", "could not determine data type of parameter $1"},
		{"two statements", exec("SELECT 1; SELECT 2", nil, nil), "42601", "cannot insert multiple commands into a prepared statement"},
		{"most parameters", exec("SELECT "+list(1, func(int) string { return "$65535::int" })+" + length(concat("+list(99, func(i int) string { return fmt.Sprintf("$%d::text", i+1) })+"))", nil, nil, many...), "42P18", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantCode(t, tt.err, tt.code, tt.what) })
	}
	if err := prepared(b("1"), b("2")); err != nil {
		t.Errorf("the statement is lost: %v", err)
	}
}

// fails connects and returns the error.
func fails(t *testing.T, e endpoint, database string, settings ...string) error {
	t.Helper()
	cfg, err := pgconn.ParseConfig(e.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database = database
	for i := 0; i < len(settings); i += 2 {
		if settings[i] == "user" {
			cfg.User = settings[i+1]
			continue
		}
		cfg.RuntimeParams[settings[i]] = settings[i+1]
	}
	c, err := pgconn.ConnectConfig(context.Background(), cfg)
	if err == nil {
		_ = c.Close(context.Background()) // nothing happened on it
	}
	return err
}

// TestBadConnections connects to what is not there.
func TestBadConnections(t *testing.T) {
	p := startProcess(t, t.TempDir())
	run(t, dial(t, p, "postgres"), "SELECT rowan.create_branch('dev')", "CREATE ROLE nologin")
	tests := []struct {
		name, database string
		settings       []string
		code, what     string
	}{
		{"no database", "nosuch", nil, "3D000", `database "nosuch" does not exist`},
		{"no role", "postgres", []string{"user", "nosuch"}, "28000", `role "nosuch" does not exist`},
		{"no login", "postgres", []string{"user", "nologin"}, "28000", `role "nologin" is not permitted to log in`},
		{"no branch", "postgres/nosuch", nil, "3D000", "main"},
		{"no branch: hint", "postgres/nosuch", nil, "3D000", "dev"},
		{"no branch by option", "postgres", []string{"rowan.branch", "nosuch"}, "3D000", `"nosuch"`},
		{"no branch by options", "postgres", []string{"options", "-c rowan.branch=nosuch"}, "3D000", `"nosuch"`},
		{"before history", "postgres@1999-01-01", nil, "22023", ""},
		{"before history by option", "postgres", []string{"rowan.as_of", "1999-01-01"}, "22023", ""},
		{"future", "postgres@2999-01-01", nil, "22023", ""},
		{"future SCN", "postgres@999999999", nil, "22023", ""},
		{"malformed point", "postgres@yesteryear", nil, "22023", "yesteryear"},
		{"empty point", "postgres@", nil, "22023", ""},
		{"negative", "postgres@~999999", nil, "22023", ""},
		{"empty branch", "postgres/", nil, "3D000", ""},
		{"no setting", "postgres", []string{"nosuch", "1"}, "42704", `unrecognized configuration parameter "nosuch"`},
		{"bad setting", "postgres", []string{"options", "-c statement_timeout=x"}, "22023", `invalid value for parameter "statement_timeout"`},
		{"bad options", "postgres", []string{"options", "--"}, "42601", ""},
		{"replication", "postgres", []string{"replication", "database"}, "0A000", ""},
		{"encoding", "postgres", []string{"client_encoding", "nosuch"}, "22023", "nosuch"},
		{"UTF-8", "postgres\xff", nil, "22021", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantCode(t, fails(t, p, tt.database, tt.settings...), tt.code, tt.what)
		})
	}
	run(t, dial(t, p, "postgres"), "SELECT 1")
}

// TestBadBranches does to branches and points what cannot be done.
func TestBadBranches(t *testing.T) {
	p := startProcess(t, t.TempDir())
	c := dial(t, p, "postgres")
	run(t, c, "CREATE TABLE t (a int PRIMARY KEY)", "INSERT INTO t VALUES (1)", "SELECT rowan.create_branch('dev')",
		"SELECT rowan.create_branch('locked', protected => true)")
	tests := []struct{ sql, code, what string }{
		{"SET rowan.branch = 'nosuch'", "3D000", "dev"},
		{"SET rowan.as_of = '1999-01-01'", "22023", ""},
		{"SET rowan.as_of = 'yesteryear'", "22023", "yesteryear"},
		{"SET rowan.as_of = '2999-01-01'", "22023", ""},
		{"SET LOCAL rowan.branch = 'nosuch'", "3D000", "nosuch"},
		{"SELECT * FROM t AS OF '1999-01-01'", "22023", ""},
		{"SELECT * FROM t AS OF 'yesteryear'", "22023", ""},
		{`SELECT * FROM "postgres/nosuch".public.t`, "3D000", "nosuch"},
		{"SELECT rowan.drop_branch('main')", "", "main"},
		{"SELECT rowan.drop_branch('locked')", "", "locked"},
		{"SELECT rowan.drop_branch('nosuch')", "3D000", "nosuch"},
		{"SELECT rowan.drop_branch(NULL)", "22023", ""},
		{"SELECT rowan.create_branch('dev')", "42P04", "dev"},
		{"SELECT rowan.create_branch('')", "22023", ""},
		{"SELECT rowan.create_branch('a@b')", "", "a@b"},
		{"SELECT rowan.create_branch('" + times("x", 100_000) + "')", "", ""},
		{"SELECT rowan.create_branch('x', source => 'nosuch')", "3D000", "nosuch"},
		{"SELECT rowan.create_branch('x', as_of => '1999-01-01')", "22023", ""},
		{"SELECT rowan.create_branch('x', as_of => 'yesteryear')", "22023", ""},
		{"SELECT rowan.merge('main')", "22023", ""},
		{"SELECT rowan.merge('dev', target => 'dev')", "22023", ""},
		{"SELECT rowan.merge('nosuch')", "3D000", "nosuch"},
		{"SELECT rowan.merge('dev', strategy => 'best')", "22023", "best"},
		{"SELECT rowan.merge('dev', target => 'nosuch')", "3D000", "nosuch"},
		{"SELECT rowan.reset_branch('main', 'yesteryear')", "22023", ""},
		{"SELECT rowan.reset_branch('nosuch', '~1')", "3D000", ""},
		{"SELECT rowan.rename_branch('nosuch', 'x')", "3D000", ""},
		{"SELECT rowan.rename_branch('dev', 'main')", "42P04", ""},
		{"SELECT rowan.rename_branch('dev', '')", "22023", ""},
		{"SELECT rowan.protect_branch('nosuch')", "3D000", ""},
		{"SELECT * FROM rowan.diff_stat('main', 'nosuch')", "3D000", "nosuch"},
		{"SELECT * FROM rowan.log('nosuch')", "3D000", "nosuch"},
		{"SELECT rowan.drop_snapshot('nosuch')", "", "nosuch"},
		{"SELECT rowan.drop_tag('nosuch')", "", "nosuch"},
		{"SELECT rowan.create_tag('')", "22023", ""},
		{"BEGIN READ ONLY; SELECT rowan.create_branch('ro')", "25006", ""},
		{"SELECT rowan.scn_time(999999999)", "", ""},
		{"SELECT rowan.scn_time(-1)", "", ""},
	}
	for _, tt := range tests {
		t.Run(short(tt.sql), func(t *testing.T) {
			err := try(c, tt.sql)
			if tt.code == "" {
				if got := code(err); len(got) != 5 && err != nil || got == "XX000" {
					t.Errorf("got %v", err)
				} else {
					t.Logf("%v", err)
				}
			} else {
				wantCode(t, err, tt.code, tt.what)
			}
			_ = try(c, "ROLLBACK") // only one case opens a block
		})
	}
	if got := value(t, c, "SELECT string_agg(name, ',' ORDER BY name) FROM rowan.branches()"); got != "dev,locked,main" {
		t.Errorf("branches %s", got)
	}
	for _, database := range []string{"postgres@~0", "postgres/dev@~0"} {
		past := dial(t, p, database)
		for _, sql := range []string{
			"INSERT INTO t VALUES (2)", "UPDATE t SET a = 3", "DELETE FROM t", "TRUNCATE t", "CREATE TABLE u (a int)", "DROP TABLE t", "CREATE INDEX ON t (a)",
			"ALTER TABLE t ADD COLUMN z int", "SELECT * FROM t FOR UPDATE", "COPY t FROM STDIN", "CREATE SEQUENCE s", "CREATE VIEW v AS SELECT 1", "COMMENT ON TABLE t IS 'x'", "GRANT SELECT ON t TO public",
		} {
			wantCode(t, try(past, sql), "25006", "")
		}
		if got := value(t, past, "SELECT count(*) FROM t"); got != "1" {
			t.Errorf("%s has %s rows", database, got)
		}
	}
	// Protection is from losing the branch: it may be written to.
	locked := dial(t, p, "postgres/locked")
	run(t, locked, "INSERT INTO t VALUES (2)")
	for _, sql := range []string{"SELECT rowan.drop_branch('locked')", "SELECT rowan.rename_branch('locked', 'x')", "SELECT rowan.reset_branch('locked', '~1')"} {
		wantCode(t, try(c, sql), "2BP01", "locked")
	}
}
