package ddl

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// addConstraint adds one constraint, with its index where it has one.
func (b *build) addConstraint(ctx context.Context, d *command.ConstraintDef) error {
	if d.Kind == catalog.PrimaryKey && b.t.PrimaryKey() != nil {
		return pgerr.New(pgerrcode.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", b.t.Name)
	}
	if o, _ := b.cat().Relation(b.t.Schema, d.Name); d.Name != "" && (d.Kind == catalog.PrimaryKey || d.Kind == catalog.Unique) && d.UsingIndex == 0 &&
		(o != nil || slices.Contains(b.names, d.Name)) {
		return pgerr.New(pgerrcode.DuplicateTable, "relation \"%s\" already exists", d.Name)
	}
	if d.Name != "" && b.t.Constraint(d.Name) != nil {
		if b.fresh && d.Kind == catalog.Check {
			return pgerr.New(pgerrcode.DuplicateObject, "check constraint \"%s\" already exists", d.Name)
		}
		return pgerr.New(pgerrcode.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", d.Name, b.t.Name)
	}
	switch d.Kind {
	case catalog.Check:
		return b.addCheck(ctx, d)
	case catalog.PrimaryKey, catalog.Unique:
		if d.UsingIndex != 0 {
			return b.adoptIndex(ctx, d)
		}
		return b.addKey(ctx, d)
	case catalog.ForeignKey:
		return b.addForeignKey(ctx, d)
	}
	return pgerr.Unsupported("EXCLUDE constraint")
}

func (b *build) addCheck(ctx context.Context, d *command.ConstraintDef) error {
	columns, err := b.columnIDs(d.Columns, `column "%s" does not exist`)
	if err != nil {
		return err
	}
	name := d.Name
	if name == "" {
		second := ""
		if len(d.Columns) == 1 {
			second = d.Columns[0]
		}
		name = b.constraintName(b.t.Name, second, "check", b.t.Schema, b.ownNames())
	}
	id, err := b.oid(ctx)
	if err != nil {
		return err
	}
	k := &catalog.Constraint{OID: id, Name: name, Kind: catalog.Check, Columns: columns, Expr: d.Expr, Deps: d.Deps,
		NotValid: d.NotValid && !b.fresh, NoInherit: d.NoInherit, Comment: d.Comment}
	b.t.Constraints = append(b.t.Constraints, k)
	if !b.fresh && !k.NotValid {
		b.checks = append(b.checks, k)
	}
	return nil
}

// ownNames are the names of the constraints that the table has or is getting.
func (b *build) ownNames() []string {
	out := slices.Clone(b.names)
	for _, k := range b.t.Constraints {
		out = append(out, k.Name)
	}
	for _, ix := range b.t.Indexes {
		out = append(out, ix.Name)
	}
	return out
}

// columnIDs resolves names of columns of the table; format takes the name that is missing.
func (b *build) columnIDs(names []string, format string) ([]catalog.ColumnID, error) {
	out := make([]catalog.ColumnID, 0, len(names))
	for _, n := range names {
		c := b.t.Column(n)
		if c == nil {
			return nil, pgerr.New(pgerrcode.UndefinedColumn, format, n)
		}
		out = append(out, c.ID)
	}
	return out, nil
}

// addKey adds a PRIMARY KEY or UNIQUE constraint with an index of its own.
func (b *build) addKey(ctx context.Context, d *command.ConstraintDef) error {
	columns, err := b.columnIDs(d.Columns, `column "%s" named in key does not exist`)
	if err != nil {
		return err
	}
	word := "unique"
	if d.Kind == catalog.PrimaryKey {
		word = "primary key"
		if b.t.PrimaryKey() != nil {
			return pgerr.New(pgerrcode.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", b.t.Name)
		}
	}
	for i, n := range d.Columns {
		if slices.Contains(d.Columns[:i], n) {
			return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" appears twice in %s constraint", n, word)
		}
		if err := b.indexable(b.t.Column(n).Type, "btree"); err != nil {
			return err
		}
	}
	if b.fresh && d.Name == "" && b.sameKey(columns) {
		return nil
	}
	include, err := b.columnIDs(d.Include, `column "%s" named in key does not exist`)
	if err != nil {
		return err
	}
	if d.Deferrable && d.NullsNotDistinct {
		return pgerr.Unsupported("DEFERRABLE UNIQUE NULLS NOT DISTINCT")
	}
	ix := &catalog.Index{Name: d.Name, Unique: true, Method: "btree", NullsNotDistinct: d.NullsNotDistinct, Options: d.Options, Include: include}
	for _, id := range columns {
		ix.Columns = append(ix.Columns, catalog.IndexColumn{Column: id})
	}
	if ix.Name == "" {
		ix.Name = b.keyName(d)
	}
	return b.finishKey(ctx, d, ix)
}

func (b *build) keyName(d *command.ConstraintDef) string {
	if d.Kind == catalog.PrimaryKey {
		return b.relationName(b.t.Name, "", "pkey", b.t.Schema, true, b.ownNames())
	}
	second := columnsAddition(indexColumnNames(append(slices.Clone(d.Columns), d.Include...)))
	return b.relationName(b.t.Name, second, "key", b.t.Schema, true, b.ownNames())
}

// sameKey reports whether CREATE TABLE has a key over these very columns already: PostgreSQL merges the two.
func (b *build) sameKey(columns []catalog.ColumnID) bool {
	for _, k := range b.t.Constraints {
		if (k.Kind == catalog.PrimaryKey || k.Kind == catalog.Unique) && slices.Equal(k.Columns, columns) {
			return true
		}
	}
	return false
}

// finishKey gives a key's index its ids, adds index and constraint, and notes what the rows need.
func (b *build) finishKey(ctx context.Context, d *command.ConstraintDef, ix *catalog.Index) error {
	id, err := b.Store.AllocateOIDs(ctx, 2)
	if err != nil {
		return err
	}
	ix.OID = id
	b.names = append(b.names, ix.Name)
	k := &catalog.Constraint{OID: id + 1, Name: ix.Name, Kind: d.Kind, Index: ix.OID, Deferrable: d.Deferrable, Deferred: d.Deferred, Comment: d.Comment}
	for _, c := range ix.Columns {
		k.Columns = append(k.Columns, c.Column)
	}
	b.t.Constraints = append(b.t.Constraints, k)
	switch {
	case d.Deferrable:
		b.makeDeferrable(ix, d.Kind)
	case d.Kind == catalog.PrimaryKey:
		return b.makePrimary(ix, true)
	}
	if ix.Keyspace, err = b.Store.AllocateKeyspace(ctx); err != nil {
		return err
	}
	b.t.Indexes = append(b.t.Indexes, ix)
	if !b.fresh {
		b.fill = append(b.fill, indexFill{index: ix})
	}
	return nil
}

// makeDeferrable makes an index that may hold a key twice until the constraint is checked. It is never the key that rows
// are stored by.
func (b *build) makeDeferrable(ix *catalog.Index, kind catalog.ConstraintKind) {
	ix.Unique, ix.Primary, ix.Deferrable = false, false, true
	if kind == catalog.PrimaryKey {
		b.keyNotNull(ix)
	}
}

func (b *build) keyNotNull(ix *catalog.Index) {
	for _, c := range ix.Columns {
		col := b.t.ColumnByID(c.Column)
		if !col.NotNull {
			col.NotNull = true
			if !b.fresh {
				b.notNull = append(b.notNull, col.ID)
			}
		}
	}
}

// makePrimary makes an index the table's key: its columns become NOT NULL and the rows are keyed by it, which rewrites
// a table that has rows.
func (b *build) makePrimary(ix *catalog.Index, add bool) error {
	ix.Primary, ix.Unique = true, true
	b.keyNotNull(ix)
	if add {
		b.t.Indexes = append([]*catalog.Index{ix}, b.t.Indexes...)
	}
	ix.Keyspace = b.t.Rows
	if !b.fresh {
		b.rewrite = true
	}
	return nil
}

// adoptIndex is ADD CONSTRAINT … USING INDEX.
func (b *build) adoptIndex(ctx context.Context, d *command.ConstraintDef) error {
	ix := b.t.Index(d.UsingIndex)
	if ix == nil {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "index does not belong to table \"%s\"", b.t.Name)
	}
	if err := b.adoptable(ix, d); err != nil {
		return err
	}
	if d.Name != "" && d.Name != ix.Name {
		b.notice(pgerrcode.SuccessfulCompletion, "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"", ix.Name, d.Name)
		ix.Name = d.Name
	}
	id, err := b.oid(ctx)
	if err != nil {
		return err
	}
	k := &catalog.Constraint{OID: id, Name: ix.Name, Kind: d.Kind, Index: ix.OID, Deferrable: d.Deferrable, Deferred: d.Deferred}
	for _, c := range ix.Columns {
		k.Columns = append(k.Columns, c.Column)
	}
	if d.Deferrable {
		return pgerr.Unsupported("DEFERRABLE constraint USING INDEX")
	}
	b.t.Constraints = append(b.t.Constraints, k)
	if d.Kind == catalog.PrimaryKey {
		return b.makePrimary(ix, false)
	}
	return nil
}

func (b *build) adoptable(ix *catalog.Index, d *command.ConstraintDef) error {
	for _, k := range b.t.Constraints {
		if k.Index == ix.OID && k.Kind != catalog.ForeignKey {
			return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "index \"%s\" is already associated with a constraint", ix.Name)
		}
	}
	if !ix.Unique {
		return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a unique index", ix.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.")
	}
	if ix.Predicate != 0 {
		return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is a partial index", ix.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.")
	}
	for i, c := range ix.Columns {
		if col := b.t.ColumnByID(c.Column); col.Hidden != "" {
			return pgerr.New(pgerrcode.WrongObjectType, "index \"%s\" contains expressions", ix.Name).
				WithDetail("Cannot create a primary key or unique constraint using such an index.")
		}
		if c.Desc || c.NullsFirst {
			return pgerr.New(pgerrcode.WrongObjectType, "index \"%s\" column number %d does not have default sorting behavior", ix.Name, i+1).
				WithDetail("Cannot create a primary key or unique constraint using such an index.")
		}
	}
	if d.Kind == catalog.PrimaryKey && b.t.PrimaryKey() != nil {
		return pgerr.New(pgerrcode.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", b.t.Name)
	}
	return nil
}
