package main

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// demoStory is a script: remarks, statements that end with their line, and \c for the branch from there on.
//
//go:embed demo.sql
var demoStory string

// tell runs the story in the demo's database and prints it as it goes.
func (d *demo) tell(ctx context.Context) error {
	conns := map[string]*pgconn.PgConn{}
	defer func() {
		for _, c := range conns {
			_ = c.Close(context.WithoutCancel(ctx)) // all has been committed
		}
	}()
	branch := "main"
	var statement strings.Builder
	for line := range strings.Lines(demoStory) {
		trimmed := strings.TrimSpace(line)
		name, connect := strings.CutPrefix(trimmed, `\c `)
		switch {
		case connect:
			branch = name
		case statement.Len() == 0 && (trimmed == "" || strings.HasPrefix(trimmed, "--")):
			_, _ = fmt.Fprint(d.out, line) // a closed terminal shows at the next statement
		default:
			statement.WriteString(line)
		}
		if connect || !strings.HasSuffix(trimmed, ";") || statement.Len() == 0 {
			continue
		}
		if conns[branch] == nil {
			c, err := d.connect(ctx, demoDatabase+"/"+branch)
			if err != nil {
				return err
			}
			conns[branch] = c
		}
		if err := d.statement(ctx, conns[branch], branch, statement.String()); err != nil {
			return err
		}
		statement.Reset()
	}
	return nil
}

// statement prints a statement, runs it and prints what it returns.
func (d *demo) statement(ctx context.Context, c *pgconn.PgConn, branch, sql string) error {
	prompt := branch + "=> "
	for line := range strings.Lines(strings.TrimSpace(sql)) {
		_, _ = fmt.Fprint(d.out, prompt, line) // see above
		prompt = strings.Repeat(" ", len(prompt))
	}
	_, _ = fmt.Fprintln(d.out)
	results, err := c.Exec(ctx, sql).ReadAll()
	if err != nil {
		return err
	}
	for _, r := range results {
		if _, err := fmt.Fprintln(d.out, show(r)); err != nil {
			return err
		}
	}
	return nil
}
