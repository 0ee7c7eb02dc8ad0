package merge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// differences says how the definitions of two objects differ, "" when they do not: names, owners, comments and privileges
// are not part of it. The source's is as it stands.
func (x *identities) differences(source, target catalog.Object) string {
	var d difference
	switch s := x.translated(source).(type) {
	case *catalog.Table:
		d.tables(s, target.(*catalog.Table))
	case *catalog.View:
		t := target.(*catalog.View)
		d.field("the query", strings.TrimSpace(s.SQL), strings.TrimSpace(t.SQL))
		d.columns(s.Columns, t.Columns, true)
		d.field("the options", strings.Join(s.Options, ", "), strings.Join(t.Options, ", "))
	case *catalog.Sequence:
		d.sequences(s, target.(*catalog.Sequence))
	case *catalog.UserType:
		d.userTypes(s, target.(*catalog.UserType))
	case *catalog.Function:
		a, b := *s, *target.(*catalog.Function)
		d.field("the body", a.Body, b.Body)
		a.Header, b.Header, a.Body, b.Body = catalog.Header{}, catalog.Header{}, "", ""
		d.same("the arguments or options", a, b)
	case *catalog.Schema, *catalog.Role, *catalog.Database:
	}
	return d.String()
}

// difference collects what differs.
type difference struct{ list []string }

func (d *difference) String() string { return strings.Join(d.list, "; ") }

func (d *difference) add(format string, args ...any) {
	d.list = append(d.list, fmt.Sprintf(format, args...))
}

// field compares two texts.
func (d *difference) field(what, s, t string) {
	if s != t {
		d.add("%s: %s on the source, %s on the target", what, cmp.Or(s, "none"), cmp.Or(t, "none"))
	}
}

// same compares two values that are not shown.
func (d *difference) same(what string, s, t any) {
	if !alike(s, t) {
		d.add("%s", what)
	}
}

func (d *difference) only(what, name string, onSource bool) {
	side := "target"
	if onSource {
		side = "source"
	}
	d.add("%s %s is on the %s only", what, types.QuoteIdent(name), side)
}

func (d *difference) tables(s, t *catalog.Table) {
	d.columns(s.Columns, t.Columns, true)
	pairParts(s.Constraints, t.Constraints, func(k *catalog.Constraint) string { return k.Name }, func(a, b *catalog.Constraint) {
		switch {
		case b == nil:
			d.only("constraint", a.Name, true)
		case a == nil:
			d.only("constraint", b.Name, false)
		default:
			d.constraint(s, t, a, b)
		}
	})
	pairParts(s.Indexes, t.Indexes, func(x *catalog.Index) string { return x.Name }, func(a, b *catalog.Index) {
		switch {
		case b == nil:
			d.only("index", a.Name, true)
		case a == nil:
			d.only("index", b.Name, false)
		default:
			d.index(s, t, a, b)
		}
	})
	d.field("the options", strings.Join(s.Options, ", "), strings.Join(t.Options, ", "))
	d.same("row security", [2]bool{s.RowSecurity, s.ForceRLS}, [2]bool{t.RowSecurity, t.ForceRLS})
	d.same("whether it is logged", s.Unlogged, t.Unlogged)
	d.same("the replica identity", s.Replident, t.Replident)
}

// pairParts calls f with parts of one name, and with nil for what one list lacks.
func pairParts[T any](from, to []*T, name func(*T) string, f func(a, b *T)) {
	find := func(list []*T, n string) *T {
		for _, x := range list {
			if name(x) == n {
				return x
			}
		}
		return nil
	}
	for _, a := range from {
		f(a, find(to, name(a)))
	}
	for _, b := range to {
		if find(from, name(b)) == nil {
			f(nil, b)
		}
	}
}

// columns compares those that a user sees; in order asks for the same order.
func (d *difference) columns(from, to []catalog.Column, inOrder bool) {
	pick := func(list []catalog.Column) (out []*catalog.Column, names []string) {
		for i := range list {
			if c := &list[i]; !c.Dropped && c.Hidden == "" {
				out, names = append(out, c), append(names, c.Name)
			}
		}
		return out, names
	}
	s, a := pick(from)
	t, b := pick(to)
	before := len(d.list)
	pairParts(s, t, func(c *catalog.Column) string { return c.Name }, func(x, y *catalog.Column) {
		switch {
		case y == nil:
			d.only("column", x.Name, true)
		case x == nil:
			d.only("column", y.Name, false)
		default:
			d.column(x, y)
		}
	})
	if inOrder && len(d.list) == before && !slices.Equal(a, b) {
		d.field("the order of the columns", strings.Join(a, ", "), strings.Join(b, ", "))
	}
}

func (d *difference) column(s, t *catalog.Column) {
	name := "column " + types.QuoteIdent(s.Name)
	if s.TypeOID != t.TypeOID || s.Mod != t.Mod {
		d.field(name, typeName(s), typeName(t))
	}
	d.field("the default of "+name, s.Default, t.Default)
	d.field("the expression of "+name, s.Generated+s.Hidden, t.Generated+t.Hidden)
	d.field("whether "+name+" may be null", mayBeNull(s), mayBeNull(t))
	d.same("the identity of "+name, s.Identity, t.Identity)
	d.field("what older rows have in "+name, s.Missing, t.Missing)
	d.field("the collation of "+name, s.Collation, t.Collation)
	d.field("the merge policy of "+name, s.Merge, t.Merge)
}

func typeName(c *catalog.Column) string { return types.FormatType(c.Type, nil) }

func mayBeNull(c *catalog.Column) string {
	if c.NotNull {
		return "no"
	}
	return "yes"
}

func (d *difference) constraint(s, t *catalog.Table, a, b *catalog.Constraint) {
	what := "constraint " + types.QuoteIdent(a.Name)
	if a.Kind == catalog.Check && b.Kind == catalog.Check {
		d.field(what, a.Expr, b.Expr)
	}
	before := len(d.list)
	x, y := *a, *b
	x.OID, y.OID, x.Comment, y.Comment, x.Deps, y.Deps, x.Expr, y.Expr = 0, 0, "", "", nil, nil, "", ""
	if x.Kind != catalog.ForeignKey {
		x.Index, y.Index = 0, 0 // compared by itself
	}
	if x.Kind == catalog.Check && y.Kind == catalog.Check {
		x.Columns, y.Columns = nil, nil // as the expression has them
	}
	if !alike(x, y) && len(d.list) == before {
		d.field(what, showKey(s, &x), showKey(t, &y))
	}
}

// showKey says what a constraint is about, shortly.
func showKey(t *catalog.Table, k *catalog.Constraint) string {
	kind := map[catalog.ConstraintKind]string{catalog.Check: "CHECK", catalog.ForeignKey: "FOREIGN KEY", catalog.PrimaryKey: "PRIMARY KEY",
		catalog.Unique: "UNIQUE", catalog.Exclusion: "EXCLUDE"}[k.Kind]
	return kind + " (" + columnNames(t, k.Columns) + ")"
}

func columnNames(t *catalog.Table, ids []catalog.ColumnID) string {
	var out []string
	for _, id := range ids {
		if c := t.ColumnByID(id); c != nil {
			out = append(out, cmp.Or(c.Name, c.Hidden))
		}
	}
	return strings.Join(out, ", ")
}

func (d *difference) index(s, t *catalog.Table, a, b *catalog.Index) {
	x, y := *a, *b
	x.OID, y.OID, x.Keyspace, y.Keyspace, x.Comment, y.Comment = 0, 0, 0, 0, "", ""
	if alike(x, y) {
		return
	}
	show := func(t *catalog.Table, x *catalog.Index) string {
		var ids []catalog.ColumnID
		for _, c := range x.Columns {
			ids = append(ids, c.Column)
		}
		out := "(" + columnNames(t, ids) + ")"
		if x.Unique {
			out = "UNIQUE " + out
		}
		return out
	}
	if p, q := show(s, a), show(t, b); p != q {
		d.field("index "+types.QuoteIdent(a.Name), p, q)
		return
	}
	d.add("options of index %s", types.QuoteIdent(a.Name))
}

func (d *difference) sequences(s, t *catalog.Sequence) {
	d.same("the type", s.TypeOID, t.TypeOID)
	for _, f := range []struct {
		what string
		s, t int64
	}{{"START", s.Start, t.Start}, {"INCREMENT", s.Increment, t.Increment}, {"MINVALUE", s.Min, t.Min}, {"MAXVALUE", s.Max, t.Max}, {"CACHE", s.Cache, t.Cache}} {
		if f.s != f.t {
			d.add("%s: %d on the source, %d on the target", f.what, f.s, f.t)
		}
	}
	d.same("CYCLE", s.Cycle, t.Cycle)
	d.same("the column that owns it", [2]uint32{s.OwnerTable, s.OwnerColumn}, [2]uint32{t.OwnerTable, t.OwnerColumn})
	d.field("the policy", s.Policy, t.Policy)
}

func (d *difference) userTypes(s, t *catalog.UserType) {
	d.same("the kind of type", s.Kind, t.Kind)
	labels := func(u *catalog.UserType) string {
		var out []string
		for _, l := range u.Labels {
			out = append(out, types.QuoteLiteral(l.Name))
		}
		return strings.Join(out, ", ")
	}
	d.field("the labels", labels(s), labels(t))
	d.same("the type beneath", [2]int64{int64(s.Base), int64(s.Mod)}, [2]int64{int64(t.Base), int64(t.Mod)})
	d.same("NOT NULL", s.NotNull, t.NotNull)
	d.field("the default", s.Default, t.Default)
	d.columns(s.Fields, t.Fields, true)
	pairParts(s.Checks, t.Checks, func(k *catalog.Constraint) string { return k.Name }, func(a, b *catalog.Constraint) {
		switch {
		case b == nil:
			d.only("constraint", a.Name, true)
		case a == nil:
			d.only("constraint", b.Name, false)
		default:
			d.field("constraint "+types.QuoteIdent(a.Name), a.Expr, b.Expr)
		}
	})
}

// partDiffers says how a part that both sides have added, and that has one identity, differs; s is as the target would
// call it.
func partDiffers(s, t catalog.Object, part ident) string {
	var d difference
	switch s := s.(type) {
	case *catalog.Table:
		t := t.(*catalog.Table)
		if part.kind == 'c' {
			d.column(s.ColumnByID(catalog.ColumnID(part.id)), t.ColumnByID(catalog.ColumnID(part.id)))
			break
		}
		id := catalog.OID(part.id)
		if k := s.ConstraintByOID(id); k != nil {
			d.constraint(s, t, k, t.ConstraintByOID(id))
			d.same("its index", k.Index, t.ConstraintByOID(id).Index)
		} else if x := s.Index(id); x != nil {
			d.index(s, t, x, t.Index(id))
			d.same("what it supports", supports(s, id), supports(t, id))
		}
	case *catalog.UserType, *catalog.View, *catalog.Schema, *catalog.Sequence, *catalog.Function, *catalog.Role, *catalog.Database:
	}
	return d.String()
}

// supports is the constraint that an index stands for, 0 for none.
func supports(t *catalog.Table, index catalog.OID) catalog.OID {
	for _, k := range t.Constraints {
		if k.Index == index && k.Kind != catalog.ForeignKey {
			return k.OID
		}
	}
	return 0
}

// labelDiffers says how the place of a label that both sides have added to an enum differs; s is as it stands.
func (x *identities) labelDiffers(b catalog.Object, s, t *catalog.UserType, own, other catalog.OID) string {
	var d difference
	d.field("what it follows", x.follows(b, s, other), x.follows(b, t, own))
	return d.String()
}

// follows names the label before another one, of those that were there before either was added, as it was called then.
func (x *identities) follows(b catalog.Object, u *catalog.UserType, label catalog.OID) string {
	old, ok := b.(*catalog.UserType)
	last := ""
	for _, l := range u.Labels {
		if l.OID == label || !ok {
			break
		}
		if i := slices.IndexFunc(old.Labels, func(m types.Label) bool { return m.OID == x.oid(l.OID) }); i >= 0 {
			last = old.Labels[i].Name
		}
	}
	return last
}
