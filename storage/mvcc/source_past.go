package mvcc

import (
	"bytes"
	"context"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// pastScan yields what one layer had at a bound so old that heads may have been removed since: keys come from the heads
// and from history.
type pastScan struct {
	heads *layerScan
	r     *reader // for keys that have no head; its memory is not that of heads
	past  *historyPass
	raw   kv.Iterator // history
	n     int         // length of its prefix
	span  span

	headOK, rawOK     bool
	needHead, needRaw bool
	started           bool
	rawKey            []byte
	cur               row
}

func (r *reader) scanPast(ctx context.Context, sp *space, bound uint64, s span) source {
	return &pastScan{
		heads: r.scanHeads(ctx, sp, bound, s), r: r.fork(), span: s, n: len(sp.prefix), needHead: true, needRaw: true,
		raw: r.s.kv.Scan(ctx, historyRange(sp, s)), past: newHistoryPass(sp, bound, s),
	}
}

// historyRange has the history of all keys of a span, and perhaps that of others. The history of a key comes right after the
// key itself: with a bound that goes on behind a key, as that of a part of a scan may, it is on both sides of the bound.
func historyRange(sp *space, s span) kv.Range {
	r := kv.Range{Lo: sp.AppendHistory(nil, s.lo), Hi: kv.PrefixEnd(sp.AppendHistory(nil, nil)), Reverse: s.reverse, KeysOnly: true}
	if n := len(s.hi); s.reverse && n > 0 { // forwards, the scan ends at the first key beyond
		r.Hi = sp.AppendHistory(nil, s.hi)
		if s.hi[n-1] == 0 {
			r.Hi = kv.PrefixEnd(r.Hi[:len(r.Hi)-1])
		}
	}
	return r
}

func (s *pastScan) row() *row { return &s.cur }

func (s *pastScan) close() {
	s.heads.close()
	s.raw.Close()
	s.past.close()
}

func (s *pastScan) next() (ok bool, err error) {
	for {
		if s.needHead {
			if s.headOK, err = s.heads.next(); err != nil {
				return false, err
			}
		}
		if s.needRaw {
			if err := s.nextKey(); err != nil {
				return false, err
			}
		}
		s.needHead, s.needRaw = false, false
		if !s.headOK && !s.rawOK {
			return false, nil
		}
		c := s.compare()
		if c <= 0 {
			s.needHead, s.needRaw = true, c == 0
			s.cur = s.heads.cur
			return true, nil
		}
		s.needRaw = true // a key whose head is gone, or above the bound with nothing below
		h := s.heads
		v, ok, known, err := s.past.find(h.ctx, s.r, s.rawKey)
		if !known && err == nil {
			v, ok, _, err = s.r.layerGet(h.ctx, h.sp, s.rawKey, h.bound)
		}
		if err != nil {
			return false, err
		}
		if ok {
			s.cur = row{key: s.rawKey, payload: v.payload, ver: s.r.scn(&v), deleted: v.deleted()}
			return true, nil
		}
	}
}

func (s *pastScan) compare() int {
	switch {
	case !s.headOK:
		return 1
	case !s.rawOK:
		return -1
	}
	c := bytes.Compare(s.heads.cur.key, s.rawKey)
	if s.span.reverse {
		c = -c
	}
	return c
}

// nextKey moves history to the next key of the span.
func (s *pastScan) nextKey() error {
	for {
		s.stepKey()
		if !s.rawOK {
			return s.raw.Err()
		}
		k, _, _ := keys.SplitHistory(s.raw.Key()[s.n:])
		s.rawKey = append(s.rawKey[:0:0], k...)
		below := bytes.Compare(k, s.span.lo) < 0
		above := len(s.span.hi) > 0 && bytes.Compare(k, s.span.hi) >= 0
		if below && s.span.reverse || above && !s.span.reverse {
			s.rawOK = false
		}
		if !below && !above || !s.rawOK {
			return s.raw.Err()
		}
	}
}

// stepKey moves history to its next key: by steps, and by a seek where a key has many versions.
func (s *pastScan) stepKey() {
	if !s.started {
		s.started = true
		s.rawOK = s.raw.Next()
		return
	}
	for i := 0; s.rawOK; i++ {
		if i == 8 {
			end := ^uint64(0)
			if s.span.reverse {
				end = 0
			}
			s.rawOK = s.raw.Seek(keys.AppendEnd(s.heads.sp.AppendHistory(nil, s.rawKey), end))
		} else {
			s.rawOK = s.raw.Next()
		}
		if !s.rawOK {
			return
		}
		if k, _, ok := keys.SplitHistory(s.raw.Key()[s.n:]); !ok || !bytes.Equal(k, s.rawKey) {
			return
		}
	}
}
