package bind_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

func benchmarkBind(b *testing.B, sql string) {
	c := newCatalog()
	stmts, err := parse.Parse(sql)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var params []types.Type
		if _, err := bind.Bind(stmts[0], c, &params, bind.Options{Fold: fold}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPointSelect(b *testing.B) { benchmarkBind(b, "SELECT b, c FROM t WHERE a = $1") }

func BenchmarkUpdate(b *testing.B) { benchmarkBind(b, "UPDATE t SET b = $1 WHERE a = $2") }

func BenchmarkInsert10k(b *testing.B) {
	var sql strings.Builder
	sql.WriteString("INSERT INTO t (a, b, d, e) VALUES ")
	for i := range 10000 {
		if i > 0 {
			sql.WriteString(", ")
		}
		fmt.Fprintf(&sql, "(%d, 'text %d', %d.50, '2020-01-01 10:00:00')", i, i, i)
	}
	benchmarkBind(b, sql.String())
}
