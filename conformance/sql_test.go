package conformance

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestSQL runs every file of testdata. Each file gets a database of its own.
func TestSQL(t *testing.T) {
	rowan := startRowan(t)
	for _, dir := range []string{"postgres", "rowan"} {
		var target endpoint = rowan
		if dir == "postgres" && rewriting() {
			target = startOracle(t)
		}
		files, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			t.Run(dir+"/"+filepath.Base(f), func(t *testing.T) {
				if dir == "rowan" { // shows SCNs, which count what all databases of a server do
					target = startRowan(t)
				}
				runFile(t, target, f)
			})
		}
	}
}

// runFile runs one file in a fresh database.
func runFile(t *testing.T, target endpoint, file string) {
	name := "t_" + strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToLower(filepath.Base(file)))
	c := &conversation{target: target, database: name, sessions: map[string]*speaker{}}
	admin := c.connect(t, "postgres")
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name + " TEMPLATE template0"} {
		if _, err := admin.Exec(context.Background(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	_ = admin.Close(context.Background())
	defer c.close()
	datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "sql":
			return c.sql(t, d)
		case "prepared":
			return c.prepared(t, d)
		case "copy":
			return c.copy(t, d)
		case "disconnect":
			return c.disconnect(d)
		}
		t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
		return ""
	})
}

// conversation is one file's sessions.
type conversation struct {
	target   endpoint
	database string
	sessions map[string]*speaker
	watch    *speaker // sees who waits; nil: nobody had to be watched yet
}

// speaker is one session.
type speaker struct {
	*pgconn.PgConn
	notices *strings.Builder
	pending chan string // gets the answer to a statement that was not waited for
}

func (c *conversation) connect(t *testing.T, database string) *speaker {
	cfg, err := pgconn.ParseConfig(c.target.url(database))
	if err != nil {
		t.Fatal(err)
	}
	notices := &strings.Builder{}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		fmt.Fprintf(notices, "%s: %s\n", n.Severity, n.Message)
		if n.Detail != "" {
			fmt.Fprintf(notices, "DETAIL: %s\n", n.Detail)
		}
	}
	conn, err := pgconn.ConnectConfig(context.Background(), cfg)
	if err != nil {
		t.Fatalf("connect to %s: %v", database, err)
	}
	return &speaker{PgConn: conn, notices: notices}
}

// session returns the session that a command names (session=b), connecting it (to database=app/dev) at first use.
func (c *conversation) session(t *testing.T, d *datadriven.TestData) *speaker {
	name, database := "a", c.database
	d.MaybeScanArgs(t, "session", &name)
	if d.HasArg("branch") {
		var branch string
		d.ScanArgs(t, "branch", &branch)
		database += "/" + branch
		name += "/" + branch
	}
	if c.sessions[name] == nil {
		c.sessions[name] = c.connect(t, database)
	}
	return c.sessions[name]
}

// sql runs statements in one simple query each and prints all that comes back. With `async` it does not wait for more than that the
// session waits for a lock: the answer is printed by a later `sql session=… wait`.
func (c *conversation) sql(t *testing.T, d *datadriven.TestData) string {
	x := c.session(t, d)
	switch {
	case d.HasArg("wait"):
		select {
		case out := <-x.pending:
			return out
		case <-time.After(patience):
			t.Fatalf("%s: the session still waits", d.Pos)
		}
	case d.HasArg("async"):
		pending, sql := make(chan string, 1), d.Input
		x.pending = pending
		go func() { pending <- x.run(sql) }()
		c.settle(t, x)
		return ""
	}
	return x.run(d.Input)
}

// settle waits until a session waits for a lock, or has answered.
func (c *conversation) settle(t *testing.T, x *speaker) {
	if c.watch == nil {
		c.watch = c.connect(t, c.database)
	}
	sql := fmt.Sprintf("SELECT 1 FROM pg_stat_activity WHERE pid = %d AND wait_event_type = 'Lock'", x.PID())
	for begun := time.Now(); len(x.pending) == 0; time.Sleep(3 * time.Millisecond) {
		r, err := c.watch.Exec(context.Background(), sql).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(r[0].Rows) > 0 {
			return
		}
		if time.Since(begun) > patience {
			t.Fatal("the session neither answers nor waits for a lock")
		}
	}
}

func (c *speaker) run(sql string) string {
	var b strings.Builder
	c.notices.Reset()
	mrr := c.Exec(context.Background(), sql)
	for mrr.NextResult() {
		rr := mrr.ResultReader()
		printResult(&b, rr)
	}
	err := mrr.Close()
	if c.notices.Len() > 0 {
		out := c.notices.String() + b.String()
		b.Reset()
		b.WriteString(out)
	}
	printError(&b, err, sql)
	return b.String()
}

// prepared runs one statement through the extended protocol with the text parameters given as p=…, results in binary
// when the command has `binary`.
func (c *conversation) prepared(t *testing.T, d *datadriven.TestData) string {
	x := c.session(t, d)
	var params [][]byte
	for _, a := range d.CmdArgs {
		if a.Key == "p" {
			for _, v := range a.Vals {
				if v == "NULL" {
					params = append(params, nil)
					continue
				}
				params = append(params, []byte(v))
			}
		}
	}
	var formats []int16
	if d.HasArg("binary") {
		formats = []int16{1}
	}
	var b strings.Builder
	rr := x.ExecParams(context.Background(), d.Input, params, nil, nil, formats)
	printResult(&b, rr)
	_, err := rr.Close()
	printError(&b, err, d.Input)
	return b.String()
}

// copy runs COPY … FROM STDIN, which the first line is, with the lines that follow as its data.
func (c *conversation) copy(t *testing.T, d *datadriven.TestData) string {
	x := c.session(t, d)
	sql, data, _ := strings.Cut(d.Input, "\n")
	if data != "" {
		data += "\n"
	}
	x.notices.Reset()
	tag, err := x.CopyFrom(context.Background(), strings.NewReader(data), sql)
	var b strings.Builder
	b.WriteString(x.notices.String())
	if err == nil {
		fmt.Fprintf(&b, "%s\n", tag)
	}
	printError(&b, err, sql)
	return b.String()
}

func (c *conversation) disconnect(d *datadriven.TestData) string {
	for _, a := range d.CmdArgs {
		if conn := c.sessions[a.Key]; conn != nil {
			_ = conn.Close(context.Background())
			delete(c.sessions, a.Key)
		}
	}
	return ""
}

func (c *conversation) close() {
	for _, s := range c.sessions {
		_ = s.Close(context.Background())
	}
	if c.watch != nil {
		_ = c.watch.Close(context.Background())
	}
}

// printResult prints a result: a line of name:type per column, the rows, the tag.
func printResult(b *strings.Builder, rr *pgconn.ResultReader) {
	if fields := rr.FieldDescriptions(); len(fields) > 0 {
		for i, f := range fields {
			if i > 0 {
				b.WriteString(" | ")
			}
			fmt.Fprintf(b, "%s:%s", f.Name, typeName(f.DataTypeOID, f.TypeModifier))
		}
		b.WriteByte('\n')
	}
	for rr.NextRow() {
		for i, v := range rr.Values() {
			if i > 0 {
				b.WriteString(" | ")
			}
			binary := rr.FieldDescriptions()[i].Format == 1
			switch {
			case v == nil:
				b.WriteString("∅")
			case binary:
				fmt.Fprintf(b, "%x", v)
			default:
				b.WriteString(strings.ReplaceAll(string(v), "\n", "⏎"))
			}
		}
		b.WriteByte('\n')
	}
	if tag, err := rr.Close(); err == nil {
		fmt.Fprintf(b, "%s\n", tag.String())
	}
}

// typeName shows a type: by OID, since names of users' types differ between servers.
func typeName(oid uint32, mod int32) string {
	name := fmt.Sprint(oid)
	if oid >= 16384 {
		name = "user"
	}
	if mod >= 0 {
		name += fmt.Sprintf("(%d)", mod)
	}
	return name
}

func printError(b *strings.Builder, err error, sql string) {
	if err == nil {
		return
	}
	pe, ok := err.(*pgconn.PgError)
	if !ok {
		fmt.Fprintf(b, "ERROR: %v\n", err)
		return
	}
	fmt.Fprintf(b, "%s %s: %s\n", pe.Severity, pe.Code, pe.Message)
	for _, f := range [][2]string{{"DETAIL", pe.Detail}, {"HINT", pe.Hint}, {"CONTEXT", pe.Where}, {"CONSTRAINT", pe.ConstraintName}, {"COLUMN", pe.ColumnName}} {
		if f[1] != "" && !strings.Contains(f[1], " tuple (") { // where a row lies in PostgreSQL's files
			fmt.Fprintf(b, "%s: %s\n", f[0], f[1])
		}
	}
	if pe.Position > 0 {
		fmt.Fprintf(b, "POSITION: %d %s\n", pe.Position, near(sql, int(pe.Position)))
	}
}

// near shows where in the statement a position is.
func near(sql string, pos int) string {
	r := []rune(sql)
	if pos < 1 || pos > len(r) {
		return ""
	}
	return "»" + strings.ReplaceAll(string(r[pos-1:min(len(r), pos+11)]), "\n", " ")
}
