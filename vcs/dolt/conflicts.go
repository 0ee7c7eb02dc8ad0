package dolt

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// resolveConflicts is dolt_conflicts_resolve('--ours' | '--theirs', tables… | '.').
func resolveConflicts(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error) {
	f, err := parse("dolt_conflicts_resolve", args, map[string]string{"--ours": "ours", "--theirs": "theirs"})
	if err != nil {
		return types.Null, err
	}
	if f.has("ours") == f.has("theirs") {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "--ours or --theirs must be supplied")
	}
	if len(f.rest) == 0 {
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "specify at least one table to resolve conflicts")
	}
	side := "source"
	if f.has("ours") {
		side = "target"
	}
	rows, err := vcs.AppliedRows(ctx, c)
	if err != nil {
		return types.Null, err
	}
	if len(rows) == 0 {
		return done, resolvePending(ctx, c, side, f.rest)
	}
	for _, t := range f.rest {
		if t != "." && !slices.ContainsFunc(rows, func(r *vcs.AppliedRow) bool { return means(t, fullName(r.Name)) }) {
			return types.Null, pgerr.New(pgerrcode.UndefinedTable, "table %s has no conflicts", t)
		}
	}
	for _, r := range rows {
		if !r.Violation && (slices.Contains(f.rest, ".") || meant(f.rest, fullName(r.Name))) {
			if err := r.Resolve(ctx, c, side); err != nil {
				return types.Null, err
			}
		}
	}
	return done, nil
}

// resolvePending resolves conflicts of a merge that rowan.merge has left to wait.
func resolvePending(ctx context.Context, c vcs.Conn, side string, tables []string) error {
	for _, t := range tables {
		table := fullName(t)
		if t == "." {
			table = ""
		}
		if _, err := query(ctx, c, "SELECT rowan.resolve_conflicts(side => "+quote(side)+", table_name => "+quote(table)+")"); err != nil {
			return err
		}
	}
	return nil
}

// countRows counts rows by table, in order of first appearance.
func countRows(rows []*vcs.AppliedRow, violations bool) (names []string, n map[string]int64) {
	n = map[string]int64{}
	for _, r := range rows {
		if r.Violation != violations {
			continue
		}
		name := fullName(r.Name)
		if n[name] == 0 {
			names = append(names, name)
		}
		n[name]++
	}
	slices.Sort(names)
	return names, n
}

// listConflicts is the relation dolt.conflicts.
func listConflicts(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	rows, err := vcs.AppliedRows(ctx, c)
	if err != nil {
		return err
	}
	names, n := countRows(rows, false)
	for _, name := range names {
		if !yield([]types.Datum{types.String(shown(name)), types.Int(n[name])}) {
			return nil
		}
	}
	if len(rows) > 0 {
		return nil
	}
	pending, err := query(ctx, c, "SELECT table_name, count(DISTINCT row_key) FROM rowan.conflicts() x JOIN rowan.merges() m ON m.id = x.merge_id WHERE m.status = 'pending' AND m.target = "+
		quote(c.Branch())+" AND resolution IS NULL GROUP BY 1 ORDER BY 1")
	for _, r := range pending {
		if !yield([]types.Datum{types.String(shown(fullName(r[0].S))), r[1]}) {
			break
		}
	}
	return err
}

// listViolations is the relation dolt.constraint_violations.
func listViolations(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	rows, err := vcs.AppliedRows(ctx, c)
	names, n := countRows(rows, true)
	for _, name := range names {
		if !yield([]types.Datum{types.String(shown(name)), types.Int(n[name])}) {
			break
		}
	}
	return err
}

// conflictTable finds a table by its name, and what is to be resolved of it.
func conflictTable(ctx context.Context, c vcs.Conn, name string, violations bool) (*catalog.Table, []*vcs.AppliedRow, error) {
	_, t, _, err := columns(ctx, c, name)
	if err != nil {
		return nil, nil, err
	}
	all, err := vcs.AppliedRows(ctx, c)
	return t, slices.DeleteFunc(all, func(r *vcs.AppliedRow) bool { return r.Table != t.OID || r.Violation != violations }), err
}

// sideKind says what a side has done to a row.
func sideKind(base, side types.Datum) types.Datum {
	switch {
	case side.Null:
		return types.String("removed")
	case base.Null:
		return types.String("added")
	}
	return types.String("modified")
}

// conflictID names a row with conflicts; it is what its UPDATE and DELETE go by.
func conflictID(r *vcs.AppliedRow) string { return scnPoint(r.Merge) + "/" + scnPoint(r.Ns[0]) }

// conflictsOf is the relation dolt.conflicts_<table>: each row with the table's columns in the base, here and there. What we
// have is what the table has now.
func conflictsOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	t, rows, err := conflictTable(ctx, c, a[0].S, false)
	if err != nil {
		return err
	}
	merge, err := vcs.Applied(ctx, c)
	if err != nil {
		return err
	}
	for _, r := range rows {
		ours, err := r.Now(ctx, c)
		if err != nil {
			return err
		}
		out := []types.Datum{types.String(sourceHash(ctx, c, merge))}
		for i, side := range []types.Datum{r.Base, ours, r.Theirs} {
			cells, err := vcs.Cells(t, side)
			if err != nil {
				return err
			}
			out = append(out, cells...)
			if i > 0 {
				out = append(out, sideKind(r.Base, side))
			}
		}
		if !yield(append(out, types.String(conflictID(r)))) {
			return nil
		}
	}
	return nil
}

// sourceCommit is the commit that is being merged; nil: it is none of a branch.
func sourceCommit(ctx context.Context, c vcs.Conn, a *vcs.AppliedMerge) *commit {
	x, _, err := tagged(ctx, c, types.String(a.Source), int64(a.SourceSCN))
	if err != nil || a.Source == c.Branch() {
		return nil
	}
	return x
}

func sourceHash(ctx context.Context, c vcs.Conn, a *vcs.AppliedMerge) string {
	if x := sourceCommit(ctx, c, a); x != nil {
		return x.id
	}
	return a.Source
}

var violationWords = map[string]string{"foreign_key": "foreign key", "unique": "unique index", "check": "check constraint", "domain": "check constraint", "not_null": "not null"}

// violationsOf is the relation dolt.constraint_violations_<table>.
func violationsOf(ctx context.Context, c vcs.Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	t, rows, err := conflictTable(ctx, c, a[0].S, true)
	if err != nil {
		return err
	}
	for _, r := range rows {
		cells, err := vcs.Cells(t, r.Ours)
		if err != nil {
			return err
		}
		info := append(strings.SplitN(r.Info, "\n", 4), "", "", "")
		word := violationWords[info[0]]
		if word == "" {
			word = info[0]
		}
		detail, err := types.ParseText(types.Of(types.Builtin(types.OIDJSONB)), "{\"Constraint\": "+jsonString(info[1])+", \"Message\": "+jsonString(info[2])+", \"Detail\": "+jsonString(info[3])+"}", c.Format())
		if err != nil {
			return err
		}
		row := append([]types.Datum{types.String(sourceOf(ctx, c)), types.String(word)}, cells...)
		if !yield(append(row, detail)) {
			return nil
		}
	}
	return nil
}

func sourceOf(ctx context.Context, c vcs.Conn) string {
	a, err := vcs.Applied(ctx, c)
	if a == nil || err != nil {
		return ""
	}
	return sourceHash(ctx, c, a)
}

// mergeStatus is the relation dolt.merge_status.
func mergeStatus(ctx context.Context, c vcs.Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	a, err := vcs.Applied(ctx, c)
	if err != nil {
		return err
	}
	none := []types.Datum{types.Bool(false), types.Null, types.Null, types.Null, types.Null}
	if a == nil {
		rows, err := query(ctx, c, "SELECT source FROM rowan.merges() WHERE status = 'pending' AND target = "+quote(c.Branch()))
		if err == nil && len(rows) > 0 {
			none[0], none[1], none[3] = types.Bool(true), rows[0][0], types.String("refs/heads/"+c.Branch())
		}
		yield(none)
		return err
	}
	rows, err := a.Rows(ctx, c)
	if err != nil {
		return err
	}
	names, _ := countRows(rows, false)
	broken, _ := countRows(rows, true)
	for _, n := range broken {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for i, n := range names {
		names[i] = strings.TrimPrefix(n, "public.")
	}
	yield([]types.Datum{types.Bool(true), types.String(a.Source), types.String(sourceHash(ctx, c, a)), types.String("refs/heads/" + c.Branch()), types.String(strings.Join(names, ", "))})
	return nil
}
