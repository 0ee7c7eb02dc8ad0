package ddl

import (
	"context"
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

func (s *stmt) createSequence(ctx context.Context, c *command.CreateSequence) error {
	at, err := s.temporary(ctx, c.Target)
	if err != nil {
		return err
	}
	if done, err := s.nameFree(at.Schema, at.Name, c.IfNotExists); done || err != nil {
		return err
	}
	q, err := s.newSequence(ctx, at, &c.Def)
	if err != nil {
		return err
	}
	if err := s.ownSequence(q, c.Def.OwnedBy); err != nil {
		return err
	}
	return s.putSequence(ctx, q)
}

// newSequence builds the descriptor of a new sequence.
func (s *stmt) newSequence(ctx context.Context, at command.Target, d *command.SequenceDef) (*catalog.Sequence, error) {
	if err := s.mayCreate(at.Schema); err != nil {
		return nil, err
	}
	id, err := s.oid(ctx)
	if err != nil {
		return nil, err
	}
	q := &catalog.Sequence{Header: catalog.Header{OID: id, Schema: at.Schema, Name: at.Name, Owner: s.Role}, TypeOID: types.OIDInt8, Increment: 1, Cache: 1}
	s.applyDefaults('S', at.Schema, &q.Header, q)
	return q, s.defineSequence(q, d, true)
}

// putSequence stores a new sequence. Its state begins at its start value by itself.
func (s *stmt) putSequence(ctx context.Context, q *catalog.Sequence) error { return s.view.Put(ctx, q) }

// typeBounds are the least and greatest values of a sequence's type.
func typeBounds(id catalog.OID) (lo, hi int64) {
	switch id {
	case types.OIDInt2:
		return math.MinInt16, math.MaxInt16
	case types.OIDInt4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// defineSequence applies options as PostgreSQL's init_params does; fresh is CREATE.
func (s *stmt) defineSequence(q *catalog.Sequence, d *command.SequenceDef, fresh bool) error {
	resetMin, resetMax := fresh, fresh
	if d.Type != 0 && d.Type != q.TypeOID {
		lo, hi := typeBounds(q.TypeOID)
		resetMax = resetMax || q.Increment > 0 && q.Max == hi || q.Increment < 0 && q.Max == -1
		resetMin = resetMin || q.Increment < 0 && q.Min == lo || q.Increment > 0 && q.Min == 1
		q.TypeOID = d.Type
	}
	if d.Increment != nil {
		if *d.Increment == 0 {
			return pgerr.New(pgerrcode.InvalidParameterValue, "INCREMENT must not be zero")
		}
		q.Increment = *d.Increment
	}
	if d.Cycle != nil {
		q.Cycle = *d.Cycle
	}
	if err := s.boundSequence(q, d, resetMin, resetMax); err != nil {
		return err
	}
	if d.Start != nil {
		q.Start = *d.Start
	} else if fresh {
		q.Start = q.Min
		if q.Increment < 0 {
			q.Start = q.Max
		}
	}
	if err := withinBounds("START", q.Start, q); err != nil {
		return err
	}
	if d.Cache != nil {
		if *d.Cache <= 0 {
			return pgerr.New(pgerrcode.InvalidParameterValue, "CACHE (%d) must be greater than zero", *d.Cache)
		}
		q.Cache = *d.Cache
	}
	return nil
}

func (s *stmt) boundSequence(q *catalog.Sequence, d *command.SequenceDef, resetMin, resetMax bool) error {
	lo, hi := typeBounds(q.TypeOID)
	switch {
	case d.Max != nil:
		q.Max = *d.Max
	case d.NoMax || resetMax:
		q.Max = hi
		if q.Increment < 0 {
			q.Max = -1
		}
	}
	name := s.typeName(q.TypeOID, -1)
	if q.Max < lo || q.Max > hi {
		return pgerr.New(pgerrcode.InvalidParameterValue, "MAXVALUE (%d) is out of range for sequence data type %s", q.Max, name)
	}
	switch {
	case d.Min != nil:
		q.Min = *d.Min
	case d.NoMin || resetMin:
		q.Min = 1
		if q.Increment < 0 {
			q.Min = lo
		}
	}
	if q.Min < lo || q.Min > hi {
		return pgerr.New(pgerrcode.InvalidParameterValue, "MINVALUE (%d) is out of range for sequence data type %s", q.Min, name)
	}
	if q.Min >= q.Max {
		return pgerr.New(pgerrcode.InvalidParameterValue, "MINVALUE (%d) must be less than MAXVALUE (%d)", q.Min, q.Max)
	}
	return nil
}

func withinBounds(word string, v int64, q *catalog.Sequence) error {
	if v < q.Min {
		return pgerr.New(pgerrcode.InvalidParameterValue, "%s value (%d) cannot be less than MINVALUE (%d)", word, v, q.Min)
	}
	if v > q.Max {
		return pgerr.New(pgerrcode.InvalidParameterValue, "%s value (%d) cannot be greater than MAXVALUE (%d)", word, v, q.Max)
	}
	return nil
}

// ownSequence applies OWNED BY.
func (s *stmt) ownSequence(q *catalog.Sequence, to *catalog.Dep) error {
	if to == nil {
		return nil
	}
	if to.Object == 0 {
		q.OwnerTable, q.OwnerColumn = 0, 0
		return nil
	}
	t, err := s.table(to.Object)
	if err != nil {
		return err
	}
	if t.Owner != q.Owner {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "sequence must have same owner as table it is linked to")
	}
	if t.Schema != q.Schema {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
	}
	q.OwnerTable, q.OwnerColumn = to.Object, to.Column
	return nil
}

func (s *stmt) alterSequence(ctx context.Context, c *command.AlterSequence) error {
	old, err := s.lockSequence(ctx, c.Sequence, catalog.ShareRowExclusive)
	if err != nil {
		return err
	}
	if err := s.mustOwn(old); err != nil {
		return err
	}
	if t := s.identityTable(old); t != nil && c.Def.OwnedBy != nil {
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot change ownership of identity sequence").
			WithDetail("Sequence \"%s\" is linked to table \"%s\".", old.Name, t.Name)
	}
	return s.changeSequence(ctx, old, &c.Def)
}

// lockSequence locks a sequence and returns it as it is once the lock is held.
func (s *stmt) lockSequence(ctx context.Context, id catalog.OID, mode catalog.TableLock) (*catalog.Sequence, error) {
	if err := s.Txn.LockTable(ctx, s.view, id, mode, catalog.Wait); err != nil {
		return nil, err
	}
	if q, ok := s.cat().Object(id).(*catalog.Sequence); ok {
		return q, nil
	}
	return nil, pgerr.New(pgerrcode.UndefinedTable, "relation with OID %d does not exist", id)
}

// changeSequence applies options to a sequence and to its state.
func (s *stmt) changeSequence(ctx context.Context, old *catalog.Sequence, d *command.SequenceDef) error {
	q := catalog.CloneObject(old).(*catalog.Sequence)
	if err := s.defineSequence(q, d, false); err != nil {
		return err
	}
	if err := s.ownSequence(q, d.OwnedBy); err != nil {
		return err
	}
	last, called, err := s.Store.Sequences().Get(ctx, old.On(s.view.Branch().ID))
	if err != nil {
		return err
	}
	if d.Restart {
		last, called = q.Start, false
		if d.RestartWith != nil {
			last = *d.RestartWith
		}
	}
	if err := withinBounds("RESTART", last, q); err != nil {
		return err
	}
	if err := s.view.Put(ctx, q); err != nil {
		return err
	}
	switch {
	case d.Restart:
		return s.restart(ctx, q, last, called)
	case d.MovesState():
		return s.moveState(ctx, q, func(at *catalog.Sequence) error { return s.Store.Sequences().Redefine(ctx, at) })
	}
	return nil
}

// restart sets a sequence's state at once.
func (s *stmt) restart(ctx context.Context, q *catalog.Sequence, last int64, called bool) error {
	return s.moveState(ctx, q, func(at *catalog.Sequence) error { return s.setState(ctx, at, last, called) })
}

// setState moves a sequence, which counts as the transaction's own doing.
func (s *stmt) setState(ctx context.Context, at *catalog.Sequence, last int64, called bool) error {
	err := s.Store.Sequences().Set(ctx, at, last, called)
	if err == nil && s.Moves != nil {
		*s.Moves(at)++
	}
	return err
}

// moveState does something to a sequence's state, which is set back should the transaction be rolled back, with all that this takes of the
// sequence until then. What others take meanwhile stays taken.
func (s *stmt) moveState(ctx context.Context, q *catalog.Sequence, f func(at *catalog.Sequence) error) error {
	all, at := s.Store.Sequences(), q.On(s.view.Branch().ID)
	last, called, err := all.Get(ctx, at)
	if err != nil {
		return err
	}
	if err := f(at); err != nil || s.Undo == nil {
		return err
	}
	others := func(ctx context.Context) (uint64, error) {
		n, err := all.Moves(ctx, at)
		return n - *s.Moves(at), err
	}
	before, err := others(ctx)
	if err != nil {
		return err
	}
	s.Undo(func() error {
		ctx := context.Background()
		now, err := others(ctx)
		if err != nil {
			return err
		}
		if now != before {
			if top, _, err := all.Get(ctx, at); err != nil || (top > last) == (at.Increment > 0) {
				return err
			}
		}
		return s.setState(ctx, at, last, called)
	})
	return nil
}

// identityTable returns the table whose identity column uses a sequence, or nil.
func (s *stmt) identityTable(q *catalog.Sequence) *catalog.Table {
	t, ok := s.cat().Object(q.OwnerTable).(*catalog.Table)
	if !ok {
		return nil
	}
	if c := t.ColumnByID(q.OwnerColumn); c != nil && c.Identity != 0 && c.Sequence == q.OID {
		return t
	}
	return nil
}

// nameFree checks that no relation has a name; done reports IF NOT EXISTS having said so.
func (s *stmt) nameFree(schema catalog.OID, name string, ifNotExists bool) (done bool, err error) {
	if o, _ := s.cat().Relation(schema, name); o == nil {
		return false, nil
	}
	if ifNotExists {
		s.notice(pgerrcode.DuplicateTable, "relation \"%s\" already exists, skipping", name)
		return true, nil
	}
	return false, pgerr.New(pgerrcode.DuplicateTable, "relation \"%s\" already exists", name)
}
