package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
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

// reference reads the database part of a name: database[/branch][@point].
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
	}
	return ref, nil
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
	names := splitIdentifiers(s)
	if names == nil {
		return nil, nil
	}
	rv := &pg.RangeVar{Relname: names[len(names)-1], Location: int32(pos)}
	if len(names) > 1 {
		rv.Schemaname = names[len(names)-2]
	}
	if len(names) > 2 {
		rv.Catalogname = names[len(names)-3]
	}
	r, err := b.findRelation(rv)
	if err != nil {
		return nil, err
	}
	id := r.object.Head().OID
	if r.index != nil {
		id = r.index.OID
	}
	return &expr.Const{Value: types.Int(int64(id)), T: t}, nil
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

// splitIdentifiers reads a dotted name, folding what is not quoted; nil when it is not one.
func splitIdentifiers(s string) []string {
	var out []string
	s = strings.TrimSpace(s)
	for {
		var name string
		if strings.HasPrefix(s, `"`) {
			end := 1
			for end < len(s) && (s[end] != '"' || end+1 < len(s) && s[end+1] == '"') {
				if s[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(s) {
				return nil
			}
			name, s = strings.ReplaceAll(s[1:end], `""`, `"`), s[end+1:]
		} else {
			end := strings.IndexAny(s, `."`)
			if end < 0 {
				end = len(s)
			}
			name, s = strings.ToLower(strings.TrimSpace(s[:end])), s[end:]
			if name == "" || name[0] >= '0' && name[0] <= '9' || name == "-" || strings.ContainsAny(name, " \t(") {
				return nil
			}
		}
		out = append(out, name)
		if s == "" {
			return out
		}
		if s[0] != '.' {
			return nil
		}
		s = s[1:]
	}
}
