package pgcatalog

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{"pg_depend": pgDepend, "pg_rewrite": pgRewrite})

// How one object depends on another, as pg_depend.deptype has it.
const (
	dependNormal    = byte('n')
	dependAuto      = byte('a')
	dependInternal  = byte('i')
	dependExtension = byte('e')
)

// object names a row of a catalog, or a column of one.
type object struct {
	class, id catalog.OID
	sub       int
}

// depends adds a row of pg_depend.
func (b *builder) depends(o, on object, kind byte) {
	b.add(o.class, o.id, o.sub, on.class, on.id, on.sub, kind)
}

// pgDepend shows what pg_dump and ORMs look for: the order in which objects must be made, sequences owned by columns, and
// indexes behind constraints.
func pgDepend(b *builder) error {
	b.dependExtensions()
	for _, o := range b.Catalog.Objects() {
		h := o.Head()
		me := object{class: classOf(o), id: h.OID}
		if h.Schema != 0 {
			b.depends(me, object{class: classNamespace, id: h.Schema}, dependNormal)
		}
		b.dependTriggers(o)
		switch o := o.(type) {
		case *catalog.Sequence:
			b.dependSequence(o)
		case *catalog.Table:
			b.dependTable(o)
		case *catalog.View:
			b.dependView(o)
		case *catalog.UserType:
			b.dependUserType(o)
		case *catalog.Function:
			b.dependTypes(me, append(append([]catalog.OID{}, o.ArgTypes...), o.Returns))
			b.dependOn(me, o.Deps)
		case *catalog.Schema, *catalog.Role, *catalog.Database:
		}
	}
	return nil
}

// dependTypes makes an object depend on the users' types among those given.
func (b *builder) dependTypes(me object, ids []catalog.OID) {
	for _, id := range ids {
		if d := b.Catalog.TypeByOID(id); d != nil && d.Category == 'A' && d.Elem != nil && d.Kind == types.KindBase {
			id = d.Elem.OID
		}
		if id >= catalog.FirstUserOID {
			b.depends(me, object{class: classType, id: id}, dependNormal)
		}
	}
}

// dependOn adds what an expression or a query needs.
func (b *builder) dependOn(me object, deps []catalog.Dep) {
	for _, d := range deps {
		o := b.Catalog.Object(d.Object)
		if o == nil {
			continue
		}
		on := object{class: classOf(o), id: d.Object}
		if d.Column != 0 {
			on.sub = columnNumber(o, d.Column)
		}
		b.depends(me, on, dependNormal)
	}
}

func columnNumber(o catalog.Object, id catalog.ColumnID) int {
	switch o := o.(type) {
	case *catalog.Table:
		if c := o.ColumnByID(id); c != nil {
			return int(c.Num)
		}
	case *catalog.View:
		for i := range o.Columns {
			if o.Columns[i].ID == id {
				return i + 1
			}
		}
	}
	return 0
}

func (b *builder) dependSequence(s *catalog.Sequence) {
	t, ok := b.Catalog.Object(s.OwnerTable).(*catalog.Table)
	if !ok {
		return
	}
	if c := t.ColumnByID(s.OwnerColumn); c != nil {
		kind := dependAuto
		if c.Identity != 0 {
			kind = dependInternal
		}
		b.depends(object{class: classClass, id: s.OID}, object{class: classClass, id: t.OID, sub: int(c.Num)}, kind)
	}
}

func (b *builder) dependTable(t *catalog.Table) {
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || c.Num <= 0 {
			continue
		}
		column := object{class: classClass, id: t.OID, sub: int(c.Num)}
		b.dependTypes(column, []catalog.OID{c.TypeOID})
		if c.Default+c.Generated != "" {
			def := object{class: classAttrdef, id: AttrdefOID(t.OID, c.Num)}
			b.depends(def, column, dependAuto)
			b.dependOn(def, c.Deps)
		}
	}
	behind := map[catalog.OID]bool{}
	for _, c := range t.Constraints {
		b.dependConstraint(t, c)
		behind[c.Index] = behind[c.Index] || c.Kind != catalog.ForeignKey
	}
	for _, ix := range t.Indexes {
		if !behind[ix.OID] {
			b.dependIndex(t, ix)
		}
	}
}

func (b *builder) dependIndex(t *catalog.Table, ix *catalog.Index) {
	me := object{class: classClass, id: ix.OID}
	for _, k := range ix.Columns {
		col := t.ColumnByID(k.Column)
		switch {
		case col == nil:
		case col.Num > 0:
			b.depends(me, object{class: classClass, id: t.OID, sub: int(col.Num)}, dependAuto)
		default:
			b.depends(me, object{class: classClass, id: t.OID}, dependAuto)
			b.dependOn(me, col.Deps)
		}
	}
	if p := t.ColumnByID(ix.Predicate); ix.Predicate != 0 && p != nil {
		b.dependOn(me, p.Deps)
	}
}

func (b *builder) dependConstraint(t *catalog.Table, c *catalog.Constraint) {
	me := object{class: classConstraint, id: c.OID}
	for _, id := range c.Columns {
		if col := t.ColumnByID(id); col != nil {
			b.depends(me, object{class: classClass, id: t.OID, sub: int(col.Num)}, dependAuto)
		}
	}
	switch c.Kind {
	case catalog.PrimaryKey, catalog.Unique:
		b.depends(object{class: classClass, id: c.Index}, me, dependInternal)
	case catalog.ForeignKey:
		ref, ok := b.Catalog.Object(c.RefTable).(*catalog.Table)
		if !ok {
			return
		}
		for _, id := range c.RefColumns {
			if col := ref.ColumnByID(id); col != nil {
				b.depends(me, object{class: classClass, id: ref.OID, sub: int(col.Num)}, dependNormal)
			}
		}
		b.depends(me, object{class: classClass, id: c.Index}, dependNormal)
	case catalog.Check, catalog.Exclusion:
		b.dependOn(me, c.Deps)
	}
}

func (b *builder) dependUserType(u *catalog.UserType) {
	me := object{class: classType, id: u.OID}
	b.dependTypes(me, []catalog.OID{u.Base})
	b.dependOn(me, u.Deps)
	if u.Kind == types.KindComposite { // as a row type depends on its table: pg_dump turns it round
		b.depends(object{class: classClass, id: u.OID}, me, dependInternal)
	}
	for i, f := range u.Fields {
		b.dependTypes(object{class: classClass, id: u.OID, sub: i + 1}, []catalog.OID{f.TypeOID})
	}
	for _, c := range u.Checks {
		check := object{class: classConstraint, id: c.OID}
		b.depends(check, me, dependAuto)
		b.dependOn(check, c.Deps)
	}
}

// dependView makes a view's rule depend on what its query reads, as in PostgreSQL.
func (b *builder) dependView(v *catalog.View) {
	rule, view := object{class: classRewrite, id: ruleOID(v.OID)}, object{class: classClass, id: v.OID}
	b.depends(rule, view, dependInternal)
	b.depends(rule, view, dependNormal)
	b.dependOn(rule, v.Deps)
	for i, c := range v.Columns {
		column := object{class: classClass, id: v.OID, sub: i + 1}
		b.dependTypes(column, []catalog.OID{c.TypeOID})
		if c.Default != "" {
			b.depends(object{class: classAttrdef, id: AttrdefOID(v.OID, int16(i+1))}, column, dependAuto)
		}
	}
}

// ruleOID makes an OID for a view's rule, which has no descriptor of its own.
func ruleOID(view catalog.OID) catalog.OID { return AttrdefOID(view, 0) }

// pgRewrite shows the rule that every view is.
func pgRewrite(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		if v, ok := o.(*catalog.View); ok {
			b.add(ruleOID(v.OID), "_RETURN", v.OID, byte('1'), byte('O'), true, "<>", v.SQL)
		}
	}
	return nil
}
