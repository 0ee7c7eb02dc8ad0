package bind_test

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// testCatalog is the schema of testdata/schema.sql.
type testCatalog struct{ snap *catalog.Snapshot }

func (c testCatalog) Catalog(catalog.Ref) (*catalog.Snapshot, error) { return c.snap, nil }
func (testCatalog) SearchPath() []string                             { return []string{"pg_catalog", "public"} }
func (testCatalog) User() string                                     { return "postgres" }
func (testCatalog) Database() string                                 { return "rowan_bind_test" }

// fold converts literals; nothing else needs folding while binding.
func fold(e expr.Expr) (types.Datum, error) {
	c, ok := e.(*expr.IOCast)
	if !ok {
		return types.Datum{}, pgerr.Internal("not a literal")
	}
	k, ok := c.Arg.(*expr.Const)
	if !ok {
		return types.Datum{}, pgerr.Internal("not a literal")
	}
	return types.ParseText(c.T, k.Value.S, types.DefaultFormat())
}

// maker numbers objects.
type maker struct{ next catalog.OID }

func (m *maker) id() catalog.OID {
	m.next++
	return m.next
}

func (m *maker) header(name string) catalog.Header {
	return catalog.Header{OID: m.id(), Schema: catalog.Public, Name: name, Owner: catalog.Superuser}
}

func (m *maker) table(name string, cols ...catalog.Column) *catalog.Table {
	t := &catalog.Table{Header: m.header(name), Columns: cols}
	n := int16(0)
	for i := range t.Columns {
		t.Columns[i].ID = m.id()
		if t.Columns[i].Hidden == "" {
			n++
			t.Columns[i].Num = n
		}
	}
	return t
}

func col(name string, t types.OID) catalog.Column {
	return catalog.Column{Name: name, TypeOID: t, Mod: -1}
}

func (m *maker) unique(t *catalog.Table, name string, primary bool, cols ...int) *catalog.Index {
	ix := &catalog.Index{OID: m.id(), Name: name, Unique: true, Primary: primary}
	for _, c := range cols {
		ix.Columns = append(ix.Columns, catalog.IndexColumn{Column: t.Columns[c].ID})
	}
	t.Indexes = append(t.Indexes, ix)
	return ix
}

func (m *maker) constraint(t *catalog.Table, ix *catalog.Index) {
	k := &catalog.Constraint{OID: m.id(), Name: ix.Name, Kind: catalog.Unique, Index: ix.OID}
	if ix.Primary {
		k.Kind = catalog.PrimaryKey
	}
	for _, c := range ix.Columns {
		k.Columns = append(k.Columns, c.Column)
	}
	t.Constraints = append(t.Constraints, k)
}

func newCatalog() testCatalog {
	m := &maker{next: catalog.FirstUserOID}
	mood := &catalog.UserType{Header: m.header("mood"), Kind: types.KindEnum, Array: m.id(), ArrayName: "_mood",
		Labels: []types.Label{{Key: 1, Name: "sad"}, {Key: 2, Name: "ok"}, {Key: 3, Name: "happy"}}}
	pair := &catalog.UserType{Header: m.header("pair"), Kind: types.KindComposite, Array: m.id(), ArrayName: "_pair",
		Fields: []catalog.Column{{Name: "x", Num: 1, TypeOID: types.OIDInt4, Mod: -1}, {Name: "y", Num: 2, TypeOID: types.OIDText, Mod: -1}}}
	posint := &catalog.UserType{Header: m.header("posint"), Kind: types.KindDomain, Base: types.OIDInt4, Mod: -1,
		Checks: []*catalog.Constraint{{OID: m.id(), Name: "posint_check", Kind: catalog.Check, Expr: "(VALUE > 0)"}}}
	b, c, d, e := col("b", types.OIDText), col("c", types.OIDVarchar), col("d", types.OIDNumeric), col("e", types.OIDTimestamptz)
	b.NotNull, b.Default, c.Mod, d.Mod, e.Default = true, "'none'::text", 14, 10<<16+2+4, "now()"
	a := col("a", types.OIDInt4)
	a.NotNull = true
	t := m.table("t", a, b, c, d, e, col("f", types.OIDBool), col("g", types.OIDInt4Array), col("h", types.OIDJSONB), col("m", mood.OID), col("p", posint.OID))
	m.constraint(t, m.unique(t, "t_pkey", true, 0))
	u := m.table("u", col("a", types.OIDInt4), col("x", types.OIDInt8), col("y", types.OIDDate), col("name", types.OIDText))
	objects := []catalog.Object{
		&catalog.Schema{Header: catalog.Header{OID: catalog.Public, Name: "public", Owner: catalog.Superuser}},
		mood, pair, posint, t, u, m.generated(), m.uniques(),
		m.table("Mixed", col("Id", types.OIDInt4), col("weird name", types.OIDText)),
		&catalog.View{Header: m.header("v"), SQL: "SELECT t.a, t.b AS bee, t.d FROM public.t WHERE (t.a > 0)", Columns: []catalog.Column{
			{Name: "a", Num: 1, TypeOID: types.OIDInt4, Mod: -1}, {Name: "bee", Num: 2, TypeOID: types.OIDText, Mod: -1}, {Name: "d", Num: 3, TypeOID: types.OIDNumeric, Mod: d.Mod},
		}},
		&catalog.Sequence{Header: m.header("sq"), TypeOID: types.OIDInt8, Start: 1, Increment: 1, Min: 1, Max: 1 << 62, Cache: 1},
		&catalog.Function{Header: m.header("addone"), Kind: 'f', Language: "sql", Body: "SELECT $1 + 1", ArgTypes: []catalog.OID{types.OIDInt4}, Returns: types.OIDInt4, Volatile: 'v', Parallel: 'u'},
	}
	return testCatalog{catalog.NewSnapshot(&catalog.Database{Header: catalog.Header{OID: 5, Name: "postgres"}}, objects)}
}

// generated is the table gen.
func (m *maker) generated() *catalog.Table {
	id, bd, w := col("id", types.OIDInt4), col("bd", types.OIDInt4), col("w", types.OIDInt4)
	id.Identity, id.NotNull, id.Sequence = 'a', true, m.id()
	bd.Identity, bd.NotNull, bd.Sequence = 'd', true, m.id()
	w.Generated = "(v * 2)"
	gen := m.table("gen", id, bd, col("v", types.OIDInt4), w)
	m.constraint(gen, m.unique(gen, "gen_pkey", true, 0))
	gen.Constraints = append(gen.Constraints, &catalog.Constraint{OID: m.id(), Name: "gen_v_check", Kind: catalog.Check, Expr: "(v > 0)"})
	return gen
}

// uniques is the table uq, whose indexes have a predicate and an expression.
func (m *maker) uniques() *catalog.Table {
	pred, lower := col("", types.OIDBool), col("", types.OIDText)
	pred.Hidden, lower.Hidden = "(k > 0)", "lower(l)"
	uq := m.table("uq", col("k", types.OIDInt4), col("l", types.OIDText), col("n", types.OIDInt4), pred, lower)
	m.constraint(uq, m.unique(uq, "uq_kl", false, 0, 1))
	m.unique(uq, "uq_n", false, 2).Predicate = uq.Columns[3].ID
	m.unique(uq, "uq_lower", false, 4)
	return uq
}
