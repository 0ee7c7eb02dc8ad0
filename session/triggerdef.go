package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/types"
)

// triggerDef is pg_get_triggerdef(oid[, pretty]).
func triggerDef(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	s.catalogs.ctx = ctx
	o, t := triggerByOID(snap, catalog.OID(a[0].I))
	if t == nil {
		return types.Null, nil
	}
	return types.String(s.prettyDefinitions(snap, pretty(a, 2)).Trigger(o, t)), nil
}

// triggerByOID finds a trigger and the relation that has it.
func triggerByOID(snap *catalog.Snapshot, id catalog.OID) (catalog.Object, *catalog.Trigger) {
	return triggerWhere(snap, func(t *catalog.Trigger) bool { return t.OID == id })
}

func triggerWhere(snap *catalog.Snapshot, is func(*catalog.Trigger) bool) (catalog.Object, *catalog.Trigger) {
	for _, o := range snap.Objects() {
		for _, t := range catalog.TriggersOf(o) {
			if is(t) {
				return o, t
			}
		}
	}
	return nil, nil
}

// spellWhen is spell for the condition of a trigger.
func (s *Session) spellWhen(text string, o catalog.Object, pretty bool) string {
	snap, err := s.snapshot(s.catalogs.ctx)
	if err != nil {
		return text
	}
	t, ok := o.(*catalog.Table)
	if !ok {
		t = &catalog.Table{Header: *o.Head()}
	}
	out, err := bind.SpellWhen(text, t, &s.catalogs, bind.Options{Fold: s.catalogs.Fold, Supported: supported}, s.sqlForm(snap, pretty))
	if err != nil {
		return text
	}
	return out
}
