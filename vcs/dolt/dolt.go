// Package dolt lets scripts written for Dolt and Doltgres run as they are: functions dolt_commit, dolt_checkout, dolt_merge
// and their kin, and the relations of schema dolt.
//
// It translates: a Dolt commit is a named commit of Rowan, HEAD the newest one of a branch, WORKING the branch as it is, and
// everything is done by what vcs has for the functions of schema rowan. A commit that leaves changed tables out names a state that no
// branch ever was: it is written to a hidden branch. What differs: every SQL transaction is kept, in a Dolt commit or not.
//
// Invariants: those of vcs. Callers: session, which joins Funcs and RowsFuncs to its services.
package dolt

import (
	"context"
	"maps"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
	"github.com/rowandb/rowan/vcs"
)

// Funcs are the functions that return one value, by the name that catalog/builtin has as their source.
func Funcs() map[string]vcs.Func {
	out := map[string]vcs.Func{
		"dolt_add":               words(add),
		"dolt_branch":            words(branch),
		"dolt_clean":             words(clean),
		"dolt_commit":            words(makeCommit),
		"dolt_conflicts_resolve": words(resolveConflicts),
		"dolt_reset":             words(reset),
		"dolt_tag":               words(tag),
		"dolt_stash":             words(stash),
		"dolt_rm":                words(remove),
		"dolt_change":            change_,
		"dolt_use":               use,
		"dolt_active_branch": func(_ context.Context, c vcs.Conn, _ []types.Datum) (types.Datum, error) {
			return types.String(c.Branch()), nil
		},
		"dolt_hashof":       hashOf,
		"dolt_hashof_table": hashOfTable,
		"dolt_hashof_db":    hashOfDB,
		"dolt_merge_base":   mergeBase,
		"dolt_has_ancestor": hasAncestor,
		"dolt_version": func(_ context.Context, c vcs.Conn, _ []types.Datum) (types.Datum, error) {
			return types.String(c.Version()), nil
		},
	}
	maps.Copy(out, refusals())
	return out
}

// RowsFuncs are those that return rows, one of several columns among them.
func RowsFuncs() map[string]vcs.RowsFunc {
	return map[string]vcs.RowsFunc{
		"dolt_checkout":                 checkout,
		"dolt_merge":                    merge,
		"dolt_cherry_pick":              cherryPick,
		"dolt_revert":                   revert,
		"dolt_rebase":                   rebase,
		"dolt_count_commits":            countCommits,
		"dolt_stashes":                  listStashes,
		"dolt_ignore":                   listIgnored,
		"dolt_conflicts_of":             conflictsOf,
		"dolt_constraint_violations":    listViolations,
		"dolt_constraint_violations_of": violationsOf,
		"dolt_schema_conflicts":         nothing,
		"dolt_remotes":                  nothing,
		"dolt_remote_branches":          nothing,
		"dolt_backups":                  nothing,
		"dolt_commit_diff_of":           commitDiffOf,
		"dolt_column_diff":              columnDiff,
		"dolt_log":                      listLog,
		"dolt_commits":                  listCommits,
		"dolt_commit_ancestors":         listAncestors,
		"dolt_branches":                 listBranches,
		"dolt_tags":                     listTags,
		"dolt_status":                   listStatus,
		"dolt_conflicts":                listConflicts,
		"dolt_merge_status":             mergeStatus,
		"dolt_diff":                     diff,
		"dolt_diff_stat":                diffStat,
		"dolt_diff_summary":             diffSummary,
		"dolt_schema_diff":              schemaDiff,
		"dolt_patch":                    patch,
		"dolt_diff_of":                  diffOf,
		"dolt_history_of":               historyOf,
		"dolt_blame_of":                 blameOf,
	}
}

// words makes a function of one that takes Dolt's command-line words.
func words(f func(ctx context.Context, c vcs.Conn, args []string) (types.Datum, error)) vcs.Func {
	return func(ctx context.Context, c vcs.Conn, a []types.Datum) (types.Datum, error) {
		if err := c.RefuseReadOnly("this function"); err != nil {
			return types.Null, err
		}
		return f(ctx, c, list(a[0]))
	}
}

// done is the status of what went well.
var done = types.Int(0)

// list reads a text[].
func list(d types.Datum) []string {
	if d.Null {
		return nil
	}
	var out []string
	for _, e := range types.UnpackArray(d.S).Elems {
		if !e.Null {
			out = append(out, e.S)
		}
	}
	return out
}

// quote writes a text literal; "" is NULL.
func quote(s string) string {
	if s == "" {
		return "NULL"
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// query runs a statement of the layer's own and returns its rows.
func query(ctx context.Context, c vcs.Conn, sql string) ([][]types.Datum, error) {
	var out [][]types.Datum
	_, err := c.SQL(ctx, catalog.Ref{}, sql, func(b *vector.Batch) error {
		for k := range b.Live() {
			i, row := b.Row(k), make([]types.Datum, len(b.Cols))
			for n, col := range b.Cols {
				row[n] = col.Datum(i).Clone()
			}
			out = append(out, row)
		}
		return nil
	})
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1) // the user has not written this
	}
	return out, nil
}

// value is query for one value.
func value(ctx context.Context, c vcs.Conn, sql string) (types.Datum, error) {
	rows, err := query(ctx, c, sql)
	if err != nil || len(rows) == 0 {
		return types.Null, err
	}
	return rows[0][0], nil
}

// flags are the words of a command line: flags with their values, and what is left.
type flags struct {
	values map[string]string // by canonical name
	rest   []string
}

func (f *flags) has(name string) bool {
	_, ok := f.values[name]
	return ok
}

// parse reads a command line. spec has each flag's canonical name, with = behind it when a value follows.
func parse(command string, args []string, spec map[string]string) (*flags, error) {
	f := &flags{values: map[string]string{}}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) < 2 || a[0] != '-' || a == "--" {
			if a != "--" {
				f.rest = append(f.rest, a)
			}
			continue
		}
		names := []string{a}
		if a[1] != '-' { // -am is -a -m
			names = names[:0]
			for _, r := range a[1:] {
				names = append(names, "-"+string(r))
			}
		}
		for n, name := range names {
			name, given, has := strings.Cut(name, "=")
			canonical, ok := spec[name]
			if !ok {
				return nil, pgerr.New(pgerrcode.InvalidParameterValue, "error: unknown option `%s'", strings.TrimLeft(name, "-")).
					WithHint("It is an option of %s that is not known here.", command)
			}
			canonical, takes := strings.CutSuffix(canonical, "=")
			switch {
			case takes && has:
				f.values[canonical] = given
			case takes && n == len(names)-1 && i+1 < len(args):
				i++
				f.values[canonical] = args[i]
			case takes:
				return nil, pgerr.New(pgerrcode.InvalidParameterValue, "error: no value for option `%s'", canonical)
			default:
				f.values[canonical] = ""
			}
		}
	}
	return f, nil
}
