package parse_test

import (
	"testing"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
)

func TestSplit(t *testing.T) {
	sql := "  SELECT 1 ; ;\n-- note\nINSERT INTO t VALUES ('a;b') ;SELECT a FROM t AS OF SCN 5 x; SELECT 'é', b"
	want := []struct {
		text   string
		offset int
	}{
		{"SELECT 1", 2}, {"-- note\nINSERT INTO t VALUES ('a;b')", 15}, {"SELECT a FROM t AS OF SCN 5 x", 53}, {"SELECT 'é', b", 84},
	}
	got, err := parse.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d statements, want %d", len(got), len(want))
	}
	for i, w := range want {
		if got[i].Text != w.text || got[i].Offset != w.offset {
			t.Errorf("statement %d: %q at %d, want %q at %d", i, got[i].Text, got[i].Offset, w.text, w.offset)
		}
	}
	last := got[3].Node.GetSelectStmt().TargetList[1].GetResTarget()
	if at := got[3].Source(int(last.Location)); sql[at:] != "b" {
		t.Errorf("the last column is at %q", sql[at:])
	}
}

// TestExtensions checks what the pre-pass makes of a text, by the tag, and that it leaves alone what it must.
func TestExtensions(t *testing.T) {
	for _, c := range []struct{ sql, tag, method string }{
		{"SELECT * FROM t AS OF '5'", "", parse.AsOf},
		{"SELECT * FROM t AS OF -5", "", parse.AsOf},
		{"SELECT * FROM t AS OF $1", "", parse.AsOf},
		{"SELECT * FROM t as of now() - interval '1 day' WHERE a = 1", "", parse.AsOf},
		{"SELECT * FROM t AS OF SYSTEM TIME now() - '1h'::interval", "", parse.AsOfAll},
		{"SELECT * FROM t AS OF SYSTEM TIME (1 + 2)", "", parse.AsOfAll},
		{"SELECT * FROM t FOR SYSTEM_TIME AS OF '2020-01-01' AS x", "", parse.AsOf},
		{"SELECT * FROM t AS OF TIMESTAMP('2020-01-01') t1", "", parse.AsOf},
		{"SELECT * FROM t AS of", "", ""},
		{"SELECT * FROM t AS of (a, b)", "", ""},
		{"SELECT 1 AS of, 2", "", ""},
		{"SELECT * FROM t FOR UPDATE OF t", "", ""},
		{"CREATE BRANCH feature/x FROM main", "CREATE BRANCH", ""},
		{"CREATE DATABASE BRANCH b FROM CURRENT AS OF NOW", "CREATE BRANCH", ""},
		{"CREATE BRANCH IF NOT EXISTS b FROM main WITH (region = 'eu', replication_factor = 3, ttl = '2 hours', protected = true)", "CREATE BRANCH", ""},
		{"CREATE DATABASE BRANCH b FROM CURRENT AS OF NOW WITH (region = us)", "CREATE BRANCH", ""},
		{"MERGE DATABASE BRANCH b INTO main WITH (conflict_resolution = branch_wins, delete_branch_after = true)", "SELECT", ""},
		{"SELECT * FROM t AS OF SCN $1", "", parse.AsOf},
		{"SELECT * FROM t AS OF BRANCH $1", "", parse.AsOf},
		{"SET TRANSACTION AS OF SYSTEM TIME '-10s'", "SET", ""},
		{"SHOW BRANCH", "SHOW", ""},
		{"use branch b", "USE BRANCH", ""},
		{"DROP BRANCH b", "DROP BRANCH", ""},
		{"DROP BRANCH a, feature/x", "DROP BRANCH", ""},
		{"DROP DATABASE BRANCH IF EXISTS a, \"B b\"", "DROP BRANCH", ""},
		{"CREATE TABLE branch (use int)", "", ""},
		{"SELECT branch FROM branch", "", ""},
	} {
		got, err := parse.Parse(c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if got[0].Tag != c.tag || got[0].Text != c.sql {
			t.Errorf("%s: tag %q, text %q", c.sql, got[0].Tag, got[0].Text)
		}
		method := ""
		if from := got[0].Node.GetSelectStmt().GetFromClause(); len(from) > 0 && from[0].GetRangeTableSample() != nil {
			method = from[0].GetRangeTableSample().Method[0].GetString_().Sval
		}
		if method != c.method {
			t.Errorf("%s: method %q, want %q", c.sql, method, c.method)
		}
	}
}

// TestBeginAsOf makes two statements of BEGIN AS OF.
func TestBeginAsOf(t *testing.T) {
	got, err := parse.Parse("SELECT 1; begin transaction AS OF SYSTEM TIME '-10s'; SELECT 2")
	if err != nil || len(got) != 4 {
		t.Fatalf("%d statements, %v", len(got), err)
	}
	if got[1].Tag != "BEGIN" || got[1].Text != "begin" || got[2].Tag != "" || got[2].Node.GetVariableSetStmt() == nil {
		t.Errorf("%q tagged %s, and %q tagged %s", got[1].Text, got[1].Tag, got[2].Text, got[2].Tag)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		sql, code, message string
		at                 int
	}{
		{"SELEC 1", "42601", `syntax error at or near "SELEC"`, 0},
		{"SELECT 1;\nSELECT FROM WHERE", "42601", `syntax error at or near "WHERE"`, 22},
		{"SELECT 'é' FROM FROM", "42601", `syntax error at or near "FROM"`, 17},
		{"SELECT 'abc", "42601", `unterminated quoted string at or near "'abc"`, 7},
		{"SELECT a FROM t AS OF SCN 5 x y", "42601", `syntax error at or near "y"`, 30},
		{"SELECT a FROM t LIMIT 1, 2", "42601", "LIMIT #,# syntax is not supported", 16},
		{"UPDATE t AS OF SCN 5 SET a = 1", "25006", "cannot execute UPDATE at a point in the past", 9},
		{"INSERT INTO s.t AS OF '~1' VALUES (1)", "25006", "cannot execute INSERT at a point in the past", 16},
		{"DELETE FROM ONLY t AS OF '~1'", "25006", "cannot execute DELETE at a point in the past", 19},
		{"CREATE BRANCH b WITH (color = 3)", "22023", `unrecognized option "color" of CREATE BRANCH`, -1},
		{"MERGE BRANCH b WITH (conflict_resolution = maybe)", "22023", `unknown conflict_resolution "maybe"`, -1},
		{"SELECT \x00", "22021", `invalid byte sequence for encoding "UTF8": 0x00`, -1},
	} {
		_, err := parse.Parse(c.sql)
		e := pgerr.From(err)
		if e == nil || e.Code != c.code || e.Message != c.message || e.ByteOffset() != c.at {
			t.Errorf("%q: %v at %d", c.sql, err, e.ByteOffset())
		}
	}
}

func TestInner(t *testing.T) {
	for outer, want := range map[string]string{
		"EXPLAIN SELECT 1":                                  "SELECT 1",
		"explain analyze verbose SELECT 1":                  "SELECT 1",
		"EXPLAIN (ANALYZE, COSTS off) SELECT 1":             "SELECT 1",
		"EXPLAIN (SELECT 1)":                                "(SELECT 1)",
		"PREPARE p AS SELECT $1":                            "SELECT $1",
		"PREPARE p (int, numeric(5,2)) AS SELECT $1":        "SELECT $1",
		"DECLARE c NO SCROLL CURSOR FOR SELECT 1 FOR SHARE": "SELECT 1 FOR SHARE",
		"COPY (SELECT (1)) TO STDOUT":                       "SELECT (1)",
		"COPY t TO STDOUT":                                  "",
	} {
		if got, at := parse.Inner(outer); got != want || got != "" && outer[at:at+len(got)] != want {
			t.Errorf("%s: %q at %d", outer, got, at)
		}
	}
}
