package expr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/plantest"
	"github.com/rowandb/rowan/types"
)

// TestSpelling compares canonical SQL with what PostgreSQL 15 gives.
func TestSpelling(t *testing.T) {
	cat := spellingCatalog(t)
	datadriven.RunTest(t, "testdata/spelling", func(t *testing.T, d *datadriven.TestData) string {
		e, err := bound(cat, "("+d.Input+") IS NOT NULL")
		if err != nil {
			return "error: " + err.Error()
		}
		o := options(cat)
		plain := expr.SQL(e, o)
		if err := stable(cat, plain, o); err != nil {
			t.Error(err)
		}
		o.Pretty = true
		return lines.Replace(plain) + "\n" + lines.Replace(expr.SQL(e, o))
	})
}

// lines shows line breaks, so that each spelling is one line of the golden file.
var lines = strings.NewReplacer("\n", `\n`)

// stable checks that a spelling binds, and to something that has a stable spelling. (PostgreSQL itself spells some
// casts otherwise when it reads them back: a cast of ARRAY[…] goes to the elements.)
func stable(cat *plantest.Catalog, spelled string, o expr.SQLOptions) error {
	for range 2 {
		e, err := bound(cat, spelled)
		if err != nil {
			return fmt.Errorf("%s: %w", spelled, err)
		}
		next := expr.SQL(e, o)
		if next == spelled {
			return nil
		}
		spelled = next
	}
	return fmt.Errorf("%s is spelled otherwise each time", spelled)
}

func bound(cat *plantest.Catalog, sql string) (expr.Expr, error) {
	b, err := cat.Bind("SELECT " + sql + " FROM g")
	if err != nil {
		return nil, err
	}
	return b.Node.(*logical.Project).Exprs[0], nil
}

func options(cat *plantest.Catalog) expr.SQLOptions {
	return expr.SQLOptions{Text: func(d types.Datum, ty types.Type) string {
		if ty.ID() == types.OIDRegclass {
			return "seq1"
		}
		return types.Text(ty, d, types.DefaultFormat())
	}}
}

func spellingCatalog(t *testing.T) *plantest.Catalog {
	t.Helper()
	mood := &catalog.UserType{Header: catalog.Header{OID: 90000, Schema: catalog.Public, Name: "mood"}, Kind: types.KindEnum, Array: 90001,
		ArrayName: "_mood", Labels: []types.Label{{Key: 1, OID: 90002, Name: "sad"}, {Key: 2, OID: 90003, Name: "ok"}}}
	posint := &catalog.UserType{Header: catalog.Header{OID: 90010, Schema: catalog.Public, Name: "posint"}, Kind: types.KindDomain,
		Array: 90011, ArrayName: "_posint", Base: types.OIDInt4, Mod: -1}
	seq := &catalog.Sequence{Header: catalog.Header{OID: 90020, Schema: catalog.Public, Name: "seq1"}, TypeOID: types.OIDInt8}
	cat, err := plantest.New(`table g
  a int4
  b int4
  c text
  d varchar(20)
  e numeric
  f bool
  g timestamp
  h timestamptz
  i uuid
  j jsonb
  k _int4
  l date
  m mood
  n posint
  cash money
  ip inet
  p int4range
  bt bit(3)
  bc bpchar(5)
  tt time`, mood, posint, seq)
	if err != nil {
		t.Fatal(err)
	}
	return cat
}
