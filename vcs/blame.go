package vcs

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var blameRows = map[string]RowsFunc{"rowan_blame": listBlame}

// listBlame is rowan.blame(table, branch, as_of, key): for each cell of each row the transaction that gave it its value.
func listBlame(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	r, err := openHistory(ctx, c, a[0], types.Null, a[2], a[3], a[1])
	if err != nil {
		return err
	}
	b := &blamer{c: c, table: r.View.Catalog().Object(r.Table).(*catalog.Table), txns: newTxnCache(c, r.View.Branch()),
		summaries: NewSummaries(c.Store().Global(), c.Role(), r.View.Catalog())}
	b.key = keyPositions(b.table)
	if b.commits, err = commitsAlong(ctx, c, r.View); err != nil {
		return err
	}
	more := true
	flush := func(o *origins) (err error) {
		if more && o.there {
			more, err = b.show(ctx, o, yield)
		}
		return err
	}
	if err := eachRow(ctx, c, r, func(o *origins) (bool, error) {
		err := flush(o)
		return more, err
	}); err != nil {
		return err
	}
	return nil
}

// origins are a row with, for each cell, the SCN since which it has had its value.
type origins struct {
	key   string
	cells []types.Datum
	since []storage.SCN
	there bool // at the view's point

	columns []*catalog.Column // whose cells these are, of a row that a merge took in
}

// position is where a column's cell stands; -1: the row has none.
func (o *origins) position(c *catalog.Column) int {
	return slices.IndexFunc(o.columns, func(x *catalog.Column) bool { return x.ID == c.ID })
}

// eachRow passes on what the versions of each row come to.
func eachRow(ctx context.Context, c Conn, r storage.VersionRequest, f func(*origins) (bool, error)) error {
	var o origins
	var failed error
	begun := false
	err := c.Store().Branches().Versions(ctx, c.Txn(), r, func(v *storage.RowVersion) bool {
		if begun && v.Key != o.key {
			more := false
			if more, failed = f(&o); !more || failed != nil {
				begun = false
				return false
			}
			begun = false
		}
		o.take(v, !begun)
		begun = true
		return true
	})
	if err == nil && failed == nil && begun {
		_, failed = f(&o)
	}
	if failed != nil {
		return failed
	}
	return err
}

// take takes the next version of the row; first says that it is the first of its key.
func (o *origins) take(v *storage.RowVersion, first bool) {
	fresh := first || v.Fresh || len(o.cells) != len(v.Cells)
	if fresh {
		o.key, o.cells, o.since = v.Key, make([]types.Datum, len(v.Cells)), make([]storage.SCN, len(v.Cells))
	}
	for i, d := range v.Cells {
		if fresh || !sameCell(o.cells[i], d) {
			o.cells[i], o.since[i] = cloneCell(d), v.Start
		}
	}
	o.there = v.End == 0
}

func sameCell(a, b types.Datum) bool {
	return a.Null == b.Null && (a.Null || a.I == b.I && a.S == b.S)
}

func cloneCell(d types.Datum) types.Datum {
	d.S = strings.Clone(d.S)
	return d
}

// blamer shows origins.
type blamer struct {
	c       Conn
	table   *catalog.Table
	key     []int // positions of the primary key
	txns    *txnCache
	commits *along

	summaries *Summaries
}

func (b *blamer) show(ctx context.Context, o *origins, yield func([]types.Datum) bool) (bool, error) {
	key := rowKeyText(b.table, b.key, o, b.c.Format())
	source := map[string]*origins{} // of merges, by what they took in
	for i, col := range b.table.Live() {
		e, err := b.txns.get(ctx, o.since[i])
		if err != nil {
			return false, err
		}
		commit, err := b.commits.commitOf(ctx, e.SCN)
		if err != nil {
			return false, err
		}
		branch := b.txns.branch.Name
		if from, err := b.merged(ctx, e.Info.Merged, o, source); err != nil {
			return false, err
		} else if from != nil {
			name, _, _ := strings.Cut(e.Info.Merged, "@")
			if p := from.position(col); p >= 0 && sameCell(from.cells[p], o.cells[i]) {
				if x, err := b.onBranch(ctx, name, from.since[p]); err != nil {
					return false, err
				} else if x.Txn != 0 {
					e, branch = x, name
				}
			}
		}
		row := []types.Datum{key, types.String(col.Name), cellText(col.Type, o.cells[i], b.c.Format()), types.Int(int64(e.SCN)), timestamp(e.Time),
			orNull(e.Info.User), types.Int(int64(e.Txn)), orNull(b.summaries.Of(&e)), commit, types.String(branch)}
		if !yield(row) {
			return false, nil
		}
	}
	return true, nil
}

// unreadable reports whether a branch or its point is gone, as opposed to a failure to read it.
func unreadable(err error) bool {
	switch pgerr.Code(err) {
	case pgerrcode.InvalidCatalogName, pgerrcode.InvalidParameterValue, pgerrcode.SnapshotTooOld:
		return true
	}
	return false
}

// merged finds the row on the branch that a merge took in, as it was then; nil: it was no merge, or it is not there.
func (b *blamer) merged(ctx context.Context, source string, o *origins, known map[string]*origins) (*origins, error) {
	if source == "" || len(b.key) == 0 {
		return nil, nil
	}
	if x, ok := known[source]; ok {
		return x, nil
	}
	known[source] = nil
	branch, point, _ := strings.Cut(source, "@")
	v, err := b.c.View(ctx, catalog.Ref{Branch: branch, Point: point})
	if unreadable(err) { // a branch that was dropped since tells nothing: the merge is the origin
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, ok := v.Catalog().Object(b.table.OID).(*catalog.Table)
	if !ok {
		return nil, nil
	}
	r := storage.VersionRequest{View: v, Table: t.OID, Keys: &storage.Range{}}
	for _, p := range b.key {
		r.Keys.Lo = append(r.Keys.Lo, o.cells[p])
	}
	r.Keys.Hi = r.Keys.Lo
	err = eachRow(ctx, b.c, r, func(x *origins) (bool, error) {
		if x.there {
			x.columns = t.Live()
			known[source] = x
		}
		return true, nil
	})
	return known[source], err
}

func (b *blamer) onBranch(ctx context.Context, branch string, scn storage.SCN) (e storage.LogEntry, err error) {
	list, err := b.c.Store().Branches().Log(ctx, b.txns.branch.Database, branch, scn-1, scn, 1)
	if len(list) > 0 {
		e = list[0]
	}
	return e, err
}

// keyPositions are the positions of a table's primary key among its live columns.
func keyPositions(t *catalog.Table) (out []int) {
	for _, ix := range t.Indexes {
		if !ix.Primary {
			continue
		}
		for _, k := range ix.Columns {
			for i, c := range t.Live() {
				if c.ID == k.Column {
					out = append(out, i)
				}
			}
		}
	}
	return out
}

// rowKeyText shows a row's key as rowan.merge does.
func rowKeyText(t *catalog.Table, key []int, o *origins, f *types.Format) types.Datum {
	c := &storage.Conflict{Key: o.key}
	live := t.Live()
	for _, p := range key {
		c.KeyValues, c.KeyTypes = append(c.KeyValues, o.cells[p]), append(c.KeyTypes, live[p].Type)
	}
	return types.String(RowID(c, f))
}
