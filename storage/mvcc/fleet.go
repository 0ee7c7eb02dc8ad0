package mvcc

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/types/vector"
)

const (
	bundleSize  = 8                        // batches that are handed over together: each handing over may wake a thread
	partRows    = bundleSize * vector.Size // rows that a part should have
	fleetAhead  = 8                        // bundles that one reader may be ahead of the consumer
	fleetMost   = 8                        // readers at most
	fleetParts  = 1024                     // parts at most
	fleetBehind = 3                        // full batches read before it is thought of: a short scan is not worth it
)

// fleet reads the rest of a large scan with several goroutines. The range is cut into parts of which each is read by one
// of them; the consumer takes the parts in order. A reader takes parts in ascending order and its bundles are its own, so
// that the one who reads the part that the consumer waits for always gets its bundles back.
type fleet struct {
	parts []part
	at    int // part that the consumer takes from
	next  atomic.Int64
	stop  chan struct{}
	done  sync.WaitGroup
	cur   *bundle // what the consumer has
	given int     // batches given out of it
}

type part struct {
	span span
	out  chan *bundle
}

// bundle is some batches in order, then perhaps an error.
type bundle struct {
	batches [bundleSize]*scanBatch
	n       int
	err     error
	home    chan *bundle // where its reader waits for it
}

// fleetReader is one of the goroutines: a scanner of its own over one part after the other.
type fleetReader struct {
	f    *fleet
	s    scanner
	free chan *bundle
	made int
}

// startFleet makes the fleet, or reports false where one goroutine does. Readers look only at what is committed: a
// transaction that has writes of its own in memory does without.
func (s *scanner) startFleet() bool {
	readers := min(runtime.NumCPU(), fleetMost)
	if readers < 2 || s.span.reverse || len(s.spans) > 0 || s.src == nil || s.w != nil && s.w.inMemory() {
		return false
	}
	bounds := s.cut()
	if len(bounds) < 2 {
		return false
	}
	f := &fleet{stop: make(chan struct{}), parts: make([]part, len(bounds)-1)}
	for i := range f.parts {
		f.parts[i] = part{span{lo: bounds[i], hi: bounds[i+1]}, make(chan *bundle, fleetAhead)}
	}
	s.src.close()
	s.src, s.fleet = nil, f
	for range readers {
		r := &fleetReader{f: f, free: make(chan *bundle, fleetAhead)}
		r.s = scanner{t: s.t, info: s.info, ctx: s.ctx, chain: slices.Clone(s.chain), rowKS: s.rowKS, shape: s.shape, r: *s.r.fork(), withKeys: s.withKeys}
		f.done.Add(1)
		go r.run()
	}
	return true
}

// run reads parts until there are no more, or the scan ends.
func (r *fleetReader) run() {
	defer r.f.done.Done()
	for {
		i := int(r.f.next.Add(1) - 1)
		if i >= len(r.f.parts) || !r.read(&r.f.parts[i]) {
			return
		}
	}
}

// read reads a part; false: the scan is to end.
func (r *fleetReader) read(p *part) (more bool) {
	defer close(p.out)
	r.s.spans = append(r.s.spans[:0], p.span)
	defer func() {
		if r.s.src != nil {
			r.s.src.close()
			r.s.src = nil
		}
	}()
	for {
		x := r.bundle()
		if x == nil {
			return false
		}
		r.fill(x)
		full := x.n == bundleSize
		failed := x.err != nil
		p.out <- x // there is room for all of the reader's bundles
		if failed || !full {
			return !failed
		}
	}
}

func (r *fleetReader) fill(x *bundle) {
	for x.n, x.err = 0, nil; x.n < bundleSize; x.n++ {
		b := x.batches[x.n]
		if b == nil {
			b = newScanBatch(r.s.shape)
			x.batches[x.n] = b
		}
		b.reset(r.s.shape)
		if x.err = r.s.fillRows(b); x.err != nil || b.batch.N == 0 {
			return
		}
	}
}

// bundle returns one to be filled once there is one; nil: the scan is to end.
func (r *fleetReader) bundle() *bundle {
	select {
	case <-r.f.stop:
		return nil
	case x := <-r.free:
		return x
	default:
	}
	if r.made < fleetAhead {
		r.made++
		return &bundle{home: r.free}
	}
	select {
	case <-r.f.stop:
		return nil
	case x := <-r.free:
		return x
	}
}

// take returns the next batch in order.
func (f *fleet) take(ctx context.Context) (*scanBatch, error) {
	for {
		if x := f.cur; x != nil {
			if f.given < x.n {
				f.given++
				return x.batches[f.given-1], nil
			}
			if x.err != nil {
				return nil, storeError(x.err)
			}
			f.cur = nil
			x.home <- x // there is room
		}
		if f.at == len(f.parts) {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case x, ok := <-f.parts[f.at].out:
			if !ok {
				f.at++
				continue
			}
			f.cur, f.given = x, 0
		}
	}
}

func (f *fleet) close() {
	close(f.stop)
	f.done.Wait()
}

// cut returns the bounds of parts of what is left of the scan, nil when it is little. It knows the first key and the
// last, and takes those between to be spread evenly; when they are not, the parts are of unequal size and no more.
func (s *scanner) cut() [][]byte {
	from := append(bytes.Clone(s.src.row().key), 0)
	last := s.lastKey(from)
	if last == nil {
		return nil
	}
	n := commonLength(s.mark, last)
	a, b, z := window(s.mark[n:]), window(from[min(n, len(from)):]), window(last[n:])
	if z <= b {
		return nil
	}
	var rows int64
	for _, l := range s.chain {
		if sp := l.space(s.rowKS); sp != nil {
			rows += max(0, sp.rows.Load())
		}
	}
	if b > a { // the batch between mark and here tells how dense the keys are
		rows = min(rows, int64(float64(z-b)/float64(b-a)*vector.Size)+1)
	}
	parts := min(uint64(max(rows, 0)/partRows), fleetParts, z-b)
	if parts < 2 {
		return nil
	}
	bounds := make([][]byte, 0, parts+1)
	bounds = append(bounds, from)
	for i := uint64(1); i < parts; i++ {
		at := b + uint64(float64(z-b)*float64(i)/float64(parts))
		k := binary.BigEndian.AppendUint64(bytes.Clone(last[:n]), at)
		if bytes.Compare(k, bounds[len(bounds)-1]) > 0 && bytes.Compare(k, last) < 0 {
			bounds = append(bounds, k)
		}
	}
	return append(bounds, s.span.hi)
}

// lastKey returns the last key at or after from that the layers have in the span, tombstones and newer rows included.
func (s *scanner) lastKey(from []byte) (last []byte) {
	for _, sp := range within(nil, s.chain[0], s.rowKS) {
		r := kv.Range{Lo: sp.AppendHead(nil, from), Hi: sp.AppendHead(nil, s.span.hi), Reverse: true, KeysOnly: true}
		if len(s.span.hi) == 0 {
			r.Hi = kv.PrefixEnd(sp.prefix)
		}
		it := s.t.s.kv.Scan(s.ctx, r)
		if it.Next() {
			if k := it.Key()[len(sp.prefix):]; bytes.Compare(k, last) > 0 {
				last = bytes.Clone(k)
			}
		}
		it.Close()
	}
	return last
}

func commonLength(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// window is the number that the first bytes of a key make.
func window(k []byte) uint64 {
	var w [8]byte
	copy(w[:], k)
	return binary.BigEndian.Uint64(w[:])
}
