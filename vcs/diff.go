package vcs

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/rowandb/rowan/catalog"
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
	id, err := relationOf(c, from, to, text(a[2]))
	if err != nil {
		return err
	}
	scan, err := c.Store().Branches().Diff(ctx, c.Txn(), from, to, id)
	if err != nil {
		return err
	}
	defer scan.Close()
	pairs := diffColumns(scan.FromTable(), scan.ToTable())
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

// columnPair says where a column stands on each side; -1: it is not there.
type columnPair struct {
	from, to int
	name     string
	as       [2]types.Type // of each side; known where values must be compared by their text
}

func diffColumns(from, to *catalog.Table) []columnPair {
	var names []string
	position := func(t *catalog.Table) map[string]int {
		m := map[string]int{}
		if t == nil {
			return m
		}
		for i, c := range t.Live() {
			m[c.Name] = i
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
		return m
	}
	left, right := position(from), position(to)
	var out []columnPair
	for _, n := range names {
		p := columnPair{from: -1, to: -1, name: n}
		if i, ok := left[n]; ok {
			p.from = i
		}
		if i, ok := right[n]; ok {
			p.to = i
		}
		if p.from >= 0 && p.to >= 0 {
			if x, y := from.Live()[p.from].Type, to.Live()[p.to].Type; types.Relabelled(x.Def, y.Def) {
				p.as = [2]types.Type{x, y}
			}
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
	var tables []catalog.OID
	if a[2].Null {
		tables, err = c.Store().Branches().Changed(ctx, c.Txn(), from, to)
	} else {
		tables = make([]catalog.OID, 1)
		tables[0], err = relationOf(c, from, to, text(a[2]))
	}
	if err != nil {
		return err
	}
	for _, id := range tables {
		s, err := countDiff(ctx, c, from, to, id)
		if err != nil {
			return err
		}
		name := qualifiedName(to.Catalog(), id)
		if name == "" {
			name = qualifiedName(from.Catalog(), id)
		}
		row := []types.Datum{types.String(name), types.Int(s.rows[storage.Added]), types.Int(s.rows[storage.Changed]), types.Int(s.rows[storage.Removed])}
		if !yield(append(row, s.more(ctx, c, from, to, id)...)) {
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
func (s *diffCounts) more(ctx context.Context, c Conn, from, to storage.View, id catalog.OID) []types.Datum {
	before, after := countRows(ctx, c, from, id), countRows(ctx, c, to, id)
	same := types.Null
	if !after.Null {
		same = types.Int(after.I - s.rows[storage.Added] - s.rows[storage.Changed])
	}
	return []types.Datum{same, types.Int(s.changed), types.Int(s.fresh), types.Int(s.stale), before, after}
}

// countRows is the number of rows of a table where it is known without a scan, else NULL.
func countRows(ctx context.Context, c Conn, v storage.View, id catalog.OID) types.Datum {
	t, ok := v.Catalog().Object(id).(*catalog.Table)
	if !ok {
		return types.Int(0)
	}
	n, ok, err := c.Txn().CountRows(ctx, storage.ScanRequest{View: v, Table: t})
	if !ok || err != nil {
		return types.Null
	}
	return types.Int(n)
}

func countDiff(ctx context.Context, c Conn, from, to storage.View, table catalog.OID) (*diffCounts, error) {
	scan, err := c.Store().Branches().Diff(ctx, c.Txn(), from, to, table)
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	pairs := diffColumns(scan.FromTable(), scan.ToTable())
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
	for _, id := range tableIDs(from.Catalog(), to.Catalog()) {
		x, ok1 := from.Catalog().Object(id).(*catalog.Table)
		y, ok2 := to.Catalog().Object(id).(*catalog.Table)
		data, schema := slices.Contains(changed, id), ok1 != ok2 || !sameTable(x, y)
		if !data && !schema {
			continue
		}
		oldName, newName := qualifiedName(from.Catalog(), id), qualifiedName(to.Catalog(), id)
		kind := "modified"
		switch {
		case !ok1:
			kind = "added"
		case !ok2:
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

// relationOf finds the table that a comparison is asked for: on the second side, else on the first.
func relationOf(c Conn, from, to storage.View, name string) (catalog.OID, error) {
	id, err := c.Relation(to.Catalog(), name)
	if err == nil {
		return id, nil
	}
	return c.Relation(from.Catalog(), name)
}
