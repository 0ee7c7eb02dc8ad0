package conformance

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestOutputParameters wants parameters of type void to be no arguments: as such JDBC's driver sends the outputs of a function.
func TestOutputParameters(t *testing.T) {
	c := dial(t, against(t), "postgres")
	run(t, c, "CREATE OR REPLACE FUNCTION outputs(a int, OUT b int, OUT c text) LANGUAGE sql AS 'SELECT a * 2, $$z$$'")
	void, integer := uint32(2278), uint32(23)
	for _, tt := range []struct {
		sql, want string
		types     []uint32
	}{
		{"SELECT * FROM outputs($1, $2, $3) AS result", "8 z", []uint32{integer, void, void}},
		{"SELECT * FROM outputs($1, $2, $3) AS result", "8 z", []uint32{void, integer, void}},
		{"SELECT b, c FROM outputs(a => $1, b => $2, c => $3)", "42883", []uint32{integer, void, void}},
		{"SELECT abs($1), upper('z')", "42883", []uint32{void}},
	} {
		values := make([][]byte, len(tt.types))
		for i, id := range tt.types {
			if id == integer {
				values[i] = []byte("4")
			}
		}
		r := c.PgConn().ExecParams(t.Context(), tt.sql, values, tt.types, nil, nil).Read()
		got := ""
		var e *pgconn.PgError
		if errors.As(r.Err, &e) {
			got = e.Code
		} else if len(r.Rows) == 1 {
			got = string(r.Rows[0][0]) + " " + string(r.Rows[0][1])
		}
		if got != tt.want {
			t.Errorf("%s with %v: %q %v, want %q", tt.sql, tt.types, got, r.Err, tt.want)
		}
	}
	run(t, c, "DROP FUNCTION outputs")
}

// TestChangedResult wants the error about a prepared statement that would give other columns to say by which routine it comes: JDBC's driver
// then prepares the statement anew.
func TestChangedResult(t *testing.T) {
	c := dial(t, against(t), "postgres")
	run(t, c, "DROP TABLE IF EXISTS changed", "CREATE TABLE changed (a int)")
	if _, err := c.Prepare(t.Context(), "of_changed", "SELECT * FROM changed"); err != nil {
		t.Fatal(err)
	}
	run(t, c, "ALTER TABLE changed ADD b int")
	_, err := c.Exec(t.Context(), "of_changed", pgx.QueryExecModeDescribeExec)
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "0A000" || e.Message != "cached plan must not change result type" || e.Routine != "RevalidateCachedQuery" {
		t.Errorf("%+v", e)
	}
	run(t, c, "DROP TABLE changed")
}

// TestWaitContext wants errors that end a wait for a row to say which row that was, as PostgreSQL's do, each with what its own statement did.
func TestWaitContext(t *testing.T) {
	target := against(t)
	holder, c := dial(t, target, "postgres"), dial(t, target, "postgres")
	run(t, holder, "DROP TABLE IF EXISTS awaited", "CREATE TABLE awaited (id int, v int)", "INSERT INTO awaited VALUES (1, 1)",
		"CREATE OR REPLACE FUNCTION await_row() RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE awaited SET v = 3; END'")
	place := value(t, holder, "SELECT ctid::text FROM awaited")
	run(t, holder, "BEGIN", "UPDATE awaited SET v = 2")
	for _, tt := range []struct{ setting, sql, code, where string }{
		{"lock_timeout", "UPDATE awaited SET v = 3", "55P03", "while updating tuple " + place + ` in relation "awaited"`},
		{"lock_timeout", "DELETE FROM awaited", "55P03", "while deleting tuple " + place + ` in relation "awaited"`},
		{"lock_timeout", "SELECT * FROM awaited FOR SHARE", "55P03", "while locking tuple " + place + ` in relation "awaited"`},
		{"lock_timeout", "SELECT * FROM awaited FOR UPDATE NOWAIT", "55P03", ""},
		{"statement_timeout", "UPDATE awaited SET v = 3", "57014", "while updating tuple " + place + ` in relation "awaited"`},
		{"statement_timeout", "SELECT pg_sleep(9)", "57014", ""},
		{"lock_timeout", "SELECT await_row()", "55P03", "while updating tuple " + place + ` in relation "awaited"` +
			"\nSQL statement \"UPDATE awaited SET v = 3\"\nPL/pgSQL function await_row() line 1 at SQL statement"},
	} {
		run(t, c, "RESET ALL", "SET "+tt.setting+" = '50ms'")
		var e *pgconn.PgError
		if err := try(c, tt.sql); !errors.As(err, &e) || e.Code != tt.code || e.Where != tt.where {
			t.Errorf("%s: %+v", tt.sql, e)
		}
	}
	run(t, holder, "ROLLBACK", "DROP TABLE awaited", "DROP FUNCTION await_row")
}
