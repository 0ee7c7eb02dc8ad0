package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5/pgproto3"
)

// TestTraces plays the conversations in testdata and compares what goes over the wire. Commands:
//
//	connect [user=…] [database=…] [options="…"] [version=3.2] [until=…]
//	send [until=…]      messages, one a line; see message below
//
// After either, the client reads until every Query, Sync and FunctionCall has had its ReadyForQuery, until the message
// named by until, or until the server closes.
func TestTraces(t *testing.T) {
	datadriven.Walk(t, "testdata/traces", func(t *testing.T, path string) {
		addr, _ := startServer(t, Config{})
		var cl *client
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "connect" {
				cl = dial(t, addr)
				cl.startup(d)
			}
			return cl.talk(d)
		})
	})
}

// TestStates prints the table of states.
func TestStates(t *testing.T) {
	datadriven.RunTest(t, "testdata/states", func(t *testing.T, d *datadriven.TestData) string {
		var b strings.Builder
		for _, tr := range transitions {
			fmt.Fprintf(&b, "%-17s %-14s %-17s %s\n", tr.from, tr.event, tr.to, tr.why)
		}
		return b.String()
	})
}

// client is one end of a conversation.
type client struct {
	t     *testing.T
	conn  net.Conn
	front *pgproto3.Frontend
	trace bytes.Buffer
	ready int // ReadyForQuery messages due
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	cl := &client{t: t, conn: nc, front: pgproto3.NewFrontend(nc, nc)}
	cl.front.Trace(&cl.trace, pgproto3.TracerOptions{SuppressTimestamps: true, RegressMode: true})
	return cl
}

func (cl *client) startup(d *datadriven.TestData) {
	version, params := uint32(protocol3), [][2]string{}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "until":
		case "version":
			major, minor, _ := strings.Cut(a.Vals[0], ".")
			hi, _ := strconv.Atoi(major)
			lo, _ := strconv.Atoi(minor)
			version = uint32(hi<<16 | lo)
		default:
			params = append(params, [2]string{a.Key, strings.Join(a.Vals, " ")})
		}
	}
	_, err := cl.conn.Write(startupMessage(version, params))
	if err != nil {
		cl.t.Fatal(err)
	}
	cl.ready = 1
}

// startupMessage encodes a StartupMessage of any version.
func startupMessage(version uint32, params [][2]string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 0}, version)
	for _, kv := range params {
		b = append(b, kv[0]+"\x00"+kv[1]+"\x00"...)
	}
	b = append(b, 0)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// talk sends the messages of the input and reads the answers.
func (cl *client) talk(d *datadriven.TestData) string {
	var until string
	d.MaybeScanArgs(cl.t, "until", &until)
	if d.Cmd == "send" {
		for line := range strings.Lines(d.Input) {
			cl.send(strings.TrimSpace(line))
		}
		if err := cl.front.Flush(); err != nil {
			fmt.Fprintf(&cl.trace, "write failed\n")
		}
	}
	cl.read(until)
	out := cl.trace.String()
	cl.trace.Reset()
	return out
}

func (cl *client) read(until string) {
	for until != "" || cl.ready > 0 {
		msg, err := cl.front.Receive()
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			fmt.Fprintf(&cl.trace, "closed\n")
			return
		}
		if err != nil {
			fmt.Fprintf(&cl.trace, "error: %v\n", err)
			return
		}
		cl.detail(msg)
		if strings.TrimPrefix(fmt.Sprintf("%T", msg), "*pgproto3.") == until {
			return
		}
	}
}

// detail adds what the tracer leaves out, and counts.
func (cl *client) detail(msg pgproto3.BackendMessage) {
	switch m := msg.(type) {
	case *pgproto3.ReadyForQuery:
		cl.ready--
	case *pgproto3.ErrorResponse:
		fmt.Fprintf(&cl.trace, "\t%s\n", describe(m))
	case *pgproto3.NoticeResponse:
		fmt.Fprintf(&cl.trace, "\t%s\n", describe((*pgproto3.ErrorResponse)(m)))
	case *pgproto3.NegotiateProtocolVersion:
		fmt.Fprintf(&cl.trace, "\tNegotiateProtocolVersion %#x %q\n", m.NewestMinorProtocol, m.UnrecognizedOptions)
	}
}

// describe prints the fields of an error as they come on the wire.
func describe(m *pgproto3.ErrorResponse) string {
	b, _ := m.Encode(nil)
	return strings.ReplaceAll(strings.TrimRight(string(b[5:]), "\x00"), "\x00", " | ")
}

// send sends the message that a line describes: its name, then its fields, a string with spaces in quotes.
func (cl *client) send(line string) {
	name, rest, _ := strings.Cut(line, " ")
	if name == "raw" {
		b, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		if err != nil {
			cl.t.Fatal(err)
		}
		if err := cl.front.Flush(); err == nil {
			_, _ = cl.conn.Write(b)
		}
		return
	}
	switch name {
	case "Query", "Sync", "FunctionCall":
		cl.ready++
	}
	cl.front.Send(message(cl.t, name, words(rest)))
}

func words(s string) (out []string) {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if q, err := strconv.QuotedPrefix(s); err == nil {
			w, _ := strconv.Unquote(q)
			out = append(out, w)
			s = s[len(q):]
			continue
		}
		w, rest, _ := strings.Cut(s, " ")
		out = append(out, w)
		s = rest
	}
	return out
}

func message(t *testing.T, name string, w []string) pgproto3.FrontendMessage {
	switch name {
	case "Query":
		return &pgproto3.Query{String: w[0]}
	case "Parse":
		m := &pgproto3.Parse{Name: w[0], Query: w[1]}
		for _, oid := range w[2:] {
			n, _ := strconv.Atoi(oid)
			m.ParameterOIDs = append(m.ParameterOIDs, uint32(n))
		}
		return m
	case "Bind":
		return bindMessage(w)
	case "Describe":
		return &pgproto3.Describe{ObjectType: w[0][0], Name: w[1]}
	case "Execute":
		n, _ := strconv.Atoi(w[1])
		return &pgproto3.Execute{Portal: w[0], MaxRows: uint32(n)}
	case "Close":
		return &pgproto3.Close{ObjectType: w[0][0], Name: w[1]}
	case "Sync":
		return &pgproto3.Sync{}
	case "Flush":
		return &pgproto3.Flush{}
	case "Terminate":
		return &pgproto3.Terminate{}
	case "CopyData":
		return &pgproto3.CopyData{Data: []byte(w[0])}
	case "CopyDone":
		return &pgproto3.CopyDone{}
	case "CopyFail":
		return &pgproto3.CopyFail{Message: w[0]}
	case "FunctionCall":
		return &pgproto3.FunctionCall{Function: 1}
	}
	t.Fatalf("unknown message %q", name)
	return nil
}

// bindMessage reads: portal statement [pf=code,…] [rf=code,…] [parameter …]; the parameter NULL is NULL.
func bindMessage(w []string) *pgproto3.Bind {
	m := &pgproto3.Bind{DestinationPortal: w[0], PreparedStatement: w[1]}
	codes := func(s string) (out []int16) {
		for c := range strings.SplitSeq(s, ",") {
			n, _ := strconv.Atoi(c)
			out = append(out, int16(n))
		}
		return out
	}
	for _, a := range w[2:] {
		switch {
		case strings.HasPrefix(a, "pf="):
			m.ParameterFormatCodes = codes(a[3:])
		case strings.HasPrefix(a, "rf="):
			m.ResultFormatCodes = codes(a[3:])
		case a == "NULL":
			m.Parameters = append(m.Parameters, nil)
		default:
			m.Parameters = append(m.Parameters, []byte(a))
		}
	}
	return m
}
