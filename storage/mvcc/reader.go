package mvcc

import (
	"bytes"
	"cmp"
	"context"
	"math"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// latest is the bound of reads that want the newest committed version.
const latest = keys.Marker - 1

// reader reads versions on behalf of one transaction, or of nobody. It has scratch memory: one goroutine uses it.
type reader struct {
	s   *Store
	own uint64 // marker under which the transaction has written already, 0: none
	cmd uint32 // own versions of statements below cmd are seen

	marker, markerSCN uint64 // of the committed large transaction seen last

	kbuf, vbuf, hbuf []byte
}

// row is a version as sources yield it. Its bytes are borrowed until the source's next call.
type row struct {
	key     []byte
	payload []byte
	ver     uint64 // 0: written by the reading transaction
	deleted bool
	root    bool // no layer has an older version
}

// scn returns the SCN of v as r sees it: 0 for its own, beyond every bound for what is not committed.
func (r *reader) scn(v *version) uint64 {
	if v.flags&marked == 0 {
		return v.ver
	}
	if v.ver == r.own {
		if v.cmd < r.cmd {
			return 0
		}
		return math.MaxUint64
	}
	if v.ver == r.marker {
		return r.markerSCN
	}
	scn := r.s.large.scn(v.ver)
	if scn <= latest {
		r.marker, r.markerSCN = v.ver, scn
	}
	return scn
}

// get looks a key up through a chain. level is 0 where its topmost layer has it.
func (r *reader) get(ctx context.Context, chain []link, ks uint64, key []byte) (out row, level int, ok bool, err error) {
	top := chain[0]
	if sp := top.space(ks); sp != nil {
		v, ok, stop, err := r.layerGet(ctx, sp, key, top.bound)
		if err != nil {
			return out, 0, false, err
		}
		if ok {
			return row{key: key, payload: v.payload, ver: r.scn(&v), deleted: v.deleted(), root: v.flags&root != 0}, 0, true, nil
		}
		if stop {
			return out, 0, false, nil
		}
	}
	switch {
	case len(chain) == 1:
	case top.bound >= top.fork:
		out, ok, err = r.getIn(ctx, top.beneath(ks), key)
	default:
		out, _, ok, err = r.get(ctx, chain[1:], ks, key)
	}
	return out, 1, ok, err
}

// layerGet looks a key up in one layer; stop says that the layers below have nothing either.
func (r *reader) layerGet(ctx context.Context, sp *space, key []byte, bound uint64) (v version, ok, stop bool, err error) {
	for {
		r.kbuf = append(append(r.kbuf[:0], sp.prefix...), key...)
		var exists bool
		r.vbuf, exists, err = r.s.kv.Get(ctx, r.kbuf, r.vbuf[:0])
		if err != nil {
			return v, false, false, err
		}
		if !exists {
			// A removed tombstone hides what the layers below show only from those who are older than it.
			if sp.cleaned.Load() <= bound {
				return v, false, false, nil
			}
			v, ok, err = r.history(ctx, sp, key, bound)
			return v, ok, false, err
		}
		if v, err = parseVersion(r.vbuf); err != nil {
			return v, false, false, err
		}
		if r.scn(&v) <= bound {
			return v, true, false, nil
		}
		old, ok, again, err := r.older(ctx, sp, key, v, bound)
		if !again {
			return old, ok, !ok && v.flags&root != 0, err
		}
	}
}

// older finds the version of key at bound, given a head above it. again says that the head has changed meanwhile in a
// way that may matter: read it anew.
func (r *reader) older(ctx context.Context, sp *space, key []byte, head version, bound uint64) (v version, ok, again bool, err error) {
	if head.flags&first != 0 {
		return v, false, false, nil
	}
	ver := head.ver
	if v, ok, err = r.replaced(ctx, sp, key, ver); err != nil {
		return v, false, false, err
	}
	if !ok { // it may be on its way, in the same batch as the head
		r.s.settle(ver)
		if v, ok, err = r.replaced(ctx, sp, key, ver); err != nil {
			return v, false, false, err
		}
	}
	if ok && r.scn(&v) <= bound {
		return v, true, false, nil
	}
	if ok && v.flags&first != 0 {
		return v, false, false, nil
	}
	if !ok && ver&keys.Marker != 0 && !r.s.large.committed(ver) && r.headMoved(ctx, sp, key, ver) {
		return v, false, true, nil
	}
	v, ok, err = r.history(ctx, sp, key, bound)
	return v, ok, false, err
}

// replaced returns the history row of the version that ver replaced.
func (r *reader) replaced(ctx context.Context, sp *space, key []byte, ver uint64) (v version, ok bool, err error) {
	r.kbuf = keys.AppendEnd(sp.AppendHistory(r.kbuf[:0], key), ver)
	r.hbuf, ok, err = r.s.kv.Get(ctx, r.kbuf, r.hbuf[:0])
	if err != nil || !ok {
		return v, false, err
	}
	v, err = parseVersion(r.hbuf)
	return v, err == nil, err
}

// headMoved reports whether the head is not ver any more: the large transaction was rolled back.
func (r *reader) headMoved(ctx context.Context, sp *space, key []byte, ver uint64) bool {
	k := append(append([]byte(nil), sp.prefix...), key...)
	b, ok, err := r.s.kv.Get(ctx, k, nil)
	if err != nil || !ok {
		return true
	}
	v, err := parseVersion(b)
	return err != nil || v.ver != ver
}

// history searches the history rows of key for the version at bound. They are sorted by their ends; their intervals are
// disjoint, so that of those with an SCN as end only the first after bound can be it. Ends that are markers of large
// transactions sort last and are looked at one by one.
func (r *reader) history(ctx context.Context, sp *space, key []byte, bound uint64) (v version, ok bool, err error) {
	prefix := sp.AppendHistory(nil, key)
	n := len(prefix)
	hi := kv.PrefixEnd(prefix)
	lo := keys.AppendEnd(prefix, bound+1)
	it := r.s.kv.Scan(ctx, kv.Range{Lo: lo, Hi: hi})
	defer it.Close()
	for more := it.Next(); more; {
		k := it.Key()
		_, end, okKey := keys.SplitHistory(k[n:])
		if !okKey || len(k) != n+8 {
			more = it.Next()
			continue
		}
		r.hbuf = append(r.hbuf[:0], it.Value()...)
		if v, err = parseVersion(r.hbuf); err != nil {
			return v, false, cmp.Or(it.Err(), err)
		}
		if r.lasted(&v, end, bound) {
			return v, true, nil
		}
		if end&keys.Marker != 0 {
			more = it.Next()
			continue
		}
		more = it.Seek(keys.AppendEnd(bytes.Clone(k[:n]), keys.Marker))
	}
	return v, false, it.Err()
}

// lasted reports whether a history row is of the version that was there at bound.
func (r *reader) lasted(v *version, end, bound uint64) bool {
	return r.scn(v) <= bound && r.endOf(end) > bound
}

func (r *reader) endOf(end uint64) uint64 {
	if end&keys.Marker == 0 {
		return end
	}
	if end == r.own {
		return math.MaxUint64
	}
	return r.s.large.scn(end)
}
