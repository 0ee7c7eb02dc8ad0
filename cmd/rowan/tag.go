package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newTag() *cobra.Command {
	cmd := tagList()
	cmd.Use, cmd.Short, cmd.Aliases = "tag", "List, make and drop names of points", nil
	cmd.Example = "  rowan tag\n  rowan tag create v1 -m 'first release'\n  rowan tag create before-import --at '-1 hour'\n  rowan tag drop v1"
	cmd.AddCommand(tagList(), tagCreate(), tagDrop())
	return cmd
}

func tagList() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "list", Aliases: []string{"ls"}, Short: "List tags", Args: cobra.NoArgs},
		func(ctx context.Context, c *client, _ []string) error {
			return c.show(ctx, "SELECT * FROM rowan.tags() ORDER BY name")
		})
}

func tagCreate() *cobra.Command {
	var at, message string
	cmd := clientCommand(&cobra.Command{Use: "create NAME", Short: "Give a point a name", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT rowan.create_tag($1, branch => $2, as_of => $3, message => $4) AS tag", args[0], c.branch, at, message)
		})
	cmd.Flags().StringVar(&at, "at", "", "point of the branch (default: now)")
	cmd.Flags().StringVarP(&message, "message", "m", "", "what it stands for")
	return cmd
}

func tagDrop() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "drop NAME", Aliases: []string{"rm"}, Short: "Forget a tag", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT $1::text AS tag, rowan.drop_tag($1) AS dropped", args...)
		})
}
