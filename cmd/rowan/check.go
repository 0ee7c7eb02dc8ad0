package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
	"github.com/rowandb/rowan/storage"
)

const checkLong = `Verify that the data is what was written, and whole: files, every key, the history of every row, the log,
every index entry against its row and every row against its entries on every branch, counts, and constraints.

The exit code is 1 when something is wrong; each problem is a line that begins with its kind.`

func newCheck() *cobra.Command {
	s, points, constraints := &source{}, 0, true
	cmd := &cobra.Command{
		Use: "check", Short: "Verify the data", Long: checkLong, Args: cobra.NoArgs,
		Example: "  rowan check --data-dir /var/lib/rowan\n  rowan check --url postgres://postgres@db:5432/postgres --json",
	}
	f := cmd.Flags()
	f.IntVar(&points, "points", 0, "look at each branch at so many points of its past, too")
	f.BoolVar(&constraints, "constraints", true, "look at CHECK constraints and foreign keys, too")
	return sourceCommand(cmd, s, "print JSON", func(ctx context.Context, _ []string) error {
		c := &checkRun{source: s, points: points, constraints: constraints, errOut: cmd.ErrOrStderr(), seen: map[storage.Problem]bool{}, started: time.Now()}
		return c.run(ctx)
	})
}

type checkRun struct {
	*source
	points      int
	constraints bool
	errOut      io.Writer
	told        interval
	seen        map[storage.Problem]bool
	problems    []storage.Problem
	started     time.Time
}

func (c *checkRun) run(ctx context.Context) error {
	opens := true
	if c.dataDir != "" {
		key, err := server.ReadKey(c.keyFile)
		if err != nil {
			return err
		}
		var found []storage.Problem
		if found, opens, err = server.Verify(ctx, c.dataDir, key, c.progress); err != nil {
			return err
		}
		c.add(found...)
	}
	if opens {
		if err := c.bySQL(ctx); err != nil {
			if len(c.problems) == 0 {
				return err
			}
			c.add(storage.Problem{Kind: storage.ProblemUnreadable, Where: c.dataDir, Text: err.Error()})
		}
	}
	return c.tell()
}

func (c *checkRun) progress(phase string, done, total int64) {
	if !c.json && c.told.due() {
		_, _ = fmt.Fprintf(c.errOut, "checking %s: %d of %d\n", phase, done, total) // for people
	}
}

func (c *checkRun) add(found ...storage.Problem) {
	for _, p := range found {
		if !c.seen[p] {
			c.seen[p] = true
			c.problems = append(c.problems, p)
		}
	}
}

// bySQL lets the server look: at everything from the first database, then at the tables of the others.
func (c *checkRun) bySQL(ctx context.Context) error {
	closeIt, err := c.open(ctx)
	if err != nil {
		return err
	}
	names, err := c.column(ctx, "", "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname")
	scope := "all"
	for _, n := range names {
		if err == nil {
			c.progress("database "+n, 0, 1)
			err = c.database1(ctx, n, scope)
			scope = "database"
		}
	}
	return errors.Join(err, closeIt())
}

func (c *checkRun) database1(ctx context.Context, name, scope string) error {
	conn, err := c.dial(ctx, name)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only reads
	params := [][]byte{[]byte(strconv.Itoa(c.points)), []byte(strconv.FormatBool(c.constraints)), []byte(scope)}
	res := conn.ExecParams(ctx, "SELECT kind, coalesce(place, ''), coalesce(key, ''), problem FROM rowan.check($1::int, $2::bool, $3)", params, nil, nil, nil).Read()
	if res.Err != nil {
		return plain(res.Err)
	}
	for _, r := range res.Rows {
		c.add(storage.Problem{Kind: string(r[0]), Where: string(r[1]), Key: string(r[2]), Text: string(r[3])})
	}
	return nil
}

func (c *checkRun) tell() error {
	if c.json {
		list := c.problems
		if list == nil {
			list = []storage.Problem{}
		}
		b, err := json.MarshalIndent(map[string]any{"ok": len(list) == 0, "problems": list, "seconds": time.Since(c.started).Seconds()}, "", "  ")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c.out, "%s\n", b); err != nil {
			return err
		}
	} else {
		for _, p := range c.problems {
			if _, err := fmt.Fprintln(c.out, p); err != nil {
				return err
			}
		}
	}
	if n := len(c.problems); n > 0 {
		return fmt.Errorf("%d problems were found", n)
	}
	if !c.json {
		_, err := fmt.Fprintln(c.out, "no problems were found")
		return err
	}
	return nil
}

// column runs a query for one column.
func (s *source) column(ctx context.Context, database, sql string) (out []string, err error) {
	conn, err := s.dial(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only reads
	res := conn.ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	for _, r := range res.Rows {
		out = append(out, string(r[0]))
	}
	if res.Err != nil {
		return nil, plain(res.Err)
	}
	return out, nil
}
