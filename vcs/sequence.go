package vcs

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var (
	sequenceFuncs = map[string]Func{"rowan_set_sequence_policy": setSequencePolicy}
	sequenceRows  = map[string]RowsFunc{"rowan_sequence_policies": listSequencePolicies}
)

// setSequencePolicy is rowan.set_sequence_policy(sequence, policy, block, branch).
func setSequencePolicy(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := c.RefuseReadOnly("rowan.set_sequence_policy()"); err != nil {
		return types.Null, err
	}
	v, err := c.View(ctx, catalog.Ref{Branch: text(a[3])})
	if err != nil {
		return types.Null, err
	}
	id, err := c.Relation(v.Catalog(), text(a[0]))
	if err != nil {
		return types.Null, err
	}
	old, err := lockedSequence(ctx, c, v, id, text(a[0]))
	if err != nil {
		return types.Null, err
	}
	q := catalog.CloneObject(old).(*catalog.Sequence)
	q.Block = 0
	switch policy := strings.ToLower(text(a[1])); policy {
	case "shared":
		q.Policy = catalog.SequenceShared
	case catalog.SequenceIsolated, catalog.SequenceRenumber:
		q.Policy = policy
	case catalog.SequenceBlock:
		if a[2].Null || a[2].I < 2 {
			return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "a block has two values at least")
		}
		q.Policy, q.Block = policy, a[2].I
	default:
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "unknown sequence policy \"%s\"", policy).WithHint("Known policies: shared, block, isolated, renumber.")
	}
	if err := v.Put(ctx, q); err != nil {
		return types.Null, err
	}
	return types.String(policyName(q)), CarrySequence(ctx, c.Store().Sequences(), q, old, v.Branch().ID)
}

// lockedSequence is a sequence that its owner is about to alter: as ALTER SEQUENCE does, it waits for those who have used it.
func lockedSequence(ctx context.Context, c Conn, v storage.View, id catalog.OID, name string) (*catalog.Sequence, error) {
	q, ok := v.Catalog().Object(id).(*catalog.Sequence)
	if !ok {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a sequence", name)
	}
	if err := mustOwn(c, &q.Header, "sequence"); err != nil {
		return nil, err
	}
	if err := c.Txn().LockTable(ctx, v, id, catalog.ShareRowExclusive, catalog.Wait); err != nil {
		return nil, err
	}
	if q, ok = v.Catalog().Object(id).(*catalog.Sequence); !ok {
		return nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", name)
	}
	return q, nil
}

// CarrySequence takes the state that a sequence has on a branch by its definition as far as the one that it had by an earlier one,
// where the policy has changed whose state it is: what has been given out is not given out again.
func CarrySequence(ctx context.Context, store storage.Sequences, q, old *catalog.Sequence, branch uint64) error {
	if q.PerBranch() == old.PerBranch() {
		return nil
	}
	return AdvanceSequence(ctx, store, q.On(branch), old.On(branch))
}

// AdvanceSequence takes a sequence as far as another.
func AdvanceSequence(ctx context.Context, store storage.Sequences, q, other *catalog.Sequence) error {
	x, called, err := store.Get(ctx, other)
	if err != nil || !called {
		return err
	}
	y, used, err := store.Get(ctx, q)
	if err != nil || used && (x == y || (x > y) != (q.Increment > 0)) {
		return err
	}
	return store.Set(ctx, q, x, true)
}

func policyName(q *catalog.Sequence) string {
	if q.Policy == catalog.SequenceShared {
		return "shared"
	}
	return q.Policy
}

func listSequencePolicies(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	v, err := c.View(ctx, branchPoint(text(a[0])))
	if err != nil {
		return err
	}
	for _, o := range v.Catalog().Objects() {
		q, ok := o.(*catalog.Sequence)
		if !ok || q.Policy == catalog.SequenceShared {
			continue
		}
		block := types.Null
		if q.Block > 0 {
			block = types.Int(q.Block)
		}
		if !yield([]types.Datum{types.String(v.Catalog().Shown(q.OID)), types.String(q.Policy), block}) {
			break
		}
	}
	return nil
}
