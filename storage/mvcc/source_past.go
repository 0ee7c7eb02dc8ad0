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
	heads   *layerScan
	r       *reader     // for keys that have no head; its memory is not that of heads
	raw     kv.Iterator // history
	n       int         // length of its prefix
	reverse bool

	headOK, rawOK     bool
	needHead, needRaw bool
	started           bool
	rawKey            []byte
	cur               row
}

func (r *reader) scanPast(ctx context.Context, sp *space, bound uint64, s span) source {
	lo := sp.AppendHistory(nil, s.lo)
	hi := sp.AppendHistory(nil, s.hi)
	if len(s.hi) == 0 {
		hi = kv.PrefixEnd(sp.AppendHistory(nil, nil))
	}
	return &pastScan{
		heads: r.scanHeads(ctx, sp, bound, s), r: r.fork(), reverse: s.reverse, n: len(sp.prefix), needHead: true, needRaw: true,
		raw: r.s.kv.Scan(ctx, kv.Range{Lo: lo, Hi: hi, Reverse: s.reverse, KeysOnly: true}),
	}
}

func (s *pastScan) row() *row { return &s.cur }

func (s *pastScan) close() {
	s.heads.close()
	s.raw.Close()
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
		v, ok, _, err := s.r.layerGet(h.ctx, h.sp, s.rawKey, h.bound)
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
	if s.reverse {
		c = -c
	}
	return c
}

// nextKey moves history to its next key: by steps, and by a seek where a key has many versions.
func (s *pastScan) nextKey() error {
	if !s.started {
		s.started = true
		s.rawOK = s.raw.Next()
		return s.keepKey()
	}
	for i := 0; s.rawOK; i++ {
		if i == 8 {
			end := ^uint64(0)
			if s.reverse {
				end = 0
			}
			s.rawOK = s.raw.Seek(keys.AppendEnd(s.heads.sp.AppendHistory(nil, s.rawKey), end))
		} else {
			s.rawOK = s.raw.Next()
		}
		if !s.rawOK {
			break
		}
		if k, _, ok := keys.SplitHistory(s.raw.Key()[s.n:]); !ok || !bytes.Equal(k, s.rawKey) {
			break
		}
	}
	return s.keepKey()
}

func (s *pastScan) keepKey() error {
	if s.rawOK {
		k, _, _ := keys.SplitHistory(s.raw.Key()[s.n:])
		s.rawKey = bytes.Clone(k)
	}
	return s.raw.Err()
}
