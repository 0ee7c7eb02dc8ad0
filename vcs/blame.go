package vcs

import (
	"context"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
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
	b := &blamer{c: c, table: r.View.Catalog().Object(r.Table).(*catalog.Table), txns: newTxnCache(c, r.View),
		summaries: NewSummaries(c.Store().Global(), c.Role(), r.View.Catalog()), states: map[point][]storage.View{}}
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
	states    map[point][]storage.View // that merges took in
}

// point is a branch at an SCN, and a transaction in its past.
type point struct {
	branch  uint64
	at, txn storage.SCN
}

func (b *blamer) show(ctx context.Context, o *origins, yield func([]types.Datum) bool) (bool, error) {
	key := rowKeyText(b.table, b.key, o, b.c.Format())
	source := map[point]*origins{}
	for i, col := range b.table.Live() {
		e, err := b.txns.get(ctx, o.since[i])
		if err != nil {
			return false, err
		}
		commit, err := b.commits.commitOf(ctx, e.SCN)
		if err != nil {
			return false, err
		}
		if e, err = b.origin(ctx, e, o, i, source); err != nil {
			return false, err
		}
		row := []types.Datum{key, types.String(col.Name), cellText(col.Type, o.cells[i], b.c.Format()), types.Int(int64(e.SCN)), timestamp(e.Time),
			orNull(e.Info.User), types.Int(int64(e.Txn)), orNull(b.summaries.Of(&e)), commit, b.branchName(e.Branch)}
		if !yield(row) {
			return false, nil
		}
	}
	return true, nil
}

// origin follows the transaction that gave a cell its value through the merges that brought it, to the one that no merge made.
func (b *blamer) origin(ctx context.Context, e storage.LogEntry, o *origins, cell int, known map[point]*origins) (storage.LogEntry, error) {
	for at := b.txns.view; ; {
		x, source, err := b.brought(ctx, at, e.SCN, o, cell, known)
		if source == nil || err != nil {
			return e, err
		}
		e, at = x, source
	}
}

// brought finds the transaction that gave a cell its value in what one in a view's past has merged; no source: it has not come so.
func (b *blamer) brought(ctx context.Context, at storage.View, scn storage.SCN, o *origins, cell int, known map[point]*origins) (storage.LogEntry, storage.View, error) {
	var e storage.LogEntry
	states, err := b.taken(at, scn)
	for _, v := range states {
		from, err := b.merged(ctx, v, o, known)
		if err != nil {
			return e, nil, err
		}
		p := from.position(b.table.Live()[cell])
		if p < 0 || !sameCell(from.cells[p], o.cells[cell]) {
			continue
		}
		list, err := b.c.Store().Branches().LogOf(ctx, v, from.since[p]-1, from.since[p], 1)
		if err != nil {
			return e, nil, err
		}
		if len(list) > 0 {
			return list[0], v, nil
		}
	}
	return e, nil, err
}

// taken are the states that the transaction with an SCN in a view's past has merged.
func (b *blamer) taken(of storage.View, scn storage.SCN) (list []storage.View, err error) {
	at := point{of.Branch().ID, of.At(), scn}
	list, ok := b.states[at]
	if !ok {
		list, err = b.c.Store().Branches().Taken(b.c.Txn(), of, scn)
	}
	if len(list) > 0 {
		b.states[at] = list
	}
	return list, err
}

// merged finds the row in a state that a merge took in; it has no columns where the row is not there, or is not to be read.
func (b *blamer) merged(ctx context.Context, v storage.View, o *origins, known map[point]*origins) (*origins, error) {
	id := point{v.Branch().ID, v.At(), 0}
	if x, ok := known[id]; ok {
		return x, nil
	}
	known[id] = &origins{}
	t, ok := v.Catalog().Object(b.table.OID).(*catalog.Table)
	if !ok || reads(b.c)(v.Branch()) != nil {
		return known[id], nil
	}
	r := storage.VersionRequest{View: v, Table: t.OID}
	if len(b.key) > 0 {
		r.Keys = &storage.Range{}
		for _, p := range b.key {
			r.Keys.Lo = append(r.Keys.Lo, o.cells[p])
		}
		r.Keys.Hi = r.Keys.Lo
	} else {
		r.Row = o.key
	}
	err := eachRow(ctx, b.c, r, func(x *origins) (bool, error) {
		if x.there {
			row := *x
			row.columns = t.Live()
			known[id] = &row
		}
		return true, nil
	})
	return known[id], err
}

// branchName is that of the branch that a transaction was made on.
func (b *blamer) branchName(id uint64) types.Datum {
	x, _ := b.c.Store().Branches().ByID(id)
	if x.Hidden {
		x = b.txns.view.Branch()
	}
	return orNull(x.Name)
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
