package expr_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rowandb/rowan/planner/expr"
)

// spelled lists the expressions of testdata/spelling.
func spelled(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/spelling")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	lines := strings.Split(string(text), "\n")
	for i, l := range lines {
		if l == "spell" {
			out = append(out, "("+lines[i+1]+") IS NOT NULL")
		}
	}
	return out
}

// TestEqual binds every expression twice: both are equal with equal hashes, and no two different ones are equal. A
// rewrite that changes nothing returns the node itself; one that changes a leaf does not touch the original.
func TestEqual(t *testing.T) {
	cat := spellingCatalog(t)
	o := options(cat)
	seen := map[string]expr.Expr{}
	for _, sql := range spelled(t) {
		a, err := bound(cat, sql)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := bound(cat, sql)
		if !expr.Equal(a, b) || expr.Hash(a) != expr.Hash(b) {
			t.Errorf("%s is not equal to itself", sql)
		}
		if expr.Rewrite(a, func(e expr.Expr) expr.Expr { return e }) != a {
			t.Errorf("%s: an empty rewrite made a new node", sql)
		}
		text := expr.SQL(a, o)
		renumber(a)
		if expr.SQL(a, o) != text || !expr.Equal(a, b) {
			t.Errorf("%s: a rewrite changed its input", sql)
		}
		for other, e := range seen {
			if other != text && expr.Equal(a, e) && !sameCalls[text] {
				t.Errorf("%s equals %s", text, other)
			}
		}
		seen[text] = a
	}
}

// sameCalls are spelled by the grammar what others spell as calls; the form of a call does not matter to Equal.
var sameCalls = map[string]bool{
	"(CURRENT_TIMESTAMP IS NOT NULL)": true, `("current_schema"() IS NOT NULL)`: true, "(btrim(c) IS NOT NULL)": true,
}

func renumber(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return &expr.Column{ID: c.ID + 100, T: c.T, Name: "other"}
		}
		return x
	})
}

func TestConjuncts(t *testing.T) {
	cat := spellingCatalog(t)
	e, err := bound(cat, "a > 1 AND (b > 2 AND f) AND (c = 'x' OR f OR a = 2)")
	if err != nil {
		t.Fatal(err)
	}
	conds := expr.Conjuncts(e, nil)
	if len(conds) != 4 || len(expr.Disjuncts(conds[3], nil)) != 3 {
		t.Fatalf("%d conjuncts of %s", len(conds), expr.SQL(e, expr.SQLOptions{}))
	}
	if !expr.IsTrue(expr.JoinAnd(nil)) || !expr.IsFalseOrNull(expr.JoinOr(nil)) || expr.JoinAnd(conds[:1]) != conds[0] {
		t.Error("AND and OR of nothing and of one")
	}
}

func TestVolatility(t *testing.T) {
	cat := spellingCatalog(t)
	for sql, want := range map[string]expr.Volatility{
		"a + 1": expr.Immutable, "now() > h": expr.Stable, "random() > a": expr.Volatile, "c::date": expr.Stable,
		"CASE WHEN f THEN nextval('seq1') ELSE 1 END": expr.Volatile, "a = ANY (ARRAY[1, b])": expr.Immutable,
	} {
		e, err := bound(cat, sql)
		if err != nil {
			t.Fatal(err)
		}
		if got := expr.VolatilityOf(e); got != want {
			t.Errorf("%s: volatility %d, want %d", sql, got, want)
		}
		if want == expr.Volatile && expr.IsConstant(e) {
			t.Errorf("%s is taken for a constant", sql)
		}
	}
}
