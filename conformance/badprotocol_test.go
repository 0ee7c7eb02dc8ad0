package conformance

import (
	"encoding/binary"
	"io"
	"math/rand"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// rawConn is a connection without a client: the test writes bytes and reads messages.
type rawConn struct {
	t testing.TB
	net.Conn
	front *pgproto3.Frontend
	key   string // process id and secret, as a cancel request has them
}

func rawDial(t testing.TB, e endpoint) *rawConn {
	t.Helper()
	c, err := net.Dial("tcp", address(t, e))
	if err != nil {
		died(t, e)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have closed it
	_ = c.SetDeadline(time.Now().Add(patience))
	return &rawConn{t: t, Conn: c, front: pgproto3.NewFrontend(c, c)}
}

// packet is a packet of the startup phase.
func packet(code uint32, rest string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(rest)))
	return append(binary.BigEndian.AppendUint32(b, code), rest...)
}

// message is a message with a type and a body.
func message(kind byte, body string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body)))
	return append(b, body...)
}

const goodStartup = "user\x00postgres\x00database\x00postgres\x00\x00"

// login starts a session and reads up to ReadyForQuery.
func (r *rawConn) login() {
	r.t.Helper()
	r.send(packet(196608, goodStartup))
	if got := r.until(); got != "Z" {
		r.t.Fatalf("login: %s", got)
	}
}

func (r *rawConn) send(b ...[]byte) {
	for _, p := range b {
		_, _ = r.Write(p) // what was sent to a closed connection shows when reading
	}
}

// until reads up to ReadyForQuery or the end, and says what came: the SQLSTATE of errors, Z, or "closed".
func (r *rawConn) until() string {
	var got []string
	for {
		m, err := r.front.Receive()
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				return strings.Join(append(got, "timeout"), " ")
			}
			return strings.Join(append(got, "closed"), " ")
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			got = append(got, m.Severity+" "+m.Code)
		case *pgproto3.BackendKeyData:
			r.key = string(binary.BigEndian.AppendUint32(nil, m.ProcessID)) + string(m.SecretKey)
		case *pgproto3.ReadyForQuery:
			return strings.Join(append(got, "Z"), " ")
		}
	}
}

// TestBadStartup sends what is no startup packet.
func TestBadStartup(t *testing.T) {
	target := against(t)
	tests := []struct {
		name string
		send []byte
		want string
	}{
		{"garbage", []byte("GET / HTTP/1.1\r\n\r\n"), "FATAL 08P01 closed|closed"},
		{"zero length", make([]byte, 8), "FATAL 08P01 closed|closed"},
		{"short length", []byte{0, 0, 0, 4}, "FATAL 08P01 closed|closed"},
		{"huge length", []byte{0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0}, "FATAL 08P01 closed|closed"},
		{"large", packet(196608, "user\x00"+times("x", 20000)+"\x00\x00"), "FATAL 08P01 closed|closed"},
		{"protocol 2", packet(2<<16, goodStartup), "FATAL 0A000 closed|closed"},
		{"protocol 4", packet(4<<16, goodStartup), "FATAL 0A000 closed"},
		{"minor version", packet(3<<16+9, goodStartup), "Z"},
		{"protocol option", packet(3<<16, "_pq_.x\x001\x00"+goodStartup), "Z"},
		{"no user", packet(196608, "database\x00postgres\x00\x00"), "FATAL 28000 closed"},
		{"no terminator", packet(196608, "user\x00postgres"), "FATAL 08P01 closed"},
		{"no value", packet(196608, "user\x00\x00"), "FATAL 28000 closed|FATAL 08P01 closed"},
		{"trailing bytes", packet(196608, goodStartup+"x"), "FATAL 08P01 closed"},
		{"invalid UTF-8", packet(196608, "user\x00\xff\xfe\x00\x00"), "FATAL 22021 closed|FATAL 28000 closed"},
		{"cancel of nobody", packet(80877102, "\x00\x00\x30\x39\x00\x00\x00\x01"), "closed"},
		{"short cancel", packet(80877102, "\x00"), "closed|FATAL 08P01 closed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rawDial(t, target)
			r.send(tt.send)
			if got := r.until(); !strings.Contains("|"+tt.want+"|", "|"+got+"|") {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	t.Run("SSL twice", func(t *testing.T) {
		r := rawDial(t, target)
		r.send(packet(80877103, ""))
		var yes [1]byte
		if _, err := io.ReadFull(r, yes[:]); err != nil || yes[0] != 'N' {
			t.Fatalf("got %q, %v", yes, err)
		}
		r.send(packet(80877103, ""))
		if got := r.until(); got != "FATAL 0A000 closed" {
			t.Errorf("got %s", got)
		}
	})
	if c := dial(t, target, "postgres"); value(t, c, "SELECT 1") != "1" {
		t.Error("no answer")
	}
}

// TestBadMessages sends a session what is no message, or at the wrong time.
func TestBadMessages(t *testing.T) {
	target := against(t)
	by := dial(t, target, "postgres")
	run(t, by, "DROP TABLE IF EXISTS b", "CREATE TABLE b (a int)", "BEGIN", "INSERT INTO b VALUES (1)")
	sync := message('S', "")
	tests := []struct {
		name string
		send [][]byte
		want string
	}{
		{"unknown type", [][]byte{message('!', "abc")}, "FATAL 08P01 closed"},
		{"short length", [][]byte{{'Q', 0, 0, 0, 3}}, "FATAL 08P01 closed|closed"},
		{"huge length", [][]byte{{'Q', 0x7f, 0xff, 0xff, 0xff}}, "FATAL 08P01 closed|closed"},
		{"negative length", [][]byte{{'Q', 0xff, 0xff, 0xff, 0xff}}, "FATAL 08P01 closed|closed"},
		{"query without end", [][]byte{message('Q', "SELECT 1")}, "ERROR 08P01 Z"},
		{"query with NUL", [][]byte{message('Q', "SELECT 1\x00; SELECT 2\x00")}, "ERROR 08P01 Z"},
		{"query in invalid UTF-8", [][]byte{message('Q', "SELECT '\xff'\x00")}, "ERROR 22021 Z"},
		{"empty query", [][]byte{message('Q', "\x00")}, "Z"},
		{"empty parse", [][]byte{message('P', ""), sync}, "ERROR 08P01 Z"},
		{"short bind", [][]byte{message('B', "\x00\x00\x00\x01"), sync}, "ERROR 08P01 Z|ERROR 26000 Z"},
		{"bind with a long parameter", [][]byte{message('P', "\x00SELECT $1::text\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x01\x7f\xff\xff\xff\x00\x00"), sync}, "ERROR 08P01 Z"},
		{"bind with many parameters", [][]byte{message('B', "\x00\x00\x00\x00\xff\xff"), sync}, "ERROR 08P01 Z|ERROR 26000 Z"},
		{"bind to nothing", [][]byte{message('B', "\x00nosuch\x00\x00\x00\x00\x00\x00\x00"), sync}, "ERROR 26000 Z"},
		{"execute nothing", [][]byte{message('E', "nosuch\x00\x00\x00\x00\x00"), sync}, "ERROR 34000 Z"},
		{"describe nothing", [][]byte{message('D', "Snosuch\x00"), sync}, "ERROR 26000 Z"},
		{"describe a portal", [][]byte{message('D', "Pnosuch\x00"), sync}, "ERROR 34000 Z"},
		{"describe what", [][]byte{message('D', "Xnosuch\x00"), sync}, "ERROR 08P01 Z"},
		{"close what", [][]byte{message('C', "X\x00"), sync}, "ERROR 08P01 Z"},
		{"close nothing", [][]byte{message('C', "Snosuch\x00"), sync}, "Z"},
		{"skipped until sync", [][]byte{message('E', "nosuch\x00\x00\x00\x00\x00"), message('P', "\x00SELECT 1/0\x00\x00\x00"), message('Q', "SELECT 1\x00"), sync}, "ERROR 34000 Z"},
		{"copy data", [][]byte{message('d', "1\n"), message('c', ""), message('f', "x\x00"), sync}, "Z"},
		{"function call", [][]byte{message('F', "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00")}, "ERROR 0A000 Z|ERROR 42883 Z"},
		{"password", [][]byte{message('p', "secret\x00")}, "FATAL 08P01 closed"},
		{"terminate with a body", [][]byte{message('X', "abc")}, "closed|ERROR 08P01 closed|FATAL 08P01 closed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rawDial(t, target)
			r.login()
			_ = r.SetDeadline(time.Now().Add(patience))
			r.send(tt.send...)
			got := r.until()
			if !strings.Contains("|"+tt.want+"|", "|"+got+"|") {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if !strings.HasSuffix(got, "Z") {
				return
			}
			r.send(message('Q', "SELECT 1\x00"))
			if got := r.until(); !strings.HasSuffix(got, "Z") {
				t.Errorf("afterwards %s", got)
			}
		})
	}
	run(t, by, "COMMIT")
	if got := value(t, by, "SELECT count(*) FROM b"); got != "1" {
		t.Errorf("the bystander's table has %s rows", got)
	}
}

// TestGarbage sends sessions random bytes, and messages with random bodies.
func TestGarbage(t *testing.T) {
	target := against(t)
	by := dial(t, target, "postgres")
	rnd := rand.New(rand.NewSource(1))
	kinds := "QPBDECSHFdcfpX"
	for i := range 300 {
		r := rawDial(t, target)
		_ = r.SetDeadline(time.Now().Add(5 * time.Second))
		junk := make([]byte, rnd.Intn(200))
		rnd.Read(junk)
		if i%3 != 0 {
			r.login()
		}
		for range 5 {
			switch i % 3 {
			case 1:
				rnd.Read(junk)
				r.send(message(kinds[rnd.Intn(len(kinds))], string(junk)))
			default:
				r.send(junk)
			}
		}
		_ = r.Close()
		if i%50 == 0 && value(t, by, "SELECT 1") != "1" {
			t.Fatal("no answer")
		}
	}
	for range 1200 { // the sessions end
		if value(t, by, "SELECT count(*) < 5 FROM pg_stat_activity WHERE backend_type = 'client backend'") == "t" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("sessions of closed connections stay")
}

// TestCopyBroken ends a COPY in all the wrong ways.
func TestCopyBroken(t *testing.T) {
	target := against(t)
	c := dial(t, target, "postgres")
	run(t, c, "DROP TABLE IF EXISTS cp", "CREATE TABLE cp (a int PRIMARY KEY, b text)", "INSERT INTO cp VALUES (1, 'x')")
	begin := func(t *testing.T, prefix ...string) *rawConn {
		r := rawDial(t, target)
		r.login()
		for _, sql := range prefix {
			r.send(message('Q', sql+"\x00"))
			if got := r.until(); got != "Z" {
				t.Fatalf("%s: %s", sql, got)
			}
		}
		r.send(message('Q', "COPY cp FROM STDIN\x00"))
		return r
	}
	tests := []struct {
		name string
		send [][]byte
		want string
	}{
		{"fail", [][]byte{message('d', "2\ta\n"), message('f', "no more\x00")}, "ERROR 57014 Z"},
		{"bad row", [][]byte{message('d', "2\ta\nx\tb\n"), message('c', "")}, "ERROR 22P02 Z"},
		{"few columns", [][]byte{message('d', "2\n"), message('c', "")}, "ERROR 22P04 Z"},
		{"many columns", [][]byte{message('d', "2\ta\tb\n"), message('c', "")}, "ERROR 22P04 Z"},
		{"duplicate", [][]byte{message('d', "2\ta\n1\tb\n"), message('c', "")}, "ERROR 23505 Z"},
		{"invalid UTF-8", [][]byte{message('d', "2\ta\xff\n"), message('c', "")}, "ERROR 22021 Z"},
		{"NUL", [][]byte{message('d', "2\ta\x00b\n"), message('c', "")}, "ERROR 22021 Z"},
		{"data after the error", [][]byte{message('d', "x\ta\n"), message('d', times("3\tb\n", 100000)), message('d', "4\tc\n"), message('c', "")}, "ERROR 22P02 Z"},
		{"query instead", [][]byte{message('d', "2\ta\n"), message('Q', "SELECT 1\x00")}, "FATAL 08P01 closed|ERROR 08P01 FATAL 08P01 closed"},
		{"sync and flush", [][]byte{message('d', "x"), message('S', ""), message('H', ""), message('d', "\ta\n"), message('c', "")}, "ERROR 22P02 Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := begin(t)
			r.send(tt.send...)
			if got := r.until(); !strings.Contains("|"+tt.want+"|", "|"+got+"|") {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := value(t, c, "SELECT count(*) FROM cp"); got != "1" {
				t.Errorf("%s rows", got)
			}
		})
	}
	t.Run("dropped", func(t *testing.T) {
		r := begin(t, "BEGIN", "UPDATE cp SET b = 'y' WHERE a = 1")
		r.send(message('d', times("2\ta\n", 1000)))
		_ = r.Close()
		run(t, c, "SET lock_timeout = '5s'", "UPDATE cp SET b = 'z' WHERE a = 1") // the lock is free soon
		if got := value(t, c, "SELECT string_agg(a || b, ',') FROM cp"); got != "1z" {
			t.Errorf("rows %s", got)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		r := begin(t)
		r.send(message('d', "5\ta\n"))
		becomes(t, c, "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%'")
		cancel := rawDial(t, target)
		cancel.send(packet(80877102, r.key))
		if got := r.until(); got != "ERROR 57014 Z" {
			t.Errorf("got %s", got)
		}
	})
}
