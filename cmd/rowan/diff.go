package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newDiff() *cobra.Command {
	var schema, sql bool
	cmd := clientCommand(&cobra.Command{
		Use: "diff FROM TO [TABLE]", Short: "Compare two branches, or two points of them", Args: cobra.RangeArgs(2, 3),
		Long: "Compare two branches: how many rows differ in each table, or the rows of one table.\n\nA side is a branch, branch@point or @point.",
		Example: `  rowan diff main dev                  rows that differ, by table
  rowan diff main dev orders           the rows themselves
  rowan diff 'main@-1 hour' main       what the last hour changed
  rowan diff main dev --schema         tables, columns, indexes ... that differ
  rowan diff main dev --sql            statements that make main what dev is`,
	}, func(ctx context.Context, c *client, args []string) error {
		switch {
		case len(args) == 3 && (schema || sql):
			return wrong("--schema and --sql are of whole branches: leave out the table")
		case schema:
			return c.show(ctx, "SELECT * FROM rowan.schema_diff($1, $2)", args[:2]...)
		case sql && !c.json:
			return c.script(ctx, "SELECT * FROM rowan.diff_sql($1, $2)", args[:2]...)
		case sql:
			return c.show(ctx, "SELECT * FROM rowan.diff_sql($1, $2)", args[:2]...)
		case len(args) == 2 && !c.json:
			return c.show(ctx, `SELECT table_name AS "table", inserts, updates, deletes, cells_changed AS cells FROM rowan.diff_stat($1, $2)`, args...)
		case len(args) == 2:
			return c.show(ctx, "SELECT * FROM rowan.diff_stat($1, $2)", args...)
		}
		// The columns follow from the table, so the names must be literals.
		return c.show(ctx, "SELECT * FROM rowan.diff("+quoted(args[0])+", "+quoted(args[1])+", "+quoted(args[2])+")")
	})
	cmd.Flags().BoolVar(&schema, "schema", false, "compare the schemas")
	cmd.Flags().BoolVar(&sql, "sql", false, "print SQL that turns the first side into the second")
	cmd.MarkFlagsMutuallyExclusive("schema", "sql")
	return cmd
}
