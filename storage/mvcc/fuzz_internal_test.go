package mvcc

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv/memkv"
)

// exampleLog is a log entry as commits write them, with its list of keys.
func exampleLog() []byte {
	h := logHeader{
		time: time.UnixMicro(1e15).UTC(), txn: 7, large: 9,
		info:   storage.TxnInfo{User: "ada", Application: "psql", Summary: "INSERT", Merged: "dev"},
		tables: []tableCount{{keyspace: 16, table: 16384, rowCounts: rowCounts{3, -1, 2}}},
	}
	var l keyList
	l.add(keys.Space{Layer: 2, Keyspace: 16}, []byte("key1"), false)
	l.add(keys.Space{Layer: 2, Keyspace: 16}, []byte("key20"), true)
	l.add(keys.Space{Layer: 3, Keyspace: 300}, nil, false)
	return append(h.append(nil), l.buf...)
}

// FuzzRecord reads whatever bytes as each kind of record of the store. None may panic or give more than there is, and
// what is read is written so that it reads the same.
func FuzzRecord(f *testing.F) {
	f.Add(exampleLog())
	f.Add(commitRecord{time.UnixMicro(1e15), 7}.append(nil))
	f.Add(appendVersion(nil, root|first, 300, 0, []byte("payload")))
	f.Add(appendVersion(nil, deleted, 9|keys.Marker, 4, nil))
	f.Add(appendRowRef(nil, []byte("row"), false))
	f.Add(appendRowRef(nil, []byte("row"), true))
	f.Add((&size{}).append(nil, 5))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.Clone(b)
		fuzzVersion(t, b)
		fuzzLog(t, b)
		if c, err := parseCommit(b); err == nil {
			if again, err := parseCommit(c.append(nil)); err != nil || again != c {
				t.Fatalf("commit %+v is read again as %+v, %v", c, again, err)
			}
		}
		for _, key := range [][]byte{nil, []byte("key"), b} {
			row, rest := splitEntry(b, key)
			if len(row)+len(rest) > len(b)+len(key) {
				t.Fatalf("entry %x: %d and %d bytes", b, len(row), len(rest))
			}
		}
		z, again := size{}, size{}
		scn, _ := z.read(b)
		if back, _ := again.read(z.append(nil, scn)); back != scn || z.n.Load() != again.n.Load() || z.unknown.Load() != again.unknown.Load() {
			t.Fatalf("size %x: SCN %d is read again as %d", b, scn, back)
		}
		if !bytes.Equal(in, b) {
			t.Fatal("reading has changed the record")
		}
	})
}

func fuzzVersion(t *testing.T, b []byte) {
	v, err := parseVersion(b)
	if err != nil {
		return
	}
	enc := appendVersion(nil, v.flags, v.ver, v.cmd, v.payload)
	again, err := parseVersion(enc)
	if v.ver&keys.Marker != 0 && v.flags&marked == 0 {
		return // an SCN that nobody has
	}
	if err != nil || !reflect.DeepEqual(again, v) && (len(v.payload) > 0 || again.ver != v.ver || again.flags != v.flags || again.cmd != v.cmd) {
		t.Fatalf("version %x: %+v is read again as %+v, %v", b, v, again, err)
	}
}

func fuzzLog(t *testing.T, b []byte) {
	var list keyList
	n := 0
	err := eachKey(b, func(sp keys.Space, key []byte, del bool) bool {
		if n += len(key); len(key) > len(b) {
			t.Fatalf("list %x: a key of %d bytes", b, len(key))
		}
		list.add(sp, key, del)
		return true
	})
	if err == nil {
		var again keyList
		if err := eachKey(list.buf, func(sp keys.Space, key []byte, del bool) bool {
			again.add(sp, key, del)
			return true
		}); err != nil || !bytes.Equal(list.buf, again.buf) {
			t.Fatalf("list %x becomes %x, and that %x, %v", b, list.buf, again.buf, err)
		}
	}
	h, rest, err := parseLog(b)
	if err != nil {
		return
	}
	if len(rest) > len(b) || len(h.tables)*5 > len(b) {
		t.Fatalf("log %x: %d bytes of keys, %d tables", b, len(rest), len(h.tables))
	}
	again, _, err := parseLog(h.append(nil))
	if err != nil || !reflect.DeepEqual(again, h) {
		t.Fatalf("log %+v is read again as %+v, %v", h, again, err)
	}
}

// FuzzDescriptor reads whatever bytes as a catalog object. What is read can be asked for all that the catalog asks, and is
// written so that it reads the same.
func FuzzDescriptor(f *testing.F) {
	for _, o := range []catalog.Object{
		&catalog.Schema{Header: catalog.Header{OID: 16384, Name: "app", Owner: 10}},
		&catalog.Table{Header: catalog.Header{OID: 16385, Name: "t", Schema: catalog.Public}, Rows: 16,
			Columns: []catalog.Column{{ID: 1, Num: 1, Name: "a", TypeOID: 23, Mod: -1, NotNull: true}},
			Indexes: []*catalog.Index{{OID: 16386, Name: "t_pkey", Keyspace: 16, Primary: true, Unique: true, Columns: []catalog.IndexColumn{{Column: 1}}}}},
		&catalog.Sequence{Header: catalog.Header{OID: 16387, Name: "s"}},
		&catalog.View{Header: catalog.Header{OID: 16388, Name: "v"}},
		&catalog.UserType{Header: catalog.Header{OID: 16389, Name: "mood"}},
		&catalog.Function{Header: catalog.Header{OID: 16390, Name: "f"}},
		&catalog.Role{Header: catalog.Header{OID: 16391, Name: "ada"}},
		&catalog.Database{Header: catalog.Header{OID: 16392, Name: "rowan"}},
	} {
		b, err := encodeObject(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := decodeObject(b)
		if err != nil {
			return
		}
		enc, err := encodeObject(o)
		if err != nil {
			t.Fatalf("%q cannot be written: %v", b, err)
		}
		again, err := decodeObject(enc)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", b, enc, err)
		}
		if twice, err := encodeObject(again); err != nil || !bytes.Equal(enc, twice) {
			t.Fatalf("%q becomes %q, and that %q, %v", b, enc, twice, err)
		}
		k := &keyCheck{report: &report{}, marks: map[uint64]scnSet{}}
		k.object(keys.Space{Layer: 2, Keyspace: catalogSpace}, objectKey(o.Head().OID), &version{payload: b}, 1)
	})
}

// FuzzPoint asks for whatever points of a branch with a short history: an SCN of that history, or an error with a SQLSTATE.
func FuzzPoint(f *testing.F) {
	ctx := context.Background()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s, err := Open(memkv.New(), Options{CleanEvery: -1, Clock: func() time.Time { now = now.Add(time.Second); return now }})
	if err == nil {
		err = Bootstrap(ctx, s, BootstrapOptions{})
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	for range 5 {
		if _, err := s.Branches().Create(ctx, FirstDatabase, storage.BranchOptions{Name: "b" + now.Format("05"), Source: "main"}); err != nil {
			f.Fatal(err)
		}
	}
	for _, p := range []string{"head", "now", "1", "scn:2", "0/1", "~1", "~1~1", "^", "-1 minute", "5 seconds ago", "snap_x", "snapshot:x", "tx:1",
		"tag:v1", "commit:ab", "branch:main", "main~1", "2030-01-01 00:00:02", "infinity", "-infinity", "-2700000 hours", "~9223372036854775807~9223372036854775807~5"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		b, scn, err := s.Branches().Find(ctx, FirstDatabase, "main", p)
		if err != nil {
			if code := pgerr.From(err).Code; code == "XX000" || strings.HasPrefix(code, "58") {
				t.Fatalf("%q: %v", p, err)
			}
			return
		}
		if now, _ := s.Now(); scn > now || b.Name == "" {
			t.Fatalf("%q is SCN %d of %q", p, scn, b.Name)
		}
	})
}

// TestPointLimits reads points at the end of what numbers and times can be.
func TestPointLimits(t *testing.T) {
	if n, ok := steps("~9223372036854775807~9223372036854775807~5"); ok {
		t.Errorf("goes back %d", n)
	}
	ctx := context.Background()
	s, err := Open(memkv.New(), Options{CleanEvery: -1})
	if err == nil {
		err = Bootstrap(ctx, s, BootstrapOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for p, want := range map[string]string{
		"infinity": "is in the future", "294276-12-31 23:59:59": "is in the future", "-infinity": "is before all history",
		"-2700000 hours": "is before all history", "-2562047788:00:54.775807": "is before all history", "-1 day +48 hours": "is in the future",
		"2562047788 hours ago": "is before all history",
	} {
		_, _, err := s.Branches().Find(ctx, FirstDatabase, "main", p)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want that it %s", p, err, want)
		}
	}
}
