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
	hi    []byte      // the scan ends before this key; empty: it does not
	it    kv.Iterator // nil: not begun
	more  bool        // it stands on a key
	far   int         // of how many keys to come each is looked up by itself
	want  []byte
}

// newHistoryPass returns a pass for the keys of a span, nil for one in reverse.
func newHistoryPass(sp *space, bound uint64, s span) *historyPass {
	if s.reverse {
		return nil
	}
	return &historyPass{sp: sp, bound: bound, hi: s.hi, far: fewestPassed}
}

// find returns the version of key at the bound. known says that the answer is certain; else the key is to be looked up. A nil
// pass knows nothing.
func (p *historyPass) find(ctx context.Context, r *reader, key []byte) (v version, ok, known bool, err error) {
	if p == nil {
		return v, false, false, nil
	}
	if p.far > 0 {
		p.far--
		return v, false, false, nil
	}
	return p.step(ctx, r, key)
}

// step moves to the version that was the first to end after the bound. known says that the answer is certain: that version,
// or none. The iterator may be older than what was written since it was opened, and of ends that are markers others may
// follow: that, which is rare, is for a look-up.
func (p *historyPass) step(ctx context.Context, r *reader, key []byte) (v version, ok, known bool, err error) {
	here, err := p.move(ctx, r, key)
	if !here || err != nil {
		return v, false, false, err
	}
	if v, err = parseVersion(p.it.Value()); err != nil {
		return v, false, false, cmp.Or(p.it.Err(), err)
	}
	if r.scn(&v) > p.bound {
		return v, false, v.flags&first != 0, nil
	}
	_, end, _ := keys.SplitHistory(p.it.Key())
	ok = end&keys.Marker == 0 || r.endOf(end) > p.bound
	return v, ok, ok, nil
}

// move moves to the first history row of key that ended after the bound, and reports whether there is one.
func (p *historyPass) move(ctx context.Context, r *reader, key []byte) (here bool, err error) {
	p.want = keys.AppendEnd(p.sp.AppendHistory(p.want[:0], key), p.bound+1)
	if p.it == nil {
		p.it = r.s.kv.Scan(ctx, kv.Range{Lo: bytes.Clone(p.want), Hi: p.end()})
		p.more = p.it.Next()
	}
	for steps := 0; p.more; steps++ {
		k := p.it.Key()
		if bytes.Compare(k, p.want) >= 0 {
			return len(k) == len(p.want) && bytes.Equal(k[:len(k)-8], p.want[:len(k)-8]), p.it.Err()
		}
		if steps < farApart {
			p.more = p.it.Next()
			continue
		}
		p.more, p.far = p.it.Seek(p.want), lookups
	}
	return false, p.it.Err()
}

// end returns where the history of the scan's keys ends.
func (p *historyPass) end() []byte {
	if len(p.hi) == 0 {
		return kv.PrefixEnd(p.sp.AppendHistory(nil, nil))
	}
	return p.sp.AppendHistory(nil, p.hi)
}

func (p *historyPass) close() {
	if p != nil && p.it != nil {
		p.it.Close()
		p.it = nil
	}
}
