package merge

import (
	"context"

	"github.com/rowandb/rowan/catalog"
)

// ownedSequences sees to sequences of columns, which go with these: of those that the source dropped it takes away what no
// column of the target uses any more, and it brings those that columns need which came, or came back.
func (m *merger) ownedSequences(ctx context.Context, dropped []catalog.OID) error {
	for _, id := range dropped {
		b, t := m.base.object(id), m.target.Catalog().Object(id)
		if t == nil || usesSequence(m.target.Catalog(), t.(*catalog.Sequence)) {
			continue
		}
		if err := m.dropped(ctx, b, t); err != nil {
			return err
		}
	}
	for _, id := range m.res.Objects {
		t, ok := m.target.Catalog().Object(id).(*catalog.Table)
		if !ok {
			continue
		}
		for _, c := range t.Live() {
			if c.Sequence == 0 || m.target.Catalog().Object(c.Sequence) != nil {
				continue
			}
			if s := m.ids.object(m.source, c.Sequence); s != nil {
				if err := m.put(ctx, s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// usesSequence reports whether the column that a sequence belongs to has it.
func usesSequence(snap *catalog.Snapshot, q *catalog.Sequence) bool {
	t, ok := snap.Object(q.OwnerTable).(*catalog.Table)
	if !ok {
		return false
	}
	c := t.ColumnByID(q.OwnerColumn)
	return c != nil && !c.Dropped
}
