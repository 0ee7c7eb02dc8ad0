// Package plantest makes catalogs from text and binds statements against them, for the tests of the planner's packages.
// No storage is opened and nothing runs but constant folding.
//
// A catalog is a list of lines:
//
//	table t rows=5000
//	  a int4 pk
//	  b text notnull
//	  index t_b b, a desc
//	  unique t_u a where "b > 'x'"
//	  index t_l (lower(b))
//	  stats b distinct=100 nulls=0.1 common=x:0.3,y:0.1 bounds=a,k,z
//
// Only tests import it.
package plantest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Catalog is a catalog from text. It is a bind.Catalog and an estimate.Stats.
type Catalog struct {
	snapshot *catalog.Snapshot
	objects  []catalog.Object
	rows     map[catalog.OID]float64
	stats    map[catalog.OID]*statistics.Table
	next     uint32
}

// New reads a catalog; extra objects, such as enums, are added to it.
func New(text string, extra ...catalog.Object) (*Catalog, error) {
	c := &Catalog{rows: map[catalog.OID]float64{}, next: uint32(catalog.FirstUserOID)}
	c.objects = append(c.objects, &catalog.Schema{Header: catalog.Header{OID: catalog.Public, Name: "public", Owner: catalog.Superuser}})
	c.objects = append(c.objects, extra...)
	types := catalog.NewSnapshot(nil, c.objects)
	var t *catalog.Table
	var stats []statLine
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		switch words[0] {
		case "table":
			t = c.table(words[1:])
		case "index", "unique":
			err = c.index(t, words)
		case "stats":
			stats = append(stats, statLine{t.OID, words})
		default:
			err = c.column(t, words, types)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	c.snapshot = catalog.NewSnapshot(&catalog.Database{Header: catalog.Header{OID: 5, Name: "test"}}, c.objects)
	return c, c.analyze(stats)
}

func (c *Catalog) id() uint32 {
	c.next++
	return c.next
}

func (c *Catalog) table(words []string) *catalog.Table {
	t := &catalog.Table{Header: catalog.Header{OID: c.id(), Schema: catalog.Public, Name: words[0], Owner: catalog.Superuser}}
	for _, w := range words[1:] {
		if n, ok := strings.CutPrefix(w, "rows="); ok {
			c.rows[t.OID], _ = strconv.ParseFloat(n, 64)
		}
	}
	c.objects = append(c.objects, t)
	return t
}

func (c *Catalog) column(t *catalog.Table, words []string, s *catalog.Snapshot) error {
	name, mod, _ := strings.Cut(words[1], "(")
	d := types.BuiltinByName(name)
	if d == nil {
		d = s.Type(catalog.Public, name)
	}
	if d == nil {
		return fmt.Errorf("no type %s", words[1])
	}
	col := catalog.Column{ID: c.id(), Num: int16(len(t.Live()) + 1), Name: words[0], TypeOID: d.OID, Mod: -1}
	if n, err := strconv.Atoi(strings.TrimSuffix(mod, ")")); err == nil {
		col.Mod = int32(n)
		if d.OID == types.OIDVarchar || d.OID == types.OIDBpchar {
			col.Mod += 4
		}
	}
	for _, w := range words[2:] {
		switch w {
		case "notnull":
			col.NotNull = true
		case "pk":
			col.NotNull = true
			ix := &catalog.Index{OID: c.id(), Name: t.Name + "_pkey", Primary: true, Unique: true}
			ix.Columns = []catalog.IndexColumn{{Column: col.ID}}
			t.Indexes = append(t.Indexes, ix)
		}
	}
	t.Columns = append(t.Columns, col)
	return nil
}

func (c *Catalog) index(t *catalog.Table, words []string) error {
	ix := &catalog.Index{OID: c.id(), Name: words[1], Unique: words[0] == "unique"}
	keys, where, partial := strings.Cut(strings.Join(words[2:], " "), " where ")
	if partial {
		ix.Predicate = c.hidden(t, strings.Trim(where, `"`), types.OIDBool)
	}
	for _, k := range strings.Split(keys, ",") {
		k = strings.TrimSpace(k)
		ic := catalog.IndexColumn{}
		if k, ic.Desc = strings.CutSuffix(k, " desc"); ic.Desc {
			ic.NullsFirst = true
		}
		if e, ok := strings.CutPrefix(k, "("); ok {
			ic.Column = c.hidden(t, strings.TrimSuffix(e, ")"), types.OIDText)
		} else if col := t.Column(k); col != nil {
			ic.Column = col.ID
		} else {
			return fmt.Errorf("no column %s", k)
		}
		ix.Columns = append(ix.Columns, ic)
	}
	t.Indexes = append(t.Indexes, ix)
	return nil
}

// hidden adds a hidden column for the SQL of an expression.
func (c *Catalog) hidden(t *catalog.Table, sql string, typ types.OID) catalog.ColumnID {
	id := c.id()
	t.Columns = append(t.Columns, catalog.Column{ID: id, TypeOID: typ, Mod: -1, Hidden: sql})
	return id
}

// Catalog implements bind.Catalog.
func (c *Catalog) Catalog(catalog.Ref) (*catalog.Snapshot, error) { return c.snapshot, nil }

// SearchPath implements bind.Catalog.
func (c *Catalog) SearchPath() []string { return []string{"pg_catalog", "public"} }

// User implements bind.Catalog.
func (c *Catalog) User() string { return "test" }

// Database implements bind.Catalog.
func (c *Catalog) Database() string { return "test" }

// Rows implements estimate.Stats.
func (c *Catalog) Rows(_ catalog.Ref, t *catalog.Table) float64 { return c.rows[t.OID] }

// Fold evaluates constants.
func (c *Catalog) Fold(e expr.Expr) (types.Datum, error) {
	return eval.Fold(e, &kernel.Env{Format: types.DefaultFormat()})
}

// Bind binds one statement.
func (c *Catalog) Bind(sql string) (*bind.Bound, error) {
	sts, err := parse.Parse(sql)
	if err != nil {
		return nil, err
	}
	if len(sts) != 1 {
		return nil, fmt.Errorf("%d statements", len(sts))
	}
	var params []types.Type
	return bind.Bind(sts[0], c, &params, bind.Options{Fold: c.Fold})
}

// IndexExpr binds the expression of a hidden column over columns numbered as the table's.
func (c *Catalog) IndexExpr(t *catalog.Table, id catalog.ColumnID) (expr.Expr, error) {
	return bind.IndexExpr(t, id, c, bind.Options{Fold: c.Fold})
}
