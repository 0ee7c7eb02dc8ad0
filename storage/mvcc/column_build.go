package mvcc

import (
	"slices"

	"github.com/rowandb/rowan/types/vector"
)

// tableBuilder makes an entry of batches and rows that come in order.
type tableBuilder struct {
	x     *cachedTable
	dec   scanBatch
	cur   *cachedBatch // not in x yet; nil: none
	bytes int64        // of the batches that are its own
	again bool         // the table was read before
}

func newTableBuilder(ks uint64, chain []link, shape *scanShape) *tableBuilder {
	return &tableBuilder{x: &cachedTable{ks: ks, chain: slices.Clone(chain), shape: shape}}
}

// identity lists row numbers.
var identity = func() (all [vector.Size]uint16) {
	for i := range all {
		all[i] = uint16(i)
	}
	return all
}()

// batch adds a copy of a batch.
func (t *tableBuilder) batch(b *cachedBatch) {
	t.rows(b, 0, b.n)
	t.flush()
}

// share adds a batch of another entry, which is complete.
func (t *tableBuilder) share(b *cachedBatch) {
	t.flush()
	t.x.batches = append(t.x.batches, b)
	t.x.rows += b.n
}

// rows adds rows lo to hi of a batch.
func (t *tableBuilder) rows(b *cachedBatch, lo, hi int) {
	for lo < hi {
		cur := t.room()
		n := min(hi-lo, vector.Size-cur.n)
		cur.keys.addFrom(&b.keys, lo, lo+n)
		cur.vers = append(cur.vers, b.vers[lo:lo+n]...)
		for i, v := range b.cols {
			cur.cols[i].AppendFrom(v, identity[lo:lo+n], n)
		}
		cur.n += n
		lo += n
	}
}

// row adds a row as it is stored.
func (t *tableBuilder) row(key, payload []byte, ver uint64) error {
	cur := t.room()
	if t.dec.dec == nil {
		t.dec = *newScanBatch(t.x.shape)
	}
	if err := t.dec.dec.Append(payload, cur.cols); err != nil {
		return err
	}
	cur.keys.add(key)
	cur.vers = append(cur.vers, ver)
	cur.n++
	return nil
}

// room returns a batch that takes one more row.
func (t *tableBuilder) room() *cachedBatch {
	if t.cur != nil && t.cur.n == vector.Size {
		t.flush()
	}
	if t.cur == nil {
		t.cur = &cachedBatch{cols: make([]*vector.Vector, len(t.x.shape.columns))}
		for i, typ := range t.x.shape.types {
			t.cur.cols[i] = &vector.Vector{}
			t.cur.cols[i].Reset(typ)
		}
	}
	return t.cur
}

func (t *tableBuilder) flush() {
	b := t.cur
	if b == nil {
		return
	}
	t.cur = nil
	b.bytes = int64(cap(b.keys.bytes)) + 4*int64(cap(b.keys.ends)) + 8*int64(cap(b.vers))
	for _, v := range b.cols {
		b.bytes += v.Bytes()
	}
	t.bytes += b.bytes
	t.x.batches = append(t.x.batches, b)
	t.x.rows += b.n
}

func (t *tableBuilder) table() *cachedTable {
	t.flush()
	return t.x
}

// keyColumn holds keys one after the other.
type keyColumn struct {
	bytes []byte
	ends  []uint32
}

func (c *keyColumn) add(key []byte) {
	c.bytes = append(c.bytes, key...)
	c.ends = append(c.ends, uint32(len(c.bytes)))
}

func (c *keyColumn) at(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = c.ends[i-1]
	}
	return c.bytes[from:c.ends[i]]
}

func (c *keyColumn) addFrom(src *keyColumn, lo, hi int) {
	for i := lo; i < hi; i++ {
		c.add(src.at(i))
	}
}

func (c *keyColumn) reset() { c.bytes, c.ends = c.bytes[:0], c.ends[:0] }
