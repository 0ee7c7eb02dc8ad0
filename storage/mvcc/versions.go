package mvcc

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// piece is a version of a key in one layer, valid in [start, end).
type piece struct {
	start, end uint64
	deleted    bool
	payload    []byte
}

// forever is the end of what has not ended.
const forever = math.MaxUint64

// versionScan yields the keys of a keyspace with all versions that a chain of layers shows of each.
type versionScan struct {
	layers []*layerVersions // topmost first
	key    []byte
	pieces []piece
}

func (r *reader) scanVersions(ctx context.Context, chain []link, ks uint64, s span) *versionScan {
	out := &versionScan{}
	for i := range chain {
		if sp := chain[i].space(ks); sp != nil {
			out.layers = append(out.layers, r.layerVersions(ctx, sp, chain[i].bound, s))
		}
	}
	return out
}

func (s *versionScan) close() {
	for _, l := range s.layers {
		l.close()
	}
}

// next moves to the next key that has versions. Key and pieces are borrowed until the next call.
func (s *versionScan) next() (bool, error) {
	for {
		var least []byte
		for _, l := range s.layers {
			if err := l.peek(); err != nil {
				return false, err
			}
			if l.ok && (least == nil || bytes.Compare(l.key, least) < 0) {
				least = l.key
			}
		}
		if least == nil {
			return false, nil
		}
		s.key, s.pieces = append(s.key[:0], least...), s.pieces[:0]
		for i := len(s.layers) - 1; i >= 0; i-- {
			l := s.layers[i]
			if l.ok && bytes.Equal(l.key, s.key) {
				s.pieces = overlay(s.pieces, l.pieces)
				l.ready = false
			}
		}
		s.pieces = slices.DeleteFunc(s.pieces, func(p piece) bool { return p.deleted || p.start >= p.end })
		if len(s.pieces) > 0 {
			return true, nil
		}
	}
}

// overlay lays what a layer has over what shows of those below it.
func overlay(below, above []piece) []piece {
	if len(below) == 0 {
		return append(below, above...)
	}
	var out []piece
	for _, b := range below {
		for _, a := range above {
			if a.start >= b.end || a.end <= b.start {
				continue
			}
			if b.start < a.start {
				out = append(out, piece{b.start, a.start, b.deleted, b.payload})
			}
			b.start = a.end
		}
		if b.start < b.end {
			out = append(out, b)
		}
	}
	out = append(out, above...)
	slices.SortFunc(out, func(a, b piece) int { return cmp.Compare(a.start, b.start) })
	return out
}

// layerVersions yields the keys of one layer with what it has of each, oldest first, up to a bound.
type layerVersions struct {
	r          *reader
	bound      uint64
	heads, raw kv.Iterator
	headN, n   int // lengths of the prefixes

	headOK, rawOK, started bool
	ready, ok              bool // pieces are those of key; there is a key
	key                    []byte
	pieces                 []piece
}

func (r *reader) layerVersions(ctx context.Context, sp *space, bound uint64, s span) *layerVersions {
	one := len(s.hi) == len(s.lo)+1 && bytes.HasPrefix(s.hi, s.lo) && s.hi[len(s.lo)] == 0
	rng := func(prefix []byte, past bool) kv.Range {
		lo := append(bytes.Clone(prefix), s.lo...)
		hi := append(bytes.Clone(prefix), s.hi...)
		switch {
		case len(s.hi) == 0:
			hi = kv.PrefixEnd(prefix)
		case one && past: // a key of history ends with an SCN
			hi = kv.PrefixEnd(lo)
		}
		return kv.Range{Lo: lo, Hi: hi}
	}
	history := sp.AppendHistory(nil, nil)
	// Heads first: a version that becomes history meanwhile is then seen twice, and not missed.
	return &layerVersions{r: r, bound: bound, heads: r.s.kv.Scan(ctx, rng(sp.prefix, false)), raw: r.s.kv.Scan(ctx, rng(history, true)), headN: len(sp.prefix), n: len(history)}
}

func (l *layerVersions) close() {
	l.heads.Close()
	l.raw.Close()
}

// peek makes the next key's versions ready.
func (l *layerVersions) peek() error {
	if !l.started {
		l.started = true
		l.headOK, l.rawOK = l.heads.Next(), l.raw.Next()
	}
	for !l.ready {
		if err := cmp.Or(l.heads.Err(), l.raw.Err()); err != nil {
			return err
		}
		if l.ok = l.headOK || l.rawOK; !l.ok {
			l.ready = true
			return nil
		}
		if err := l.gather(); err != nil {
			return err
		}
		l.ready = len(l.pieces) > 0
	}
	return nil
}

func (l *layerVersions) gather() error {
	var head, raw []byte
	if l.headOK {
		head = l.heads.Key()[l.headN:]
	}
	if l.rawOK {
		raw, _, _ = keys.SplitHistory(l.raw.Key()[l.n:])
	}
	key, both := head, false
	if c := bytes.Compare(head, raw); !l.headOK || l.rawOK && c > 0 {
		key = raw
	} else {
		both = l.rawOK && c == 0
	}
	fromHead := l.headOK && (both || !l.rawOK || bytes.Equal(key, head))
	l.key, l.pieces = append(l.key[:0], key...), l.pieces[:0]
	for l.rawOK {
		k, end, ok := keys.SplitHistory(l.raw.Key()[l.n:])
		if !ok || !bytes.Equal(k, l.key) {
			break
		}
		if err := l.add(l.raw.Value(), l.r.endOf(end)); err != nil {
			return err
		}
		l.rawOK = l.raw.Next()
	}
	if fromHead {
		if err := l.add(l.heads.Value(), forever); err != nil {
			return err
		}
		l.headOK = l.heads.Next()
	}
	slices.SortStableFunc(l.pieces, func(a, b piece) int { return cmp.Compare(a.start, b.start) })
	l.pieces = slices.CompactFunc(l.pieces, func(a, b piece) bool { return a.start == b.start })
	return nil
}

// add takes a version, unless it is newer than the bound or not committed.
func (l *layerVersions) add(value []byte, end uint64) error {
	v, err := parseVersion(value)
	if err != nil {
		return err
	}
	start := l.r.scn(&v)
	if start > l.bound || start == 0 {
		return nil
	}
	if end > l.bound {
		end = forever
	}
	l.pieces = append(l.pieces, piece{start, end, v.deleted(), bytes.Clone(v.payload)})
	return nil
}
