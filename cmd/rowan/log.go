package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
)

func newLogCommand() *cobra.Command {
	var limit int
	var commits bool
	var table, key, since, until, by string
	cmd := clientCommand(&cobra.Command{
		Use: "log [BRANCH]", Short: "Show the transactions or the commits of a branch, newest first", Args: cobra.MaximumNArgs(1),
		Example: `  rowan log
  rowan log dev -n 5
  rowan log --table orders --key 42     what happened to one row
  rowan log --since '-1 hour' --by ann
  rowan log --commits`,
	}, func(ctx context.Context, c *client, args []string) error {
		branch := append(args, "")[0]
		n := strconv.Itoa(limit)
		from := "rowan.log($1, $2::int, since => $3, until => $4, username => $5, table_name => $6, key => $7)"
		switch {
		case limit < 0:
			return wrong("--max-rows must not be negative")
		case commits && table+key+since+until+by != "":
			return wrong("--table, --key, --since, --until and --by are about transactions, not commits")
		case commits && c.json:
			return c.show(ctx, "SELECT * FROM rowan.commits($1, $2::int)", branch, n)
		case commits:
			return c.show(ctx, `SELECT id, scn, date_trunc('second', committed_at) AS committed, author, message, branch FROM rowan.commits($1, $2::int)`, branch, n)
		case c.json:
			return c.show(ctx, "SELECT * FROM "+from, branch, n, since, until, by, table, key)
		}
		return c.show(ctx, `SELECT scn, date_trunc('second', committed_at) AS committed, username AS "user", inserts, updates, deletes,
			array_to_string(tables, ', ') AS tables, summary FROM `+from, branch, n, since, until, by, table, key)
	})
	cmd.Flags().IntVarP(&limit, "max-rows", "n", 20, "how many")
	cmd.Flags().BoolVar(&commits, "commits", false, "named commits instead of transactions")
	cmd.Flags().StringVar(&table, "table", "", "only those that changed this table")
	cmd.Flags().StringVar(&key, "key", "", "and in it the row with this primary key")
	cmd.Flags().StringVar(&since, "since", "", "only those after this point")
	cmd.Flags().StringVar(&until, "until", "", "only those up to this point")
	cmd.Flags().StringVar(&by, "by", "", "only those of this user")
	return cmd
}
