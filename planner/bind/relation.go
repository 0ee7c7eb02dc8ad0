package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// relation is what a name in FROM, or as the target of a statement, stands for.
type relation struct {
	at     int // where it is named
	ref    catalog.Ref
	snap   *catalog.Snapshot
	object catalog.Object // *catalog.Table, *catalog.View or *catalog.Sequence
	index  *catalog.Index // set when the name is an index's
}

// findRelation resolves a relation's name; it must exist.
func (b *binder) findRelation(rv *pg.RangeVar) (*relation, error) {
	r, err := b.lookupRelation(rv)
	if err != nil || r.object != nil {
		return r, err
	}
	name := rv.Relname
	if rv.Schemaname != "" {
		name = rv.Schemaname + "." + name
	}
	return nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", name).At(int(rv.Location))
}

// lookupRelation is findRelation without the error: the object is nil when there is none.
func (b *binder) lookupRelation(rv *pg.RangeVar) (*relation, error) {
	rv = b.withoutSchema(rv)
	ref, err := b.reference(rv)
	if err != nil {
		return nil, err
	}
	r, err := b.relationAt(rv, ref)
	if b.opts.AnyPoint && ref != (catalog.Ref{}) && (err != nil || r.object == nil) {
		if r, err = b.relationAt(rv, catalog.Ref{}); err == nil {
			r.ref = ref
		}
	}
	return r, err
}

// relationAt looks a relation's name up on a branch at a point.
func (b *binder) relationAt(rv *pg.RangeVar, ref catalog.Ref) (*relation, error) {
	snap, err := b.snapshot(ref)
	if err != nil {
		return nil, pgerr.From(err).At(int(rv.Location))
	}
	r := &relation{ref: ref, snap: snap, at: int(rv.Location)}
	if rv.Schemaname != "" {
		sc := snap.Schema(rv.Schemaname)
		if sc == nil {
			return r, nil // PostgreSQL reports the relation, not the schema
		}
		r.object, r.index = snap.Relation(sc.OID, rv.Relname)
		return r, nil
	}
	for _, p := range b.searchPath() {
		if sc := snap.Schema(p); sc != nil {
			if r.object, r.index = snap.Relation(sc.OID, rv.Relname); r.object != nil {
				return r, nil
			}
		}
	}
	return r, nil
}

// withoutSchema reads "database/branch".table as Dolt has it, where no schema is called so: the table is looked up by the search path.
func (b *binder) withoutSchema(rv *pg.RangeVar) *pg.RangeVar {
	i := strings.IndexAny(rv.Schemaname, "/@")
	if i < 0 || rv.Catalogname != "" || rv.Schemaname[:i] != b.cat.Database() {
		return rv
	}
	if snap, err := b.snapshot(b.ref); err != nil || snap.Schema(rv.Schemaname) != nil {
		return rv
	}
	return &pg.RangeVar{Catalogname: rv.Schemaname, Relname: rv.Relname, Location: rv.Location}
}

// reference reads the database part of a name: database[/branch][@point], or database/point where no branch is called so.
func (b *binder) reference(rv *pg.RangeVar) (catalog.Ref, error) {
	ref := b.ref
	if rv.Catalogname == "" {
		return ref, nil
	}
	rest, point, _ := strings.Cut(rv.Catalogname, "@")
	db, branch, _ := strings.Cut(rest, "/")
	if db != b.cat.Database() {
		return ref, pgerr.New(pgerrcode.FeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"", rv.Catalogname, rv.Schemaname, rv.Relname).At(int(rv.Location))
	}
	if branch != "" {
		ref = catalog.Ref{Branch: branch}
	}
	if point != "" {
		ref.Point = point
	} else if _, err := b.snapshot(ref); branch != "" && pgerr.Code(err) == pgerrcode.InvalidCatalogName {
		if at := (catalog.Ref{Branch: b.ref.Branch, Point: branch}); b.isPoint(at) {
			return at, nil
		}
	}
	return ref, nil
}

// isPoint reports whether there is such a point, also one that may not be read.
func (b *binder) isPoint(r catalog.Ref) bool {
	_, err := b.snapshot(r)
	return err == nil || pgerr.Code(err) == pgerrcode.InsufficientPrivilege
}

// tableOf resolves a name that must be a table, as the target of a statement.
func (b *binder) tableOf(rv *pg.RangeVar, verb string) (*relation, *catalog.Table, error) {
	r, err := b.findRelation(rv)
	if err != nil {
		return nil, nil, err
	}
	switch o := r.object.(type) {
	case *catalog.Table:
		if r.index != nil {
			return nil, nil, pgerr.New(pgerrcode.WrongObjectType, "cannot open relation \"%s\"", rv.Relname).
				WithDetail("This operation is not supported for indexes.").At(int(rv.Location))
		}
		if o.Virtual {
			return nil, nil, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", o.Name)
		}
		return r, o, nil
	case *catalog.View:
		if !firesInstead(o, verb) {
			return nil, nil, viewNotUpdatable(o.Name, verb)
		}
		return r, viewTarget(o), refuseElsewhere(r.ref)
	case *catalog.Sequence:
		return nil, nil, pgerr.New(pgerrcode.WrongObjectType, "cannot change sequence \"%s\"", o.Name)
	}
	return nil, nil, pgerr.Internal("relation \"%s\" is of an unknown kind", rv.Relname)
}

// viewNotUpdatable is the refusal to write through a view.
func viewNotUpdatable(name, verb string) error {
	does := map[string]string{
		"insert into": "To enable inserting into the view, provide an INSTEAD OF INSERT trigger or an unconditional ON INSERT DO INSTEAD rule.",
		"update":      "To enable updating the view, provide an INSTEAD OF UPDATE trigger or an unconditional ON UPDATE DO INSTEAD rule.",
		"delete from": "To enable deleting from the view, provide an INSTEAD OF DELETE trigger or an unconditional ON DELETE DO INSTEAD rule.",
	}
	return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "cannot %s view \"%s\"", verb, name).
		WithDetail("Views are not automatically updatable.").WithHint("%s", does[verb])
}

// relationColumns lists the visible columns of a relation.
func relationColumns(o catalog.Object) []*catalog.Column {
	switch o := o.(type) {
	case *catalog.Table:
		return o.Live()
	case *catalog.View:
		out := make([]*catalog.Column, len(o.Columns))
		for i := range o.Columns {
			out[i] = &o.Columns[i]
		}
		return out
	}
	return nil
}

// relationLiteral reads 'name'::regclass. It gives nil for what is not a plain name, such as an OID.
func (b *binder) relationLiteral(s string, t types.Type, pos int) (expr.Expr, error) {
	names, ok := types.SplitName(s)
	if s == "-" || s != "" && strings.Trim(s, "0123456789") == "" {
		return nil, nil
	}
	if !ok {
		return nil, pgerr.New(pgerrcode.InvalidName, "invalid name syntax").At(pos)
	}
	if len(names) > 3 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "improper relation name (too many dotted names): %s", strings.Join(names, ".")).At(pos)
	}
	rv := rangeVar(names, pos)
	r, err := b.lookupRelation(rv)
	if err != nil {
		return nil, err
	}
	if r.object == nil {
		if rv.Schemaname != "" && r.snap.Schema(rv.Schemaname) == nil {
			return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", rv.Schemaname).At(pos)
		}
		return nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", strings.Join(names, ".")).At(pos)
	}
	id := &expr.Const{Value: types.Int(int64(r.object.Head().OID)), T: t}
	if r.index != nil {
		id.Value.I = int64(r.index.OID)
	} else if r.ref == b.ref {
		b.traceLiteral(pos, r)
	}
	if r.ref == b.ref {
		return id, nil
	}
	if b.keeps {
		return nil, elsewhere(names, pos)
	}
	args := []expr.Expr{id, textConst(r.ref.Branch), textConst(r.ref.Point), textConst(strings.Join(names, "."))}
	return &expr.Call{Proc: builtin.RegclassOn, Args: args, T: t, Pos: pos}, nil
}

// elsewhere refuses a name in a text that has the name of a branch, or a point, where neither can be meant.
func elsewhere(names []string, pos int) *pgerr.Error {
	return pgerr.New(pgerrcode.FeatureNotSupported, "what is on another branch or at another point cannot be named here: %s", strings.Join(names, ".")).At(pos)
}

// onBranch makes a call of a sequence's function one that names the branch and the point, where they are not the session's own: those of the
// sequence's name, or else those at which names are looked up.
func onBranch(c *expr.Call, ref catalog.Ref) expr.Expr {
	on := builtin.SequencesOn[c.Proc.Source]
	if on == nil {
		return c
	}
	args := slices.Clone(c.Args)
	if r, ok := args[0].(*expr.Call); ok && r.Proc == builtin.RegclassOn {
		ref = catalog.Ref{Branch: r.Args[1].(*expr.Const).Value.S, Point: r.Args[2].(*expr.Const).Value.S}
		args[0] = r.Args[0]
	}
	if ref == (catalog.Ref{}) {
		return c
	}
	call := *c
	call.Proc, call.Args = on, append([]expr.Expr{textConst(ref.Branch), textConst(ref.Point)}, args...)
	return &call
}

func textConst(s string) *expr.Const { return &expr.Const{Value: types.String(s), T: typeText} }

// rangeVar is a name as FROM has it.
func rangeVar(names []string, pos int) *pg.RangeVar {
	n := len(names)
	rv := &pg.RangeVar{Relname: names[n-1], Location: int32(pos)}
	if n > 1 {
		rv.Schemaname = names[n-2]
	}
	if n > 2 {
		rv.Catalogname = names[n-3]
	}
	return rv
}

// typeLiteral reads 'name'::regtype. It gives nil for an OID.
func (b *binder) typeLiteral(s string, t types.Type, pos int) (expr.Expr, error) {
	if s = strings.TrimSpace(s); s == "" || s == "-" || s[0] >= '0' && s[0] <= '9' {
		return nil, nil
	}
	n, err := parse.Expression("NULL::" + s)
	if err != nil {
		return nil, pgerr.From(err).Relocate(pos)
	}
	if n.GetTypeCast() == nil {
		return nil, pgerr.New(pgerrcode.SyntaxError, "invalid type name \"%s\"", s).At(pos)
	}
	named, err := b.typeName(n.GetTypeCast().TypeName)
	if err != nil {
		return nil, pgerr.From(err).Relocate(pos)
	}
	return &expr.Const{Value: types.Int(int64(named.OID)), T: t}, nil
}
