package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// twin is an object that both sides have made by themselves, with one name.
type twin struct {
	source, target catalog.Object // as they stand
}

// findTwins finds what both sides have made by themselves with one name, objects and parts of them, and takes it for one
// where its definition is the same. For objects whose definitions differ it decides which side's is kept.
func (m *merger) findTwins(ctx context.Context, changed []catalog.OID) error {
	fresh := m.freshObjects(changed)
	var pairs []twin
	for _, kind := range kinds {
		for _, o := range fresh {
			if kindOf(o) != kind {
				continue
			}
			if t := m.namesake(o); t != nil {
				pairs = append(pairs, twin{o, t})
				m.ids.pair(o, t)
			}
		}
	}
	m.partTwins(changed)
	for _, p := range pairs {
		if err := m.settleTwin(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// kinds is the order in which objects are paired: first what others need, because names are compared within schemas.
var kinds = []byte{'n', 'T', 'S', 'r', 'v', 'f'}

func kindOf(o catalog.Object) byte {
	switch o.(type) {
	case *catalog.Schema:
		return 'n'
	case *catalog.UserType:
		return 'T'
	case *catalog.Sequence:
		return 'S'
	case *catalog.Table:
		return 'r'
	case *catalog.View:
		return 'v'
	case *catalog.Function:
		return 'f'
	case *catalog.Role, *catalog.Database:
	}
	return 0
}

// freshObjects are those of the objects that only the source has, as they stand there.
func (m *merger) freshObjects(changed []catalog.OID) (out []catalog.Object) {
	for _, id := range changed {
		if o := m.ids.own(m.source, id); o != nil && m.base.object(id) == nil && m.ids.own(m.target, id) == nil {
			out = append(out, o)
		}
	}
	return out
}

// namesake finds the object of the same kind and name that only the target has.
func (m *merger) namesake(o catalog.Object) catalog.Object {
	if m.names == nil {
		m.names = map[string]catalog.Object{}
		for _, t := range m.target.Catalog().Objects() {
			if list := namesOf(t); len(list) > 0 {
				m.names[list[0]] = t
			}
		}
	}
	t := m.names[namesOf(m.ids.translated(o))[0]]
	if t == nil || kindOf(t) != kindOf(o) || m.base.object(t.Head().OID) != nil || m.ids.own(m.source, t.Head().OID) != nil {
		return nil
	}
	return t
}

// pair makes an object and its parts one with those of the same names on the target.
func (x *identities) pair(s, t catalog.Object) {
	id := t.Head().OID
	x.join(objectID(id), objectID(s.Head().OID), id)
	switch s := s.(type) {
	case *catalog.Table:
		t := t.(*catalog.Table)
		x.join(spaceID(t.Rows), spaceID(s.Rows), id)
		x.pairColumns(s.Columns, t.Columns, id)
		for _, a := range s.Indexes {
			if b := indexNamed(t, a.Name); b != nil {
				x.join(objectID(b.OID), objectID(a.OID), id)
				if !a.Primary && !b.Primary {
					x.join(spaceID(b.Keyspace), spaceID(a.Keyspace), id)
				}
			}
		}
		x.pairConstraints(s.Constraints, t.Constraints, id)
	case *catalog.View:
		x.pairColumns(s.Columns, t.(*catalog.View).Columns, id)
	case *catalog.UserType:
		t := t.(*catalog.UserType)
		x.join(objectID(t.Array), objectID(s.Array), id)
		x.pairColumns(s.Fields, t.Fields, id)
		x.pairConstraints(s.Checks, t.Checks, id)
		for _, a := range s.Labels {
			if b := labelNamed(t, a.Name); b != nil {
				x.join(objectID(b.OID), objectID(a.OID), id)
				x.label[b.OID] = b.Key
			}
		}
	case *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
	}
}

// unpair undoes pair.
func (x *identities) unpair(s catalog.Object) {
	eachIdent(s, x.part)
}

func (x *identities) pairColumns(from, to []catalog.Column, owner catalog.OID) {
	taken := make([]bool, len(to))
	for i := range from {
		for j := range to {
			if !taken[j] && sameName(&from[i], &to[j]) {
				taken[j] = true
				x.join(columnID(to[j].ID), columnID(from[i].ID), owner)
				break
			}
		}
	}
}

// sameName reports whether two columns are called alike, or, hidden ones, hold the same expression.
func sameName(a, b *catalog.Column) bool {
	if a.Dropped || b.Dropped || a.Hidden != b.Hidden {
		return false
	}
	return a.Hidden != "" || a.Name == b.Name
}

func (x *identities) pairConstraints(from, to []*catalog.Constraint, owner catalog.OID) {
	for _, a := range from {
		for _, b := range to {
			if a.Name == b.Name {
				x.join(objectID(b.OID), objectID(a.OID), owner)
			}
		}
	}
}

func indexNamed(t *catalog.Table, name string) *catalog.Index {
	i := slices.IndexFunc(t.Indexes, func(x *catalog.Index) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return t.Indexes[i]
}

func labelNamed(u *catalog.UserType, name string) *types.Label {
	i := slices.IndexFunc(u.Labels, func(l types.Label) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return &u.Labels[i]
}

// settleTwin takes two objects for one, or, where they differ, keeps one of them.
func (m *merger) settleTwin(ctx context.Context, p twin) error {
	id := p.target.Head().OID
	what := m.ids.differences(p.source, p.target)
	if what == "" {
		return nil
	}
	d, err := m.decide(ctx, func() storage.Conflict {
		return m.describe(p.target, "both sides made it, with different definitions: "+what)
	})
	if err != nil || d.Side == storage.Undecided {
		return err
	}
	m.ids.unpair(p.source)
	if d.Side != storage.SourceSide {
		m.left[p.source.Head().OID] = true
		return nil
	}
	m.res.Objects = append(m.res.Objects, id)
	return m.target.Drop(ctx, id)
}

// partTwins finds the parts, columns, indexes, constraints and labels, that both sides have added to one object under one
// name. Those with the same definition are one from now on; of the others mergeObject says that they contradict.
func (m *merger) partTwins(changed []catalog.OID) {
	var pairs []partTwin
	for _, id := range changed {
		b, s, t := m.base.object(id), m.ids.own(m.source, id), m.target.Catalog().Object(id)
		if b == nil || s == nil || t == nil {
			continue
		}
		pairs = append(pairs, m.sameParts(b, s, t)...)
	}
	for _, p := range pairs {
		m.ids.join(p.own, p.other, p.owner)
		if p.space != [2]catalog.Keyspace{} {
			m.ids.join(spaceID(p.space[1]), spaceID(p.space[0]), p.owner)
		}
		if p.key != 0 {
			m.ids.label[catalog.OID(p.own.id)] = p.key
		}
	}
	for again := true; again; { // a part may need one that turns out to differ
		again = false
		pairs = slices.DeleteFunc(pairs, func(p partTwin) bool {
			if m.partDiffers(p) == "" {
				return false
			}
			m.ids.part(p.other)
			if p.space != [2]catalog.Keyspace{} {
				m.ids.part(spaceID(p.space[0]))
			}
			again = true
			return true
		})
	}
}

func (m *merger) partDiffers(p partTwin) string {
	t := m.target.Catalog().Object(p.owner)
	if u, ok := t.(*catalog.UserType); ok {
		return m.ids.labelDiffers(m.base.object(p.owner), m.ids.own(m.source, p.owner).(*catalog.UserType), u, catalog.OID(p.own.id), catalog.OID(p.other.id))
	}
	return partDiffers(m.ids.object(m.source, p.owner), t, p.own)
}

// partTwin is a part that both sides have added.
type partTwin struct {
	own, other ident
	owner      catalog.OID
	space      [2]catalog.Keyspace // of an index: the source's and the target's
	key        int64               // of a label: the target's
}

// sameParts lists the parts of one name that both sides have added to an object; s and t are as they stand.
func (m *merger) sameParts(b, s, t catalog.Object) (out []partTwin) {
	id := t.Head().OID
	known := map[ident]bool{}
	eachIdent(b, func(i ident) { known[i] = true })
	mine := map[ident]bool{}
	eachIdent(s, func(i ident) { mine[m.ids.of(i)] = true })
	theirs := map[ident]bool{}
	eachIdent(t, func(i ident) { theirs[i] = true })
	fresh := func(s, t ident) bool { return !known[m.ids.of(s)] && !known[t] && !theirs[m.ids.of(s)] && !mine[t] }
	add := func(s, t ident, p partTwin) {
		if fresh(s, t) {
			p.own, p.other, p.owner = t, s, id
			out = append(out, p)
		}
	}
	switch s := s.(type) {
	case *catalog.Table:
		t, ok := t.(*catalog.Table)
		if !ok {
			return nil
		}
		taken := map[catalog.ColumnID]bool{}
		for i := range s.Columns {
			for j := range t.Columns {
				a, b := &s.Columns[i], &t.Columns[j]
				if !taken[b.ID] && sameName(a, b) && fresh(columnID(a.ID), columnID(b.ID)) {
					taken[b.ID] = true
					add(columnID(a.ID), columnID(b.ID), partTwin{})
					break
				}
			}
		}
		for _, a := range s.Indexes {
			if b := indexNamed(t, a.Name); b != nil && !a.Primary && !b.Primary {
				add(objectID(a.OID), objectID(b.OID), partTwin{space: [2]catalog.Keyspace{a.Keyspace, b.Keyspace}})
			}
		}
		for _, a := range s.Constraints {
			if b := t.Constraint(a.Name); b != nil {
				add(objectID(a.OID), objectID(b.OID), partTwin{})
			}
		}
	case *catalog.UserType:
		t, ok := t.(*catalog.UserType)
		if !ok {
			return nil
		}
		for _, a := range s.Labels {
			if b := labelNamed(t, a.Name); b != nil {
				add(objectID(a.OID), objectID(b.OID), partTwin{key: b.Key})
			}
		}
	case *catalog.View, *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
	}
	return out
}

// recordTwins writes down what has been taken for one, with each object of the target that the merge has not written.
func (m *merger) recordTwins(ctx context.Context) error {
	for _, id := range m.ids.objects() {
		t := m.target.Catalog().Object(id)
		if t == nil || slices.Equal(t.Head().Twins, m.ids.twins(id)) {
			continue
		}
		if err := m.put(ctx, catalog.CloneObject(t)); err != nil {
			return err
		}
	}
	return nil
}
