package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

const demoLong = `Start a server with sample data in a temporary directory, which is removed at the end.

It listens on this machine only and asks for no password. What to try is printed at the start.`

func newDemo() *cobra.Command {
	cfg := server.Config{Auth: server.AuthTrust, Memory: server.MemorySmall}
	cmd := &cobra.Command{
		Use: "demo", Short: "Start a throw-away server with sample data", Long: demoLong, Args: cobra.NoArgs,
		Example: "  rowan demo\n  rowan demo --pg-addr 127.0.0.1:6000",
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := newLog("warn", cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			cfg.Log, cfg.Out = log, cmd.OutOrStdout()
			return failed(demo(cmd.Context(), cfg))
		},
	}
	cmd.Flags().StringVar(&cfg.PGAddr, "pg-addr", "127.0.0.1:5433", "address for PostgreSQL clients")
	cmd.Flags().StringVar(&cfg.HTTPAddr, "http-addr", "127.0.0.1:8080", "address of the HTTP API; empty for none")
	return cmd
}

// demo runs a server with sample data until the context ends, and leaves nothing behind.
func demo(ctx context.Context, cfg server.Config) (err error) {
	cfg.DataDir, err = os.MkdirTemp("", "rowan-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(cfg.DataDir) }() // what stays is in the temporary directory
	s, err := server.StartDemo(ctx, cfg)
	if err != nil {
		return err
	}
	return wait(ctx, s)
}
