package badgerkv

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/rowandb/rowan/storage/kv"
)

// TestCompact removes most of what is there and wants the disk to have it back, with the rest unharmed.
func TestCompact(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	open := func() *Engine {
		e, err := openWith(Options{Dir: dir, NoSync: true}, badgerOptions(Options{Dir: dir, Small: true}).WithMemTableSize(1<<20).WithBaseTableSize(256<<10).WithBaseLevelSize(1<<20).WithValueThreshold(100<<10))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	rnd := rand.NewChaCha8([32]byte{7})
	const n = 4000
	for i := range n {
		val := make([]byte, 2000)
		_, _ = rnd.Read(val)
		b := kv.Batch{Async: true}
		b.Put(fmt.Appendf(nil, "key%05d", i), append(val, byte(i)))
		if err := e.Apply(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		b := kv.Batch{Async: true}
		if i%20 != 0 {
			b.Delete(fmt.Appendf(nil, "key%05d", i))
		}
		if err := e.Apply(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if after := tables(t, dir); after > n*2000/20*2 { // the disk has it back at once
		t.Errorf("tables take %d bytes", after)
	}
	it := e.Scan(ctx, kv.Range{})
	got := 0
	for it.Next() {
		if k := fmt.Appendf(nil, "key%05d", got*20); !bytes.Equal(it.Key(), k) || it.Value()[2000] != byte(got*20) {
			t.Fatalf("%s, want %s", it.Key(), k)
		}
		got++
	}
	it.Close()
	if got != n/20 {
		t.Errorf("%d keys, want %d", got, n/20)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if after := tables(t, dir); after > n*2000/20*2 {
		t.Errorf("tables take %d bytes", after)
	}
}

func tables(t *testing.T, dir string) (size int64) {
	names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		f, err := os.Stat(n)
		if err != nil {
			t.Fatal(err)
		}
		size += f.Size()
	}
	return size
}
