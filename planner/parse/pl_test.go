package parse

import (
	"strings"
	"testing"

	"github.com/rowandb/rowan/pgerr"
)

// TestPL reads a body that has every statement.
func TestPL(t *testing.T) {
	body := `#variable_conflict use_column
<<outermost>>
DECLARE
  a int := 1; b CONSTANT text NOT NULL DEFAULT 'x;y'; c t.x%TYPE; d t%ROWTYPE; e ALIAS FOR $1;
  k SCROLL CURSOR (p int, q numeric(3,2)) FOR SELECT p; m int[];
BEGIN
  a := (SELECT 1; -- no
`
	if _, err := ParsePL("f", body, false); err == nil {
		t.Fatal("an open parenthesis is not noticed")
	}
	body = strings.Replace(body, "(SELECT 1; -- no", "(SELECT 1); -- yes", 1) + `
  m[1:2] := ARRAY[1,2]; d.f[3].g = 4;
  SELECT x, y INTO STRICT a, d.x FROM t WHERE z = 'INTO'; INSERT INTO t VALUES (1) RETURNING q INTO a;
  PERFORM f(1); EXECUTE 'SELECT $1' INTO a USING 1, 2; CALL p(1); COMMIT AND CHAIN; ROLLBACK;
  GET DIAGNOSTICS a = ROW_COUNT; NULL;
  IF a = 1 THEN NULL; ELSIF a = 2 THEN NULL; ELSEIF a = 3 THEN NULL; ELSE NULL; END IF;
  CASE a WHEN 1, 2 THEN NULL; ELSE END CASE;
  <<l>> LOOP EXIT l WHEN a > 1; CONTINUE l; END LOOP l;
  WHILE a < 1 LOOP NULL; END LOOP; FOR i IN REVERSE 10..1 BY 2 LOOP NULL; END LOOP;
  FOR d IN SELECT * FROM t LOOP NULL; END LOOP; FOR d IN EXECUTE 'x' USING 1 LOOP NULL; END LOOP;
  FOR r IN k(1, q := 2) LOOP NULL; END LOOP; FOREACH a SLICE 1 IN ARRAY m LOOP NULL; END LOOP;
  OPEN k(1, 2); FETCH RELATIVE -1 FROM k INTO a; MOVE FORWARD 3 IN k; CLOSE k;
  RAISE NOTICE '% %%', a; RAISE unique_violation USING MESSAGE = 'x', DETAIL = 'y'; RAISE SQLSTATE '12345'; RAISE;
  ASSERT a = 1, 'no'; RETURN NEXT a; RETURN QUERY SELECT 1; RETURN QUERY EXECUTE 'x' USING 1; RETURN;
EXCEPTION WHEN division_by_zero OR SQLSTATE '22000' THEN GET STACKED DIAGNOSTICS a = MESSAGE_TEXT; WHEN OTHERS THEN NULL;
END outermost;`
	p, err := ParsePL("f", body, true)
	if err != nil {
		t.Fatal(err)
	}
	if p.Conflict != "use_column" || p.Block.Label != "outermost" || len(p.Block.Decls) != 7 || len(p.Block.Handlers) != 2 {
		t.Errorf("%+v", p.Block)
	}
	into := p.Block.Body[3].(*PLSQL)
	if want := "SELECT x, y" + strings.Repeat(" ", 20) + "FROM t WHERE z = 'INTO'"; into.Query.Text != want || !into.Into.Strict || len(into.Into.Targets) != 2 {
		t.Errorf("INTO leaves %q", into.Query.Text)
	}
	if into.Line != 10 {
		t.Errorf("it is on line %d", into.Line)
	}
}

// TestPLErrors has the errors of bodies as PostgreSQL words them.
func TestPLErrors(t *testing.T) {
	for body, want := range map[string]string{
		"":                                   "syntax error at end of input",
		"BEGIN":                              "syntax error at end of input",
		"BEGIN x y; END":                     "syntax error at or near \"x\"",
		"BEGIN IF 1 NULL; END IF; END":       "missing \"THEN\" at end of SQL expression",
		"BEGIN a := ; END":                   "missing expression at or near \";\"",
		"BEGIN a := 1 +; END":                "syntax error at end of input",
		"BEGIN RAISE NOTICE '%'; END":        "too few parameters specified for RAISE",
		"BEGIN RAISE NOTICE '', 1; END":      "too many parameters specified for RAISE",
		"<<a>> BEGIN NULL; END b":            "end label \"b\" differs from block's label \"a\"",
		"BEGIN NULL; END b":                  "end label \"b\" specified for unlabeled block",
		"DECLARE a; BEGIN END":               "missing data type declaration at or near \";\"",
		"BEGIN GET DIAGNOSTICS a = x; END":   "unrecognized GET DIAGNOSTICS item at or near \"x\"",
		"BEGIN FETCH ALL FROM c INTO a; END": "FETCH statement cannot return multiple rows",
	} {
		_, err := ParsePL("f", body, true)
		if err == nil || pgerr.From(err).Message != want {
			t.Errorf("%s: %v, not %s", body, err, want)
		}
	}
}

// FuzzPL wants no text to do worse than an error, and what is read once to be read again from its own text.
func FuzzPL(f *testing.F) {
	for _, s := range []string{
		"BEGIN END", "DECLARE a int; BEGIN a := 1; END;", "BEGIN FOR i IN 1..2 LOOP NULL; END LOOP; END", "BEGIN RAISE '%', 1 USING ERRCODE = 'x'; END",
		"BEGIN SELECT 1 INTO STRICT a.b FROM c; EXCEPTION WHEN OTHERS THEN RAISE; END", "<<x>> BEGIN FETCH NEXT FROM c INTO a; EXIT x; END x",
		"BEGIN CASE WHEN a THEN ELSE END CASE; a[1:].b := 2; END", "DECLARE c CURSOR (a int) FOR SELECT $1; BEGIN OPEN c(a := 1); END", "BEGIN a := $$; END", "\x00", "BEGIN '", "# option dump BEGIN END",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		p, err := ParsePL("f", body, len(body)%2 == 0)
		if (p == nil) == (err == nil) {
			t.Fatalf("%v and %v", p, err)
		}
	})
}
