package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"pgregory.net/rapid"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// rowsConn is a connection that only sends rows.
func rowsConn(w io.Writer) *conn {
	c := &conn{}
	c.out.w = w
	c.attach(&fakeSession{})
	return c
}

// TestRowsProperty compares the rows sent with the values in the batch, for any mixture of types, NULLs, constants,
// selections and formats.
func TestRowsProperty(t *testing.T) {
	kinds := []types.OID{types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDBool, types.OIDText, types.OIDVarchar}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 70).Draw(t, "rows")
		b := &vector.Batch{N: n}
		var formats []int16
		for range rapid.IntRange(0, 5).Draw(t, "columns") {
			typ := types.Of(types.Builtin(rapid.SampledFrom(kinds).Draw(t, "type")))
			b.Cols = append(b.Cols, drawVector(t, typ, n))
			formats = append(formats, int16(rapid.IntRange(0, 1).Draw(t, "format")))
		}
		if rapid.Bool().Draw(t, "selected") {
			b.Sel = []uint16{}
			for i := range n {
				if rapid.Bool().Draw(t, "alive") {
					b.Sel = append(b.Sel, uint16(i))
				}
			}
		}
		var out bytes.Buffer
		c := rowsConn(&out)
		c.sink.reset(false, formats)
		if err := c.sink.Rows(b); err != nil {
			t.Fatal(err)
		}
		_ = c.out.flush()
		front := pgproto3.NewFrontend(&out, io.Discard)
		for k := range b.Live() {
			msg, err := front.Receive()
			if err != nil {
				t.Fatal(err)
			}
			checkRow(t, msg.(*pgproto3.DataRow), b, b.Row(k), formats)
		}
		if out.Len() > 0 {
			t.Fatalf("%d bytes too many", out.Len())
		}
	})
}

func drawVector(t *rapid.T, typ types.Type, n int) *vector.Vector {
	v := &vector.Vector{}
	v.Reset(typ)
	constant := rapid.Bool().Draw(t, "constant")
	if constant {
		n = 1
	}
	for range n {
		switch {
		case rapid.IntRange(0, 3).Draw(t, "null") == 0:
			v.AppendNull()
		case typ.ID() == types.OIDBool:
			v.Append(types.Bool(rapid.Bool().Draw(t, "bool")))
		case typ.Class == types.ClassInt:
			v.Append(types.Int(int64(rapid.Int16().Draw(t, "int"))))
		default:
			v.AppendString(rapid.String().Draw(t, "string"))
		}
	}
	v.Const = constant
	return v
}

func checkRow(t *rapid.T, m *pgproto3.DataRow, b *vector.Batch, row int, formats []int16) {
	if len(m.Values) != len(b.Cols) {
		t.Fatalf("%d values, want %d", len(m.Values), len(b.Cols))
	}
	for j, v := range b.Cols {
		d := v.Datum(row)
		if d.Null != (m.Values[j] == nil) {
			t.Fatalf("row %d, column %d: %q for %+v", row, j, m.Values[j], d)
		}
		if !d.Null && string(m.Values[j]) != expected(v.Type, d, formats[j] == 1) {
			t.Fatalf("row %d, column %d (%s): %q for %+v", row, j, v.Type.Name, m.Values[j], d)
		}
	}
}

// expected spells a value the slow way.
func expected(t types.Type, d types.Datum, binary bool) string {
	switch {
	case t.Class == types.ClassString:
		return d.S
	case t.ID() == types.OIDBool && binary:
		return string([]byte{byte(d.I)})
	case t.ID() == types.OIDBool:
		return map[int64]string{0: "f", 1: "t"}[d.I]
	case !binary:
		return strconv.FormatInt(d.I, 10)
	}
	s := ""
	for shift := int(t.Len)*8 - 8; shift >= 0; shift -= 8 {
		s += string([]byte{byte(d.I >> shift)})
	}
	return s
}

// mixedBatch has four columns of common types.
func mixedBatch(n int) *vector.Batch {
	b := &vector.Batch{N: n}
	for _, oid := range []types.OID{types.OIDInt4, types.OIDInt8, types.OIDText, types.OIDBool} {
		v := &vector.Vector{}
		v.Reset(types.Of(types.Builtin(oid)))
		for i := range n {
			switch {
			case i%10 == 9:
				v.AppendNull()
			case v.Type.Class == types.ClassInt:
				v.Append(types.Int(rand.Int64N(2)))
			default:
				v.AppendString(fmt.Sprintf("a text of number %d", i))
			}
		}
		b.Cols = append(b.Cols, v)
	}
	return b
}

// TestRowsAllocate wants batches to be sent without any allocation.
func TestRowsAllocate(t *testing.T) {
	for _, formats := range [][]int16{nil, {1}} {
		c := rowsConn(io.Discard)
		b := mixedBatch(vector.Size)
		c.sink.reset(false, formats)
		_ = c.sink.Rows(b)
		if n := testing.AllocsPerRun(20, func() {
			_ = c.sink.Rows(b)
			_ = c.out.flush()
		}); n > 1 { // the fake session's Format is one
			t.Errorf("formats %v: %v allocations a batch", formats, n)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	for _, format := range []int16{0, 1} {
		b.Run("format="+strconv.Itoa(int(format)), func(b *testing.B) {
			c := rowsConn(io.Discard)
			batch := mixedBatch(vector.Size)
			c.sink.reset(false, []int16{format})
			b.ReportAllocs()
			for b.Loop() {
				_ = c.sink.Rows(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*vector.Size), "ns/row")
		})
	}
}

// BenchmarkSimpleQuery is the wire's own cost of a point select: no network, no work in the session.
func BenchmarkSimpleQuery(b *testing.B) {
	q, _ := (&pgproto3.Query{String: "rows 1"}).Encode(nil)
	benchmarkConversation(b, q)
}

// BenchmarkExtendedQuery is the same with a prepared statement.
func BenchmarkExtendedQuery(b *testing.B) {
	var q []byte
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("1")}, ResultFormatCodes: []int16{1}},
		&pgproto3.Execute{}, &pgproto3.Sync{},
	} {
		q, _ = m.Encode(q)
	}
	benchmarkConversation(b, q)
}

func benchmarkConversation(b *testing.B, q []byte) {
	s := NewServer(Config{Opener: &fakeOpener{}})
	nc := &loopConn{b: b, q: q}
	c := newConn(s, nc)
	c.attach(&nullSession{})
	c.state = stReady
	b.ReportAllocs()
	for b.Loop() {
		for n := nc.written; n == nc.written; {
			c.next()
		}
	}
	c.intr.release()
}

// loopConn gives the same messages again and again, and counts writes.
type loopConn struct {
	memoryConn
	b       *testing.B
	q       []byte
	written int
}

func (l *loopConn) Read(p []byte) (int, error) { return copy(p, l.q), nil }

func (l *loopConn) Write(p []byte) (int, error) {
	l.written++
	return len(p), nil
}

// nullSession answers everything with one row, at once.
type nullSession struct{ fakeSession }

var oneRow = mixedBatch(1)

func (*nullSession) Query(_ context.Context, _ string, out vector.Sink) error {
	_ = out.Fields(oneFields)
	_ = out.Rows(oneRow)
	return out.Complete("SELECT 1")
}

var oneFields = []vector.Field{{Name: "a", Type: int4}, {Name: "b", Type: int4}, {Name: "c", Type: text}, {Name: "d", Type: int4}}

func (*nullSession) Bind(context.Context, string, string, []Param) error { return nil }

func (*nullSession) Execute(_ context.Context, _ string, _ int, out vector.Sink) (bool, error) {
	_ = out.Rows(oneRow)
	return false, out.Complete("SELECT 1")
}
func (*nullSession) TxnStatus() byte                            { return 'I' }
func (*nullSession) Sync(context.Context) error                 { return nil }
func (*nullSession) Deliver(func(uint32, string, string))       {}
func (*nullSession) IdleTimeout() (time.Duration, *pgerr.Error) { return 0, nil }
