package pgcatalog

import (
	"strconv"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
)

var _ = register(map[string]maker{
	"pg_constraint": pgConstraint, "pg_description": pgDescription, "pg_shdescription": pgShdescription,
})

// OIDs of the catalogs that pg_description and pg_depend name.
const (
	classType       catalog.OID = 1247
	classProc       catalog.OID = 1255
	classClass      catalog.OID = 1259
	classConstraint catalog.OID = 2606
	classNamespace  catalog.OID = 2615
	classOperator   catalog.OID = 2617
	classAttrdef    catalog.OID = 2604
	classRole       catalog.OID = 1260
	classDatabase   catalog.OID = 1262
	classLanguage   catalog.OID = 2612
	classExtension  catalog.OID = 3079

	classAccessMethod catalog.OID = 2601
	classRewrite      catalog.OID = 2618
)

func decimal(o catalog.OID) string { return strconv.FormatUint(uint64(o), 10) }

func pgConstraint(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		switch o := o.(type) {
		case *catalog.Table:
			for _, c := range o.Constraints {
				b.constraint(o, c)
			}
			b.triggerConstraints(o)
		case *catalog.UserType:
			for _, c := range o.Checks {
				b.add(c.OID, c.Name, o.Schema, byte(c.Kind), false, false, !c.NotValid, 0, o.OID, 0, 0, 0, byte(' '), byte(' '), byte(' '), true, 0, false,
					nil, nil, nil, nil, nil, nil, nil, c.Expr)
			}
		case *catalog.Schema, *catalog.View, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
		}
	}
	return nil
}

func (b *builder) constraint(t *catalog.Table, c *catalog.Constraint) {
	update, del, match := byte(' '), byte(' '), byte(' ')
	var refKey, setKey, eq, ops any
	if c.Kind == catalog.ForeignKey {
		update, del, match = or(c.OnUpdate, 'a'), or(c.OnDelete, 'a'), or(c.Match, 's')
		if ref, ok := b.Catalog.Object(c.RefTable).(*catalog.Table); ok {
			refKey, ops = numbers(ref, c.RefColumns), b.equals(ref, c.RefColumns)
			eq = ops
		}
		if len(c.SetColumns) > 0 {
			setKey = numbers(t, c.SetColumns)
		}
	}
	noInherit := c.NoInherit || c.Kind == catalog.PrimaryKey || c.Kind == catalog.Unique || c.Kind == catalog.ForeignKey
	b.add(c.OID, c.Name, t.Schema, byte(c.Kind), c.Deferrable, c.Deferred, !c.NotValid, t.OID, 0, c.Index, 0, c.RefTable, update, del, match, true, 0, noInherit,
		numbers(t, c.Columns), refKey, eq, ops, ops, setKey, nil, orNil(c.Expr))
}

func or(b, other byte) byte {
	if b == 0 {
		return other
	}
	return b
}

func numbers(t *catalog.Table, ids []catalog.ColumnID) any {
	out := []int16{}
	for _, id := range ids {
		if c := t.ColumnByID(id); c != nil {
			out = append(out, c.Num)
		}
	}
	return out
}

// equals lists the = operators of the columns' types.
func (b *builder) equals(t *catalog.Table, ids []catalog.ColumnID) any {
	out := []catalog.OID{}
	for _, id := range ids {
		if c := t.ColumnByID(id); c != nil {
			base := b.baseType(c.TypeOID)
			if op := builtin.OperatorFor("=", base, base); op != nil {
				out = append(out, op.OID)
			}
		}
	}
	return out
}

// classOf is the catalog that an object is a row of.
func classOf(o catalog.Object) catalog.OID {
	switch o.(type) {
	case *catalog.Schema:
		return classNamespace
	case *catalog.UserType:
		return classType
	case *catalog.Function:
		return classProc
	case *catalog.Role:
		return classRole
	case *catalog.Database:
		return classDatabase
	case *catalog.Table, *catalog.View, *catalog.Sequence:
	}
	return classClass
}

func pgDescription(b *builder) error {
	for _, s := range catalog.BuiltinSchemas() {
		b.describe(s.OID, classNamespace, 0, s.Comment)
	}
	for _, o := range b.Catalog.Objects() {
		h := o.Head()
		b.describe(h.OID, classOf(o), 0, h.Comment)
		for _, t := range catalog.TriggersOf(o) {
			b.describe(t.OID, classTrigger, 0, t.Comment)
		}
		switch o := o.(type) {
		case *catalog.Table:
			b.describeTable(o)
		case *catalog.View:
			for i, c := range o.Columns {
				b.describe(o.OID, classClass, i+1, c.Comment)
			}
		case *catalog.UserType:
			for i, f := range o.Fields {
				b.describe(o.OID, classClass, i+1, f.Comment)
			}
		case *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
		}
	}
	for _, p := range builtin.AllProcs() {
		b.describe(p.OID, classProc, 0, p.Comment)
	}
	for _, t := range builtin.AllTypes() {
		b.describe(t.OID, classType, 0, t.Comment)
	}
	for _, op := range builtin.AllOperators() {
		b.describe(op.OID, classOperator, 0, op.Comment)
	}
	for _, e := range extensions {
		b.describe(e.oid, classExtension, 0, e.comment)
	}
	for _, l := range builtin.AllLanguages() {
		b.describe(l.OID, classLanguage, 0, l.Comment)
	}
	for _, a := range builtin.AllAccessMethods() {
		b.describe(a.OID, classAccessMethod, 0, a.Comment)
	}
	return nil
}

func (b *builder) describeTable(t *catalog.Table) {
	for i := range t.Columns {
		b.describe(t.OID, classClass, int(t.Columns[i].Num), t.Columns[i].Comment)
	}
	for _, ix := range t.Indexes {
		b.describe(ix.OID, classClass, 0, ix.Comment)
	}
	for _, c := range t.Constraints {
		b.describe(c.OID, classConstraint, 0, c.Comment)
	}
}

func (b *builder) describe(id, class catalog.OID, sub int, text string) {
	if text != "" {
		b.add(id, class, sub, text)
	}
}

func pgShdescription(b *builder) error {
	for _, o := range b.Global.Objects() {
		if h := o.Head(); h.Comment != "" {
			b.add(h.OID, classOf(o), h.Comment)
		}
	}
	return nil
}
