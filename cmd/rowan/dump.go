package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
)

const dumpLong = `Write a branch as a script of SQL that psql loads into Rowan or into PostgreSQL: schemas, types, functions, sequences,
tables with their rows, keys, indexes, views, triggers and comments, in an order in which they can be made. With --as-of it is the
branch as it was at a point of its past.

Owners and privileges are left out, and so is what PostgreSQL does not know: branches, history, tags. Take a backup for those.`

const dumpExample = `  rowan dump --url postgres://postgres@127.0.0.1:5433/app > app.sql
  rowan dump -d app --branch dev --as-of '-1 hour' --to dev.sql
  rowan dump --data-dir ./data -d app --schema-only`

func newDump() *cobra.Command {
	d := &dump{}
	cmd := &cobra.Command{Use: "dump", Short: "Write a branch as SQL", Long: dumpLong, Example: dumpExample, Args: cobra.NoArgs}
	f := cmd.Flags()
	f.StringVarP(&d.branch, "branch", "b", "", "branch to dump (default: the database's default branch)")
	f.StringVar(&d.asOf, "as-of", "", "point of the branch's past: an SCN, a time, an interval such as '-1 hour', a tag")
	f.StringVar(&d.to, "to", "", "file to write (default: the standard output)")
	f.BoolVar(&d.schemaOnly, "schema-only", false, "leave the rows out")
	f.BoolVar(&d.dataOnly, "data-only", false, "write the rows alone")
	cmd.MarkFlagsMutuallyExclusive("schema-only", "data-only")
	return sourceCommand(cmd, &d.source, "", func(ctx context.Context, _ []string) error { return d.run(ctx) })
}

// dump writes one script.
type dump struct {
	source
	asOf, to             string
	schemaOnly, dataOnly bool
	conn                 *pgconn.PgConn
	w                    *bufio.Writer
	objects              *dumpGraph
}

func (d *dump) run(ctx context.Context) error {
	return d.with(ctx, func(conn *pgconn.PgConn) error {
		d.conn = conn
		return d.write(ctx)
	})
}

// write writes the script to where it is wanted; a file gets its name when it is complete.
func (d *dump) write(ctx context.Context) error {
	if d.to == "" {
		return d.script(ctx, d.out)
	}
	f, err := os.CreateTemp(dirOf(d.to), ".dump-*.part")
	if err != nil {
		return err
	}
	if err = d.script(ctx, f); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		return os.Rename(f.Name(), d.to)
	}
	_ = os.Remove(f.Name()) // the first error counts
	return err
}

func dirOf(file string) string {
	if i := strings.LastIndexByte(file, os.PathSeparator); i >= 0 {
		return file[:i+1]
	}
	return "."
}

// begin makes all that follows see one state.
func (d *dump) begin(ctx context.Context) error {
	sql := []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
	if d.asOf != "" {
		sql = append([]string{"SET rowan.as_of = " + literal(d.asOf)}, sql...)
	}
	sql = append(sql, "SET LOCAL search_path = pg_catalog", "SET LOCAL DateStyle = 'ISO, YMD'", "SET LOCAL IntervalStyle = postgres",
		"SET LOCAL extra_float_digits = 3", "SET LOCAL statement_timeout = 0")
	for _, s := range sql {
		if err := d.conn.Exec(ctx, s).Close(); err != nil {
			return plain(err)
		}
	}
	return nil
}

const dumpHead = `SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET client_min_messages = warning;
SELECT pg_catalog.set_config('search_path', '', false);
`

func (d *dump) script(ctx context.Context, w io.Writer) error {
	if err := d.begin(ctx); err != nil {
		return err
	}
	d.w = bufio.NewWriterSize(w, 256<<10)
	_, _ = d.w.WriteString("-- A branch of a database of Rowan\n\n" + dumpHead) // Flush tells
	for _, part := range dumpParts {
		if part.data && d.schemaOnly || !part.data && d.dataOnly {
			continue
		}
		if err := part.write(d, ctx); err != nil {
			return err
		}
	}
	return d.w.Flush()
}

// dumpPart is a part of the script: the statements that a query returns, or what a function writes.
type dumpPart struct {
	data  bool
	write func(d *dump, ctx context.Context) error
}

// statements makes a part of a query whose rows are statements.
func statements(sql string) dumpPart {
	return dumpPart{write: func(d *dump, ctx context.Context) error {
		rows, err := d.query(ctx, sql)
		for _, r := range rows {
			_, _ = fmt.Fprintf(d.w, "\n%s;\n", strings.TrimRight(string(r[0]), "; \n")) // Flush tells
		}
		return err
	}}
}

func (d *dump) query(ctx context.Context, sql string) ([][][]byte, error) {
	results, err := d.conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w\n  in %s", plain(err), sql)
	}
	return results[len(results)-1].Rows, nil
}

// rows writes the rows of all tables, each as a COPY.
func (d *dump) rows(ctx context.Context) error {
	tables, err := d.query(ctx, dumpTables)
	if err != nil {
		return err
	}
	for _, t := range tables {
		name, columns := string(t[0]), string(t[1])
		_, _ = fmt.Fprintf(d.w, "\nCOPY %s (%s) FROM stdin;\n", name, columns) // Flush tells
		if _, err := d.conn.CopyTo(ctx, d.w, fmt.Sprintf("COPY (SELECT %s FROM ONLY %s) TO STDOUT", columns, name)); err != nil {
			return plain(err)
		}
		_, _ = d.w.WriteString("\\.\n") // as above
	}
	return nil
}

// literal quotes a text.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// quoteWord quotes a value in a connection string.
func quoteWord(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// sequences writes where the sequences are.
func (d *dump) sequences(ctx context.Context) error {
	names, err := d.query(ctx, `SELECT `+tableName+` FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND `+userSchema+` ORDER BY c.oid`)
	if err != nil {
		return err
	}
	for _, n := range names {
		row, err := d.query(ctx, "SELECT last_value, is_called FROM "+string(n[0]))
		if err != nil {
			return err
		}
		called := "true"
		if string(row[0][1]) == "f" {
			called = "false"
		}
		_, _ = fmt.Fprintf(d.w, "\nSELECT pg_catalog.setval(%s, %s, %s);\n", literal(string(n[0])), row[0][0], called) // Flush tells
	}
	return nil
}
