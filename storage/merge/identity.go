package merge

import (
	"cmp"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// ident is an id, and of what kind: see catalog.Twin.
type ident struct {
	kind byte
	id   uint64
}

func objectID(id catalog.OID) ident      { return ident{'o', uint64(id)} }
func columnID(id catalog.ColumnID) ident { return ident{'c', uint64(id)} }
func spaceID(ks catalog.Keyspace) ident  { return ident{'k', ks} }

// identities know what has been made on several branches and is one all the same (catalog.Twin). A merge speaks of such
// things by the ids that they have on the target, so that it compares descriptors of all sides as if they had been made
// once; rows are read by the descriptors as they are.
type identities struct {
	target  storage.View
	canon   map[ident]ident                   // what the target calls otherwise
	owner   map[ident]ident                   // of each of these, the object that it belongs to, as the target calls it
	members map[ident][]ident                 // what the target calls by one id
	label   map[catalog.OID]int64             // keys of the target's enum labels
	seen    map[catalog.Object]catalog.Object // translations made
}

// identitiesOf reads what the catalogs of all sides say of twins.
func identitiesOf(target storage.View, others ...storage.View) *identities {
	x := &identities{target: target, canon: map[ident]ident{}, owner: map[ident]ident{}, members: map[ident][]ident{}, label: map[catalog.OID]int64{}}
	parent := map[ident]ident{}
	var find func(i ident) ident
	find = func(i ident) ident {
		if p, ok := parent[i]; ok && p != i {
			parent[i] = find(p)
			return parent[i]
		}
		return i
	}
	owned := map[ident]ident{}
	for _, v := range append([]storage.View{target}, others...) {
		for _, id := range v.Catalog().Twinned() {
			for _, t := range v.Catalog().Object(id).Head().Twins {
				own, other := ident{t.Kind, t.Own}, ident{t.Kind, t.Other}
				for _, i := range []ident{own, other} {
					if _, ok := parent[i]; !ok {
						parent[i] = i
					}
				}
				owned[own], owned[other] = objectID(id), objectID(id)
				parent[find(other)] = find(own)
			}
		}
	}
	if len(parent) == 0 {
		return x
	}
	classes := map[ident][]ident{}
	for i := range parent {
		classes[find(i)] = append(classes[find(i)], i)
	}
	known := make([]map[ident]bool, 1+len(others))
	for n, v := range append([]storage.View{target}, others...) {
		known[n] = identsIn(v, owned)
	}
	for _, class := range classes {
		best := slices.MinFunc(class, func(a, b ident) int {
			for _, k := range known {
				if k[a] != k[b] {
					if k[a] {
						return -1
					}
					return 1
				}
			}
			return cmp.Compare(a.id, b.id)
		})
		for _, i := range class {
			if i != best {
				x.canon[i] = best
				x.members[best] = append(x.members[best], i)
			}
		}
	}
	for i := range x.canon {
		x.owner[i] = x.of(owned[i])
	}
	x.learnLabels(target)
	return x
}

// identsIn collects what a catalog has of the objects that twins belong to.
func identsIn(v storage.View, owned map[ident]ident) map[ident]bool {
	out := map[ident]bool{}
	objects := map[catalog.OID]bool{}
	for i, o := range owned {
		objects[catalog.OID(o.id)] = true
		if i.kind == 'o' {
			objects[catalog.OID(i.id)] = true
		}
	}
	for id := range objects {
		if o := v.Catalog().Object(id); o != nil {
			eachIdent(o, func(i ident) { out[i] = true })
			for _, t := range o.Head().Twins {
				out[ident{t.Kind, t.Own}] = true // keyspaces that the table no longer has
			}
		}
	}
	return out
}

// eachIdent calls f for an object's id and those of its parts.
func eachIdent(o catalog.Object, f func(ident)) {
	f(objectID(o.Head().OID))
	for _, t := range catalog.TriggersOf(o) {
		f(objectID(t.OID))
	}
	switch o := o.(type) {
	case *catalog.Table:
		f(spaceID(o.Rows))
		for i := range o.Columns {
			f(columnID(o.Columns[i].ID))
		}
		for _, ix := range o.Indexes {
			f(objectID(ix.OID))
			f(spaceID(ix.Keyspace))
		}
		for _, k := range o.Constraints {
			f(objectID(k.OID))
		}
	case *catalog.View:
		for i := range o.Columns {
			f(columnID(o.Columns[i].ID))
		}
	case *catalog.UserType:
		f(objectID(o.Array))
		for _, l := range o.Labels {
			f(objectID(l.OID))
		}
		for _, k := range o.Checks {
			f(objectID(k.OID))
		}
		for i := range o.Fields {
			f(columnID(o.Fields[i].ID))
		}
	case *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
	}
}

// learnLabels notes the keys under which the target has labels of enums that are twins.
func (x *identities) learnLabels(target storage.View) {
	labels := map[catalog.OID]bool{}
	for i, c := range x.canon {
		if i.kind == 'o' {
			labels[catalog.OID(c.id)] = true
		}
	}
	for i := range x.owner {
		u, ok := target.Catalog().Object(catalog.OID(x.owner[i].id)).(*catalog.UserType)
		if !ok {
			continue
		}
		for _, l := range u.Labels {
			if labels[l.OID] {
				x.label[l.OID] = l.Key
			}
		}
	}
}

// none reports whether every id is what it is on all sides.
func (x *identities) none() bool { return len(x.canon) == 0 }

// of is what the target calls something.
func (x *identities) of(i ident) ident {
	if c, ok := x.canon[i]; ok {
		return c
	}
	return i
}

func (x *identities) oid(id catalog.OID) catalog.OID {
	if rel := catalog.RowTypeOf(id); rel != 0 {
		return id ^ rel | x.oid(rel)
	}
	return catalog.OID(x.of(objectID(id)).id)
}

func (x *identities) column(id catalog.ColumnID) catalog.ColumnID {
	return catalog.ColumnID(x.of(columnID(id)).id)
}

func (x *identities) space(ks catalog.Keyspace) catalog.Keyspace { return x.of(spaceID(ks)).id }

// join makes something one with what the target has.
func (x *identities) join(own, other ident, owner catalog.OID) {
	if own == other || own.id == 0 || other.id == 0 {
		return
	}
	x.canon[other], x.owner[other] = own, objectID(owner)
	x.members[own] = append(x.members[own], other)
	x.seen = nil
}

// part undoes join.
func (x *identities) part(other ident) {
	own := x.canon[other]
	x.members[own] = slices.DeleteFunc(x.members[own], func(i ident) bool { return i == other })
	delete(x.canon, other)
	delete(x.owner, other)
	x.seen = nil
}

// canonical names objects as the target does, each once.
func (x *identities) canonical(list []catalog.OID) []catalog.OID {
	if x.none() {
		return list
	}
	for i := range list {
		list[i] = x.oid(list[i])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// own finds an object in a view by what the target calls it; as it stands there.
func (x *identities) own(v storage.View, id catalog.OID) catalog.Object {
	snap := v.Catalog()
	if o := snap.Object(id); o != nil || x.none() {
		return o
	}
	var found catalog.Object
	for _, i := range x.members[objectID(id)] {
		if o := snap.Object(catalog.OID(i.id)); o != nil && (found == nil || o.Head().OID < found.Head().OID) {
			found = o
		}
	}
	return found
}

// object finds an object in a view by what the target calls it, with the ids that the target gives to it and its parts.
func (x *identities) object(v storage.View, id catalog.OID) catalog.Object {
	o := x.own(v, id)
	if o == nil || x.none() {
		return o
	}
	return x.translated(o)
}

func (x *identities) table(v storage.View, id catalog.OID) *catalog.Table {
	t, _ := x.object(v, id).(*catalog.Table)
	return t
}

// ownTable is a table as it stands in a view, nil where it is not.
func (x *identities) ownTable(v storage.View, id catalog.OID) *catalog.Table {
	t, _ := x.own(v, id).(*catalog.Table)
	return t
}

// all are the ids that an object of the target's has anywhere.
func (x *identities) all(id catalog.OID) []catalog.OID {
	out := []catalog.OID{id}
	for _, i := range x.members[objectID(id)] {
		out = append(out, catalog.OID(i.id))
	}
	return out
}

// twins lists what is one with an object of the target and its parts.
func (x *identities) twins(id catalog.OID) []catalog.Twin {
	var out []catalog.Twin
	for other, owner := range x.owner {
		if owner == objectID(id) {
			out = append(out, catalog.Twin{Kind: other.kind, Own: x.of(other).id, Other: other.id})
		}
	}
	slices.SortFunc(out, func(a, b catalog.Twin) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Own, b.Own), cmp.Compare(a.Other, b.Other))
	})
	return out
}

// objects lists the objects that have twins, as the target calls them.
func (x *identities) objects() []catalog.OID {
	var out []catalog.OID
	for _, owner := range x.owner {
		out = append(out, catalog.OID(owner.id))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// labelKeys maps the keys of an enum's labels to those that the same labels have in another version of it; nil: they are
// the same.
func (x *identities) labelKeys(from, to *types.Def) map[int64]int64 {
	var out map[int64]int64
	for _, l := range from.Labels {
		for _, m := range to.Labels {
			if x.oid(l.OID) == m.OID && l.Key != m.Key {
				if out == nil {
					out = map[int64]int64{}
				}
				out[l.Key] = m.Key
			}
		}
	}
	return out
}
