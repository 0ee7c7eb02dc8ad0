package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

// source is what a command works on: a running server, or a data directory that no server uses.
type source struct {
	client
	dataDir string
	keyFile string
}

const sourceLong = `

It works on a running server, named by --url or --pg-addr, or with --data-dir on a data directory that no server uses.`

// sourceCommand completes a command that works on a source. jsonFlag is what --json does; "": there is none.
func sourceCommand(cmd *cobra.Command, s *source, jsonFlag string, run func(ctx context.Context, args []string) error) *cobra.Command {
	f := cmd.Flags()
	f.StringVar(&s.url, "url", "", "connection string, such as postgres://postgres@127.0.0.1:5433/app")
	f.StringVar(&s.addr, "pg-addr", "127.0.0.1:5433", "address of the server")
	f.StringVarP(&s.user, "user", "U", "postgres", "role to connect as")
	f.StringVarP(&s.database, "database", "d", "postgres", "database")
	f.StringVar(&s.dataDir, "data-dir", "", "data directory, instead of a running server")
	f.StringVar(&s.keyFile, "encryption-key-file", "", "file with the key of the data directory")
	if jsonFlag != "" {
		f.BoolVar(&s.json, "json", false, jsonFlag)
	}
	cmd.Long += sourceLong
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		given := cmd.Flags().Changed("data-dir")
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		if !given && (cmd.Flags().Changed("url") || cmd.Flags().Changed("pg-addr")) {
			s.dataDir = "" // that of the environment is the server's
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s.out = cmd.OutOrStdout()
		return failed(run(cmd.Context(), args))
	}
	return cmd
}

// open makes the source ready; close gives it back.
func (s *source) open(ctx context.Context) (closeIt func() error, err error) {
	if s.dataDir == "" {
		return func() error { return nil }, nil
	}
	if s.url != "" {
		return nil, errors.New("--data-dir and --url cannot be given together")
	}
	key, err := server.ReadKey(s.keyFile)
	if err != nil {
		return nil, err
	}
	o, err := server.OpenOffline(ctx, s.dataDir, key)
	if err != nil {
		return nil, err
	}
	s.url = fmt.Sprintf("host=%s port=%d user=postgres sslmode=disable dbname=", o.Host, server.Port)
	return o.Close, nil
}

// dial connects to a database of the source; "" is the one named on the command line.
func (s *source) dial(ctx context.Context, database string) (*pgconn.PgConn, error) {
	c := s.client
	if database == "" {
		database = s.database
	}
	switch {
	case s.dataDir != "":
		c.url += quoteWord(database)
	case c.url == "":
		c.database = database
	}
	return c.connect(ctx)
}

// with connects to the database named on the command line, and gives back all that this took afterwards.
func (s *source) with(ctx context.Context, f func(conn *pgconn.PgConn) error) (err error) {
	closeIt, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := closeIt(); err == nil {
			err = cerr
		}
	}()
	conn, err := s.dial(ctx, "")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // what was not committed is not wanted
	return f(conn)
}

// interval limits how often something is told.
type interval struct{ last time.Time }

func (i *interval) due() bool {
	if time.Since(i.last) < time.Second {
		return false
	}
	i.last = time.Now()
	return true
}
