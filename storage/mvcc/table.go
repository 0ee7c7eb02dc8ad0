package mvcc

import (
	"slices"
	"sync"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/rowcodec"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// tableInfo is what a table's descriptor means for keys. It is made once for each descriptor.
type tableInfo struct {
	table    *catalog.Table
	pk       *indexInfo // nil: hidden row ids
	indexes  []*indexInfo
	writers  sync.Pool // of *tableWriter
	scanners sync.Pool // of *scanner
}

// indexInfo is what an index's descriptor means for keys.
type indexInfo struct {
	*catalog.Index
	cols []keys.Column
}

type tableCache struct {
	mu sync.RWMutex
	m  map[*catalog.Table]*tableInfo
}

const maxTables = 4096

// table returns the info of a descriptor, which must not change any more.
func (s *Store) table(t *catalog.Table) *tableInfo {
	c := &s.tables
	c.mu.RLock()
	info := c.m[t]
	c.mu.RUnlock()
	if info != nil {
		return info
	}
	info = newTableInfo(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= maxTables {
		c.m = map[*catalog.Table]*tableInfo{}
	}
	c.m[t] = info
	return info
}

func newTableInfo(t *catalog.Table) *tableInfo {
	info := &tableInfo{table: t}
	for _, ix := range t.Indexes {
		x := newIndexInfo(t, ix)
		if ix.Primary {
			info.pk = x
		} else {
			info.indexes = append(info.indexes, x)
		}
	}
	return info
}

func newIndexInfo(t *catalog.Table, ix *catalog.Index) *indexInfo {
	x := &indexInfo{Index: ix}
	for _, c := range ix.Columns {
		var typ types.Type
		if col := t.ColumnByID(c.Column); col != nil {
			typ = col.Type
		}
		x.cols = append(x.cols, keys.NewColumn(typ, c.Desc, c.NullsFirst, !ix.Primary))
	}
	return x
}

// index returns the info of one of the table's indexes, or of one that is being added to it.
func (info *tableInfo) index(ix *catalog.Index) *indexInfo {
	if ix.Primary {
		return info.pk
	}
	for _, x := range info.indexes {
		if x.OID == ix.OID {
			return x
		}
	}
	return newIndexInfo(info.table, ix)
}

// tableWriter turns batches with given columns into keys and row bytes.
type tableWriter struct {
	info    *tableInfo
	columns []catalog.ColumnID
	enc     *rowcodec.Encoder
	notNull []notNullColumn
	pk      []int // positions of the key's columns
	indexes []indexWriter

	key, payload, entry, value, old []byte
}

type notNullColumn struct {
	col *catalog.Column
	pos int // -1: not given, so NULL
}

type indexWriter struct {
	*indexInfo
	pos     []int
	include []int
	pred    int // -1: none
	encInc  *rowcodec.Encoder
}

// writer returns a writer for the columns; release gives it back.
func (info *tableInfo) writer(columns []catalog.ColumnID) (*tableWriter, error) {
	if w, ok := info.writers.Get().(*tableWriter); ok && slices.Equal(w.columns, columns) {
		return w, nil
	}
	w := &tableWriter{info: info, columns: slices.Clone(columns)}
	ids := slices.Clone(columns)
	for i, id := range columns {
		if c := info.table.ColumnByID(id); c == nil || c.Hidden != "" {
			ids[i] = 0
		}
	}
	w.enc = rowcodec.NewEncoder(ids)
	for i := range info.table.Columns {
		c := &info.table.Columns[i]
		if c.NotNull && !c.Dropped && c.Hidden == "" {
			w.notNull = append(w.notNull, notNullColumn{c, slices.Index(columns, c.ID)})
		}
	}
	var err error
	if info.pk != nil {
		if w.pk, err = w.positions(info.pk); err != nil {
			return nil, err
		}
	}
	for _, x := range info.indexes {
		iw, err := w.index(x)
		if err != nil {
			return nil, err
		}
		w.indexes = append(w.indexes, iw)
	}
	return w, nil
}

func (w *tableWriter) release() { w.info.writers.Put(w) }

func (w *tableWriter) index(x *indexInfo) (iw indexWriter, err error) {
	iw = indexWriter{indexInfo: x, pred: -1}
	if iw.pos, err = w.positions(x); err != nil {
		return iw, err
	}
	if x.Predicate != 0 {
		if iw.pred = slices.Index(w.columns, x.Predicate); iw.pred < 0 {
			return iw, errMissing(x, x.Predicate)
		}
	}
	ids := make([]uint32, 0, len(x.Include))
	for _, id := range x.Include {
		if p := slices.Index(w.columns, id); p >= 0 {
			iw.include = append(iw.include, p)
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		iw.encInc = rowcodec.NewEncoder(ids)
	}
	return iw, nil
}

func (w *tableWriter) positions(x *indexInfo) ([]int, error) {
	pos := make([]int, len(x.Columns))
	for i, c := range x.Columns {
		if pos[i] = slices.Index(w.columns, c.Column); pos[i] < 0 {
			return nil, errMissing(x, c.Column)
		}
	}
	return pos, nil
}

func errMissing(x *indexInfo, id catalog.ColumnID) error {
	return pgerr.Internal("column %d of index \"%s\" was not given", id, x.Name)
}

// rowKey appends the key of a row of a table with a primary key.
func (w *tableWriter) rowKey(dst []byte, cols []*vector.Vector, row int) ([]byte, error) {
	n := len(dst)
	for i, p := range w.pk {
		dst = w.info.pk.cols[i].Append(dst, cols[p].Datum(row))
	}
	return dst, checkKey(dst[n:], w.info.pk.Index)
}

// entryKey appends the part of an index entry's key that the indexed columns make. null says that one of them is NULL,
// skip that the index's predicate leaves the row out.
func (iw *indexWriter) entryKey(dst []byte, cols []*vector.Vector, row int) (_ []byte, null, skip bool) {
	if iw.pred >= 0 {
		if d := cols[iw.pred].Datum(row); !d.B() {
			return dst, false, true
		}
	}
	for i, p := range iw.pos {
		d := cols[p].Datum(row)
		null = null || d.Null
		dst = iw.cols[i].Append(dst, d)
	}
	return dst, null, false
}

// unique reports whether the entry's columns alone are its key.
func (iw *indexWriter) unique(null bool) bool { return iw.Unique && (!null || iw.NullsNotDistinct) }

// entryValue appends the value of an index entry: a version's payload.
//
//	uvarint length of the row key | the row key, unless the entry's key ends with it (then its length and 0) | included
func (iw *indexWriter) entryValue(dst []byte, rowKey []byte, inKey bool, cols []*vector.Vector, row int) []byte {
	dst = appendRowRef(dst, rowKey, inKey)
	if iw.encInc != nil {
		dst = iw.encInc.Append(dst, iw.pick(cols), row)
	}
	return dst
}

func (iw *indexWriter) pick(cols []*vector.Vector) []*vector.Vector {
	out := make([]*vector.Vector, len(iw.include))
	for i, p := range iw.include {
		out[i] = cols[p]
	}
	return out
}

const maxRowKey = 50000

func checkKey(key []byte, ix *catalog.Index) error {
	if len(key) <= maxRowKey {
		return nil
	}
	return pgerr.New(pgerrcode.ProgramLimitExceeded, "index row size %d exceeds maximum %d for index \"%s\"", len(key), maxRowKey, ix.Name)
}
