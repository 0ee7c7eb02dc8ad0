package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
)

func newLogCommand() *cobra.Command {
	var limit int
	var commits bool
	cmd := clientCommand(&cobra.Command{
		Use: "log [BRANCH]", Short: "Show the transactions or the commits of a branch, newest first", Args: cobra.MaximumNArgs(1),
		Example: "  rowan log\n  rowan log dev -n 5\n  rowan log --commits",
	}, func(ctx context.Context, c *client, args []string) error {
		branch := append(args, "")[0]
		n := strconv.Itoa(limit)
		switch {
		case commits:
			return c.show(ctx, "SELECT * FROM rowan.commits($1, $2::int)", branch, n)
		case c.json:
			return c.show(ctx, "SELECT * FROM rowan.log($1, $2::int)", branch, n)
		}
		return c.show(ctx, `SELECT scn, date_trunc('second', committed_at) AS committed, username AS "user", inserts, updates, deletes,
			array_to_string(tables, ', ') AS tables, summary FROM rowan.log($1, $2::int)`, branch, n)
	})
	cmd.Flags().IntVarP(&limit, "max-rows", "n", 20, "how many")
	cmd.Flags().BoolVar(&commits, "commits", false, "named commits instead of transactions")
	return cmd
}
