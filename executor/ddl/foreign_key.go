package ddl

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// addForeignKey adds a FOREIGN KEY: it finds the referenced key and checks that the types compare.
func (b *build) addForeignKey(ctx context.Context, d *command.ConstraintDef) error {
	ref := b.t
	if d.RefTable != 0 && d.RefTable != b.t.OID {
		var err error
		if ref, err = b.lockTable(ctx, d.RefTable, catalog.ShareRowExclusive); err != nil {
			return err
		}
		if !catalog.HasPrivilege(b.roles(), b.Role, ref, catalog.PrivReferences) {
			return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", ref.Name)
		}
	}
	if ref.Virtual {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", ref.Name)
	}
	temporary, parent := b.isTemp(b.t.Schema), b.isTemp(ref.Schema)
	if temporary && !parent {
		return pgerr.New(pgerrcode.InvalidTableDefinition, "constraints on temporary tables may reference only temporary tables")
	}
	if !temporary && (parent || ref.Unlogged && !b.t.Unlogged) {
		return pgerr.New(pgerrcode.InvalidTableDefinition, "constraints on permanent tables may reference only permanent tables")
	}
	columns, err := b.columnIDs(d.Columns, `column "%s" referenced in foreign key constraint does not exist`)
	if err != nil {
		return err
	}
	index, refColumns, err := b.referenced(ref, d, columns)
	if err != nil {
		return err
	}
	set, err := b.columnIDs(d.SetColumns, `column "%s" referenced in foreign key constraint does not exist`)
	if err != nil {
		return err
	}
	for i, id := range set {
		if !slices.Contains(columns, id) {
			return pgerr.New(pgerrcode.InvalidColumnReference, "column \"%s\" referenced in ON DELETE SET action must be part of foreign key", d.SetColumns[i])
		}
	}
	k := &catalog.Constraint{Name: d.Name, Kind: catalog.ForeignKey, Columns: columns, Index: index, RefTable: ref.OID, RefColumns: refColumns,
		OnUpdate: orA(d.OnUpdate), OnDelete: orA(d.OnDelete), SetColumns: set, Match: d.Match, Deferrable: d.Deferrable, Deferred: d.Deferred,
		NotValid: d.NotValid && !b.fresh, Comment: d.Comment}
	if k.Match == 0 {
		k.Match = 's'
	}
	if k.Name == "" {
		k.Name = b.constraintName(b.t.Name, columnsAddition(d.Columns), "fkey", b.t.Schema, b.ownNames())
	}
	if err := b.comparable(ref, k); err != nil {
		return err
	}
	if k.OID, err = b.oid(ctx); err != nil {
		return err
	}
	b.t.Constraints = append(b.t.Constraints, k)
	if !b.fresh && !k.NotValid {
		b.keys = append(b.keys, k)
	}
	return nil
}

func orA(action byte) byte {
	if action == 0 {
		return 'a'
	}
	return action
}

// referenced finds the unique index that a foreign key refers to, and the referenced columns in the order of the key.
func (b *build) referenced(ref *catalog.Table, d *command.ConstraintDef, columns []catalog.ColumnID) (catalog.OID, []catalog.ColumnID, error) {
	if len(d.RefColumns) == 0 {
		pk := ref.PrimaryIndex()
		if pk == nil && ref.PrimaryKey() != nil {
			return 0, nil, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "cannot use a deferrable primary key for referenced table \"%s\"", ref.Name)
		}
		if pk == nil {
			return 0, nil, pgerr.New(pgerrcode.UndefinedObject, "there is no primary key for referenced table \"%s\"", ref.Name)
		}
		ids := pk.KeyColumns()
		if len(ids) != len(columns) {
			return 0, nil, disagree()
		}
		return pk.OID, ids, nil
	}
	rb := &build{stmt: b.stmt, t: ref}
	ids, err := rb.columnIDs(d.RefColumns, `column "%s" referenced in foreign key constraint does not exist`)
	if err != nil {
		return 0, nil, err
	}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return 0, nil, pgerr.New(pgerrcode.InvalidForeignKey, "foreign key referenced-columns list must not contain duplicates")
		}
	}
	ix, deferrable := matchingKey(ref, ids)
	switch {
	case ix == nil && deferrable:
		return 0, nil, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "cannot use a deferrable unique constraint for referenced table \"%s\"", ref.Name)
	case ix == nil:
		return 0, nil, pgerr.New(pgerrcode.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table \"%s\"", ref.Name)
	case len(ids) != len(columns):
		return 0, nil, disagree()
	}
	return ix.OID, ids, nil
}

func disagree() error {
	return pgerr.New(pgerrcode.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
}

// matchingKey finds a unique index over exactly these columns, in any order; the primary key first.
func matchingKey(t *catalog.Table, ids []catalog.ColumnID) (_ *catalog.Index, deferrable bool) {
	want := slices.Sorted(slices.Values(ids))
	for _, ix := range t.Indexes {
		if !ix.Unique && !ix.Deferrable || ix.Predicate != 0 || !slices.Equal(slices.Sorted(slices.Values(ix.KeyColumns())), want) {
			continue
		}
		if !isDeferrable(t, ix.OID) {
			return ix, false
		}
		deferrable = true
	}
	return nil, deferrable
}

func isDeferrable(t *catalog.Table, index catalog.OID) bool {
	for _, k := range t.Constraints {
		if k.Index == index && k.Kind != catalog.ForeignKey {
			return k.Deferrable
		}
	}
	return false
}

// comparable checks that each pair of columns has an equality operator.
func (b *build) comparable(ref *catalog.Table, k *catalog.Constraint) error {
	for i, id := range k.Columns {
		fk, pk := b.t.ColumnByID(id), ref.ColumnByID(k.RefColumns[i])
		if keyTypesMatch(fk.Type, pk.Type) {
			continue
		}
		return pgerr.New(pgerrcode.DatatypeMismatch, "foreign key constraint \"%s\" cannot be implemented", k.Name).
			WithDetail("Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.", fk.Name, pk.Name,
				b.typeName(fk.TypeOID, -1), b.typeName(pk.TypeOID, -1))
	}
	return nil
}

func keyTypesMatch(fk, pk types.Type) bool {
	f, p := base(fk), base(pk)
	if f.Def == nil || p.Def == nil || f.Same(p) || builtin.OperatorFor("=", p.ID(), f.ID()) != nil {
		return true
	}
	c := builtin.CastFor(f.ID(), p.ID())
	return c != nil && c.Context == builtin.CastImplicit
}

// verifyKey checks the rows that are there against a new foreign key.
func (b *build) verifyKey(ctx context.Context, k *catalog.Constraint) error {
	ref, err := b.table(k.RefTable)
	if err != nil {
		return err
	}
	return b.orphan(ctx, k, ref)
}
