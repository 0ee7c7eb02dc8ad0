package vcs

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// text is an optional text argument.
func text(d types.Datum) string {
	if d.Null {
		return ""
	}
	return d.S
}

// required is a text argument that must be given.
func required(d types.Datum, what string) (string, error) {
	if d.Null || d.S == "" {
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "%s must not be null or empty", what)
	}
	return d.S, nil
}

// orBranch is an optional branch argument; left out it is the session's branch.
func orBranch(c Conn, d types.Datum) string {
	if b := text(d); b != "" {
		return b
	}
	return c.Branch()
}

// orNull shows "" as NULL.
func orNull(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.String(s)
}

// timestamp is a time as timestamptz; the zero time is NULL.
func timestamp(t time.Time) types.Datum {
	if t.IsZero() {
		return types.Null
	}
	return types.Int(datetime.FromTime(t))
}

// branchID is how a branch's id is shown.
func branchID(id uint64) string { return "br_" + strconv.FormatUint(id, 10) }

// branchPoint reads branch, branch@point and @point.
func branchPoint(name string) catalog.Ref {
	branch, point, _ := strings.Cut(name, "@")
	return catalog.Ref{Branch: branch, Point: point}
}

// tableNames makes a text[] of the tables' names; tables that are gone are left out.
func tableNames(snap *catalog.Snapshot, ids []catalog.OID) types.Datum {
	var elems []types.Datum
	for _, id := range ids {
		if n := snap.Shown(id); n != "" {
			elems = append(elems, types.String(n))
		}
	}
	return types.String(types.Vector1(elems).Pack(types.Builtin(types.OIDText)))
}

// relationIn finds a relation by name in a view or, where it is called otherwise there, the one that the session has under the name.
func relationIn(ctx context.Context, c Conn, v storage.View, name string) (catalog.OID, error) {
	id, err := c.Relation(v.Catalog(), name)
	if err == nil {
		return id, nil
	}
	if own, bad := c.View(ctx, catalog.Ref{}); bad == nil {
		if id, bad = c.Relation(own.Catalog(), name); bad == nil && v.Catalog().Object(id) != nil {
			return id, nil
		}
	}
	return 0, err
}
