package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

// grace is how long clients may take to go when the server is told to end.
const grace = 10 * time.Second

const serveLong = `Start a server and keep it running until Ctrl-C or SIGTERM.

The data directory is made at the first start, with the database postgres, its branch main, and the superuser
postgres. The superuser's password is the one in ROWAN_PASSWORD, or is made up and shown once.

Every flag can also be given in the environment: --data-dir as ROWAN_DATA_DIR, --pg-addr as ROWAN_PG_ADDR, and so
on. A flag counts more.`

const serveExample = `  rowan serve
  ROWAN_PASSWORD=secret rowan serve --data-dir /var/lib/rowan
  rowan serve --auth trust                        no passwords; only this machine can connect
  rowan serve --pg-addr 0.0.0.0:5432 --tls-cert cert.pem --tls-key key.pem
  rowan serve --http-addr ''                      without the HTTP API`

func newServe() *cobra.Command {
	var cfg server.Config
	var auth, memory, level, keyFile string
	cmd := &cobra.Command{
		Use: "serve", Short: "Start a server", Long: serveLong, Example: serveExample, Args: cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := newLog(level, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			cfg.Auth, cfg.Memory, cfg.Log, cfg.Out = server.Auth(auth), server.Memory(memory), log, cmd.OutOrStdout()
			cfg.Password, cfg.HTTP.JWT.Secret = superuserPassword(), jwtSecret()
			if cfg.Key, err = server.ReadKey(keyFile); err != nil {
				return failed(err)
			}
			cfg.Memory.Limit()
			return failed(serve(cmd.Context(), cfg))
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.DataDir, "data-dir", "./data", "where the data is kept; made when missing")
	f.StringVar(&cfg.PGAddr, "pg-addr", "127.0.0.1:5433", "address for PostgreSQL clients")
	f.StringVar(&cfg.HTTPAddr, "http-addr", "127.0.0.1:8080", "address of the HTTP API; empty for none")
	f.StringVar(&auth, "auth", string(server.AuthSCRAM), "how clients prove who they are: scram-sha-256, or trust on loopback addresses")
	f.StringVar(&cfg.TLSCert, "tls-cert", "", "PEM file with the server's certificate")
	f.StringVar(&cfg.TLSKey, "tls-key", "", "PEM file with the certificate's key")
	f.StringVar(&keyFile, "encryption-key-file", "", "file with the key that encrypts the data: 16, 24 or 32 bytes, hexadecimal or base64")
	f.StringVar(&memory, "memory", string(server.MemoryNormal), "how much to use: small, normal or large, or a size such as 512MB")
	f.IntVar(&cfg.MaxConnections, "max-connections", 100, "the most sessions at a time")
	f.StringVar(&level, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&cfg.PprofAddr, "pprof-addr", "", "loopback address that serves profiles of the process")
	httpFlags(f, &cfg.HTTP)
	_ = f.MarkHidden("pprof-addr") // fails only for a flag that is not there
	return cmd
}

// serve runs a server until the context ends or the server fails.
func serve(ctx context.Context, cfg server.Config) error {
	s, err := server.Start(ctx, cfg)
	if err != nil {
		return err
	}
	return wait(ctx, s)
}

// wait waits for the end and stops the server.
func wait(ctx context.Context, s *server.Server) error {
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-s.Failed():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := s.Stop(stopping); failure == nil {
		return err
	}
	return failure
}
