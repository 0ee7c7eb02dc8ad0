package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/spf13/cobra"
)

var errConflicts = errors.New("there are conflicts, and nothing has been merged\n  Resolve them on the source, or choose a side: --strategy source_wins or target_wins.")

func newMerge() *cobra.Command {
	var into, strategy, message string
	var dryRun bool
	cmd := clientCommand(&cobra.Command{
		Use: "merge SOURCE", Short: "Merge a branch into another", Args: cobra.ExactArgs(1),
		Long: `Merge a branch into another, row by row and cell by cell. With conflicts nothing is written, each of them is printed and the
exit code is 1, unless --strategy says which side wins.`,
		Example: `  rowan merge dev                          into the default branch
  rowan merge dev --into staging --dry-run
  rowan merge dev --strategy source_wins -m 'prices of spring'`,
	}, func(ctx context.Context, c *client, args []string) error {
		columns := "*"
		if !c.json {
			columns = `status, merged_scn AS scn, inserts, updates, deletes, conflicts, table_name AS "table", row_key AS key, column_name AS "column",
				conflict_type AS conflict, base_value AS base, source_value AS source, target_value AS target`
		}
		rows, err := c.rows(ctx, "SELECT "+columns+" FROM rowan.merge($1, target => $2, strategy => $3, dry_run => $4::bool, message => $5)",
			args[0], into, strategy, boolean(dryRun), message)
		if err != nil {
			return err
		}
		if bytes.Contains(rows[0][0], []byte("conflicts")) && (!c.json || bytes.Contains(rows[0][0], []byte(`"status":"conflicts"`))) {
			return errConflicts
		}
		return nil
	})
	cmd.Flags().StringVar(&into, "into", "", "branch to merge into (default: the one of --branch)")
	cmd.Flags().StringVar(&strategy, "strategy", "abort", "what happens to conflicts: abort, manual, source_wins or target_wins")
	cmd.Flags().StringVarP(&message, "message", "m", "", "what the log says of it")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would happen")
	return cmd
}
