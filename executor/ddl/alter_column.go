package ddl

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// dropColumn is DROP COLUMN, with what depends on the column.
func (b *build) dropColumn(ctx context.Context, a *command.DropColumn) error {
	c := b.t.Column(a.Name)
	if c == nil {
		if isSystemColumn(a.Name) {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot drop system column \"%s\"", a.Name)
		}
		if a.IfExists {
			b.notice(pgerrcode.SuccessfulCompletion, "column \"%s\" of relation \"%s\" does not exist, skipping", a.Name, b.t.Name)
			return nil
		}
		return b.noColumn(a.Name)
	}
	return b.through(ctx, func() error {
		return b.dropAll(ctx, []address{{object: b.t.OID, column: c.ID}}, a.Cascade)
	})
}

func (b *build) dropConstraint(ctx context.Context, a *command.DropConstraint) error {
	k := b.t.Constraint(a.Name)
	if t := b.constraintOfTrigger(a.Name); k == nil && t != nil {
		table, trigger := b.shown(b.t.Schema, b.t.Name), b.describeTrigger(b.t, t.OID)
		return pgerr.New(pgerrcode.DependentObjectsStillExist, "cannot drop constraint %s on table %s because %s requires it", showIdent(a.Name), table, trigger).
			WithHint("You can drop %s instead.", trigger)
	}
	if k == nil {
		if a.IfExists {
			b.notice(pgerrcode.SuccessfulCompletion, "constraint \"%s\" of relation \"%s\" does not exist, skipping", a.Name, b.t.Name)
			return nil
		}
		return pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist", a.Name, b.t.Name)
	}
	if k.Kind == catalog.ForeignKey && k.RefTable != b.t.OID {
		ref, err := b.lockTable(ctx, k.RefTable, catalog.AccessExclusive)
		if err != nil {
			return err
		}
		if err := b.notInUse(ctx, ref, "ALTER TABLE"); err != nil {
			return err
		}
	}
	return b.through(ctx, func() error {
		return b.dropAll(ctx, []address{{object: b.t.OID, constraint: k.OID}}, a.Cascade)
	})
}

// through runs f on the stored catalog: what the build has changed so far is put before, and what f left is taken after.
func (b *build) through(ctx context.Context, f func() error) error {
	if err := b.view.Put(ctx, b.t); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	t, err := b.table(b.t.OID)
	if err != nil {
		return err
	}
	b.t = t.Clone()
	return nil
}

// alterType is ALTER COLUMN … TYPE.
func (b *build) alterType(ctx context.Context, a *command.AlterType) error {
	c, err := b.column(a.Name)
	if err != nil {
		return err
	}
	if old := b.was.ColumnByID(c.ID); old != nil && (old.TypeOID != c.TypeOID || old.Mod != c.Mod) {
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot alter type of column \"%s\" twice", c.Name)
	}
	if err := b.typeMayChange(c); err != nil {
		return err
	}
	if err := b.triggerReads(c); err != nil {
		return err
	}
	if a.Refused != nil {
		return a.Refused
	}
	if c.Identity != 0 && !isSerialType(base(a.Type).ID()) {
		return pgerr.New(pgerrcode.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	c.TypeOID, c.Mod, c.Type = a.Type.ID(), a.Type.Mod, a.Type
	c.Collation = a.Collation
	if c.Default != "" && a.Default != "" {
		c.Default = a.Default
	}
	for _, r := range a.Rebuild {
		b.rewriteText(r)
	}
	if c.HasMiss && !a.SameForm {
		c.HasMiss, c.Missing = false, ""
	}
	if a.SameForm {
		return nil
	}
	b.rewrite = true
	b.values[c.ID] = a.Using
	if err := b.retypeIndexes(c); err != nil {
		return err
	}
	if err := b.retypeSequence(ctx, c); err != nil {
		return err
	}
	return b.recheckKeys(c)
}

func isSerialType(id types.OID) bool {
	return id == types.OIDInt2 || id == types.OIDInt4 || id == types.OIDInt8
}

// typeMayChange refuses columns that views or generated columns use.
func (b *build) typeMayChange(c *catalog.Column) error {
	if c.Generated != "" {
		return nil
	}
	for _, o := range b.cat().Objects() {
		v, ok := o.(*catalog.View)
		if ok && slices.Contains(v.Deps, catalog.Dep{Object: b.t.OID, Column: c.ID}) {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
				WithDetail("rule _RETURN on view %s depends on column \"%s\"", b.shown(v.Schema, v.Name), c.Name)
		}
	}
	for i := range b.t.Columns {
		g := &b.t.Columns[i]
		if g.Generated != "" && slices.Contains(g.Deps, catalog.Dep{Object: b.t.OID, Column: c.ID}) {
			return pgerr.New(pgerrcode.FeatureNotSupported, "cannot alter type of a column used by a generated column").
				WithDetail("Column \"%s\" is used by generated column \"%s\".", c.Name, g.Name)
		}
	}
	return nil
}

func (b *build) retypeIndexes(c *catalog.Column) error {
	for _, ix := range b.t.Indexes {
		for _, k := range ix.Columns {
			if k.Column != c.ID {
				continue
			}
			if err := b.indexable(c.Type, ix.Method); err != nil {
				return err
			}
		}
	}
	return nil
}

// retypeSequence gives an identity column's sequence the column's new type.
func (b *build) retypeSequence(ctx context.Context, c *catalog.Column) error {
	if c.Identity == 0 || b.cat().Object(c.Sequence) == nil {
		return nil
	}
	q, err := b.lockSequence(ctx, c.Sequence, catalog.ShareRowExclusive)
	if err != nil {
		return err
	}
	return b.changeSequence(ctx, q, &command.SequenceDef{Type: base(c.Type).ID()})
}

// recheckKeys verifies that foreign keys over the column, in either direction, still compare.
func (b *build) recheckKeys(c *catalog.Column) error {
	for _, k := range b.t.Constraints {
		if k.Kind != catalog.ForeignKey || !slices.Contains(k.Columns, c.ID) {
			continue
		}
		ref := b.t
		if k.RefTable != b.t.OID {
			var err error
			if ref, err = b.table(k.RefTable); err != nil {
				return err
			}
		}
		if err := b.comparable(ref, k); err != nil {
			return err
		}
		if !k.NotValid {
			b.keys = append(b.keys, k)
		}
	}
	for _, t := range b.cat().Referrers(b.t.OID) {
		child := &build{stmt: b.stmt, t: t}
		for _, k := range t.Constraints {
			if k.Kind == catalog.ForeignKey && k.RefTable == b.t.OID && t.OID != b.t.OID && slices.Contains(k.RefColumns, c.ID) {
				if err := child.comparable(b.t, k); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// rewriteText replaces a stored expression of the table.
func (b *build) rewriteText(r command.Rewrite) {
	if t := catalog.TriggerByOID(b.t, r.Trigger); t != nil {
		t.When = r.Text
		return
	}
	if k := b.t.ConstraintByOID(r.Constraint); k != nil {
		k.Expr = r.Text
		return
	}
	rewriteColumn(b.t.ColumnByID(r.Column), r)
}

func rewriteColumn(c *catalog.Column, r command.Rewrite) {
	switch {
	case c == nil:
	case r.Generated:
		c.Generated = r.Text
	case c.Hidden != "":
		c.Hidden = r.Text
	default:
		c.Default = r.Text
	}
}

// setIdentity adds, changes or drops the identity of a column.
func (b *build) setIdentity(ctx context.Context, a *command.SetIdentity) error {
	c, err := b.column(a.Name)
	if err != nil {
		return err
	}
	if a.Add {
		return b.addIdentity(ctx, c, a)
	}
	if c.Identity == 0 {
		if a.Drop && a.IfExists {
			b.notice(pgerrcode.SuccessfulCompletion, "column \"%s\" of relation \"%s\" is not an identity column, skipping", c.Name, b.t.Name)
			return nil
		}
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not an identity column", c.Name, b.t.Name)
	}
	if a.Drop {
		return b.dropIdentity(ctx, c)
	}
	if a.Kind != 0 {
		c.Identity = a.Kind
	}
	if a.Sequence == nil || b.cat().Object(c.Sequence) == nil {
		return nil
	}
	q, err := b.lockSequence(ctx, c.Sequence, catalog.ShareRowExclusive)
	if err != nil {
		return err
	}
	return b.changeSequence(ctx, q, a.Sequence)
}

// dropIdentity makes an identity column a plain one, without its sequence.
func (b *build) dropIdentity(ctx context.Context, c *catalog.Column) error {
	id := c.Sequence
	c.Identity, c.Sequence = 0, 0
	if b.cat().Object(id) == nil {
		return nil
	}
	if _, err := b.lockSequence(ctx, id, catalog.AccessExclusive); err != nil {
		return err
	}
	return b.view.Drop(ctx, id)
}

func (b *build) addIdentity(ctx context.Context, c *catalog.Column, a *command.SetIdentity) error {
	switch {
	case !isSerialType(base(c.Type).ID()):
		return pgerr.New(pgerrcode.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	case c.Identity != 0:
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is already an identity column", c.Name, b.t.Name)
	case !c.NotNull:
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" must be declared NOT NULL before identity can be added", c.Name, b.t.Name)
	case c.Default != "":
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" already has a default value", c.Name, b.t.Name)
	}
	c.Identity = a.Kind
	return b.columnSequence(ctx, c, &command.ColumnDef{Name: c.Name, Type: c.Type, Identity: a.Kind, Sequence: a.Sequence})
}
