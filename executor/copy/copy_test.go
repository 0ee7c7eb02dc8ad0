package copy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

func options(format string) command.CopyOptions {
	if format == "csv" {
		return command.CopyOptions{Format: "csv", Delimiter: ',', Quote: '"', Escape: '"'}
	}
	return command.CopyOptions{Format: format, Delimiter: '\t', Null: "\\N"}
}

func config(o command.CopyOptions) Config {
	return Config{
		Options: o, Table: "t", Names: []string{"a", "b", "c"}, Format: types.DefaultFormat(),
		Types: []types.Type{types.Of(types.Builtin(types.OIDInt4)), types.Of(types.Builtin(types.OIDText)), types.Of(types.Builtin(types.OIDNumeric))},
	}
}

// read parses data that comes in pieces of n bytes, and shows the rows.
func read(c Config, data string, n int) (string, error) {
	r := NewReader(c, func() ([]byte, error) {
		if data == "" {
			return nil, io.EOF
		}
		piece := data[:min(n, len(data))]
		data = data[len(piece):]
		return []byte(piece), nil
	})
	var out strings.Builder
	for {
		b, err := r.Next(context.Background())
		if b == nil || err != nil {
			return out.String(), err
		}
		for i := range b.N {
			for k, v := range b.Cols {
				if k > 0 {
					out.WriteByte('|')
				}
				if d := v.Datum(i); d.Null {
					out.WriteString("∅")
				} else {
					fmt.Fprintf(&out, "%q", types.Text(c.Types[k], d, c.Format))
				}
			}
			out.WriteByte('\n')
		}
	}
}

func TestRead(t *testing.T) {
	header := options("csv")
	header.Header = true
	match := options("csv")
	match.HeaderMatch = true
	force := options("csv")
	force.ForceNotNull, force.ForceNull = []string{"b"}, []string{"c"}
	for _, c := range []struct {
		o          command.CopyOptions
		data, want string
		err        string // message / context
	}{
		{options("text"), "1\tx\t2.50\n-7\t\\N\t\\N\n", "\"1\"|\"x\"|\"2.50\"\n\"-7\"|∅|∅\n", ""},
		{options("text"), "1\ta\\tb\\\\\\nc\\x41\\101\t1", "\"1\"|\"a\\tb\\\\\\ncAA\"|\"1\"\n", ""},
		{options("text"), "1\ta\\\nb\t1\n", "\"1\"|\"a\\nb\"|\"1\"\n", ""},
		{options("text"), "1\ta\t1\r\n2\tb\t2\r\n", "\"1\"|\"a\"|\"1\"\n\"2\"|\"b\"|\"2\"\n", ""},
		{options("text"), "1\ta\t1\n\\.\nrubbish", "\"1\"|\"a\"|\"1\"\n", ""},
		{options("text"), "1\tx\n", "", "missing data for column \"c\" / COPY t, line 1: \"1\tx\""},
		{options("text"), "1\tx\t2\ty\n", "", "extra data after last expected column / COPY t, line 1: \"1\tx\t2\ty\""},
		{options("text"), "1\tx\t2\nzz\ty\t2\n", "", "invalid input syntax for type integer: \"zz\" / COPY t, line 2, column a: \"zz\""},
		{options("text"), "99999999999\ty\t2\n", "", "value \"99999999999\" is out of range for type integer / COPY t, line 1, column a: \"99999999999\""},
		{options("text"), "1\ta\t1\n2\tb\r\t2\n", "", "literal carriage return found in data / COPY t, line 2"},
		{options("csv"), "1,\"a,\"\"b\"\"\nc\",2\n2,,\n3,\"\",1\n", "\"1\"|\"a,\\\"b\\\"\\nc\"|\"2\"\n\"2\"|∅|∅\n\"3\"|\"\"|\"1\"\n", ""},
		{options("csv"), "1,a\"x,y\"b,2\r\n", "\"1\"|\"ax,yb\"|\"2\"\n", ""},
		{options("csv"), "1,\"ab,2\n", "", "unterminated CSV quoted field / COPY t, line 1: \"1,\"ab,2\n\""},
		{header, "x,y,z\n1,a,2\n", "\"1\"|\"a\"|\"2\"\n", ""},
		{match, "a,b,c\n1,a,2\n", "\"1\"|\"a\"|\"2\"\n", ""},
		{match, "a,x,c\n1,a,2\n", "", "column name mismatch in header line field 2: got \"x\", expected \"b\" / COPY t, line 1: \"a,x,c\""},
		{force, "1,,\"\"\n", "\"1\"|\"\"|∅\n", ""},
	} {
		for _, n := range []int{1, 3, 1000} {
			got, err := read(config(c.o), c.data, n)
			msg := ""
			if err != nil {
				e := pgerr.From(err)
				msg = e.Message + " / " + e.Where
			}
			if msg != c.err || err == nil && got != c.want {
				t.Errorf("%q in pieces of %d: %q and %q, want %q and %q", c.data, n, got, msg, c.want, c.err)
			}
		}
	}
}

// TestRoundTrip writes random rows in each format and reads them back, in pieces of any size.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	letters := []rune("ab\t\n\r\\\".,;ü\v\b\fN")
	for _, format := range []string{"text", "csv", "binary"} {
		c := config(options(format))
		for range 50 {
			b := &vector.Batch{}
			for _, x := range c.Types {
				v := &vector.Vector{}
				v.Reset(x)
				b.Cols = append(b.Cols, v)
			}
			b.N = rng.IntN(100)
			want := strings.Builder{}
			for range b.N {
				b.Cols[0].Append(types.Int(int64(int32(rng.Uint32()))))
				s := make([]rune, rng.IntN(6))
				for i := range s {
					s[i] = letters[rng.IntN(len(letters))]
				}
				if b.Cols[1].AppendString(string(s)); rng.IntN(4) == 0 {
					b.Cols[2].AppendNull()
				} else {
					d, _ := types.ParseText(c.Types[2], fmt.Sprintf("%d.%02d", rng.IntN(1000)-500, rng.IntN(100)), c.Format)
					b.Cols[2].Append(d)
				}
			}
			for i := range b.N {
				last := "∅"
				if d := b.Cols[2].Datum(i); !d.Null {
					last = fmt.Sprintf("%q", types.Text(c.Types[2], d, c.Format))
				}
				fmt.Fprintf(&want, "\"%d\"|%q|%s\n", b.Cols[0].Int[i], b.Cols[1].Str[i], last)
			}
			w := NewWriter(c)
			data := w.End(w.Rows(w.Begin(nil), b))
			got, err := read(c, string(data), 1+rng.IntN(50))
			if err != nil || got != want.String() {
				t.Fatalf("%s: %v\n%q\ngives\n%s\nwant\n%s", format, err, data, got, want.String())
			}
		}
	}
}

func TestBinaryErrors(t *testing.T) {
	c := config(options("binary"))
	for data, want := range map[string]string{
		"PGCOPY": "COPY file signature not recognized",
		signature + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01":                     "row field count is 1, expected 3",
		signature + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04\x00": "unexpected EOF in COPY data",
	} {
		if _, err := read(c, data, 7); err == nil || pgerr.From(err).Message != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	boom := errors.New("boom")
	r := NewReader(c, func() ([]byte, error) { return nil, boom })
	if _, err := r.Next(context.Background()); !errors.Is(err, boom) {
		t.Error(err)
	}
}

func BenchmarkRead(b *testing.B) {
	var data strings.Builder
	const rows = 100_000
	for i := range rows {
		fmt.Fprintf(&data, "%d\tname of row %d\t%d.%02d\n", i, i, i, i%100)
	}
	s := data.String()
	b.Run(fmt.Sprintf("rows=%d/type=text", rows), func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(s)))
		for b.Loop() {
			left := []byte(s)
			r := NewReader(config(options("text")), func() ([]byte, error) {
				if len(left) == 0 {
					return nil, io.EOF
				}
				n := min(len(left), 64<<10)
				piece := left[:n]
				left = left[n:]
				return piece, nil
			})
			for {
				batch, err := r.Next(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				if batch == nil {
					break
				}
			}
		}
	})
}
