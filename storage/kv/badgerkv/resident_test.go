package badgerkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/dgraph-io/ristretto/v2/z"

	"github.com/rowandb/rowan/storage/kv"
)

const residentRows = 100_000

func residentValue(i int) string { return fmt.Sprintf("%0400d", i*7919) }

// fillTables writes until there are tables, which compactions make and drop meanwhile.
func fillTables(t *testing.T, e *Engine) {
	t.Helper()
	for i := 0; i < residentRows; {
		b := kv.Batch{Async: true, Loose: true}
		for ; i < residentRows && b.Len() < 1000; i++ {
			b.Put(binary.BigEndian.AppendUint32([]byte("k"), uint32(i)), []byte(residentValue(i)))
		}
		if err := e.Pace(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := e.Apply(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
}

func readTables(t *testing.T, e *Engine) {
	t.Helper()
	it := e.Scan(t.Context(), kv.Range{})
	defer it.Close()
	n := 0
	for it.Next() {
		if want := residentValue(n); string(it.Value()) != want {
			t.Fatalf("%x is %q, %v", it.Key(), it.Value(), it.Err())
		}
		n++
	}
	if n != residentRows || it.Err() != nil {
		t.Fatalf("%d rows, %v", n, it.Err())
	}
}

func openResident(t *testing.T) *Engine {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what is in memory")
	}
	e, err := Open(Options{Dir: t.TempDir(), Memory: leastMemory, NoSync: true, keepResident: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// TestLetGo reads tables and lets go of them: less is in memory, and all can still be read.
func TestLetGo(t *testing.T) {
	e := openResident(t)
	fillTables(t, e)
	readTables(t, e)
	before := mappedBytes()
	e.letGo()
	if after := mappedBytes(); len(e.db.Tables()) == 0 || after >= before {
		t.Errorf("%d tables: %d bytes, before %d", len(e.db.Tables()), after, before)
	}
	readTables(t, e)
}

// TestLetGoBeside lets go of tables all the time while they are made, merged, dropped and read: their addresses come to be
// other tables' and Go's own.
func TestLetGoBeside(t *testing.T) {
	e := openResident(t)
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				e.letGo()
			}
		}
	})
	defer done.Wait()
	defer close(stop)
	for range 3 {
		fillTables(t, e)
		readTables(t, e)
	}
}

// TestPageOut takes a file that nobody knows, as what a compaction makes, out of memory: it can still be read.
func TestPageOut(t *testing.T) {
	e := openResident(t)
	name := filepath.Join(e.opts.Dir, "999999.sst")
	const size = 16 << 20
	f, err := z.OpenMmapFile(name, os.O_CREATE|os.O_RDWR, size)
	if err != nil && !errors.Is(err, z.NewFile) {
		t.Fatal(err)
	}
	defer func() { _ = f.Delete() }()
	for i := range f.Data {
		f.Data[i] = byte(i % 251)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	before := mappedBytes()
	e.letGo()
	if after := mappedBytes(); after > before-size/2 {
		t.Errorf("%d bytes, before %d", after, before)
	}
	for i, b := range f.Data {
		if b != byte(i%251) {
			t.Fatalf("byte %d is %d", i, b)
		}
	}
}
