package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

func newRotateKey() *cobra.Command {
	var dir, from, to string
	cmd := &cobra.Command{
		Use: "rotate-key", Short: "Change the encryption key of a data directory",
		Long: "Change the encryption key of a data directory that no server uses. The data is encrypted with keys that are themselves\n" +
			"encrypted with this one, so that nothing but those is written again.",
		Example: "  rowan rotate-key --data-dir ./data --encryption-key-file old.key --new-key-file new.key", Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&dir, "data-dir", "./data", "data directory")
	f.StringVar(&from, "encryption-key-file", "", "file with the present key")
	f.StringVar(&to, "new-key-file", "", "file with the new key")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) }
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if from == "" || to == "" {
			return errors.New("--encryption-key-file and --new-key-file must both be given")
		}
		oldKey, err := server.ReadKey(from)
		if err != nil {
			return failed(err)
		}
		newKey, err := server.ReadKey(to)
		if err != nil {
			return failed(err)
		}
		if err := server.RotateKey(dir, oldKey, newKey); err != nil {
			return failed(err)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is now encrypted with the key in %s\n", dir, to)
		return failed(err)
	}
	return cmd
}
