package vcs

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
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
	limit, err := rowLimit(a[1])
	if err != nil {
		return err
	}
	if limit == 0 && !a[1].Null {
		return nil
	}
	if f.commits, err = commitsAlong(ctx, c, f.view); err != nil {
		return err
	}
	f.summaries = NewSummaries(c.Store().Global(), c.Role(), f.view.Catalog())
	n, failed := 0, error(nil)
	err = f.each(ctx, c, limit, func(e storage.LogEntry) bool {
		row, err := f.row(ctx, e)
		if failed = err; err != nil || !yield(row) {
			return false
		}
		n++
		return n != limit
	})
	return cmp.Or(failed, err)
}

// rowLimit reads max_rows; 0: none.
func rowLimit(d types.Datum) (int, error) {
	if d.Null {
		return 0, nil
	}
	if d.I < 0 {
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "max_rows must not be negative")
	}
	return int(d.I), nil
}

// logPage is how many entries are read at a time.
const logPage = 1000

// each passes the entries that are wanted, newest first. Of a log of any length no more is read than is passed, in pages; where it is
// filtered, the pages grow.
func (f *logFilter) each(ctx context.Context, c Conn, limit int, yield func(storage.LogEntry) bool) error {
	page := logPage
	if limit > 0 {
		page = min(page, limit)
	}
	for to := f.until; ; {
		entries, err := c.Store().Branches().LogOf(ctx, f.view, f.since, to, page)
		if err != nil {
			return err
		}
		for i := range entries {
			if f.wants(&entries[i]) && !yield(entries[i]) {
				return nil
			}
		}
		if len(entries) < page {
			return nil
		}
		if to = entries[page-1].SCN - 1; to <= f.since || to == 0 {
			return nil
		}
		page = min(2*page, logPage)
	}
}

// logFilter is what rowan.log is asked for.
type logFilter struct {
	view         storage.View
	since, until storage.SCN
	user         string
	table        catalog.OID
	scns         []storage.SCN // of the transactions that changed the row, sorted; only where a key was given
	byRow        bool
	commits      *along
	summaries    *Summaries
}

func openLog(ctx context.Context, c Conn, a []types.Datum) (f *logFilter, err error) {
	f = &logFilter{user: text(a[4])}
	if f.view, err = viewUpTo(ctx, c, text(a[0]), text(a[3])); err != nil {
		return f, err
	}
	if f.view.ReadOnly() {
		f.until = f.view.At()
	}
	if p := text(a[2]); p != "" {
		_, f.since, err = c.Store().Branches().Find(ctx, c.Database().OID, f.view.Branch().Name, p)
		if err != nil && !errors.Is(err, catalog.ErrPointBefore) {
			return f, err
		}
	}
	if text(a[5]) == "" {
		if !a[6].Null {
			return f, pgerr.New(pgerrcode.InvalidParameterValue, "key is that of a row, and needs a table_name")
		}
		return f, nil
	}
	if f.table, err = relationIn(ctx, c, f.view, text(a[5])); err != nil || a[6].Null {
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

func (f *logFilter) row(ctx context.Context, e storage.LogEntry) ([]types.Datum, error) {
	commit, err := f.commits.commitOf(ctx, e.SCN)
	return []types.Datum{types.Int(int64(e.SCN)), types.Int(int64(e.Txn)), timestamp(e.Time), types.String(e.Info.User), orNull(e.Info.Application),
		orNull(f.summaries.Of(&e)), types.Int(e.Inserts), types.Int(e.Updates), types.Int(e.Deletes), tableNames(f.view.Catalog(), e.Tables),
		orNull(e.Info.Merged), commit}, err
}

// logRow is one transaction as rowan.log shows it.
func logRow(ctx context.Context, c Conn, v storage.View, e storage.LogEntry) ([]types.Datum, error) {
	commits, err := commitsAlong(ctx, c, v)
	if err != nil {
		return nil, err
	}
	f := &logFilter{view: v, commits: commits, summaries: NewSummaries(c.Store().Global(), c.Role(), v.Catalog())}
	return f.row(ctx, e)
}
