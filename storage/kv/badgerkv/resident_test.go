package badgerkv

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	"github.com/rowandb/rowan/storage/kv"
)

// TestLetGo writes until there are tables, reads them, and lets go of them: no more is in memory than before, and all can still be read.
func TestLetGo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what is in memory")
	}
	e, err := Open(Options{Dir: t.TempDir(), Memory: leastMemory, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	const rows = 100_000
	key := func(i int) []byte { return binary.BigEndian.AppendUint32([]byte("k"), uint32(i)) }
	for i := 0; i < rows; {
		b := kv.Batch{Async: true, Loose: true}
		for ; i < rows && b.Len() < 1000; i++ {
			b.Put(key(i), fmt.Appendf(nil, "%0400d", i*7919))
		}
		if err := e.Pace(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := e.Apply(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
	}
	readAll := func() {
		t.Helper()
		it := e.Scan(context.Background(), kv.Range{})
		defer it.Close()
		n := 0
		for it.Next() {
			if want := fmt.Sprintf("%0400d", n*7919); string(it.Value()) != want {
				t.Fatalf("%x is %s", it.Key(), it.Value())
			}
			n++
		}
		if n != rows || it.Err() != nil {
			t.Fatalf("%d rows, %v", n, it.Err())
		}
	}
	readAll()
	before := mappedBytes()
	e.letGo()
	if after := mappedBytes(); len(e.db.Tables()) == 0 || after > before {
		t.Errorf("%d tables: %d bytes, before %d", len(e.db.Tables()), after, before)
	}
	readAll()
}
