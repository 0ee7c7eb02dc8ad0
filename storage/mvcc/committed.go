package mvcc

import (
	"bytes"
	"context"

	"github.com/rowandb/rowan/catalog"
)

// committedRow is the newest committed version of a key.
type committedRow struct {
	below   below
	live    bool
	ver     uint64
	payload []byte // of a live one; borrowed from the reader
	base    []byte // value of the head in the view's layer; borrowed likewise

	// The running transaction that has written the key ahead, if another has; what is said above is what it replaced.
	writer *largeTxn
	gone   bool // it has deleted the row

	cmd uint32 // of belowOwn: the statement that wrote it
}

// committed finds the newest committed version of a key of a view's branch. The caller holds the key's lock, or does not
// mind that the answer may be outdated.
func (t *Txn) committed(ctx context.Context, v *view, ks catalog.Keyspace, key []byte) (c committedRow, err error) {
	if sp := v.layer.space(ks); sp != nil {
		r := &t.r
		r.kbuf = append(append(r.kbuf[:0], sp.prefix...), key...)
		var ok bool
		if r.vbuf, ok, err = t.s.kv.Get(ctx, r.kbuf, r.vbuf[:0]); err != nil {
			return c, err
		}
		if ok {
			return t.committedHead(ctx, v, sp, key)
		}
	}
	return t.committedBeneath(ctx, v, ks, key)
}

// committedBeneath is committed for a key without a head in the view's layer.
func (t *Txn) committedBeneath(ctx context.Context, v *view, ks catalog.Keyspace, key []byte) (c committedRow, err error) {
	if len(v.chain) == 1 {
		return committedRow{below: belowNothing}, nil
	}
	x, ok, err := t.r.getBeneath(ctx, v.layer, ks, key)
	if err != nil {
		return c, err
	}
	if !ok || x.deleted {
		return committedRow{below: belowNothing}, nil
	}
	return committedRow{below: belowParent, live: true, ver: x.ver, payload: x.payload}, nil
}

// committedHead reads the head in r.vbuf.
func (t *Txn) committedHead(ctx context.Context, v *view, sp *space, key []byte) (c committedRow, err error) {
	r := &t.r
	head, err := parseVersion(r.vbuf)
	if err != nil {
		return c, err
	}
	c = committedRow{live: !head.deleted(), payload: head.payload, base: r.vbuf, below: belowHead}
	switch {
	case head.flags&marked == 0:
		c.ver = head.ver
	case head.ver == r.own:
		c.below, c.cmd = belowOwn, head.cmd
	default:
		if c.ver = t.s.large.scn(head.ver); c.ver > latest {
			return t.beneath(ctx, v, sp, key, head)
		}
	}
	if head.deleted() && c.below != belowOwn {
		c.below = belowTombstone
	}
	return c, nil
}

// beneath answers for a head that a running large transaction has written ahead.
func (t *Txn) beneath(ctx context.Context, v *view, sp *space, key []byte, head version) (c committedRow, err error) {
	writer, gone := t.s.large.get(head.ver), head.deleted()
	key = bytes.Clone(key)
	old, ok, again, err := t.r.older(ctx, sp, key, head, latest)
	switch {
	case err != nil:
		return c, err
	case again || writer == nil: // it was rolled back meanwhile
		return t.committed(ctx, v, sp.Keyspace, key)
	case !ok:
		c = committedRow{below: belowNothing}
	default:
		c = committedRow{below: belowHead, live: !old.deleted(), ver: t.r.scn(&old), payload: old.payload}
	}
	c.writer, c.gone = writer, gone
	return c, nil
}
