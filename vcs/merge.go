package vcs

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

var mergeRows = map[string]RowsFunc{"rowan_merge": mergeBranches}

// Merge is what a merge is asked for; the HTTP API uses it as rowan.merge does.
type Merge struct {
	Source, Target, Strategy, Message string
	SourcePoint                       string // the source as of then; "" its head
	FastForward                       string // auto, only or never
	DryRun                            bool
	Delete                            bool // drop the source when it has been merged
	Force                             bool // let rows through that break CHECK and foreign key constraints
	// From, To and Onto, when set, are what is brought to the target: see storage.MergeRequest.
	From, To, Onto storage.View
	Record         storage.Record              // what becomes of the ancestry, and of the source's commits
	Only           func(o catalog.Object) bool // what is merged; nil: everything
	Decide         func(ctx context.Context, c *storage.Conflict) (storage.Decision, error)
}

var fastForwards = map[string]storage.FastForward{
	"": storage.FastForwardAuto, "auto": storage.FastForwardAuto, "only": storage.FastForwardOnly, "never": storage.FastForwardNever,
}

// Request is what storage is asked for; the session adds what only it can compute.
func (m *Merge) Request() (storage.MergeRequest, error) {
	strategy, err := m.Conflicts()
	if err != nil {
		return storage.MergeRequest{}, err
	}
	ff, ok := fastForwards[strings.ToLower(m.FastForward)]
	if !ok {
		return storage.MergeRequest{}, pgerr.New(pgerrcode.InvalidParameterValue, "unknown fast-forward mode \"%s\"", m.FastForward).
			WithHint("Known modes: auto, only, never.")
	}
	return storage.MergeRequest{Source: m.Source, Target: m.Target, SourcePoint: m.SourcePoint, From: m.From, To: m.To, Onto: m.Onto, Strategy: strategy,
		FastForward: ff, Record: m.Record, Only: m.Only, Message: m.Message, Decide: m.Decide}, nil
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
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "unknown merge strategy \"%s\"", m.Strategy).
			WithHint("Known strategies: abort, manual, source_wins (or theirs), target_wins (or ours).")
	}
	return s, nil
}

// mergeBranches is rowan.merge: the first row is the outcome, then one row for each conflict or violation.
func mergeBranches(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	m := Merge{Source: text(a[0]), Target: orBranch(c, a[1]), Strategy: text(a[2]), DryRun: a[3].B(), Message: text(a[4]), FastForward: text(a[5]), Force: a[6].B(),
		SourcePoint: text(a[7]), Delete: a[8].B()}
	if _, err := required(a[0], "source"); err != nil {
		return err
	}
	if branch, point, ok := strings.Cut(m.Source, "@"); ok && m.SourcePoint == "" {
		m.Source, m.SourcePoint = cmp.Or(branch, c.Branch()), point
	}
	if err := Unfinished(ctx, c, m); err != nil {
		return err
	}
	if strings.EqualFold(m.Strategy, "manual") && !m.DryRun {
		if m.Delete {
			return pgerr.New(pgerrcode.InvalidParameterValue, "delete_source does not go with strategy \"manual\"").WithHint("Drop the source when the merge is complete.")
		}
		return openMerge(ctx, c, m, yield)
	}
	return m.run(ctx, c, yield, "merged")
}

// run merges and shows what came of it.
func (m *Merge) run(ctx context.Context, c Conn, yield func([]types.Datum) bool, done string) error {
	res, err := c.Merge(ctx, *m)
	if err != nil {
		return err
	}
	status := done
	switch {
	case len(res.Conflicts) > 0:
		status = "conflicts"
	case len(res.Violations) > 0 && (!m.Force || m.DryRun):
		status = "violations"
	case !res.Changed():
		status = "up to date"
	case m.DryRun:
		status = "would merge"
	}
	if (status == done || status == "up to date") && m.Delete && !m.DryRun {
		if _, err := dropBranch(ctx, c, []types.Datum{types.String(m.Source), types.Bool(false)}); err != nil {
			return err
		}
	}
	showMerge(status, &res, 0, c.Format(), yield)
	return nil
}

// showMerge yields the outcome, and a row for each conflict and violation.
func showMerge(status string, res *storage.MergeResult, id int64, f *types.Format, yield func([]types.Datum) bool) {
	outcome := []types.Datum{types.String(status), types.Int(int64(res.SourceHead)), types.Int(int64(res.Base)), types.Int(res.Inserts), types.Int(res.Updates),
		types.Int(res.Deletes), types.Int(int64(len(res.Conflicts)) + res.Resolved)}
	for range 9 {
		outcome = append(outcome, types.Null)
	}
	merge := types.Null
	if id != 0 {
		merge = types.Int(id)
	}
	generated := int64(0)
	for i := range res.Renumbered {
		if !res.Renumbered[i].Follows {
			generated++
		}
	}
	if !yield(append(outcome, merge, types.Int(generated))) {
		return
	}
	for i := range res.Conflicts {
		if !yield(append(conflictRow(&res.Conflicts[i], f), merge, types.Null)) {
			return
		}
	}
	for i := range res.Violations {
		if !yield(append(violationRow(&res.Violations[i], f), merge, types.Null)) {
			return
		}
	}
	for i := range res.Renumbered {
		if !yield(append(renumberedRow(&res.Renumbered[i], f), merge, types.Null)) {
			return
		}
	}
}

// renumberedRow says which key a row had on the source, and which it has on the target.
func renumberedRow(r *storage.Renumbered, f *types.Format) []types.Datum {
	what := "renumbered"
	if r.Follows {
		what = "follows"
	}
	old := keyText(r.Old, r.Types, f)
	row := append(detailRow(what, r.Schema, r.Table), types.String(old), types.String(strings.Join(r.Columns, ",")), types.Null, types.Null, types.String(old),
		types.String(keyText(r.New, r.Types, f)))
	return append(row, types.Null, types.Null)
}

// detailRow begins a row about one conflict or violation.
func detailRow(what, schema, table string) []types.Datum {
	return []types.Datum{types.String(what), types.Null, types.Null, types.Null, types.Null, types.Null, types.Null, types.String(catalog.ShownName(schema, table))}
}

func conflictRow(c *storage.Conflict, f *types.Format) []types.Datum {
	row := append(detailRow("conflict", c.Schema, c.Table), orNull(RowID(c, f)), orNull(c.Column))
	kind := string(c.Type)
	if c.Description != "" {
		kind += ": " + c.Description
	}
	row = append(row, types.String(kind))
	if c.Column == "" {
		for _, cells := range [][]types.Datum{c.BaseCells, c.SourceCells, c.TargetCells} {
			row = append(row, rowJSON(c.Columns, cells))
		}
	} else {
		for _, d := range []types.Datum{c.Base, c.Source, c.Target} {
			row = append(row, cellText(c.ColumnType, d, f))
		}
	}
	return append(row, types.Null, types.Null)
}

func violationRow(v *storage.Violation, f *types.Format) []types.Datum {
	row := append(detailRow("violation", v.Schema, v.Table), orNull(keyText(v.KeyValues, v.KeyTypes, f)), types.Null, types.String(v.Kind))
	message := v.Message
	if v.Detail != "" {
		message += ": " + v.Detail
	}
	return append(row, types.Null, types.Null, types.Null, orNull(v.Constraint), types.String(message))
}

// RowID shows a conflict's key: its values separated by commas, or in hexadecimal the row's id where the table has no
// primary key.
func RowID(c *storage.Conflict, f *types.Format) string {
	if len(c.KeyValues) == 0 && c.Key != "" {
		return fmt.Sprintf("\\x%x", c.Key)
	}
	return keyText(c.KeyValues, c.KeyTypes, f)
}

// keyText shows the values of a key, one of several in quotes where it has a comma in it or begins with a quote.
func keyText(values []types.Datum, ts []types.Type, f *types.Format) string {
	var b strings.Builder
	for i, d := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		w := cellText(ts[i], d, f).S
		if len(values) > 1 && (strings.Contains(w, ",") || strings.HasPrefix(w, `"`)) {
			w = `"` + strings.ReplaceAll(w, `"`, `""`) + `"`
		}
		b.WriteString(w)
	}
	return b.String()
}

func cellText(t types.Type, d types.Datum, f *types.Format) types.Datum {
	if d.Null || !t.Known() {
		return types.Null
	}
	return types.String(string(types.AppendText(nil, t, d, f)))
}
