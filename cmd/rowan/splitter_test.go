package main

import (
	"slices"
	"testing"
)

// TestSplitter wants statements to end where PostgreSQL's own client ends them.
func TestSplitter(t *testing.T) {
	tests := []struct {
		script string
		want   []string
	}{
		{"SELECT 1; SELECT 2;", []string{"SELECT 1;", " SELECT 2;"}},
		{`SELECT ';'; SELECT ";"; SELECT $$;$$, $a$;$$;$a$;`, []string{"SELECT ';';", ` SELECT ";";`, " SELECT $$;$$, $a$;$$;$a$;"}},
		{"SELECT E'\\';'; SELECT 1 -- ;\n; /* ; /* ; */ ; */ SELECT 2;", []string{"SELECT E'\\';';", " SELECT 1 -- ;\n;", " /* ; /* ; */ ; */ SELECT 2;"}},
		{"BEGIN; END; SELECT 1;", []string{"BEGIN;", " END;", " SELECT 1;"}},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\n SELECT CASE WHEN true THEN 1 END AS \"end\";\nEND;\nSELECT 1;",
			[]string{"CREATE FUNCTION f() RETURNS int LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\n SELECT CASE WHEN true THEN 1 END AS \"end\";\nEND;", "\nSELECT 1;"}},
		{"create or replace procedure p(a int) begin atomic\nselect (case a when 1 then 2 end);\nend; select 1;",
			[]string{"create or replace procedure p(a int) begin atomic\nselect (case a when 1 then 2 end);\nend;", " select 1;"}},
		{"-- Name: f; a function; begin\n\nCREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC END; SELECT 1;",
			[]string{"-- Name: f; a function; begin\n\nCREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC END;", " SELECT 1;"}},
	}
	for _, tt := range tests {
		var s splitter
		var got []string
		from := 0
		for i := range len(tt.script) {
			if s.feed(tt.script[i]) {
				got = append(got, tt.script[from:i+1])
				from = i + 1
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q\ngot  %q\nwant %q", tt.script, got, tt.want)
		}
		if s.open() {
			t.Errorf("%q is left open", tt.script)
		}
	}
}
