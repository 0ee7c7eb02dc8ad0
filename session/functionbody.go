package session

import (
	"context"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/types"
)

// functionSQLBody is pg_get_function_sqlbody: a body in the standard's form; NULL for one that is a string.
func functionSQLBody(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	f, err := s.signature(ctx, catalog.OID(a[0].I))
	if f.user == nil || !f.user.Standard() || err != nil {
		return types.Null, err
	}
	return types.String(s.standardBody(f.user)), nil
}

// standardBody writes a body in the standard's form. Statements that cannot be written out line by line are shown as stored.
func (s *Session) standardBody(f *catalog.Function) string {
	snap, err := s.snapshot(s.catalogs.ctx)
	if err != nil {
		return ""
	}
	n := s.definitions(snap)
	form := bind.ViewForm{SQL: s.sqlForm(snap, false), Relation: func(o catalog.Object) string { return n.Relation(o.Head().Schema, o.Head().Name) }}
	write := func(i int) string {
		text, err := bind.BodyText(f, i, &s.catalogs, bind.Options{Fold: s.catalogs.Fold}, form)
		if err != nil {
			return f.Atomic[i]
		}
		return strings.TrimLeft(text, " \n")
	}
	if f.Return {
		text, err := bind.BodyText(f, 0, &s.catalogs, bind.Options{Fold: s.catalogs.Fold}, form)
		if err != nil {
			text = "(" + f.Atomic[0] + ")"
		}
		return "RETURN " + text
	}
	var b strings.Builder
	b.WriteString("BEGIN ATOMIC\n")
	for i := range f.Atomic {
		b.WriteString(" " + strings.ReplaceAll(write(i), "\n", "\n ") + ";\n")
	}
	b.WriteString("END")
	return b.String()
}
