package conformance

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"
)

// TestDiffSQL changes schema and rows of a branch at random, and turns a copy of where it began into it by the script that
// rowan.diff_sql writes: then nothing differs, in either direction.
func TestDiffSQL(t *testing.T) {
	conn := diffConn(t)
	n := 0
	check := func(rt *rapid.T) {
		n++
		d := newDiffWorld(rt, conn, n)
		d.run()
	}
	if os.Getenv("ROWAN_LONG") == "" {
		runs := 0
		rapid.Check(t, func(rt *rapid.T) {
			if runs++; runs > 25 {
				return
			}
			check(rt)
		})
		return
	}
	rapid.Check(t, check)
}

// diffConn connects to a server of its own.
func diffConn(t *testing.T) *pgx.Conn {
	conn, err := pgx.Connect(t.Context(), startRowan(t).url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func newDiffWorld(t *rapid.T, conn *pgx.Conn, n int) *diffWorld {
	return &diffWorld{t: t, fail: t, conn: conn, db: n}
}

// diffWorld is one run: branches b<n> (changed), c<n> (the copy).
type diffWorld struct {
	t      *rapid.T
	fail   interface{ Fatalf(string, ...any) }
	conn   *pgx.Conn
	db     int
	tables []diffTable
	names  int
}

type diffTable struct {
	name    string
	columns []diffColumn
	keyed   bool
	gone    []string // names of columns that were dropped
}

type diffColumn struct{ name, typ string }

func (d *diffWorld) exec(sql string) error {
	_, err := d.conn.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
	return err
}

func (d *diffWorld) must(sql string) {
	if err := d.exec(sql); err != nil {
		d.fail.Fatalf("%s: %v", sql, err)
	}
}

func (d *diffWorld) strings(sql string) (out []string) {
	rows, err := d.conn.Query(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		d.fail.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			d.fail.Fatalf("%s: %v", sql, err)
		}
		out = append(out, s)
	}
	if rows.Err() != nil {
		d.fail.Fatalf("%s: %v", sql, rows.Err())
	}
	return out
}

func (d *diffWorld) name(prefix string) string {
	d.names++
	return fmt.Sprintf("%s%d", prefix, d.names)
}

var diffTypes = map[string][]string{
	"int":           {"0", "1", "-7", "NULL"},
	"text":          {"'a'", `'it''s \ odd'`, "''", "NULL"},
	"numeric(10,2)": {"1.50", "-3", "NULL"},
	"boolean":       {"true", "false", "NULL"},
	"timestamptz":   {"'2024-02-29 12:00:00+02'", "NULL"},
	"jsonb":         {`'{"a": [1, null]}'`, "NULL"},
	"int[]":         {"'{1,NULL,3}'", "'{}'", "NULL"},
	"bytea":         {`'\x00ff'`, "NULL"},
}

func (d *diffWorld) drawType() string {
	return rapid.SampledFrom([]string{"int", "text", "numeric(10,2)", "boolean", "timestamptz", "jsonb", "int[]", "bytea"}).Draw(d.t, "type")
}

func (d *diffWorld) value(typ string) string {
	return rapid.SampledFrom(diffTypes[typ]).Draw(d.t, "value")
}

func (d *diffWorld) table() *diffTable {
	if len(d.tables) == 0 {
		d.newTable()
	}
	return &d.tables[rapid.IntRange(0, len(d.tables)-1).Draw(d.t, "table")]
}

func (d *diffWorld) newTable() {
	x := diffTable{name: d.name("t"), keyed: rapid.IntRange(0, 3).Draw(d.t, "keyed") > 0}
	x.columns = []diffColumn{{"id", "int"}}
	parts := []string{"id int"}
	if x.keyed {
		parts[0] += " PRIMARY KEY"
	}
	for range rapid.IntRange(0, 3).Draw(d.t, "columns") {
		c := diffColumn{d.name("c"), d.drawType()}
		x.columns = append(x.columns, c)
		part := c.name + " " + c.typ
		if c.typ == "int" && rapid.Bool().Draw(d.t, "unique") {
			part += " UNIQUE"
		}
		parts = append(parts, part)
	}
	d.must("CREATE TABLE " + x.name + " (" + strings.Join(parts, ", ") + ")")
	d.tables = append(d.tables, x)
}

func (d *diffWorld) insert() {
	x := d.table()
	var values []string
	for _, c := range x.columns {
		if c.name == "id" {
			values = append(values, fmt.Sprint(rapid.IntRange(1, 9).Draw(d.t, "id")))
		} else {
			values = append(values, d.value(c.typ))
		}
	}
	_ = d.exec("INSERT INTO " + x.name + " VALUES (" + strings.Join(values, ", ") + ")")
}

func (d *diffWorld) update() {
	x := d.table()
	c := x.columns[rapid.IntRange(0, len(x.columns)-1).Draw(d.t, "column")]
	value := "id + 10"
	if c.name != "id" {
		value = d.value(c.typ)
	}
	_ = d.exec(fmt.Sprintf("UPDATE %s SET %s = %s WHERE id = %d", x.name, c.name, value, rapid.IntRange(1, 9).Draw(d.t, "id")))
}

func (d *diffWorld) delete() {
	_ = d.exec(fmt.Sprintf("DELETE FROM %s WHERE id = %d", d.table().name, rapid.IntRange(1, 9).Draw(d.t, "id")))
}

func (d *diffWorld) addColumn() {
	x := d.table()
	c := diffColumn{d.name("c"), d.drawType()}
	if len(x.gone) > 0 && rapid.Bool().Draw(d.t, "again") {
		c.name, x.gone = x.gone[0], x.gone[1:]
	}
	def := ""
	if rapid.Bool().Draw(d.t, "default") {
		if v := d.value(c.typ); v != "NULL" {
			def = " DEFAULT " + v
			if rapid.Bool().Draw(d.t, "not null") {
				def += " NOT NULL"
			}
		}
	}
	d.must("ALTER TABLE " + x.name + " ADD COLUMN " + c.name + " " + c.typ + def)
	x.columns = append(x.columns, c)
}

func (d *diffWorld) dropColumn() {
	x := d.table()
	if len(x.columns) < 2 {
		return
	}
	i := rapid.IntRange(1, len(x.columns)-1).Draw(d.t, "column")
	if d.exec("ALTER TABLE "+x.name+" DROP COLUMN "+x.columns[i].name) == nil { // a view may need it
		x.gone = append(x.gone, x.columns[i].name)
		x.columns = append(x.columns[:i:i], x.columns[i+1:]...)
	}
}

func (d *diffWorld) rename() {
	x := d.table()
	if rapid.Bool().Draw(d.t, "table") || len(x.columns) < 2 {
		to := d.name("t")
		d.must("ALTER TABLE " + x.name + " RENAME TO " + to)
		x.name = to
		return
	}
	i := rapid.IntRange(1, len(x.columns)-1).Draw(d.t, "column")
	to := d.name("c")
	d.must("ALTER TABLE " + x.name + " RENAME COLUMN " + x.columns[i].name + " TO " + to)
	x.columns[i].name = to
}

func (d *diffWorld) alter() {
	x := d.table()
	c := x.columns[rapid.IntRange(0, len(x.columns)-1).Draw(d.t, "column")]
	col := "ALTER TABLE " + x.name + " ALTER COLUMN " + c.name + " "
	switch rapid.IntRange(0, 6).Draw(d.t, "what") {
	case 0:
		_ = d.exec(col + "SET DEFAULT " + d.value(c.typ))
	case 1:
		_ = d.exec(col + "DROP DEFAULT")
	case 2:
		_ = d.exec(col + "SET NOT NULL")
	case 3:
		_ = d.exec(col + "DROP NOT NULL")
	case 4:
		_ = d.exec("CREATE INDEX ON " + x.name + " (" + c.name + ")")
	case 5:
		_ = d.exec("ALTER TABLE " + x.name + " ADD CHECK (" + c.name + " IS NOT NULL OR id > -100)")
	case 6:
		d.must("COMMENT ON COLUMN " + x.name + "." + c.name + " IS 'about it'")
	}
}

func (d *diffWorld) reference() {
	x, y := d.table(), d.table()
	if y.keyed {
		_ = d.exec("ALTER TABLE " + x.name + " ADD FOREIGN KEY (id) REFERENCES " + y.name)
	}
}

func (d *diffWorld) dropTable() {
	if len(d.tables) < 2 {
		return
	}
	i := rapid.IntRange(0, len(d.tables)-1).Draw(d.t, "table")
	if d.exec("DROP TABLE "+d.tables[i].name) == nil {
		d.tables = append(d.tables[:i:i], d.tables[i+1:]...)
	}
}

func (d *diffWorld) object() {
	x := d.table()
	switch rapid.IntRange(0, 3).Draw(d.t, "object") {
	case 0:
		d.must("CREATE VIEW " + d.name("v") + " AS SELECT * FROM " + x.name)
	case 1:
		d.must("CREATE SEQUENCE " + d.name("s") + " INCREMENT 3")
	case 2:
		d.must("CREATE TYPE " + d.name("e") + " AS ENUM ('a', 'b')")
	case 3:
		d.must("CREATE SCHEMA " + d.name("n"))
	}
}

func (d *diffWorld) steps(n int) {
	for range rapid.IntRange(1, n).Draw(d.t, "steps") {
		steps := []func(){d.newTable, d.insert, d.insert, d.insert, d.update, d.update, d.delete, d.addColumn, d.dropColumn, d.rename, d.alter, d.alter, d.reference, d.dropTable, d.object}
		steps[rapid.IntRange(0, len(steps)-1).Draw(d.t, "step")]()
	}
}

func (d *diffWorld) run() {
	from, to, copied := fmt.Sprintf("a%d", d.db), fmt.Sprintf("b%d", d.db), fmt.Sprintf("c%d", d.db)
	d.must("SELECT rowan.create_branch('" + from + "', source => 'main')")
	d.must("SET rowan.branch = " + from)
	d.steps(12)
	d.must("SELECT rowan.create_branch('" + to + "')")
	d.must("SELECT rowan.create_branch('" + copied + "')")
	d.must("SET rowan.branch = " + to)
	d.steps(20)
	d.turn(copied, to)
	d.sameColumns(copied, to)
	d.turn(copied, from)
	d.must("SET rowan.branch = main")
}

// turn makes one branch what another is.
func (d *diffWorld) turn(copied, to string) {
	script := d.strings(fmt.Sprintf("SELECT statement FROM rowan.diff_sql('%s', '%s')", copied, to))
	d.must("SET rowan.branch = " + copied)
	for _, s := range script {
		if err := d.exec(s); err != nil {
			d.fail.Fatalf("%v\n%s\nin\n%s", err, s, strings.Join(script, "\n"))
		}
	}
	if left := d.strings(fmt.Sprintf("SELECT statement FROM rowan.diff_sql('%s', '%s')", copied, to)); len(left) > 0 {
		d.fail.Fatalf("left over:\n%s\nafter\n%s", strings.Join(left, "\n"), strings.Join(script, "\n"))
	}
	changes := d.strings(fmt.Sprintf("SELECT concat_ws(' ', kind, name, change, old_definition, new_definition) FROM rowan.schema_diff('%s', '%s')", copied, to))
	if len(changes) > 0 {
		d.fail.Fatalf("left over: %s\nafter\n%s", strings.Join(changes, "\n"), strings.Join(script, "\n"))
	}
	if x, y := d.all(copied), d.all(to); x != y {
		d.fail.Fatalf("%s", cmp.Diff(strings.Split(y, "\n"), strings.Split(x, "\n"))+"\nafter\n"+strings.Join(script, "\n"))
	}
}
