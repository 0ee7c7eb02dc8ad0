package bind

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// moved collects the stored texts that name an object, under its new schema and name. A table's own sequences go with it.
func (b *definer) moved(out *[]command.Rewrite, h *catalog.Header, schema catalog.OID, name string) error {
	snap, err := b.session()
	if err != nil {
		return err
	}
	names := map[catalog.OID][2]string{h.OID: {snap.SchemaName(schema), name}}
	if schema != h.Schema {
		for _, o := range snap.Objects() {
			if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable == h.OID {
				names[q.OID] = [2]string{snap.SchemaName(schema), q.Name}
			}
		}
	}
	return b.renamed(out, names)
}

// renamed collects the stored texts that name any of these objects, with their new names.
func (b *definer) renamed(out *[]command.Rewrite, names map[catalog.OID][2]string) error {
	snap, err := b.session()
	if err != nil {
		return err
	}
	b.renames = names
	defer func() { b.renames = nil }()
	reads := func(deps []catalog.Dep) bool {
		return slices.ContainsFunc(deps, func(d catalog.Dep) bool { _, ok := names[d.Object]; return ok })
	}
	for _, o := range snap.Objects() {
		switch o := o.(type) {
		case *catalog.Table:
			err = b.renamedInTable(out, o, reads)
		case *catalog.View:
			if reads(o.Deps) {
				err = b.renamedInView(out, o, names)
			}
		case *catalog.UserType:
			err = b.renamedInDomain(out, o, reads)
		case *catalog.Function:
			if reads(o.Deps) {
				err = b.renamedInFunction(out, o, names)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *definer) renamedInTable(out *[]command.Rewrite, t *catalog.Table, reads func([]catalog.Dep) bool) error {
	draft := t.Clone()
	any := false
	for i := range draft.Columns {
		c := &draft.Columns[i]
		if c.Dropped || !reads(c.Deps) {
			c.Generated, c.Hidden = drafted(c)
			continue
		}
		any = true
		if c.Default == "" {
			continue
		}
		e, err := b.expression(c.Default)
		if err != nil {
			return err
		}
		*out = append(*out, command.Rewrite{Object: t.OID, Column: c.ID, Text: b.keep(e).sql})
	}
	kept := draft.Constraints[:0]
	for _, k := range draft.Constraints {
		if reads(k.Deps) {
			kept, any = append(kept, k), true
		}
	}
	draft.Constraints = kept
	draft.Triggers = slices.DeleteFunc(draft.Triggers, func(tr *catalog.Trigger) bool { return !reads(tr.Deps) })
	any = any || len(draft.Triggers) > 0
	if !any {
		return nil
	}
	return b.rebuild(draft, "", "", out)
}

// drafted blanks out expressions that need no rebuilding, but keeps the column what it is.
func drafted(c *catalog.Column) (generated, hidden string) {
	if c.Generated != "" {
		generated = "?"
	}
	if c.Hidden != "" {
		hidden = "?"
	}
	return generated, hidden
}

func (b *definer) renamedInDomain(out *[]command.Rewrite, u *catalog.UserType, reads func([]catalog.Dep) bool) error {
	if u.Default != "" && reads(u.Deps) {
		e, err := b.expression(u.Default)
		if err != nil {
			return err
		}
		*out = append(*out, command.Rewrite{Object: u.OID, Text: b.keep(e).sql})
	}
	for _, k := range u.Checks {
		if !reads(k.Deps) {
			continue
		}
		n, err := parse.Expression(k.Expr)
		if err != nil {
			return err
		}
		q := b.child(nil)
		q.value = &expr.CurrentValue{T: baseTypeMod(types.Type{Def: b.def(u.Base), Mod: u.Mod})}
		e, err := b.unplaced(func() (expr.Expr, error) { return q.where(kindDomainCheck, n, "CHECK") })
		if err != nil {
			return err
		}
		*out = append(*out, command.Rewrite{Object: u.OID, Constraint: k.OID, Text: b.keep(e).sql})
	}
	return nil
}

// renamedInView changes the names in a view's query. A table that is read under its own name keeps that as alias.
func (b *definer) renamedInView(out *[]command.Rewrite, v *catalog.View, names map[catalog.OID][2]string) error {
	shared, err := parse.Query(v.SQL)
	if err != nil {
		return err
	}
	tree := proto.Clone(shared).(*pg.Node)
	t, _, err := b.traced(tree)
	if err != nil {
		return pgerr.From(err).Relocate(-1)
	}
	b.renameIn(tree, t, names)
	sql, err := deparse(tree)
	if err == nil && sql != v.SQL {
		*out = append(*out, command.Rewrite{Object: v.OID, Text: sql})
	}
	return err
}

func (b *definer) renameTypes(tree *pg.Node, names map[catalog.OID][2]string) {
	visit(tree, func(m proto.Message) {
		tn, ok := m.(*pg.TypeName)
		if !ok || len(tn.Names) != 2 {
			return
		}
		if d, err := b.typeDef(tn); err == nil {
			if n, ok := names[d.OID]; ok {
				tn.Names = []*pg.Node{pg.MakeStrNode(n[0]), pg.MakeStrNode(n[1])}
			}
		}
	})
}

// viewsAfterColumn changes a column's name in the queries of the views that read it.
func (b *definer) viewsAfterColumn(out *[]command.Rewrite, relation catalog.OID, col *catalog.Column, to string) error {
	if err := b.functionsAfterColumn(out, relation, col, to); err != nil {
		return err
	}
	snap, err := b.session()
	if err != nil {
		return err
	}
	dep := catalog.Dep{Object: relation, Column: col.ID}
	for _, o := range snap.Objects() {
		v, ok := o.(*catalog.View)
		if !ok || !slices.Contains(v.Deps, dep) {
			continue
		}
		shared, err := parse.Query(v.SQL)
		if err != nil {
			return err
		}
		tree := proto.Clone(shared).(*pg.Node)
		tr, _, err := b.traced(tree)
		if err != nil {
			return pgerr.From(err).Relocate(-1)
		}
		if joinsByName(tree, col.Name) {
			return pgerr.Unsupported("renaming a column by which view \"%s\" joins", v.Name)
		}
		keepLabels(tree, tr, dep)
		tr.renameColumn(dep, col.Name, to)
		sql, err := deparse(tree)
		if err != nil {
			return err
		}
		*out = append(*out, command.Rewrite{Object: v.OID, Text: sql})
	}
	return nil
}

// keepLabels gives targets that are the column alone its old name as label: what is around them may use it.
func keepLabels(tree *pg.Node, t *trace, dep catalog.Dep) {
	visit(tree, func(m proto.Message) {
		if rt, ok := m.(*pg.ResTarget); ok && rt.Name == "" && rt.Val.GetColumnRef() != nil && t.columns[rt.Val.GetColumnRef()] == dep {
			rt.Name = lastField(rt.Val.GetColumnRef())
		}
	})
}

// renameColumn gives a column its new name where it goes by the old one: alone, or behind the word for a side.
func (t *trace) renameColumn(dep catalog.Dep, from, to string) {
	for ref, d := range t.columns {
		if side, ok := strings.CutSuffix(lastField(ref), from); d == dep && ok {
			ref.Fields[len(ref.Fields)-1] = pg.MakeStrNode(side + to)
		}
	}
}

// lastField is the name of the column that a reference ends with, "" if it is none.
func lastField(ref *pg.ColumnRef) string {
	if len(ref.Fields) == 0 {
		return ""
	}
	return ref.Fields[len(ref.Fields)-1].GetString_().GetSval()
}

// joinsByName reports whether a query has JOIN USING over a name, or NATURAL JOIN.
func joinsByName(tree *pg.Node, name string) bool {
	found := false
	visit(tree, func(m proto.Message) {
		if j, ok := m.(*pg.JoinExpr); ok {
			found = found || j.IsNatural || slices.Contains(stringList(j.UsingClause), name)
		}
	})
	return found
}
