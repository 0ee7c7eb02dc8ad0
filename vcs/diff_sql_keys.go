package vcs

import (
	"context"
	"fmt"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

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
		same := (before == after || p.From != nil && p.To != nil && s.sameConstraint(a, b, p.From, p.To)) && !s.upset(a, p.From.Columns, p.From.Deps)
		if p.From != nil && !same {
			s.add(phaseDropConstraints, "ALTER TABLE %s DROP CONSTRAINT %s", s.from.name(&a.Header), types.QuoteIdent(p.From.Name))
		}
		if p.To != nil && !same {
			if err := s.addConstraint(ctx, phaseConstraints, b, p.To); err != nil {
				return err
			}
		}
		if same && p.From.Name != p.To.Name {
			s.add(phaseConstraints, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s", s.to.name(&b.Header), types.QuoteIdent(p.From.Name), types.QuoteIdent(p.To.Name))
		}
		if p.To != nil && (same && p.From.Comment != p.To.Comment || !same && p.To.Comment != "") {
			s.constraintComment(b, p.To)
		}
		if p.To != nil {
			s.keyComment(a, b, p, same)
		}
	}
	return nil
}

func either[T any](p pair[T]) *T {
	if p.To != nil {
		return p.To
	}
	return p.From
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

// keyComment writes the comment on the index of a constraint.
func (s *script) keyComment(a, b *catalog.Table, p pair[catalog.Constraint], same bool) {
	x, y := "", b.Index(p.To.Index)
	if same && a.Index(p.From.Index) != nil {
		x = a.Index(p.From.Index).Comment
	}
	if y != nil && x != y.Comment {
		s.indexComment(b, y)
	}
}

func (s *script) indexes(ctx context.Context, a, b *catalog.Table) error {
	for _, p := range matchIndexes(a, b) {
		before, after, err := bothTexts(p, func(x *catalog.Index) (string, error) { return s.from.index(ctx, x) },
			func(x *catalog.Index) (string, error) { return s.to.index(ctx, x) })
		if err != nil {
			return err
		}
		if p.From != nil && p.To != nil && s.sameIndex(a, b, p, before, after) {
			if p.From.Name != p.To.Name {
				s.renameIndex(a, b, p)
			}
			if p.From.Comment != p.To.Comment {
				s.indexComment(b, p.To)
			}
			continue
		}
		if p.From != nil {
			s.add(phaseDropConstraints, "DROP INDEX %s", qualifiedIdent(s.from.snap.SchemaName(a.Schema), p.From.Name))
		}
		if p.To != nil {
			if err := s.newIndexes(ctx, b, []*catalog.Index{p.To}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameIndex reports whether an index stays, be it under another name or on a table that has another one.
func (s *script) sameIndex(a, b *catalog.Table, p pair[catalog.Index], before, after string) bool {
	cut := func(text, index, table string) string {
		return strings.Replace(text, " "+types.QuoteIdent(index)+" ON "+table+" ", " ON ", 1)
	}
	return cut(before, p.From.Name, s.from.name(&a.Header)) == cut(after, p.To.Name, s.to.name(&b.Header)) && !s.upsetIndex(a, p.From)
}

// renameIndex gives an index its new name, by way of a third where another index has it.
func (s *script) renameIndex(a, b *catalog.Table, p pair[catalog.Index]) {
	schema, old := s.to.snap.SchemaName(b.Schema), p.From.Name
	for _, x := range a.Indexes {
		if x.Name == p.To.Name {
			old = fmt.Sprintf("rowan_rename_%d", p.From.OID)
			s.add(phaseTypes, "ALTER INDEX %s RENAME TO %s", qualifiedIdent(s.schemaBefore(a.Schema), p.From.Name), old)
			schema = s.schemaBefore(a.Schema)
		}
	}
	if s.schemaBefore(a.Schema) != schema && old != p.From.Name {
		schema = s.to.snap.SchemaName(b.Schema)
	}
	s.add(phaseIndexes, "ALTER INDEX %s RENAME TO %s", qualifiedIdent(schema, old), types.QuoteIdent(p.To.Name))
}
