package mvcc

import (
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/rowcodec"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// span turns a range of values into a span of keys. point says that it is one whole key of a unique index, and then only
// lo is set.
func (ix *indexInfo) span(r *storage.Range) (sp span, point bool) {
	sp.lo = ix.prefix(make([]byte, 0, 32), r.Lo)
	if len(r.Lo) == len(ix.cols) && len(r.Hi) == len(ix.cols) && !r.LoExcl && !r.HiExcl && sameValues(r.Lo, r.Hi) &&
		(ix.Primary || ix.Unique && (ix.NullsNotDistinct || !hasNull(r.Lo))) {
		sp.hi = append(slices.Clone(sp.lo), 0)
		return sp, true
	}
	if r.LoExcl && len(r.Lo) > 0 {
		sp.lo = keys.AppendAfter(nil, sp.lo)
	}
	if len(r.Hi) > 0 {
		sp.hi = ix.prefix(nil, r.Hi)
		if !r.HiExcl {
			sp.hi = keys.AppendAfter(nil, sp.hi)
		}
	}
	return sp, false
}

func (ix *indexInfo) prefix(dst []byte, vals []types.Datum) []byte {
	for i, d := range vals {
		dst = ix.cols[i].Append(dst, d)
	}
	return dst
}

func sameValues(a, b []types.Datum) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func hasNull(vals []types.Datum) bool {
	for _, d := range vals {
		if d.Null {
			return true
		}
	}
	return false
}

// coverage says that an index has all columns that a scan asks for, so that the rows need not be fetched.
type coverage struct {
	from []int // for each column: position among the key's columns; -1: included
	inc  []int // positions of the columns that are included
	dec  *rowcodec.Decoder
	vals []types.Datum
	buf  []byte
}

// newCoverage returns nil where the rows have to be fetched.
func newCoverage(ix *indexInfo, t *catalog.Table, columns []catalog.ColumnID) *coverage {
	c := &coverage{from: make([]int, len(columns)), vals: make([]types.Datum, len(ix.cols))}
	var fields []rowcodec.Field
	for i, id := range columns {
		c.from[i] = -1
		if id == catalog.ColTableOID {
			continue
		}
		k := slices.IndexFunc(ix.Columns, func(x catalog.IndexColumn) bool { return x.Column == id })
		switch {
		case k >= 0 && ix.cols[k].Decodable():
			c.from[i] = k
		case slices.Contains(ix.Include, id):
			col := t.ColumnByID(id)
			if col == nil {
				return nil
			}
			fields = append(fields, rowcodec.Field{ID: id, Type: col.Type, Missing: types.Null})
			c.inc = append(c.inc, i)
		default:
			return nil
		}
	}
	for _, k := range c.from { // what comes before a column in the key has to be read over
		for j := 0; j < k; j++ {
			if !ix.cols[j].Decodable() {
				return nil
			}
		}
	}
	c.dec = rowcodec.NewDecoder(fields)
	return c
}

// fillIndex reads a secondary index, and the rows that its entries name in the order of the index.
func (s *scanner) fillIndex(b *scanBatch) error {
	most := s.most()
	w := s.t.writesIn(s.v, s.ix.Keyspace)
	for b.batch.N < most {
		if s.point {
			if len(s.spans) == 0 {
				return nil
			}
			key := s.spans[0].lo
			s.spans = s.spans[1:]
			if err := s.entryPoint(b, w, key); err != nil {
				return err
			}
			continue
		}
		if s.src == nil && !s.nextSource(s.ix.Keyspace, w) {
			return nil
		}
		ok, err := s.src.next()
		if err != nil {
			return err
		}
		if !ok {
			s.src.close()
			s.src = nil
			continue
		}
		row := s.src.row()
		if err := s.entry(b, row.key, row.payload); err != nil {
			return err
		}
	}
	return nil
}

// entryPoint looks up one key of a unique index.
func (s *scanner) entryPoint(b *scanBatch, w *writes, key []byte) error {
	if s.track != nil {
		s.track.entries = append(s.track.entries, string(key))
	}
	if x := w.get(key, s.r.cmd); x != nil {
		if x.deleted {
			return nil
		}
		return s.entry(b, key, x.payload)
	}
	row, _, ok, err := s.r.get(s.ctx, s.chain, s.ix.Keyspace, key)
	if err != nil || !ok || row.deleted {
		return err
	}
	return s.entry(b, key, append([]byte(nil), row.payload...)) // the row's look-up uses the same memory
}

// entry adds the row that an index entry stands for.
func (s *scanner) entry(b *scanBatch, key, payload []byte) error {
	rowKey, include := splitEntry(payload, key)
	if s.cover == nil {
		return s.lookup(b, rowKey)
	}
	return s.cover.add(s, b, key, include)
}

func (c *coverage) add(s *scanner, b *scanBatch, key, include []byte) error {
	c.buf = c.buf[:0]
	last := -1
	for _, k := range c.from {
		last = max(last, k)
	}
	for k := 0; k <= last; k++ {
		var ok bool
		if c.vals[k], key, c.buf, ok = s.ix.cols[k].Decode(key, c.buf); !ok {
			return errCorrupt(key)
		}
	}
	for i, k := range c.from {
		switch {
		case k >= 0:
			b.vecs[i].Append(c.vals[k])
		case s.shape.columns[i] == catalog.ColTableOID:
			b.vecs[i].Int = append(b.vecs[i].Int, int64(s.info.table.OID))
		}
	}
	if len(c.inc) > 0 {
		out := make([]*vector.Vector, len(c.inc))
		for j, i := range c.inc {
			out[j] = &b.vecs[i]
		}
		if err := c.dec.Append(include, out); err != nil {
			return err
		}
	}
	b.batch.N++
	return nil
}
