package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// chunk is how many rows are merged at a time.
const chunk = 512

// tableMerge is the merge of one table's rows.
type tableMerge struct {
	*merger
	base, source *catalog.Table // nil: not there
	into         *catalog.Table // the target's table, as merged
	adopted      bool           // the target takes the source's rewritten rows in place of its own
	gather       bool           // all changes are written together

	columns                          []*catalog.Column // all that are given to storage, hidden ones too
	ids                              []catalog.ColumnID
	stored                           []*catalog.Column
	missing                          []types.Datum // what rows without a stored column have in it
	fromBase, fromSource, fromTarget []int         // for each stored column, its position in what was fetched, -1: not there
	cellBuf                          []types.Datum

	*group           // being filled
	groups  []*group // not written yet
	changed bool
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
	t.prepare()
	keys, err := diff.Candidates(ctx, m.tx, m.base, m.source, id)
	if err != nil {
		return err
	}
	defer keys.Close()
	if t.incompatible() {
		return t.rewritten(ctx, keys)
	}
	if err := t.batches(ctx, keys); err != nil {
		return err
	}
	if t.changed {
		m.res.Tables = append(m.res.Tables, id)
	}
	return nil
}

// batches merges the rows in groups. Where rows may pass unique values around, all are written together at the end.
func (t *tableMerge) batches(ctx context.Context, keys diff.Keys) error {
	for {
		list, err := keys.Next(ctx, chunk)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return t.write(ctx)
		}
		t.group = t.newGroup()
		if err := t.batch(ctx, list); err != nil {
			return err
		}
		if t.group.empty() || t.blocked() {
			continue
		}
		t.groups = append(t.groups, t.group)
		if !t.gather {
			if err := t.write(ctx); err != nil {
				return err
			}
		}
	}
}

// prepare finds where the merged table's columns stand on each side.
func (t *tableMerge) prepare() {
	for i := range t.into.Columns {
		c := &t.into.Columns[i]
		if c.Dropped {
			continue
		}
		t.columns, t.ids = append(t.columns, c), append(t.ids, c.ID)
		if c.Hidden == "" {
			t.stored = append(t.stored, c)
			t.missing = append(t.missing, diff.Missing(c))
		}
	}
	t.fromBase, t.fromSource, t.fromTarget = t.positions(t.base), t.positions(t.source), t.positions(t.into)
	t.cellBuf = make([]types.Datum, len(t.stored))
	was := t.before[t.into.OID]
	t.adopted = was != nil && was.Rows != t.into.Rows
	for _, ix := range t.into.Indexes {
		t.gather = t.gather || ix.Unique && !ix.Primary
	}
}

func (t *tableMerge) positions(x *catalog.Table) []int {
	out := make([]int, len(t.stored))
	for i, c := range t.stored {
		out[i] = -1
		if x == nil {
			continue
		}
		out[i] = slices.IndexFunc(x.Live(), func(y *catalog.Column) bool { return y.ID == c.ID && fits(y.TypeOID, c.TypeOID) })
	}
	return out
}

// fits reports whether values of one type are as they stand values of another.
func fits(from, to catalog.OID) bool {
	rank := func(o catalog.OID) int {
		return slices.Index([]catalog.OID{types.OIDInt2, types.OIDInt4, types.OIDInt8}, o)
	}
	return from == to || rank(from) >= 0 && rank(from) < rank(to) || from == types.OIDVarchar && to == types.OIDText
}

// incompatible reports whether the target gave the table's rows new keys or types, so that rows of the source cannot be
// brought there one by one.
func (t *tableMerge) incompatible() bool {
	if t.adopted || t.base == nil || t.base.Rows == t.into.Rows && t.source.Rows == t.into.Rows {
		return false
	}
	if !sameKey(t.base, t.into) || !sameKey(t.source, t.into) {
		return true
	}
	for i, c := range t.stored {
		if x := t.source.ColumnByID(c.ID); x != nil && !x.Dropped && t.fromSource[i] < 0 {
			return true
		}
	}
	return false
}

// sameKey reports whether two versions of a table have rows with the same keys: no key at all means row ids, which a
// rewrite does not keep.
func sameKey(a, b *catalog.Table) bool {
	x, y := a.PrimaryIndex(), b.PrimaryIndex()
	if x == nil || y == nil || !slices.Equal(x.Columns, y.Columns) {
		return false
	}
	for _, c := range x.Columns {
		if a.ColumnByID(c.Column).TypeOID != b.ColumnByID(c.Column).TypeOID {
			return false
		}
	}
	return true
}

// rewritten is the merge of an incompatible table: nothing to do, a contradiction, or, when the target wins, what it has.
func (t *tableMerge) rewritten(ctx context.Context, keys diff.Keys) error {
	list, err := keys.Next(ctx, 1)
	if err != nil || len(list) == 0 {
		return err
	}
	if t.req.Strategy == storage.TargetWins {
		t.res.Resolved++
		return nil
	}
	t.schemaConflict(t.into, "its rows were rewritten on the target, and changed on the source")
	return nil
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
	target, err := diff.Fetch(ctx, t.tx, t.merger.target, t.into, ids(t.into), keys)
	if err != nil {
		return err
	}
	for k, key := range keys {
		b, s, v := row{base, base.At[k], t.fromBase}, row{source, source.At[k], t.fromSource}, row{target, target.At[k], t.fromTarget}
		if t.adopted {
			t.adopt(key, b, s)
		} else {
			t.row(key, b, s, v)
		}
	}
	return nil
}

// row is one side's row; at is -1 where it is absent.
type row struct {
	rows *diff.Rows
	at   int
	cols []int
}

var absent = row{at: -1}

func (r row) there() bool { return r.at >= 0 }

// cell returns the value of the i-th stored column, and whether the side has the column.
func (r row) cell(i int) (types.Datum, bool) {
	if r.at < 0 || r.cols[i] < 0 {
		return types.Null, false
	}
	return r.rows.Cols[r.cols[i]].Datum(r.at), true
}

// value is cell, with what rows have that are older than the column.
func (t *tableMerge) value(r row, i int) types.Datum {
	if d, ok := r.cell(i); ok {
		return d
	}
	return t.missing[i]
}

// sameRow reports whether two rows, both there, agree in all columns. Generated ones follow from the others.
func (t *tableMerge) sameRow(a, b row) bool {
	for i, c := range t.stored {
		if c.Generated == "" && !diff.Same(t.value(a, i), t.value(b, i)) {
			return false
		}
	}
	return true
}

// agree reports whether two rows, both there, agree in the columns that both sides have.
func (t *tableMerge) agree(a, b row) bool {
	for i, c := range t.stored {
		x, ok1 := a.cell(i)
		y, ok2 := b.cell(i)
		if ok1 && ok2 && c.Generated == "" && !diff.Same(x, y) {
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

// adopt takes a row from the source's new keyspace, and counts what that changes.
func (t *tableMerge) adopt(key string, base, source row) {
	switch {
	case !source.there():
		if base.there() {
			t.res.Deletes++
			t.changed = true
		}
		return
	case base.there():
		t.kept++
		if !t.sameRow(base, source) {
			t.res.Updates++
			t.changed = true
		}
	}
	t.ins.add(key, absent, t.cellsOf(source, absent))
}

func (t *tableMerge) inserted(key string, source, target row) {
	switch {
	case !target.there():
		t.ins.add(key, absent, t.cellsOf(source, absent))
	case t.agree(source, target):
	default:
		takeSource, decided := t.decide()
		switch {
		case !decided:
			t.conflict(key, storage.InsertInsert, nil, absent, source, target)
		case takeSource:
			t.update(key, target, t.cellsOf(source, target))
		}
	}
}

func (t *tableMerge) removed(key string, base, target row) {
	switch {
	case !target.there():
	case t.sameRow(base, target):
		t.del.add(key, target, nil)
	default:
		takeSource, decided := t.decide()
		switch {
		case !decided:
			t.conflict(key, storage.DeleteUpdate, nil, base, absent, target)
		case takeSource:
			t.del.add(key, target, nil)
		}
	}
}

// orphaned is a row that the source changed and the target deleted.
func (t *tableMerge) orphaned(key string, base, source row) {
	takeSource, decided := t.decide()
	switch {
	case !decided:
		t.conflict(key, storage.UpdateDelete, nil, base, source, absent)
	case takeSource:
		t.ins.add(key, absent, t.cellsOf(source, absent))
	}
}

// cells merges a row that is there on all sides.
func (t *tableMerge) cells(key string, base, source, target row) {
	merged := t.cellBuf
	changed, conflicts := false, 0
	for i, c := range t.stored {
		s, inSource := source.cell(i)
		v := t.value(target, i)
		merged[i] = v
		if !inSource || c.Generated != "" || diff.Same(s, v) {
			continue
		}
		b := t.value(base, i)
		switch {
		case diff.Same(s, b):
			continue
		case diff.Same(b, v):
			merged[i], changed = s, true
			continue
		}
		takeSource, decided := t.decide()
		switch {
		case !decided:
			conflicts++
			t.conflict(key, storage.UpdateUpdate, c, base, source, target)
		case takeSource:
			merged[i], changed = s, true
		}
	}
	if changed && conflicts == 0 {
		t.update(key, target, merged)
	}
}

// cellsOf returns a row of the source as the target will have it: columns that the source lacks keep the target's value.
func (t *tableMerge) cellsOf(source, old row) []types.Datum {
	for i := range t.stored {
		d, ok := source.cell(i)
		if !ok {
			d = t.value(old, i)
		}
		t.cellBuf[i] = d
	}
	return t.cellBuf
}

// update notes a change of a row; one that moves unique values is written as a removal and an insert, so that rows may
// pass such values around.
func (t *tableMerge) update(key string, old row, cells []types.Datum) {
	if t.gather && t.movesUnique(old, cells) {
		t.mov.add(key, old, cells)
		return
	}
	t.upd.add(key, old, cells)
}

func (t *tableMerge) movesUnique(old row, cells []types.Datum) bool {
	for _, ix := range t.into.Indexes {
		if !ix.Unique || ix.Primary {
			continue
		}
		if ix.Predicate != 0 {
			return true
		}
		for _, k := range ix.Columns {
			i := slices.IndexFunc(t.stored, func(c *catalog.Column) bool { return c.ID == k.Column })
			if i < 0 || t.stored[i].Generated != "" || !diff.Same(t.value(old, i), cells[i]) {
				return true
			}
		}
	}
	return false
}
