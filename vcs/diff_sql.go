package vcs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
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
	phaseDeleteRows
	phaseDropTables
	phaseRename
	phaseCreate
	phaseTables
	phaseColumns
	phaseDropColumns
	phaseUpdateRows
	phaseInsertRows
	phaseNotNull
	phaseConstraints
	phaseIndexes
	phaseForeignKeys
	phaseOwned
	phaseViews
	phaseTriggers
	phaseDrop
	phaseAttributes
	phases
)

// script makes the statements that turn one side into the other.
type script struct {
	conn     Conn
	from, to *schemaSide
	pairs    []objectPair
	stmts    [phases][]string
	altered  map[catalog.OID]bool // tables of the first side whose columns views may miss, or have otherwise
	rowsOf   map[catalog.OID]*rowChange
	redo     map[catalog.OID]bool         // views that are made anew, or dropped
	refill   map[*catalog.Constraint]bool // foreign keys, of the second side, that are put back after the rows
}

// diffSQL is rowan.diff_sql(from, to).
func diffSQL(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, done, err := openSides(ctx, c, text(a[0]), text(a[1]))
	if err != nil {
		return err
	}
	defer done()
	s := &script{conn: c, from: from, to: to, pairs: matchObjects(from, to), altered: map[catalog.OID]bool{}, rowsOf: map[catalog.OID]*rowChange{},
		refill: map[*catalog.Constraint]bool{}}
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
	steps := []func(context.Context) error{s.objects, s.tables, s.rows, s.foreignKeys, s.views, s.triggers}
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
		if p.from == p.to {
			continue
		}
		if err := s.attributes(p); err != nil {
			return err
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
	kind := strings.ToUpper(kindName(p.either()))
	if p.to == nil {
		if q, ok := p.from.(*catalog.Sequence); !ok || s.to.snap.Object(q.OwnerTable) != nil || q.OwnerTable == 0 {
			s.add(phaseDrop, "DROP %s IF EXISTS %s", kind, s.signature(s.from, p.from))
		}
		return nil
	}
	after, err := s.to.definition(ctx, p.to)
	if err != nil {
		return err
	}
	q, isSequence := p.to.(*catalog.Sequence)
	if p.from == nil {
		s.add(phaseCreate, "%s", after)
		if isSequence {
			s.owned(q)
		}
		return nil
	}
	s.rename(kind, p)
	before, err := s.from.definition(ctx, p.from)
	if err != nil {
		return err
	}
	switch t := p.to.(type) {
	case *catalog.Function:
		if before != after {
			s.add(phaseCreate, "%s", after)
		}
	case *catalog.Sequence:
		old := p.from.(*catalog.Sequence)
		if a, b := s.from.sequenceOptions(old), s.to.sequenceOptions(t); a != b {
			s.add(phaseCreate, "ALTER SEQUENCE %s%s", s.to.name(&t.Header), b)
		}
		if old.OwnerTable != t.OwnerTable || old.OwnerColumn != t.OwnerColumn {
			s.owned(t)
		}
	case *catalog.UserType:
		return s.userType(p.from.(*catalog.UserType), t, before, after)
	}
	return nil
}

func (s *script) signature(side *schemaSide, o catalog.Object) string {
	f, ok := o.(*catalog.Function)
	if !ok {
		return side.name(o.Head())
	}
	var args []string
	for i, t := range f.ArgTypes {
		if i < len(f.ArgModes) && (f.ArgModes[i] == 'o' || f.ArgModes[i] == 't') {
			continue
		}
		args = append(args, side.typeName(types.Of(side.snap.TypeByOID(t))))
	}
	return side.name(&f.Header) + "(" + strings.Join(args, ", ") + ")"
}

// owned says which column a sequence belongs to.
func (s *script) owned(q *catalog.Sequence) {
	t, ok := s.to.snap.Object(q.OwnerTable).(*catalog.Table)
	if !ok {
		if q.OwnerTable == 0 {
			s.add(phaseOwned, "ALTER SEQUENCE %s OWNED BY NONE", s.to.name(&q.Header))
		}
		return
	}
	if c := t.ColumnByID(q.OwnerColumn); c != nil {
		s.add(phaseOwned, "ALTER SEQUENCE %s OWNED BY %s.%s", s.to.name(&q.Header), s.to.name(&t.Header), types.QuoteIdent(c.Name))
	}
}

// rename gives an object its new name and schema; where another still has the name, by way of a third.
func (s *script) rename(kind string, p objectPair) {
	a, b := p.from.Head(), p.to.Head()
	if a.Schema != 0 && s.from.snap.SchemaName(a.Schema) != s.to.snap.SchemaName(b.Schema) {
		s.add(phaseCreate, "ALTER %s %s.%s SET SCHEMA %s", kind, types.QuoteIdent(s.schemaBefore(a.Schema)), types.QuoteIdent(a.Name), types.QuoteIdent(s.to.snap.SchemaName(b.Schema)))
		if a.Name != b.Name {
			s.add(phaseCreate, "ALTER %s %s.%s RENAME TO %s", kind, types.QuoteIdent(s.to.snap.SchemaName(b.Schema)), types.QuoteIdent(a.Name), types.QuoteIdent(b.Name))
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
			s.stmts[phaseRename] = slices.Insert(s.stmts[phaseRename], 0, fmt.Sprintf("ALTER %s %s%s RENAME TO %s", kind, schema, types.QuoteIdent(old), temporary))
			old = temporary
			break
		}
	}
	s.add(phaseRename, "ALTER %s %s%s RENAME TO %s", kind, schema, types.QuoteIdent(old), types.QuoteIdent(b.Name))
}

// schemaBefore is a schema's name by the time that objects are renamed: schemas, being older, have been.
func (s *script) schemaBefore(id catalog.OID) string {
	if n := s.to.snap.SchemaName(id); n != "" {
		return n
	}
	return s.from.snap.SchemaName(id)
}

func (s *script) userType(a, b *catalog.UserType, before, after string) error {
	if before == after || strings.Replace(before, s.from.name(&a.Header), s.to.name(&b.Header), 1) == after {
		return nil
	}
	name := s.to.name(&b.Header)
	if a.Kind == types.KindEnum && b.Kind == types.KindEnum && s.labels(name, a, b) {
		return nil
	}
	return pgerr.Unsupported(fmt.Sprintf("a script that changes type %s", name)).WithDetail("It is %s on one side, and %s on the other.", before, after)
}

// labels adds and renames the labels of an enum; false: some are gone, or stand in another order.
func (s *script) labels(name string, a, b *catalog.UserType) bool {
	var add []string
	at := 0
	for i, l := range b.Labels {
		if at < len(a.Labels) && (a.Labels[at].OID == l.OID || a.Labels[at].Name == l.Name) {
			if old := a.Labels[at].Name; old != l.Name {
				add = append(add, fmt.Sprintf("ALTER TYPE %s RENAME VALUE %s TO %s", name, types.QuoteLiteral(old), types.QuoteLiteral(l.Name)))
			}
			at++
			continue
		}
		where := ""
		if i > 0 {
			where = " AFTER " + types.QuoteLiteral(b.Labels[i-1].Name)
		} else if len(a.Labels) > 0 {
			where = " BEFORE " + types.QuoteLiteral(a.Labels[0].Name)
		}
		add = append(add, fmt.Sprintf("ALTER TYPE %s ADD VALUE %s%s", name, types.QuoteLiteral(l.Name), where))
	}
	if at < len(a.Labels) {
		return false
	}
	for _, x := range add {
		s.add(phaseCreate, "%s", x)
	}
	return true
}

// views makes those anew that differ, and those that stand on tables or views which do.
func (s *script) views(ctx context.Context) error {
	redo := map[catalog.OID]bool{}
	s.redo = redo
	for again := true; again; {
		again = false
		for _, p := range s.pairs {
			a, ok1 := p.from.(*catalog.View)
			b, ok2 := p.to.(*catalog.View)
			if !ok1 && !ok2 || redo[p.either().Head().OID] {
				continue
			}
			must, err := s.mustRedo(ctx, a, b, redo)
			if err != nil {
				return err
			}
			if must {
				redo[p.either().Head().OID], again = true, true
			}
		}
	}
	var drop, create []*catalog.View
	for _, p := range s.pairs {
		if a, ok := p.from.(*catalog.View); ok && redo[p.either().Head().OID] {
			drop = append(drop, a)
		}
		if b, ok := p.to.(*catalog.View); ok && redo[p.either().Head().OID] {
			create = append(create, b)
		}
	}
	for _, v := range slices.Backward(byDependency(drop)) {
		s.add(phaseDropViews, "DROP VIEW %s", s.from.name(&v.Header))
	}
	for _, v := range byDependency(create) {
		text, err := s.to.definition(ctx, v)
		if err != nil {
			return err
		}
		s.add(phaseViews, "%s", text)
		if v.Comment != "" {
			s.add(phaseAttributes, "COMMENT ON VIEW %s IS %s", s.to.name(&v.Header), types.QuoteLiteral(v.Comment))
		}
	}
	return nil
}

func (s *script) mustRedo(ctx context.Context, a, b *catalog.View, redo map[catalog.OID]bool) (bool, error) {
	if a == nil || b == nil {
		return true, nil
	}
	for _, d := range a.Deps {
		if redo[d.Object] || s.altered[d.Object] {
			return true, nil
		}
	}
	if a == b {
		return false, nil
	}
	before, err := s.from.definition(ctx, a)
	if err != nil {
		return false, err
	}
	after, err := s.to.definition(ctx, b)
	return before != after, err
}

// byDependency orders views so that each comes after those that it reads.
func byDependency(list []*catalog.View) []*catalog.View {
	var out []*catalog.View
	done := map[catalog.OID]bool{}
	var visit func(v *catalog.View)
	visit = func(v *catalog.View) {
		if done[v.OID] {
			return
		}
		done[v.OID] = true
		for _, d := range v.Deps {
			for _, w := range list {
				if w.OID == d.Object {
					visit(w)
				}
			}
		}
		out = append(out, v)
	}
	for _, v := range list {
		visit(v)
	}
	return out
}

// attributes writes owner, comment and privileges.
func (s *script) attributes(p objectPair) error {
	if p.to == nil {
		return nil
	}
	b := p.to.Head()
	what := strings.ToUpper(kindName(p.to)) + " " + s.signature(s.to, p.to)
	a := &catalog.Header{Owner: b.Owner}
	if p.from != nil {
		a = p.from.Head()
	}
	if _, isView := p.to.(*catalog.View); !isView && a.Comment != b.Comment {
		s.comment(what, b.Comment)
	}
	if a.Owner != b.Owner {
		s.add(phaseAttributes, "ALTER %s OWNER TO %s", what, s.to.role(b.Owner))
	}
	on := what
	switch p.to.(type) {
	case *catalog.Table, *catalog.View:
		on = s.to.name(b)
	}
	s.privileges(on, "", a.ACL, b.ACL, b.Owner)
	return nil
}

func (s *script) comment(what, comment string) {
	value := "NULL"
	if comment != "" {
		value = types.QuoteLiteral(comment)
	}
	s.add(phaseAttributes, "COMMENT ON %s IS %s", what, value)
}

var privilegeWords = map[byte]string{'a': "INSERT", 'r': "SELECT", 'w': "UPDATE", 'd': "DELETE", 'D': "TRUNCATE", 'x': "REFERENCES", 't': "TRIGGER",
	'X': "EXECUTE", 'U': "USAGE", 'C': "CREATE"}

// privileges grants what one list has more than the other, and revokes what it has less. columns is " (name)" for those of
// a column.
func (s *script) privileges(on, columns string, a, b []catalog.Grant, owner catalog.OID) {
	has := func(list []catalog.Grant, role catalog.OID, letter byte) (granted, grantable bool) {
		for _, g := range list {
			if g.Grantee == role && strings.IndexByte(g.Privileges, letter) >= 0 {
				granted = true
				grantable = grantable || strings.IndexByte(g.Grantable, letter) >= 0
			}
		}
		return granted, grantable
	}
	each := func(list, other []catalog.Grant, f func(role catalog.OID, letter byte, grantable bool)) {
		for _, g := range list {
			for i := range len(g.Privileges) {
				letter := g.Privileges[i]
				x, grantable := has(list, g.Grantee, letter)
				y, otherwise := has(other, g.Grantee, letter)
				if x != y || grantable != otherwise {
					f(g.Grantee, letter, grantable)
				}
			}
		}
	}
	if a == nil && b != nil {
		a = []catalog.Grant{{Grantee: owner, Privileges: letters(b, owner)}}
	}
	each(a, b, func(role catalog.OID, letter byte, _ bool) {
		s.add(phaseAttributes, "REVOKE %s%s ON %s FROM %s", privilegeWords[letter], columns, on, s.from.role(role))
	})
	each(b, a, func(role catalog.OID, letter byte, grantable bool) {
		option := ""
		if grantable {
			option = " WITH GRANT OPTION"
		}
		s.add(phaseAttributes, "GRANT %s%s ON %s TO %s%s", privilegeWords[letter], columns, on, s.to.role(role), option)
	})
}

// letters are the privileges that a role has in a list.
func letters(list []catalog.Grant, role catalog.OID) string {
	for _, g := range list {
		if g.Grantee == role {
			return g.Privileges
		}
	}
	return ""
}
