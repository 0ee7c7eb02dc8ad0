package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newCommit() *cobra.Command {
	var message, author string
	cmd := clientCommand(&cobra.Command{
		Use: "commit", Short: "Mark the transactions since the last commit as one, with a message", Args: cobra.NoArgs,
		Example: "  rowan commit -m 'prices of spring'\n  rowan commit -b dev -m 'new tables' --author 'Ada <ada@example.com>'",
	}, func(ctx context.Context, c *client, _ []string) error {
		return c.show(ctx, "SELECT rowan.commit($1, author => $2) AS commit", message, author)
	})
	cmd.Flags().StringVarP(&message, "message", "m", "", "what the changes are")
	cmd.Flags().StringVar(&author, "author", "", "whose they are (default: the role)")
	_ = cmd.MarkFlagRequired("message")
	return cmd
}
