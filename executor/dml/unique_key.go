package dml

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// deferrableKey reports whether a constraint is a key that storage does not enforce: rows may have it twice until it is
// checked, at the end of the statement or of the transaction.
func deferrableKey(k *catalog.Constraint) bool {
	return k.Deferrable && (k.Kind == catalog.Unique || k.Kind == catalog.PrimaryKey)
}

// uniqueKey checks one deferrable key.
type uniqueKey struct {
	key   *catalog.Constraint
	table *catalog.Table
	ref   catalog.Ref
	env   *op.Env
	ts    []types.Type
}

func newUniqueKey(env *op.Env, c Change, k *catalog.Constraint) *uniqueKey {
	return &uniqueKey{key: k, table: c.Table, ref: c.Ref, env: env, ts: columnTypes(c.Table, k.Columns)}
}

// after queues the check of the keys that new rows have. Keys that an update left as they were need none.
func (u *uniqueKey) after(ctx context.Context, c Change) error {
	at := positions(c, u.key.Columns)
	set := newKeySet(u.ts)
	for k := range c.New.Live() {
		row := c.New.Row(k)
		null := slices.ContainsFunc(at, func(i int) bool { return c.New.Cols[i].IsNull(row) })
		if null || c.Old != nil && sameKey(c.Old, c.Old.Row(k), c.New, row, at, u.ts) {
			continue
		}
		set.add(c.New, row, at)
	}
	if len(set.keys) == 0 {
		return nil
	}
	if u.env.Defer == nil {
		return u.check(ctx, set)
	}
	// PostgreSQL queues a check only where a key is there twice already: that alone is no reason to refuse an ALTER TABLE.
	u.env.Defer(u.key.Deferred, 0, u.key.OID, func(ctx context.Context) error { return u.check(ctx, set) })
	return nil
}

// check counts the rows that have the keys. Each key is locked first, to the end of the transaction: of two transactions
// that have brought the same key, the second to check finds the row of the first.
func (u *uniqueKey) check(ctx context.Context, set *keySet) error {
	v, err := u.env.View(ctx, u.ref)
	if err != nil {
		return err
	}
	if err := u.lock(ctx, v, set); err != nil {
		return err
	}
	ix := u.table.Index(u.key.Index)
	at := make([]int, len(u.ts))
	for i := range at {
		at[i] = i
	}
	count := make([]int, len(set.keys))
	l := link{env: u.env, ref: u.ref}
	return l.scan(ctx, u.table, ix, slices.Clone(u.key.Columns), ranges(ix, u.key.Columns, set.keys, u.ts), func(b *vector.Batch) error {
		for k := range b.Live() {
			i := set.find(b, b.Row(k), at)
			if i < 0 {
				continue
			}
			if count[i]++; count[i] > 1 {
				return u.violation(v, set.keys[i])
			}
		}
		return nil
	})
}

func (u *uniqueKey) lock(ctx context.Context, v storage.View, set *keySet) error {
	hashes := make([]uint64, len(set.keys))
	for i, key := range set.keys {
		hashes[i] = v.Branch().ID
		for n, d := range key {
			hashes[i] = hashes[i]*1099511628211 ^ types.Hash(u.ts[n], d)
		}
	}
	slices.Sort(hashes) // in one order, so that two checks do not wait for each other
	for _, h := range slices.Compact(hashes) {
		k := storage.AdvisoryKey{Database: v.Branch().Database, Constraint: u.key.OID, Key: int64(h)}
		if _, err := u.env.Txn.LockAdvisory(ctx, k, false, catalog.Wait); err != nil {
			return err
		}
	}
	return nil
}

func (u *uniqueKey) violation(v storage.View, key []types.Datum) error {
	err := pgerr.New(pgerrcode.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", u.key.Name).
		WithTable(v.Catalog().SchemaName(u.table.Schema), u.table.Name, "", u.key.Name)
	if ix := u.table.Index(u.key.Index); ix != nil {
		err = err.Because(&storage.Duplicate{Table: u.table, Index: ix, Key: key})
	}
	return u.env.TellDuplicate(err, isThere, "")
}

// isThere is what is the matter with the key of a row that is written.
const isThere = "already exists."
