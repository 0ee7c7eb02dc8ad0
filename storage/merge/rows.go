package merge

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// tableMerge is the merge of one table's rows.
type tableMerge struct {
	*merger
	base, source, target *catalog.Table // nil: not there
	into                 *catalog.Table // the table as merged
	stored               []*catalog.Column
	fromBase, fromSource []int // for each stored column, its position in what was fetched, -1: not there
	fromTarget           []int
	ins, upd, del        rowSet
}

// table merges the rows of one table that the source changed.
func (m *merger) table(ctx context.Context, id catalog.OID) error {
	t := &tableMerge{merger: m}
	t.base, _ = m.base.Catalog().Object(id).(*catalog.Table)
	t.source, _ = m.source.Catalog().Object(id).(*catalog.Table)
	t.into, _ = m.target.Catalog().Object(id).(*catalog.Table)
	if t.source == nil || t.into == nil {
		return nil // dropped on one side: there are no rows to merge
	}
	t.target = t.into
	t.prepare()
	sc, err := diff.Open(ctx, m.tx, m.base, m.source, id)
	if err != nil {
		return err
	}
	defer sc.Close()
	before := m.res.Inserts + m.res.Updates + m.res.Deletes
	for {
		b, err := sc.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if err := t.batch(ctx, b.Key); err != nil {
			return err
		}
	}
	if m.res.Inserts+m.res.Updates+m.res.Deletes > before {
		m.res.Tables = append(m.res.Tables, id)
	}
	return nil
}

// prepare finds where the merged table's columns stand on each side.
func (t *tableMerge) prepare() {
	for i := range t.into.Columns {
		if c := &t.into.Columns[i]; !c.Dropped && c.Hidden == "" {
			t.stored = append(t.stored, c)
		}
	}
	t.fromBase, t.fromSource, t.fromTarget = t.positions(t.base), t.positions(t.source), t.positions(t.target)
}

func (t *tableMerge) positions(x *catalog.Table) []int {
	out := make([]int, len(t.stored))
	for i, c := range t.stored {
		out[i] = -1
		if x == nil {
			continue
		}
		for j, y := range x.Live() {
			if y.ID == c.ID && y.TypeOID == c.TypeOID {
				out[i] = j
			}
		}
	}
	return out
}

func ids(x *catalog.Table) []catalog.ColumnID {
	if x == nil {
		return nil
	}
	var out []catalog.ColumnID
	for _, c := range x.Live() {
		out = append(out, c.ID)
	}
	return out
}

// batch merges the rows with the given keys.
func (t *tableMerge) batch(ctx context.Context, keys []string) error {
	base, err := diff.Fetch(ctx, t.tx, t.merger.base, t.base, ids(t.base), keys)
	if err != nil {
		return err
	}
	source, err := diff.Fetch(ctx, t.tx, t.merger.source, t.source, ids(t.source), keys)
	if err != nil {
		return err
	}
	target, err := diff.Fetch(ctx, t.tx, t.merger.target, t.target, ids(t.target), keys)
	if err != nil {
		return err
	}
	t.ins.reset(t.into)
	t.upd.reset(t.into)
	t.del.reset(t.into)
	for k, key := range keys {
		t.row(key, row{base, base.At[k], t.fromBase}, row{source, source.At[k], t.fromSource}, row{target, target.At[k], t.fromTarget})
	}
	return t.write(ctx)
}

// row is one side's row; at is -1 where it is absent.
type row struct {
	rows *diff.Rows
	at   int
	cols []int
}

func (r row) there() bool { return r.at >= 0 }

// cell returns the value of the i-th stored column, and whether the side has the column.
func (r row) cell(i int) (types.Datum, bool) {
	if r.at < 0 || r.cols[i] < 0 {
		return types.Null, false
	}
	return r.rows.Cols[r.cols[i]].Datum(r.at), true
}

// sameRow reports whether two rows, both there, agree in all columns that both have.
func (t *tableMerge) sameRow(a, b row) bool {
	for i := range t.stored {
		x, ok1 := a.cell(i)
		y, ok2 := b.cell(i)
		if ok1 && ok2 && !diff.Same(x, y) {
			return false
		}
	}
	return true
}

// row applies the table in the package comment to one key.
func (t *tableMerge) row(key string, base, source, target row) {
	switch {
	case base.there() && source.there() && t.sameRow(base, source):
	case !base.there() && !source.there():
	case !base.there():
		t.inserted(key, source, target)
	case !source.there():
		t.removed(key, base, target)
	case !target.there():
		t.orphaned(key, base, source)
	default:
		t.cells(key, base, source, target)
	}
}

func (t *tableMerge) inserted(key string, source, target row) {
	switch {
	case !target.there():
		t.ins.add(t, key, row{}, source)
	case t.sameRow(source, target):
	default:
		takeSource, decided := t.decide()
		switch {
		case !decided:
			t.conflict(key, storage.InsertInsert, "", nil, row{}, source, target)
		case takeSource:
			t.upd.add(t, key, target, source)
		}
	}
}

func (t *tableMerge) removed(key string, base, target row) {
	switch {
	case !target.there():
	case t.sameRow(base, target):
		t.del.add(t, key, target, row{at: -1})
	default:
		takeSource, decided := t.decide()
		switch {
		case !decided:
			t.conflict(key, storage.DeleteUpdate, "", nil, base, row{at: -1}, target)
		case takeSource:
			t.del.add(t, key, target, row{at: -1})
		}
	}
}

// orphaned is a row that the source changed and the target deleted.
func (t *tableMerge) orphaned(key string, base, source row) {
	takeSource, decided := t.decide()
	switch {
	case !decided:
		t.conflict(key, storage.UpdateDelete, "", nil, base, source, row{at: -1})
	case takeSource:
		t.ins.add(t, key, row{at: -1}, source)
	}
}

// cells merges a row that is there on all sides.
func (t *tableMerge) cells(key string, base, source, target row) {
	merged := make([]types.Datum, len(t.stored))
	changed, conflicts := false, 0
	for i, c := range t.stored {
		s, inSource := source.cell(i)
		v, inTarget := target.cell(i)
		b, inBase := base.cell(i)
		switch {
		case !inSource || inTarget && diff.Same(s, v) || inBase && diff.Same(s, b):
			merged[i] = v
			continue
		case !inTarget || !inBase || diff.Same(b, v):
			merged[i], changed = s, true
			continue
		}
		takeSource, decided := t.decide()
		merged[i] = v
		switch {
		case !decided:
			conflicts++
			t.conflict(key, storage.UpdateUpdate, c.Name, c, base, source, target)
		case takeSource:
			merged[i], changed = s, true
		}
	}
	if changed && conflicts == 0 {
		t.upd.addCells(t, key, target, merged)
	}
}

// conflict notes a contradiction; col is nil when it is about the whole row.
func (t *tableMerge) conflict(key string, kind storage.ConflictType, column string, col *catalog.Column, base, source, target row) {
	c := storage.Conflict{Schema: t.schemaName(t.into.Schema), Table: t.into.Name, TableOID: t.into.OID, Key: key, Column: column, Type: kind,
		BaseRow: base.rows != nil && base.there(), SourceRow: source.rows != nil && source.there(), TargetRow: target.rows != nil && target.there()}
	c.Base, c.Source, c.Target = types.Null, types.Null, types.Null
	for i, x := range t.stored {
		if col != nil && x.ID == col.ID {
			c.ColumnType = x.Type
			b, _ := base.cell(i)
			s, _ := source.cell(i)
			v, _ := target.cell(i)
			c.Base, c.Source, c.Target = b.Clone(), s.Clone(), v.Clone()
		}
	}
	t.keyValues(&c, source, target, base)
	t.res.Conflicts = append(t.res.Conflicts, c)
}

// keyValues shows the row's key: the values of the primary key, from whichever side has the row.
func (t *tableMerge) keyValues(c *storage.Conflict, sides ...row) {
	pk := t.into.PrimaryIndex()
	if pk == nil {
		return
	}
	for _, s := range sides {
		if s.rows == nil || !s.there() {
			continue
		}
		for _, k := range pk.Columns {
			for i, x := range t.stored {
				if x.ID == k.Column {
					d, _ := s.cell(i)
					c.KeyColumns, c.KeyValues, c.KeyTypes = append(c.KeyColumns, x.Name), append(c.KeyValues, d.Clone()), append(c.KeyTypes, x.Type)
				}
			}
		}
		return
	}
}

// rowSet gathers rows of one kind of change: what the target has and what it shall have.
type rowSet struct {
	columns  []catalog.ColumnID
	keys     []string
	old, new *vector.Batch
}

func (r *rowSet) reset(t *catalog.Table) {
	r.columns, r.keys = r.columns[:0], r.keys[:0]
	r.old, r.new = &vector.Batch{}, &vector.Batch{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped {
			continue
		}
		r.columns = append(r.columns, c.ID)
		for _, b := range []*vector.Batch{r.old, r.new} {
			v := &vector.Vector{}
			v.Reset(c.Type)
			b.Cols = append(b.Cols, v)
		}
	}
}

// add notes that the target's row old becomes what the source has; columns that the source lacks keep the target's value.
func (r *rowSet) add(t *tableMerge, key string, old, source row) {
	cells := make([]types.Datum, len(t.stored))
	for i := range t.stored {
		d, ok := source.cell2(i)
		if !ok {
			d, _ = old.cell2(i)
		}
		cells[i] = d
	}
	r.addCells(t, key, old, cells)
}

// cell2 is cell for a row that may be none at all.
func (r row) cell2(i int) (types.Datum, bool) {
	if r.rows == nil {
		return types.Null, false
	}
	return r.cell(i)
}

func (r *rowSet) addCells(t *tableMerge, key string, old row, cells []types.Datum) {
	r.keys = append(r.keys, key)
	stored := 0
	for i, c := range r.newColumns(t) {
		if c.Hidden != "" {
			r.old.Cols[i].AppendNull()
			r.new.Cols[i].AppendNull()
			continue
		}
		d, ok := old.cell2(stored)
		if !ok {
			d = types.Null
		}
		r.old.Cols[i].Append(d)
		r.new.Cols[i].Append(cells[stored])
		stored++
	}
	r.old.N++
	r.new.N++
}

func (r *rowSet) newColumns(t *tableMerge) []*catalog.Column {
	out := make([]*catalog.Column, 0, len(r.columns))
	for i := range t.into.Columns {
		if c := &t.into.Columns[i]; !c.Dropped {
			out = append(out, c)
		}
	}
	return out
}
