package ddl

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// build is a table being made or changed, and what has to be done to its rows once the descriptor is complete.
type build struct {
	*stmt
	was       *catalog.Table // before ALTER TABLE
	t         *catalog.Table
	fresh     bool // a new table: there are no rows
	sequences []*catalog.Sequence
	fill      []indexFill
	rewrite   bool                        // rows go to new keyspaces
	values    map[catalog.ColumnID]string // in a rewrite, SQL over the old row
	notNull   []catalog.ColumnID
	checks    []*catalog.Constraint
	keys      []*catalog.Constraint // foreign keys
	names     []string              // of indexes and constraints chosen so far
}

func (s *stmt) createTable(ctx context.Context, c *command.CreateTable) (string, error) {
	at, err := s.temporary(ctx, c.Target)
	if err != nil {
		return "", err
	}
	if at.Temp {
		c = withSchema(c, at.Schema)
	}
	if done, err := s.nameFree(c.Target.Schema, c.Target.Name, c.IfNotExists); done || err != nil {
		return "", err
	}
	if err := s.mayCreate(c.Target.Schema); err != nil {
		return "", pgerr.From(err).At(c.Target.At)
	}
	if d := s.cat().Type(c.Target.Schema, c.Target.Name); d != nil && d.Elem == nil {
		return "", pgerr.New(pgerrcode.DuplicateObject, "type \"%s\" already exists", c.Target.Name).
			WithHint("A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type.")
	}
	b, err := s.newTable(ctx, c)
	if err != nil {
		return "", err
	}
	if err := b.put(ctx); err != nil {
		return "", err
	}
	if c.As == "" {
		return "", nil
	}
	return s.fillAs(ctx, b.t, c)
}

func withSchema(c *command.CreateTable, id catalog.OID) *command.CreateTable {
	t := *c
	t.Target.Schema = id
	return &t
}

// newTable builds the descriptor of a new table with all that belongs to it.
func (s *stmt) newTable(ctx context.Context, c *command.CreateTable) (*build, error) {
	id, err := s.oid(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.Store.AllocateKeyspace(ctx)
	if err != nil {
		return nil, err
	}
	t := &catalog.Table{Header: catalog.Header{OID: id, Schema: c.Target.Schema, Name: c.Target.Name, Owner: s.Role}, Rows: rows, Options: c.Options, Unlogged: c.Unlogged,
		Created: uint64(s.Kernel.TxnTime.UnixMicro())}
	if c.OnCommit != 'p' {
		t.OnCommit = c.OnCommit
	}
	s.applyDefaults('r', t.Schema, &t.Header, t)
	b := &build{stmt: s, t: t, fresh: true}
	for i := range c.Columns {
		if _, err := b.addColumn(ctx, &c.Columns[i]); err != nil {
			return nil, err
		}
	}
	for i := range c.Columns {
		b.generatedDeps(&c.Columns[i])
	}
	if err := b.addConstraints(ctx, c.Constraints); err != nil {
		return nil, err
	}
	for i := range c.Indexes {
		if _, err := b.addIndex(ctx, &c.Indexes[i]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// addConstraints adds constraints in PostgreSQL's order, which decides the names that it chooses: checks, the primary
// key, unique keys, foreign keys.
func (b *build) addConstraints(ctx context.Context, defs []command.ConstraintDef) error {
	for _, kind := range []catalog.ConstraintKind{catalog.Check, catalog.PrimaryKey, catalog.Unique, catalog.ForeignKey} {
		for i := range defs {
			if defs[i].Kind != kind {
				continue
			}
			if err := b.addConstraint(ctx, &defs[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// addColumn adds a column and, for serial and identity columns, its sequence.
func (b *build) addColumn(ctx context.Context, d *command.ColumnDef) (*catalog.Column, error) {
	if b.t.Column(d.Name) != nil {
		if b.fresh {
			return nil, pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", d.Name)
		}
		return nil, pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", d.Name, b.t.Name)
	}
	if len(b.t.Live()) >= 1600 {
		return nil, pgerr.New(pgerrcode.TooManyColumns, "tables can have at most 1600 columns")
	}
	id, err := b.Store.AllocateColumns(ctx, 1)
	if err != nil {
		return nil, err
	}
	c := catalog.Column{ID: id, Num: b.nextNum(), Name: d.Name, TypeOID: d.Type.ID(), Mod: d.Type.Mod, NotNull: d.NotNull, Default: d.Default,
		Generated: d.Generated, Identity: d.Identity, Deps: d.Deps, Collation: d.Collation, Storage: d.Storage, Comment: d.Comment, Statistics: -1}
	if d.Serial || d.Identity != 0 {
		if err := b.columnSequence(ctx, &c, d); err != nil {
			return nil, err
		}
	}
	c.Type = d.Type
	b.t.Columns = append(b.t.Columns, c)
	return &b.t.Columns[len(b.t.Columns)-1], nil
}

// generatedDeps notes the columns that a generated column reads, once all of the table's columns are there.
func (b *build) generatedDeps(d *command.ColumnDef) {
	c := b.t.Column(d.Name)
	for _, n := range d.Uses {
		if u := b.t.Column(n); u != nil && c != nil {
			c.Deps = append(c.Deps, catalog.Dep{Object: b.t.OID, Column: u.ID})
		}
	}
}

func (b *build) nextNum() int16 {
	n := int16(0)
	for i := range b.t.Columns {
		n = max(n, b.t.Columns[i].Num)
	}
	return n + 1
}

// columnSequence makes the sequence of a serial or identity column.
func (b *build) columnSequence(ctx context.Context, c *catalog.Column, d *command.ColumnDef) error {
	def := d.Sequence
	if def == nil {
		def = &command.SequenceDef{}
	}
	if def.Type == 0 {
		copied := *def
		copied.Type = base(d.Type).ID()
		def = &copied
	}
	at := command.Target{Schema: b.t.Schema}
	if def.Name != nil {
		at = *def.Name
		if _, err := b.nameFree(at.Schema, at.Name, false); err != nil {
			return err
		}
	} else {
		at.Name = b.relationName(b.t.Name, c.Name, "seq", at.Schema, false, b.names)
	}
	b.names = append(b.names, at.Name)
	q, err := b.newSequence(ctx, at, def)
	if err != nil {
		return err
	}
	q.Owner, q.OwnerTable, q.OwnerColumn = b.t.Owner, b.t.OID, c.ID
	b.sequences = append(b.sequences, q)
	c.NotNull = true
	if d.Identity != 0 {
		c.Sequence = q.OID
		return nil
	}
	c.Default = fmt.Sprintf("nextval(%s::regclass)", literal(showIdent(b.cat().SchemaName(q.Schema))+"."+showIdent(q.Name)))
	c.Deps = append(slices.Clone(c.Deps), catalog.Dep{Object: q.OID})
	return nil
}

// base returns the type under a domain.
func base(t types.Type) types.Type {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t
}

// put stores the table and its sequences.
func (b *build) put(ctx context.Context) error {
	for _, q := range b.sequences {
		if err := b.putSequence(ctx, q); err != nil {
			return err
		}
	}
	return b.view.Put(ctx, b.t)
}
