package vcs

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// retentionFuncs say how much of the past is kept.
var retentionFuncs = map[string]Func{
	"rowan_set_retention":         setRetention,
	"rowan_oldest_point":          oldestPoint,
	"rowan_set_snapshot_schedule": setSchedule,
	"rowan_drop_snapshot":         dropSnapshot,
}

var retentionRows = map[string]RowsFunc{
	"rowan_retention":    listRetention,
	"rowan_branch_sizes": branchSizes,
	"rowan_gc":           collectGarbage,
}

// mayKeep refuses functions that change what is kept, to readers and to who does not own the database.
func mayKeep(c Conn, function string) error {
	if err := c.RefuseReadOnly("rowan." + function + "()"); err != nil {
		return err
	}
	return mustOwn(c, &c.Database().Header, "database")
}

// duration is an interval of which a month has 30 days.
func duration(d types.Datum) (time.Duration, error) {
	v := datetime.Unpack(d.S)
	days := int64(v.Months)*30 + int64(v.Days)
	if days > 100_000 || days < -100_000 || v.Micros > math.MaxInt64/2000 || v.Micros < math.MinInt64/2000 {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "interval out of range")
	}
	return time.Duration(days)*24*time.Hour + time.Duration(v.Micros)*time.Microsecond, nil
}

func interval(d time.Duration) types.Datum {
	day := 24 * time.Hour
	return types.String(datetime.Interval{Days: int32(d / day), Micros: int64(d % day / time.Microsecond)}.Pack())
}

func setRetention(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := mayKeep(c, "set_retention"); err != nil {
		return types.Null, err
	}
	var window *time.Duration
	if !a[0].Null {
		d, err := duration(a[0])
		if err != nil {
			return types.Null, err
		}
		window = &d
	}
	return types.Bool(true), c.Store().Branches().SetRetention(ctx, c.Database().OID, text(a[1]), window)
}

func oldestPoint(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	scn, err := c.Store().Branches().Oldest(ctx, c.Database().OID, orBranch(c, a[0]))
	return types.Int(int64(scn)), err
}

func setSchedule(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := mayKeep(c, "set_snapshot_schedule"); err != nil {
		return types.Null, err
	}
	var every time.Duration
	if !a[0].Null {
		var err error
		if every, err = duration(a[0]); err != nil {
			return types.Null, err
		}
	}
	return types.Bool(true), c.Store().Branches().SetSchedule(ctx, c.Database().OID, orBranch(c, a[2]), every, int(a[1].I))
}

func dropSnapshot(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	id, err := required(a[0], "snapshot")
	if err != nil {
		return types.Null, err
	}
	if err := c.RefuseReadOnly("rowan.drop_snapshot()"); err != nil {
		return types.Null, err
	}
	list, err := c.Store().Branches().Snapshots(ctx, c.Database().OID, "")
	if err != nil {
		return types.Null, err
	}
	for i := range list {
		if list[i].ID != id {
			continue
		}
		b, _ := c.Store().Branches().Get(ctx, c.Database().OID, list[i].Branch)
		if err := mayForget(ctx, c, "snapshot", id, list[i].CreatedBy, b.ID); err != nil {
			return types.Null, err
		}
	}
	ok, err := c.Store().Branches().DropSnapshot(ctx, c.Database().OID, id)
	if err == nil && !ok {
		err = pgerr.New(pgerrcode.UndefinedObject, "snapshot \"%s\" does not exist", id)
	}
	return types.Bool(ok), err
}

func listRetention(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := c.Store().Branches().Retention(ctx, c.Database().OID)
	for _, r := range list {
		window, every, keep := types.Null, types.Null, types.Null
		if r.Window > 0 {
			window = interval(r.Window)
		}
		if r.Every > 0 {
			every, keep = interval(r.Every), types.Int(int64(r.Keep))
		}
		row := []types.Datum{types.String(r.Branch), window, types.Bool(r.Own), types.Int(int64(r.Oldest)), timestamp(r.Time), every, keep}
		if !yield(row) {
			break
		}
	}
	return err
}

func branchSizes(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := c.Store().Branches().Sizes(ctx, c.Database().OID)
	for _, z := range list {
		if !yield([]types.Datum{types.String(z.Branch), types.Int(z.Total), types.Int(z.Unique), types.Int(z.Freed)}) {
			break
		}
	}
	return err
}

func collectGarbage(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	if err := mayKeep(c, "gc"); err != nil {
		return err
	}
	r, err := c.Store().Branches().GC(ctx, storage.GCOptions{Purge: a[0].B(), Compact: a[1].B()})
	if err == nil {
		yield([]types.Datum{types.Int(r.Branches), types.Int(r.Layers), types.Int(r.Keyspaces), types.Int(r.Versions), types.Int(r.LogEntries), types.Int(r.Bytes)})
	}
	return err
}
