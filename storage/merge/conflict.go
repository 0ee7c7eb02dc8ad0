package merge

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// decide says whether a conflict goes to the source; decided is false when it stays a conflict.
func (m *merger) decide() (source, decided bool) {
	switch m.req.Strategy {
	case storage.SourceWins:
		m.res.Resolved++
		return true, true
	case storage.TargetWins:
		m.res.Resolved++
		return false, true
	case storage.Abort, storage.Manual:
	}
	return false, false
}

// blocked reports whether there are conflicts that nothing decides.
func (m *merger) blocked() bool { return len(m.res.Conflicts) > 0 }

// conflict notes a contradiction; col is nil when it is about the whole row.
func (t *tableMerge) conflict(key string, kind storage.ConflictType, col *catalog.Column, base, source, target row) {
	c := storage.Conflict{Schema: t.schemaName(t.into.Schema), Table: t.into.Name, TableOID: t.into.OID, Key: key, Type: kind,
		BaseRow: base.there(), SourceRow: source.there(), TargetRow: target.there(), Base: types.Null, Source: types.Null, Target: types.Null}
	for i, x := range t.stored {
		if col != nil && x.ID == col.ID {
			c.Column, c.ColumnType = col.Name, x.Type
			c.Base, c.Source, c.Target = t.value(base, i).Clone(), t.value(source, i).Clone(), t.value(target, i).Clone()
		}
	}
	t.keyValues(&c, source, target, base)
	t.res.Conflicts = append(t.res.Conflicts, c)
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
	h := o.Head()
	m.res.Conflicts = append(m.res.Conflicts, storage.Conflict{
		Schema: m.schemaName(h.Schema), Table: h.Name, TableOID: h.OID, Type: storage.SchemaBoth, Description: what,
		Base: types.Null, Source: types.Null, Target: types.Null,
	})
}

func (m *merger) schemaName(id catalog.OID) string {
	if n := m.source.Catalog().SchemaName(id); n != "" {
		return n
	}
	return m.target.Catalog().SchemaName(id)
}
