package mvcc

import (
	"bytes"
	"context"
)

// pastScan yields what one layer had at a bound so old that heads may have been removed since: keys come from the heads
// and from history.
type pastScan struct {
	heads   *layerScan
	history *historyScan
	r       *reader // its memory is not that of heads
	cleaned uint64  // up to where heads had been removed when the scan began

	headOK, pastOK     bool
	needHead, needPast bool
	cur                row
}

func (r *reader) scanPast(ctx context.Context, sp *space, bound uint64, s span) source {
	p := &pastScan{r: r.fork(), cleaned: sp.cleaned.Load(), needHead: true, needPast: true}
	p.heads = r.scanHeads(ctx, sp, bound, s)
	p.history = r.fork().scanHistory(ctx, sp, bound, s)
	return p
}

func (s *pastScan) row() *row { return &s.cur }

func (s *pastScan) close() {
	s.heads.close()
	s.history.close()
}

func (s *pastScan) next() (ok bool, err error) {
	for {
		if s.needHead {
			if s.headOK, err = s.heads.next(); err != nil {
				return false, err
			}
		}
		if s.needPast {
			if s.pastOK, err = s.history.next(); err != nil {
				return false, err
			}
		}
		s.needHead, s.needPast = false, false
		if !s.headOK && !s.pastOK {
			return false, nil
		}
		c := s.compare()
		if c <= 0 {
			s.needHead, s.needPast = true, c == 0
			s.cur = s.heads.cur
			return true, nil
		}
		s.needPast = true // a key whose head is gone, or above the bound with nothing below
		if ok, err := s.removed(); ok || err != nil {
			return ok, err
		}
	}
}

// removed takes the row of which history alone tells.
func (s *pastScan) removed() (bool, error) {
	v, ok := s.history.version()
	if !ok && s.heads.sp.cleaned.Load() != s.cleaned { // a head may have been removed that was there when the scan began
		var err error
		if v, ok, _, err = s.r.layerGet(s.heads.ctx, s.heads.sp, s.history.key, s.heads.bound); err != nil {
			return false, err
		}
	}
	if ok {
		s.cur = row{key: s.history.key, payload: v.payload, ver: s.r.scn(&v), deleted: v.deleted()}
	}
	return ok, nil
}

func (s *pastScan) compare() int {
	switch {
	case !s.headOK:
		return 1
	case !s.pastOK:
		return -1
	}
	c := bytes.Compare(s.heads.cur.key, s.history.key)
	if s.history.span.reverse {
		c = -c
	}
	return c
}
