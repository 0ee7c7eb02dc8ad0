package server

import (
	"cmp"
	"context"
	"slices"
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
	sess, err := a.open(ctx, p, target.Name, "", terms{})
	if err != nil {
		return api.Merged{}, err
	}
	defer sess.Close()
	res, scn, err := sess.MergeNow(ctx, session.Merge{Source: source.Name, Target: target.Name, Strategy: m.Strategy, Message: m.Message, DryRun: m.DryRun})
	if len(res.Violations) > 0 {
		return api.Merged{Source: source.Name, Target: target.Name, Violations: showViolations(sess, res.Violations)}, nil
	}
	if err != nil {
		return api.Merged{}, err
	}
	out := api.Merged{Source: source.Name, Target: target.Name, Changes: res.Inserts + res.Updates + res.Deletes, Resolved: res.Resolved,
		FastForward: res.FastForward, UpToDate: len(res.Conflicts) == 0 && !res.Changed(), At: time.Now()}
	for i := range res.Conflicts {
		out.Conflicts = append(out.Conflicts, showConflict(sess, &res.Conflicts[i]))
	}
	if len(out.Conflicts) > 0 && m.Strategy == "manual" && !m.DryRun {
		out.Pending = a.keepMerge(ctx, p, m, &out)
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

// keepMerge opens a merge that waits for its conflicts to be resolved, by SQL or the native API. 0: there is one already, or
// the credentials do not reach so far; the conflicts are told all the same.
func (a *httpAPI) keepMerge(ctx context.Context, p api.Principal, m api.Merge, out *api.Merged) int64 {
	args := map[string]any{"source": out.Source, "target": out.Target, "strategy": "manual"}
	if m.Message != "" {
		args["message"] = m.Message
	}
	res, err := a.Call(ctx, p, api.Call{Branch: out.Target, Function: "merge", Args: args})
	at := slices.Index(res.Columns, "merge_id")
	if err != nil || at < 0 || res.Rows.Len() == 0 {
		return 0
	}
	id, err := strconv.ParseInt(string(res.Rows.First()[at]), 10, 64)
	if err != nil { // none: nothing waits
		return 0
	}
	return id
}

func showViolations(sess *session.Session, list []storage.Violation) []api.Violation {
	out := make([]api.Violation, len(list))
	for i := range list {
		v := &list[i]
		key := storage.Conflict{KeyValues: v.KeyValues, KeyTypes: v.KeyTypes}
		out[i] = api.Violation{Table: relationName(v.Schema, v.Table), RowID: sess.RowID(key), Kind: v.Kind, Constraint: v.Constraint, Message: v.Message, Detail: v.Detail}
	}
	return out
}

// relationName is a table's name, with its schema unless that is public.
func relationName(schema, table string) string {
	if schema == "" || schema == "public" {
		return table
	}
	return schema + "." + table
}

// showConflict shows a cell's values, or the whole rows.
func showConflict(sess *session.Session, c *storage.Conflict) api.Conflict {
	out := api.Conflict{Table: relationName(c.Schema, c.Table), RowID: sess.RowID(*c), Column: c.Column, Type: string(c.Type)}
	f := sess.Format()
	if c.Column != "" {
		out.Base, out.Source, out.Target = asJSON(c.ColumnType, c.Base, f), asJSON(c.ColumnType, c.Source, f), asJSON(c.ColumnType, c.Target, f)
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
			row[col.Name] = asJSON(col.Type, cells[i], f)
		}
	}
	return row
}
