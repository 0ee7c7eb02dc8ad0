package vcs

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var bisectRows = map[string]RowsFunc{"rowan_bisect": bisect}

// bisect is rowan.bisect(predicate, good, bad, branch): the transaction after which the predicate is true for the first
// time. It looks at as many points as the number of transactions has binary digits.
func bisect(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	predicate, err := required(a[0], "predicate")
	if err != nil {
		return err
	}
	branch, db := orBranch(c, a[3]), c.Database().OID
	var good storage.SCN
	if p := text(a[1]); p != "" {
		if _, good, err = c.Store().Branches().Find(ctx, db, branch, p); err != nil {
			return err
		}
	}
	b, bad, err := c.Store().Branches().Find(ctx, db, branch, text(a[2]))
	if err != nil {
		return err
	}
	list, err := c.Store().Branches().Log(ctx, db, b.Name, good, bad, 0)
	if err != nil {
		return err
	}
	hint := "Give an older point at which it is not true."
	oldest, err := c.Store().Branches().Oldest(ctx, db, b.Name)
	if err != nil {
		return err
	}
	if good < oldest && oldest > 1 { // 1 is where the first database begins
		good, hint = oldest, "What was before is not kept."
		list = slices.DeleteFunc(list, func(e storage.LogEntry) bool { return e.SCN <= good })
	}
	slices.Reverse(list)
	t := &trial{c: c, branch: b, sql: "SELECT (" + predicate + "\n)", hint: hint}
	found, err := t.search(ctx, list, good, bad)
	if err != nil {
		return err
	}
	v, err := c.View(ctx, catalog.Ref{Branch: b.Name, Point: "scn:" + strconv.FormatUint(bad, 10)})
	if err != nil {
		return err
	}
	row, err := logRow(ctx, c, v, found)
	if err == nil {
		yield(append(row, types.Int(t.points)))
	}
	return err
}

// trial evaluates a predicate at points.
type trial struct {
	c      Conn
	branch storage.Branch
	sql    string
	hint   string // where it is true at the oldest point already
	strict bool   // what the predicate names must be there
	points int64
}

func (t *trial) search(ctx context.Context, list []storage.LogEntry, good, bad storage.SCN) (e storage.LogEntry, err error) {
	if good != 0 {
		is, err := t.holds(ctx, good)
		if err != nil {
			return e, err
		}
		if is {
			return e, pgerr.New(pgerrcode.InvalidParameterValue, "the predicate is true at SCN %d already", good).WithHint("%s", t.hint)
		}
	}
	t.strict = true
	is, err := t.holds(ctx, bad)
	if t.strict = false; err != nil {
		return e, err
	}
	if !is || len(list) == 0 {
		return e, pgerr.New(pgerrcode.InvalidParameterValue, "the predicate is not true at SCN %d", bad).WithHint("Give a point at which it is true.")
	}
	lo, hi := 0, len(list)-1 // it is true after list[hi]
	for lo < hi {
		mid := (lo + hi) / 2
		if is, err = t.holds(ctx, list[mid].SCN); err != nil {
			return e, err
		}
		if is {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return list[hi], nil
}

// holds evaluates the predicate at an SCN. Where what it names is not there yet, it does not hold.
func (t *trial) holds(ctx context.Context, scn storage.SCN) (is bool, err error) {
	t.points++
	_, place, err := madeOn(ctx, t.c, t.branch, scn)
	if err != nil {
		return false, err
	}
	ref := catalog.Ref{Branch: place, Point: "scn:" + strconv.FormatUint(scn, 10)}
	_, err = t.c.UserSQL(ctx, ref, t.sql, func(b *vector.Batch) error {
		if len(b.Cols) != 1 || b.Cols[0].Type.ID() != types.OIDBool {
			return pgerr.New(pgerrcode.DatatypeMismatch, "the predicate of rowan.bisect must be one boolean value")
		}
		for k := range b.Live() {
			if i := b.Row(k); !b.Cols[0].IsNull(i) {
				is = b.Cols[0].Datum(i).B()
			}
		}
		return nil
	})
	if err != nil {
		code := pgerr.From(err).Code
		if t.strict {
			code = ""
		}
		switch code {
		case pgerrcode.UndefinedTable, pgerrcode.UndefinedColumn, pgerrcode.InvalidSchemaName:
			return false, nil
		}
		err = pgerr.From(err).Relocate(-1) // the position is one in the predicate
	}
	return is, err
}
