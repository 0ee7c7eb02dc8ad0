package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// sequenceState is what currval and lastval remember.
type sequenceState struct {
	current map[counter]int64
	last    *lastCall // nil: there was no nextval yet
}

// counter is a sequence as far as it counts by itself: one that does so on every branch is another on each.
type counter struct {
	id     catalog.OID
	branch uint64
}

func counterOf(seq *catalog.Sequence) counter {
	if !seq.PerBranch() {
		return counter{id: seq.OID}
	}
	return counter{seq.OID, seq.Branch}
}

// lastCall says of which sequence nextval was called last.
type lastCall struct {
	ref catalog.Ref
	id  catalog.OID
}

// sequenceServices are the sequence functions. Those whose names end in _on are told the branch and the point first.
var sequenceServices = map[string]service{
	"nextval_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.nextval(ctx, noRef, a)
	},
	"nextval_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.nextval(ctx, refOf(a), a[2:])
	},
	"currval_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.currval(ctx, noRef, a)
	},
	"currval_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.currval(ctx, refOf(a), a[2:])
	},
	"lastval": func(s *Session, ctx context.Context, _ []types.Datum) (types.Datum, error) { return s.lastval(ctx) },
	"setval_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.setval(ctx, noRef, a)
	},
	"setval_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.setval(ctx, refOf(a), a[2:])
	},
	"setval3_oid": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.setval(ctx, noRef, a)
	},
	"setval3_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.setval(ctx, refOf(a), a[2:])
	},
	"regclass_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return a[0], s.isHere(ctx, refOf(a[1:]), a[3].S)
	},
	"pg_sequence_last_value": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.lastValue(ctx, noRef, a)
	},
	"pg_sequence_last_value_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		return s.lastValue(ctx, refOf(a), a[2:])
	},
	"sequence_position": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		last, _, err := s.position(ctx, noRef, a)
		return types.Int(last), err
	},
	"sequence_position_on": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		last, _, err := s.position(ctx, refOf(a), a[2:])
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
		return nil, noSequence(id)
	default:
		return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a sequence", o.Head().Name)
	}
}

// position is a sequence's last value, or the one that nextval will give first; called tells which.
func (s *Session) position(ctx context.Context, ref catalog.Ref, a []types.Datum) (last int64, called bool, err error) {
	seq, err := s.sequence(ctx, ref, catalog.OID(a[0].I))
	if err != nil {
		return 0, false, err
	}
	return s.engine.Store.Sequences().Get(ctx, seq)
}

// lastValue is a sequence's last value; NULL: it has given none.
func (s *Session) lastValue(ctx context.Context, ref catalog.Ref, a []types.Datum) (types.Datum, error) {
	last, called, err := s.position(ctx, ref, a)
	if err != nil || !called {
		return types.Null, err
	}
	return types.Int(last), nil
}

// movable locks a sequence for a function that moves it, and returns it. Sequences have no past, so that a session that looks at a point
// could only move those of the present: it may not, as in a read-only transaction, unless they are its own.
func (s *Session) movable(ctx context.Context, ref catalog.Ref, id catalog.OID, what string) (*catalog.Sequence, error) {
	seq, err := s.sequence(ctx, ref, id)
	if err != nil || s.temp != nil && seq.Schema == s.temp.Schema {
		return seq, err
	}
	if err := s.refuseReadOnly(what); err != nil {
		return nil, err
	}
	v, err := s.txn.View(ctx, ref)
	switch {
	case err != nil:
		return nil, err
	case v.ReadOnly() && ref.Point != "":
		return nil, pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute %s as of \"%s\"", what, ref.Point)
	case v.ReadOnly():
		return nil, s.refusePoint(what)
	}
	if err := s.txn.writes(v, 0); err != nil {
		return nil, err
	}
	now, err := s.txn.LockSequence(ctx, v, seq)
	switch {
	case err != nil:
		return nil, err
	case now == nil:
		return nil, noSequence(id)
	}
	return now.On(v.Branch().ID), nil
}

func noSequence(id catalog.OID) error {
	return pgerr.New(pgerrcode.UndefinedTable, "could not open relation with OID %d", id)
}

// refOf reads the branch and the point that arguments begin with.
func refOf(a []types.Datum) catalog.Ref { return catalog.Ref{Branch: a[0].S, Point: a[1].S} }

// usedSequence is the sequence that the transaction has used last: it is locked, so that the next value of it takes no second look while
// nothing else has changed.
type usedSequence struct {
	id    catalog.OID
	view  storage.View
	sees  *catalog.Snapshot
	roles *catalog.Snapshot
	user  string
	seq   *catalog.Sequence
	call  *lastCall
}

func (u *usedSequence) fits(s *Session, id catalog.OID, v storage.View) bool {
	return u != nil && u.id == id && u.view == v && u.sees == v.Catalog() && u.roles == s.global() && u.user == s.user && !s.txn.readOnly
}

// using is a sequence that nextval may take a value of.
func (s *Session) using(ctx context.Context, ref catalog.Ref, id catalog.OID) (*usedSequence, error) {
	v, err := s.txn.View(ctx, ref)
	if err != nil {
		return nil, err
	}
	if u := s.txn.used; u.fits(s, id, v) {
		return u, nil
	}
	seq, err := s.movable(ctx, ref, id, "nextval()")
	if err != nil {
		return nil, err
	}
	if err := s.allowed(seq, "U", "w"); err != nil {
		return nil, err
	}
	s.txn.used = &usedSequence{id, v, v.Catalog(), s.global(), s.user, seq, &lastCall{catalog.Ref{Branch: v.Branch().Name}, id}}
	return s.txn.used, nil
}

func (s *Session) nextval(ctx context.Context, ref catalog.Ref, a []types.Datum) (types.Datum, error) {
	u, err := s.using(ctx, ref, catalog.OID(a[0].I))
	if err != nil {
		return types.Null, err
	}
	v, err := s.engine.Store.Sequences().Next(ctx, u.seq)
	if err != nil {
		return types.Null, err
	}
	s.txn.moved(u.seq)
	s.sequences.note(u.seq, v)
	s.sequences.last = u.call
	return types.Int(v), nil
}

// movesOf is where the transaction counts how often it has moved a sequence, from when that is first asked for.
func (t *txn) movesOf(seq *catalog.Sequence) *uint64 {
	if t.moves == nil {
		t.moves = map[counter]*uint64{}
	}
	n := t.moves[counterOf(seq)]
	if n == nil {
		n = new(uint64)
		t.moves[counterOf(seq)] = n
	}
	return n
}

func (t *txn) moved(seq *catalog.Sequence) {
	if n := t.moves[counterOf(seq)]; n != nil {
		*n++
	}
}

// note keeps what currval is to say. What lastval says is the value of the last nextval alone.
func (q *sequenceState) note(seq *catalog.Sequence, v int64) {
	if q.current == nil {
		q.current = map[counter]int64{}
	}
	q.current[counterOf(seq)] = v
}

func (s *Session) currval(ctx context.Context, ref catalog.Ref, a []types.Datum) (types.Datum, error) {
	seq, err := s.sequence(ctx, ref, catalog.OID(a[0].I))
	if err != nil {
		return types.Null, err
	}
	if err := s.allowed(seq, "U", "r"); err != nil {
		return types.Null, err
	}
	v, ok := s.sequences.current[counterOf(seq)]
	if !ok {
		return types.Null, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "currval of sequence \"%s\" is not yet defined in this session", seq.Name)
	}
	return types.Int(v), nil
}

func (s *Session) lastval(ctx context.Context) (types.Datum, error) {
	undefined := pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
	if s.sequences.last == nil {
		return types.Null, undefined
	}
	v, err := s.currval(ctx, s.sequences.last.ref, []types.Datum{types.Int(int64(s.sequences.last.id))})
	switch pgerr.Code(err) {
	case pgerrcode.UndefinedTable, pgerrcode.InvalidCatalogName: // the sequence, or its branch, is gone
		return types.Null, undefined
	}
	return v, err
}

func (s *Session) setval(ctx context.Context, ref catalog.Ref, a []types.Datum) (types.Datum, error) {
	v, called := a[1].I, len(a) < 3 || a[2].B()
	seq, err := s.movable(ctx, ref, catalog.OID(a[0].I), "setval()")
	if err != nil {
		return types.Null, err
	}
	if err := s.allowed(seq, "w"); err != nil {
		return types.Null, err
	}
	if v < seq.Min || v > seq.Max {
		return types.Null, pgerr.New(pgerrcode.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence \"%s\" (%d..%d)", v, seq.Name, seq.Min, seq.Max)
	}
	if err := s.engine.Store.Sequences().Set(ctx, seq, v, called); err != nil {
		return types.Null, err
	}
	s.txn.moved(seq)
	if called {
		s.sequences.note(seq, v)
	}
	return types.Int(v), nil
}

// allowed checks that the current role has one of the privileges on a sequence.
func (s *Session) allowed(seq *catalog.Sequence, privileges ...string) error {
	global := s.global()
	role := s.role(global)
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
