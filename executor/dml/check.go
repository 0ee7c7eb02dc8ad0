package dml

import (
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// checker tests new rows: NOT NULL first, then CHECK constraints, as PostgreSQL does. Storage tests NOT NULL again; it is
// here for the order of errors and their detail.
type checker struct {
	env     *op.Env
	table   *catalog.Table
	columns []catalog.ColumnID
	given   []catalog.ColumnID // those that the statement writes by name
	notNull []int              // positions
	names   []string
	prog    *eval.Program
}

func newChecker(t *catalog.Table, columns, given []catalog.ColumnID, checks []physical.RowCheck, env *op.Env) (checker, error) {
	c := checker{env: env, table: t, columns: columns, given: given}
	for i, id := range columns {
		if col := t.ColumnByID(id); col != nil && col.NotNull {
			c.notNull = append(c.notNull, i)
		}
	}
	if len(checks) == 0 {
		return c, nil
	}
	exprs := make([]expr.Expr, len(checks))
	for i, k := range checks {
		exprs[i] = k.Expr
		c.names = append(c.names, k.Name)
	}
	var err error
	c.prog, err = eval.Compile(exprs, env)
	return c, err
}

// test returns the error of the first live row that breaks a constraint, or for which one cannot be evaluated.
func (c *checker) test(rows *vector.Batch) error {
	_, err := c.first(rows)
	return err
}

// first is test that says which row it is.
func (c *checker) first(rows *vector.Batch) (row int, err error) {
	first, fail := rows.Live(), func(int) error { return nil }
	for _, col := range c.notNull {
		v := rows.Cols[col]
		if len(v.Nulls) == 0 {
			continue
		}
		for k := range first {
			if v.IsNull(rows.Row(k)) {
				first, fail = k, func(i int) error { return c.nullError(rows, i, col) }
				break
			}
		}
	}
	if c.prog == nil || first == 0 {
		return c.report(rows, first, fail)
	}
	out, err := c.prog.Run(rows)
	if err != nil {
		return c.singly(rows, err)
	}
	for n, v := range out {
		for k := range first {
			if i := rows.Row(k); !v.IsNull(i) && v.Datum(i).I == 0 {
				first, fail = k, func(i int) error { return c.checkError(rows, i, c.names[n]) }
				break
			}
		}
	}
	return c.report(rows, first, fail)
}

func (c *checker) report(rows *vector.Batch, k int, fail func(i int) error) (int, error) {
	if k == rows.Live() {
		return 0, nil
	}
	i := rows.Row(k)
	return i, fail(i)
}

// singly tests rows one by one after an error that some of them have raised.
func (c *checker) singly(rows *vector.Batch, raised error) (row int, err error) {
	for k := range rows.Live() {
		row = rows.Row(k)
		if rows.Live() == 1 {
			break
		}
		if err := c.test(&vector.Batch{Cols: rows.Cols, N: rows.N, Sel: []uint16{uint16(row)}}); err != nil {
			return row, err
		}
	}
	return row, raised
}

func (c *checker) nullError(rows *vector.Batch, i, col int) error {
	name := c.table.ColumnByID(c.columns[col]).Name
	return c.withRow(pgerr.New(pgerrcode.NotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
		name, c.table.Name), rows, i).WithTable(c.schema(), c.table.Name, name, "")
}

func (c *checker) checkError(rows *vector.Batch, i int, name string) error {
	return c.withRow(pgerr.New(pgerrcode.CheckViolation, "new row for relation \"%s\" violates check constraint \"%s\"",
		c.table.Name, name), rows, i).WithTable(c.schema(), c.table.Name, "", name)
}

func (c *checker) schema() string {
	switch c.table.Schema {
	case catalog.PgCatalog:
		return "pg_catalog"
	case catalog.Public:
		return "public"
	}
	return ""
}

// withRow shows a row as the detail of a violated constraint: values longer than 64 bytes are cut. Who may not read the whole
// table sees the columns that he may read and those that he has written himself, by name.
func (c *checker) withRow(err *pgerr.Error, rows *vector.Batch, i int) *pgerr.Error {
	sight := c.env.Sight(c.table)
	if !sight.Rows {
		return err
	}
	var names, values []string
	for _, col := range c.table.Live() {
		at := c.position(col.ID)
		if at < 0 || !sight.Columns(col.ID) && !slices.Contains(c.given, col.ID) {
			continue
		}
		names = append(names, col.Name)
		values = append(values, c.shown(rows.Cols[at], i))
	}
	switch row := strings.Join(values, ", "); {
	case sight.All:
		return err.WithDetail("Failing row contains (%s).", row)
	case len(names) == 0:
		return err
	default:
		return err.WithDetail("Failing row contains (%s) = (%s).", strings.Join(names, ", "), row)
	}
}

func (c *checker) shown(v *vector.Vector, i int) string {
	d := v.Datum(i)
	if d.Null {
		return "null"
	}
	return clip(types.Text(v.Type, d, c.env.Format()))
}

func (c *checker) position(id catalog.ColumnID) int {
	for i, x := range c.columns {
		if x == id {
			return i
		}
	}
	return -1
}

// maxShown is the most bytes of a value that the detail shows.
const maxShown = 64

func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// view looks at bytes as a string; they must not change afterwards.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
