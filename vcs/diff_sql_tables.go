package vcs

import (
	"context"
	"fmt"
	"slices"
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
		case a == nil && b == nil, p.from == p.to && !s.needsReplaced(p.from):
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
	s.kept(&catalog.Table{}, b)
	for _, c := range b.Live() {
		s.columnAttributes(b, &catalog.Column{}, c)
		if err := s.identityPosition(ctx, b, c); err != nil {
			return err
		}
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
	return s.newIndexes(ctx, b, plainIndexes(b))
}

func (s *script) newIndexes(ctx context.Context, t *catalog.Table, list []*catalog.Index) error {
	for _, ix := range list {
		text, err := s.to.index(ctx, ix)
		if err != nil {
			return err
		}
		s.add(phaseIndexes, "%s", text)
		if ix.Comment != "" {
			s.indexComment(t, ix)
		}
	}
	return nil
}

func (s *script) indexComment(t *catalog.Table, ix *catalog.Index) {
	s.comment("INDEX "+qualifiedIdent(s.to.snap.SchemaName(t.Schema), ix.Name), ix.Comment)
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
	s.kept(a, b)
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
	if err := s.columns(ctx, a, b); err != nil {
		return err
	}
	if err := s.constraints(ctx, a, b); err != nil {
		return err
	}
	return s.indexes(ctx, a, b)
}

func (s *script) column(ctx context.Context, a, b *catalog.Table, p pair[catalog.Column]) error {
	alter := "ALTER TABLE " + s.to.name(&b.Header) + " "
	if p.To == nil {
		s.altered[a.OID] = true
		if b.Column(p.From.Name) != nil { // it gives its name to another
			s.add(phaseDropGenerated, "ALTER TABLE %s DROP COLUMN %s", s.from.name(&a.Header), types.QuoteIdent(p.From.Name))
			return nil
		}
		s.add(phaseDropColumns, "%sDROP COLUMN %s", alter, types.QuoteIdent(p.From.Name))
		return nil
	}
	x, y := p.From, p.To
	if x.Name != y.Name {
		s.altered[a.OID] = true
		s.renameColumn(a, b, x, y)
	}
	col := types.QuoteIdent(y.Name)
	empty := false // for a while
	if s.retyped(x, y) {
		s.altered[a.OID] = true
		if x.Default != "" && x.Generated == "" {
			s.add(phaseColumns, "%sALTER COLUMN %s DROP DEFAULT", alter, col)
		}
		if empty = s.replaced[x.TypeOID] && x.NotNull && y.NotNull && !inPrimaryKey(a, x.ID); empty {
			s.add(phaseColumns, "%sALTER COLUMN %s DROP NOT NULL", alter, col)
		}
		if catalog.CheckMergePolicy(x.Merge, y.Type) != nil {
			s.add(phaseColumns, "%sALTER COLUMN %s RESET (merge_policy)", alter, col)
		}
		s.add(phaseColumns, "%sALTER COLUMN %s TYPE %s USING %s", alter, col, s.to.columnType(y), s.conversion(x, y))
	}
	if err := s.value(ctx, a, b, x, y); err != nil {
		return err
	}
	if x.NotNull && !y.NotNull {
		s.add(phaseColumns, "%sALTER COLUMN %s DROP NOT NULL", alter, col)
	}
	if y.NotNull && (empty || !x.NotNull) {
		s.add(phaseNotNull, "%sALTER COLUMN %s SET NOT NULL", alter, col)
	}
	s.columnAttributes(b, x, y)
	return nil
}

// renameColumn renames a column; where another has the name, by way of a third.
func (s *script) renameColumn(a, b *catalog.Table, x, y *catalog.Column) {
	old, name := x.Name, s.to.name(&b.Header)
	if other := a.Column(y.Name); other != nil && !s.leaves(a, b, other) {
		old = fmt.Sprintf("rowan_rename_%d", x.ID)
		s.add(phaseCreate, "ALTER TABLE %s RENAME COLUMN %s TO %s", name, types.QuoteIdent(x.Name), old)
		s.add(phaseTables, "ALTER TABLE %s RENAME COLUMN %s TO %s", name, old, types.QuoteIdent(y.Name))
		return
	}
	s.add(phaseCreate, "ALTER TABLE %s RENAME COLUMN %s TO %s", name, types.QuoteIdent(old), types.QuoteIdent(y.Name))
}

// leaves reports whether a column of the first side is dropped.
func (s *script) leaves(a, b *catalog.Table, x *catalog.Column) bool {
	return slices.ContainsFunc(catalog.PairColumns(a, b), func(p pair[catalog.Column]) bool { return p.From == x && p.To == nil })
}

// newColumn adds a column with the value that rows from before it have; the rest of its definition follows the rows.
func (s *script) newColumn(ctx context.Context, b *catalog.Table, c *catalog.Column, last bool) error {
	alter, col := "ALTER TABLE "+s.to.name(&b.Header)+" ", types.QuoteIdent(c.Name)
	s.columnAttributes(b, &catalog.Column{}, c)
	if c.Generated != "" {
		text, err := s.to.column(ctx, b, c)
		at := phaseColumns
		if last { // rows may not be fit for it before they are changed
			at = phaseGenerated
		}
		s.add(at, "%sADD COLUMN %s", alter, text)
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
	retyped := a != nil && s.retyped(x, y)
	switch {
	case after != "" && (before != after || retyped):
		s.add(phaseOwned, "%sSET DEFAULT %s", alter, after)
	case before != "" && after == "" && !retyped: // it went before the type changed
		s.add(phaseColumns, "%sDROP DEFAULT", alter)
	}
	if x.Generated != "" && y.Generated == "" {
		s.add(phaseColumns, "%sDROP EXPRESSION", alter)
	}
	words := map[byte]string{'a': "ALWAYS", 'd': "BY DEFAULT"}
	switch {
	case x.Identity == y.Identity:
		s.identity(alter, x, y)
	case x.Identity == 0:
		s.add(phaseOwned, "%sADD GENERATED %s AS IDENTITY%s", alter, words[y.Identity], s.to.identityOptions(y))
		return s.identityPosition(ctx, b, y)
	case y.Identity == 0:
		s.add(phaseColumns, "%sDROP IDENTITY", alter)
	default:
		s.add(phaseOwned, "%sSET GENERATED %s", alter, words[y.Identity])
		s.identity(alter, x, y)
	}
	return nil
}

// identity changes the sequence behind an identity column as it differs.
func (s *script) identity(alter string, x, y *catalog.Column) {
	a, ok1 := s.from.snap.Object(x.Sequence).(*catalog.Sequence)
	b, ok2 := s.to.snap.Object(y.Sequence).(*catalog.Sequence)
	if !ok1 || !ok2 {
		return
	}
	var set []string
	for _, o := range []struct {
		word string
		a, b int64
	}{{"INCREMENT BY", a.Increment, b.Increment}, {"MINVALUE", a.Min, b.Min}, {"MAXVALUE", a.Max, b.Max}, {"START WITH", a.Start, b.Start}, {"CACHE", max(a.Cache, 1), max(b.Cache, 1)}} {
		if o.a != o.b && a.TypeOID == b.TypeOID {
			set = append(set, fmt.Sprintf("SET %s %d", o.word, o.b))
		}
	}
	if a.Cycle != b.Cycle {
		set = append(set, map[bool]string{true: "SET CYCLE", false: "SET NO CYCLE"}[b.Cycle])
	}
	if set != nil {
		s.add(phaseOwned, "%s%s", alter, strings.Join(set, " "))
	}
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
	if x.Storage != y.Storage && (y.Storage != 0 || x.TypeOID == y.TypeOID && s.storageWord(x) != s.storageWord(y)) {
		s.add(phaseAttributes, "ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s", table, col, s.storageWord(y))
	}
	if statistics(x) != statistics(y) {
		s.add(phaseAttributes, "ALTER TABLE %s ALTER COLUMN %s SET STATISTICS %d", table, col, statistics(y))
	}
	s.privileges(table, " ("+col+")", x.ACL, y.ACL)
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
			renamed := k.From != nil && k.To != nil && k.From.Name != k.To.Name
			if before == after && !renamed && !s.aside(a, b, k.From, k.To) {
				continue
			}
			if k.From != nil {
				s.add(phaseDropForeignKeys, "ALTER TABLE %s DROP CONSTRAINT %s", s.from.name(&a.Header), types.QuoteIdent(k.From.Name))
			}
			if k.To == nil {
				continue
			}
			if err := s.addConstraint(ctx, phaseForeignKeys, b, k.To); err != nil {
				return err
			}
			if k.To.Comment != "" {
				s.constraintComment(b, k.To)
			}
		}
	}
	return nil
}

// aside reports whether a foreign key must not hold while rows change: whenever those of either table do.
func (s *script) aside(a, b *catalog.Table, x, y *catalog.Constraint) bool {
	return s.rowsOf[a.OID] != nil || s.rowsOf[b.OID] != nil || s.rowsOf[x.RefTable] != nil || s.rowsOf[y.RefTable] != nil || s.altered[x.RefTable] || s.altered[a.OID]
}
