package vcs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

var schemaRows = map[string]RowsFunc{"rowan_schema_diff": schemaDiff, "rowan_diff_sql": diffSQL}

// schemaChange is a row of rowan.schema_diff.
type schemaChange struct{ kind, name, change, before, after string }

// schemaDiff is rowan.schema_diff(from, to).
func schemaDiff(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, done, err := openSides(ctx, c, text(a[0]), text(a[1]))
	if err != nil {
		return err
	}
	defer done()
	list, err := schemaChanges(ctx, from, to)
	for _, x := range list {
		if !yield([]types.Datum{types.String(x.kind), types.String(x.name), types.String(x.change), orNull(x.before), orNull(x.after)}) {
			break
		}
	}
	return err
}

// comparison gathers the differences of two schemas.
type comparison struct {
	from, to *schemaSide
	out      []schemaChange
}

func schemaChanges(ctx context.Context, from, to *schemaSide) ([]schemaChange, error) {
	d := &comparison{from: from, to: to}
	for _, p := range matchObjects(from, to) {
		if p.from == p.to {
			continue
		}
		if err := d.object(ctx, p); err != nil {
			return nil, err
		}
	}
	return d.out, nil
}

// add notes a difference: what one side lacks, what is called otherwise, what is defined otherwise.
func (d *comparison) add(kind, oldName, newName, before, after string) {
	x := schemaChange{kind, newName, "modified", before, after}
	switch {
	case before == "" && after == "":
		return
	case before == "":
		x.change = "added"
	case after == "":
		x.name, x.change = oldName, "dropped"
	case oldName != newName:
		x.change = "renamed"
	case before == after:
		return
	}
	d.out = append(d.out, x)
}

func (d *comparison) object(ctx context.Context, p objectPair) error {
	kind := catalog.KindName(p.either())
	a, b := p.tables()
	var before, after, oldName, newName string
	var err error
	if p.from != nil {
		oldName = plainName(d.from, p.from)
		if before, err = d.from.definition(ctx, p.from); err != nil {
			return err
		}
	}
	if p.to != nil {
		newName = plainName(d.to, p.to)
		if after, err = d.to.definition(ctx, p.to); err != nil {
			return err
		}
	}
	if a != nil && b != nil {
		before, after = headText(d.from, a), headText(d.to, b)
	}
	d.add(kind, oldName, newName, before, after)
	if a != nil || b != nil {
		if err := d.parts(ctx, a, b); err != nil {
			return err
		}
	}
	if err := d.triggers(ctx, p); err != nil {
		return err
	}
	d.attributes(kind, p, oldName, newName)
	return nil
}

func headText(s *schemaSide, t *catalog.Table) string {
	head, tail := s.tableHead(t)
	out := head + tail
	if t.RowSecurity {
		out += " ENABLE ROW LEVEL SECURITY"
	}
	if t.ForceRLS {
		out += " FORCE ROW LEVEL SECURITY"
	}
	return out
}

// plainName is how an object is shown: with its schema unless that is public.
func plainName(s *schemaSide, o catalog.Object) string {
	h := o.Head()
	schema := ""
	if h.Schema != 0 {
		schema = s.snap.SchemaName(h.Schema)
	}
	name := catalog.ShownName(schema, h.Name)
	if f, ok := o.(*catalog.Function); ok {
		label := s.label(f)
		name += label[strings.LastIndex(label, "("):]
	}
	return name
}

// partName is how a part of a table, or a trigger, is shown.
func partName(s *schemaSide, o catalog.Object, name string) string {
	return plainName(s, o) + "." + catalog.ShownName("", name)
}

// WholeAndPart takes such a name apart.
func WholeAndPart(name string) (whole, part string) {
	quoted := false
	at := -1
	for i := range len(name) {
		switch {
		case name[i] == '"':
			quoted = !quoted
		case name[i] == '.' && !quoted:
			at = i
		}
	}
	return name[:max(at, 0)], name[at+1:]
}

// parts compares two tables; nil: it is not there.
func (d *comparison) parts(ctx context.Context, a, b *catalog.Table) error {
	of := func(s *schemaSide, t *catalog.Table, name string) string {
		if t == nil {
			return ""
		}
		return partName(s, t, name)
	}
	if a != nil && b != nil {
		for _, p := range catalog.PairColumns(a, b) {
			var oldName, newName string
			before, after, err := bothTexts(p, func(c *catalog.Column) (string, error) {
				oldName = of(d.from, a, c.Name)
				return d.from.column(ctx, a, c)
			},
				func(c *catalog.Column) (string, error) { newName = of(d.to, b, c.Name); return d.to.column(ctx, b, c) })
			if err != nil {
				return err
			}
			d.add("column", columnOf(oldName, newName, p.To), newName, before, after)
			if p.From != nil && p.To != nil {
				what := "COLUMN " + d.to.name(&b.Header) + "." + types.QuoteIdent(p.To.Name)
				d.add("comment", newName, newName, commentText(what, p.From.Comment), commentText(what, p.To.Comment))
				d.add("privilege", newName, newName, d.from.acl(p.From.ACL), d.to.acl(p.To.ACL))
			}
		}
	}
	for _, p := range matchConstraints(a, b) {
		var oldName, newName string
		before, after, err := bothTexts(p, func(k *catalog.Constraint) (string, error) {
			oldName = of(d.from, a, k.Name)
			return d.from.constraint(ctx, k)
		},
			func(k *catalog.Constraint) (string, error) {
				newName = of(d.to, b, k.Name)
				return d.to.constraint(ctx, k)
			})
		if err != nil {
			return err
		}
		d.add("constraint", columnOf(oldName, newName, p.To), newName, before, after)
		if p.To != nil {
			what, was := "CONSTRAINT "+types.QuoteIdent(p.To.Name)+" ON "+d.to.name(&b.Header), ""
			if p.From != nil {
				was = p.From.Comment
			}
			d.add("comment", newName, newName, commentText(what, was), commentText(what, p.To.Comment))
		}
	}
	for _, p := range matchIndexes(a, b) {
		var oldName, newName string
		before, after, err := bothTexts(p, func(x *catalog.Index) (string, error) { oldName = x.Name; return d.from.index(ctx, x) },
			func(x *catalog.Index) (string, error) { newName = x.Name; return d.to.index(ctx, x) })
		if err != nil {
			return err
		}
		d.add("index", oldName, newName, before, after)
	}
	d.indexComments(a, b)
	return nil
}

// indexComments compares the comments on all indexes, those of constraints, too.
func (d *comparison) indexComments(a, b *catalog.Table) {
	if b == nil {
		return
	}
	var before []*catalog.Index
	if a != nil {
		before = a.Indexes
	}
	for _, p := range catalog.PairParts(before, b.Indexes, func(x *catalog.Index) uint32 { return x.OID }, func(x *catalog.Index) string { return x.Name }) {
		if p.To == nil {
			continue
		}
		what, was := "INDEX "+qualifiedIdent(d.to.snap.SchemaName(b.Schema), p.To.Name), ""
		if p.From != nil {
			was = p.From.Comment
		}
		d.add("comment", p.To.Name, p.To.Name, commentText(what, was), commentText(what, p.To.Comment))
	}
}

// columnOf hides that the table is called otherwise: the part is not.
func columnOf[T any](oldName, newName string, to *T) string {
	_, old := WholeAndPart(oldName)
	if _, now := WholeAndPart(newName); to != nil && oldName != "" && newName != "" && old == now {
		return newName
	}
	return oldName
}

func bothTexts[T any](p pair[T], from, to func(*T) (string, error)) (before, after string, err error) {
	if p.From != nil {
		if before, err = from(p.From); err != nil {
			return "", "", err
		}
	}
	if p.To != nil {
		after, err = to(p.To)
	}
	return before, after, err
}

// attributes compares what all objects have: owner, comment, privileges.
func (d *comparison) attributes(kind string, p objectPair, oldName, newName string) {
	what := func(s *schemaSide, o catalog.Object) string { return strings.ToUpper(kind) + " " + s.signature(o) }
	if p.from == nil {
		d.add("comment", newName, newName, "", commentText(what(d.to, p.to), p.to.Head().Comment))
		d.add("privilege", newName, newName, "", d.to.privileges(p.to))
		return
	}
	if p.to == nil {
		return
	}
	a, b := p.from.Head(), p.to.Head()
	d.add("comment", newName, newName, commentText(what(d.to, p.to), a.Comment), commentText(what(d.to, p.to), b.Comment))
	d.add("privilege", newName, newName, d.from.privileges(p.from), d.to.privileges(p.to))
	if a.Owner != b.Owner {
		d.add("owner", newName, newName, d.from.role(a.Owner), d.to.role(b.Owner))
	}
}

func commentText(what, comment string) string {
	if comment == "" {
		return ""
	}
	return fmt.Sprintf("COMMENT ON %s IS %s", what, types.QuoteLiteral(comment))
}

// role is a role's name as SQL has it.
func (s *schemaSide) role(id catalog.OID) string {
	if id == 0 {
		return "PUBLIC"
	}
	if o := s.conn.Store().Global().Object(id); o != nil {
		return types.QuoteIdent(o.Head().Name)
	}
	return fmt.Sprintf("\"%d\"", id)
}

// privileges are those of an object; "" where they are the usual ones.
func (s *schemaSide) privileges(o catalog.Object) string {
	out := s.acl(o.Head().ACL)
	if out == s.acl(catalog.DefaultGrants(o)) {
		return ""
	}
	return out
}

// acl shows privileges in PostgreSQL's notation, in the order of the roles' names.
func (s *schemaSide) acl(list []catalog.Grant) string {
	var out []string
	for _, g := range list {
		if g.Privileges == "" {
			continue
		}
		who := ""
		if g.Grantee != 0 {
			who = s.role(g.Grantee)
		}
		var b strings.Builder
		for i := range len(g.Privileges) {
			b.WriteByte(g.Privileges[i])
			if strings.IndexByte(g.Grantable, g.Privileges[i]) >= 0 {
				b.WriteByte('*')
			}
		}
		out = append(out, who+"="+b.String()+"/"+s.role(g.Grantor))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
