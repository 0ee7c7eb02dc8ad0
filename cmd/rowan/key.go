package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

const keyExample = `  rowan key
  rowan key create ci --scopes read,write,branch --branches 'ci/*,main:read' --expires '30 days'
  rowan key create reports --role reporter --scopes read
  rowan key revoke ci`

func newKey() *cobra.Command {
	cmd := keyList()
	cmd.Use, cmd.Short, cmd.Aliases = "key", "List, make and revoke API keys for the HTTP API", nil
	cmd.Example = keyExample
	cmd.AddCommand(keyList(), keyCreate(), keyRevoke())
	return cmd
}

func keyList() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "list", Aliases: []string{"ls"}, Short: "List API keys, those of no more use among them", Args: cobra.NoArgs},
		func(ctx context.Context, c *client, _ []string) error {
			return c.show(ctx, "SELECT * FROM rowan.api_keys() ORDER BY created_at, name")
		})
}

const keyCreateLong = `Make an API key. It is shown once and cannot be had again.

The key acts as --role, by default the role that makes it, as far as --scopes and --branches reach. Scopes are read,
write, branch and admin; without any the key has all but admin. Patterns of branches are names in which * stands for
anything between slashes; one that ends in :read is for reading only.`

func keyCreate() *cobra.Command {
	var role, expires string
	var scopes, branches []string
	cmd := clientCommand(&cobra.Command{Use: "create NAME", Short: "Make an API key", Long: keyCreateLong, Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT rowan.create_api_key($1, role => $2, scopes => string_to_array($3, ','), branches => string_to_array($4, ','), expires => $5) AS key",
				args[0], role, strings.Join(scopes, ","), strings.Join(branches, ","), expires)
		})
	cmd.Flags().StringVar(&role, "role", "", "role that the key acts as")
	cmd.Flags().StringSliceVar(&scopes, "scopes", nil, "what it may do: read, write, branch, admin")
	cmd.Flags().StringSliceVar(&branches, "branches", nil, "patterns of the branches that it may use (default: all)")
	cmd.Flags().StringVar(&expires, "expires", "", "how long it is good, such as '30 days', or until when, such as 2030-01-01 (default: for ever)")
	return cmd
}

func keyRevoke() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "revoke NAME|ID", Aliases: []string{"rm"}, Short: "Make an API key useless", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT $1::text AS key, rowan.revoke_api_key($1) AS revoked", args...)
		})
}
