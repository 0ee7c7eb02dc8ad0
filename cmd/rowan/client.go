package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const clientLong = `

It speaks to a running server over the PostgreSQL protocol. --url names server and database as psql would; without it the
address is --pg-addr. The password comes from PGPASSWORD, ~/.pgpass or ROWAN_PASSWORD.`

// client is a connection to a server and the way in which results are printed.
type client struct {
	url, addr, user, database, branch string
	json                              bool
	out                               io.Writer
}

// clientCommand completes a command that asks a server: its flags, and run with the arguments of the command line.
func clientCommand(cmd *cobra.Command, run func(ctx context.Context, c *client, args []string) error) *cobra.Command {
	c := &client{}
	c.flags(cmd.Flags())
	if cmd.Long == "" {
		cmd.Long = cmd.Short + "."
	}
	cmd.Long += clientLong
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.out = cmd.OutOrStdout()
		err := run(cmd.Context(), c, args)
		if wrong := (misuse{}); errors.As(err, &wrong) {
			return err
		}
		return failed(err)
	}
	return cmd
}

func (c *client) flags(f *pflag.FlagSet) {
	f.StringVar(&c.url, "url", "", "connection string, such as postgres://postgres@127.0.0.1:5433/app")
	f.StringVar(&c.addr, "pg-addr", "127.0.0.1:5433", "address of the server")
	f.StringVarP(&c.user, "user", "U", "postgres", "role to connect as")
	f.StringVarP(&c.database, "database", "d", "postgres", "database whose branches are meant")
	f.StringVarP(&c.branch, "branch", "b", "", "branch to work on (default: the database's default branch)")
	f.BoolVar(&c.json, "json", false, "print JSON")
}

func (c *client) connect(ctx context.Context) (*pgconn.PgConn, error) {
	cfg, err := c.config()
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["application_name"] = "rowan"
	if c.branch != "" {
		cfg.RuntimeParams["rowan.branch"] = c.branch
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, unconnected(err, net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))))
	}
	return conn, nil
}

// unconnected says why there is no connection, and what to do about it.
func unconnected(err error, addr string) error {
	var net *net.OpError
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e) && e.Code == pgerrcode.InvalidPassword:
		return fmt.Errorf("%w\n  PGPASSWORD, ~/.pgpass or ROWAN_PASSWORD has the password, --user the role.", plain(err))
	case errors.As(err, &net):
		return fmt.Errorf("cannot connect to %s: %w\n  Is a server running there? rowan serve starts one; --pg-addr or --url says where it is.", addr, net.Err)
	}
	return plain(err)
}

func (c *client) config() (*pgconn.Config, error) {
	if c.url != "" {
		cfg, err := pgconn.ParseConfig(c.url)
		if err != nil {
			return nil, fmt.Errorf("--url: %w", err)
		}
		if cfg.Password == "" {
			cfg.Password = os.Getenv("ROWAN_PASSWORD")
		}
		return cfg, nil
	}
	host, port, err := net.SplitHostPort(c.addr)
	if err != nil {
		return nil, fmt.Errorf("--pg-addr: %w", err)
	}
	word := func(key, value string) string {
		return key + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "' "
	}
	cfg, err := pgconn.ParseConfig(word("host", host) + word("port", port) + word("user", c.user) + word("dbname", c.database))
	if err == nil && cfg.Password == "" {
		cfg.Password = os.Getenv("ROWAN_PASSWORD")
	}
	return cfg, err
}

// misuse marks an error of the command line that shows only when the command runs.
type misuse struct{ error }

func wrong(text string) error { return misuse{errors.New(text)} }

// plain makes one line, or a line with a hint below it, of a server's error.
func plain(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	text := e.Message
	for _, more := range []string{e.Detail, e.Hint} {
		if more != "" {
			text += "\n  " + more
		}
	}
	return errors.New(text)
}

// show runs a query and prints what it returns. Arguments that are empty are NULL.
func (c *client) show(ctx context.Context, sql string, args ...string) error {
	_, err := c.rows(ctx, sql, args...)
	return err
}

// rows is show that also gives the rows to the caller; with --json no more than the first, as an object.
func (c *client) rows(ctx context.Context, sql string, args ...string) (rows [][][]byte, err error) {
	if c.json {
		return c.list(ctx, sql, args...)
	}
	res := &pgconn.Result{}
	res.FieldDescriptions, err = c.each(ctx, sql, args, func(row [][]byte) error {
		rows = append(rows, slices.Clone(row))
		for i, v := range row {
			rows[len(rows)-1][i] = bytes.Clone(v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	res.Rows = rows
	text := listing(res)
	if len(rows) == 0 {
		text = "none\n"
	}
	_, err = fmt.Fprint(c.out, text)
	return rows, err
}

// each passes on what a query returns, row by row.
func (c *client) each(ctx context.Context, sql string, args []string, f func(row [][]byte) error) ([]pgconn.FieldDescription, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // what has been done is committed
	params := make([][]byte, len(args))
	for i, a := range args {
		if a != "" {
			params[i] = []byte(a)
		}
	}
	res := conn.ExecParams(ctx, sql, params, nil, nil, nil)
	for res.NextRow() {
		if err := f(res.Values()); err != nil {
			return nil, err
		}
	}
	fields := slices.Clone(res.FieldDescriptions())
	if _, err := res.Close(); err != nil {
		return nil, plain(err)
	}
	return fields, nil
}

// list prints what a query returns as a list of JSON objects, and returns the first.
func (c *client) list(ctx context.Context, sql string, args ...string) (first [][][]byte, err error) {
	out := bufio.NewWriter(c.out)
	sep := "[\n  "
	_, err = c.each(ctx, "SELECT row_to_json(r) FROM ("+sql+") r", args, func(row [][]byte) error {
		if first == nil {
			first = [][][]byte{{bytes.Clone(row[0])}}
		}
		b := bytes.NewBufferString(sep)
		sep = ",\n  "
		if err := json.Indent(b, row[0], "  ", "  "); err != nil {
			return err
		}
		_, err := out.Write(b.Bytes())
		return err
	})
	switch {
	case err != nil && first == nil:
		return nil, err
	case first == nil:
		fmt.Fprintln(out, "[]")
	case err == nil:
		fmt.Fprint(out, "\n]\n")
	}
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return first, err
}

// script prints the last column of a query's rows as statements.
func (c *client) script(ctx context.Context, sql string, args ...string) error {
	out := bufio.NewWriter(c.out)
	_, err := c.each(ctx, sql, args, func(row [][]byte) error {
		_, err := fmt.Fprintf(out, "%s\n", row[len(row)-1])
		return err
	})
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}
