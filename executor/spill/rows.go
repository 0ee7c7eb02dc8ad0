package spill

import (
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// NoRow is, in Gather, a row of NULLs.
const NoRow = ^uint32(0)

const (
	chunkShift = 10 // vector.Size rows a chunk
	chunkMask  = vector.Size - 1
)

// Rows keeps rows in columns and numbers them from 0. Made with a folder for files it writes full chunks there when the
// account refuses more memory; without, Append returns the refusal.
type Rows struct {
	types  []types.Type
	cols   [][]*vector.Vector // by column, then chunk; nil where the chunk is in the file
	chunks []chunk
	n      int
	acct   *mem.Account
	open   int64 // bytes accounted for the last chunk
	dir    string
	spills bool
	force  bool
	file   *file
	cache  [4]cached
	clock  int
}

type chunk struct {
	bytes          int64 // of memory, 0 when in the file
	offset, length int64
	spilled        bool
}

type cached struct {
	chunk int
	batch *vector.Batch
	buf   []byte
	used  int
}

// NewRows keeps rows in memory only.
func NewRows(ts []types.Type, acct *mem.Account) *Rows {
	return &Rows{types: ts, cols: make([][]*vector.Vector, len(ts)), acct: acct}
}

// NewSpillingRows keeps rows in memory as long as the account lets it, and in a file of dir else.
func NewSpillingRows(ts []types.Type, acct *mem.Account, dir string) *Rows {
	r := NewRows(ts, acct)
	r.dir, r.spills = dir, true
	return r
}

// NewForcedRows keeps rows in memory, beyond the limit if need be: for what cannot do otherwise.
func NewForcedRows(ts []types.Type, acct *mem.Account) *Rows {
	r := NewRows(ts, acct)
	r.force = true
	return r
}

// Force says whether the rows may grow beyond the limit from now on.
func (r *Rows) Force(on bool) { r.force = on }

// Len returns the number of rows.
func (r *Rows) Len() int { return r.n }

// Types returns the columns' types.
func (r *Rows) Types() []types.Type { return r.types }

// Spilled reports whether rows are in a file.
func (r *Rows) Spilled() bool { return r.file != nil }

// Append adds the live rows of b.
func (r *Rows) Append(b *vector.Batch) error { return r.Add(b.Cols, b.Sel, b.N) }

// Add adds the rows of sel, or all n when sel is nil, of columns. Refused memory, it has added nothing.
func (r *Rows) Add(cols []*vector.Vector, sel []uint16, n int) error {
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return nil
	}
	if err := r.reserve(estimate(r.types, cols, sel, n)); err != nil {
		return err
	}
	if sel == nil {
		return r.addAll(cols, n)
	}
	for len(sel) > 0 {
		k := min(len(sel), vector.Size-r.n&chunkMask)
		if err := r.addPiece(cols, sel[:k], k); err != nil {
			return err
		}
		sel = sel[k:]
	}
	return nil
}

func (r *Rows) addAll(cols []*vector.Vector, n int) error {
	room := vector.Size - r.n&chunkMask
	if n <= room {
		return r.addPiece(cols, nil, n)
	}
	var ids [vector.Size]uint16
	for i := range n {
		ids[i] = uint16(i)
	}
	if err := r.addPiece(cols, ids[:room], room); err != nil {
		return err
	}
	return r.addPiece(cols, ids[room:n], n-room)
}

// addPiece adds rows that fit into the last chunk, which it begins and, when full, seals.
func (r *Rows) addPiece(cols []*vector.Vector, sel []uint16, n int) error {
	if r.n&chunkMask == 0 {
		r.begin()
	}
	last := len(r.chunks) - 1
	for i := range r.types {
		r.cols[i][last].AppendFrom(cols[i], sel, n)
	}
	r.n += n
	return nil
}

func (r *Rows) begin() {
	b := newBatch(r.types)
	for i, v := range b.Cols {
		r.cols[i] = append(r.cols[i], v)
	}
	if len(r.chunks) > 0 {
		r.chunks[len(r.chunks)-1].bytes, r.open = r.open, 0
	}
	r.chunks = append(r.chunks, chunk{})
}

// estimate is the memory that rows will take.
func estimate(ts []types.Type, cols []*vector.Vector, sel []uint16, n int) int64 {
	total := int64(0)
	for i, t := range ts {
		if t.Class != types.ClassString {
			total += int64(n) * 8
			continue
		}
		total += int64(n) * 16
		v := cols[i]
		switch {
		case v.Const:
			total += int64(len(v.Str[0]))
		case sel == nil:
			for _, s := range v.Str[:n] {
				total += int64(len(s))
			}
		default:
			for _, k := range sel {
				total += int64(len(v.Str[k]))
			}
		}
	}
	return total
}

// reserve accounts for bytes more, spilling the sealed chunks if it must and may.
func (r *Rows) reserve(bytes int64) error {
	err := r.acct.Grow(bytes)
	if err != nil && !r.force {
		if !r.spills {
			return err
		}
		if err := r.spill(); err != nil {
			return err
		}
		err = r.acct.Grow(bytes)
	}
	if err != nil {
		r.acct.Take(bytes)
	}
	r.open += bytes
	return nil
}

// spill writes all chunks but the last to the file.
func (r *Rows) spill() error {
	if r.file == nil && len(r.chunks) > 1 {
		var err error
		if r.file, err = newFile(r.dir); err != nil {
			return err
		}
	}
	for k := range len(r.chunks) - 1 {
		c := &r.chunks[k]
		if c.spilled {
			continue
		}
		var err error
		c.offset, c.length, err = r.file.append(func(dst []byte) []byte { return appendBatch(dst, r.chunkCols(k), vector.Size) })
		if err != nil {
			return err
		}
		for i := range r.cols {
			r.cols[i][k] = nil
		}
		r.acct.Shrink(c.bytes)
		c.bytes, c.spilled = 0, true
	}
	return nil
}

func (r *Rows) chunkCols(k int) []*vector.Vector {
	out := make([]*vector.Vector, len(r.cols))
	for i := range r.cols {
		out[i] = r.cols[i][k]
	}
	return out
}

// Chunks returns the number of chunks: of vector.Size rows each, but for the last.
func (r *Rows) Chunks() int { return len(r.chunks) }

// Chunk makes b the rows of chunk k. It holds until four other chunks have been asked for, or for ever when nothing is
// in a file.
func (r *Rows) Chunk(k int, b *vector.Batch) error {
	b.N, b.Sel = min(vector.Size, r.n-k*vector.Size), nil
	b.Cols = b.Cols[:0]
	if !r.chunks[k].spilled {
		for i := range r.cols {
			b.Cols = append(b.Cols, r.cols[i][k])
		}
		return nil
	}
	c, err := r.load(k)
	if err == nil {
		b.Cols = append(b.Cols, c.Cols...)
	}
	return err
}

// load reads a spilled chunk through the cache.
func (r *Rows) load(k int) (*vector.Batch, error) {
	r.clock++
	oldest := &r.cache[0]
	for i := range r.cache {
		c := &r.cache[i]
		if c.batch != nil && c.chunk == k {
			c.used = r.clock
			return c.batch, nil
		}
		if c.used < oldest.used {
			oldest = c
		}
	}
	if oldest.batch == nil {
		oldest.batch = newBatch(r.types)
	}
	n := int(r.chunks[k].length)
	oldest.buf = make([]byte, n) // not used again: strings of earlier loads may still be borrowed
	if err := r.file.read(oldest.buf, r.chunks[k].offset); err != nil {
		oldest.chunk = -1
		return nil, err
	}
	decodeBatch(oldest.batch, r.types, oldest.buf)
	oldest.chunk, oldest.used = k, r.clock
	return oldest.batch, nil
}

// vec returns the vector with row id of a column, and the row's index in it.
func (r *Rows) vec(col int, id uint32) (*vector.Vector, int, error) {
	k := int(id >> chunkShift)
	if v := r.cols[col][k]; v != nil {
		return v, int(id & chunkMask), nil
	}
	b, err := r.load(k)
	if err != nil {
		return nil, 0, err
	}
	return b.Cols[col], int(id & chunkMask), nil
}

// Datum returns one value. It holds as long as Chunk's batch does.
func (r *Rows) Datum(col int, id uint32) (types.Datum, error) {
	v, i, err := r.vec(col, id)
	if err != nil {
		return types.Null, err
	}
	return v.Datum(i), nil
}

// Gather makes out the values of a column in the rows of ids, NoRow giving NULL. Strings are borrowed.
func (r *Rows) Gather(out *vector.Vector, col int, ids []uint32) error {
	t := r.types[col]
	out.Resize(t, len(ids))
	if r.file != nil {
		return r.gatherSlow(out, col, ids)
	}
	chunks := r.cols[col]
	switch t.Class {
	case types.ClassInt:
		for k, id := range ids {
			if id != NoRow {
				out.Int[k] = chunks[id>>chunkShift].Int[id&chunkMask]
			}
		}
	case types.ClassFloat:
		for k, id := range ids {
			if id != NoRow {
				out.Float[k] = chunks[id>>chunkShift].Float[id&chunkMask]
			}
		}
	default:
		for k, id := range ids {
			if id != NoRow {
				out.Str[k] = chunks[id>>chunkShift].Str[id&chunkMask]
			}
		}
	}
	for k, id := range ids {
		if id == NoRow {
			out.Nulls = out.Nulls.Set(k)
		} else if v := chunks[id>>chunkShift]; v.Nulls != nil && v.Nulls.Get(int(id&chunkMask)) {
			out.Nulls = out.Nulls.Set(k)
		}
	}
	return nil
}

func (r *Rows) gatherSlow(out *vector.Vector, col int, ids []uint32) error {
	for k, id := range ids {
		if id == NoRow {
			out.Nulls = out.Nulls.Set(k)
			continue
		}
		v, i, err := r.vec(col, id)
		if err != nil {
			return err
		}
		switch d := v.Datum(i); {
		case d.Null:
			out.Nulls = out.Nulls.Set(k)
		case out.Type.Class == types.ClassInt:
			out.Int[k] = d.I
		case out.Type.Class == types.ClassFloat:
			out.Float[k] = d.F()
		default:
			out.Str[k] = d.S
		}
	}
	return nil
}

// Reset drops all rows.
func (r *Rows) Reset() {
	r.acct.Shrink(r.bytes())
	for i := range r.cols {
		r.cols[i] = nil
	}
	r.chunks, r.n, r.open = nil, 0, 0
	if r.file != nil {
		r.file.close()
		r.file, r.cache = nil, [4]cached{}
	}
}

func (r *Rows) bytes() int64 {
	total := r.open
	for _, c := range r.chunks {
		total += c.bytes
	}
	return total
}

// Bytes returns the memory held.
func (r *Rows) Bytes() int64 { return r.bytes() }

// Close drops all rows; the account stays its owner's.
func (r *Rows) Close() { r.Reset() }
