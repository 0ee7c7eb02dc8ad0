package main

import (
	"context"

	"github.com/spf13/cobra"
)

const branchExample = `  rowan branch                                     list the branches of the database postgres
  rowan branch create dev --from main              as main is now
  rowan branch create before --at '-10 minutes'    as it was ten minutes ago
  rowan branch create try --expires '2 hours'      it goes by itself
  rowan branch drop dev try
  rowan branch list --json -d app`

func newBranch() *cobra.Command {
	cmd := branchList()
	cmd.Use, cmd.Example = "branch", branchExample
	cmd.Short = "List, make and drop branches"
	cmd.AddCommand(branchList(), branchCreate(), branchDrop(), branchRename(), branchProtect(), branchReset(), branchRestore(), branchUndelete())
	return cmd
}

const branchColumns = `name, parent, head_scn AS head, CASE WHEN is_default THEN 'default' WHEN is_protected THEN 'protected' ELSE status END AS status,
	date_trunc('second', updated_at) AS updated, description`

func branchList() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "list", Aliases: []string{"ls"}, Short: "List branches", Args: cobra.NoArgs},
		func(ctx context.Context, c *client, _ []string) error {
			if c.json {
				return c.show(ctx, "SELECT * FROM rowan.branches() ORDER BY name")
			}
			return c.show(ctx, "SELECT "+branchColumns+" FROM rowan.branches() ORDER BY NOT is_default, name")
		})
}

func branchCreate() *cobra.Command {
	var from, at, description, expires string
	var protected bool
	cmd := clientCommand(&cobra.Command{Use: "create NAME", Short: "Make a branch", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, `SELECT rowan.create_branch($1, source => $2, as_of => $3, description => $4, expires => $5::interval, protected => $6::bool) AS branch`,
				args[0], from, at, description, expires, boolean(protected))
		})
	cmd.Flags().StringVar(&from, "from", "", "branch to fork (default: the one of --branch)")
	cmd.Flags().StringVar(&at, "at", "", "point of that branch: timestamp, interval, SCN, snapshot, tag or commit (default: now)")
	cmd.Flags().StringVar(&description, "description", "", "what it is for")
	cmd.Flags().StringVar(&expires, "expires", "", "drop it after this interval")
	cmd.Flags().BoolVar(&protected, "protected", false, "refuse to drop, reset or rename it")
	return cmd
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func branchDrop() *cobra.Command {
	var force bool
	cmd := clientCommand(&cobra.Command{Use: "drop NAME...", Aliases: []string{"rm"}, Short: "Drop branches", Args: cobra.MinimumNArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			for _, name := range args {
				if err := c.show(ctx, "SELECT $1::text AS branch, rowan.drop_branch($1, force => $2::bool) AS dropped", name, boolean(force)); err != nil {
					return err
				}
			}
			return nil
		})
	cmd.Flags().BoolVar(&force, "force", false, "even when it is protected")
	return cmd
}

func branchRename() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "rename OLD NEW", Short: "Rename a branch", Args: cobra.ExactArgs(2)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT rowan.rename_branch($1, $2) AS branch", args...)
		})
}

func branchProtect() *cobra.Command {
	var off bool
	cmd := clientCommand(&cobra.Command{Use: "protect NAME", Short: "Refuse to drop, reset or rename a branch", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT $1::text AS branch, rowan.protect_branch($1, $2::bool) AS protected", args[0], boolean(!off))
		})
	cmd.Flags().BoolVar(&off, "off", false, "allow it again")
	return cmd
}

func branchReset() *cobra.Command {
	var from string
	cmd := clientCommand(&cobra.Command{
		Use: "reset NAME POINT", Short: "Set a branch to a point of its past, or of another branch", Args: cobra.ExactArgs(2),
		Example: "  rowan branch reset dev '-1 hour'\n  rowan branch reset dev '~0' --from main",
	}, func(ctx context.Context, c *client, args []string) error {
		return c.show(ctx, "SELECT rowan.reset_branch($1, $2, source => $3) AS branch", args[0], args[1], from)
	})
	cmd.Flags().StringVar(&from, "from", "", "branch whose point it is (default: the branch itself)")
	return cmd
}

func branchRestore() *cobra.Command {
	var backup string
	cmd := clientCommand(&cobra.Command{
		Use: "restore NAME POINT", Short: "Set a branch to a point, and keep what it held as another branch", Args: cobra.ExactArgs(2),
		Example: "  rowan branch restore dev '-1 hour' --backup dev-broken",
	}, func(ctx context.Context, c *client, args []string) error { return restoreBranch(ctx, c, args, backup) })
	cmd.Flags().StringVar(&backup, "backup", "", "keep what the branch holds as a branch of this name")
	return cmd
}

func restoreBranch(ctx context.Context, c *client, args []string, backup string) error {
	return c.show(ctx, "SELECT rowan.restore_branch($1, $2, backup => $3) AS branch", args[0], args[1], backup)
}

func branchUndelete() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "undelete NAME", Short: "Bring a dropped branch back", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT rowan.undelete_branch($1) AS branch", args...)
		})
}
