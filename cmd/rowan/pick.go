package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pick is what revert and cherry-pick are told.
type pick struct {
	through, strategy, message string
	dryRun                     bool
}

func (p *pick) flags(f *pflag.FlagSet) {
	f.StringVar(&p.through, "through", "", "the last of several transactions")
	f.StringVar(&p.strategy, "strategy", "abort", "what happens to conflicts: abort, source_wins or target_wins")
	f.StringVarP(&p.message, "message", "m", "", "what the log says of it")
	f.BoolVar(&p.dryRun, "dry-run", false, "say what would happen")
}

const pickLong = `A point names a transaction, ~0 being the last one, or a commit, HEAD being the last one, which stands for its transactions.
With conflicts nothing is written, each of them is printed and the exit code is 1, unless --strategy says which side wins: the
source is what is done, the target what is there.`

func newRevert() *cobra.Command {
	var p pick
	cmd := clientCommand(&cobra.Command{
		Use: "revert POINT", Short: "Take back what a transaction or a commit has done, and leave what came later", Args: cobra.ExactArgs(1),
		Long: "Take back what a transaction or a commit has done, and leave what came later.\n\n" + pickLong,
		Example: `  rowan revert ~0                        the last transaction
  rowan revert HEAD -b dev               the last commit of dev
  rowan revert 3f2a9c1 --dry-run
  rowan revert ~3 --through ~1           three in one`,
	}, func(ctx context.Context, c *client, args []string) error {
		return c.merged(ctx, "rowan.revert($1, through => $2, strategy => $3, dry_run => $4::bool, message => $5)", args[0], p.through, p.strategy, boolean(p.dryRun), p.message)
	})
	p.flags(cmd.Flags())
	return cmd
}

func newCherryPick() *cobra.Command {
	var p pick
	var into string
	cmd := clientCommand(&cobra.Command{
		Use: "cherry-pick SOURCE POINT", Short: "Do on a branch what a transaction or a commit of another has done", Args: cobra.ExactArgs(2),
		Long: "Do on a branch what a transaction or a commit of another has done.\n\n" + pickLong,
		Example: `  rowan cherry-pick dev ~0               the last transaction of dev, on the default branch
  rowan cherry-pick dev 3f2a9c1 --into staging
  rowan cherry-pick dev ~3 --through ~1 --dry-run`,
	}, func(ctx context.Context, c *client, args []string) error {
		return c.merged(ctx, "rowan.cherry_pick($1, $2, through => $3, target => $4, strategy => $5, dry_run => $6::bool, message => $7)",
			args[0], args[1], p.through, into, p.strategy, boolean(p.dryRun), p.message)
	})
	p.flags(cmd.Flags())
	cmd.Flags().StringVar(&into, "into", "", "branch to do it on (default: the one of --branch)")
	return cmd
}
