package vcs

import (
	"context"
	"fmt"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// tables writes what makes, changes and drops tables, but for foreign keys.
func (s *script) tables(ctx context.Context) error {
	for _, p := range s.pairs {
		a, b := p.tables()
		var err error
		switch {
		case p.from == p.to, a == nil && b == nil:
			continue
		case b == nil:
			s.altered[a.OID] = true
			s.add(phaseDropTables, "DROP TABLE %s", s.from.name(&a.Header))
			continue
		case a == nil:
			err = s.newTable(ctx, b)
		default:
			err = s.changedTable(ctx, a, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *script) newTable(ctx context.Context, b *catalog.Table) error {
	text, err := s.to.tableDefinition(ctx, b, true)
	if err != nil {
		return err
	}
	s.add(phaseTables, "%s", text)
	s.security(&catalog.Table{}, b)
	for _, c := range b.Live() {
		s.columnAttributes(b, &catalog.Column{}, c)
	}
	for _, k := range b.Constraints {
		if k.Kind == catalog.ForeignKey {
			continue
		}
		if k.Kind != catalog.PrimaryKey {
			if err := s.addConstraint(ctx, phaseConstraints, b, k); err != nil {
				return err
			}
		}
		if k.Comment != "" {
			s.constraintComment(b, k)
		}
	}
	return s.newIndexes(ctx, plainIndexes(b))
}

func (s *script) newIndexes(ctx context.Context, list []*catalog.Index) error {
	for _, ix := range list {
		text, err := s.to.index(ctx, ix)
		if err != nil {
			return err
		}
		s.add(phaseIndexes, "%s", text)
		if ix.Comment != "" {
			schema := text[strings.Index(text, " ON ")+4:]
			schema = schema[:strings.Index(schema, ".")]
			s.add(phaseAttributes, "COMMENT ON INDEX %s.%s IS %s", schema, types.QuoteIdent(ix.Name), types.QuoteLiteral(ix.Comment))
		}
	}
	return nil
}

func (s *script) addConstraint(ctx context.Context, at phase, t *catalog.Table, k *catalog.Constraint) error {
	text, err := s.to.constraint(ctx, k)
	if err == nil {
		s.add(at, "ALTER TABLE %s ADD CONSTRAINT %s %s", s.to.name(&t.Header), types.QuoteIdent(k.Name), text)
	}
	return err
}

func (s *script) constraintComment(t *catalog.Table, k *catalog.Constraint) {
	s.comment(fmt.Sprintf("CONSTRAINT %s ON %s", types.QuoteIdent(k.Name), s.to.name(&t.Header)), k.Comment)
}

// security writes row-level security as it differs.
func (s *script) security(a, b *catalog.Table) {
	words := map[bool]string{true: "ENABLE", false: "DISABLE"}
	if a.RowSecurity != b.RowSecurity {
		s.add(phaseAttributes, "ALTER TABLE %s %s ROW LEVEL SECURITY", s.to.name(&b.Header), words[b.RowSecurity])
	}
	if a.ForceRLS != b.ForceRLS {
		force := "FORCE"
		if !b.ForceRLS {
			force = "NO FORCE"
		}
		s.add(phaseAttributes, "ALTER TABLE %s %s ROW LEVEL SECURITY", s.to.name(&b.Header), force)
	}
}

func (s *script) changedTable(ctx context.Context, a, b *catalog.Table) error {
	s.rename("TABLE", objectPair{a, b})
	s.security(a, b)
	name := s.to.name(&b.Header)
	if strings.Join(a.Options, ",") != strings.Join(b.Options, ",") {
		for _, o := range a.Options {
			key, _, _ := strings.Cut(o, "=")
			s.add(phaseAttributes, "ALTER TABLE %s RESET (%s)", name, key)
		}
		if len(b.Options) > 0 {
			s.add(phaseAttributes, "ALTER TABLE %s SET (%s)", name, strings.Join(b.Options, ", "))
		}
	}
	if a.Unlogged != b.Unlogged {
		s.add(phaseColumns, "ALTER TABLE %s SET %s", name, map[bool]string{true: "UNLOGGED", false: "LOGGED"}[b.Unlogged])
	}
	for _, p := range matchColumns(a, b) {
		if err := s.column(ctx, a, b, p); err != nil {
			return err
		}
	}
	if err := s.constraints(ctx, a, b); err != nil {
		return err
	}
	return s.indexes(ctx, a, b)
}

func (s *script) column(ctx context.Context, a, b *catalog.Table, p pair[catalog.Column]) error {
	alter := "ALTER TABLE " + s.to.name(&b.Header) + " "
	switch {
	case p.to == nil:
		s.altered[a.OID] = true
		s.add(phaseDropColumns, "%sDROP COLUMN %s", alter, types.QuoteIdent(p.from.Name))
		if p.from.Generated != "" { // what it is made of may be dropped, too
			list := s.stmts[phaseDropColumns]
			last := list[len(list)-1]
			copy(list[1:], list)
			list[0] = last
		}
		return nil
	case p.from == nil:
		return s.newColumn(ctx, b, p.to)
	}
	x, y := p.from, p.to
	if x.Name != y.Name {
		s.altered[a.OID] = true
		s.renameColumn(a, b, x, y)
	}
	col := types.QuoteIdent(y.Name)
	if t := s.to.columnType(y); s.from.columnType(x) != t {
		s.altered[a.OID] = true
		if x.Default != "" && x.Generated == "" {
			s.add(phaseColumns, "%sALTER COLUMN %s DROP DEFAULT", alter, col)
		}
		s.add(phaseColumns, "%sALTER COLUMN %s TYPE %s USING %s::%s", alter, col, t, col, s.to.typeName(s.to.typeOf(y)))
	}
	if err := s.value(ctx, a, b, x, y); err != nil {
		return err
	}
	if x.NotNull && !y.NotNull {
		s.add(phaseColumns, "%sALTER COLUMN %s DROP NOT NULL", alter, col)
	}
	if !x.NotNull && y.NotNull {
		s.add(phaseNotNull, "%sALTER COLUMN %s SET NOT NULL", alter, col)
	}
	s.columnAttributes(b, x, y)
	return nil
}

// renameColumn renames a column; where another has the name, by way of a third.
func (s *script) renameColumn(a, b *catalog.Table, x, y *catalog.Column) {
	old, name := x.Name, s.to.name(&b.Header)
	if a.Column(y.Name) != nil {
		old = fmt.Sprintf("rowan_rename_%d", x.ID)
		s.stmts[phaseCreate] = append(s.stmts[phaseCreate], fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", name, types.QuoteIdent(x.Name), old))
		s.add(phaseTables, "ALTER TABLE %s RENAME COLUMN %s TO %s", name, old, types.QuoteIdent(y.Name))
		if other := a.Column(y.Name); b.ColumnByID(other.ID) == nil || b.ColumnByID(other.ID).Dropped { // it is about to be dropped: now is better
			s.add(phaseCreate, "ALTER TABLE %s DROP COLUMN IF EXISTS %s", name, types.QuoteIdent(y.Name))
		}
		return
	}
	s.add(phaseCreate, "ALTER TABLE %s RENAME COLUMN %s TO %s", name, types.QuoteIdent(old), types.QuoteIdent(y.Name))
}

// newColumn adds a column with the value that rows from before it have; the rest of its definition follows the rows.
func (s *script) newColumn(ctx context.Context, b *catalog.Table, c *catalog.Column) error {
	alter, col := "ALTER TABLE "+s.to.name(&b.Header)+" ", types.QuoteIdent(c.Name)
	s.columnAttributes(b, &catalog.Column{}, c)
	if c.Generated != "" {
		text, err := s.to.column(ctx, b, c)
		s.add(phaseUpdateRows, "%sADD COLUMN %s", alter, text)
		return err
	}
	missing := ""
	if c.HasMiss {
		missing = " DEFAULT " + types.QuoteLiteral(c.Missing) + "::" + s.to.typeName(s.to.typeOf(c))
	}
	s.add(phaseColumns, "%sADD COLUMN %s %s%s", alter, col, s.to.columnType(c), missing)
	if c.HasMiss {
		s.add(phaseColumns, "%sALTER COLUMN %s DROP DEFAULT", alter, col)
	}
	if c.NotNull {
		s.add(phaseNotNull, "%sALTER COLUMN %s SET NOT NULL", alter, col)
	}
	return s.value(ctx, nil, b, &catalog.Column{}, c)
}

// value writes the default, the identity or the generation of a column as it differs; a nil: the column is new.
func (s *script) value(ctx context.Context, a, b *catalog.Table, x, y *catalog.Column) error {
	alter := "ALTER TABLE " + s.to.name(&b.Header) + " ALTER COLUMN " + types.QuoteIdent(y.Name) + " "
	var before, after string
	var err error
	if x.Default != "" && x.Generated == "" {
		if before, err = s.from.expr(ctx, x.Default, a.OID); err != nil {
			return err
		}
	}
	if y.Default != "" && y.Generated == "" {
		if after, err = s.to.expr(ctx, y.Default, b.OID); err != nil {
			return err
		}
	}
	retyped := a != nil && s.from.columnType(x) != s.to.columnType(y)
	switch {
	case after != "" && (before != after || retyped):
		s.add(phaseOwned, "%sSET DEFAULT %s", alter, after)
	case before != "" && after == "":
		s.add(phaseColumns, "%sDROP DEFAULT", alter)
	}
	if x.Generated != "" && y.Generated == "" {
		s.add(phaseColumns, "%sDROP EXPRESSION", alter)
	}
	if x.Generated != y.Generated && y.Generated != "" {
		text, err := s.to.column(ctx, b, y)
		if err != nil {
			return err
		}
		table := "ALTER TABLE " + s.to.name(&b.Header) + " "
		s.altered[b.OID] = true
		s.add(phaseUpdateRows, "%sDROP COLUMN %s", table, types.QuoteIdent(y.Name))
		s.add(phaseUpdateRows, "%sADD COLUMN %s", table, text)
	}
	words := map[byte]string{'a': "ALWAYS", 'd': "BY DEFAULT"}
	switch {
	case x.Identity == y.Identity:
	case x.Identity == 0:
		s.add(phaseOwned, "%sADD GENERATED %s AS IDENTITY%s", alter, words[y.Identity], s.to.identityOptions(y))
	case y.Identity == 0:
		s.add(phaseColumns, "%sDROP IDENTITY", alter)
	default:
		s.add(phaseOwned, "%sSET GENERATED %s", alter, words[y.Identity])
	}
	return nil
}

// columnAttributes writes a column's comment, privileges and merge policy as they differ.
func (s *script) columnAttributes(b *catalog.Table, x, y *catalog.Column) {
	table, col := s.to.name(&b.Header), types.QuoteIdent(y.Name)
	if x.Comment != y.Comment {
		s.comment("COLUMN "+table+"."+col, y.Comment)
	}
	if x.Merge != y.Merge {
		if y.Merge == "" {
			s.add(phaseAttributes, "ALTER TABLE %s ALTER COLUMN %s RESET (merge_policy)", table, col)
		} else {
			s.add(phaseAttributes, "ALTER TABLE %s ALTER COLUMN %s SET (merge_policy = %s)", table, col, types.QuoteLiteral(y.Merge))
		}
	}
	s.privileges(table, " ("+col+")", x.ACL, y.ACL, 0)
}

func (s *script) constraints(ctx context.Context, a, b *catalog.Table) error {
	for _, p := range matchConstraints(a, b) {
		if either(p).Kind == catalog.ForeignKey {
			continue
		}
		before, after, err := bothTexts(p, func(k *catalog.Constraint) (string, error) { return s.from.constraint(ctx, k) },
			func(k *catalog.Constraint) (string, error) { return s.to.constraint(ctx, k) })
		if err != nil {
			return err
		}
		same := before == after || p.from != nil && p.to != nil && s.sameConstraint(a, b, p.from, p.to)
		if p.from != nil && !same {
			s.add(phaseDropConstraints, "ALTER TABLE %s DROP CONSTRAINT %s", s.from.name(&a.Header), types.QuoteIdent(p.from.Name))
		}
		if p.to != nil && !same {
			if err := s.addConstraint(ctx, phaseConstraints, b, p.to); err != nil {
				return err
			}
		}
		if same && p.from.Name != p.to.Name {
			s.add(phaseConstraints, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s", s.to.name(&b.Header), types.QuoteIdent(p.from.Name), types.QuoteIdent(p.to.Name))
		}
		if p.to != nil && (p.from == nil && p.to.Comment != "" || p.from != nil && p.from.Comment != p.to.Comment || !same && p.to.Comment != "") {
			s.constraintComment(b, p.to)
		}
	}
	return nil
}

func either[T any](p pair[T]) *T {
	if p.to != nil {
		return p.to
	}
	return p.from
}

// sameConstraint reports whether a key is the same but for the names of its columns.
func (s *script) sameConstraint(a, b *catalog.Table, x, y *catalog.Constraint) bool {
	if x.OID != y.OID || x.Kind != y.Kind || x.Kind == catalog.Check || len(x.Columns) != len(y.Columns) || x.NotValid != y.NotValid || x.Deferrable != y.Deferrable || x.Deferred != y.Deferred {
		return false
	}
	for i := range x.Columns {
		if x.Columns[i] != y.Columns[i] {
			return false
		}
	}
	ix, iy := a.Index(x.Index), b.Index(y.Index)
	return ix != nil && iy != nil && len(ix.Include) == len(iy.Include) && ix.NullsNotDistinct == iy.NullsNotDistinct
}

func (s *script) indexes(ctx context.Context, a, b *catalog.Table) error {
	for _, p := range matchIndexes(a, b) {
		before, after, err := bothTexts(p, func(x *catalog.Index) (string, error) { return s.from.index(ctx, x) },
			func(x *catalog.Index) (string, error) { return s.to.index(ctx, x) })
		if err != nil {
			return err
		}
		if before == after {
			continue
		}
		if p.from != nil {
			s.add(phaseDropConstraints, "DROP INDEX %s", qualifiedIdent(s.from.snap.SchemaName(a.Schema), p.from.Name))
		}
		if p.to != nil {
			if err := s.newIndexes(ctx, []*catalog.Index{p.to}); err != nil {
				return err
			}
		}
	}
	return nil
}

// foreignKeys drops and adds those that differ, and puts those aside that the changes of rows would run against.
func (s *script) foreignKeys(ctx context.Context) error {
	for _, p := range s.pairs {
		a, b := p.tables()
		for _, k := range matchConstraints(a, b) {
			if either(k).Kind != catalog.ForeignKey {
				continue
			}
			before, after, err := bothTexts(k, func(x *catalog.Constraint) (string, error) { return s.from.constraint(ctx, x) },
				func(x *catalog.Constraint) (string, error) { return s.to.constraint(ctx, x) })
			if err != nil {
				return err
			}
			renamed := k.from != nil && k.to != nil && k.from.Name != k.to.Name
			if before == after && !renamed && !s.aside(a, b, k.from, k.to) {
				continue
			}
			if k.from != nil {
				s.add(phaseDropForeignKeys, "ALTER TABLE %s DROP CONSTRAINT %s", s.from.name(&a.Header), types.QuoteIdent(k.from.Name))
			}
			if k.to == nil {
				continue
			}
			if err := s.addConstraint(ctx, phaseForeignKeys, b, k.to); err != nil {
				return err
			}
			if k.to.Comment != "" {
				s.constraintComment(b, k.to)
			}
		}
	}
	return nil
}

// aside reports whether a foreign key must not hold while rows change: whenever those of either table do.
func (s *script) aside(a, b *catalog.Table, x, y *catalog.Constraint) bool {
	return s.rowsOf[a.OID] != nil || s.rowsOf[b.OID] != nil || s.rowsOf[x.RefTable] != nil || s.rowsOf[y.RefTable] != nil || s.altered[x.RefTable] || s.altered[a.OID]
}
