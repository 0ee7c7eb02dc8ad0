package ddl

import (
	"cmp"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// address is something that can be dropped: an object, or a part of one. At most one of the parts is set.
type address struct {
	object     catalog.OID
	column     catalog.ColumnID // a column of a table
	constraint catalog.OID      // a constraint of a table
	index      catalog.OID      // an index of a table
	trigger    catalog.OID      // a trigger of a table or view
	def        catalog.ColumnID // a column's default
	array      bool             // a type's array type
	row        bool             // the type of a relation's rows
}

// dependent is what goes with, or stands in the way of, the drop of another thing.
type dependent struct {
	address
	auto bool // it goes silently
	on   address
}

// dependents lists what depends directly on a, the youngest first.
func (s *stmt) dependents(a address) []*dependent {
	var out []*dependent
	add := func(d address, auto bool) { out = append(out, &dependent{d, auto, a}) }
	switch {
	case a.array:
		s.onType(a, add)
	case a.row:
		s.onRowType(a.object, add)
	case a.column != 0:
		s.onColumn(a, add)
	case a.index != 0:
		s.onIndex(a, a.index, add)
	case a.constraint != 0:
		s.onConstraint(a, add)
	case a.def != 0, a.trigger != 0:
	default:
		s.onObject(a, add)
	}
	slices.SortStableFunc(out, func(x, y *dependent) int { return cmp.Compare(s.age(y), s.age(x)) })
	return out
}

// age is the OID of the part that stands in the way, or of its object.
func (s *stmt) age(d *dependent) catalog.OID {
	switch {
	case d.constraint != 0:
		return d.constraint
	case d.index != 0:
		return d.index
	case d.trigger != 0:
		return d.trigger
	case d.array:
		if u, ok := s.cat().Object(d.object).(*catalog.UserType); ok {
			return u.Array
		}
	}
	return d.object
}

type addFunc func(address, bool)

func (s *stmt) onObject(a address, add addFunc) {
	switch o := s.cat().Object(a.object).(type) {
	case *catalog.Schema:
		for _, x := range s.cat().Objects() {
			if x.Head().Schema == o.OID {
				add(address{object: x.Head().OID}, false)
			}
		}
	case *catalog.Table:
		s.onTable(o, add)
		add(address{object: o.OID, row: true}, true)
	case *catalog.View:
		add(address{object: o.OID, row: true}, true)
	case *catalog.UserType:
		if o.Array != 0 {
			add(address{object: o.OID, array: true}, true)
		}
		s.onType(a, add)
	}
	s.users(catalog.Dep{Object: a.object}, add)
}

// onTable: owned sequences go with the table; foreign keys and views of others stand in the way.
func (s *stmt) onTable(t *catalog.Table, add addFunc) {
	for _, o := range s.cat().Objects() {
		switch o := o.(type) {
		case *catalog.Sequence:
			if o.OwnerTable == t.OID {
				add(address{object: o.OID}, true)
			}
		case *catalog.Table:
			for _, k := range o.Constraints {
				if k.Kind == catalog.ForeignKey && k.RefTable == t.OID && o.OID != t.OID {
					add(address{object: o.OID, constraint: k.OID}, false)
				}
			}
		}
	}
}

// users adds everything whose expression or query names d.
func (s *stmt) users(d catalog.Dep, add addFunc) {
	uses := func(list []catalog.Dep) bool {
		return slices.ContainsFunc(list, func(x catalog.Dep) bool {
			return x.Object == d.Object && (d.Column == 0 || x.Column == d.Column)
		})
	}
	for _, o := range s.cat().Objects() {
		switch o := o.(type) {
		case *catalog.View:
			if uses(o.Deps) {
				add(address{object: o.OID}, false)
			}
			if o.OID != d.Object {
				triggerUsers(o, uses, add)
			}
		case *catalog.Table:
			if o.OID != d.Object {
				tableUsers(o, uses, add)
				triggerUsers(o, uses, add)
			}
		case *catalog.Function:
			if o.OID != d.Object && uses(o.Deps) {
				add(address{object: o.OID}, false)
			}
		case *catalog.UserType:
			if uses(o.Deps) {
				add(address{object: o.OID}, false)
			}
			for _, k := range o.Checks {
				if o.OID != d.Object && uses(k.Deps) {
					add(address{object: o.OID, constraint: k.OID}, false)
				}
			}
		}
	}
}

func tableUsers(t *catalog.Table, uses func([]catalog.Dep) bool, add addFunc) {
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Dropped || !uses(c.Deps):
		case c.Hidden != "":
			for _, ix := range t.Indexes {
				if ix.Predicate == c.ID || slices.Contains(ix.KeyColumns(), c.ID) {
					add(address{object: t.OID, index: ix.OID}, false)
				}
			}
		case c.Generated != "":
			add(address{object: t.OID, column: c.ID}, false)
		default:
			add(address{object: t.OID, def: c.ID}, false)
		}
	}
	for _, k := range t.Constraints {
		if uses(k.Deps) {
			add(address{object: t.OID, constraint: k.OID}, false)
		}
	}
}

// onType: columns, functions, domains and composites of a type, or of its array type, stand in its way.
func (s *stmt) onType(a address, add addFunc) {
	u, ok := s.cat().Object(a.object).(*catalog.UserType)
	if !ok {
		return
	}
	want := u.OID
	if a.array {
		want = u.Array
	}
	s.usersOfType(func(id catalog.OID) bool { return id == want }, add)
}

// onRowType: what is of a relation's row type, or of arrays of it, stands in the relation's way.
func (s *stmt) onRowType(relation catalog.OID, add addFunc) {
	s.usersOfType(func(id catalog.OID) bool { return id == catalog.RowType(relation) || id == catalog.RowArray(relation) }, add)
}

func (s *stmt) usersOfType(is func(catalog.OID) bool, add addFunc) {
	for _, o := range s.cat().Objects() {
		switch o := o.(type) {
		case *catalog.Table:
			for i := range o.Columns {
				if c := &o.Columns[i]; is(c.TypeOID) && !c.Dropped && c.Hidden == "" {
					add(address{object: o.OID, column: c.ID}, false)
				}
			}
		case *catalog.UserType:
			if o.Kind == types.KindDomain && is(o.Base) || slices.ContainsFunc(o.Fields, func(f catalog.Column) bool { return is(f.TypeOID) && !f.Dropped }) {
				add(address{object: o.OID}, false)
			}
		case *catalog.Function:
			if is(o.Returns) || slices.ContainsFunc(o.ArgTypes, is) {
				add(address{object: o.OID}, false)
			}
		}
	}
}

func (s *stmt) onColumn(a address, add addFunc) {
	t, ok := s.cat().Object(a.object).(*catalog.Table)
	if !ok {
		return
	}
	if c := t.ColumnByID(a.column); c.Default != "" {
		add(address{object: t.OID, def: c.ID}, true)
	}
	for _, ix := range t.Indexes {
		if s.indexReads(t, ix, a.column) && !constraintOf(t, ix.OID) {
			add(address{object: t.OID, index: ix.OID}, true)
		}
	}
	for _, k := range t.Constraints {
		if slices.Contains(k.Columns, a.column) {
			add(address{object: t.OID, constraint: k.OID}, true)
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Generated != "" && !c.Dropped && slices.Contains(c.Deps, catalog.Dep{Object: t.OID, Column: a.column}) {
			add(address{object: t.OID, column: c.ID}, false)
		}
	}
	for _, tr := range t.Triggers {
		if tr.Uses(t.OID, a.column) {
			add(address{object: t.OID, trigger: tr.OID}, false)
		}
	}
	for _, o := range s.cat().Objects() {
		if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable == t.OID && q.OwnerColumn == a.column {
			add(address{object: q.OID}, true)
		}
		if r, ok := o.(*catalog.Table); ok {
			for _, k := range r.Constraints {
				if k.Kind == catalog.ForeignKey && k.RefTable == t.OID && slices.Contains(k.RefColumns, a.column) {
					add(address{object: r.OID, constraint: k.OID}, false)
				}
			}
		}
	}
	s.users(catalog.Dep{Object: t.OID, Column: a.column}, add)
}

// constraintOf reports whether an index belongs to a constraint.
func constraintOf(t *catalog.Table, index catalog.OID) bool {
	return slices.ContainsFunc(t.Constraints, func(k *catalog.Constraint) bool {
		return k.Index == index && k.Kind != catalog.ForeignKey
	})
}

func (s *stmt) indexReads(t *catalog.Table, ix *catalog.Index, id catalog.ColumnID) bool {
	for _, c := range append(ix.KeyColumns(), append(slices.Clone(ix.Include), ix.Predicate)...) {
		if c == id {
			return true
		}
		if h := t.ColumnByID(c); h != nil && h.Hidden != "" && slices.Contains(h.Deps, catalog.Dep{Object: t.OID, Column: id}) {
			return true
		}
	}
	return false
}

// onConstraint: foreign keys that rely on a key's index stand in the way.
func (s *stmt) onConstraint(a address, add addFunc) {
	t, ok := s.cat().Object(a.object).(*catalog.Table)
	if !ok {
		return
	}
	if k := t.ConstraintByOID(a.constraint); k != nil && k.Kind != catalog.ForeignKey && k.Index != 0 {
		s.onIndex(a, k.Index, add)
	}
}

func (s *stmt) onIndex(a address, index catalog.OID, add addFunc) {
	for _, o := range s.cat().Objects() {
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		for _, k := range t.Constraints {
			if k.Kind == catalog.ForeignKey && k.RefTable == a.object && k.Index == index {
				add(address{object: t.OID, constraint: k.OID}, false)
			}
		}
	}
}
