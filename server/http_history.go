package server

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/vcs"
)

// History implements api.Branches: transactions and snapshots, the newest first.
func (a *httpAPI) History(ctx context.Context, p api.Principal, branch string, s api.Span) ([]api.Event, error) {
	b, db, err := a.find(ctx, p, branch, false)
	if err != nil {
		return nil, err
	}
	sums, err := a.summaries(ctx, p, db, b.Name)
	if err != nil {
		return nil, err
	}
	out, err := a.transactions(ctx, db, b.Name, s, sums)
	if err != nil {
		return nil, err
	}
	snapshots, err := a.Snapshots(ctx, p, b.Name)
	if err != nil {
		return nil, err
	}
	for _, sn := range snapshots {
		if !s.From.IsZero() && sn.Time.Before(s.From) || !s.To.IsZero() && sn.Time.After(s.To) {
			continue
		}
		summary := sn.Comment
		if summary == "" {
			summary = map[bool]string{true: "Automatic snapshot", false: "Snapshot"}[sn.Automatic]
		}
		out = append(out, api.Event{ID: sn.ID, Type: "snapshot", Time: sn.Time, SCN: sn.SCN, Summary: summary, Size: sn.Size})
	}
	slices.SortStableFunc(out, func(x, y api.Event) int { return y.Time.Compare(x.Time) })
	return out[:min(len(out), s.Limit)], nil
}

// transactions reads the log backwards, in ever larger steps, until there are enough of the time asked for.
func (a *httpAPI) transactions(ctx context.Context, db catalog.OID, branch string, s api.Span, sums *vcs.Summaries) ([]api.Event, error) {
	for read := 4 * s.Limit; ; read *= 4 {
		log, err := a.store.Branches().Log(ctx, db, branch, 0, 0, read)
		if err != nil {
			return nil, err
		}
		out := []api.Event{}
		for _, e := range log {
			if !s.From.IsZero() && e.Time.Before(s.From) {
				return out, nil
			}
			if !s.To.IsZero() && e.Time.After(s.To) {
				continue
			}
			if out = append(out, toEvent(&e, sums)); len(out) == s.Limit {
				return out, nil
			}
		}
		if len(log) < read {
			return out, nil
		}
	}
}

// summaries is what the account is shown of what others have done.
func (a *httpAPI) summaries(ctx context.Context, p api.Principal, db catalog.OID, branch string) (*vcs.Summaries, error) {
	tx, err := a.store.Begin(ctx, storage.TxnOptions{ReadOnly: true, Database: db})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	tx.Statement()
	v, err := tx.View(ctx, catalog.Ref{Branch: branch})
	if err != nil {
		return nil, err
	}
	roles := a.store.Global()
	return vcs.NewSummaries(roles, roles.RoleByName(p.Role), v.Catalog()), nil
}

func toEvent(e *storage.LogEntry, sums *vcs.Summaries) api.Event {
	id := "tx_" + strconv.FormatUint(e.Txn, 10)
	if e.Txn == 0 { // a reset, of which no transaction is known
		id = "scn_" + strconv.FormatUint(e.SCN, 10)
	}
	out := api.Event{ID: id, Type: "transaction", Time: e.Time, SCN: e.SCN, Summary: sums.Of(e), User: e.Info.User}
	if n := e.Inserts + e.Updates + e.Deletes; n > 0 {
		out.Summary += " (" + strconv.FormatInt(n, 10) + map[bool]string{true: " row)", false: " rows)"}[n == 1]
	}
	return out
}

// snapshotFigures remembers what snapshots hold: that never changes.
type snapshotFigures struct {
	mu   sync.Mutex
	byID map[string]figures
}

type figures struct{ size, tables, rows int64 }

// maxFigures bounds the memory; when it is full, all is forgotten.
const maxFigures = 10_000

// Snapshots implements api.Branches, the newest first.
func (a *httpAPI) Snapshots(ctx context.Context, p api.Principal, branch string) ([]api.Snapshot, error) {
	b, db, err := a.find(ctx, p, branch, false)
	if err != nil {
		return nil, err
	}
	list, err := a.store.Branches().Snapshots(ctx, db, b.Name)
	if err != nil {
		return nil, err
	}
	out := []api.Snapshot{}
	for _, s := range list {
		f, err := a.figures(ctx, db, s)
		if err != nil {
			return nil, err
		}
		out = append(out, api.Snapshot{ID: s.ID, Time: s.Time, SCN: s.SCN, Automatic: s.Automatic, Comment: s.Comment, Size: f.size, Tables: f.tables, Rows: f.rows})
	}
	slices.SortStableFunc(out, func(x, y api.Snapshot) int { return y.Time.Compare(x.Time) })
	return out, nil
}

// figures counts what a snapshot holds.
func (a *httpAPI) figures(ctx context.Context, db catalog.OID, s storage.PointSnapshot) (figures, error) {
	a.sizes.mu.Lock()
	f, known := a.sizes.byID[s.ID]
	a.sizes.mu.Unlock()
	if known {
		return f, nil
	}
	f, err := a.countAt(ctx, db, catalog.Ref{Branch: s.Branch, Point: s.ID})
	if err != nil {
		return f, err
	}
	a.sizes.mu.Lock()
	defer a.sizes.mu.Unlock()
	if a.sizes.byID == nil || len(a.sizes.byID) >= maxFigures {
		a.sizes.byID = map[string]figures{}
	}
	a.sizes.byID[s.ID] = f
	return f, nil
}

// rowBytes is what a row is taken to need where only the number of rows is known.
const rowBytes = 64

func (a *httpAPI) countAt(ctx context.Context, db catalog.OID, r catalog.Ref) (f figures, err error) {
	tx, err := a.store.Begin(ctx, storage.TxnOptions{ReadOnly: true, Database: db})
	if err != nil {
		return f, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	tx.Statement()
	v, err := tx.View(ctx, r)
	if err != nil {
		return f, err
	}
	for _, o := range v.Catalog().Objects() {
		t, ok := o.(*catalog.Table)
		if !ok || t.Virtual {
			continue
		}
		f.tables++
		n, known, err := tx.CountRows(ctx, storage.ScanRequest{View: v, Table: t})
		if err != nil {
			return f, err
		}
		if !known {
			n = tx.RowEstimate(v, t)
		}
		f.rows += n
	}
	f.size = f.rows * rowBytes
	return f, nil
}

// Restore implements api.Branches.
func (a *httpAPI) Restore(ctx context.Context, p api.Principal, branch, point, backup string) (api.Restored, error) {
	b, db, err := a.findToRule(ctx, p, branch)
	if err != nil {
		return api.Restored{}, err
	}
	branches := a.store.Branches()
	scn, err := branches.Resolve(ctx, db, b.Name, point)
	if err != nil {
		return api.Restored{}, err
	}
	if backup != "" {
		if err := mayUse(p, backup, true); err != nil {
			return api.Restored{}, err
		}
	}
	_, err = branches.Restore(ctx, db, b.Name, storage.RestoreOptions{Point: point, Backup: backup, User: p.Role, Reads: a.reads(p, db)})
	return api.Restored{SCN: scn, Backup: backup}, err
}
