package mvcc

import (
	"bytes"
	"encoding/binary"

	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/types/vector"
)

// sampleRun is how many rows a sample takes from one place.
const sampleRun = 64

// sampling reads runs of rows from many places of a table.
type sampling struct {
	took int // of the run that is being read
}

// startSample cuts the table into as many spans as a sample of n rows has runs. A table that is not much larger than the
// sample, or whose keys cannot be parted, is read as a whole.
func (s *scanner) startSample(n int) {
	var rows int64
	for _, l := range s.chain {
		if sp := l.space(s.rowKS); sp != nil {
			rows += max(0, sp.rows.Load())
		}
	}
	if s.w != nil && s.w.tree.Len() > 0 || rows < int64(4*n) {
		return
	}
	first, last := s.firstKey(), s.lastKey(nil)
	same := commonLength(first, last)
	if len(last) == same {
		return
	}
	a, z := window(first[same:]), window(last[same:])
	runs := uint64(max(2, n/sampleRun))
	if z-a < runs {
		return
	}
	s.spans = s.spans[:0]
	for i := range runs {
		lo := a + uint64(float64(z-a)*float64(i)/float64(runs))
		k := binary.BigEndian.AppendUint64(bytes.Clone(last[:same]), lo)
		if i == 0 {
			k = first
		}
		if len(s.spans) > 0 {
			s.spans[len(s.spans)-1].hi = k
		}
		s.spans = append(s.spans, span{lo: k})
	}
	s.sample = &sampling{}
}

// firstKey is the first key that the layers have.
func (s *scanner) firstKey() (first []byte) {
	for _, l := range s.chain {
		sp := l.space(s.rowKS)
		if sp == nil {
			continue
		}
		it := s.t.s.kv.Scan(s.ctx, kv.Range{Lo: sp.prefix, Hi: kv.PrefixEnd(sp.prefix), KeysOnly: true})
		if it.Next() {
			if k := it.Key()[len(sp.prefix):]; first == nil || bytes.Compare(k, first) < 0 {
				first = bytes.Clone(k)
			}
		}
		it.Close()
	}
	return first
}

// fillSample is fillRows for a sample.
func (s *scanner) fillSample(b *scanBatch) error {
	most := s.most()
	for b.batch.N < most && b.bytes < vector.MostBytes {
		if s.src == nil {
			if !s.nextSource(s.rowKS, s.w) {
				return nil
			}
			s.sample.took = 0
		}
		before := b.batch.N
		more, err := fillFromSource(s, b, s.src, min(most, before+sampleRun-s.sample.took))
		if err != nil {
			return err
		}
		s.sample.took += b.batch.N - before
		if !more || s.sample.took >= sampleRun {
			s.src.close()
			s.src = nil
		}
	}
	return nil
}
