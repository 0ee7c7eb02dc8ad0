package vcs

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var logRows = joined(blameRows, bisectRows, map[string]RowsFunc{"rowan_log": listLog})

// listLog is rowan.log(branch, max_rows, since, until, username, table_name, key): the transactions after one point and up
// to another, of a user, that changed a table or one row of it; newest first.
func listLog(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	f, err := openLog(ctx, c, a)
	if err != nil {
		return err
	}
	limit := 0
	if !a[1].Null {
		limit = max(0, int(a[1].I))
	}
	if limit == 0 && !a[1].Null {
		return nil
	}
	fetch := limit
	if f.filters() {
		fetch = 0
	}
	b := f.view.Branch()
	entries, err := c.Store().Branches().Log(ctx, b.Database, b.Name, f.since, f.until, fetch)
	if err != nil {
		return err
	}
	if f.commits, err = commitsAlong(ctx, c, f.view); err != nil {
		return err
	}
	n := 0
	for _, e := range entries {
		if !f.wants(&e) {
			continue
		}
		if !yield(f.row(e)) {
			break
		}
		if n++; n == limit {
			break
		}
	}
	return nil
}

// logFilter is what rowan.log is asked for.
type logFilter struct {
	view         storage.View
	since, until storage.SCN
	user         string
	table        catalog.OID
	scns         []storage.SCN // of the transactions that changed the row, sorted; only where a key was given
	byRow        bool
	commits      []*ref
}

func openLog(ctx context.Context, c Conn, a []types.Datum) (f *logFilter, err error) {
	f = &logFilter{user: text(a[4])}
	ref := branchPoint(text(a[0]))
	if p := text(a[3]); p != "" {
		ref.Point = p
	}
	if f.view, err = c.View(ctx, ref); err != nil {
		return f, err
	}
	if f.view.ReadOnly() {
		f.until = f.view.At()
	}
	if p := text(a[2]); p != "" {
		_, f.since, err = c.Store().Branches().Find(ctx, c.Database().OID, f.view.Branch().Name, p)
		if err != nil && !beforeAll(err) {
			return f, err
		}
	}
	if text(a[5]) == "" {
		return f, nil
	}
	if f.table, err = c.Relation(f.view.Catalog(), text(a[5])); err != nil || a[6].Null {
		return f, err
	}
	r, err := openHistory(ctx, c, a[5], types.Null, a[3], a[6], a[0])
	if err != nil {
		return f, err
	}
	f.byRow = true
	err = c.Store().Branches().Versions(ctx, c.Txn(), r, func(v *storage.RowVersion) bool {
		f.scns = append(f.scns, v.Start, v.End)
		return true
	})
	slices.Sort(f.scns)
	return f, err
}

func (f *logFilter) filters() bool { return f.user != "" || f.table != 0 }

func (f *logFilter) wants(e *storage.LogEntry) bool {
	if f.user != "" && e.Info.User != f.user || f.table != 0 && !slices.Contains(e.Tables, f.table) {
		return false
	}
	if !f.byRow {
		return true
	}
	_, found := slices.BinarySearch(f.scns, e.SCN)
	return found
}

func (f *logFilter) row(e storage.LogEntry) []types.Datum {
	return []types.Datum{types.Int(int64(e.SCN)), types.Int(int64(e.Txn)), timestamp(e.Time), types.String(e.Info.User), orNull(e.Info.Application),
		orNull(e.Info.Summary), types.Int(e.Inserts), types.Int(e.Updates), types.Int(e.Deletes), tableNames(f.view.Catalog(), e.Tables),
		orNull(e.Info.Merged), commitFor(f.commits, e.SCN)}
}

// logRow is one transaction as rowan.log shows it.
func logRow(ctx context.Context, c Conn, v storage.View, e storage.LogEntry) ([]types.Datum, error) {
	commits, err := commitsAlong(ctx, c, v)
	f := &logFilter{view: v, commits: commits}
	return f.row(e), err
}
