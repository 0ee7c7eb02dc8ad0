package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
)

const loadLong = `Run a script of SQL, such as rowan dump and pg_dump write, in one transaction: all of it is there afterwards, or
nothing. Lines that begin with a backslash are psql's; only the end of COPY's data is understood.`

func newLoad() *cobra.Command {
	l := &load{}
	cmd := &cobra.Command{Use: "load FILE", Short: "Run a script of SQL", Long: loadLong, Example: "  rowan load app.sql -d app\n  rowan dump -d app | rowan load - -d copy", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVarP(&l.branch, "branch", "b", "", "branch to load into (default: the database's default branch)")
	return sourceCommand(cmd, &l.source, "", func(ctx context.Context, args []string) error {
		l.errOut = cmd.ErrOrStderr()
		return l.run(ctx, args[0], cmd.InOrStdin())
	})
}

// load runs one script.
type load struct {
	source
	errOut     io.Writer
	told       interval
	conn       *pgconn.PgConn
	in         *bufio.Reader
	line       int
	bytes      int64
	statements int
}

func (l *load) run(ctx context.Context, file string, stdin io.Reader) error {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was read only
		in = f
	}
	l.in = bufio.NewReaderSize(in, 1<<20)
	return l.with(ctx, func(conn *pgconn.PgConn) error {
		l.conn = conn
		return l.all(ctx)
	})
}

// all runs the script as one transaction.
func (l *load) all(ctx context.Context) error {
	for _, step := range []func() error{func() error { return l.exec(ctx, "BEGIN") }, func() error { return l.script(ctx) }, func() error { return l.exec(ctx, "COMMIT") }} {
		if err := step(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(l.out, "%d statements were run\n", l.statements-2)
	return err
}

func (l *load) exec(ctx context.Context, sql string) error {
	l.statements++
	if _, err := l.conn.Exec(ctx, sql).ReadAll(); err != nil {
		return fmt.Errorf("before line %d: %w", l.line+1, plain(err))
	}
	if l.told.due() {
		_, _ = fmt.Fprintf(l.errOut, "line %d, %d MB\n", l.line, l.bytes>>20) // for people
	}
	return nil
}

// script runs statement after statement.
func (l *load) script(ctx context.Context) error {
	var sql strings.Builder
	var s splitter
	for {
		line, err := l.next()
		if len(line) > 0 {
			if !s.open() && strings.TrimSpace(sql.String()) == "" && line[0] == '\\' {
				continue
			}
			for _, c := range line {
				sql.WriteByte(c)
				if !s.feed(c) {
					continue
				}
				if err := l.statement(ctx, sql.String()); err != nil {
					return err
				}
				sql.Reset()
			}
		}
		if errors.Is(err, io.EOF) {
			if strings.TrimSpace(sql.String()) == "" {
				return nil
			}
			return l.statement(ctx, sql.String())
		}
		if err != nil {
			return err
		}
	}
}

func (l *load) next() ([]byte, error) {
	line, err := l.in.ReadBytes('\n')
	l.line++
	l.bytes += int64(len(line))
	return line, err
}

func (l *load) statement(ctx context.Context, sql string) error {
	words := strings.Fields(strings.ToLower(strings.TrimRight(withoutComments(sql), "; \n\t")))
	switch {
	case len(words) == 0:
		return nil
	case words[0] == "copy" && words[len(words)-1] == "stdin":
		return l.copy(ctx, sql)
	}
	return l.exec(ctx, sql)
}

// withoutComments drops the comment lines before a statement.
func withoutComments(sql string) string {
	for {
		sql = strings.TrimSpace(sql)
		if !strings.HasPrefix(sql, "--") {
			return sql
		}
		_, sql, _ = strings.Cut(sql, "\n")
	}
}

// copy feeds the lines up to the end mark.
func (l *load) copy(ctx context.Context, sql string) error {
	l.statements++
	at := l.line
	if _, err := l.conn.CopyFrom(ctx, &copyLines{l: l}, sql); err != nil {
		return fmt.Errorf("in the rows from line %d: %w", at+1, plain(err))
	}
	return nil
}

// copyLines reads lines up to \. on a line of its own.
type copyLines struct {
	l    *load
	rest []byte
	done bool
}

// Read implements io.Reader.
func (c *copyLines) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.done {
			return 0, io.EOF
		}
		line, err := c.l.next()
		if bytes.Equal(bytes.TrimRight(line, "\r\n"), []byte(`\.`)) || len(line) == 0 && err != nil {
			c.done = true
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		c.rest = line
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	if c.l.told.due() {
		_, _ = fmt.Fprintf(c.l.errOut, "line %d, %d MB\n", c.l.line, c.l.bytes>>20) // for people
	}
	return n, nil
}
