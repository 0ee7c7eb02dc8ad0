package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newBlame() *cobra.Command {
	var key, at string
	cmd := clientCommand(&cobra.Command{
		Use: "blame TABLE", Short: "Show who gave each cell of a table its value", Args: cobra.ExactArgs(1),
		Example: `  rowan blame orders --key 42            one row
  rowan blame orders -b dev --at '-1 hour'
  rowan blame 'app."Odd Name"'`,
	}, func(ctx context.Context, c *client, args []string) error {
		from := "rowan.blame($1, as_of => $2, key => $3)"
		if c.json {
			return c.show(ctx, "SELECT * FROM "+from, args[0], at, key)
		}
		return c.show(ctx, `SELECT row_key AS key, column_name AS "column", value, date_trunc('second', changed_at) AS changed, username AS "user", branch, summary FROM `+from,
			args[0], at, key)
	})
	cmd.Flags().StringVar(&key, "key", "", "only the row with this primary key")
	cmd.Flags().StringVar(&at, "at", "", "as it was at this point")
	return cmd
}

func newHistory() *cobra.Command {
	var key, from, to string
	cmd := clientCommand(&cobra.Command{
		Use: "history TABLE", Short: "Show the versions that rows of a table have had", Args: cobra.ExactArgs(1),
		Example: `  rowan history orders --key 42          one row
  rowan history orders --from '-1 hour' -b dev`,
	}, func(ctx context.Context, c *client, args []string) error {
		// The columns follow from the table, so its name must be a literal.
		return c.show(ctx, "SELECT * FROM rowan.history("+quoted(args[0])+", $1, $2, $3)", from, to, key)
	})
	cmd.Flags().StringVar(&key, "key", "", "only the row with this primary key")
	cmd.Flags().StringVar(&from, "from", "", "versions that were there at this point or later")
	cmd.Flags().StringVar(&to, "to", "", "versions up to this point")
	return cmd
}
