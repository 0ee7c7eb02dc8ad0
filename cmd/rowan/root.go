package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

const rootLong = `Rowan is a PostgreSQL-compatible database that branches and remembers.

Any PostgreSQL client connects to it. Each connection is on a branch of a database, and may look at any point
of the past:

    psql postgres://postgres@127.0.0.1:5433/app              the branch main of the database app
    psql postgres://postgres@127.0.0.1:5433/app/dev          its branch dev
    psql 'postgres://postgres@127.0.0.1:5433/app@-10 minutes'  as it was ten minutes ago, read only`

const rootExample = `  rowan demo                      branches, merges and the past at work, in a minute
  rowan serve                     a server with its data in ./data
  rowan serve --data-dir /var/lib/rowan --pg-addr 0.0.0.0:5432 --tls-cert cert.pem --tls-key key.pem`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "rowan", Short: "A PostgreSQL-compatible database that branches and remembers",
		Long: rootLong, Example: rootExample,
		SilenceErrors: true, SilenceUsage: true,
		Version: server.Version,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: "server", Title: "The server:"}, &cobra.Group{ID: "branches", Title: "Branches and history, on a running server:"},
		&cobra.Group{ID: "operations", Title: "Backups, checks and copies, of a running server or a data directory:"})
	for _, c := range []*cobra.Command{newServe(), newDemo(), newKey()} {
		c.GroupID = "server"
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{newBranch(), newLogCommand(), newDiff(), newMerge(), newTag(), newCommit(), newRevert(), newCherryPick(), newBlame(), newHistory()} {
		c.GroupID = "branches"
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{newBackup(), newRestore(), newCheck(), newDump(), newLoad(), newRotateKey()} {
		c.GroupID = "operations"
		root.AddCommand(c)
	}
	root.AddCommand(newVersion())
	return root
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "rowan %s (PostgreSQL %s)\n", server.Version, server.PostgreSQLVersion)
			return failed(err)
		},
	}
}
