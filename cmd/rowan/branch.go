package main

import (
	"context"
	"fmt"

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
	cmd.Use, cmd.Example, cmd.Aliases = "branch", branchExample, nil
	cmd.Short = "List, make and drop branches"
	cmd.AddCommand(branchList(), branchCreate(), branchCopy(), branchDrop(), branchRename(), branchProtect(), branchDefault(), branchReset(), branchRestore(),
		branchRebase(), branchUndelete())
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
	var protected, schemaOnly bool
	cmd := clientCommand(&cobra.Command{Use: "create NAME", Short: "Make a branch", Args: cobra.ExactArgs(1),
		Example: "  rowan branch create dev\n  rowan branch create dev --from main@v1\n  rowan branch create try --at '-10 minutes' --expires '2 hours'"},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, `SELECT rowan.create_branch($1, source => $2, as_of => $3, description => $4, expires => $5::interval, protected => $6::bool,
				schema_only => $7::bool) AS branch`, args[0], from, at, description, expires, boolean(protected), boolean(schemaOnly))
		})
	cmd.Flags().BoolVar(&schemaOnly, "schema-only", false, "the tables without their rows")
	cmd.Flags().StringVar(&from, "from", "", "branch to fork, branch@point, tag or commit (default: the one of --branch)")
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
			list := "" // they go all or none: first what does not exist, which is refused, then forks before what they were made of
			for i := range args {
				list += fmt.Sprintf(", ($%d::text)", i+2)
			}
			return c.show(ctx, "SELECT name AS branch, rowan.drop_branch(name, force => $1::bool) AS dropped FROM (SELECT v.name FROM (VALUES "+list[2:]+`) v(name)
				LEFT JOIN rowan.branches() b ON b.name = v.name ORDER BY b.created_at DESC NULLS FIRST) l`,
				append([]string{boolean(force)}, args...)...)
		})
	cmd.Flags().BoolVar(&force, "force", false, "even when it is protected, or others were made of it")
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

func branchCopy() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "copy NAME NEW", Short: "Make a branch with the content and the past of another", Args: cobra.ExactArgs(2)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT rowan.copy_branch($1, $2) AS branch", args...)
		})
}

func branchDefault() *cobra.Command {
	return clientCommand(&cobra.Command{Use: "default NAME", Short: "Make a branch the one that connections get which ask for none", Args: cobra.ExactArgs(1)},
		func(ctx context.Context, c *client, args []string) error {
			return c.show(ctx, "SELECT rowan.set_default_branch($1) AS branch", args...)
		})
}

func branchRebase() *cobra.Command {
	var onto, strategy string
	var dryRun bool
	cmd := clientCommand(&cobra.Command{
		Use: "rebase NAME", Short: "Base a branch on what its parent has now, with its own changes on top", Args: cobra.ExactArgs(1),
		Example: "  rowan branch rebase dev --dry-run\n  rowan branch rebase dev --strategy source_wins",
	}, func(ctx context.Context, c *client, args []string) error {
		return c.merged(ctx, "rowan.rebase_branch($1, strategy => $2, onto => $3, dry_run => $4::bool)", args[0], strategy, onto, boolean(dryRun))
	})
	cmd.Flags().StringVar(&onto, "onto", "", "branch to base it on (default: its parent)")
	cmd.Flags().StringVar(&strategy, "strategy", "abort", "what happens to conflicts: abort, source_wins or target_wins")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would happen")
	return cmd
}
