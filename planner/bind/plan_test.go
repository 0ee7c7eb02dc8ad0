package bind_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// TestPlan shows the plans and commands that statements become.
func TestPlan(t *testing.T) {
	c := newCatalog()
	datadriven.Walk(t, "testdata/plan", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return plan(c, d.Input) + "\n" })
	})
}

func plan(c testCatalog, sql string) string {
	stmts, err := parse.Parse(sql)
	if err != nil {
		return ourError(sql, err)
	}
	params := []types.Type{}
	b, err := bind.Bind(stmts[0], c, &params, bind.Options{Fold: fold})
	if err != nil {
		return ourError(sql, err)
	}
	head := b.Tag
	if b.ReadOnly {
		head += " (read only)"
	}
	for _, r := range b.Refs {
		head += fmt.Sprintf(" ref %s@%s", r.Branch, r.Point)
	}
	if b.Node == nil {
		return head + "\n" + commandText(b.Command)
	}
	if err := logical.Check(b.Node, expr.ColumnSet{}); err != nil {
		return "INVALID PLAN: " + err.Error() + "\n" + logical.Format(b.Node)
	}
	return head + "\n" + strings.TrimRight(logical.Format(b.Node), "\n")
}

// commandText prints a command without addresses.
func commandText(c command.Command) string {
	text := func(b *bool) string {
		if b == nil {
			return "-"
		}
		return fmt.Sprint(*b)
	}
	switch c := c.(type) {
	case *command.Transaction:
		return fmt.Sprintf("%s %q chain=%v isolation=%q readonly=%s", c.Kind, c.Savepoint, c.Chain, c.Modes.Isolation, text(c.Modes.ReadOnly))
	case *command.Do:
		return fmt.Sprintf("%s %q", c.Language, c.Body)
	case *command.Prepare:
		var names []string
		for _, t := range c.Types {
			names = append(names, t.Name)
		}
		return fmt.Sprintf("%s %v %q", c.Name, names, c.Query)
	case *command.Execute:
		var args []string
		for _, a := range c.Args {
			args = append(args, expr.SQL(a, expr.SQLOptions{}))
		}
		return c.Name + " " + strings.Join(args, ", ")
	case *command.Copy:
		name := ""
		if c.Table != nil {
			name = c.Table.Name
		}
		return fmt.Sprintf("table=%s columns=%d query=%q %+v", name, len(c.Columns), c.Query, c.Options)
	}
	return strings.TrimPrefix(fmt.Sprintf("%+v", c), "&")
}
