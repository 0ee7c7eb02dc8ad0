package vcs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// phase is when a statement of a script runs: what is needed comes before what needs it.
type phase int

// The phases.
const (
	phaseStart phase = iota
	phaseDropTriggers
	phaseDropViews
	phaseDropForeignKeys
	phaseDropConstraints
	phaseDropFunctions
	phaseDeleteRows
	phaseDropTables
	phaseDropGenerated
	phaseRename
	phaseSchemas
	phaseCreate
	phaseTypes
	phaseTables
	phaseTableFunctions
	phaseColumns
	phaseDropColumns
	phaseUpdateRows
	phaseInsertRows
	phaseGenerated
	phaseNotNull
	phaseConstraints
	phaseIndexes
	phaseForeignKeys
	phaseOwned
	phaseViews
	phaseTriggers
	phaseDrop
	phaseDropSchemas
	phaseAttributes
	phases
)

// script makes the statements that turn one side into the other.
type script struct {
	conn     Conn
	from, to *schemaSide
	pairs    []objectPair
	stmts    [phases][]string
	altered  map[catalog.OID]bool // what views of the first side need and miss, or have otherwise: tables, functions, types
	replaced map[catalog.OID]bool // types of the first side, and the arrays of them, that no ALTER TYPE makes those of the second
	anew     map[catalog.OID]bool // objects of the first side that are dropped and made again: types and functions
	lost     map[catalog.Dep]bool // columns of the first side that are dropped and added
	turned   map[catalog.Dep]bool // columns of the first side that have another type on the second
	rowsOf   map[catalog.OID]*rowChange
	redo     map[catalog.OID]bool         // views, and functions that need them, that are made anew, or dropped
	late     []*catalog.Function          // those of the second side that are made with the views
	refill   map[*catalog.Constraint]bool // foreign keys, of the second side, that are put back after the rows
}

// diffSQL is rowan.diff_sql(from, to).
func diffSQL(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, done, err := openSides(ctx, c, text(a[0]), text(a[1]))
	if err != nil {
		return err
	}
	defer done()
	s := &script{conn: c, from: from, to: to, pairs: matchObjects(from, to), altered: map[catalog.OID]bool{}, replaced: map[catalog.OID]bool{},
		anew: map[catalog.OID]bool{}, lost: map[catalog.Dep]bool{}, turned: map[catalog.Dep]bool{}, rowsOf: map[catalog.OID]*rowChange{},
		refill: map[*catalog.Constraint]bool{}}
	s.replacedTypes()
	if err := s.write(ctx); err != nil {
		return err
	}
	n := int64(0)
	for _, list := range s.stmts {
		for _, stmt := range list {
			if n++; !yield([]types.Datum{types.Int(n), types.String(stmt + ";")}) {
				return nil
			}
		}
	}
	return nil
}

func (s *script) put(p phase, stmt string) { s.stmts[p] = append(s.stmts[p], stmt) }

func (s *script) add(p phase, format string, args ...any) { s.put(p, fmt.Sprintf(format, args...)) }

func (s *script) write(ctx context.Context) error {
	steps := []func(context.Context) error{s.objects, s.tables, s.rows, s.foreignKeys, s.views, s.triggers, s.attributes}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, list := range s.stmts {
		for _, x := range list {
			if strings.HasPrefix(x, "CREATE OR REPLACE") {
				s.add(phaseStart, "SET check_function_bodies = off")
				return nil
			}
		}
	}
	return nil
}

// objects writes what is no table and no view.
func (s *script) objects(ctx context.Context) error {
	for _, p := range s.pairs {
		if p.from == p.to && !s.needsReplaced(p.from) {
			continue
		}
		switch p.either().(type) {
		case *catalog.Table, *catalog.View:
			continue
		}
		if err := s.object(ctx, p); err != nil {
			return err
		}
	}
	slices.Reverse(s.stmts[phaseDrop]) // what was made last goes first
	return nil
}

func (s *script) object(ctx context.Context, p objectPair) error {
	kind := strings.ToUpper(catalog.KindName(p.either()))
	if p.to == nil {
		s.dropObject(kind, p.from)
		return nil
	}
	after, err := s.to.definition(ctx, p.to)
	if err != nil {
		return err
	}
	if p.from == nil {
		s.newObject(p.to, after)
		if q, ok := p.to.(*catalog.Sequence); ok {
			return s.position(ctx, q, types.QuoteLiteral(s.to.name(&q.Header)))
		}
		return nil
	}
	before, err := s.from.definition(ctx, p.from)
	if err != nil {
		return err
	}
	switch t := p.to.(type) {
	case *catalog.Function:
		s.function(kind, p, t, before, after)
		return nil
	case *catalog.UserType:
		return s.userType(ctx, kind, p, after)
	}
	s.rename(kind, p)
	if t, ok := p.to.(*catalog.Sequence); ok {
		s.sequence(p.from.(*catalog.Sequence), t)
	}
	return nil
}

func (s *script) dropObject(kind string, o catalog.Object) {
	at := phaseDrop
	switch x := o.(type) {
	case *catalog.Schema:
		at = phaseDropSchemas
	case *catalog.Sequence:
		if x.OwnerTable != 0 && s.to.snap.Object(x.OwnerTable) == nil {
			return // it goes with its table
		}
	case *catalog.Function:
		if s.needsReplaced(x) || s.makesWay(x) || s.ofLostRows(x) {
			s.anew[x.OID], s.altered[x.OID] = true, true
			at = phaseDropFunctions
		}
	}
	s.add(at, "DROP %s IF EXISTS %s", kind, s.from.signature(o))
}

func (s *script) newObject(o catalog.Object, definition string) {
	switch x := o.(type) {
	case *catalog.Function:
		s.makeFunction(x, definition)
		return
	case *catalog.Schema:
		s.put(phaseSchemas, definition) // before what is older and moves there
		return
	case *catalog.Sequence:
		if x.OwnerTable != 0 {
			s.owned(x)
		}
		s.sequencePolicy(&catalog.Sequence{}, x)
	}
	s.put(phaseCreate, definition)
}

func (s *script) sequence(a, b *catalog.Sequence) {
	if x, y := s.from.sequenceOptions(a), s.to.sequenceOptions(b); x != y {
		s.add(phaseTypes, "ALTER SEQUENCE %s%s", s.to.name(&b.Header), y)
	}
	if (a.OwnerTable != b.OwnerTable || a.OwnerColumn != b.OwnerColumn) && s.from.owner(a) != s.to.owner(b) {
		s.owned(b)
	}
	s.sequencePolicy(a, b)
}

func (s *script) sequencePolicy(a, b *catalog.Sequence) {
	if a.Policy != b.Policy || a.Block != b.Block {
		s.add(phaseAttributes, "SELECT rowan.set_sequence_policy(%s, %s)", types.QuoteLiteral(s.to.name(&b.Header)), policyText(b))
	}
}

// position lets a sequence that the script makes go on where it is on the second side; name is an expression.
func (s *script) position(ctx context.Context, q *catalog.Sequence, name string) error {
	if q == nil || !readable(s.conn, q) {
		return nil
	}
	last, err := s.to.value(ctx, "SELECT pg_catalog.concat(last_value) FROM "+s.to.name(&q.Header)+" WHERE is_called")
	if err == nil && last != "" {
		s.add(phaseAttributes, "SELECT pg_catalog.setval(%s, %s)", name, last)
	}
	return err
}

// identityPosition is position for the sequence of an identity column.
func (s *script) identityPosition(ctx context.Context, t *catalog.Table, c *catalog.Column) error {
	q, _ := s.to.snap.Object(c.Sequence).(*catalog.Sequence)
	if c.Identity == 0 {
		return nil
	}
	return s.position(ctx, q, fmt.Sprintf("pg_catalog.pg_get_serial_sequence(%s, %s)", types.QuoteLiteral(s.to.name(&t.Header)), types.QuoteLiteral(c.Name)))
}

// policyText is a sequence's policy as rowan.set_sequence_policy takes it.
func policyText(q *catalog.Sequence) string {
	switch q.Policy {
	case catalog.SequenceShared:
		return "'shared'"
	case catalog.SequenceBlock:
		return fmt.Sprintf("'block', block => %d", q.Block)
	}
	return types.QuoteLiteral(q.Policy)
}

// owned says which column a sequence belongs to.
func (s *script) owned(q *catalog.Sequence) {
	if column := s.to.owner(q); column != "" {
		s.add(phaseOwned, "ALTER SEQUENCE %s OWNED BY %s", s.to.name(&q.Header), column)
	}
}

// owner names the column that a sequence belongs to, NONE where it is none.
func (s *schemaSide) owner(q *catalog.Sequence) string {
	t, ok := s.snap.Object(q.OwnerTable).(*catalog.Table)
	if !ok {
		if q.OwnerTable == 0 {
			return "NONE"
		}
		return ""
	}
	if c := t.ColumnByID(q.OwnerColumn); c != nil {
		return s.name(&t.Header) + "." + types.QuoteIdent(c.Name)
	}
	return ""
}

// rename gives an object its new name and schema; where another still has the name, by way of a third.
func (s *script) rename(kind string, p objectPair) {
	a, b := p.from.Head(), p.to.Head()
	args := ""
	if f, ok := p.from.(*catalog.Function); ok {
		args = s.from.arguments(f)
	}
	if a.Schema != 0 && s.from.snap.SchemaName(a.Schema) != s.to.snap.SchemaName(b.Schema) {
		s.add(phaseCreate, "ALTER %s %s.%s%s SET SCHEMA %s", kind, types.QuoteIdent(s.schemaBefore(a.Schema)), types.QuoteIdent(a.Name), args, types.QuoteIdent(s.to.snap.SchemaName(b.Schema)))
		if a.Name != b.Name {
			s.add(phaseCreate, "ALTER %s %s.%s%s RENAME TO %s", kind, types.QuoteIdent(s.to.snap.SchemaName(b.Schema)), types.QuoteIdent(a.Name), args, types.QuoteIdent(b.Name))
		}
		return
	}
	if a.Name == b.Name {
		return
	}
	old, schema := a.Name, ""
	if a.Schema != 0 {
		schema = types.QuoteIdent(s.schemaBefore(a.Schema)) + "."
	}
	for _, o := range own(s.from) {
		if o.Head().Name == b.Name && o.Head().Schema == a.Schema && s.to.snap.Object(o.Head().OID) != nil {
			temporary := fmt.Sprintf("rowan_rename_%d", a.OID)
			s.stmts[phaseRename] = slices.Insert(s.stmts[phaseRename], 0, fmt.Sprintf("ALTER %s %s%s%s RENAME TO %s", kind, schema, types.QuoteIdent(old), args, temporary))
			old = temporary
			break
		}
	}
	s.add(phaseRename, "ALTER %s %s%s%s RENAME TO %s", kind, schema, types.QuoteIdent(old), args, types.QuoteIdent(b.Name))
}

// schemaBefore is a schema's name by the time that objects are renamed: schemas, being older, have been.
func (s *script) schemaBefore(id catalog.OID) string {
	if n := s.to.snap.SchemaName(id); n != "" {
		return n
	}
	return s.from.snap.SchemaName(id)
}
