package mvcc

import (
	"cmp"
	"context"

	"github.com/rowandb/rowan/storage/kv"
)

// source yields versions in the order of their keys, each key once.
type source interface {
	next() (bool, error)
	row() *row
	close()
}

// span is an interval [lo, hi) of keys of a keyspace; an empty hi is no bound.
type span struct {
	lo, hi  []byte
	reverse bool
}

// layerScan yields what one layer has at a bound, tombstones included.
type layerScan struct {
	ctx   context.Context
	r     *reader
	sp    *space
	bound uint64
	it    kv.Iterator
	past  *historyPass
	skip  int  // length of the prefix of heads
	live  bool // leave tombstones out
	cur   row
}

func (r *reader) scanLayer(ctx context.Context, sp *space, bound uint64, s span) source {
	if bound < sp.cleaned.Load() {
		return r.scanPast(ctx, sp, bound, s)
	}
	return r.scanHeads(ctx, sp, bound, s)
}

func (r *reader) scanHeads(ctx context.Context, sp *space, bound uint64, s span) *layerScan {
	lo := append(append([]byte(nil), sp.prefix...), s.lo...)
	hi := append(append([]byte(nil), sp.prefix...), s.hi...)
	if len(s.hi) == 0 {
		hi = kv.PrefixEnd(sp.prefix)
	}
	it := r.s.kv.Scan(ctx, kv.Range{Lo: lo, Hi: hi, Reverse: s.reverse})
	return &layerScan{ctx: ctx, r: r, sp: sp, bound: bound, it: it, past: newHistoryPass(sp, bound, s), skip: len(sp.prefix)}
}

func (s *layerScan) row() *row { return &s.cur }

func (s *layerScan) close() {
	s.it.Close()
	s.past.close()
}

func (s *layerScan) next() (bool, error) {
	for s.it.Next() {
		v, err := parseVersion(s.it.Value())
		if err != nil {
			return false, cmp.Or(s.it.Err(), err)
		}
		scn := v.ver
		if v.flags&marked != 0 {
			scn = s.r.scn(&v)
		}
		key := s.it.Key()[s.skip:]
		if scn > s.bound {
			var ok bool
			if v, ok, err = s.older(key, v); err != nil {
				return false, err
			}
			if !ok {
				continue
			}
			scn = s.r.scn(&v)
		}
		if s.live && v.flags&deleted != 0 {
			continue
		}
		s.cur = row{key: key, payload: v.payload, ver: scn, deleted: v.flags&deleted != 0}
		return true, nil
	}
	return false, s.it.Err()
}

// older finds the version at the bound of a key whose head is above it.
func (s *layerScan) older(key []byte, head version) (version, bool, error) {
	if head.flags&first != 0 {
		return version{}, false, nil
	}
	if v, ok, known, err := s.past.find(s.ctx, s.r, key); known || err != nil {
		return v, ok, err
	}
	v, ok, again, err := s.r.older(s.ctx, s.sp, key, head, s.bound)
	if again {
		v, ok, _, err = s.r.layerGet(s.ctx, s.sp, key, s.bound)
	}
	return v, ok, err
}
