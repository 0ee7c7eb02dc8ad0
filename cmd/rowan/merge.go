package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const mergeExample = `  rowan merge dev                          into the default branch
  rowan merge dev --into staging --dry-run
  rowan merge dev --strategy source_wins -m 'prices of spring'
  rowan merge dev --strategy manual        keep the conflicts until they are resolved:
  rowan merge --conflicts
  rowan merge --resolve 1/1 --side source
  rowan merge --complete                   or --abort`

func newMerge() *cobra.Command {
	var into, strategy, message, resolve, side, value string
	var dryRun, complete, abort, conflicts bool
	cmd := clientCommand(&cobra.Command{
		Use: "merge SOURCE", Short: "Merge a branch into another", Args: cobra.MaximumNArgs(1),
		Long: `Merge a branch into another, row by row and cell by cell. With conflicts nothing is written, each of them is printed and the
exit code is 1, unless --strategy says which side wins. With manual the merge waits until all of them are resolved and it is
completed.`,
		Example: mergeExample,
	}, func(ctx context.Context, c *client, args []string) error {
		if c.branch == "" {
			c.branch = into // where a merge waits
		}
		switch pending := complete || abort || conflicts || resolve != ""; {
		case pending && len(args) > 0:
			return wrong("--conflicts, --resolve, --complete and --abort are about the merge that waits: leave out the source")
		case complete:
			return c.merged(ctx, "rowan.complete_merge(message => $1)", message)
		case abort:
			return c.show(ctx, "SELECT rowan.abort_merge() AS aborted")
		case resolve != "":
			return c.show(ctx, "SELECT $1::text AS conflict, rowan.resolve_conflict($1, $2, $3::jsonb) AS resolved", resolve, side, value)
		case conflicts && c.json:
			return c.show(ctx, "SELECT * FROM rowan.conflicts()")
		case conflicts:
			return c.show(ctx, `SELECT id, table_name AS "table", row_key AS key, column_name AS "column", conflict_type AS conflict,
				coalesce(base_value, base_row::text) AS base, coalesce(source_value, source_row::text) AS source,
				coalesce(target_value, target_row::text) AS target, resolution FROM rowan.conflicts()`)
		case len(args) == 0:
			return wrong("merge needs a SOURCE, or one of --conflicts, --resolve, --complete and --abort")
		}
		return c.merged(ctx, "rowan.merge($1, target => $2, strategy => $3, dry_run => $4::bool, message => $5)", args[0], into, strategy, boolean(dryRun), message)
	})
	f := cmd.Flags()
	f.StringVar(&into, "into", "", "branch to merge into (default: the one of --branch)")
	f.StringVar(&strategy, "strategy", "abort", "what happens to conflicts: abort, manual, source_wins or target_wins")
	f.StringVarP(&message, "message", "m", "", "what the log says of it")
	f.BoolVar(&dryRun, "dry-run", false, "say what would happen")
	f.BoolVar(&conflicts, "conflicts", false, "list the conflicts of merges that wait")
	f.StringVar(&resolve, "resolve", "", "id of a conflict to resolve: to a --side or --value")
	f.StringVar(&side, "side", "", "source, target or base")
	f.StringVar(&value, "value", "", "the value as JSON; of a whole row an object of its columns")
	f.BoolVar(&complete, "complete", false, "complete the merge that waits")
	f.BoolVar(&abort, "abort", false, "give up the merge that waits")
	cmd.MarkFlagsMutuallyExclusive("conflicts", "resolve", "complete", "abort", "dry-run")
	return cmd
}

// merged prints what came of a merge. One that could not be done is an error.
func (c *client) merged(ctx context.Context, call string, args ...string) error {
	columns := "*"
	if !c.json {
		columns = `status, merged_scn AS scn, inserts, updates, deletes, conflicts, table_name AS "table", row_key AS key, column_name AS "column",
			conflict_type AS conflict, base_value AS base, source_value AS source, target_value AS target, constraint_name AS "constraint", detail, merge_id AS merge`
	}
	rows, err := c.rows(ctx, "SELECT "+columns+" FROM "+call, args...)
	if err != nil || len(rows) == 0 {
		return err
	}
	status, merge := string(rows[0][0]), string(rows[0][len(rows[0])-1])
	if c.json {
		var outcome struct {
			Status string `json:"status"`
			Merge  int64  `json:"merge_id"`
		}
		if err := json.Unmarshal(rows[0][0], &outcome); err != nil {
			return err
		}
		if status, merge = outcome.Status, ""; outcome.Merge != 0 {
			merge = fmt.Sprint(outcome.Merge)
		}
	}
	switch {
	case status == "conflicts" && merge != "":
		return fmt.Errorf("there are conflicts, and merge %s waits until they are resolved\n  See them with rowan merge --conflicts, resolve each with --resolve ID --side source, then rowan merge --complete; or --abort.", merge)
	case status == "conflicts" && strings.HasPrefix(call, "rowan.rebase"):
		return errors.New("there are conflicts, and nothing has been changed\n  Choose a side with --strategy source_wins, which is the branch's own changes, or target_wins.")
	case status == "conflicts" && (strings.HasPrefix(call, "rowan.revert") || strings.HasPrefix(call, "rowan.cherry_pick")):
		return errors.New("there are conflicts, and nothing has been changed\n  Choose a side with --strategy source_wins, which does it all the same, or target_wins, which keeps what is there.")
	case status == "conflicts":
		return errors.New("there are conflicts, and nothing has been merged\n  Resolve them on the source, choose a side with --strategy source_wins or target_wins, or keep them with --strategy manual.")
	case status == "violations":
		return errors.New("the merged state would break constraints, and nothing has been merged\n  Change what is listed on one of the branches, and merge again.")
	}
	return nil
}
