package dolt

import (
	"context"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/vcs"
)

// elsewhere are functions of Dolt's for which Rowan has no counterpart, or another one.
var elsewhere = map[string]string{
	"dolt_remote": oneServer, "dolt_push": oneServer, "dolt_pull": oneServer, "dolt_fetch": oneServer,
	"dolt_clone":                   "pg_dump copies a branch to another server; CREATE DATABASE … TEMPLATE makes a branch on this one.",
	"dolt_backup":                  "The command `rowan backup` makes backups while the server runs.",
	"dolt_undrop":                  "rowan.undelete_branch brings a dropped branch back; the tables of a point are there to read, with AS OF.",
	"dolt_purge_dropped_databases": "",
	"dolt_gc":                      "History is collected in the background; rowan.set_retention says how much is kept.",
	"dolt_verify_constraints":      "Constraints hold at any time; rows that a merge has let break them are in dolt_constraint_violations.",
	"dolt_update_column_tag":       "Columns have identities of their own.",
	"dolt_thread_dump":             "",
	"dolt_query_diff":              "rowan.diff compares tables; two queries can read branches and points with AS OF.",
	"dolt_preview_merge_conflicts": "rowan.merge has dry_run => true.", "dolt_preview_merge_conflicts_summary": "rowan.merge has dry_run => true.",
	"dolt_reflog":        "rowan.log() lists all transactions, and points of them stay readable.",
	"dolt_test_run":      "",
	"dolt_stats_restart": "ANALYZE makes statistics.", "dolt_stats_stop": "ANALYZE makes statistics.", "dolt_stats_info": "ANALYZE makes statistics.",
}

const oneServer = "All branches are on one server, where everybody sees a commit at once: dolt_merge brings one branch to another."

// refusals are these functions: all they do is to say so.
func refusals() map[string]vcs.Func {
	out := map[string]vcs.Func{}
	for name, hint := range elsewhere {
		out[name] = func(context.Context, vcs.Conn, []types.Datum) (types.Datum, error) {
			err := pgerr.Unsupported("%s()", name)
			if hint != "" {
				err = err.WithHint("%s", hint)
			}
			return types.Null, err
		}
	}
	return out
}

// nothing is a relation of Dolt's that has no rows here.
func nothing(context.Context, vcs.Conn, []types.Datum, func([]types.Datum) bool) error { return nil }
