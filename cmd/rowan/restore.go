package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

const restoreLong = `Make a new data directory of backups, as everything was at an SCN or time that they hold. What came later is gone there.

--from is a backup file, several of them (a full one and those that build on it), or a directory of backups. All of it is
verified before anything is written. The directory --data-dir must not exist, or be empty.`

const restoreExample = `  rowan restore --from monday.rowan --data-dir ./restored
  rowan restore --from /backups/ --to-time '2026-11-20 14:30:00+01:00' --data-dir ./restored
  rowan restore --from full.rowan --from new.rowan --to-scn 4711 --data-dir ./restored`

func newRestore() *cobra.Command {
	var o server.RestoreOptions
	var at, keyFile string
	cmd := &cobra.Command{Use: "restore --from FILE|DIR --data-dir NEW", Short: "Make a data directory of backups", Long: restoreLong, Example: restoreExample, Args: cobra.NoArgs}
	f := cmd.Flags()
	f.StringSliceVar(&o.From, "from", nil, "backup files, or directories of them")
	f.StringVar(&o.DataDir, "data-dir", "", "the data directory to make")
	f.Uint64Var(&o.Point.SCN, "to-scn", 0, "the last transaction to restore")
	f.StringVar(&at, "to-time", "", "restore what was committed up to then")
	f.StringVar(&keyFile, "encryption-key-file", "", "file with a key to encrypt the new directory with")
	_ = cmd.MarkFlagRequired("from")     // fails only for a flag that is not there
	_ = cmd.MarkFlagRequired("data-dir") // as above
	cmd.MarkFlagsMutuallyExclusive("to-scn", "to-time")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
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
