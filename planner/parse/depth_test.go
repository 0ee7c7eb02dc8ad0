package parse

import (
	"strings"
	"testing"
)

// TestCheckDepth wants deep texts refused and long flat ones not.
func TestCheckDepth(t *testing.T) {
	long := func(s string) string { return strings.Repeat(s, 20_000) }
	tests := []struct {
		name, sql string
		deep      bool
	}{
		{"sum", "SELECT 1" + long("+1"), true},
		{"two chains", "SELECT (1" + strings.Repeat("+1", 4000) + ")" + strings.Repeat("+1", 4000), true},
		{"behind a comment", "SELECT 1 /* ' /* */ */ " + long("+1"), true},
		{"behind a string", `SELECT E'a\'b' || E'''\''` + long("+1"), true},
		{"behind a continued string", "SELECT E'a' -- '\n '\\''" + long("+1"), true},
		{"behind a plain string", `SELECT '\'` + long("+1"), true},
		{"behind dollars", "SELECT $a$ ' $$ $a$ " + long("+1"), true},
		{"behind an identifier", `SELECT "'"` + long("+1"), true},
		{"union", "SELECT 1" + long(" UNION SELECT 1"), true},
		{"joins", "SELECT FROM a" + long(" CROSS JOIN a"), true},
		{"casts", "SELECT 1" + long("::int"), true},
		{"list", "SELECT 1" + long(",-1"), false},
		{"rows", "VALUES (1+1)" + long(",(1+1)"), false},
		{"and", "SELECT a = 1" + long(" AND a = 1"), false},
		{"case", "SELECT CASE" + long(" WHEN a = 1 THEN 2") + " END", false},
		{"statements", long("SELECT 1+1;"), false},
		{"in a string", "SELECT '" + long("+1") + "'", false},
		{"in an escape string", `SELECT E'\'` + long("+1") + "'", false},
		{"in dollars", "SELECT $$'" + long("+1") + "$$", false},
		{"in a comment", "SELECT 1 /*" + long("+1") + "*/", false},
		{"in a line comment", "SELECT 1 --" + long("+1"), false},
		{"in an identifier", `SELECT "` + long("+1") + `"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkDepth(tt.sql); (err != nil) != tt.deep {
				t.Errorf("got %v", err)
			}
		})
	}
}

func BenchmarkCheckDepth(b *testing.B) {
	sql := "INSERT INTO t VALUES (1,'abc')" + strings.Repeat(",(12345,'some text')", 10_000)
	b.SetBytes(int64(len(sql)))
	for b.Loop() {
		_ = checkDepth(sql)
	}
}
