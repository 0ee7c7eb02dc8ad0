package ddl

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

func (s *stmt) createView(ctx context.Context, c *command.CreateView) error {
	at, err := s.viewTarget(ctx, c)
	if err != nil {
		return err
	}
	if at != c.Target {
		same := *c
		same.Target = at
		c = &same
	}
	if err := s.mayCreate(c.Target.Schema); err != nil {
		return err
	}
	v := &catalog.View{Header: catalog.Header{Schema: c.Target.Schema, Name: c.Target.Name, Owner: s.Role}, SQL: c.SQL, Options: c.Options, Deps: c.Deps}
	if o, ix := s.cat().Relation(c.Target.Schema, c.Target.Name); o != nil {
		if !c.Replace {
			return pgerr.New(pgerrcode.DuplicateTable, "relation \"%s\" already exists", c.Target.Name)
		}
		old, ok := o.(*catalog.View)
		if !ok || ix != nil {
			return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a view", c.Target.Name)
		}
		if err := s.replaceView(v, old, c); err != nil {
			return err
		}
	} else {
		id, err := s.oid(ctx)
		if err != nil {
			return err
		}
		v.OID = id
		s.applyDefaults('r', v.Schema, &v.Header, v)
	}
	if err := s.viewColumns(ctx, v, c.Columns); err != nil {
		return err
	}
	return s.view.Put(ctx, v)
}

// viewColumns gives the view's columns their ids; those that the view had keep theirs.
func (s *stmt) viewColumns(ctx context.Context, v *catalog.View, defs []command.ColumnDef) error {
	for i := range defs {
		d := &defs[i]
		for _, have := range v.Columns[:min(i, len(v.Columns))] {
			if have.Name == d.Name {
				return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", d.Name)
			}
		}
		if i < len(v.Columns) {
			continue
		}
		id, err := s.Store.AllocateColumns(ctx, 1)
		if err != nil {
			return err
		}
		v.Columns = append(v.Columns, catalog.Column{ID: id, Num: int16(i + 1), Name: d.Name, TypeOID: d.Type.ID(), Mod: d.Type.Mod, Type: d.Type})
	}
	return nil
}

// replaceView checks that the new query has the old columns, and takes over what stays.
func (s *stmt) replaceView(v, old *catalog.View, c *command.CreateView) error {
	if err := s.mustOwn(old); err != nil {
		return err
	}
	if len(c.Columns) < len(old.Columns) {
		return pgerr.New(pgerrcode.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i := range old.Columns {
		have, want := &old.Columns[i], &c.Columns[i]
		if have.Name != want.Name {
			return pgerr.New(pgerrcode.InvalidTableDefinition, "cannot change name of view column \"%s\" to \"%s\"", have.Name, want.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if have.TypeOID != want.Type.ID() || have.Mod != want.Type.Mod {
			return pgerr.New(pgerrcode.InvalidTableDefinition, "cannot change data type of view column \"%s\" from %s to %s", have.Name,
				s.formatType(have.TypeOID, have.Mod), s.formatType(want.Type.ID(), want.Type.Mod))
		}
	}
	v.Header = old.Header
	v.Columns, v.Triggers = append([]catalog.Column(nil), old.Columns...), old.Triggers
	return nil
}
