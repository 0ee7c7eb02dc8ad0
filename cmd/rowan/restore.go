package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

const restoreLong = `With --from: make a new data directory of backups, as everything was at an SCN or time that they hold. What came later is
gone there. With a branch and a point: set a branch of a running server to what it was then; see rowan branch restore --help.

--from is a backup file, several of them (a full one and those that build on it), or a directory of backups. All of it is
verified before anything is written. The directory --data-dir must not exist, or be empty.`

const restoreExample = `  rowan restore dev '-1 hour' --backup dev-broken
  rowan restore --from monday.rowan --data-dir ./restored
  rowan restore --from /backups/ --to-time '2026-11-20 14:30:00+01:00' --data-dir ./restored
  rowan restore --from full.rowan --from new.rowan --to-scn 4711 --data-dir ./restored`

func newRestore() *cobra.Command {
	var o server.RestoreOptions
	var at, keyFile, backup string
	var c client
	cmd := &cobra.Command{Use: "restore --from FILE|DIR --data-dir NEW | BRANCH POINT", Short: "Make a data directory of backups, or set a branch back",
		Long: restoreLong, Example: restoreExample, Args: cobra.MaximumNArgs(2)}
	f := cmd.Flags()
	c.flags(f)
	f.StringVar(&backup, "backup", "", "keep what the branch holds as a branch of this name")
	f.StringSliceVar(&o.From, "from", nil, "backup files, or directories of them")
	f.StringVar(&o.DataDir, "data-dir", "", "the data directory to make")
	f.Uint64Var(&o.Point.SCN, "to-scn", 0, "the last transaction to restore")
	f.StringVar(&at, "to-time", "", "restore what was committed up to then")
	f.StringVar(&keyFile, "encryption-key-file", "", "file with a key to encrypt the new directory with")
	cmd.MarkFlagsMutuallyExclusive("to-scn", "to-time")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if len(args) == 2 && len(o.From) == 0 {
			if err := fromEnvironment(f); err != nil {
				return err
			}
			c.out = cmd.OutOrStdout()
			return failed(restoreBranch(cmd.Context(), &c, args, backup))
		}
		if len(args) > 0 || len(o.From) == 0 || o.DataDir == "" {
			return errors.New("give --from and --data-dir, or a branch and a point")
		}
		if o.Point.SCN == 0 && f.Changed("to-scn") {
			return errors.New("--to-scn must be the SCN of a transaction; leave it out to restore all")
		}
		if o.Point.Time, err = parseTime(at); err != nil {
			return err
		}
		if o.Key, err = server.ReadKey(keyFile); err != nil {
			return failed(err)
		}
		var told interval
		o.Progress = func(phase, file string, n int64) {
			if told.due() {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: %d records\n", phase, file, n) // for people
			}
		}
		plan, err := server.Restore(cmd.Context(), o)
		if err != nil {
			return failed(err)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "restored up to SCN %d into %s\n", plan.At, o.DataDir)
		return failed(err)
	}
	return cmd
}

// parseTime reads a time with its zone; without one it is the local time.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--to-time must be a time such as 2026-11-20 14:30:00+01:00, not %q", s)
}
