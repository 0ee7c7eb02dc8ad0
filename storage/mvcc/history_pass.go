package mvcc

import (
	"bytes"
	"cmp"
	"context"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// historyPass finds what one layer had at a bound, for keys that ascend and whose heads do not tell. Where a bulk write has
// replaced or deleted many rows since, stepping through their history costs a fraction of looking each of them up; a scan
// that meets few of them opens no iterator, and one that meets them far apart has them looked up.
type historyPass struct {
	sp    *space
	bound uint64
	hi    []byte // the scan ends before this key; empty: it does not
	want  []byte
	pass
}

// newHistoryPass returns a pass for the keys of a span, nil for one in reverse.
func newHistoryPass(sp *space, bound uint64, s span) *historyPass {
	if s.reverse {
		return nil
	}
	return &historyPass{sp: sp, bound: bound, hi: s.hi, pass: pass{far: fewestPassed}}
}

// find returns the version of key at the bound. known says that the answer is certain; else the key is to be looked up. A nil
// pass knows nothing.
func (p *historyPass) find(ctx context.Context, r *reader, key []byte) (v version, ok, known bool, err error) {
	if p == nil || p.away() {
		return v, false, false, nil
	}
	return p.step(ctx, r, key)
}

// step looks for the version among those that ended after the bound: the first of them, or, for ends that are markers sort
// last whatever they stand for, one of those that follow. The answer is certain when one was found, or one from after the
// bound has none before it. Else it may have been written since the iterator was opened.
func (p *historyPass) step(ctx context.Context, r *reader, key []byte) (v version, ok, known bool, err error) {
	here, err := p.move(ctx, r, key)
	for ; here && err == nil; here, err = p.nextOf() {
		if v, err = parseVersion(p.it.Value()); err != nil {
			return v, false, false, cmp.Or(p.it.Err(), err)
		}
		_, end, _ := keys.SplitHistory(p.it.Key())
		switch {
		case r.lasted(&v, end, p.bound):
			return v, true, true, nil
		case v.flags&first != 0 && r.scn(&v) > p.bound:
			return version{}, false, true, nil
		}
	}
	return version{}, false, false, err
}

// move moves to the first history row of key that ended after the bound, and reports whether there is one.
func (p *historyPass) move(ctx context.Context, r *reader, key []byte) (here bool, err error) {
	p.want = keys.AppendEnd(p.sp.AppendHistory(p.want[:0], key), p.bound+1)
	if p.it == nil {
		p.it = r.s.kv.Scan(ctx, kv.Range{Lo: bytes.Clone(p.want), Hi: p.end()})
		p.more = p.it.Next()
	}
	_, err = p.to(p.want)
	return p.more && p.onKey(), err
}

// nextOf moves to the next history row of the same key, and reports whether there is one.
func (p *historyPass) nextOf() (here bool, err error) {
	p.more = p.it.Next()
	return p.more && p.onKey(), p.it.Err()
}

func (p *historyPass) onKey() bool {
	k := p.it.Key()
	return len(k) == len(p.want) && bytes.Equal(k[:len(k)-8], p.want[:len(k)-8])
}

// end returns where the history of the scan's keys ends.
func (p *historyPass) end() []byte {
	if len(p.hi) == 0 {
		return kv.PrefixEnd(p.sp.AppendHistory(nil, nil))
	}
	return p.sp.AppendHistory(nil, p.hi)
}

func (p *historyPass) close() {
	if p != nil {
		p.pass.close()
	}
}
