package ddl

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// comment is COMMENT ON.
func (s *stmt) comment(ctx context.Context, c *command.Comment) error {
	if c.Role != "" || c.Database != "" {
		return s.commentGlobal(ctx, c)
	}
	o := s.cat().Object(c.Object)
	if o == nil {
		return nil // an object of the system, which keeps its own comment
	}
	own := s.mustOwn
	if c.Trigger != 0 {
		own = s.mustOwnRelation
	}
	if err := own(o); err != nil {
		return err
	}
	o = catalog.CloneObject(o)
	if !setComment(o, c) {
		return nil
	}
	return s.view.Put(ctx, o)
}

// setComment sets the comment of an object or of a part of it.
func setComment(o catalog.Object, c *command.Comment) bool {
	switch o := o.(type) {
	case *catalog.Table:
		switch {
		case c.Column != 0:
			o.ColumnByID(c.Column).Comment = c.Text
			return true
		case c.Constraint != 0:
			o.ConstraintByOID(c.Constraint).Comment = c.Text
			return true
		case c.Index != 0:
			o.Index(c.Index).Comment = c.Text
			return true
		case c.Trigger != 0:
			catalog.TriggerByOID(o, c.Trigger).Comment = c.Text
			return true
		}
	case *catalog.View:
		if c.Trigger != 0 {
			catalog.TriggerByOID(o, c.Trigger).Comment = c.Text
			return true
		}
		if columnComment(o.Columns, c) {
			return true
		}
	case *catalog.UserType:
		if columnComment(o.Fields, c) {
			return true
		}
		for _, k := range o.Checks {
			if c.Constraint != 0 && k.OID == c.Constraint {
				k.Comment = c.Text
				return true
			}
		}
	}
	o.Head().Comment = c.Text
	return true
}

func columnComment(cols []catalog.Column, c *command.Comment) bool {
	for i := range cols {
		if c.Column != 0 && cols[i].ID == c.Column {
			cols[i].Comment = c.Text
			return true
		}
	}
	return false
}

// owner is ALTER … OWNER TO.
func (s *stmt) owner(ctx context.Context, c *command.Owner) error {
	if c.Database != "" {
		return s.databaseOwner(ctx, c)
	}
	o := s.cat().Object(c.Object)
	if o == nil {
		return nil
	}
	to, err := s.newOwner(o, c.Role)
	if err != nil || o.Head().Owner == to {
		return err
	}
	if t, ok := o.(*catalog.Table); ok {
		if err := s.notInUse(ctx, t, "ALTER TABLE"); err != nil {
			return err
		}
	}
	return s.setOwner(ctx, o, to)
}

// newOwner checks that the current role may give o to another role.
func (s *stmt) newOwner(o catalog.Object, role string) (catalog.OID, error) {
	to, err := s.roleOID(role)
	if err != nil {
		return 0, err
	}
	if s.superuser() || o.Head().Owner == to {
		return to, nil
	}
	if err := s.mustOwn(o); err != nil {
		return 0, err
	}
	if !catalog.IsMember(s.roles(), s.Role, to) {
		return 0, pgerr.New(pgerrcode.InsufficientPrivilege, "must be member of role \"%s\"", role)
	}
	sc, ok := s.cat().Object(o.Head().Schema).(*catalog.Schema)
	if ok && !catalog.HasPrivilege(s.roles(), to, sc, catalog.PrivCreate) {
		return 0, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for schema %s", sc.Name)
	}
	return to, nil
}

// setOwner gives an object, and the sequences that belong to a table, to a role.
func (s *stmt) setOwner(ctx context.Context, o catalog.Object, to catalog.OID) error {
	if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable != 0 {
		if t, ok := s.cat().Object(q.OwnerTable).(*catalog.Table); ok && t.Owner != to {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot change owner of sequence \"%s\"", q.Name).
				WithDetail("Sequence \"%s\" is linked to table \"%s\".", q.Name, t.Name)
		}
	}
	was := o.Head().Owner
	c := catalog.CloneObject(o)
	changeOwner(c, was, to)
	if err := s.view.Put(ctx, c); err != nil {
		return err
	}
	return s.ownedSequences(ctx, o, func(q *catalog.Sequence) { changeOwner(q, q.Owner, to) })
}

// changeOwner changes the owner, and in the grants, those on columns too, the old owner into the new.
func changeOwner(o catalog.Object, was, to catalog.OID) {
	h := o.Head()
	h.Owner = to
	h.ACL = changeGrants(h.ACL, was, to)
	if t, ok := o.(*catalog.Table); ok {
		for i := range t.Columns {
			t.Columns[i].ACL = changeGrants(t.Columns[i].ACL, was, to)
		}
	}
}

// changeGrants makes what the new owner was granted before, and what he has granted, one with the old owner's.
func changeGrants(list []catalog.Grant, was, to catalog.OID) (out []catalog.Grant) {
	for _, g := range list {
		if g.Grantor == was {
			g.Grantor = to
		}
		if g.Grantee == was {
			g.Grantee = to
		}
		i := slices.IndexFunc(out, func(x catalog.Grant) bool { return x.Grantee == g.Grantee && x.Grantor == g.Grantor })
		if i < 0 {
			out = append(out, g)
			continue
		}
		out[i].Privileges, out[i].Grantable = union(out[i].Privileges, g.Privileges), union(out[i].Grantable, g.Grantable)
	}
	return out
}

// ownedSequences changes each sequence that a table owns.
func (s *stmt) ownedSequences(ctx context.Context, o catalog.Object, f func(*catalog.Sequence)) error {
	if _, ok := o.(*catalog.Table); !ok {
		return nil
	}
	for _, x := range s.cat().Objects() {
		if q, ok := x.(*catalog.Sequence); !ok || q.OwnerTable != o.Head().OID {
			continue
		}
		id := x.Head().OID
		if err := s.Txn.LockTable(ctx, s.view, id, catalog.AccessExclusive, catalog.Wait); err != nil {
			return err
		}
		q, ok := s.cat().Object(id).(*catalog.Sequence)
		if !ok {
			continue // dropped by who held it
		}
		c := catalog.CloneObject(q).(*catalog.Sequence)
		f(c)
		if err := s.view.Put(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// setTableOwner is the action OWNER TO within ALTER TABLE.
func (b *build) setTableOwner(ctx context.Context, role string) error {
	to, err := b.newOwner(b.t, role)
	if err != nil || b.t.Owner == to {
		return err
	}
	changeOwner(b.t, b.t.Owner, to)
	return b.ownedSequences(ctx, b.t, func(q *catalog.Sequence) { changeOwner(q, q.Owner, to) })
}

// alterOther runs those actions of ALTER TABLE that views and sequences have too.
func (s *stmt) alterOther(ctx context.Context, c *command.AlterTable) error {
	o := s.cat().Object(c.Table)
	if o == nil {
		return pgerr.New(pgerrcode.UndefinedTable, "relation with OID %d does not exist", c.Table)
	}
	for _, a := range c.Actions {
		if own, ok := a.(*command.SetOwner); ok {
			if err := s.owner(ctx, &command.Owner{Object: c.Table, Role: own.Role}); err != nil {
				return err
			}
			continue
		}
		if err := s.mustOwn(o); err != nil {
			return err
		}
		v, isView := s.cat().Object(c.Table).(*catalog.View)
		if !isView {
			if _, ok := a.(*command.SetLogged); ok {
				continue
			}
			return pgerr.New(pgerrcode.WrongObjectType, "ALTER action cannot be performed on relation \"%s\"", o.Head().Name).
				WithDetail("This operation is not supported for %ss.", kindOf(o))
		}
		if err := s.alterView(ctx, catalog.CloneObject(v).(*catalog.View), a); err != nil {
			return err
		}
	}
	return nil
}

func (s *stmt) alterView(ctx context.Context, v *catalog.View, a command.AlterAction) error {
	switch a := a.(type) {
	case *command.SetOptions:
		v.Options = mergeOptions(v.Options, a.Options, a.Reset)
	case *command.SetDefault:
		found := false
		for i := range v.Columns {
			if v.Columns[i].Name == a.Name {
				v.Columns[i].Default, found = a.Default, true
			}
		}
		if !found {
			return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a.Name, v.Name)
		}
	case *command.SwitchTrigger:
		word := map[byte]string{'O': "ENABLE", 'D': "DISABLE", 'A': "ENABLE ALWAYS", 'R': "ENABLE REPLICA"}[a.State]
		tail := ""
		switch {
		case a.OnlyUser:
			tail = " USER"
		case a.Name == "":
			tail = " ALL"
		}
		return pgerr.New(pgerrcode.WrongObjectType, "ALTER action %s TRIGGER%s cannot be performed on relation \"%s\"", word, tail, v.Name).
			WithDetail("This operation is not supported for views.")
	default:
		return pgerr.New(pgerrcode.WrongObjectType, "ALTER action cannot be performed on relation \"%s\"", v.Name).
			WithDetail("This operation is not supported for views.")
	}
	return s.view.Put(ctx, v)
}

// setSchema is ALTER … SET SCHEMA; a table's own sequences move with it.
func (s *stmt) setSchema(ctx context.Context, c *command.SetSchema) error {
	o := s.cat().Object(c.Object)
	if o == nil {
		return pgerr.Internal("object %d does not exist", c.Object)
	}
	if err := s.mustOwn(o); err != nil {
		return err
	}
	if err := s.mayCreate(c.Schema); err != nil {
		return err
	}
	h := o.Head()
	if h.Schema == c.Schema {
		return nil
	}
	if err := s.schemaFree(o, c.Schema); err != nil {
		return err
	}
	if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable != 0 {
		if t, ok := s.cat().Object(q.OwnerTable).(*catalog.Table); ok {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot move an owned sequence into another schema").
				WithDetail("Sequence \"%s\" is linked to table \"%s\".", q.Name, t.Name)
		}
	}
	moved := catalog.CloneObject(o)
	moved.Head().Schema = c.Schema
	if err := s.view.Put(ctx, moved); err != nil {
		return err
	}
	if err := s.ownedSequences(ctx, o, func(q *catalog.Sequence) { q.Schema = c.Schema }); err != nil {
		return err
	}
	return s.rewrites(ctx, c.Rewrites)
}

func (s *stmt) schemaFree(o catalog.Object, schema catalog.OID) error {
	h := o.Head()
	name := s.cat().SchemaName(schema)
	switch o.(type) {
	case *catalog.UserType:
		if s.cat().Type(schema, h.Name) != nil {
			return pgerr.New(pgerrcode.DuplicateObject, "type \"%s\" already exists in schema \"%s\"", h.Name, name)
		}
	case *catalog.Function:
	default:
		if x, _ := s.cat().Relation(schema, h.Name); x != nil {
			return pgerr.New(pgerrcode.DuplicateTable, "relation \"%s\" already exists in schema \"%s\"", h.Name, name)
		}
	}
	return nil
}
