package vcs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// schemaSide is one side of a comparison of schemas: it writes definitions with all names qualified.
type schemaSide struct {
	conn  Conn
	ref   catalog.Ref
	view  storage.View
	snap  *catalog.Snapshot
	texts map[string]string // what expressions are written as
}

// openSides opens both sides. Names are written in full until the function it returns is called.
func openSides(ctx context.Context, c Conn, from, to string) (a, b *schemaSide, done func(), err error) {
	side := func(name string) (*schemaSide, error) {
		s := &schemaSide{conn: c, ref: branchPoint(name), texts: map[string]string{}}
		if s.ref.Branch == "" {
			s.ref.Branch = c.Branch()
		}
		var err error
		if s.view, err = c.View(ctx, s.ref); err == nil {
			s.snap = s.view.Catalog()
		}
		return s, err
	}
	if a, err = side(from); err != nil {
		return nil, nil, nil, err
	}
	if b, err = side(to); err != nil {
		return nil, nil, nil, err
	}
	path, err := a.value(ctx, "SELECT pg_catalog.current_setting('search_path')")
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := a.value(ctx, "SELECT pg_catalog.set_config('search_path', '', false)"); err != nil {
		return nil, nil, nil, err
	}
	return a, b, func() {
		_, _ = a.value(context.WithoutCancel(ctx), "SELECT pg_catalog.set_config('search_path', "+types.QuoteLiteral(path)+", false)")
	}, nil
}

// value runs a query of one value on the side.
func (s *schemaSide) value(ctx context.Context, sql string) (out string, err error) {
	_, err = s.conn.SQL(ctx, s.ref, sql, func(b *vector.Batch) error {
		if b.Live() > 0 && !b.Cols[0].IsNull(b.Row(0)) {
			out = strings.Clone(b.Cols[0].Datum(b.Row(0)).S)
		}
		return nil
	})
	return out, err
}

// cached is value for queries that are asked again.
func (s *schemaSide) cached(ctx context.Context, sql string) (string, error) {
	if t, ok := s.texts[sql]; ok {
		return t, nil
	}
	t, err := s.value(ctx, sql)
	if err == nil {
		s.texts[sql] = t
	}
	return t, err
}

// expr writes a stored expression, of a table or of none.
func (s *schemaSide) expr(ctx context.Context, text string, table catalog.OID) (string, error) {
	return s.cached(ctx, fmt.Sprintf("SELECT pg_catalog.pg_get_expr(%s::pg_catalog.pg_node_tree, %d)", types.QuoteLiteral(text), table))
}

func (s *schemaSide) name(h *catalog.Header) string {
	if h.Schema == 0 {
		return types.QuoteIdent(h.Name)
	}
	return qualifiedIdent(s.snap.SchemaName(h.Schema), h.Name)
}

func (s *schemaSide) typeName(t types.Type) string { return types.FormatType(t, qualifiedIdent) }

// definition is the statement that makes an object; tables without their constraints and indexes.
func (s *schemaSide) definition(ctx context.Context, o catalog.Object) (string, error) {
	switch o := o.(type) {
	case *catalog.Schema:
		return "CREATE SCHEMA " + s.name(&o.Header), nil
	case *catalog.Table:
		return s.tableDefinition(ctx, o, false)
	case *catalog.View:
		query, err := s.cached(ctx, fmt.Sprintf("SELECT pg_catalog.pg_get_viewdef(%d::oid)", o.OID))
		with := ""
		if len(o.Options) > 0 {
			with = " WITH (" + strings.Join(o.Options, ", ") + ")"
		}
		return "CREATE VIEW " + s.name(&o.Header) + with + " AS\n" + strings.TrimSuffix(query, ";"), err
	case *catalog.Sequence:
		return "CREATE SEQUENCE " + s.name(&o.Header) + s.sequenceOptions(o), nil
	case *catalog.UserType:
		return s.typeDefinition(ctx, o)
	case *catalog.Function:
		text, err := s.cached(ctx, fmt.Sprintf("SELECT pg_catalog.pg_get_functiondef(%d)", o.OID))
		return strings.TrimRight(text, "\n"), err
	case *catalog.Role, *catalog.Database:
	}
	return "", nil
}

func (s *schemaSide) sequenceOptions(q *catalog.Sequence) string {
	out := ""
	if d := types.Builtin(q.TypeOID); d != nil {
		out = " AS " + s.typeName(types.Of(d))
	}
	out += fmt.Sprintf(" INCREMENT BY %d MINVALUE %d MAXVALUE %d START WITH %d CACHE %d", q.Increment, q.Min, q.Max, q.Start, max(q.Cache, 1))
	if q.Cycle {
		return out + " CYCLE"
	}
	return out + " NO CYCLE"
}

func (s *schemaSide) typeDefinition(ctx context.Context, o *catalog.UserType) (string, error) {
	name := s.name(&o.Header)
	switch o.Kind {
	case types.KindEnum:
		var list []string
		for _, l := range o.Labels {
			list = append(list, types.QuoteLiteral(l.Name))
		}
		return "CREATE TYPE " + name + " AS ENUM (" + strings.Join(list, ", ") + ")", nil
	case types.KindDomain:
		return s.domainDefinition(ctx, name, o)
	}
	var list []string
	for i := range o.Fields {
		list = append(list, types.QuoteIdent(o.Fields[i].Name)+" "+s.typeName(s.typeOf(&o.Fields[i])))
	}
	return "CREATE TYPE " + name + " AS (" + strings.Join(list, ", ") + ")", nil
}

func (s *schemaSide) domainDefinition(ctx context.Context, name string, o *catalog.UserType) (string, error) {
	out := "CREATE DOMAIN " + name + " AS " + s.typeName(types.Of(s.snap.TypeByOID(o.Base)).WithMod(o.Mod))
	if o.Default != "" {
		text, err := s.expr(ctx, o.Default, 0)
		if err != nil {
			return "", err
		}
		out += " DEFAULT " + text
	}
	if o.NotNull {
		out += " NOT NULL"
	}
	for _, k := range o.Checks {
		text, err := s.constraint(ctx, k)
		if err != nil {
			return "", err
		}
		out += " CONSTRAINT " + types.QuoteIdent(k.Name) + " " + text
	}
	return out, nil
}

func (s *schemaSide) typeOf(c *catalog.Column) types.Type {
	if c.Type.Known() {
		return c.Type
	}
	return types.Of(s.snap.TypeByOID(c.TypeOID)).WithMod(c.Mod)
}

func (s *schemaSide) constraint(ctx context.Context, k *catalog.Constraint) (string, error) {
	return s.cached(ctx, fmt.Sprintf("SELECT pg_catalog.pg_get_constraintdef(%d)", k.OID))
}

func (s *schemaSide) trigger(ctx context.Context, t *catalog.Trigger) (string, error) {
	return s.cached(ctx, fmt.Sprintf("SELECT pg_catalog.pg_get_triggerdef(%d::oid)", t.OID))
}

func (s *schemaSide) index(ctx context.Context, ix *catalog.Index) (string, error) {
	return s.cached(ctx, fmt.Sprintf("SELECT pg_catalog.pg_get_indexdef(%d::oid)", ix.OID))
}

// tableHead is what a table is beside its columns, constraints and indexes.
func (s *schemaSide) tableHead(t *catalog.Table) (head, tail string) {
	head = "CREATE TABLE "
	if t.Unlogged {
		head = "CREATE UNLOGGED TABLE "
	}
	if len(t.Options) > 0 {
		tail = " WITH (" + strings.Join(t.Options, ", ") + ")"
	}
	return head + s.name(&t.Header), tail
}

// tableDefinition writes CREATE TABLE with the columns; with the primary key when it is to be executed.
func (s *schemaSide) tableDefinition(ctx context.Context, t *catalog.Table, withKey bool) (string, error) {
	head, tail := s.tableHead(t)
	var parts []string
	for _, c := range t.Live() {
		text, err := s.column(ctx, t, c)
		if err != nil {
			return "", err
		}
		parts = append(parts, "    "+text)
	}
	for _, k := range t.Constraints {
		if k.Kind == catalog.PrimaryKey && withKey {
			text, err := s.constraint(ctx, k)
			if err != nil {
				return "", err
			}
			parts = append(parts, "    CONSTRAINT "+types.QuoteIdent(k.Name)+" "+text)
		}
	}
	if parts == nil {
		return head + " ()" + tail, nil
	}
	return head + " (\n" + strings.Join(parts, ",\n") + "\n)" + tail, nil
}

// column writes a column as CREATE TABLE has it.
func (s *schemaSide) column(ctx context.Context, t *catalog.Table, c *catalog.Column) (string, error) {
	out := types.QuoteIdent(c.Name) + " " + s.columnType(c)
	switch {
	case c.Generated != "":
		text, err := s.expr(ctx, c.Generated, t.OID)
		if err != nil {
			return "", err
		}
		out += " GENERATED ALWAYS AS (" + text + ") STORED"
	case c.Identity == 'a':
		out += " GENERATED ALWAYS AS IDENTITY" + s.identityOptions(c)
	case c.Identity == 'd':
		out += " GENERATED BY DEFAULT AS IDENTITY" + s.identityOptions(c)
	case c.Default != "":
		text, err := s.expr(ctx, c.Default, t.OID)
		if err != nil {
			return "", err
		}
		out += " DEFAULT " + text
	}
	if c.NotNull {
		out += " NOT NULL"
	}
	return out, nil
}

func (s *schemaSide) columnType(c *catalog.Column) string {
	out := s.typeName(s.typeOf(c))
	if c.Collation != "" {
		out += " COLLATE " + types.QuoteIdent(c.Collation)
	}
	return out
}

// identityOptions names the sequence of an identity column where it is not the usual one.
func (s *schemaSide) identityOptions(c *catalog.Column) string {
	q, ok := s.snap.Object(c.Sequence).(*catalog.Sequence)
	if !ok || q.Start == 1 && q.Increment == 1 && !q.Cycle && q.Min == 1 {
		return ""
	}
	opts := s.sequenceOptions(q)
	return " (" + opts[strings.Index(opts, "INCREMENT"):] + ")"
}

// internal reports whether an object belongs to another: the sequence of an identity column.
func (s *schemaSide) internal(o catalog.Object) bool {
	q, ok := o.(*catalog.Sequence)
	if !ok || q.OwnerTable == 0 {
		return false
	}
	t, ok := s.snap.Object(q.OwnerTable).(*catalog.Table)
	return ok && slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Sequence == q.OID && c.Identity != 0 })
}
