package vcs

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var mergeRows = map[string]RowsFunc{"rowan_merge": mergeBranches}

// Merge is what a merge is asked for; the HTTP API uses it as rowan.merge does.
type Merge struct {
	Source, Target, Strategy, Message string
	DryRun                            bool
}

// strategies are the words that users know for what happens to conflicts.
var strategies = map[string]storage.Strategy{
	"": storage.Abort, "abort": storage.Abort, "fail": storage.Abort, "three_way": storage.Abort, "manual": storage.Manual,
	"source_wins": storage.SourceWins, "branch_wins": storage.SourceWins, "theirs": storage.SourceWins,
	"target_wins": storage.TargetWins, "ours": storage.TargetWins,
}

// Conflicts is what the merge's strategy makes of conflicts.
func (m *Merge) Conflicts() (storage.Strategy, error) {
	s, ok := strategies[strings.ToLower(m.Strategy)]
	if !ok {
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "unknown merge strategy %q", m.Strategy).
			WithHint("Known strategies: abort, manual, source_wins, target_wins.")
	}
	return s, nil
}

// mergeBranches is rowan.merge: the first row is the outcome, then one row for each conflict.
func mergeBranches(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	m := Merge{Source: text(a[0]), Target: orBranch(c, a[1]), Strategy: text(a[2]), DryRun: a[3].B(), Message: text(a[4])}
	res, err := c.Merge(ctx, m)
	if err != nil {
		return err
	}
	status := "merged"
	switch {
	case len(res.Conflicts) > 0:
		status = "conflicts"
	case m.DryRun:
		status = "would merge"
	case !res.Changed():
		status = "up to date"
	}
	outcome := []types.Datum{types.String(status), types.Int(int64(res.SourceHead)), types.Int(int64(res.Base)), types.Int(res.Inserts), types.Int(res.Updates),
		types.Int(res.Deletes), types.Int(int64(len(res.Conflicts)) + res.Resolved)}
	for range 7 {
		outcome = append(outcome, types.Null)
	}
	if !yield(outcome) {
		return nil
	}
	for i := range res.Conflicts {
		if !yield(conflictRow(&res.Conflicts[i], c.Format())) {
			return nil
		}
	}
	return nil
}

// conflictRow shows one conflict; the seven columns of the outcome are NULL but for the first.
func conflictRow(c *storage.Conflict, f *types.Format) []types.Datum {
	row := []types.Datum{types.String("conflict"), types.Null, types.Null, types.Null, types.Null, types.Null, types.Null}
	name := c.Table
	if c.Schema != "" && c.Schema != "public" {
		name = c.Schema + "." + c.Table
	}
	kind := string(c.Type)
	if c.Description != "" {
		kind += ": " + c.Description
	}
	row = append(row, types.String(name), orNull(RowID(c, f)), orNull(c.Column), types.String(kind))
	for _, d := range []types.Datum{c.Base, c.Source, c.Target} {
		row = append(row, cellText(c.ColumnType, d, f))
	}
	return row
}

// RowID shows a conflict's key: its values separated by commas, or in hexadecimal the row's id where the table has no
// primary key.
func RowID(c *storage.Conflict, f *types.Format) string {
	var b strings.Builder
	if len(c.KeyValues) == 0 && c.Key != "" {
		return fmt.Sprintf("\\x%x", c.Key)
	}
	for i, d := range c.KeyValues {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(cellText(c.KeyTypes[i], d, f).S)
	}
	return b.String()
}

func cellText(t types.Type, d types.Datum, f *types.Format) types.Datum {
	if d.Null || !t.Known() {
		return types.Null
	}
	return types.String(string(types.AppendText(nil, t, d, f)))
}
