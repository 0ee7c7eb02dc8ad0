package mvcc

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/rowcodec"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// scanner implements storage.Scanner.
type scanner struct {
	t     *Txn
	v     *view
	info  *tableInfo
	ctx   context.Context
	r     reader
	chain []link
	w     *writes // own writes to the rows
	rowKS catalog.Keyspace
	shape *scanShape
	batch *scanBatch

	keys     []string // rows by key
	spans    []span
	point    bool // each span's lo is a whole key of a unique index
	ix       *indexInfo
	cover    *coverage
	src      source
	limit    int
	done     int    // rows yielded
	full     int    // full batches yielded
	span     span   // of src
	mark     []byte // the last key of a full batch that was yielded
	ahead    *ahead
	fleet    *fleet
	sample   *sampling     // nil: all rows
	pass     *keyPass      // nil: keys are looked up one by one
	cached   *cacheScan    // nil: not from the cache
	filling  *tableBuilder // what the cache is to get; nil: nothing
	withKeys bool          // batches list the keys of their rows
	open     bool
	track    *track // nil: nobody wants to know what is read
}

// scanShape is what a list of columns means for decoding; it is shared by the scans of a table that ask for the same.
type scanShape struct {
	columns []catalog.ColumnID
	types   []types.Type
	fields  []rowcodec.Field
	stored  []int // positions of the fields among the columns
	system  []int // positions of system columns
}

// scanBatch is a batch with what fills it.
type scanBatch struct {
	batch  vector.Batch
	vecs   []vector.Vector
	stored []*vector.Vector
	dec    *rowcodec.Decoder
	keys   keyColumn // of the rows, where the cache is to get them
	vers   []uint64  // likewise
	bytes  int       // of the stored rows
}

func newShape(t *catalog.Table, columns []catalog.ColumnID) *scanShape {
	s := &scanShape{columns: slices.Clone(columns), types: make([]types.Type, len(columns))}
	for i, id := range columns {
		if id >= catalog.ColRowKey {
			s.types[i] = systemType(id)
			s.system = append(s.system, i)
			continue
		}
		f := rowcodec.Field{ID: id, Missing: types.Null}
		if c := t.ColumnByID(id); c != nil {
			f.Type = c.Type
			if c.HasMiss {
				if d, err := types.ParseText(c.Type, c.Missing, types.DefaultFormat()); err == nil {
					f.Missing = d
				}
			}
		}
		s.types[i] = f.Type
		s.fields = append(s.fields, f)
		s.stored = append(s.stored, i)
	}
	return s
}

func systemType(id catalog.ColumnID) types.Type {
	switch id {
	case catalog.ColRowKey:
		return types.Of(types.Builtin(types.OIDBytea))
	case catalog.ColVersion:
		return types.Of(types.Builtin(types.OIDInt8))
	case catalog.ColTableOID:
		return types.Of(types.Builtin(types.OIDOid))
	case catalog.ColXmin:
		return types.Of(types.Builtin(types.OIDXid))
	default:
		return types.Of(types.Builtin(types.OIDTid))
	}
}

func newScanBatch(s *scanShape) *scanBatch {
	b := &scanBatch{vecs: make([]vector.Vector, len(s.columns)), dec: rowcodec.NewDecoder(s.fields)}
	b.batch.Cols = make([]*vector.Vector, len(s.columns))
	for i := range b.vecs {
		b.batch.Cols[i] = &b.vecs[i]
	}
	for _, p := range s.stored {
		b.stored = append(b.stored, &b.vecs[p])
	}
	return b
}

func (b *scanBatch) reset(s *scanShape) {
	for i := range b.vecs {
		b.vecs[i].Reset(s.types[i])
	}
	b.batch.N, b.batch.Sel, b.bytes = 0, nil, 0
	b.keys.reset()
	b.vers = b.vers[:0]
}

// Scan implements storage.Txn.
func (t *Txn) Scan(ctx context.Context, r storage.ScanRequest) (storage.Scanner, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	v, err := t.own(r.View)
	if err != nil {
		return nil, err
	}
	t.uses()
	info := t.s.table(r.Table)
	s := info.scanner(r.Columns)
	s.t, s.v, s.ctx, s.rowKS = t, v, ctx, r.Table.Rows
	s.chain = append(s.chain[:0], v.chain...)
	s.r.s, s.r.own, s.r.cmd = t.s, t.r.own, t.r.cmd
	if r.Latest && !v.readOnly {
		s.chain[0].bound, s.r.cmd = t.s.seq.published.Load(), anyCmd
	}
	s.w = t.writesIn(v, r.Table.Rows)
	s.limit, s.done, s.full, s.ix, s.cover, s.src, s.ahead, s.fleet = r.Limit, 0, 0, nil, nil, nil, nil, nil
	if r.Index != nil && !r.Index.Primary {
		s.ix = info.index(r.Index)
		s.cover = newCoverage(s.ix, info.table, r.Columns)
	}
	s.keys = r.Keys
	if s.spans, s.point, s.sample = s.spans[:0], false, nil; r.Keys == nil {
		s.setRanges(&r)
	}
	if r.Sample > 0 && s.ix == nil && r.Keys == nil && r.Ranges == nil {
		s.startSample(r.Sample)
	}
	if s.track = nil; t.ssi != nil && !r.Latest && !v.readOnly {
		s.startTrack()
	}
	if s.cached, s.filling = nil, nil; s.track == nil {
		if err := s.useCache(); err != nil {
			return nil, err
		}
	}
	s.withKeys = s.filling != nil
	s.open = true
	t.open++
	if s.startPass(); s.pass != nil && r.Ahead {
		s.startAhead(s.batch, nil)
	}
	return s, nil
}

// scanner returns one from the pool or a new one.
func (info *tableInfo) scanner(columns []catalog.ColumnID) *scanner {
	if s, ok := info.scanners.Get().(*scanner); ok {
		if slices.Equal(s.shape.columns, columns) {
			return s
		}
	}
	shape := newShape(info.table, columns)
	return &scanner{info: info, shape: shape, batch: newScanBatch(shape)}
}

// setRanges turns the ranges of values into spans of keys.
func (s *scanner) setRanges(r *storage.ScanRequest) {
	ix := s.ix
	if ix == nil {
		ix = s.info.pk
	}
	if r.Ranges == nil || ix == nil {
		s.spans = append(s.spans, span{reverse: r.Reverse})
		return
	}
	s.point = ix.Unique || ix.Primary
	for i := range r.Ranges {
		sp, point := ix.span(&r.Ranges[i])
		sp.reverse = r.Reverse
		s.point = s.point && point
		s.spans = append(s.spans, sp)
	}
	if r.Reverse {
		slices.Reverse(s.spans)
	}
}

// Next implements storage.Scanner.
func (s *scanner) Next(ctx context.Context) (*vector.Batch, error) {
	if !s.open {
		return nil, nil
	}
	if s.cached != nil {
		return s.cached.take(ctx)
	}
	b, err := s.following(ctx)
	if s.filling != nil {
		s.keep(b, err)
	}
	if b == nil || err != nil {
		return nil, err
	}
	return &b.batch, nil
}

func (s *scanner) following(ctx context.Context) (*scanBatch, error) {
	if s.ahead != nil {
		return s.ahead.next(ctx)
	}
	if s.fleet != nil {
		return s.fleet.take(ctx)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	b := s.batch
	ok, err := s.fill(b)
	if err == nil && s.track != nil {
		err = s.note(ok)
	}
	if err != nil || !ok {
		return nil, storeError(err)
	}
	if b.batch.N == vector.Size {
		s.readAhead()
	}
	return b, nil
}

// fill fills a batch and reports false when there are no more rows.
func (s *scanner) fill(b *scanBatch) (ok bool, err error) {
	b.reset(s.shape)
	switch {
	case s.keys != nil:
		err = s.fillKeys(b)
	case s.ix != nil:
		err = s.fillIndex(b)
	case s.point:
		err = s.fillPoints(b)
	case s.sample != nil:
		err = s.fillSample(b)
	default:
		err = s.fillRows(b)
	}
	s.done += b.batch.N
	return b.batch.N > 0, err
}

// most returns how many rows a batch should have.
func (s *scanner) most() int {
	if s.limit > 0 {
		return max(1, min(vector.Size, s.limit-s.done))
	}
	return vector.Size
}

// nextSource opens the scan of the next span of a keyspace; false: there are no more.
func (s *scanner) nextSource(ks catalog.Keyspace, w *writes) bool {
	if s.src != nil {
		s.src.close()
		s.src = nil
	}
	if len(s.spans) == 0 {
		return false
	}
	s.span = s.spans[0]
	s.src = s.r.scan(s.ctx, s.chain, ks, w, s.span)
	s.spans = s.spans[1:]
	return true
}

// fillRows reads the table's own keyspace.
func (s *scanner) fillRows(b *scanBatch) error {
	most := s.most()
	for b.batch.N < most && b.bytes < vector.MostBytes {
		if s.src == nil && !s.nextSource(s.rowKS, s.w) {
			return nil
		}
		var err error
		more := false
		if ls, ok := s.src.(*layerScan); ok {
			more, err = s.fillFrom(b, ls, most)
		} else {
			more, err = fillFromSource(s, b, s.src, most)
		}
		if err != nil {
			return err
		}
		if !more {
			s.src.close()
			s.src = nil
		}
	}
	return nil
}

// fillFrom is the hot loop: one layer, nothing of the transaction's own.
func (s *scanner) fillFrom(b *scanBatch, ls *layerScan, most int) (more bool, err error) {
	return fillFromSource(s, b, ls, most)
}

func fillFromSource[S source](s *scanner, b *scanBatch, src S, most int) (more bool, err error) {
	for b.batch.N < most && b.bytes < vector.MostBytes {
		ok, err := src.next()
		if err != nil || !ok {
			return false, err
		}
		row := src.row()
		if err := s.add(b, row.key, row.payload, row.ver); err != nil {
			return false, err
		}
	}
	return true, nil
}

// add decodes a row into the batch.
func (s *scanner) add(b *scanBatch, key, payload []byte, ver uint64) error {
	b.bytes += len(payload)
	if len(b.stored) > 0 {
		if err := b.dec.Append(payload, b.stored); err != nil {
			return err
		}
	}
	if len(s.shape.system) > 0 {
		s.addSystem(b, key, ver)
	}
	if s.withKeys {
		b.keys.add(key)
		b.vers = append(b.vers, ver)
	}
	b.batch.N++
	return nil
}

func (s *scanner) addSystem(b *scanBatch, key []byte, ver uint64) {
	for _, p := range s.shape.system {
		v := &b.vecs[p]
		switch s.shape.columns[p] {
		case catalog.ColRowKey:
			v.AppendBytes(key)
		case catalog.ColVersion:
			v.Int = append(v.Int, int64(ver))
		case catalog.ColTableOID:
			v.Int = append(v.Int, int64(s.info.table.OID))
		case catalog.ColXmin:
			v.Int = append(v.Int, int64(uint32(ver)))
		case catalog.ColCtid:
			appendCtid(v, key)
		}
	}
}

// fillKeys looks rows up by their keys.
func (s *scanner) fillKeys(b *scanBatch) error {
	most := s.most()
	for len(s.keys) > 0 && b.batch.N < most {
		key := stringBytes(s.keys[0])
		s.keys = s.keys[1:]
		if s.pass != nil {
			row, ok, err := s.pass.find(s.ctx, key)
			if err == nil && ok {
				err = s.add(b, key, row.payload, row.ver)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := s.lookup(b, key); err != nil {
			return err
		}
	}
	return nil
}

// fillPoints looks rows up by whole primary keys.
func (s *scanner) fillPoints(b *scanBatch) error {
	most := s.most()
	for len(s.spans) > 0 && b.batch.N < most {
		key := s.spans[0].lo
		s.spans = s.spans[1:]
		if err := s.lookup(b, key); err != nil {
			return err
		}
	}
	return nil
}

// lookup adds the row with a key, if it is there.
func (s *scanner) lookup(b *scanBatch, key []byte) error {
	if s.track != nil {
		s.track.rows = append(s.track.rows, string(key))
	}
	if x := s.w.get(key, s.r.cmd); x != nil {
		if x.deleted {
			return nil
		}
		return s.add(b, key, x.payload, 0)
	}
	row, _, ok, err := s.r.get(s.ctx, s.chain, s.rowKS, key)
	if err != nil || !ok || row.deleted {
		return err
	}
	return s.add(b, key, row.payload, row.ver)
}

// Close implements storage.Scanner.
func (s *scanner) Close() error {
	if !s.open {
		return nil
	}
	s.open = false
	if s.ahead != nil {
		s.ahead.close()
		s.ahead = nil
	}
	if s.fleet != nil {
		s.fleet.close()
		s.fleet = nil
	}
	if s.src != nil {
		s.src.close()
		s.src = nil
	}
	if s.pass != nil {
		s.pass.close()
		s.pass = nil
	}
	s.t.open--
	s.t, s.v, s.w, s.ctx, s.keys, s.cached, s.filling = nil, nil, nil, nil, nil, nil, nil
	clear(s.spans[:cap(s.spans)])
	s.info.scanners.Put(s)
	return nil
}
