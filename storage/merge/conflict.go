package merge

import (
	"context"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// decide says what becomes of a conflict; Undecided notes it.
func (m *merger) decide(ctx context.Context, describe func() storage.Conflict) (storage.Decision, error) {
	var c storage.Conflict
	if m.req.Decide != nil {
		c = describe()
		d, err := m.req.Decide(ctx, &c)
		if err != nil || d.Side != storage.Undecided {
			m.resolved()
			return d, err
		}
	}
	switch m.req.Strategy {
	case storage.SourceWins:
		m.resolved()
		return storage.Decision{Side: storage.SourceSide}, nil
	case storage.TargetWins:
		m.resolved()
		return storage.Decision{Side: storage.TargetSide}, nil
	case storage.Abort, storage.Manual:
	}
	if m.again {
		return storage.Decision{}, pgerr.Internal("a conflict was decided once and is not the second time")
	}
	if m.req.Decide == nil {
		c = describe()
	}
	m.res.Conflicts = append(m.res.Conflicts, c)
	return storage.Decision{}, nil
}

// resolved counts a conflict that was decided; the second time over the rows it has been.
func (m *merger) resolved() {
	if !m.again {
		m.res.Resolved++
	}
}

// blocked reports whether there are conflicts that nothing decides.
func (m *merger) blocked() bool { return len(m.res.Conflicts) > 0 }

// conflict describes a contradiction; col is nil when it is about the whole row.
func (t *tableMerge) conflict(key string, kind storage.ConflictType, col *catalog.Column, base, source, target row) storage.Conflict {
	c := storage.Conflict{Schema: t.schemaName(t.into.Schema), Table: t.into.Name, TableOID: t.into.OID, Key: strings.Clone(key), Type: kind,
		BaseRow: base.there(), SourceRow: source.there(), TargetRow: target.there(), Base: types.Null, Source: types.Null, Target: types.Null,
		Columns: t.stored, BaseCells: t.copyOf(base), SourceCells: t.copyOf(source), TargetCells: t.copyOf(target)}
	for i, x := range t.stored {
		if col != nil && x.ID == col.ID {
			c.Column, c.ColumnType = col.Name, x.Type
			c.Base, c.Source, c.Target = c.BaseCells[i], c.SourceCells[i], c.TargetCells[i]
		}
	}
	t.keyValues(&c, source, target, base)
	return c
}

// keyValues shows the row's key: the values of the primary key, from whichever side has the row.
func (t *tableMerge) keyValues(c *storage.Conflict, sides ...row) {
	pk := t.into.PrimaryIndex()
	if pk == nil {
		return
	}
	for _, s := range sides {
		if !s.there() {
			continue
		}
		for _, k := range pk.Columns {
			for i, x := range t.stored {
				if x.ID == k.Column {
					d, _ := s.cell(i)
					c.KeyColumns, c.KeyValues, c.KeyTypes = append(c.KeyColumns, x.Name), append(c.KeyValues, d.Clone()), append(c.KeyTypes, x.Type)
				}
			}
		}
		return
	}
}

// schemaConflict notes a contradiction of the schema that no strategy has decided, or none can.
func (m *merger) schemaConflict(o catalog.Object, what string) {
	m.res.Conflicts = append(m.res.Conflicts, m.describe(o, what))
}

// describe calls an object as the target does, if it is there.
func (m *merger) describe(o catalog.Object, what string) storage.Conflict {
	h := o.Head()
	if t := m.target.Catalog().Object(h.OID); t != nil {
		h = t.Head()
	}
	return storage.Conflict{
		Schema: m.schemaName(h.Schema), Table: h.Name, TableOID: h.OID, Type: storage.SchemaBoth, Description: what,
		Base: types.Null, Source: types.Null, Target: types.Null,
	}
}

func (m *merger) schemaName(id catalog.OID) string {
	if n := m.target.Catalog().SchemaName(id); n != "" {
		return n
	}
	return m.source.Catalog().SchemaName(id)
}
