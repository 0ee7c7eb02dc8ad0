package badgerkv

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/kvtest"
)

func TestEngine(t *testing.T) { common(t, func(*Engine) {}) }

// common runs the tests that all engines have, on stores that are changed as they are opened.
func common(t *testing.T, change func(*Engine)) {
	if testing.Short() {
		t.Skip("opens hundreds of stores, each of which is a dozen files")
	}
	kvtest.Run(t, func(t testing.TB) kvtest.Open {
		dir, err := os.MkdirTemp(t.TempDir(), "kv")
		must(t, err)
		return func() (kv.Engine, error) {
			e, err := Open(Options{Dir: dir, Small: true, NoSync: true})
			if err == nil {
				change(e)
			}
			return e, err
		}
	})
}

// TestOverwritesSurviveCompaction overwrites and deletes keys through many memtables and levels, with all writes at one
// Badger timestamp, and compares every key with a map: an old value that came back would show that level 0 was compacted
// into itself, or out of order.
func TestOverwritesSurviveCompaction(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	open := func() *Engine {
		b := badgerOptions(Options{Dir: dir, Small: true}).WithMemTableSize(1 << 20).WithBaseTableSize(256 << 10).
			WithBaseLevelSize(1 << 20).WithValueThreshold(100 << 10)
		e, err := openWith(Options{Dir: dir, NoSync: true}, b)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	rnd := rand.New(rand.NewPCG(1, 2))
	want := map[string]string{}
	for round := range 400 {
		b := kv.Batch{Async: true}
		for range 200 {
			k := fmt.Sprintf("key%05d", rnd.IntN(3000))
			if rnd.IntN(4) == 0 {
				b.Delete([]byte(k))
				delete(want, k)
				continue
			}
			v := fmt.Sprintf("%d/%0*d", round, rnd.IntN(300), rnd.IntN(1000))
			b.Put([]byte(k), []byte(v))
			want[k] = v
		}
		if err := e.Apply(ctx, &b); err != nil {
			t.Fatal(err)
		}
		if n := len(e.db.Tables()); round%100 == 99 {
			t.Logf("round %d: %d tables, levels %v", round, n, levels(e))
			if round == 199 {
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = open()
			}
			compare(t, e, want)
		}
	}
	for _, l := range e.db.Levels() {
		if l.Level == 0 && l.NumTables > 3 {
			t.Errorf("%d tables in level 0: more than three may be compacted into one another", l.NumTables)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func levels(e *Engine) (out []int) {
	for _, l := range e.db.Levels() {
		out = append(out, l.NumTables)
	}
	return out
}

func compare(t *testing.T, e *Engine, want map[string]string) {
	t.Helper()
	it := e.Scan(context.Background(), kv.Range{Lo: []byte("key"), Hi: []byte("kez")})
	defer it.Close()
	n := 0
	for it.Next() {
		if want[string(it.Key())] != string(it.Value()) {
			t.Fatalf("%s is %s, want %s", it.Key(), it.Value(), want[string(it.Key())])
		}
		n++
	}
	if n != len(want) || it.Err() != nil {
		t.Fatalf("%d keys, want %d: %v", n, len(want), it.Err())
	}
	for k, v := range want {
		if got, ok, err := e.Get(context.Background(), []byte(k), nil); !ok || err != nil || string(got) != v {
			t.Fatalf("%s is %s, want %s: %v", k, got, v, err)
		}
	}
}
