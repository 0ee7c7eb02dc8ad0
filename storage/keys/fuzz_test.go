package keys

import (
	"bytes"
	"testing"

	"github.com/rowandb/rowan/types"
)

// FuzzDecodeKey reads whatever bytes as each kind of key. What is taken is what encoding its parts gives, or sorts and
// reads like it: numbers have longer forms that nobody writes.
func FuzzDecodeKey(f *testing.F) {
	for _, b := range [][]byte{
		Space{2, 300}.AppendHead(nil, []byte("key")),
		AppendEnd(Space{1 << 40, 3}.AppendHistory(nil, []byte{1}), 17|Marker),
		Log{2, 3, 4}.Append(nil), AppendCommit(nil, 9), Chunk{4, 5}.Append(nil),
		MetaSpace.Append(nil, 1, 2), MetaExtra.AppendName(nil, "name"),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		Print(b)
		again := func(what string, ok bool, enc []byte) {
			if !ok {
				t.Fatalf("%s %x: its encoding %x is not read, or as something else", what, b, enc)
			}
			if len(enc) > len(b) || len(enc) == len(b) && !bytes.Equal(enc, b) {
				t.Fatalf("%s %x: encoded as %x", what, b, enc)
			}
		}
		if s, key, ok := DecodeHead(b); ok {
			enc := s.AppendHead(nil, key)
			s2, key2, ok := DecodeHead(enc)
			again("head", ok && s2 == s && bytes.Equal(key, key2), enc)
		}
		if s, key, end, ok := DecodeHistory(b); ok {
			enc := AppendEnd(s.AppendHistory(nil, key), end)
			s2, key2, end2, ok := DecodeHistory(enc)
			again("history", ok && s2 == s && end2 == end && bytes.Equal(key, key2), enc)
		}
		if k, ok := DecodeLog(b); ok {
			k2, ok := DecodeLog(k.Append(nil))
			again("log", ok && k2 == k, k.Append(nil))
		}
		if k, ok := DecodeChunk(b); ok && !bytes.Equal(k.Append(nil), b) {
			t.Fatalf("chunk %x: encoded as %x", b, k.Append(nil))
		}
		if scn, ok := DecodeCommit(b); ok && !bytes.Equal(AppendCommit(nil, scn), b) {
			t.Fatalf("commit %x: encoded as %x", b, AppendCommit(nil, scn))
		}
		if m, rest, ok := DecodeMeta(b); ok && !bytes.Equal(m.AppendName(nil, string(rest)), b) {
			t.Fatalf("meta %x: encoded as %x", b, m.AppendName(nil, string(rest)))
		}
	})
}

// FuzzDecodeColumn reads whatever bytes as the columns of a key: a value that is read takes no more than there is, and its
// encoding reads as the same value.
func FuzzDecodeColumn(f *testing.F) {
	names := []string{"bool", "int2", "int4", "int8", "oid", "date", "timestamp", "text", "bytea", "uuid"}
	for i, name := range names {
		typ := types.Of(types.BuiltinByName(name))
		for opts := range byte(8) {
			c := columnOf(typ, opts)
			d := types.Int(1)
			if typ.Class == types.ClassString {
				d = types.String("a\x00b\xff sixteen  16")
			}
			f.Add(byte(i), opts, append(c.Append(nil, d), "more"...))
			f.Add(byte(i), opts, c.Append(nil, types.Null))
		}
	}
	f.Fuzz(func(t *testing.T, i, opts byte, b []byte) {
		c := columnOf(types.Of(types.BuiltinByName(names[int(i)%len(names)])), opts)
		in := bytes.Clone(b)
		d, rest, buf, ok := c.Decode(b, nil)
		if !bytes.Equal(in, b) {
			t.Fatal("decoding has changed the key")
		}
		if !ok {
			return
		}
		if len(rest) > len(b) || len(buf) > len(b) {
			t.Fatalf("%x: %d bytes left, %d of memory", b, len(rest), len(buf))
		}
		enc := c.Append(nil, d)
		again, rest, _, ok := c.Decode(enc, nil)
		if !ok || len(rest) != 0 || again != d {
			t.Fatalf("%x is %v, which is encoded as %x and read as %v, %v", b, d, enc, again, ok)
		}
	})
}

func columnOf(t types.Type, opts byte) Column {
	return NewColumn(t, opts&1 != 0, opts&2 != 0, opts&4 != 0)
}

// FuzzOrderText compares encodings of two strings with the order of the strings, for all that a string may hold.
func FuzzOrderText(f *testing.F) {
	f.Add("a", "a\x00")
	f.Add("a\x00\xff", "a\x00\x01")
	f.Add("", "\x00\x01")
	text := types.Of(types.Builtin(types.OIDBytea))
	f.Fuzz(func(t *testing.T, a, b string) {
		for opts := range byte(8) {
			c := columnOf(text, opts)
			x, y := c.Append(nil, types.String(a)), c.Append(nil, types.String(b))
			want := bytes.Compare([]byte(a), []byte(b))
			if opts&1 != 0 {
				want = -want
			}
			if bytes.Compare(x, y) != want {
				t.Fatalf("%q → %x, %q → %x: order", a, x, b, y)
			}
			if a != b && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
				t.Fatalf("%x and %x: one is the other's prefix", x, y)
			}
			if d, rest, _, ok := c.Decode(x, nil); !ok || len(rest) != 0 || d.S != a {
				t.Fatalf("%q → %x → %q", a, x, d.S)
			}
		}
	})
}
