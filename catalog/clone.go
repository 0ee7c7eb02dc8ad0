package catalog

import "slices"

// Clone returns a copy of t that may be changed without changing t.
func (t *Table) Clone() *Table {
	c := *t
	c.Columns = slices.Clone(t.Columns)
	for i := range c.Columns {
		c.Columns[i].ACL = slices.Clone(c.Columns[i].ACL)
	}
	c.ACL = slices.Clone(t.ACL)
	c.Indexes = make([]*Index, len(t.Indexes))
	for i, ix := range t.Indexes {
		copied := *ix
		copied.Columns = slices.Clone(ix.Columns)
		c.Indexes[i] = &copied
	}
	c.Constraints = make([]*Constraint, len(t.Constraints))
	for i, k := range t.Constraints {
		copied := *k
		c.Constraints[i] = &copied
	}
	c.Triggers = cloneTriggers(t.Triggers)
	return &c
}

// Clone returns a copy of u that may be changed without changing u.
func (u *UserType) Clone() *UserType {
	c := *u
	c.Labels = slices.Clone(u.Labels)
	c.Fields = slices.Clone(u.Fields)
	c.ACL = slices.Clone(u.ACL)
	c.Checks = make([]*Constraint, len(u.Checks))
	for i, k := range u.Checks {
		copied := *k
		c.Checks[i] = &copied
	}
	return &c
}

// CloneObject returns a copy of any object that may be changed without changing o.
func CloneObject(o Object) Object {
	switch o := o.(type) {
	case *Table:
		return o.Clone()
	case *UserType:
		return o.Clone()
	case *Schema:
		c := *o
		c.ACL = slices.Clone(o.ACL)
		return &c
	case *Sequence:
		c := *o
		c.ACL = slices.Clone(o.ACL)
		return &c
	case *View:
		c := *o
		c.Columns, c.ACL, c.Triggers = slices.Clone(o.Columns), slices.Clone(o.ACL), cloneTriggers(o.Triggers)
		return &c
	case *Function:
		c := *o
		c.ACL, c.Config = slices.Clone(o.ACL), slices.Clone(o.Config)
		c.Atomic, c.Defaults = slices.Clone(o.Atomic), slices.Clone(o.Defaults)
		return &c
	case *Role:
		c := *o
		c.MemberOf, c.Settings = slices.Clone(o.MemberOf), slices.Clone(o.Settings)
		return &c
	case *Database:
		c := *o
		c.Settings, c.ACL, c.Defaults = slices.Clone(o.Settings), slices.Clone(o.ACL), slices.Clone(o.Defaults)
		return &c
	}
	return o
}

// Constraint returns the constraint with that name, or nil.
func (t *Table) Constraint(name string) *Constraint {
	for _, c := range t.Constraints {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// ConstraintByOID returns the constraint with that OID, or nil.
func (t *Table) ConstraintByOID(id OID) *Constraint {
	for _, c := range t.Constraints {
		if c.OID == id {
			return c
		}
	}
	return nil
}
