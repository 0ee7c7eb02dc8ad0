package mvcc

import (
	"bytes"
	"cmp"
	"context"

	"github.com/rowandb/rowan/storage/kv"
)

// keyPass finds rows by keys that ascend, in one pass over what each layer has of the table: where keys stand close together,
// stepping from one to the next costs a fraction of looking each of them up. A layer is not looked at before a key comes
// that those above it do not have.
type keyPass struct {
	r    *reader // its own
	own  []*ownKeys
	part []passPart
}

// ownKeys are what earlier statements of the transaction have written, as it was when the pass began.
type ownKeys struct {
	src source
	ok  bool
}

// passPart is the pass over one layer.
type passPart struct {
	reach
	pass
	last []byte // key
	past *historyPass
	want []byte
}

// fewestPassed is from how many keys on there is a pass.
const fewestPassed = 64

// ascend reports whether keys are in order, each once.
func ascend(keys []string) bool {
	for i := 1; i < len(keys); i++ {
		if keys[i] <= keys[i-1] {
			return false
		}
	}
	return true
}

// startPass begins a pass where the keys of the scan allow for one. From then on the scan uses nothing that the transaction
// changes, so that another goroutine may go on with it.
func (s *scanner) startPass() {
	if len(s.keys) < fewestPassed || s.track != nil || !ascend(s.keys) {
		return
	}
	p := &keyPass{r: s.r.fork()}
	last := s.keys[len(s.keys)-1]
	for _, src := range s.w.scan(nil, s.r.cmd, span{lo: stringBytes(s.keys[0]), hi: append([]byte(last), 0)}) {
		p.own = append(p.own, &ownKeys{src: src, ok: true})
	}
	for _, k := range within(nil, s.chain[0], s.rowKS) {
		past := newHistoryPass(k.space, k.bound, span{hi: kv.PrefixEnd(stringBytes(last))})
		p.part = append(p.part, passPart{reach: k, last: stringBytes(last), past: past})
	}
	s.pass = p
}

// find returns the live row with a key, which is greater than all asked for before.
func (p *keyPass) find(ctx context.Context, key []byte) (out row, ok bool, err error) {
	for _, o := range p.own {
		if found, err := o.find(key); found || err != nil {
			r := o.src.row()
			return row{key: key, payload: r.payload}, !r.deleted, err
		}
	}
	for i := range p.part {
		v, ok, stop, err := p.part[i].find(ctx, p.r, key)
		if err != nil {
			return out, false, err
		}
		if ok {
			return row{key: key, payload: v.payload, ver: p.r.scn(&v)}, !v.deleted(), nil
		}
		if stop {
			break
		}
	}
	return out, false, nil
}

// find moves to a key, and reports whether it is there.
func (o *ownKeys) find(key []byte) (found bool, err error) {
	for o.ok {
		if r := o.src.row(); r.key != nil {
			if c := bytes.Compare(r.key, key); c >= 0 {
				return c == 0, nil
			}
		}
		if o.ok, err = o.src.next(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// find is reader.layerGet by the pass.
func (p *passPart) find(ctx context.Context, r *reader, key []byte) (v version, ok, stop bool, err error) {
	if p.away() {
		return r.layerGet(ctx, p.space, key, p.bound)
	}
	here, err := p.move(ctx, r, key)
	switch {
	case err != nil:
		return v, false, false, err
	case !here && p.cleaned.Load() <= p.bound:
		return v, false, false, nil
	case !here:
		if v, ok, known, err := p.past.find(ctx, r, key); known || err != nil {
			return v, ok, false, err
		}
		v, ok, err = r.history(ctx, p.space, key, p.bound)
		return v, ok, false, err
	}
	if v, err = parseVersion(p.it.Value()); err != nil {
		return v, false, false, cmp.Or(p.it.Err(), err)
	}
	if r.scn(&v) <= p.bound {
		return v, true, false, nil
	}
	if v.flags&first == 0 {
		if old, ok, known, err := p.past.find(ctx, r, key); known || err != nil {
			return old, ok, false, err
		}
	}
	old, ok, again, err := r.older(ctx, p.space, key, v, p.bound)
	if again {
		return r.layerGet(ctx, p.space, key, p.bound)
	}
	return old, ok, !ok && v.flags&root != 0, err
}

// move moves to the head of a key, and reports whether there is one.
func (p *passPart) move(ctx context.Context, r *reader, key []byte) (here bool, err error) {
	p.want = append(append(p.want[:0], p.prefix...), key...)
	if p.it == nil {
		p.it = r.s.kv.Scan(ctx, kv.Range{Lo: bytes.Clone(p.want), Hi: append(p.AppendHead(nil, p.last), 0)})
		p.more = p.it.Next()
	}
	return p.to(p.want)
}

func (p *keyPass) close() {
	for i := range p.part {
		p.part[i].close()
		p.part[i].past.close()
	}
}
