package catalog

import "fmt"

// Column returns the live column with that name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Name == name && !c.Dropped && c.Hidden == "" {
			return c
		}
	}
	return nil
}

// ColumnByID returns the column with that id, dropped or not, or nil.
func (t *Table) ColumnByID(id ColumnID) *Column {
	for i := range t.Columns {
		if t.Columns[i].ID == id {
			return &t.Columns[i]
		}
	}
	return nil
}

// Drop makes a column one that was dropped. It stays in the table's list: rows keep what they have in it, which counts where they are
// compared with those of a point that has the column.
func (c *Column) Drop() {
	c.Name = fmt.Sprintf("........pg.dropped.%d........", c.Num)
	c.Dropped, c.NotNull = true, false
	c.Default, c.Generated, c.Identity, c.Sequence, c.Deps, c.Comment, c.ACL = "", "", 0, 0, nil, "", nil
}

// Live returns the columns that a user sees, in order.
func (t *Table) Live() []*Column {
	out := make([]*Column, 0, len(t.Columns))
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && c.Hidden == "" {
			out = append(out, c)
		}
	}
	return out
}

// PrimaryIndex returns the index of the primary key, or nil when rows have hidden row ids as keys.
func (t *Table) PrimaryIndex() *Index {
	for _, ix := range t.Indexes {
		if ix.Primary {
			return ix
		}
	}
	return nil
}

// PrimaryKey returns the constraint, or nil. A deferrable one has no PrimaryIndex.
func (t *Table) PrimaryKey() *Constraint {
	for _, c := range t.Constraints {
		if c.Kind == PrimaryKey {
			return c
		}
	}
	return nil
}

// KeyKind is the kind of the key constraint that an index supports, 0 for an index of none.
func (t *Table) KeyKind(ix *Index) ConstraintKind {
	for _, c := range t.Constraints {
		if c.Index == ix.OID && c.Kind != ForeignKey {
			return c.Kind
		}
	}
	return 0
}

// KeyColumns are the columns that the index's keys are made of.
func (ix *Index) KeyColumns() []ColumnID {
	out := make([]ColumnID, len(ix.Columns))
	for i, c := range ix.Columns {
		out[i] = c.Column
	}
	return out
}

// Index returns the index with that OID, or nil.
func (t *Table) Index(oid OID) *Index {
	for _, ix := range t.Indexes {
		if ix.OID == oid {
			return ix
		}
	}
	return nil
}
