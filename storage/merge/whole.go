package merge

import (
	"fmt"
	"slices"

	"github.com/rowandb/rowan/catalog"
)

// whole looks for what is wrong with the target's catalog as merged though each object by itself could be merged: two
// objects of one name, and objects that need what the other side dropped. No strategy decides these.
func (m *merger) whole() {
	snap := m.target.Catalog()
	names := map[string]catalog.Object{}
	touched := map[catalog.OID]bool{}
	for _, id := range m.res.Objects {
		touched[id] = true
	}
	for _, o := range snap.Objects() {
		for _, n := range namesOf(o) {
			other := names[n]
			names[n] = o
			if other == nil || !touched[o.Head().OID] && !touched[other.Head().OID] {
				continue
			}
			if other == o {
				m.schemaConflict(o, "both sides made an index of one name")
				continue
			}
			m.schemaConflict(o, fmt.Sprintf("both sides made an object named \"%s\"", o.Head().Name))
		}
	}
	m.staleNames(snap)
	for _, o := range snap.Objects() {
		if what := lacking(snap, o); what != "" {
			m.schemaConflict(o, "needs "+what+", which the other side dropped")
		}
	}
}

// namesOf returns the names that an object takes, each with its namespace.
func namesOf(o catalog.Object) []string {
	h := o.Head()
	key := func(kind string, schema catalog.OID, name string) string {
		return fmt.Sprintf("%s %d %s", kind, schema, name)
	}
	switch o := o.(type) {
	case *catalog.Schema:
		return []string{key("schema", 0, h.Name)}
	case *catalog.Table:
		out := []string{key("relation", h.Schema, h.Name)}
		for _, ix := range o.Indexes {
			out = append(out, key("relation", h.Schema, ix.Name))
		}
		return out
	case *catalog.View, *catalog.Sequence:
		return []string{key("relation", h.Schema, h.Name)}
	case *catalog.UserType:
		return []string{key("type", h.Schema, h.Name)}
	case *catalog.Function:
		return []string{key("function", h.Schema, h.Name+fmt.Sprint(o.Inputs()))}
	case *catalog.Role, *catalog.Database:
	}
	return nil
}

// lacking names something that an object needs and that is not there, or "".
func lacking(snap *catalog.Snapshot, o catalog.Object) string {
	if s := o.Head().Schema; s != 0 && snap.SchemaName(s) == "" {
		return "its schema"
	}
	var deps []catalog.Dep
	switch o := o.(type) {
	case *catalog.Table:
		return tableLacks(snap, o)
	case *catalog.View:
		deps = o.Deps
	case *catalog.UserType:
		deps = o.Deps
		if o.Base != 0 && snap.TypeByOID(o.Base) == nil {
			return "its type"
		}
		for i := range o.Fields {
			if snap.TypeByOID(o.Fields[i].TypeOID) == nil {
				return "the type of " + o.Fields[i].Name
			}
		}
	case *catalog.Sequence:
		if o.OwnerTable != 0 {
			deps = []catalog.Dep{{Object: o.OwnerTable, Column: o.OwnerColumn}}
		}
	case *catalog.Function:
		deps = o.Deps
		for _, id := range append([]catalog.OID{o.Returns}, o.ArgTypes...) {
			if snap.TypeByOID(id) == nil {
				return "a type of its signature"
			}
		}
	case *catalog.Schema, *catalog.Role, *catalog.Database:
	}
	return depsLack(snap, deps)
}

func depsLack(snap *catalog.Snapshot, deps []catalog.Dep) string {
	for _, d := range deps {
		if d.Object >= firstUser {
			rel, _ := snap.RelationByOID(d.Object)
			if rel == nil && snap.Object(d.Object) == nil && snap.TypeByOID(d.Object) == nil {
				return "an object"
			}
		}
		if t, ok := snap.Object(d.Object).(*catalog.Table); ok && d.Column != 0 && !live(t, d.Column) {
			return "a column of " + t.Name
		}
	}
	return ""
}

// firstUser is the first OID of objects that users make; built-in ones cannot be dropped.
const firstUser = 16384

func live(t *catalog.Table, id catalog.ColumnID) bool {
	c := t.ColumnByID(id)
	return c != nil && !c.Dropped
}

func tableLacks(snap *catalog.Snapshot, t *catalog.Table) string {
	gone := func(id catalog.ColumnID) bool { return !live(t, id) }
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Dropped:
		case snap.TypeByOID(c.TypeOID) == nil:
			return "the type of column " + c.Name
		case c.Sequence != 0 && snap.Object(c.Sequence) == nil:
			return "the sequence of column " + c.Name
		default:
			if what := depsLack(snap, c.Deps); what != "" {
				return what
			}
		}
	}
	for _, ix := range t.Indexes {
		if slices.ContainsFunc(ix.Columns, func(c catalog.IndexColumn) bool { return gone(c.Column) }) ||
			slices.ContainsFunc(ix.Include, gone) || ix.Predicate != 0 && gone(ix.Predicate) {
			return "a column of index " + ix.Name
		}
	}
	for _, k := range t.Constraints {
		if slices.ContainsFunc(k.Columns, gone) {
			return "a column of constraint " + k.Name
		}
		if what := depsLack(snap, k.Deps); what != "" {
			return what
		}
		if k.Kind != catalog.ForeignKey {
			continue
		}
		ref, ok := snap.Object(k.RefTable).(*catalog.Table)
		if !ok || ref.Index(k.Index) == nil || slices.ContainsFunc(k.RefColumns, func(id catalog.ColumnID) bool { return !live(ref, id) }) {
			return "what constraint " + k.Name + " refers to"
		}
	}
	return ""
}
