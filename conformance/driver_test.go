package conformance

import (
	"encoding/binary"
	"errors"
	"regexp"
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

// TestBinaryDomains wants what domains demand, also of elements and fields, to hold for parameters in binary form, whether the statement or
// the client gives their type.
func TestBinaryDomains(t *testing.T) {
	c := dial(t, against(t), "postgres")
	run(t, c, "CREATE DOMAIN sent AS int CHECK (VALUE > 0)", "CREATE TYPE sents AS (a sent, b text)")
	var id, array uint32
	if err := c.QueryRow(t.Context(), "SELECT 'sent'::regtype::oid, 'sent[]'::regtype::oid").Scan(&id, &array); err != nil {
		t.Fatal(err)
	}
	word := binary.BigEndian.AppendUint32
	for _, n := range []int32{1, -1} {
		value := word(nil, uint32(n))
		element := word(word(word(word(word(word(nil, 1), 0), id), 1), 1), 4)
		row := word(word(word(nil, 2), id), 4)
		for _, tt := range []struct {
			sql   string
			value []byte
			types []uint32
		}{
			{"SELECT $1::sent", value, nil},
			{"SELECT $1", value, []uint32{id}},
			{"SELECT $1::sent[]", append(element, value...), nil},
			{"SELECT $1", append(element, value...), []uint32{array}},
			{"SELECT $1::sents", word(word(append(row, value...), 25), 1<<32-1), nil},
		} {
			err := c.PgConn().ExecParams(t.Context(), tt.sql, [][]byte{tt.value}, tt.types, []int16{1}, nil).Read().Err
			var e *pgconn.PgError
			switch {
			case n > 0 && err != nil:
				t.Errorf("%s: %v", tt.sql, err)
			case n < 0 && (!errors.As(err, &e) || e.Code != "23514" || e.ConstraintName != "sent_check" || e.Where != "unnamed portal parameter $1"):
				t.Errorf("%s: %+v", tt.sql, err)
			}
		}
	}
	run(t, c, "DROP TYPE sents", "DROP DOMAIN sent")
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

// TestWaitContextOfKeys wants errors that end a wait for a unique key, or for the other end of a foreign key, to say what was under way.
func TestWaitContextOfKeys(t *testing.T) {
	target := against(t)
	holder, c := dial(t, target, "postgres"), dial(t, target, "postgres")
	run(t, holder, "DROP TABLE IF EXISTS refers, awaited", "CREATE TABLE awaited (id int PRIMARY KEY, v text UNIQUE)", "INSERT INTO awaited VALUES (1, 'a'), (2, 'b')",
		"CREATE TABLE refers (id int REFERENCES awaited)", "INSERT INTO refers VALUES (1)")
	const locks = `SQL statement "SELECT 1 FROM ONLY "public"."awaited" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x"`
	for _, tt := range []struct{ held, sql, where string }{
		{"INSERT INTO awaited VALUES (7, 'g')", "INSERT INTO awaited VALUES (7, 'h')", `while inserting index tuple (0,0) in relation "awaited_pkey"`},
		{"INSERT INTO awaited VALUES (7, 'g')", "INSERT INTO awaited VALUES (8, 'g')", `while inserting index tuple (0,0) in relation "awaited_v_key"`},
		{"INSERT INTO awaited VALUES (7, 'g')", "UPDATE awaited SET id = 7 WHERE id = 2", `while inserting index tuple (0,0) in relation "awaited_pkey"`},
		{"INSERT INTO awaited VALUES (7, 'g')", "UPDATE awaited SET v = 'g' WHERE id = 2", `while inserting index tuple (0,0) in relation "awaited_v_key"`},
		{"INSERT INTO awaited VALUES (7, 'g')", "INSERT INTO awaited VALUES (7, 'h') ON CONFLICT DO NOTHING", `while inserting index tuple (0,0) in relation "awaited"`},
		{"DELETE FROM awaited WHERE id = 2", "INSERT INTO awaited VALUES (2, 'b')", `while inserting index tuple (0,0) in relation "awaited_pkey"`},
		{"UPDATE awaited SET v = 'c' WHERE id = 2", "INSERT INTO awaited VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET v = 'd'",
			`while inserting index tuple (0,0) in relation "awaited"`},
		{"DELETE FROM awaited WHERE id = 2", "INSERT INTO refers VALUES (2)", `while locking tuple (0,0) in relation "awaited"` + "\n" + locks},
		{"INSERT INTO refers VALUES (2)", "DELETE FROM awaited WHERE id = 2", `while deleting tuple (0,0) in relation "awaited"`},
	} {
		for _, setting := range []struct{ name, code string }{{"lock_timeout", "55P03"}, {"statement_timeout", "57014"}} {
			run(t, holder, "BEGIN", tt.held)
			run(t, c, "RESET ALL", "SET "+setting.name+" = '50ms'")
			var e *pgconn.PgError
			if err := try(c, tt.sql); !errors.As(err, &e) || e.Code != setting.code || tuple.ReplaceAllString(e.Where, "(0,0)") != tt.where {
				t.Errorf("%s: %+v", tt.sql, e)
			}
			run(t, holder, "ROLLBACK")
		}
	}
	run(t, holder, "DROP TABLE refers, awaited")
}

// tuple is the place of a row in an error, which is another one in each database.
var tuple = regexp.MustCompile(`\([0-9]+,[0-9]+\)`)
