package pgcatalog

import (
	"math"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
)

var _ = register(map[string]maker{
	"pg_class": pgClass, "pg_attribute": pgAttribute, "pg_attrdef": pgAttrdef, "pg_index": pgIndex, "pg_sequence": pgSequence,
})

// OIDs of access methods and collations that other rows name.
const (
	collationDefault catalog.OID = 100
	collationC       catalog.OID = 950

	amHeap  catalog.OID = 2
	amBtree catalog.OID = 403
)

var methods = map[string]catalog.OID{"": amBtree, "btree": amBtree, "hash": 405, "gist": 783, "gin": 2742, "spgist": 4000, "brin": 3580}

// tables returns the user's tables and the virtual ones, by OID.
func (b *builder) tables() []*catalog.Table {
	out := catalog.VirtualTables()
	for _, o := range b.Catalog.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(x, y *catalog.Table) int { return int(x.OID) - int(y.OID) })
	return out
}

func pgClass(b *builder) error {
	for _, t := range b.tables() {
		b.classOfTable(t)
		for _, ix := range t.Indexes {
			b.class(classRow{h: catalog.Header{OID: ix.OID, Schema: t.Schema, Name: ix.Name, Owner: t.Owner}, kind: 'i', am: methods[ix.Method],
				atts: len(ix.Columns) + len(ix.Include), replident: 'n', options: ix.Options, tuples: b.estimate(t)})
		}
	}
	for _, o := range b.Catalog.Objects() {
		switch o := o.(type) {
		case *catalog.View:
			b.class(classRow{h: o.Header, kind: 'v', atts: len(o.Columns), replident: 'n', rules: true, triggers: len(o.Triggers) > 0, options: o.Options, rowType: catalog.RowType(o.OID)})
		case *catalog.Sequence:
			b.class(classRow{h: o.Header, kind: 'S', atts: 3, replident: 'n', tuples: 1, pages: 1})
		case *catalog.UserType:
			if o.Kind == 'c' {
				b.class(classRow{h: o.Header, kind: 'c', atts: len(o.Fields), replident: 'n', rowType: o.OID})
			}
		case *catalog.Schema, *catalog.Table, *catalog.Function, *catalog.Role, *catalog.Database:
		}
	}
	return nil
}

type classRow struct {
	h                        catalog.Header
	kind, replident, persist byte
	am, rowType              catalog.OID
	atts, checks             int
	tuples                   int64
	pages                    int64
	hasIndex, rules, rls     bool
	triggers                 bool
	options                  []string
}

// class adds a row of pg_class.
func (b *builder) class(c classRow) {
	h := c.h
	switch {
	case b.Catalog.Temporary(h.Schema):
		c.persist = 't'
	case c.persist == 0:
		c.persist = 'p'
	}
	b.add(h.OID, h.Name, h.Schema, c.rowType, 0, h.Owner, c.am, h.OID, 0, c.pages, float64(c.tuples), 0, 0, c.hasIndex, false, c.persist, c.kind, c.atts,
		c.checks, c.rules, c.triggers, false, c.rls, false, true, c.replident, false, 0, "0", "0", b.acl(h), c.options, nil)
}

func (b *builder) estimate(t *catalog.Table) int64 {
	if t.Virtual || b.Rows == nil {
		return -1
	}
	return b.Rows(t)
}

// pages guesses how many pages PostgreSQL would need for a table.
func (b *builder) pages(t *catalog.Table, tuples int64) int64 {
	if b.Statistics != nil && !t.Virtual {
		if s := b.Statistics(t); s != nil && s.Rows > 0 {
			return int64(math.Ceil(s.Pages * float64(tuples) / s.Rows))
		}
	}
	return max(0, tuples/100)
}

func (b *builder) classOfTable(t *catalog.Table) {
	c := classRow{h: t.Header, kind: 'r', am: amHeap, atts: len(t.Columns), replident: t.Replident, tuples: b.estimate(t), hasIndex: len(t.Indexes) > 0,
		rls: t.RowSecurity, options: t.Options}
	if c.replident == 0 {
		c.replident = 'd'
	}
	if !t.Virtual {
		c.rowType = catalog.RowType(t.OID)
	} else {
		c.kind, c.replident = kindOf(t.OID), 'n'
		if c.kind == 'v' {
			c.am = 0
		}
	}
	if t.Unlogged {
		c.persist = 'u'
	}
	c.atts = 0
	for i := range t.Columns {
		c.atts = max(c.atts, int(t.Columns[i].Num))
	}
	for _, k := range t.Constraints {
		switch k.Kind {
		case catalog.Check:
			c.checks++
		case catalog.ForeignKey:
			c.triggers = true
		case catalog.PrimaryKey, catalog.Unique, catalog.Exclusion:
		}
	}
	c.triggers = c.triggers || len(t.Triggers) > 0 || len(b.Catalog.Referrers(t.OID)) > 0
	c.pages = b.pages(t, c.tuples)
	b.class(c)
}

func pgAttribute(b *builder) error {
	for _, t := range b.tables() {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Num > 0 {
				b.attribute(t.OID, c)
			}
		}
		if !t.Virtual || kindOf(t.OID) == 'r' {
			b.systemColumns(t.OID)
		}
		for _, ix := range t.Indexes {
			b.indexAttributes(t, ix)
		}
	}
	for _, o := range b.Catalog.Objects() {
		switch o := o.(type) {
		case *catalog.View:
			b.attributes(o.OID, o.Columns)
		case *catalog.UserType:
			b.attributes(o.OID, o.Fields)
		case *catalog.Sequence:
			b.attributes(o.OID, sequenceColumns)
		case *catalog.Schema, *catalog.Table, *catalog.Function, *catalog.Role, *catalog.Database:
		}
	}
	return nil
}

var sequenceColumns = []catalog.Column{column(0, "last_value", 20, true), column(1, "log_cnt", 20, true), column(2, "is_called", 16, true)}

var systemColumns = []struct {
	num  int
	name string
	typ  catalog.OID
}{{-1, "ctid", 27}, {-2, "xmin", 28}, {-3, "cmin", 29}, {-4, "xmax", 28}, {-5, "cmax", 29}, {-6, "tableoid", 26}}

func (b *builder) systemColumns(rel catalog.OID) {
	for _, s := range systemColumns {
		c := catalog.Column{Num: int16(s.num), Name: s.name, TypeOID: s.typ, Mod: -1, NotNull: true}
		b.attribute(rel, &c)
	}
}

func (b *builder) attributes(rel catalog.OID, cols []catalog.Column) {
	for i := range cols {
		c := cols[i]
		c.Num = int16(i + 1)
		b.attribute(rel, &c)
	}
}

// physicalOf gives a type's length, pass-by-value, alignment, storage and collation.
func (b *builder) physicalOf(typ catalog.OID) (length int16, byVal bool, align, storage byte, collation catalog.OID) {
	if r := builtin.TypeByOID(typ); r != nil {
		return r.Len, r.ByVal, r.Align, r.Storage, r.Collation
	}
	if d := b.Catalog.TypeByOID(typ); d != nil {
		if d.Base != nil {
			return b.physicalOf(d.Base.ID())
		}
		storage = 'x'
		if d.ByVal {
			storage = 'p'
		}
		return d.Len, d.ByVal, d.Align, storage, 0
	}
	return -1, false, 'i', 'x', 0
}

func (b *builder) attribute(rel catalog.OID, c *catalog.Column) {
	length, byVal, align, storage, collation := b.physicalOf(c.TypeOID)
	name, typ := c.Name, c.TypeOID
	if c.Storage != 0 {
		storage = c.Storage
	}
	if c.Collation != "" {
		collation = collationOID(c.Collation)
	}
	if collation == collationDefault && rel < catalog.InformationSchema {
		collation = collationC // of catalogs
	}
	dims := 0
	if d := b.Catalog.TypeByOID(typ); d != nil && d.Elem != nil && d.Category == 'A' {
		dims = 1
	}
	if c.Dropped {
		typ = 0
	}
	var identity, generated byte
	identity = c.Identity
	if c.Generated != "" {
		generated = 's'
	}
	stat := c.Statistics
	if stat == 0 && c.Num > 0 {
		stat = -1
	}
	b.add(rel, name, typ, stat, length, c.Num, dims, -1, c.Mod, byVal, align, storage, char(0), c.NotNull, c.Default != "" || c.Generated != "", c.HasMiss,
		char(identity), char(generated), c.Dropped, true, 0, collation, b.columnACL(c), nil, nil, nil)
}

// char is a "char" value; 0 is the empty one.
func char(c byte) any { return c }

func collationOID(name string) catalog.OID {
	for _, c := range builtin.AllCollations() {
		if c.Name == name {
			return c.OID
		}
	}
	return 0
}

func (b *builder) indexAttributes(t *catalog.Table, ix *catalog.Index) {
	n := 0
	addOne := func(id catalog.ColumnID) {
		n++
		c := t.ColumnByID(id)
		if c == nil {
			return
		}
		a := catalog.Column{Num: int16(n), Name: c.Name, TypeOID: c.TypeOID, Mod: c.Mod, Collation: c.Collation}
		if c.Hidden != "" { // a column's statistics are the table's; those of an expression are the index's
			a.Name, a.Statistics = expressionName(c.Hidden, n), c.Statistics
		}
		b.attribute(ix.OID, &a)
	}
	for _, c := range ix.Columns {
		addOne(c.Column)
	}
	for _, id := range ix.Include {
		addOne(id)
	}
}

func pgAttrdef(b *builder) error {
	for _, t := range b.tables() {
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Num <= 0 || c.Dropped {
				continue
			}
			if def := c.Default + c.Generated; def != "" {
				b.add(AttrdefOID(t.OID, c.Num), t.OID, c.Num, def)
			}
		}
	}
	for _, o := range b.Catalog.Objects() {
		v, ok := o.(*catalog.View)
		if !ok {
			continue
		}
		for i, c := range v.Columns {
			if num := int16(i + 1); c.Default != "" {
				b.add(AttrdefOID(v.OID, num), v.OID, num, c.Default)
			}
		}
	}
	return nil
}

// AttrdefOID makes an OID for a column default, which has no descriptor of its own.
func AttrdefOID(table catalog.OID, num int16) catalog.OID {
	return 0x80000000 | (table<<10|catalog.OID(num))&0x7fffffff
}

func pgIndex(b *builder) error {
	for _, t := range b.tables() {
		for _, ix := range t.Indexes {
			b.index(t, ix)
		}
	}
	return nil
}

func (b *builder) index(t *catalog.Table, ix *catalog.Index) {
	var keys, options []int16
	var collations, classes []catalog.OID
	exprs := ""
	for _, c := range ix.Columns {
		col := t.ColumnByID(c.Column)
		if col == nil {
			continue
		}
		_, _, _, _, collation := b.physicalOf(col.TypeOID)
		if col.Hidden != "" {
			exprs += ", " + col.Hidden
		}
		keys, collations = append(keys, col.Num), append(collations, collation)
		var opt int16
		if c.Desc {
			opt |= 1
		}
		if c.NullsFirst {
			opt |= 2
		}
		options = append(options, opt)
		classes = append(classes, opClass(methods[ix.Method], b.baseType(col.TypeOID), c.OpClass))
	}
	for _, id := range ix.Include {
		if col := t.ColumnByID(id); col != nil {
			keys = append(keys, col.Num)
		}
	}
	var pred any
	if p := t.ColumnByID(ix.Predicate); ix.Predicate != 0 && p != nil {
		pred = p.Hidden
	}
	if exprs != "" {
		exprs = exprs[2:]
	}
	b.add(ix.OID, t.OID, len(keys), len(ix.Columns), ix.Unique || ix.Deferrable, ix.NullsNotDistinct, t.KeyKind(ix) == catalog.PrimaryKey, false,
		!ix.Deferrable, ix.Clustered, true, false, true, true,
		false, keys, collations, classes, options, orNil(exprs), pred)
}

func (b *builder) baseType(typ catalog.OID) catalog.OID {
	if d := b.Catalog.TypeByOID(typ); d != nil {
		switch {
		case d.Base != nil:
			return b.baseType(d.Base.ID())
		case d.Kind == 'e':
			return 3500 // anyenum
		case d.Category == 'A':
			return 2277 // anyarray
		}
	}
	if typ == 1043 {
		return 25
	}
	return typ
}

func opClass(method, input catalog.OID, name string) catalog.OID {
	for _, c := range builtin.AllOpClasses() {
		if c.Method == method && (name != "" && c.Name == name || name == "" && c.Input == input && c.Default) {
			return c.OID
		}
	}
	return 0
}

func pgSequence(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		if s, ok := o.(*catalog.Sequence); ok {
			b.add(s.OID, s.TypeOID, s.Start, s.Increment, s.Max, s.Min, s.Cache, s.Cycle)
		}
	}
	return nil
}
