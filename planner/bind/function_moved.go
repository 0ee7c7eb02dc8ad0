package bind

import (
	"slices"

	pg "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// inBody is a definer that binds statements of a function's body.
func (b *definer) inBody(f *catalog.Function) *definer {
	args := make([]types.Type, 0, len(f.ArgTypes))
	for i, id := range f.ArgTypes {
		if i >= len(f.ArgModes) || f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' {
			args = append(args, types.Of(b.def(id)))
		}
	}
	o := b.opts
	o.Supported, o.NoParams, o.Late, o.Args = nil, false, true, nil
	o.Body = BodyOf(f, args, types.Of(b.def(f.Returns)))
	return &definer{binder: &binder{cat: b.cat, opts: o, params: &args, stmt: b.stmt, out: &Bound{}}, renames: b.renames}
}

// eachStatement gives f the trees of a function's body in the standard's form, to be changed in place with what their names mean,
// and collects the statements that are other ones then.
func (b *definer) eachStatement(fn *catalog.Function, out *[]command.Rewrite, f func(d *definer, tree *pg.Node, t *trace) error) error {
	for i, text := range fn.Atomic {
		shared, err := parse.Query(text)
		if err != nil {
			return err
		}
		tree, d := proto.Clone(shared).(*pg.Node), b.inBody(fn)
		t, _, err := d.traced(tree)
		if err != nil {
			return pgerr.From(err).Relocate(-1)
		}
		if err := f(d, tree, t); err != nil {
			return err
		}
		sql, err := deparse(tree)
		if err != nil {
			return err
		}
		if sql != text {
			*out = append(*out, command.Rewrite{Object: fn.OID, Part: i + 1, Text: sql})
		}
	}
	return nil
}

// renamedInFunction changes the names of objects in a function's body and in its arguments' defaults.
func (b *definer) renamedInFunction(out *[]command.Rewrite, f *catalog.Function, names map[catalog.OID][2]string) error {
	for i, text := range f.Defaults {
		e, err := b.expression(text)
		if err != nil {
			return err
		}
		if sql := b.keep(e).sql; sql != text {
			*out = append(*out, command.Rewrite{Object: f.OID, Part: -1 - i, Text: sql})
		}
	}
	return b.eachStatement(f, out, func(d *definer, tree *pg.Node, t *trace) error {
		d.renameIn(tree, t, names)
		return nil
	})
}

// renameIn changes the names of objects in a tree.
func (b *definer) renameIn(tree *pg.Node, t *trace, names map[catalog.OID][2]string) {
	for rv, r := range t.relations {
		n, ok := names[r.object.Head().OID]
		if !ok || r.ref != b.ref { // elsewhere it has the name that it has there
			continue
		}
		if rv.Alias == nil && rv.Relname != n[1] {
			rv.Alias = &pg.Alias{Aliasname: rv.Relname}
		}
		rv.Schemaname, rv.Relname = n[0], n[1]
	}
	for rv, r := range t.ofTables {
		if n, ok := names[r.object.Head().OID]; ok {
			nameOfTable(rv, n[0], n[1])
		}
	}
	for a, r := range t.shaped {
		if n, ok := names[r.object.Head().OID]; ok {
			a.GetAConst().GetSval().Sval = expr.QuoteIdent(n[0]) + "." + expr.QuoteIdent(n[1])
		}
	}
	for c, p := range t.functions {
		if n, ok := names[p]; ok {
			c.Funcname = []*pg.Node{pg.MakeStrNode(n[0]), pg.MakeStrNode(n[1])}
		}
	}
	b.renameTypes(tree, names)
}

// functionsAfterColumn changes a column's name in the bodies of the functions that use it.
func (b *definer) functionsAfterColumn(out *[]command.Rewrite, relation catalog.OID, col *catalog.Column, to string) error {
	snap, err := b.session()
	if err != nil {
		return err
	}
	dep := catalog.Dep{Object: relation, Column: col.ID}
	for _, o := range snap.Objects() {
		f, ok := o.(*catalog.Function)
		if !ok || !f.Standard() || !slices.ContainsFunc(f.Deps, func(d catalog.Dep) bool { return d.Object == relation }) {
			continue
		}
		err := b.eachStatement(f, out, func(_ *definer, tree *pg.Node, tr *trace) error {
			if joinsByName(tree, col.Name) {
				return pgerr.Unsupported("renaming a column by which function \"%s\" joins", f.Name)
			}
			renameColumn(tree, tr, relation, dep, col.Name, to)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// renameColumn changes a column's name where a tree reads it, and where it is written to.
func renameColumn(tree *pg.Node, t *trace, table catalog.OID, dep catalog.Dep, from, to string) {
	keepLabels(tree, t, dep)
	t.renameColumn(dep, from, to)
	is := func(rv *pg.RangeVar) bool { r := t.relations[rv]; return r != nil && r.object.Head().OID == table }
	set := func(list []*pg.Node) {
		for _, n := range list {
			if rt := n.GetResTarget(); rt != nil && rt.Name == from {
				rt.Name = to
			}
		}
	}
	visit(tree, func(m proto.Message) {
		switch s := m.(type) {
		case *pg.InsertStmt:
			if is(s.Relation) {
				set(s.Cols)
				set(s.GetOnConflictClause().GetTargetList())
			}
		case *pg.UpdateStmt:
			if is(s.Relation) {
				set(s.TargetList)
			}
		}
	})
}

// qualifyFunctions puts the schema before the names of users' functions.
func (b *definer) qualifyFunctions(t *trace) error {
	snap, err := b.session()
	if err != nil {
		return err
	}
	for c, id := range t.functions {
		if f, ok := snap.Object(id).(*catalog.Function); ok && len(c.Funcname) == 1 {
			c.Funcname = []*pg.Node{pg.MakeStrNode(snap.SchemaName(f.Schema)), c.Funcname[0]}
		}
	}
	return nil
}
