package mvcc

import (
	"bytes"
	"cmp"
	"context"
	"math"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// historyScan walks the keys of a span that have history in a layer, and finds what history has of each at a bound.
type historyScan struct {
	r     *reader
	sp    *space
	bound uint64
	span  span
	it    kv.Iterator
	on    bool // it stands on a row of history
	begun bool
	n     int // length of the prefix

	key []byte
	has bool    // the key has a version at the bound:
	at  version // this one
	buf []byte  // what at.payload is in
	to  []byte
}

func (r *reader) scanHistory(ctx context.Context, sp *space, bound uint64, s span) *historyScan {
	return &historyScan{r: r, sp: sp, bound: bound, span: s, n: len(sp.prefix), it: r.s.kv.Scan(ctx, historyRange(sp, s))}
}

// historyRange has the history of all keys of a span, and perhaps that of others. The history of a key comes right after the
// key itself: with a bound that goes on behind a key, as that of a part of a scan may, it is on both sides of the bound.
func historyRange(sp *space, s span) kv.Range {
	r := kv.Range{Lo: sp.AppendHistory(nil, s.lo), Hi: kv.PrefixEnd(sp.AppendHistory(nil, nil)), Reverse: s.reverse}
	if n := len(s.hi); s.reverse && n > 0 { // forwards, the scan ends at the first key beyond
		r.Hi = sp.AppendHistory(nil, s.hi)
		if s.hi[n-1] == 0 {
			r.Hi = kv.PrefixEnd(r.Hi[:len(r.Hi)-1])
		}
	}
	return r
}

func (s *historyScan) close() { s.it.Close() }

// version returns what the key had at the bound. It is borrowed until the next call of next.
func (s *historyScan) version() (version, bool) { return s.at, s.has }

// next moves to the next key of the span.
func (s *historyScan) next() (bool, error) {
	if !s.begun {
		s.begun, s.on = true, s.it.Next()
	}
	for s.on {
		k, _, _ := keys.SplitHistory(s.it.Key()[s.n:])
		s.key = append(s.key[:0], k...)
		below := bytes.Compare(k, s.span.lo) < 0
		above := len(s.span.hi) > 0 && bytes.Compare(k, s.span.hi) >= 0
		if below && s.span.reverse || above && !s.span.reverse {
			break
		}
		if err := s.pick(); err != nil {
			return false, err
		}
		if !below && !above {
			return true, nil
		}
	}
	s.on = false
	return false, s.it.Err()
}

// pick looks at the rows of the key, takes the one that was there at the bound, and moves to the next key. Rows are sorted by
// their ends; of those with an SCN as end only the first after the bound can be it, and ends that are markers sort last.
func (s *historyScan) pick() error {
	s.has = false
	if !s.span.reverse {
		s.skip(s.bound + 1)
	}
	for s.onKey() {
		_, end, _ := keys.SplitHistory(s.it.Key())
		if end <= s.bound {
			break // in reverse: those that come ended earlier still
		}
		found, err := s.take(end)
		if err != nil {
			return err
		}
		if found {
			break
		}
		if s.span.reverse || end&keys.Marker != 0 {
			s.on = s.it.Next()
		} else {
			s.skip(keys.Marker)
		}
	}
	if s.span.reverse {
		s.skip(0)
	} else {
		s.skip(math.MaxUint64)
	}
	return s.it.Err()
}

// skip moves on to the row of the key with an end, or to what comes after it: by steps, and by a seek where these are many.
func (s *historyScan) skip(end uint64) {
	s.to = keys.AppendEnd(s.sp.AppendHistory(s.to[:0], s.key), end)
	for steps := 0; s.on; steps++ {
		c := bytes.Compare(s.it.Key(), s.to)
		if c == 0 || c > 0 != s.span.reverse {
			return
		}
		if steps < farApart {
			s.on = s.it.Next()
		} else {
			s.on = s.it.Seek(s.to)
		}
	}
}

// take takes the row that the iterator stands on, if it was there at the bound.
func (s *historyScan) take(end uint64) (found bool, err error) {
	v, err := parseVersion(s.it.Value())
	if err != nil {
		return false, cmp.Or(s.it.Err(), err)
	}
	if !s.r.lasted(&v, end, s.bound) {
		return false, nil
	}
	s.buf = append(s.buf[:0], v.payload...)
	v.payload = s.buf
	s.at, s.has = v, true
	return true, nil
}

func (s *historyScan) onKey() bool {
	if !s.on {
		return false
	}
	k, _, ok := keys.SplitHistory(s.it.Key()[s.n:])
	return ok && bytes.Equal(k, s.key)
}
