package server

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// Merge implements api.Branches. Without a target the branch goes back to where it was made from.
func (a *httpAPI) Merge(ctx context.Context, p api.Principal, m api.Merge) (api.Merged, error) {
	source, db, err := a.find(ctx, p, m.Source, m.DropSource && !m.DryRun)
	if err != nil {
		return api.Merged{}, err
	}
	target, _, err := a.find(ctx, p, cmp.Or(m.Target, source.Parent), !m.DryRun)
	if err != nil {
		return api.Merged{}, err
	}
	sess, err := a.open(ctx, p, target.Name, "", nil)
	if err != nil {
		return api.Merged{}, err
	}
	defer sess.Close()
	res, scn, err := sess.MergeNow(ctx, session.Merge{Source: source.Name, Target: target.Name, Strategy: m.Strategy, Message: m.Message, DryRun: m.DryRun})
	if err != nil {
		return api.Merged{}, err
	}
	out := api.Merged{Source: source.Name, Target: target.Name, Changes: res.Inserts + res.Updates + res.Deletes, Resolved: res.Resolved,
		FastForward: res.FastForward, At: time.Now()}
	for i := range res.Conflicts {
		out.Conflicts = append(out.Conflicts, showConflict(sess, &res.Conflicts[i]))
	}
	if len(out.Conflicts) > 0 || m.DryRun {
		return out, nil
	}
	if scn != 0 {
		out.Commit = "mc_" + strconv.FormatUint(scn, 10)
	}
	if m.DropSource {
		if _, err := a.store.Branches().Drop(ctx, db, source.Name, false); err != nil {
			return out, err
		}
		out.Dropped = true
	}
	return out, nil
}

// showConflict shows a cell's values, or the whole rows.
func showConflict(sess *session.Session, c *storage.Conflict) api.Conflict {
	out := api.Conflict{Table: c.Table, RowID: sess.RowID(*c), Column: c.Column, Type: string(c.Type)}
	if c.Schema != "" && c.Schema != "public" {
		out.Table = c.Schema + "." + c.Table
	}
	f := sess.Format()
	if c.Column != "" {
		out.Base, out.Source, out.Target = jsonValue(c.ColumnType, c.Base, f), jsonValue(c.ColumnType, c.Source, f), jsonValue(c.ColumnType, c.Target, f)
		return out
	}
	out.Base, out.Source, out.Target = rowObject(c, c.BaseCells, f), rowObject(c, c.SourceCells, f), rowObject(c, c.TargetCells, f)
	if c.Description != "" {
		out.Type += ": " + c.Description
	}
	return out
}

// rowObject shows a row of a conflict as a JSON object; nil where the side has none.
func rowObject(c *storage.Conflict, cells []types.Datum, f *types.Format) any {
	if cells == nil {
		return nil
	}
	row := map[string]any{}
	for i, col := range c.Columns {
		if i < len(cells) && !col.Dropped && col.Hidden == "" {
			row[col.Name] = jsonValue(col.Type, cells[i], f)
		}
	}
	return row
}
