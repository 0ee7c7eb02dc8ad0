package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// fakeSession understands a toy language instead of SQL, enough to make the wire do all that it can do.
type fakeSession struct {
	start    Startup
	status   byte
	implicit bool // an extended batch has failed outside of a block
	changed  [][2]string
	stmts    map[string]fakeStatement
	portals  map[string]*fakePortal
	hanging  *atomic.Int32
	bus      *fakeBus
	limit    time.Duration // of idleness
}

// fakeBus carries notifications to all sessions that listen.
type fakeBus struct {
	mu      sync.Mutex
	pending map[*fakeSession][]note
}

type note struct {
	pid     uint32
	payload string
}

// Deliver implements Notifier.
func (s *fakeSession) Deliver(send func(pid uint32, channel, payload string)) {
	if s.bus == nil {
		return
	}
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	notes, listens := s.bus.pending[s]
	for _, n := range notes {
		send(n.pid, "ch", n.payload)
	}
	if listens {
		s.bus.pending[s] = nil
	}
}

func (s *fakeSession) listen() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.bus.pending[s] = nil
}

func (s *fakeSession) notify(payload string) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	for l := range s.bus.pending {
		s.bus.pending[l] = append(s.bus.pending[l], note{s.start.PID, payload})
		l.start.Wake()
	}
}

// IdleTimeout implements Idler.
func (s *fakeSession) IdleTimeout() (time.Duration, *pgerr.Error) {
	return s.limit, pgerr.New("25P03", "terminating connection due to idle-in-transaction timeout")
}

type fakeStatement struct {
	sql    string
	params []types.OID
}

type fakePortal struct {
	fakeStatement
	args []string
	sent int
}

type fakeOpener struct {
	hanging atomic.Int32
	opened  atomic.Int32
	closed  atomic.Int32
	bus     fakeBus
}

func (o *fakeOpener) Open(_ context.Context, s Startup) (Session, error) {
	if s.Database == "nowhere" {
		return nil, pgerr.New(pgerrcode.InvalidCatalogName, `database "nowhere" does not exist`)
	}
	if s.Database == "panic" {
		panic("opening")
	}
	o.opened.Add(1)
	o.bus.mu.Lock()
	defer o.bus.mu.Unlock()
	if o.bus.pending == nil {
		o.bus.pending = map[*fakeSession][]note{}
	}
	return &countedSession{o, &fakeSession{
		start: s, status: 'I', hanging: &o.hanging, bus: &o.bus,
		changed: [][2]string{{"server_version", "15.18"}, {"TimeZone", "UTC"}},
		stmts:   map[string]fakeStatement{}, portals: map[string]*fakePortal{},
	}}, nil
}

// countedSession counts Close.
type countedSession struct {
	o *fakeOpener
	*fakeSession
}

func (c *countedSession) Close() error {
	c.o.closed.Add(1)
	return nil
}

var (
	int4 = types.Of(types.Builtin(types.OIDInt4))
	text = types.Of(types.Builtin(types.OIDText))
)

func fakeFields(sql string) []vector.Field {
	switch strings.Fields(sql + " x")[0] {
	case "rows":
		return []vector.Field{{Name: "id", Type: int4, TableOID: 16384, Attribute: 1}, {Name: "name", Type: text}}
	case "echo", "startup":
		return []vector.Field{{Name: "echo", Type: text}}
	case "nocolumns":
		return []vector.Field{}
	}
	return nil
}

func (s *fakeSession) Query(ctx context.Context, sql string, out vector.Sink) error {
	if strings.TrimSpace(sql) == "" {
		return out.Empty()
	}
	for st := range strings.SplitSeq(sql, ";") {
		st = strings.TrimSpace(st)
		if f := fakeFields(st); f != nil {
			if err := out.Fields(f); err != nil {
				return err
			}
		}
		p := &fakePortal{fakeStatement: fakeStatement{sql: st}}
		if _, err := s.run(ctx, p, 0, out); err != nil {
			s.failed()
			return err
		}
	}
	return nil
}

func (s *fakeSession) failed() {
	if s.status == 'T' {
		s.status = 'E'
	}
}

// run runs one toy statement.
func (s *fakeSession) run(ctx context.Context, p *fakePortal, limit int, out vector.Sink) (bool, error) {
	verb, arg, _ := strings.Cut(p.sql, " ")
	switch verb {
	case "":
		return false, out.Empty()
	case "begin", "commit":
		s.status = map[string]byte{"begin": 'T', "commit": 'I'}[verb]
		return false, out.Complete(strings.ToUpper(verb))
	case "rows":
		return s.rows(p, arg, limit, out)
	case "echo":
		return false, s.echo(p.args, arg, out)
	case "startup":
		return false, s.echo(nil, fmt.Sprint(s.start.User, " ", s.start.Database, " ", s.start.Parameters), out)
	case "listen":
		s.listen()
		return false, out.Complete("LISTEN")
	case "notify":
		s.notify(arg)
		return false, out.Complete("NOTIFY")
	case "limit":
		ms, _ := strconv.Atoi(arg)
		s.limit = time.Duration(ms) * time.Millisecond
		return false, out.Complete("SET")
	case "set":
		name, value, _ := strings.Cut(arg, " ")
		s.changed = append(s.changed, [2]string{name, value})
		return false, out.Complete("SET")
	case "notice":
		if err := out.Notice(&pgerr.Error{Severity: "WARNING", Code: pgerrcode.Warning, Message: arg}); err != nil {
			return false, err
		}
		return false, out.Complete("NOTICE")
	case "copyin", "copybin":
		return false, s.copyIn(verb == "copybin", arg, out)
	case "copyout":
		return false, s.copyOut(out)
	default:
		return false, s.fault(ctx, verb, arg)
	}
}

// fault does what goes wrong.
func (s *fakeSession) fault(ctx context.Context, verb, arg string) error {
	switch verb {
	case "error":
		e := pgerr.New(arg, "it failed").WithDetail("A detail.").WithHint("A hint.").WithTable("public", "t", "c", "t_check")
		e.Position = 3
		return e
	case "fatal":
		return fatalError(pgerrcode.AdminShutdown, "enough")
	case "nocode":
		return errors.New("something broke")
	case "panic":
		panic("out of order")
	case "hang":
		s.hanging.Add(1)
		<-ctx.Done()
		s.hanging.Add(-1)
		return fmt.Errorf("scan: %w", ctx.Err())
	}
	return pgerr.New(pgerrcode.SyntaxError, "syntax error at or near %q", verb)
}

func (s *fakeSession) rows(p *fakePortal, arg string, limit int, out vector.Sink) (bool, error) {
	n, _ := strconv.Atoi(arg)
	n = min(n, 10_000)
	var id, name vector.Vector
	for p.sent < n {
		id.Reset(int4)
		name.Reset(text)
		size := min(n-p.sent, vector.Size)
		if limit > 0 {
			size = min(size, limit)
		}
		for range size {
			p.sent++
			id.Append(types.Int(int64(p.sent)))
			if p.sent%3 == 0 {
				name.AppendNull()
			} else {
				name.AppendString("row " + strconv.Itoa(p.sent))
			}
		}
		if err := out.Rows(&vector.Batch{Cols: []*vector.Vector{&id, &name}, N: size}); err != nil {
			return false, err
		}
		if limit -= size; limit == 0 && p.sent < n {
			return true, nil
		}
	}
	return false, out.Complete("SELECT " + arg)
}

func (s *fakeSession) echo(args []string, arg string, out vector.Sink) error {
	var v vector.Vector
	v.Reset(text)
	v.AppendString(strings.Join(append(args, arg), "|"))
	if err := out.Rows(&vector.Batch{Cols: []*vector.Vector{&v}, N: 1}); err != nil {
		return err
	}
	return out.Complete("SELECT 1")
}

func (s *fakeSession) copyIn(binary bool, arg string, out vector.Sink) error {
	r, err := out.CopyIn(vector.CopyFormat{Binary: binary, Columns: 2})
	if err != nil {
		return err
	}
	size := 0
	for {
		chunk, err := r.Next()
		if err == io.EOF {
			return out.Complete("COPY " + strconv.Itoa(size))
		}
		if err != nil {
			return err
		}
		if arg == "bad" {
			return pgerr.New(pgerrcode.BadCopyFileFormat, "missing data for column %q", "b")
		}
		size += len(chunk)
	}
}

func (s *fakeSession) copyOut(out vector.Sink) error {
	w, err := out.CopyOut(vector.CopyFormat{Columns: 2})
	if err != nil {
		return err
	}
	for _, row := range []string{"1\tone\n", "2\ttwo\n"} {
		if err := w.Write([]byte(row)); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Complete("COPY 2")
}

func (s *fakeSession) Parse(_ context.Context, name, sql string, params []types.OID) error {
	if strings.HasPrefix(sql, "syntax") {
		s.Failed()
		return pgerr.New(pgerrcode.SyntaxError, "syntax error at or near %q", sql)
	}
	s.stmts[name] = fakeStatement{sql, params}
	return nil
}

func (s *fakeSession) Bind(_ context.Context, portal, statement string, params []Param) error {
	st, ok := s.stmts[statement]
	if !ok {
		s.Failed()
		return pgerr.New(pgerrcode.InvalidSQLStatementName, "prepared statement %q does not exist", statement)
	}
	p := &fakePortal{fakeStatement: st}
	for _, a := range params {
		switch {
		case a.Null:
			p.args = append(p.args, "NULL")
		case a.Binary:
			p.args = append(p.args, fmt.Sprintf("0x%x", a.Value))
		default:
			p.args = append(p.args, string(a.Value))
		}
	}
	s.portals[portal] = p
	return nil
}

func (s *fakeSession) DescribeStatement(_ context.Context, statement string) ([]types.OID, []vector.Field, error) {
	st, ok := s.stmts[statement]
	if !ok {
		s.Failed()
		return nil, nil, pgerr.New(pgerrcode.InvalidSQLStatementName, "prepared statement %q does not exist", statement)
	}
	return st.params, fakeFields(st.sql), nil
}

func (s *fakeSession) portal(name string) (*fakePortal, error) {
	if p, ok := s.portals[name]; ok {
		return p, nil
	}
	s.Failed()
	return nil, pgerr.New(pgerrcode.InvalidCursorName, "portal %q does not exist", name)
}

func (s *fakeSession) DescribePortal(_ context.Context, portal string) ([]vector.Field, error) {
	p, err := s.portal(portal)
	if err != nil {
		return nil, err
	}
	return fakeFields(p.sql), nil
}

func (s *fakeSession) Execute(ctx context.Context, portal string, maxRows int, out vector.Sink) (bool, error) {
	p, err := s.portal(portal)
	if err != nil {
		return false, err
	}
	suspended, err := s.run(ctx, p, maxRows, out)
	if err != nil {
		s.Failed()
	}
	return suspended, err
}

func (s *fakeSession) CloseStatement(name string) { delete(s.stmts, name) }
func (s *fakeSession) ClosePortal(name string)    { delete(s.portals, name) }

func (s *fakeSession) Sync(context.Context) error {
	if s.implicit {
		s.implicit = false
		return nil
	}
	if p := s.portals["deferred"]; p != nil {
		delete(s.portals, "deferred")
		return pgerr.New(pgerrcode.ForeignKeyViolation, "deferred constraint failed")
	}
	return nil
}

func (s *fakeSession) Failed() {
	if s.status == 'I' {
		s.implicit = true
	}
	s.failed()
}

func (s *fakeSession) TxnStatus() byte       { return s.status }
func (s *fakeSession) Format() *types.Format { return types.DefaultFormat() }

func (s *fakeSession) Changed() [][2]string {
	c := s.changed
	s.changed = nil
	return c
}

func (s *fakeSession) Close() error { return nil }
