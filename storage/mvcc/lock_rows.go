package mvcc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/lock"
)

// LockRows implements storage.Txn.
func (t *Txn) LockRows(ctx context.Context, r storage.LockRequest) ([]storage.LockResult, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	v, err := t.own(r.View)
	if err != nil {
		return nil, err
	}
	if v.readOnly {
		_, err := t.writable(v)
		return nil, err
	}
	t.uses()
	heads, err := t.lockBatch(ctx, v, &r)
	if err != nil {
		return nil, storeError(err)
	}
	t.seen.room(len(r.Keys))
	out := make([]storage.LockResult, len(r.Keys))
	for i := range r.Keys {
		if out[i], err = t.lockRow(ctx, v, &r, heads, i); err != nil {
			return nil, err
		}
	}
	if r.Follow {
		return out, t.followRows(ctx, v, &r, out)
	}
	return out, nil
}

// followRows goes after rows that are not where they were seen, because their primary keys were changed: they are locked under
// the new ones, which take the places of the old ones among the request's keys.
func (t *Txn) followRows(ctx context.Context, v *view, r *storage.LockRequest, found []storage.LockResult) error {
	var moved []int
	for i, f := range found {
		if f != storage.LockDeleted && f != storage.LockChanged {
			continue
		}
		old := r.Keys[i]
		for {
			key, ok := t.movedTo(v, r, old)
			if !ok || key == r.Keys[i] {
				break
			}
			one := *r
			one.Keys, one.Seen = []string{key}, nil
			f, err := t.lockRow(ctx, v, &one, nil, 0)
			if err != nil {
				return err
			}
			found[i], r.Keys[i] = f, key
		}
		if r.Keys[i] != old {
			moved = append(moved, i)
		}
	}
	once(r.Keys, found, moved)
	return nil
}

// once leaves out rows that have moved to where another row of the request is.
func once(keys []string, found []storage.LockResult, moved []int) {
	if len(moved) == 0 {
		return
	}
	at := make(map[string]int, len(keys))
	for i, k := range keys {
		at[k] = i
	}
	for _, i := range moved {
		if at[keys[i]] != i {
			found[i] = storage.LockSelf
		}
	}
}

// movedTo says under which key the row is that the statement has seen under another.
func (t *Txn) movedTo(v *view, r *storage.LockRequest, key string) (string, bool) {
	return t.s.moves.follow(place{keys.Space{Layer: v.layer.id, Keyspace: r.Table.Rows}, key}, v.chain[0].bound)
}

// whileWaiting adds to the error of a wait, which had a reason, what it was for.
func whileWaiting(e, reason error, doing, relation, key string) error {
	told := (*pgerr.Error)(nil)
	if doing == "" || errors.Is(reason, lock.ErrBusy) || !errors.As(e, &told) {
		return e
	}
	place, own := storage.Place(key), *told // others may meet the same error
	own.Where = fmt.Sprintf("while %s tuple (%d,%d) in relation \"%s\"", doing, place>>16, place&0xffff, relation)
	return &own
}

// unseen stands for the version at the snapshot, whichever that is.
const unseen = ^storage.SCN(0)

func (t *Txn) lockRow(ctx context.Context, v *view, r *storage.LockRequest, heads *batchHeads, i int) (storage.LockResult, error) {
	ks, key, seen := r.Table.Rows, r.Keys[i], unseen
	if i < len(r.Seen) {
		seen = r.Seen[i]
	}
	kb := stringBytes(key)
	k := lock.Key{Kind: lock.Row, A: v.layer.id, B: ks, S: key}
	own := t.writesIn(v, ks).get(kb, anyCmd)
	var c committedRow
	var err error
	switch {
	case own != nil:
		_, err = t.owner.Lock(ctx, k, lock.Mode(r.Strength), t.waitOption(r.Wait))
	case heads != nil:
		c, err = t.settledHead(ctx, v, r, heads, i)
		if err != nil || !heads.claimed || c.below == belowOwn || c.live && !v.changed(c, seen) {
			break
		}
		fallthrough // who claims rows writes them as he has read them
	default:
		c, _, err = t.lockSettled(ctx, v, ks, k, lock.Mode(r.Strength), t.waitOption(r.Wait))
	}
	if err != nil {
		if r.Wait == catalog.SkipLocked && errors.Is(err, lock.ErrBusy) {
			return storage.LockSkipped, nil
		}
		return 0, whileWaiting(t.s.lockError(err, r.Table, true), err, r.Doing, r.Table.Name, key)
	}
	if own != nil {
		switch {
		case own.cmd >= t.r.cmd:
			return storage.LockSelf, nil
		case own.deleted:
			return storage.LockDeleted, nil
		}
		return storage.LockUnchanged, nil
	}
	if c.below == belowOwn {
		switch {
		case c.cmd >= t.r.cmd:
			return storage.LockSelf, nil
		case !c.live:
			return storage.LockDeleted, nil
		}
		return storage.LockUnchanged, nil
	}
	changed := v.changed(c, seen)
	if t.o.Isolation != storage.ReadCommitted && (!c.live || c.ver > v.chain[0].bound) && changed {
		if _, moved := t.movedTo(v, r, key); !c.live && r.Changes && !moved {
			return 0, errSerialize("delete")
		}
		return 0, errSerialize("update")
	}
	switch {
	case !c.live:
		return storage.LockDeleted, nil
	case changed:
		return storage.LockChanged, nil
	}
	t.seen.add(ks, key, c)
	return storage.LockUnchanged, nil
}

// changed reports whether a committed version is not the one that was seen.
func (v *view) changed(c committedRow, seen storage.SCN) bool {
	if seen == unseen {
		return c.ver > v.chain[0].bound
	}
	return c.ver != seen
}

// seenRows keeps what LockRows has read for the Update or Delete that follows within the statement.
type seenRows struct {
	rows []seenRow
	at   int
	mem  []byte
}

type seenRow struct {
	ks    catalog.Keyspace
	key   string
	below below
	ver   storage.SCN
	base  []byte
}

const maxSeen = 2048

func (s *seenRows) reset() { s.rows, s.at, s.mem = s.rows[:0], 0, s.mem[:0] }

// room forgets what was kept before where n more rows would be too much: the next batch is kept as a whole, however long the
// ones before it were.
func (s *seenRows) room(n int) {
	if len(s.rows)+n > maxSeen {
		s.reset()
	}
}

func (s *seenRows) add(ks catalog.Keyspace, key string, c committedRow) {
	if len(s.rows) >= maxSeen {
		s.reset()
	}
	n := len(s.mem)
	if n+len(c.base) > cap(s.mem) { // what was handed out keeps the old memory
		s.mem = make([]byte, 0, max(2*cap(s.mem), len(c.base), 256))
		n = 0
	}
	s.mem = append(s.mem, c.base...)
	s.rows = append(s.rows, seenRow{ks: ks, key: key, below: c.below, ver: c.ver, base: slices.Clip(s.mem[n:])})
}

// find returns what was kept for a key. Keys are asked for in the order in which they were locked, mostly.
func (s *seenRows) find(ks catalog.Keyspace, key string) (committedRow, bool) {
	for n := range min(len(s.rows), 32) {
		i := s.at + n
		if i >= len(s.rows) {
			i -= len(s.rows)
		}
		if r := &s.rows[i]; r.ks == ks && r.key == key {
			s.at = i + 1
			return committedRow{below: r.below, live: true, ver: r.ver, base: r.base}, true
		}
	}
	return committedRow{}, false
}

// current returns the committed version that an Update or Delete of a row replaces, locking the row if the caller has
// not.
func (t *Txn) current(ctx context.Context, v *view, table *catalog.Table, key string) (committedRow, error) {
	if c, ok := t.seen.find(table.Rows, key); ok {
		return c, nil
	}
	k := lock.Key{Kind: lock.Row, A: v.layer.id, B: table.Rows, S: key}
	c, added, err := t.lockSettled(ctx, v, table.Rows, k, lock.Mode(catalog.ForNoKeyUpdate), t.waitOption(catalog.Wait))
	if err != nil {
		return c, t.s.lockError(err, table, true)
	}
	if added && c.ver > v.chain[0].bound || !c.live {
		return c, errSerialize("update")
	}
	c.base = bytes.Clone(c.base)
	return c, nil
}
