package dolt

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// historyOf is the relation dolt.history_<table>: its rows in each commit.
func historyOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	wanted, _, table, err := columns(ctx, c, a[0].S)
	if err != nil {
		return err
	}
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	for _, s := range list[1:] {
		if !asked(a[1], s[1].hash()) {
			continue
		}
		there, err := exists(ctx, c, [2]state{s[1], s[1]}, table)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		x, more := s[1].x, true
		name, _ := author(x.author)
		err = vcs.EachRow(ctx, c, s[1].place, table, func(names []string, row []types.Datum) bool {
			more = yield(append(pick(wanted, names, row), types.String(x.id), name, x.date))
			return more
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// blameOf is the relation dolt.blame_<table>: for each row the commit that changed it last.
func blameOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	wanted, t, table, err := columns(ctx, c, a[0].S)
	if err != nil {
		return err
	}
	key := keyNames(t)
	var keyAt []int
	for _, k := range key {
		keyAt = append(keyAt, slices.Index(wanted, k))
	}
	list, err := steps(ctx, c)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range list {
		if there, err := exists(ctx, c, s, table); err != nil || !there {
			if err != nil {
				return err
			}
			continue
		}
		more, err := compare(ctx, c, s[0], s[1], table, func(row []types.Datum) bool {
			deleted := row[len(row)-1].S == "removed"
			cells := row
			if deleted {
				cells = row[len(wanted)+2:]
			}
			out, id := make([]types.Datum, 0, len(key)+5), ""
			for _, i := range keyAt {
				out = append(out, cells[i])
				id += "\x00" + cells[i].S + "\x00" + types.Text(types.Of(types.Builtin(types.OIDInt8)), types.Int(cells[i].I), types.DefaultFormat())
			}
			if seen[id] {
				return true
			}
			seen[id] = true
			if deleted {
				return true
			}
			about := []types.Datum{types.Null, types.Null, types.Null, types.Null}
			if s[1].x != nil {
				r := s[1].x.row()
				about = []types.Datum{r[3], r[1], r[2], r[4]}
			}
			return yield(append(append(out, s[1].hash()), about...))
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// keyNames are the columns of the primary key; of a table without one all columns.
func keyNames(t *catalog.Table) []string {
	var out []string
	if pk := t.PrimaryKey(); pk != nil {
		for _, id := range pk.Columns {
			out = append(out, t.ColumnByID(id).Name)
		}
		return out
	}
	for _, col := range t.Live() {
		out = append(out, col.Name)
	}
	return out
}
