package vcs

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// columns changes those that stay, then adds the new ones in their order, and with them generated ones that are made anew.
func (s *script) columns(ctx context.Context, a, b *catalog.Table) error {
	fresh, moved := map[catalog.ColumnID]bool{}, misplaced(a, b)
	for _, p := range catalog.PairColumns(a, b) {
		if p.To == nil && p.From.Generated != "" { // before what it is made of
			s.altered[a.OID] = true
			s.add(phaseDropGenerated, "ALTER TABLE %s DROP COLUMN %s", s.from.name(&a.Header), types.QuoteIdent(p.From.Name))
		}
		if p.From != nil && p.To != nil {
			again, err := s.remade(ctx, a, b, p)
			if err != nil {
				return err
			}
			if moved[p.To.ID] {
				s.disown(a, p.From)
			} else if !again {
				continue
			}
			s.altered[a.OID] = true
			s.lost[catalog.Dep{Object: a.OID, Column: p.From.ID}] = true
			s.add(phaseDropGenerated, "ALTER TABLE %s DROP COLUMN %s", s.from.name(&a.Header), types.QuoteIdent(p.From.Name))
			fresh[p.To.ID] = true
		}
		if p.From == nil {
			fresh[p.To.ID] = true
		}
	}
	for _, p := range catalog.PairColumns(a, b) {
		if p.From == nil || p.To != nil && fresh[p.To.ID] || p.To == nil && p.From.Generated != "" {
			continue
		}
		if err := s.column(ctx, a, b, p); err != nil {
			return err
		}
	}
	live := b.Live()
	for i, c := range live {
		if !fresh[c.ID] {
			continue
		}
		last := !slices.ContainsFunc(live[i+1:], func(d *catalog.Column) bool { return fresh[d.ID] && d.Generated == "" })
		if err := s.newColumn(ctx, b, c, last); err != nil {
			return err
		}
	}
	return nil
}

// misplaced finds the columns that were dropped and made anew and stand behind others since: they are dropped and added.
func misplaced(a, b *catalog.Table) map[catalog.ColumnID]bool {
	if a.OID != b.OID {
		return nil
	}
	before, live := map[catalog.ColumnID]*catalog.Column{}, a.Live()
	for _, p := range catalog.PairColumns(a, b) {
		if p.To != nil {
			before[p.To.ID] = p.From
		}
	}
	out := map[catalog.ColumnID]bool{}
	last := -1 // place of the last column so far; those that are added come after all
	for _, y := range b.Live() {
		x := before[y.ID]
		at := slices.Index(live, x)
		switch {
		case x == nil:
			last = len(live)
		case x.ID != y.ID && at < last:
			out[y.ID], last = true, len(live)
		default:
			last = max(last, at)
		}
	}
	return out
}

// disown keeps sequences of a column that is dropped and added.
func (s *script) disown(a *catalog.Table, x *catalog.Column) {
	for _, p := range s.pairs {
		from, ok1 := p.from.(*catalog.Sequence)
		to, ok2 := p.to.(*catalog.Sequence)
		if ok1 && ok2 && from.OwnerTable == a.OID && from.OwnerColumn == x.ID {
			s.add(phaseDropConstraints, "ALTER SEQUENCE %s OWNED BY NONE", s.from.name(&from.Header))
			s.owned(to)
		}
	}
}

// remade reports whether a column that stays must be dropped and added: it becomes a generated one, is computed otherwise, or of
// what has another type. Columns that it needs and that have another type are noted.
func (s *script) remade(ctx context.Context, a, b *catalog.Table, p pair[catalog.Column]) (bool, error) {
	if s.retyped(p.From, p.To) {
		s.turned[catalog.Dep{Object: a.OID, Column: p.From.ID}] = true
	}
	if p.To.Generated == "" {
		return false, nil
	}
	if p.From.Generated == "" || s.retyped(p.From, p.To) {
		return true, nil
	}
	for _, d := range p.From.Deps {
		if s.anew[d.Object] || d.Object == a.OID && s.turns(a, b, d.Column) {
			return true, nil
		}
	}
	before, err := s.from.expr(ctx, p.From.Generated, a.OID)
	if err != nil {
		return false, err
	}
	after, err := s.to.expr(ctx, p.To.Generated, b.OID)
	return before != after && !sameColumns(a, b, p), err
}

// sameColumns reports whether an expression differs in nothing but names of columns: it is kept as it was written where it was not changed.
func sameColumns(a, b *catalog.Table, p pair[catalog.Column]) bool {
	return a.OID == b.OID && p.From.ID == p.To.ID && p.From.Generated == p.To.Generated
}

// turns reports whether a column of the first side has another type on the second.
func (s *script) turns(a, b *catalog.Table, id catalog.ColumnID) bool {
	x := a.ColumnByID(id)
	for _, p := range catalog.PairColumns(a, b) {
		if p.From == x && p.To != nil {
			return s.retyped(p.From, p.To)
		}
	}
	return false
}

// upset reports whether something needs a column that is dropped and added, or has another type, or what else is made anew.
func (s *script) upset(a *catalog.Table, columns []catalog.ColumnID, deps []catalog.Dep) bool {
	bad := func(d catalog.Dep) bool { return s.lost[d] || s.anew[d.Object] || deps != nil && s.turned[d] }
	for _, id := range columns {
		if bad(catalog.Dep{Object: a.OID, Column: id}) {
			return true
		}
	}
	return slices.ContainsFunc(deps, bad)
}

// upsetIndex is upset for an index: what its expressions and its condition need counts.
func (s *script) upsetIndex(a *catalog.Table, ix *catalog.Index) bool {
	ids := slices.Clone(ix.Include)
	for _, k := range ix.Columns {
		ids = append(ids, k.Column)
	}
	for _, id := range append(ids, ix.Predicate) {
		if s.lost[catalog.Dep{Object: a.OID, Column: id}] {
			return true
		}
		if c := a.ColumnByID(id); id != 0 && c != nil && c.Hidden != "" && s.upset(a, nil, append([]catalog.Dep{{}}, c.Deps...)) {
			return true
		}
	}
	return false
}

func inPrimaryKey(t *catalog.Table, id catalog.ColumnID) bool {
	pk := t.PrimaryIndex()
	return pk != nil && slices.ContainsFunc(pk.Columns, func(k catalog.IndexColumn) bool { return k.Column == id })
}

// statistics is a column's target as ALTER COLUMN … SET STATISTICS has it.
func statistics(c *catalog.Column) int32 {
	if c.Statistics == 0 {
		return -1
	}
	return c.Statistics
}

var storageWords = map[byte]string{'p': "PLAIN", 'e': "EXTERNAL", 'm': "MAIN", 'x': "EXTENDED"}

// storageWord is how a column's values are kept, the usual way of its type where nothing was said.
func (s *script) storageWord(c *catalog.Column) string {
	if w := storageWords[c.Storage]; w != "" {
		return w
	}
	switch d := s.to.typeOf(c).Def; {
	case c.TypeOID == types.OIDNumeric:
		return "MAIN"
	case d != nil && d.Len >= 0:
		return "PLAIN"
	}
	return "EXTENDED"
}

// kept writes what a table keeps for others: what its deleted rows are known by, and the index that it is ordered by.
func (s *script) kept(a, b *catalog.Table) {
	name := s.to.name(&b.Header)
	if x, y := replicaIdentity(a), replicaIdentity(b); x != y {
		s.add(phaseAttributes, "ALTER TABLE %s REPLICA IDENTITY %s", name, y)
	}
	x, y := clustered(a), clustered(b)
	switch {
	case y == nil && x != nil:
		s.add(phaseAttributes, "ALTER TABLE %s SET WITHOUT CLUSTER", name)
	case y != nil && (x == nil || x.OID != y.OID):
		s.add(phaseAttributes, "ALTER TABLE %s CLUSTER ON %s", name, types.QuoteIdent(y.Name))
	}
}

func replicaIdentity(t *catalog.Table) string {
	switch t.Replident {
	case 'f':
		return "FULL"
	case 'n':
		return "NOTHING"
	}
	return "DEFAULT"
}

func clustered(t *catalog.Table) *catalog.Index {
	for _, ix := range t.Indexes {
		if ix.Clustered {
			return ix
		}
	}
	return nil
}
