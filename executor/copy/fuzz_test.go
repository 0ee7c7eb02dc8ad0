package copy

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// fuzzFormats are the ways to read that the fuzzer chooses from.
func fuzzFormats() []command.CopyOptions {
	header, escape, force := options("csv"), options("csv"), options("csv")
	header.HeaderMatch = true
	escape.Escape, escape.Quote, escape.Delimiter = '\\', '\'', ';'
	force.ForceNotNull, force.ForceNull, force.Null = []string{"b"}, []string{"c"}, "x"
	bar := options("text")
	bar.Delimiter, bar.Null, bar.Header = '|', "", true
	return []command.CopyOptions{options("text"), options("csv"), options("binary"), header, escape, force, bar}
}

// FuzzRead reads whatever bytes as each format: no panic, the same rows and the same error however the bytes are cut, and
// rows that were read are written so that they read the same.
func FuzzRead(f *testing.F) {
	formats := fuzzFormats()
	for i, o := range formats {
		for _, s := range []string{"1\tx\t2.50\n-7\t\\N\t\\N\n", "1,\"a,\"\"b\"\"\nc\",2\n2,,\n", "1\ta\\tb\\\\\\nc\\x41\\101\t1\r\n\\.\n", "a,b,c\r1,'x\\'';y',x\r"} {
			f.Add(byte(i), s)
		}
		b := batchOf(config(o))
		w := NewWriter(config(o))
		f.Add(byte(i), string(w.End(w.Rows(w.Begin(nil), b))))
	}
	f.Fuzz(func(t *testing.T, i byte, data string) {
		o := formats[int(i)%len(formats)]
		c := config(o)
		want, wantErr := read(c, data, len(data)+1)
		for _, n := range []int{1, 2, 7} {
			got, err := read(c, data, n)
			if show(err) != show(wantErr) || got != want {
				t.Fatalf("%q in pieces of %d: %q and %q, as a whole %q and %q", data, n, got, show(err), want, show(wantErr))
			}
		}
		if wantErr != nil {
			if pgerr.Code(wantErr) == "XX000" {
				t.Fatalf("%q: %v", data, wantErr)
			}
			return
		}
		again, err := read(c, rewrite(t, c, data), 5)
		if err != nil || again != want {
			t.Fatalf("%q gives %q, which is written and read as %q, %v", data, want, again, err)
		}
	})
}

func show(err error) string {
	if err == nil {
		return ""
	}
	e := pgerr.From(err)
	return e.Code + " " + e.Message + " / " + e.Detail + " / " + e.Where
}

// rewrite reads data and writes what was read.
func rewrite(t *testing.T, c Config, data string) string {
	t.Helper()
	first := true
	r := NewReader(c, func() ([]byte, error) {
		if !first {
			return nil, io.EOF
		}
		first = false
		return []byte(data), nil
	})
	wc := c
	wc.Options.Header = c.Options.Header || c.Options.HeaderMatch
	w := NewWriter(wc)
	out := w.Begin(nil)
	for {
		b, err := r.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return string(w.End(out))
		}
		out = w.Rows(out, b)
	}
}

// TestReadLong reads one long line that comes in many small pieces. Looking through it from its beginning with each piece
// would take minutes.
func TestReadLong(t *testing.T) {
	const size = 16 << 20
	piece := bytes.Repeat([]byte("x"), 512)
	for _, o := range []command.CopyOptions{options("text"), options("csv")} {
		c := config(o)
		c.Names, c.Types = []string{"a"}, []types.Type{types.Of(types.Builtin(types.OIDText))}
		for _, quoted := range []bool{false, true} {
			left := size
			r := NewReader(c, func() ([]byte, error) {
				switch {
				case left < 0:
					return nil, io.EOF
				case left == 0:
					left--
					return []byte("\""), nil
				case left == size && quoted:
					left--
					return []byte("\""), nil
				}
				n := min(left, len(piece))
				left -= n
				return piece[:n], nil
			})
			b, err := r.Next(context.Background())
			if o.Format == "csv" && !quoted {
				if show(err)[:5] != "22P04" {
					t.Errorf("unquoted: %v", err)
				}
				continue
			}
			if err != nil || b.N != 1 || len(b.Cols[0].Str[0]) < size-1 {
				t.Errorf("%s, quoted %v: %v", o.Format, quoted, err)
			}
		}
	}
}

// batchOf is a few rows with what needs care in them.
func batchOf(c Config) *vector.Batch {
	b := &vector.Batch{N: 3}
	for _, x := range c.Types {
		v := &vector.Vector{}
		v.Reset(x)
		b.Cols = append(b.Cols, v)
	}
	for i, s := range []string{"a\tb", "\\N", "\"q\",\r\nü\\."} {
		b.Cols[0].Append(types.Int(int64(i) - 1))
		b.Cols[1].AppendString(s)
		b.Cols[2].AppendNull()
	}
	return b
}
