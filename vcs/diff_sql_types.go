package vcs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

// replacedTypes finds the types that ALTER cannot make what they are on the second side, and those that are made of them: they
// are put aside, made anew, and the columns of them converted.
func (s *script) replacedTypes() {
	for again := true; again; {
		again = false
		for _, p := range s.pairs {
			a, ok1 := p.from.(*catalog.UserType)
			b, ok2 := p.to.(*catalog.UserType)
			if !ok1 || !ok2 || s.replaced[a.OID] {
				continue
			}
			if !s.alterable(a, b) {
				s.replaced[a.OID], s.altered[a.OID], s.anew[a.OID], again = true, true, true, true
				if a.Array != 0 {
					s.replaced[a.Array] = true
				}
			}
		}
	}
}

// alterable reports whether ALTER can make one type the other.
func (s *script) alterable(a, b *catalog.UserType) bool {
	if a.Kind != b.Kind || s.replaced[a.Base] || a.Base != b.Base && s.from.typeText(a.Base) != s.to.typeText(b.Base) || a.Mod != b.Mod {
		return false
	}
	for i := range a.Fields {
		if s.replaced[a.Fields[i].TypeOID] {
			return false
		}
	}
	switch a.Kind {
	case types.KindDomain:
		return true
	case types.KindEnum:
		return s.labels("", a, b) != nil || len(a.Labels) == len(b.Labels) && sameLabels(a, b)
	}
	return slices.EqualFunc(a.Fields, b.Fields, s.sameField)
}

// sameField compares fields of a composite type. A type that has another name now is the same.
func (s *script) sameField(x, y catalog.Column) bool {
	return x.Name == y.Name && x.Mod == y.Mod && (x.TypeOID == y.TypeOID || s.from.typeText(x.TypeOID) == s.to.typeText(y.TypeOID))
}

// typeText is what a type is called; "" for none.
func (s *schemaSide) typeText(id catalog.OID) string {
	if d := s.snap.TypeByOID(id); d != nil {
		return s.typeName(types.Of(d))
	}
	return ""
}

func sameLabels(a, b *catalog.UserType) bool {
	return slices.EqualFunc(a.Labels, b.Labels, func(x, y types.Label) bool { return x.Name == y.Name })
}

// needsReplaced reports whether an object's definition names a type that is made anew.
func (s *script) needsReplaced(o catalog.Object) bool {
	if len(s.replaced) == 0 {
		return false
	}
	has := func(t catalog.OID) bool { return s.replaced[t] }
	switch o := o.(type) {
	case *catalog.Function:
		return has(o.Returns) || slices.ContainsFunc(o.ArgTypes, has)
	case *catalog.UserType:
		return has(o.OID)
	case *catalog.Table:
		return slices.ContainsFunc(o.Live(), func(c *catalog.Column) bool { return has(c.TypeOID) })
	}
	return false
}

// userType alters a type that is on both sides, or makes it anew; the old one stands aside until nothing is of it any more.
func (s *script) userType(ctx context.Context, kind string, p objectPair, after string) error {
	a, b := p.from.(*catalog.UserType), p.to.(*catalog.UserType)
	if s.replaced[a.OID] {
		aside := fmt.Sprintf("rowan_old_%d", a.OID)
		kind = strings.ToUpper(catalog.KindName(a))
		schema := s.from.snap.SchemaName(a.Schema)
		s.add(phaseRename, "ALTER %s %s RENAME TO %s", kind, s.from.name(&a.Header), aside)
		s.add(phaseCreate, "%s", after)
		s.add(phaseDrop, "DROP %s %s", kind, qualifiedIdent(schema, aside))
		return nil
	}
	s.rename(kind, p)
	if a.Kind == types.KindDomain {
		return s.domain(ctx, a, b)
	}
	for _, x := range s.labels(s.to.name(&b.Header), a, b) {
		s.put(phaseTypes, x)
	}
	return nil
}

// labels adds and renames the labels of an enum; nil where some are gone, or stand in another order, or nothing is to be done.
func (s *script) labels(name string, a, b *catalog.UserType) []string {
	var out []string
	at := 0
	for i, l := range b.Labels {
		if at < len(a.Labels) && (a.Labels[at].OID == l.OID || a.Labels[at].Name == l.Name) {
			if old := a.Labels[at].Name; old != l.Name {
				out = append(out, fmt.Sprintf("ALTER TYPE %s RENAME VALUE %s TO %s", name, types.QuoteLiteral(old), types.QuoteLiteral(l.Name)))
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
		out = append(out, fmt.Sprintf("ALTER TYPE %s ADD VALUE %s%s", name, types.QuoteLiteral(l.Name), where))
	}
	if at < len(a.Labels) {
		return nil
	}
	return out
}

// domain alters what may differ between two domains over one type. Rows change between what goes and what comes.
func (s *script) domain(ctx context.Context, a, b *catalog.UserType) error {
	alter := "ALTER DOMAIN " + s.to.name(&b.Header) + " "
	var before, after string
	var err error
	if a.Default != "" {
		if before, err = s.from.expr(ctx, a.Default, 0); err != nil {
			return err
		}
	}
	if b.Default != "" {
		if after, err = s.to.expr(ctx, b.Default, 0); err != nil {
			return err
		}
	}
	switch {
	case before == after:
	case after == "":
		s.add(phaseTypes, "%sDROP DEFAULT", alter)
	default:
		s.add(phaseOwned, "%sSET DEFAULT %s", alter, after)
	}
	switch {
	case a.NotNull && !b.NotNull:
		s.add(phaseTypes, "%sDROP NOT NULL", alter)
	case b.NotNull && !a.NotNull:
		s.add(phaseNotNull, "%sSET NOT NULL", alter)
	}
	pairs := catalog.PairParts(a.Checks, b.Checks, func(c *catalog.Constraint) uint32 { return c.OID }, func(c *catalog.Constraint) string { return c.Name })
	for _, k := range pairs {
		before, after, err := bothTexts(k, func(x *catalog.Constraint) (string, error) { return s.from.constraint(ctx, x) },
			func(x *catalog.Constraint) (string, error) { return s.to.constraint(ctx, x) })
		if err != nil {
			return err
		}
		s.domainCheck(alter, a, b, k, before, after)
	}
	return nil
}

func (s *script) domainCheck(alter string, a, b *catalog.UserType, k pair[catalog.Constraint], before, after string) {
	was := ""
	if k.From != nil {
		was = k.From.Comment
	}
	if before != after {
		if k.From != nil {
			s.add(phaseDropConstraints, "ALTER DOMAIN %s DROP CONSTRAINT %s", s.from.name(&a.Header), types.QuoteIdent(k.From.Name))
		}
		if k.To != nil {
			s.add(phaseConstraints, "%sADD CONSTRAINT %s %s", alter, types.QuoteIdent(k.To.Name), after)
		}
		was = ""
	} else if k.From.Name != k.To.Name {
		s.add(phaseConstraints, "%sRENAME CONSTRAINT %s TO %s", alter, types.QuoteIdent(k.From.Name), types.QuoteIdent(k.To.Name))
	}
	if k.To != nil && k.To.Comment != was {
		s.comment("CONSTRAINT "+types.QuoteIdent(k.To.Name)+" ON DOMAIN "+s.to.name(&b.Header), k.To.Comment)
	}
}

// retyped reports whether a column's values must be converted.
func (s *script) retyped(x, y *catalog.Column) bool {
	if x.TypeOID == y.TypeOID && x.Mod == y.Mod && x.Collation == y.Collation { // its name may be another
		return s.replaced[x.TypeOID]
	}
	return s.replaced[x.TypeOID] || s.from.columnType(x) != s.to.columnType(y)
}

// carries reports whether the conversion of a column leaves its values what they are written as. Others are written with their rows.
func (s *script) carries(x, y *catalog.Column) bool {
	if s.replaced[x.TypeOID] {
		return s.enumOf(s.from, x) != nil && s.enumOf(s.to, y) != nil && s.isArray(s.from, x) == s.isArray(s.to, y)
	}
	plain := func(id catalog.OID) bool {
		switch id {
		case types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDNumeric, types.OIDText, types.OIDVarchar:
			return true
		}
		return false
	}
	return s.from.columnType(x) == s.to.columnType(y) || plain(x.TypeOID) && plain(y.TypeOID)
}

// enumOf is the enum that a column has values or arrays of, be it by way of domains; nil for other columns.
func (s *script) enumOf(side *schemaSide, c *catalog.Column) *types.Def {
	d := plainType(side.snap.TypeByOID(c.TypeOID))
	if d != nil && d.Elem != nil {
		d = plainType(d.Elem)
	}
	if d == nil || d.Kind != types.KindEnum {
		return nil
	}
	return d
}

func (s *script) isArray(side *schemaSide, c *catalog.Column) bool {
	d := plainType(side.snap.TypeByOID(c.TypeOID))
	return d != nil && d.Elem != nil
}

// plainType is what a domain is over in the end; other types are it themselves.
func plainType(d *types.Def) *types.Def {
	for d != nil && d.Base != nil {
		d = d.Base.Def
	}
	return d
}

// conversion is the expression that makes values of a column those of its new type. Where it has none for a value it is NULL,
// and the value is written with its row.
func (s *script) conversion(x, y *catalog.Column) string {
	col, into := types.QuoteIdent(y.Name), s.to.typeName(s.to.typeOf(y))
	if !s.replaced[x.TypeOID] {
		if s.castless(x, y) {
			return col + "::text::" + into
		}
		return col + "::" + into
	}
	if !s.carries(x, y) {
		return "NULL"
	}
	var kept []string
	for _, l := range s.enumOf(s.to, y).Labels {
		if slices.ContainsFunc(s.enumOf(s.from, x).Labels, func(m types.Label) bool { return m.Name == l.Name }) {
			kept = append(kept, types.QuoteLiteral(l.Name))
		}
	}
	if s.isArray(s.from, x) {
		return fmt.Sprintf("CASE WHEN %s::text[] <@ ARRAY[%s]::text[] THEN %s::text::%s END", col, strings.Join(kept, ", "), col, into)
	}
	if kept == nil {
		return "NULL"
	}
	return fmt.Sprintf("CASE WHEN %s::text IN (%s) THEN %s::text::%s END", col, strings.Join(kept, ", "), col, into)
}

// castless reports whether values of one type become those of the other only by way of their text, which is asked for.
func (s *script) castless(x, y *catalog.Column) bool {
	a, b := s.from.typeOf(x).Def, s.to.typeOf(y).Def
	return a != nil && b != nil && a.OID != b.OID && a.OID < catalog.FirstUserOID && b.OID < catalog.FirstUserOID && a.Category != 'S' && b.Category != 'S' &&
		builtin.CastFor(a.OID, b.OID) == nil
}
