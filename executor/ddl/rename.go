package ddl

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// rename is ALTER … RENAME of an object or of a part of it; dependent expressions come rewritten.
func (s *stmt) rename(ctx context.Context, c *command.Rename) error {
	if c.Role != "" || c.Database != "" {
		return s.renameGlobal(ctx, c)
	}
	o := s.cat().Object(c.Object)
	if o == nil {
		return pgerr.Internal("object %d does not exist", c.Object)
	}
	if err := s.mayRename(ctx, o, c); err != nil {
		return err
	}
	o = catalog.CloneObject(s.cat().Object(c.Object))
	if err := s.renameIn(o, c); err != nil {
		return err
	}
	if err := s.view.Put(ctx, o); err != nil {
		return err
	}
	return s.rewrites(ctx, c.Rewrites)
}

func (s *stmt) mayRename(ctx context.Context, o catalog.Object, c *command.Rename) error {
	if t, ok := o.(*catalog.Table); ok {
		if c.Index != 0 {
			if err := s.mustOwnIndex(t, c.Index); err != nil {
				return err
			}
		} else if err := s.mustOwn(o); err != nil {
			return err
		}
		_, err := s.lockTable(ctx, t.OID, renameLocks(c, s.cat())[0].Mode)
		return err
	}
	if err := s.mustOwn(o); err != nil {
		return err
	}
	if _, ok := o.(*catalog.Schema); ok && strings.HasPrefix(c.To, "pg_") {
		return pgerr.New(pgerrcode.ReservedName, "unacceptable schema name \"%s\"", c.To).WithDetail(`The prefix "pg_" is reserved for system schemas.`)
	}
	return nil
}

// renameIn changes the name in the descriptor.
func (s *stmt) renameIn(o catalog.Object, c *command.Rename) error {
	if c.Trigger != 0 {
		return renameTrigger(o, c)
	}
	switch o := o.(type) {
	case *catalog.Table:
		return s.renameTable(o, c)
	case *catalog.View:
		if c.Column != 0 {
			return renameColumn(o.Columns, o.Name, c)
		}
		return s.renameRelation(&o.Header, c.To)
	case *catalog.Sequence:
		return s.renameRelation(&o.Header, c.To)
	case *catalog.Schema:
		if s.cat().Schema(c.To) != nil {
			return pgerr.New(pgerrcode.DuplicateSchema, "schema \"%s\" already exists", c.To)
		}
		o.Name = c.To
	case *catalog.UserType:
		return s.renameType(o, c)
	case *catalog.Function:
		f := *o
		f.Name = c.To
		if s.sameFunction(&f) != nil {
			return pgerr.New(pgerrcode.DuplicateFunction, "function %s already exists in schema \"%s\"", s.signature(&f), s.cat().SchemaName(o.Schema))
		}
		o.Name = c.To
	}
	return nil
}

func (s *stmt) renameRelation(h *catalog.Header, to string) error {
	if _, err := s.nameFree(h.Schema, to, false); err != nil {
		return err
	}
	h.Name = to
	return nil
}

func (s *stmt) renameTable(t *catalog.Table, c *command.Rename) error {
	switch {
	case c.Column != 0:
		return renameColumn(t.Columns, t.Name, c)
	case c.Constraint != 0:
		k := t.ConstraintByOID(c.Constraint)
		if t.Constraint(c.To) != nil {
			return pgerr.New(pgerrcode.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", c.To, t.Name)
		}
		if ix := t.Index(k.Index); ix != nil && k.Kind != catalog.ForeignKey {
			if _, err := s.nameFree(t.Schema, c.To, false); err != nil {
				return err
			}
			ix.Name = c.To
		}
		k.Name = c.To
	case c.Index != 0:
		if _, err := s.nameFree(t.Schema, c.To, false); err != nil {
			return err
		}
		t.Index(c.Index).Name = c.To
		for _, k := range t.Constraints {
			if k.Index == c.Index && k.Kind != catalog.ForeignKey {
				k.Name = c.To
			}
		}
	default:
		return s.renameRelation(&t.Header, c.To)
	}
	return nil
}

func renameColumn(cols []catalog.Column, relation string, c *command.Rename) error {
	for i := range cols {
		if cols[i].Name == c.To && !cols[i].Dropped && cols[i].Hidden == "" {
			return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", c.To, relation)
		}
	}
	if isSystemColumn(c.To) {
		return pgerr.New(pgerrcode.DuplicateColumn, "column name \"%s\" conflicts with a system column name", c.To)
	}
	for i := range cols {
		if cols[i].ID == c.Column {
			cols[i].Name = c.To
		}
	}
	return nil
}

func (s *stmt) renameType(u *catalog.UserType, c *command.Rename) error {
	if c.Field != "" {
		for i := range u.Fields {
			if u.Fields[i].Name == c.Field && !u.Fields[i].Dropped {
				c.Column = u.Fields[i].ID
			}
		}
		if c.Column == 0 {
			return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" does not exist", c.Field)
		}
		return renameColumn(u.Fields, u.Name, c)
	}
	if c.Constraint != 0 {
		for _, k := range u.Checks {
			if k.OID == c.Constraint {
				k.Name = c.To
			}
		}
		return nil
	}
	if s.cat().Type(u.Schema, c.To) != nil {
		return pgerr.New(pgerrcode.DuplicateObject, "type \"%s\" already exists", c.To)
	}
	u.Name, u.ArrayName = c.To, clip("_"+c.To, maxName)
	for s.cat().Type(u.Schema, u.ArrayName) != nil {
		u.ArrayName = clip("_"+u.ArrayName, maxName)
	}
	return nil
}

// rewrites stores expressions whose text has changed because of a new name.
func (s *stmt) rewrites(ctx context.Context, list []command.Rewrite) error {
	for _, r := range list {
		o := catalog.CloneObject(s.cat().Object(r.Object))
		switch o := o.(type) {
		case *catalog.Table:
			(&build{stmt: s, t: o}).rewriteText(r)
		case *catalog.View:
			o.SQL = r.Text
		case *catalog.UserType:
			rewriteDomain(o, r)
		case *catalog.Function:
			rewriteFunction(o, r)
		default:
			continue
		}
		if err := s.view.Put(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func rewriteFunction(f *catalog.Function, r command.Rewrite) {
	switch i := r.Part; {
	case i > 0 && i <= len(f.Atomic):
		f.Atomic[i-1] = r.Text
	case i < 0 && -i <= len(f.Defaults):
		f.Defaults[-i-1] = r.Text
	}
}

func rewriteDomain(u *catalog.UserType, r command.Rewrite) {
	if r.Constraint == 0 {
		u.Default = r.Text
		return
	}
	for _, k := range u.Checks {
		if k.OID == r.Constraint {
			k.Expr = r.Text
		}
	}
}

// formatType is format_type with the modifier.
func (s *stmt) formatType(id catalog.OID, mod int32) string {
	d := s.cat().TypeByOID(id)
	if d == nil || mod < 0 {
		return s.typeName(id, mod)
	}
	return expr.TypeName(types.Type{Def: d, Mod: mod})
}
