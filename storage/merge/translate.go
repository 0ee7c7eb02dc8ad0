package merge

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// translated is an object with the ids that the target gives to it, to its parts and to what it needs.
func (x *identities) translated(o catalog.Object) catalog.Object {
	if y, ok := x.seen[o]; ok {
		return y
	}
	y := catalog.CloneObject(o)
	h := y.Head()
	h.OID, h.Schema, h.Twins = x.oid(h.OID), x.oid(h.Schema), nil
	switch y := y.(type) {
	case *catalog.Table:
		x.translateTable(y)
	case *catalog.View:
		y.Columns, y.Deps = x.columns(y.Columns), x.deps(y.Deps)
		x.translateTriggers(y.Triggers)
	case *catalog.Sequence:
		y.TypeOID, y.OwnerTable, y.OwnerColumn = x.oid(y.TypeOID), x.oid(y.OwnerTable), x.column(y.OwnerColumn)
	case *catalog.UserType:
		x.translateType(y)
	case *catalog.Function:
		y.ArgTypes = slices.Clone(y.ArgTypes)
		for i := range y.ArgTypes {
			y.ArgTypes[i] = x.oid(y.ArgTypes[i])
		}
		y.Returns = x.oid(y.Returns)
	case *catalog.Schema, *catalog.Role, *catalog.Database:
	}
	if same(o, y) {
		y = o // nothing of it has another id
	}
	if x.seen == nil {
		x.seen = map[catalog.Object]catalog.Object{}
	}
	x.seen[o] = y
	return y
}

func (x *identities) translateTable(t *catalog.Table) {
	t.Rows = x.space(t.Rows)
	t.Columns = x.columns(t.Columns)
	if there, ok := x.target.Catalog().Object(t.OID).(*catalog.Table); ok { // what says nothing of the table
		t.Created = there.Created
		for i := range t.Columns {
			if c := there.ColumnByID(t.Columns[i].ID); c != nil {
				t.Columns[i].Num = c.Num
			}
		}
	}
	for _, ix := range t.Indexes { // copies, as Clone makes them
		ix.OID, ix.Keyspace, ix.Predicate = x.oid(ix.OID), x.space(ix.Keyspace), x.column(ix.Predicate)
		for i := range ix.Columns {
			ix.Columns[i].Column = x.column(ix.Columns[i].Column)
		}
		ix.Include = x.columnIDs(ix.Include)
	}
	for _, k := range t.Constraints {
		x.translateConstraint(k)
	}
	x.translateTriggers(t.Triggers)
}

func (x *identities) translateConstraint(k *catalog.Constraint) {
	k.OID, k.Index, k.RefTable = x.oid(k.OID), x.oid(k.Index), x.oid(k.RefTable)
	k.Columns, k.RefColumns, k.SetColumns = x.columnIDs(k.Columns), x.columnIDs(k.RefColumns), x.columnIDs(k.SetColumns)
	k.Deps = x.deps(k.Deps)
}

func (x *identities) translateType(u *catalog.UserType) {
	u.Array, u.Base = x.oid(u.Array), x.oid(u.Base)
	u.Deps = x.deps(u.Deps)
	u.Fields = x.columns(u.Fields)
	for _, k := range u.Checks {
		x.translateConstraint(k)
	}
	for i := range u.Labels {
		l := &u.Labels[i]
		id := x.oid(l.OID)
		if key, ok := x.label[id]; ok && id != l.OID {
			l.Key = key
		}
		l.OID = id
	}
	slices.SortStableFunc(u.Labels, func(a, b types.Label) int {
		switch {
		case a.Key < b.Key:
			return -1
		case a.Key > b.Key:
			return 1
		}
		return 0
	})
}

func (x *identities) columns(cols []catalog.Column) []catalog.Column {
	out := slices.Clone(cols)
	for i := range out {
		c := &out[i]
		c.ID, c.TypeOID, c.Sequence, c.Deps = x.column(c.ID), x.oid(c.TypeOID), x.oid(c.Sequence), x.deps(c.Deps)
	}
	return out
}

func (x *identities) columnIDs(list []catalog.ColumnID) []catalog.ColumnID {
	out := slices.Clone(list)
	for i := range out {
		out[i] = x.column(out[i])
	}
	return out
}

func (x *identities) deps(list []catalog.Dep) []catalog.Dep {
	out := slices.Clone(list)
	for i := range out {
		out[i] = catalog.Dep{Object: x.oid(out[i].Object), Column: x.column(out[i].Column)}
	}
	return out
}
