package session

import (
	"cmp"
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// sequenceState is what currval and lastval remember.
type sequenceState struct {
	current map[catalog.OID]int64
	last    catalog.OID
}

// sequenceServices are the sequence functions.
var sequenceServices = map[string]service{
	"nextval_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.nextval(ctx, noRef, catalog.OID(a[0].I))
	},
	"nextval_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.nextval(ctx, catalog.Ref{Branch: a[1].S}, catalog.OID(a[0].I))
	},
	"currval_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.currval(ctx, catalog.OID(a[0].I))
	},
	"lastval": func(s *Session, ctx context.Context, _ []types.Datum) (types.Datum, error) {
		if s.sequences.last == 0 {
			return types.Null, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
		}
		return s.currval(ctx, s.sequences.last)
	},
	"setval_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.setval(ctx, catalog.OID(a[0].I), a[1].I, true)
	},
	"setval3_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.setval(ctx, catalog.OID(a[0].I), a[1].I, a[2].B())
	},
	"pg_sequence_last_value": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		seq, err := s.sequence(ctx, noRef, catalog.OID(a[0].I))
		if err != nil {
			return types.Null, err
		}
		last, called, err := s.engine.Store.Sequences().Get(ctx, seq)
		if err != nil || !called {
			return types.Null, err
		}
		return types.Int(last), nil
	},
	"sequence_position": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		seq, err := s.sequence(ctx, noRef, catalog.OID(a[0].I))
		if err != nil {
			return types.Null, err
		}
		last, _, err := s.engine.Store.Sequences().Get(ctx, seq)
		return types.Int(last), err
	},
	"pg_get_serial_sequence": serialSequence,
}

// sequence is a sequence as a branch uses it.
func (s *Session) sequence(ctx context.Context, ref catalog.Ref, id catalog.OID) (*catalog.Sequence, error) {
	v, err := s.txn.View(ctx, ref)
	if err != nil {
		return nil, err
	}
	snap := v.Catalog()
	o, _ := snap.RelationByOID(id)
	switch o := o.(type) {
	case *catalog.Sequence:
		return o.On(v.Branch().ID), nil
	case nil:
		return nil, pgerr.New(pgerrcode.UndefinedTable, "could not open relation with OID %d", id)
	default:
		return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a sequence", o.Head().Name)
	}
}

// movable returns a sequence for a function that moves it. Sequences have no past, so that a session that looks at a point
// could only move those of the present: it may not, as in a read-only transaction, unless they are its own.
func (s *Session) movable(ctx context.Context, ref catalog.Ref, id catalog.OID, what string) (*catalog.Sequence, error) {
	seq, err := s.sequence(ctx, ref, id)
	if err != nil || s.temp != nil && seq.Schema == s.temp.Schema {
		return seq, err
	}
	if err := s.refuseReadOnly(what); err != nil {
		return nil, err
	}
	if v, err := s.txn.View(ctx, ref); err != nil || v.ReadOnly() {
		return nil, cmp.Or(err, s.refusePoint(what))
	}
	return seq, nil
}

func (s *Session) nextval(ctx context.Context, ref catalog.Ref, id catalog.OID) (types.Datum, error) {
	seq, err := s.movable(ctx, ref, id, "nextval()")
	if err != nil {
		return types.Null, err
	}
	if err := s.allowed(seq, "U", "w"); err != nil {
		return types.Null, err
	}
	v, err := s.engine.Store.Sequences().Next(ctx, seq)
	if err != nil {
		return types.Null, err
	}
	s.sequences.note(id, v)
	s.sequences.last = id
	return types.Int(v), nil
}

// note keeps what currval is to say. What lastval says is the value of the last nextval alone.
func (q *sequenceState) note(id catalog.OID, v int64) {
	if q.current == nil {
		q.current = map[catalog.OID]int64{}
	}
	q.current[id] = v
}

func (s *Session) currval(ctx context.Context, id catalog.OID) (types.Datum, error) {
	seq, err := s.sequence(ctx, noRef, id)
	if err != nil {
		return types.Null, err
	}
	v, ok := s.sequences.current[id]
	if !ok {
		return types.Null, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "currval of sequence \"%s\" is not yet defined in this session", seq.Name)
	}
	return types.Int(v), nil
}

func (s *Session) setval(ctx context.Context, id catalog.OID, v int64, called bool) (types.Datum, error) {
	seq, err := s.movable(ctx, noRef, id, "setval()")
	if err != nil {
		return types.Null, err
	}
	if v < seq.Min || v > seq.Max {
		return types.Null, pgerr.New(pgerrcode.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence \"%s\" (%d..%d)", v, seq.Name, seq.Min, seq.Max)
	}
	if err := s.allowed(seq, "w"); err != nil {
		return types.Null, err
	}
	if err := s.engine.Store.Sequences().Set(ctx, seq, v, called); err != nil {
		return types.Null, err
	}
	if called {
		s.sequences.note(id, v)
	}
	return types.Int(v), nil
}

// allowed checks that the current role has one of the privileges on a sequence.
func (s *Session) allowed(seq *catalog.Sequence, privileges ...string) error {
	global := s.global()
	role := roleByName(global, s.user)
	for _, p := range privileges {
		if role != nil && catalog.HasPrivilege(global, role.OID, seq, p[0]) {
			return nil
		}
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for sequence %s", seq.Name)
}

// serialSequence is pg_get_serial_sequence(table, column).
func serialSequence(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return types.Null, err
	}
	o, err := s.relation(ctx, a[0].S)
	if err != nil {
		return types.Null, err
	}
	t, ok := o.(*catalog.Table)
	if !ok {
		return types.Null, nil
	}
	col := t.Column(a[1].S)
	if col == nil {
		return types.Null, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", a[1].S, t.Name)
	}
	for _, o := range snap.Objects() {
		if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable == t.OID && q.OwnerColumn == col.ID {
			return types.String(quoteIdent(snap.SchemaName(q.Schema)) + "." + quoteIdent(q.Name)), nil
		}
	}
	return types.Null, nil
}
