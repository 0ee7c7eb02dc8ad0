package vcs

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var diffRows = map[string]RowsFunc{
	"rowan_diff":      diffTable,
	"rowan_diff_stat": diffStat,
}

// diffTable yields, for each row that differs, the kind and then from_… and to_… of each column, in the order that bind
// gave the result: the union of both sides' columns by name.
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
			if !yield(diffRow(b, k, pairs)) {
				return nil
			}
		}
	}
}

// columnPair says where a column stands on each side; -1: it is not there.
type columnPair struct{ from, to int }

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
		p := columnPair{-1, -1}
		if i, ok := left[n]; ok {
			p.from = i
		}
		if i, ok := right[n]; ok {
			p.to = i
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

func diffStat(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	from, err := c.View(ctx, branchPoint(text(a[0])))
	if err != nil {
		return err
	}
	to, err := c.View(ctx, branchPoint(text(a[1])))
	if err != nil {
		return err
	}
	tables, err := c.Store().Branches().Changed(ctx, c.Txn(), from, to)
	if err != nil {
		return err
	}
	for _, id := range tables {
		counts, err := countDiff(ctx, c, from, to, id)
		if err != nil {
			return err
		}
		name := qualifiedName(to.Catalog(), id)
		if name == "" {
			name = qualifiedName(from.Catalog(), id)
		}
		if !yield([]types.Datum{types.String(name), types.Int(counts[storage.Added]), types.Int(counts[storage.Changed]), types.Int(counts[storage.Removed])}) {
			return nil
		}
	}
	return nil
}

func countDiff(ctx context.Context, c Conn, from, to storage.View, table catalog.OID) (map[storage.DiffKind]int64, error) {
	scan, err := c.Store().Branches().Diff(ctx, c.Txn(), from, to, table)
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	counts := map[storage.DiffKind]int64{}
	for {
		b, err := scan.Next(ctx)
		if b == nil || err != nil {
			return counts, err
		}
		for _, k := range b.Kind {
			counts[k]++
		}
	}
}

// relationOf finds the table that a comparison is asked for: on the second side, else on the first.
func relationOf(c Conn, from, to storage.View, name string) (catalog.OID, error) {
	id, err := c.Relation(to.Catalog(), name)
	if err == nil {
		return id, nil
	}
	return c.Relation(from.Catalog(), name)
}
