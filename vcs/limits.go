package vcs

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

var limitFuncs = map[string]Func{"rowan_set_branch_limit": setLimit}

var limitRows = map[string]RowsFunc{"rowan_branch_limits": listLimits}

// setLimit is rowan.set_branch_limit(pattern, max_rows, max_bytes, statement_timeout, ttl); without any bound the limit goes.
func setLimit(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	pattern, err := required(a[0], "pattern")
	if err != nil {
		return types.Null, err
	}
	l := catalog.BranchLimit{Pattern: pattern, Timeout: lengthOf(a[3]), TTL: lengthOf(a[4])}
	for i, n := range []*int64{&l.Rows, &l.Bytes} {
		if !a[i+1].Null {
			*n = a[i+1].I
		}
	}
	if l.Rows < 0 || l.Bytes < 0 || l.Timeout < 0 || l.TTL < 0 {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "a limit must not be negative")
	}
	return types.Bool(true), changeDatabase(ctx, c, "set_branch_limit", func(d *catalog.Database) error {
		d.BranchLimits = slices.DeleteFunc(d.BranchLimits, func(x catalog.BranchLimit) bool { return x.Pattern == pattern })
		if l != (catalog.BranchLimit{Pattern: pattern}) {
			d.BranchLimits = append(d.BranchLimits, l)
		}
		return nil
	})
}

// lengthOf is an interval as time; months have 30 days.
func lengthOf(d types.Datum) time.Duration {
	if d.Null {
		return 0
	}
	v := datetime.Unpack(d.S)
	return time.Duration(v.Micros)*time.Microsecond + 24*time.Hour*time.Duration(v.Days+30*v.Months)
}

func listLimits(_ context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	d, _ := c.Store().Global().Object(c.Database().OID).(*catalog.Database)
	if d == nil {
		return nil
	}
	number := func(n int64) types.Datum {
		if n == 0 {
			return types.Null
		}
		return types.Int(n)
	}
	interval := func(t time.Duration) types.Datum {
		if t == 0 {
			return types.Null
		}
		return types.String(datetime.Interval{Micros: t.Microseconds()}.Pack())
	}
	for _, l := range d.BranchLimits {
		if !yield([]types.Datum{types.String(l.Pattern), number(l.Rows), number(l.Bytes), interval(l.Timeout), interval(l.TTL)}) {
			break
		}
	}
	return nil
}

// LimitOf returns the limits that a branch has.
func LimitOf(store storage.Store, db catalog.OID, branch string) catalog.BranchLimit {
	d, _ := store.Global().Object(db).(*catalog.Database)
	if d == nil || len(d.BranchLimits) == 0 {
		return catalog.BranchLimit{}
	}
	return d.BranchLimit(branch)
}

// RoomOn returns how many rows may still be changed on a branch, -1 where there is no bound; it refuses to write to a
// branch that has grown too large already.
func RoomOn(ctx context.Context, store storage.Store, db catalog.OID, branch string) (rows int64, err error) {
	l := LimitOf(store, db, branch)
	if l.Bytes != 0 {
		written, err := store.Branches().Written(ctx, db, branch)
		if err != nil {
			return 0, err
		}
		if written > l.Bytes {
			return 0, ErrLimit(branch, "%d bytes", l.Bytes)
		}
	}
	if l.Rows == 0 {
		return -1, nil
	}
	st, err := store.Branches().Stats(ctx, db, branch)
	return max(0, l.Rows-st.Changes), err
}

// ErrLimit is the error of who writes to a branch that has reached a limit.
func ErrLimit(branch, format string, limit int64) error {
	return pgerr.New(pgerrcode.ProgramLimitExceeded, "branch \"%s\" has reached its limit of "+format, branch, limit).
		WithHint("The limit is one of rowan.branch_limits.")
}

// mayLeaveLimits refuses to rename a branch to where other limits hold, unless it is the database's owner who does.
func mayLeaveLimits(c Conn, from, to string) error {
	old, next := LimitOf(c.Store(), c.Database().OID, from), LimitOf(c.Store(), c.Database().OID, to)
	old.Pattern, next.Pattern = "", ""
	if old == next {
		return nil
	}
	if err := mustOwnDatabase(c); err != nil {
		return pgerr.From(err).WithDetail("Branch \"%s\" would have other limits than \"%s\".", to, from)
	}
	return nil
}

// mayLive refuses to let a branch live longer than its limits say, unless it is the database's owner who does.
func mayLive(c Conn, b *storage.Branch) error {
	ttl := LimitOf(c.Store(), c.Database().OID, b.Name).TTL
	if ttl == 0 || !b.Expires.IsZero() && !b.Expires.After(b.Created.Add(ttl)) {
		return nil
	}
	if err := mustOwnDatabase(c); err != nil {
		return pgerr.From(err).WithDetail("Branch \"%s\" is limited to a life of %s.", b.Name, ttl)
	}
	return nil
}
