// Package kvtest is the one test suite of all kv engines, and an engine that fails on purpose.
//
// Run is called by each engine's own tests with a way to open it, and to open it again. Crash wraps an engine for tests
// of what is built on it. Only tests import the package.
package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage/kv"
)

var ctx = context.Background()

// Open opens a store; called again after Close it opens the same one.
type Open func() (kv.Engine, error)

// Run tests an engine. fresh makes a way to open an empty store.
func Run(t *testing.T, fresh func(t testing.TB) Open) {
	t.Run("Basics", func(t *testing.T) { basics(t, fresh(t)) })
	t.Run("LargeValues", func(t *testing.T) { largeValues(t, fresh(t)) })
	t.Run("Limits", func(t *testing.T) { limits(t, fresh(t)) })
	t.Run("Concurrent", func(t *testing.T) { concurrent(t, fresh(t)) })
	t.Run("Model", func(t *testing.T) {
		open := fresh(t)
		e, err := open()
		must(t, err)
		defer func() { _ = e.Close() }()
		rapid.Check(t, func(r *rapid.T) { e = model(r, e, open) })
	})
}

func must(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func put(t interface{ Fatal(...any) }, e kv.Engine, pairs ...string) {
	var b kv.Batch
	for i := 0; i < len(pairs); i += 2 {
		b.Put([]byte(pairs[i]), []byte(pairs[i+1]))
	}
	must(t, e.Apply(ctx, &b))
}

func collect(e kv.Engine, r kv.Range) string {
	it := e.Scan(ctx, r)
	defer it.Close()
	var out []string
	for it.Next() {
		out = append(out, string(it.Key())+"="+string(it.Value()))
	}
	return fmt.Sprint(out, it.Err())
}

func basics(t *testing.T, open Open) {
	e, err := open()
	must(t, err)
	put(t, e, "b", "2", "a", "1", "c", "3", "c", "4", "empty", "")
	for _, c := range []struct{ r, want string }{
		{collect(e, kv.Range{}), "[a=1 b=2 c=4 empty=] <nil>"},
		{collect(e, kv.Range{Lo: []byte("b"), Hi: []byte("c")}), "[b=2] <nil>"},
		{collect(e, kv.Range{Reverse: true}), "[empty= c=4 b=2 a=1] <nil>"},
		{collect(e, kv.Range{Lo: []byte("b"), Hi: []byte("c"), Reverse: true}), "[b=2] <nil>"},
		{collect(e, kv.Range{Lo: []byte("x")}), "[] <nil>"},
	} {
		if c.r != c.want {
			t.Fatalf("got %s, want %s", c.r, c.want)
		}
	}
	v, ok, err := e.Get(ctx, []byte("a"), []byte("="))
	if string(v) != "=1" || !ok || err != nil {
		t.Fatal(string(v), ok, err)
	}
	if v, ok, err := e.Get(ctx, []byte("empty"), nil); len(v) != 0 || !ok || err != nil {
		t.Fatal(v, ok, err)
	}
	if _, ok, err := e.Get(ctx, []byte("none"), nil); ok || err != nil {
		t.Fatal(ok, err)
	}
	got := map[int]string{}
	must(t, e.GetMany(ctx, [][]byte{[]byte("c"), []byte("none"), []byte("a")}, func(i int, v []byte) error {
		got[i] = string(v)
		return nil
	}))
	if !maps.Equal(got, map[int]string{0: "4", 2: "1"}) {
		t.Fatal(got)
	}
	stop := errors.New("stop")
	if err := e.GetMany(ctx, [][]byte{[]byte("a")}, func(int, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	must(t, e.DeleteRange(ctx, []byte("b"), []byte("d")))
	must(t, e.Sync(ctx))
	must(t, e.Close())
	must(t, e.Close())
	if err := e.Apply(ctx, &kv.Batch{}); !errors.Is(err, kv.ErrClosed) {
		t.Fatal(err)
	}
	if _, _, err := e.Get(ctx, []byte("a"), nil); !errors.Is(err, kv.ErrClosed) {
		t.Fatal(err)
	}
	e, err = open()
	must(t, err)
	if got := collect(e, kv.Range{}); got != "[a=1 empty=] <nil>" {
		t.Fatal(got)
	}
	must(t, e.Close())
}

func largeValues(t *testing.T, open Open) {
	e, err := open()
	must(t, err)
	want := map[string][]byte{}
	for i, n := range []int{1 << 10, 1<<20 - 1, 1 << 20, 3 << 20, 9 << 20} {
		k := fmt.Sprint("k", i)
		want[k] = bytes.Repeat([]byte{byte(i + 1)}, n)
		var b kv.Batch
		b.Put([]byte(k), want[k])
		must(t, e.Apply(ctx, &b))
	}
	put(t, e, "k2", "small")
	want["k2"] = []byte("small")
	must(t, e.Close())
	e, err = open()
	must(t, err)
	it := e.Scan(ctx, kv.Range{})
	n := 0
	for it.Next() {
		if !bytes.Equal(it.Value(), want[string(it.Key())]) {
			t.Fatalf("value of %s: %d bytes", it.Key(), len(it.Value()))
		}
		n++
	}
	it.Close()
	if n != len(want) || it.Err() == nil && n == 0 {
		t.Fatal(n, it.Err())
	}
	for k, v := range want {
		if got, _, err := e.Get(ctx, []byte(k), nil); err != nil || !bytes.Equal(got, v) {
			t.Fatal(k, len(got), err)
		}
	}
	must(t, e.Close())
}

func limits(t *testing.T, open Open) {
	e, err := open()
	must(t, err)
	defer e.Close()
	l := e.Limits()
	var b kv.Batch
	for i := 0; b.Fits(l, 1, 100); i++ {
		b.Put(fmt.Appendf(nil, "%020d", i), make([]byte, 80))
	}
	must(t, e.Apply(ctx, &b)) // whatever fits is taken
	for range 2 + l.Bytes/2e5 {
		b.Put([]byte("x"), make([]byte, 200e3))
	}
	if err := e.Apply(ctx, &b); !errors.Is(err, kv.ErrTooBig) {
		t.Fatal(err)
	}
	b.Reset()
	b.Put(make([]byte, kv.MaxKey), []byte("v"))
	must(t, e.Apply(ctx, &b))
	b.Put(make([]byte, kv.MaxKey+1), []byte("v"))
	if err := e.Apply(ctx, &b); !errors.Is(err, kv.ErrKeyLimit) {
		t.Fatal(err)
	}
}

// concurrent lets writers race: each batch is seen whole once Apply has returned, and the last one counts.
func concurrent(t *testing.T, open Open) {
	e, err := open()
	must(t, err)
	defer e.Close()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			k1, k2 := fmt.Appendf(nil, "one/%d", w), fmt.Appendf(nil, "two/%d", w)
			for i := range 50 {
				b := kv.Batch{Async: i%3 == 0}
				v := fmt.Appendf(nil, "%d", i)
				b.Put(k1, v)
				b.Put(k2, v)
				if err := e.Apply(ctx, &b); err != nil {
					t.Error(err)
					return
				}
				for _, k := range [][]byte{k1, k2} {
					if got, ok, err := e.Get(ctx, k, nil); !ok || err != nil || !bytes.Equal(got, v) {
						t.Errorf("%s is %s after %s: %v", k, got, v, err)
						return
					}
				}
			}
		}()
	}
	wg.Wait()
}

// model compares random histories with a map.
func model(t *rapid.T, e kv.Engine, open Open) kv.Engine {
	must(t, e.DeleteRange(ctx, nil, nil))
	want := map[string]string{}
	key := rapid.StringMatching(`[ab\x00\xff]{1,4}`)
	t.Repeat(map[string]func(*rapid.T){
		"apply": func(t *rapid.T) {
			b := kv.Batch{Async: rapid.Bool().Draw(t, "async")}
			for range rapid.IntRange(1, 8).Draw(t, "n") {
				k := key.Draw(t, "key")
				if rapid.IntRange(0, 3).Draw(t, "op") == 0 {
					b.Delete([]byte(k))
					delete(want, k)
					continue
				}
				v := rapid.StringMatching(`[a-z]{0,5}`).Draw(t, "value")
				b.Put([]byte(k), []byte(v))
				want[k] = v
			}
			must(t, e.Apply(ctx, &b))
		},
		"deleteRange": func(t *rapid.T) {
			lo, hi := key.Draw(t, "lo"), key.Draw(t, "hi")
			must(t, e.DeleteRange(ctx, []byte(lo), []byte(hi)))
			maps.DeleteFunc(want, func(k, _ string) bool { return k >= lo && k < hi })
		},
		"scan": func(t *rapid.T) {
			r := kv.Range{Lo: []byte(key.Draw(t, "lo")), Hi: []byte(key.Draw(t, "hi")), Reverse: rapid.Bool().Draw(t, "reverse")}
			keys := slices.Sorted(maps.Keys(want))
			keys = slices.DeleteFunc(keys, func(k string) bool { return k < string(r.Lo) || k >= string(r.Hi) })
			from := key.Draw(t, "seek")
			if r.Reverse {
				slices.Reverse(keys)
				keys = slices.DeleteFunc(keys, func(k string) bool { return k > from })
			} else {
				keys = slices.DeleteFunc(keys, func(k string) bool { return k < from })
			}
			it := e.Scan(ctx, r)
			defer it.Close()
			i := 0
			for ok := it.Seek([]byte(from)); ok; ok = it.Next() {
				if i >= len(keys) || string(it.Key()) != keys[i] || string(it.Value()) != want[keys[i]] {
					t.Fatalf("at %d of %q: %q=%q", i, keys, it.Key(), it.Value())
				}
				i++
			}
			if i != len(keys) || it.Err() != nil {
				t.Fatal(i, keys, it.Err())
			}
		},
		"reopen": func(t *rapid.T) {
			if rapid.IntRange(0, 9).Draw(t, "often") > 0 {
				t.Skip("it takes long")
			}
			must(t, e.Close())
			var err error
			e, err = open()
			must(t, err)
		},
		"": func(t *rapid.T) {
			n := 0
			it := e.Scan(ctx, kv.Range{})
			defer it.Close()
			for it.Next() {
				n++
			}
			if n != len(want) {
				t.Fatalf("%d keys, want %d", n, len(want))
			}
		},
	})
	return e
}
