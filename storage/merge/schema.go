package merge

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// schema merges the objects that the source changed since the base, by their OIDs: first those that it dropped, so that
// their names are free, then those that it changed or made.
func (m *merger) schema(ctx context.Context) error {
	changed, err := m.sourceObjects(ctx)
	if err != nil {
		return err
	}
	if err := m.findTwins(ctx, changed); err != nil {
		return err
	}
	changed = m.ids.canonical(changed)
	m.objects = changed
	target := m.target.Catalog()
	var owned []catalog.OID
	for _, id := range changed {
		b, t := m.base.object(id), target.Object(id)
		if b == nil || m.ids.own(m.source, id) != nil || t == nil {
			continue
		}
		if q, ok := t.(*catalog.Sequence); ok && q.OwnerTable != 0 {
			owned = append(owned, id)
			continue
		}
		if err := m.dropped(ctx, b, t); err != nil {
			return err
		}
	}
	for _, id := range changed {
		b, s, t := m.base.object(id), m.ids.object(m.source, id), target.Object(id)
		if s == nil || same(b, s) || same(s, t) || m.left[id] {
			continue
		}
		if err := m.object(ctx, b, s, t); err != nil {
			return err
		}
	}
	if err := m.recordTwins(ctx); err != nil {
		return err
	}
	if err := m.lost(ctx); err != nil {
		return err
	}
	if err := m.ownedSequences(ctx, owned); err != nil {
		return err
	}
	if len(m.res.Objects) > 0 && !m.blocked() {
		m.whole()
	}
	return nil
}

// lost finds tables that the target dropped, and in which the source changed rows.
func (m *merger) lost(ctx context.Context) error {
	tables, err := m.sourceTables(ctx)
	if err != nil {
		return err
	}
	for _, id := range tables {
		b, ok1 := m.base.object(id).(*catalog.Table)
		s, ok2 := m.ids.object(m.source, id).(*catalog.Table)
		if !ok1 || !ok2 || m.target.Catalog().Object(id) != nil || !same(b, s) {
			continue
		}
		changed, err := m.rowsDiffer(ctx, m.base, m.source, b)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		if err := m.contradiction(ctx, s, "its rows were changed on the source, and it was dropped on the target", s); err != nil {
			return err
		}
	}
	return nil
}

// object brings one object that the source made or changed to the target. b and t are nil where it is not.
func (m *merger) object(ctx context.Context, b, s, t catalog.Object) error {
	switch {
	case b == nil && t == nil:
		return m.put(ctx, s)
	case b == nil && sameElsewhere(s, t):
		return nil
	case b == nil && m.ids.own(m.source, s.Head().OID).Head().OID != s.Head().OID: // made on both sides: findTwins has seen to it
		return m.describeTwin(ctx, s, t)
	case t == nil:
		return m.contradiction(ctx, s, "changed on the source, dropped on the target", s)
	case same(b, t):
		lost, err := m.wouldLose(ctx, b, s)
		if err != nil {
			return err
		}
		if lost {
			return m.contradiction(ctx, s, "its rows were rewritten on the source, and changed on the target", s)
		}
		return m.replace(ctx, s, t)
	}
	p := &picker{source: m.req.Strategy == storage.SourceWins, converts: m.converts}
	merged := mergeObject(b, s, t, p)
	if p.clash() {
		d, err := m.decide(ctx, func() storage.Conflict { return m.describe(s, "changed on both sides: "+p.what()) })
		switch {
		case err != nil || d.Side == storage.Undecided:
			return err
		case (d.Side == storage.SourceSide) != p.source:
			merged = mergeObject(b, s, t, &picker{source: !p.source, converts: m.converts})
		}
	}
	switch merged = keepDropped(merged, t); {
	case same(merged, t):
		return nil
	case m.ambiguous(merged, s):
		return nil
	}
	return m.replace(ctx, merged, t)
}

// ambiguous refuses a merged table with two columns of one name, one of which a side has renamed. No strategy decides that: the
// expressions of each side mean its own.
func (m *merger) ambiguous(merged, s catalog.Object) bool {
	t, ok := merged.(*catalog.Table)
	if !ok {
		return false
	}
	names := sameNames(t.Columns)
	for _, n := range names {
		m.schemaConflict(s, "changed on both sides: both sides have a column "+types.QuoteIdent(n))
	}
	return len(names) > 0
}

func (m *merger) put(ctx context.Context, o catalog.Object) error {
	h := o.Head()
	m.res.Objects = append(m.res.Objects, h.OID)
	if list := m.ids.twins(h.OID); !slices.Equal(h.Twins, list) {
		o = catalog.CloneObject(o)
		o.Head().Twins = list
	}
	return m.target.Put(ctx, o)
}

// describeTwin gives an object that both sides have made the source's comment, where the target's has none.
func (m *merger) describeTwin(ctx context.Context, s, t catalog.Object) error {
	if s.Head().Comment == "" || t.Head().Comment != "" {
		return nil
	}
	t = catalog.CloneObject(t)
	t.Head().Comment = s.Head().Comment
	return m.put(ctx, t)
}

// replace writes a new version of an object; indexes that the target's rows do not have yet are filled later.
func (m *merger) replace(ctx context.Context, o, t catalog.Object) error {
	o = keepDropped(o, t)
	nt, ok1 := o.(*catalog.Table)
	tt, ok2 := t.(*catalog.Table)
	if ok1 && ok2 {
		m.before[nt.OID] = tt
		for _, ix := range nt.Indexes {
			if old := tt.Index(ix.OID); nt.Rows == tt.Rows && !ix.Primary && (old == nil || old.Keyspace != ix.Keyspace) {
				m.indexes = append(m.indexes, newIndex{nt.OID, ix.OID})
			}
		}
	}
	return m.put(ctx, o)
}

// dropped takes away an object that the source dropped.
func (m *merger) dropped(ctx context.Context, b, t catalog.Object) error {
	if !same(b, t) && !m.sameTwin(b, t) {
		return m.contradiction(ctx, t, "dropped on the source, changed on the target", nil)
	}
	if bt, ok := b.(*catalog.Table); ok {
		lost, err := m.rowsDiffer(ctx, m.base, m.target, bt)
		if err != nil {
			return err
		}
		if lost {
			return m.contradiction(ctx, t, "dropped on the source, and its rows were changed on the target", nil)
		}
	}
	m.res.Objects = append(m.res.Objects, t.Head().OID)
	return m.target.Drop(ctx, t.Head().OID)
}

// sameTwin reports whether an object of the base is one that the target made by itself, and has not changed.
func (m *merger) sameTwin(b, t catalog.Object) bool {
	h := t.Head()
	return len(h.Twins) > 0 && b.Head().Name == h.Name && b.Head().Schema == h.Schema && m.ids.differences(b, t) == ""
}

// contradiction is a conflict of the schema. When the source wins, winner is put, or the object dropped when winner is nil
// and the target has it.
func (m *merger) contradiction(ctx context.Context, o catalog.Object, what string, winner catalog.Object) error {
	d, err := m.decide(ctx, func() storage.Conflict { return m.describe(o, what) })
	target := m.target.Catalog().Object(o.Head().OID)
	switch {
	case err != nil || d.Side != storage.SourceSide:
		return err
	case winner != nil && target != nil:
		return m.replace(ctx, winner, target)
	case winner != nil:
		return m.put(ctx, winner)
	case target != nil:
		m.res.Objects = append(m.res.Objects, o.Head().OID)
		return m.target.Drop(ctx, o.Head().OID)
	}
	return nil
}

// same reports whether two objects are there and alike, or both not there.
func same(a, b catalog.Object) bool {
	if isNil(a) || isNil(b) {
		return isNil(a) && isNil(b)
	}
	return a == b || alike(withoutTwins(a), withoutTwins(b)) // pointers
}

// withoutTwins is an object without what says which others are one with it.
func withoutTwins(o catalog.Object) catalog.Object {
	if o.Head().Twins == nil {
		return o
	}
	o = catalog.CloneObject(o)
	o.Head().Twins = nil
	return o
}

func isNil(o catalog.Object) bool { return o == nil }

// alike compares descriptors by what is stored of them.
func alike(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
