package session

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// branchRows are the functions of schema rowan that return rows.
var branchRows = map[string]rowService{
	"rowan_branches":  listBranches,
	"rowan_log":       listLog,
	"rowan_snapshots": listSnapshots,
	"rowan_merge":     mergeBranches,
	"rowan_diff":      diffTable,
	"rowan_diff_stat": diffStat,
}

func listBranches(s *Session, ctx context.Context, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := s.engine.Store.Branches().List(ctx, s.database.OID, false)
	for _, b := range list {
		status := "active"
		if b.Merged {
			status = "merged"
		}
		row := []types.Datum{types.String(branchID(b.ID)), types.String(b.Name), orNull(b.Parent), types.Int(int64(b.Fork)), types.Int(int64(b.Head)),
			types.Bool(b.Default), types.Bool(b.Protected), timestamp(b.Created), timestamp(b.Updated), orNull(b.Description), types.String(status)}
		if !yield(row) {
			break
		}
	}
	return err
}

func orNull(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.String(s)
}

func listLog(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	limit := 100
	if !a[1].Null {
		limit = int(a[1].I)
	}
	branch := s.orBranch(a[0])
	entries, err := s.engine.Store.Branches().Log(ctx, s.database.OID, branch, 0, 0, limit)
	if err != nil {
		return err
	}
	v, err := s.txn.View(ctx, catalog.Ref{Branch: branch})
	if err != nil {
		return err
	}
	for _, e := range entries {
		row := []types.Datum{types.Int(int64(e.SCN)), types.Int(int64(e.Txn)), timestamp(e.Time), types.String(e.Info.User), orNull(e.Info.Application),
			orNull(e.Info.Summary), types.Int(e.Inserts), types.Int(e.Updates), types.Int(e.Deletes), tableNames(v.Catalog(), e.Tables)}
		if !yield(row) {
			break
		}
	}
	return nil
}

// tableNames makes a text[] of the tables' names; tables that are gone are left out.
func tableNames(snap *catalog.Snapshot, ids []catalog.OID) types.Datum {
	var elems []types.Datum
	for _, id := range ids {
		if n := qualifiedName(snap, id); n != "" {
			elems = append(elems, types.String(n))
		}
	}
	return types.String(types.Vector1(elems).Pack(types.Builtin(types.OIDText)))
}

// qualifiedName is a relation's name, with its schema unless that is public.
func qualifiedName(snap *catalog.Snapshot, id catalog.OID) string {
	o, _ := snap.RelationByOID(id)
	if o == nil {
		return ""
	}
	h := o.Head()
	if h.Schema == catalog.Public {
		return h.Name
	}
	return snap.SchemaName(h.Schema) + "." + h.Name
}

func listSnapshots(s *Session, ctx context.Context, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := s.engine.Store.Branches().Snapshots(ctx, s.database.OID, "")
	for _, sn := range list {
		if !yield([]types.Datum{types.String(sn.ID), types.String(sn.Branch), types.Int(int64(sn.SCN)), timestamp(sn.Time), orNull(sn.Comment), types.Bool(sn.Automatic)}) {
			break
		}
	}
	return err
}

// diffTable yields, for each row that differs, the kind and then from_… and to_… of each column, in the order that bind
// gave the result: the union of both sides' columns by name.
func diffTable(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	from, err := s.txn.View(ctx, branchPoint(text(a[0])))
	if err != nil {
		return err
	}
	to, err := s.txn.View(ctx, branchPoint(text(a[1])))
	if err != nil {
		return err
	}
	id, err := s.relationID(ctx, from, to, text(a[2]))
	if err != nil {
		return err
	}
	scan, err := s.engine.Store.Branches().Diff(ctx, s.txn.Txn, from, to, id)
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

// branchPoint reads branch, branch@point and @point.
func branchPoint(name string) catalog.Ref {
	for i := range len(name) {
		if name[i] == '@' {
			return catalog.Ref{Branch: name[:i], Point: name[i+1:]}
		}
	}
	return catalog.Ref{Branch: name}
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

func diffStat(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	from, err := s.txn.View(ctx, branchPoint(text(a[0])))
	if err != nil {
		return err
	}
	to, err := s.txn.View(ctx, branchPoint(text(a[1])))
	if err != nil {
		return err
	}
	tables, err := s.engine.Store.Branches().Changed(ctx, s.txn.Txn, from, to)
	if err != nil {
		return err
	}
	for _, id := range tables {
		counts, err := s.countDiff(ctx, from, to, id)
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

func (s *Session) countDiff(ctx context.Context, from, to storage.View, table catalog.OID) (map[storage.DiffKind]int64, error) {
	scan, err := s.engine.Store.Branches().Diff(ctx, s.txn.Txn, from, to, table)
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

// relationID finds the table that a diff is asked for: on the second side, else on the first.
func (s *Session) relationID(_ context.Context, from, to storage.View, name string) (catalog.OID, error) {
	id, err := s.relationIn(to.Catalog(), name)
	if err == nil {
		return id, nil
	}
	return s.relationIn(from.Catalog(), name)
}
