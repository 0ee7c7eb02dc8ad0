package session

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// Relation is a table or view, described for who may see it.
type Relation struct {
	Schema, Name string
	View         bool
	Columns      []RelationColumn
	Key          []string        // columns of the primary key
	Indexes      []RelationIndex // but for the primary key's
	Created      time.Time
	Readable     bool // all of it, by the current role
	Countable    bool // the role may read a column of the table

	object catalog.Object
}

// RelationColumn is a column of a Relation.
type RelationColumn struct {
	Name    string
	Type    types.Type
	NotNull bool
	Key     bool
	Default string
	// Generated is true where the table computes the values.
	Generated bool
}

// RelationIndex is an index of a Relation. An expression has no name among its columns.
type RelationIndex struct {
	Name, Method string
	Columns      []string
	Unique       bool
	Arbiter      bool // ON CONFLICT can name its columns: unique, of all rows, of no expressions
}

// OID is the relation's.
func (r *Relation) OID() catalog.OID { return r.object.Head().OID }

// Quoted is the relation's name as SQL has it.
func (r *Relation) Quoted() string { return quoteIdent(r.Schema) + "." + quoteIdent(r.Name) }

// Column returns the column with that name, nil if there is none.
func (r *Relation) Column(name string) *RelationColumn {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return &r.Columns[i]
		}
	}
	return nil
}

// Begin opens the implicit transaction that Relations and statements share, unless one is open.
func (s *Session) Begin(ctx context.Context) error {
	if err := s.begin(ctx, false); err != nil {
		return err
	}
	s.txn.Statement()
	return nil
}

// Relations describes the tables and views of users on which the current role has some privilege.
func (s *Session) Relations(ctx context.Context) ([]Relation, error) {
	if err := s.Begin(ctx); err != nil {
		return nil, err
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []Relation
	for _, o := range snap.Objects() {
		if r := s.describeRelation(snap, o); r != nil {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// FindRelation describes the table or view with that name, which is not SQL: letters keep their case and nothing is
// quoted. It is looked for in the search path, and where it has a dot in the schema before that. One on which the role has
// no privilege is described all the same, as far as it matters to a statement: that will be refused.
func (s *Session) FindRelation(ctx context.Context, name string) (*Relation, error) {
	if err := s.Begin(ctx); err != nil {
		return nil, err
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	s.catalogs.ctx = ctx
	find := func(schema, bare string) *Relation {
		sc := snap.Schema(schema)
		if sc == nil {
			return nil
		}
		o, ix := snap.Relation(sc.OID, bare)
		if o == nil || ix != nil {
			return nil
		}
		return describe(snap, o)
	}
	for _, schema := range s.catalogs.SearchPath() {
		if r := find(schema, name); r != nil {
			return r, nil
		}
	}
	if schema, bare, ok := strings.Cut(name, "."); ok {
		if r := find(schema, bare); r != nil {
			return r, nil
		}
	}
	return nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", name)
}

// CountRows counts a relation's rows; views, and tables of which the role may read nothing, are 0.
func (s *Session) CountRows(ctx context.Context, r *Relation) (int64, error) {
	t, ok := r.object.(*catalog.Table)
	if !ok || !r.Countable {
		return 0, nil
	}
	v, err := s.txn.View(ctx, noRef)
	if err != nil {
		return 0, err
	}
	n, known, err := s.txn.CountRows(ctx, storage.ScanRequest{View: v, Table: t})
	if known || err != nil {
		return n, err
	}
	return s.txn.RowEstimate(v, t), nil
}

// describeRelation is describe for what the role has a privilege on; nil for all else.
func (s *Session) describeRelation(snap *catalog.Snapshot, o catalog.Object) *Relation {
	global := s.global()
	me := s.role(global)
	if me == nil {
		return nil
	}
	r := describe(snap, o)
	if r == nil || r.Schema == "pg_catalog" || r.Schema == "information_schema" || r.Schema == "rowan" {
		return nil
	}
	if t, ok := o.(*catalog.Table); ok {
		sight := catalog.SightOf(global, me.OID, t)
		r.Readable, r.Countable = sight.All, sight.Any()
	} else {
		r.Readable = catalog.HasPrivilege(global, me.OID, o, catalog.PrivSelect)
	}
	for _, p := range []byte{catalog.PrivSelect, catalog.PrivInsert, catalog.PrivUpdate, catalog.PrivDelete} {
		if catalog.HasPrivilege(global, me.OID, o, p) || mayUseColumns(global, me.OID, o, p, nil) {
			return r
		}
	}
	return nil
}

// describe describes a table or view; nil for other objects.
func describe(snap *catalog.Snapshot, o catalog.Object) *Relation {
	r := &Relation{Schema: snap.SchemaName(o.Head().Schema), Name: o.Head().Name, object: o}
	switch o := o.(type) {
	case *catalog.Table:
		r.describeTable(o)
	case *catalog.View:
		r.View = true
		for i := range o.Columns {
			r.Columns = append(r.Columns, RelationColumn{Name: o.Columns[i].Name, Type: o.Columns[i].Type})
		}
	default:
		return nil
	}
	return r
}

func (r *Relation) describeTable(t *catalog.Table) {
	var key []catalog.ColumnID
	if ix := t.PrimaryIndex(); ix != nil {
		for _, c := range ix.Columns {
			key = append(key, c.Column)
			r.Key = append(r.Key, t.ColumnByID(c.Column).Name)
		}
	}
	for _, c := range t.Live() {
		r.Columns = append(r.Columns, RelationColumn{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Key: slices.Contains(key, c.ID), Default: c.Default, Generated: c.Generated != ""})
	}
	for _, ix := range t.Indexes {
		if !ix.Primary {
			r.Indexes = append(r.Indexes, describeIndex(t, ix))
		}
	}
	if t.Created != 0 {
		r.Created = time.UnixMicro(int64(t.Created)).UTC()
	}
}

func describeIndex(t *catalog.Table, ix *catalog.Index) RelationIndex {
	out := RelationIndex{Name: ix.Name, Method: cmp.Or(ix.Method, "btree"), Unique: ix.Unique, Columns: []string{}}
	for _, c := range ix.Columns {
		if col := t.ColumnByID(c.Column); col != nil && col.Hidden == "" {
			out.Columns = append(out.Columns, col.Name)
		}
	}
	out.Arbiter = ix.Unique && ix.Predicate == 0 && len(out.Columns) == len(ix.Columns)
	return out
}
