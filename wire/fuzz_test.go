package wire

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// FuzzConversation feeds a connection with whatever bytes: it must end without a panic of its own making, close its
// session, and have sent nothing but whole messages.
func FuzzConversation(f *testing.F) {
	for _, msgs := range [][]pgproto3.FrontendMessage{
		{&pgproto3.Query{String: "rows 3"}, &pgproto3.Query{String: "begin; error 40001"}, &pgproto3.Terminate{}},
		{&pgproto3.Parse{Name: "s", Query: "rows 9", ParameterOIDs: []uint32{23}}, &pgproto3.Describe{ObjectType: 'S', Name: "s"},
			&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{nil, []byte("x")}, ResultFormatCodes: []int16{1, 0}},
			&pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{MaxRows: 4}, &pgproto3.Execute{}, &pgproto3.Sync{}},
		{&pgproto3.Query{String: "copyin"}, &pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyDone{}},
		{&pgproto3.Query{String: "copyin bad"}, &pgproto3.CopyData{Data: []byte("1\n")}, &pgproto3.CopyFail{Message: "no"}},
		{&pgproto3.Query{String: "copyout"}, &pgproto3.Flush{}, &pgproto3.FunctionCall{}, &pgproto3.Close{ObjectType: 'P', Name: "x"}},
	} {
		b := startupMessage(protocol3, [][2]string{{"user", "ada"}, {"options", "-c a=b"}})
		for _, m := range msgs {
			b, _ = m.Encode(b)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.Contains(in, []byte("hang")) || bytes.Contains(in, []byte("panic")) {
			t.Skip("the fake session would do as told")
		}
		opener := &fakeOpener{}
		s := NewServer(Config{Opener: opener, MaxMessage: 1 << 16})
		nc := &memoryConn{in: bytes.NewReader(in)}
		newConn(s, nc).serve()
		if opener.opened.Load() != opener.closed.Load() || len(s.conns.all()) != 0 {
			t.Error("the session was not closed")
		}
		checkFrames(t, nc.out.Bytes())
	})
}

// checkFrames wants b to be whole messages. Answers of one byte to requests for encryption may come before.
func checkFrames(t *testing.T, b []byte) {
	for rest := bytes.TrimLeft(b, "N"); len(rest) > 0; {
		if len(rest) < 5 {
			t.Fatalf("%q ends within a message", b)
		}
		n := 1 + int(binary.BigEndian.Uint32(rest[1:]))
		if n < 5 || n > len(rest) {
			t.Fatalf("%q ends within a message", b)
		}
		rest = rest[n:]
	}
}

// memoryConn is a connection whose client has sent all that it will ever send.
type memoryConn struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (m *memoryConn) Read(p []byte) (int, error)       { return m.in.Read(p) }
func (m *memoryConn) Write(p []byte) (int, error)      { return m.out.Write(p) }
func (m *memoryConn) Close() error                     { return nil }
func (m *memoryConn) RemoteAddr() net.Addr             { return nil }
func (m *memoryConn) SetDeadline(time.Time) error      { return nil }
func (m *memoryConn) SetReadDeadline(time.Time) error  { return nil }
func (m *memoryConn) SetWriteDeadline(time.Time) error { return nil }
