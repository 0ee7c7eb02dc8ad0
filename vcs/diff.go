package vcs

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var diffRows = map[string]RowsFunc{
	"rowan_diff":         diffTable,
	"rowan_diff_stat":    diffStat,
	"rowan_diff_summary": diffSummary,
}

// diffTable yields, for each row that differs, the kind, then from_… and to_… of each column, in the order that bind gave
// the result: the union of both sides' columns by name; last the names of the columns that differ.
func diffTable(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, err := c.View(ctx, branchPoint(text(a[0])))
	if err != nil {
		return err
	}
	to, err := c.View(ctx, branchPoint(text(a[1])))
	if err != nil {
		return err
	}
	t, err := tableOn(ctx, c, from, to, text(a[2]))
	if err != nil {
		return err
	}
	scan, err := t.open(ctx, c, from, to)
	if err != nil {
		return err
	}
	defer scan.Close()
	pairs := t.columns()
	for {
		b, err := scan.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		for k := range b.Kind {
			if !yield(append(diffRow(b, k, pairs), changedColumns(b, k, pairs))) {
				return nil
			}
		}
	}
}

// comparedTable is a table on both sides; nil where a side lacks it.
type comparedTable struct{ from, to *catalog.Table }

// tableOn finds the table that a comparison is asked for.
func tableOn(ctx context.Context, c Conn, from, to storage.View, name string) (comparedTable, error) {
	on := func(v storage.View) (*catalog.Table, error) {
		id, err := relationIn(ctx, c, v, name)
		t, _ := v.Catalog().Object(id).(*catalog.Table)
		return t, err
	}
	a, errFrom := on(from)
	b, errTo := on(to)
	if errFrom != nil && errTo != nil {
		return comparedTable{}, errTo
	}
	if a == nil && b == nil {
		return comparedTable{}, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a table", name)
	}
	a, b = catalog.PairTables(from.Catalog(), to.Catalog(), a, b)
	return comparedTable{a, b}, nil
}

// tablesOn are the tables with given ids, each with what it is compared with on the other side, once.
func tablesOn(from, to storage.View, ids []catalog.OID) []comparedTable {
	var out []comparedTable
	for _, id := range ids {
		a, _ := from.Catalog().Object(id).(*catalog.Table)
		b, _ := to.Catalog().Object(id).(*catalog.Table)
		switch {
		case b == nil && a != nil:
			b = namesake(from, to, a)
		case a == nil && b != nil:
			a = namesake(to, from, b)
		}
		a, b = catalog.PairTables(from.Catalog(), to.Catalog(), a, b)
		if t := (comparedTable{a, b}); (a != nil || b != nil) && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// namesake is the table that is called like another on the other side, if it is on that side alone; nil: there is none.
func namesake(here, there storage.View, t *catalog.Table) *catalog.Table {
	sc := there.Catalog().Schema(here.Catalog().SchemaName(t.Schema))
	if sc == nil {
		return nil
	}
	o, _ := there.Catalog().Relation(sc.OID, t.Name)
	if x, ok := o.(*catalog.Table); ok && here.Catalog().Object(x.OID) == nil {
		return x
	}
	return nil
}

// either is the table on the second side, else on the first.
func (t comparedTable) either() *catalog.Table { return cmp.Or(t.to, t.from) }

// name is what the table is called, on the second side if it is there.
func (t comparedTable) name(from, to storage.View) string {
	if t.to != nil {
		return to.Catalog().Shown(t.to.OID)
	}
	return from.Catalog().Shown(t.from.OID)
}

// open begins to compare the rows.
func (t comparedTable) open(ctx context.Context, c Conn, from, to storage.View) (storage.DiffScanner, error) {
	if t.from != nil && t.to != nil && t.from.OID != t.to.OID {
		return c.Store().Branches().DiffPair(ctx, c.Txn(), from, to, t.from, t.to)
	}
	return c.Store().Branches().Diff(ctx, c.Txn(), from, to, t.either().OID)
}

// columnPair says where a column stands on each side; -1: it is not there.
type columnPair struct {
	from, to int
	name     string
	as       [2]types.Type // of each side; known where values must be compared by their text
}

// columns are the columns of both sides. One that was renamed has its new name.
func (t comparedTable) columns() []columnPair {
	position := func(t *catalog.Table, c *catalog.Column) int {
		if c == nil {
			return -1
		}
		return slices.Index(t.Live(), c)
	}
	var out []columnPair
	for _, c := range catalog.PairColumns(t.from, t.to) {
		p := columnPair{from: position(t.from, c.From), to: position(t.to, c.To), name: cmp.Or(c.To, c.From).Name}
		if c.From != nil && c.To != nil && types.Relabelled(c.From.Type.Def, c.To.Type.Def) {
			p.as = [2]types.Type{c.From.Type, c.To.Type}
		}
		out = append(out, p)
	}
	return out
}

var diffWords = map[storage.DiffKind]string{storage.Added: "added", storage.Removed: "removed", storage.Changed: "modified"}

func diffRow(b *storage.DiffBatch, k int, pairs []columnPair) []types.Datum {
	row := []types.Datum{types.String(diffWords[b.Kind[k]])}
	for _, p := range pairs {
		from, to := types.Null, types.Null
		if p.from >= 0 && b.Kind[k] != storage.Added {
			from = b.From.Cols[p.from].Datum(k)
		}
		if p.to >= 0 && b.Kind[k] != storage.Removed {
			to = b.To.Cols[p.to].Datum(k)
		}
		row = append(row, from, to)
	}
	return row
}

// cellDiffers reports whether a pair of columns differs in a row that is on both sides.
func cellDiffers(b *storage.DiffBatch, k int, p columnPair) bool {
	x, y := types.Null, types.Null
	if p.from >= 0 {
		x = b.From.Cols[p.from].Datum(k)
	}
	if p.to >= 0 {
		y = b.To.Cols[p.to].Datum(k)
	}
	if p.as[0].Known() && !x.Null && !y.Null {
		f := types.DefaultFormat()
		return string(types.AppendText(nil, p.as[0], x, f)) != string(types.AppendText(nil, p.as[1], y, f))
	}
	return x.Null != y.Null || !x.Null && (x.I != y.I || x.S != y.S)
}

// changedColumns lists the columns that differ in a row that is on both sides; NULL for other rows.
func changedColumns(b *storage.DiffBatch, k int, pairs []columnPair) types.Datum {
	if b.Kind[k] != storage.Changed {
		return types.Null
	}
	var names []types.Datum
	for _, p := range pairs {
		if cellDiffers(b, k, p) {
			names = append(names, types.String(p.name))
		}
	}
	return types.String(types.Vector1(names).Pack(types.Builtin(types.OIDText)))
}

// views resolves the two sides of a comparison.
func views(ctx context.Context, c Conn, a []types.Datum) (from, to storage.View, err error) {
	if from, err = c.View(ctx, branchPoint(text(a[0]))); err != nil {
		return nil, nil, err
	}
	to, err = c.View(ctx, branchPoint(text(a[1])))
	return from, to, err
}

// diffStat is rowan.diff_stat(from, to[, table]): how many rows and cells differ, by table.
func diffStat(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, err := views(ctx, c, a)
	if err != nil {
		return err
	}
	var tables []comparedTable
	if a[2].Null {
		ids, err := c.Store().Branches().Changed(ctx, c.Txn(), from, to)
		if err != nil {
			return err
		}
		tables = tablesOn(from, to, ids)
	} else {
		t, err := tableOn(ctx, c, from, to, text(a[2]))
		if err != nil {
			return err
		}
		tables = []comparedTable{t}
	}
	for _, t := range tables {
		s, err := countDiff(ctx, c, from, to, t)
		if err != nil {
			return err
		}
		row := []types.Datum{types.String(t.name(from, to)), types.Int(s.rows[storage.Added]), types.Int(s.rows[storage.Changed]), types.Int(s.rows[storage.Removed])}
		if !yield(append(row, s.more(ctx, c, from, to, t)...)) {
			return nil
		}
	}
	return nil
}

// diffCounts counts what differs in a table.
type diffCounts struct {
	rows                  map[storage.DiffKind]int64
	changed, fresh, stale int64 // cells
}

// more are the columns of rowan.diff_stat after the counts of rows that differ: rows that do not, cells, rows on each side.
func (s *diffCounts) more(ctx context.Context, c Conn, from, to storage.View, t comparedTable) []types.Datum {
	before, after := countRows(ctx, c, from, t.from), countRows(ctx, c, to, t.to)
	same := types.Null
	if !after.Null {
		same = types.Int(after.I - s.rows[storage.Added] - s.rows[storage.Changed])
	}
	return []types.Datum{same, types.Int(s.changed), types.Int(s.fresh), types.Int(s.stale), before, after}
}

// countRows is the number of rows of a table where it is known without a scan, else NULL.
func countRows(ctx context.Context, c Conn, v storage.View, t *catalog.Table) types.Datum {
	if t == nil {
		return types.Int(0)
	}
	n, ok, err := c.Txn().CountRows(ctx, storage.ScanRequest{View: v, Table: t})
	if !ok || err != nil {
		return types.Null
	}
	return types.Int(n)
}

func countDiff(ctx context.Context, c Conn, from, to storage.View, t comparedTable) (*diffCounts, error) {
	scan, err := t.open(ctx, c, from, to)
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	pairs := t.columns()
	s := &diffCounts{rows: map[storage.DiffKind]int64{}}
	for {
		b, err := scan.Next(ctx)
		if b == nil || err != nil {
			return s, err
		}
		for k, kind := range b.Kind {
			s.rows[kind]++
			switch kind {
			case storage.Added:
				s.fresh += int64(len(b.To.Cols))
			case storage.Removed:
				s.stale += int64(len(b.From.Cols))
			case storage.Changed:
				for _, p := range pairs {
					if cellDiffers(b, k, p) {
						s.changed++
					}
				}
			}
		}
	}
}

// diffSummary is rowan.diff_summary(from, to): which tables differ, and in what.
func diffSummary(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, to, err := views(ctx, c, a)
	if err != nil {
		return err
	}
	changed, err := c.Store().Branches().Changed(ctx, c.Txn(), from, to)
	if err != nil {
		return err
	}
	for _, t := range tablesOn(from, to, tableIDs(from.Catalog(), to.Catalog())) {
		x, y := t.from, t.to
		data := x != nil && slices.Contains(changed, x.OID) || y != nil && slices.Contains(changed, y.OID)
		schema := x == nil || y == nil || !sameTable(x, y)
		if !data && !schema {
			continue
		}
		oldName, newName := "", ""
		if x != nil {
			oldName = from.Catalog().Shown(x.OID)
		}
		if y != nil {
			newName = to.Catalog().Shown(y.OID)
		}
		kind := "modified"
		switch {
		case x == nil:
			kind = "added"
		case y == nil:
			kind = "dropped"
		case oldName != newName:
			kind = "renamed"
		}
		if !yield([]types.Datum{orNull(oldName), orNull(newName), types.String(kind), types.Bool(data), types.Bool(schema)}) {
			return nil
		}
	}
	return nil
}

func tableIDs(list ...*catalog.Snapshot) []catalog.OID {
	var out []catalog.OID
	for _, snap := range list {
		for _, o := range snap.Objects() {
			if t, ok := o.(*catalog.Table); ok && !t.Virtual {
				out = append(out, t.OID)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sameTable reports whether two descriptors say the same; where rows are does not count.
func sameTable(x, y *catalog.Table) bool {
	if x == y {
		return true
	}
	plain := func(t *catalog.Table) string {
		c := t.Clone()
		c.Rows, c.Created = 0, 0
		for _, ix := range c.Indexes {
			ix.Keyspace = 0
		}
		b, err := json.Marshal(c)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return plain(x) == plain(y)
}
