package badgerkv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/dgraph-io/badger/v4/fb"
	"github.com/klauspost/compress/s2"

	"github.com/rowandb/rowan/storage/kv"
)

var ctx = context.Background()

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t testing.TB, o Options) *Engine {
	t.Helper()
	o.Small = true
	e, err := Open(o)
	must(t, err)
	return e
}

func put(e *Engine, key, val string) error {
	var b kv.Batch
	b.Put([]byte(key), []byte(val))
	return e.Apply(ctx, &b)
}

// TestFailedSync wants no write to be acknowledged after a sync has failed, and to be told why.
func TestFailedSync(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	must(t, put(e, "a", "1"))
	must(t, e.Health())
	e.wal.datasync = func(*os.File) error { return syscall.EIO }
	if err := put(e, "b", "1"); !errors.Is(err, kv.ErrUnknown) {
		t.Errorf("the write whose sync failed: %v", err)
	}
	e.wal.datasync = nil
	for range 2 {
		if err := put(e, "c", "1"); !errors.Is(err, kv.ErrFailed) || strings.Contains(err.Error(), "\n") {
			t.Errorf("a write after it: %v", err)
		}
	}
	if err := e.Sync(ctx); !errors.Is(err, kv.ErrFailed) {
		t.Errorf("a sync after it: %v", err)
	}
	if err := e.Health(); !errors.Is(err, kv.ErrFailed) || !strings.Contains(err.Error(), "input/output error") {
		t.Errorf("health: %v", err)
	}
	if _, ok, err := e.Get(ctx, []byte("a"), nil); !ok || err != nil {
		t.Errorf("reading: %v, %v", ok, err)
	}
	must(t, e.Close())
	e = mustOpen(t, Options{Dir: dir})
	if _, ok, err := e.Get(ctx, []byte("a"), nil); !ok || err != nil {
		t.Errorf("what was acknowledged: %v, %v", ok, err)
	}
	if _, ok, err := e.Get(ctx, []byte("c"), nil); ok || err != nil {
		t.Errorf("what was refused: %v, %v", ok, err)
	}
	must(t, e.Close())
}

// TestFullDisk wants writes to be refused while there is no space, except urgent ones, and to be taken when there is again.
func TestFullDisk(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir(), Reserve: 64 << 20})
	free := int64(1 << 40)
	e.space.free = func(string) (int64, error) { return free, nil }
	must(t, put(e, "a", "1"))
	free = 40 << 20
	if err := put(e, "b", "1"); !errors.Is(err, kv.ErrFull) {
		t.Errorf("a write without space: %v", err)
	}
	if err := e.Health(); !errors.Is(err, kv.ErrFull) {
		t.Errorf("health without space: %v", err)
	}
	b := kv.Batch{Urgent: true}
	b.Put([]byte("c"), []byte("1"))
	must(t, e.Apply(ctx, &b))
	must(t, e.Sync(ctx))
	free = 10 << 20
	if err := e.Apply(ctx, &b); !errors.Is(err, kv.ErrFull) {
		t.Errorf("an urgent write without any space: %v", err)
	}
	free = 1 << 40
	must(t, e.Health())
	must(t, put(e, "d", "1"))
	if _, ok, err := e.Get(ctx, []byte("b"), nil); ok || err != nil {
		t.Errorf("what was refused: %v, %v", ok, err)
	}
	must(t, e.Close())
	s := space{dir: "/x", reserve: 64 << 20, free: func(string) (int64, error) { return 0, nil }}
	if err := s.atStart(); !errors.Is(err, kv.ErrFull) {
		t.Errorf("opening without space: %v", err)
	}
}

func TestKeys(t *testing.T) {
	dir, plain := t.TempDir(), t.TempDir()
	one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 16)
	e := mustOpen(t, Options{Dir: dir, Key: one})
	must(t, put(e, "a", "a text to look for"))
	must(t, e.Close())
	must(t, mustOpen(t, Options{Dir: plain}).Close())
	wantOpen := func(dir string, key []byte, want error) {
		t.Helper()
		e, err := Open(Options{Dir: dir, Key: key, Small: true})
		if !errors.Is(err, want) {
			t.Errorf("opening: %v, want %v", err, want)
		}
		if err == nil {
			if v, ok, err := e.Get(ctx, []byte("a"), nil); dir != plain && (!ok || err != nil || string(v) != "a text to look for") {
				t.Errorf("reading: %q, %v", v, err)
			}
			must(t, e.Close())
		}
	}
	wantOpen(dir, nil, ErrNoKey)
	wantOpen(dir, two, ErrWrongKey)
	wantOpen(dir, one[:5], ErrKeySize)
	wantOpen(plain, one, ErrPlain)
	wantOpen(dir, one, nil)
	found, err := Verify(ctx, dir, one, nil)
	if must(t, err); len(found) > 0 {
		t.Errorf("verification of an encrypted store: %v", found)
	}
	must(t, Rotate(dir, one, two))
	wantOpen(dir, one, ErrWrongKey)
	wantOpen(dir, two, nil)
	if err := Rotate(dir, one, two); !errors.Is(err, ErrWrongKey) {
		t.Errorf("rotating with the old key: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		if bytes.Contains(b, []byte("text to look")) || bytes.Contains(b, one) || bytes.Contains(b, two) {
			t.Errorf("%s is readable", f)
		}
	}
}

// fill makes a store of several tables, and returns what is in it. All is compacted, however slow the machine is: opened, the store has
// nothing to do with its tables, and whoever damages them meets no compaction.
func fill(t testing.TB, dir string) map[string]string {
	b := badgerOptions(Options{Dir: dir, Small: true}).WithMemTableSize(1 << 20).WithBaseTableSize(128 << 10).WithBaseLevelSize(512 << 10).
		WithValueThreshold(100 << 10)
	e, err := openWith(Options{Dir: dir, NoSync: true}, b)
	must(t, err)
	rnd := rand.New(rand.NewPCG(1, 1))
	want := map[string]string{}
	for range 90 {
		var b kv.Batch
		for range 200 {
			k, v := fmt.Sprintf("key%05d", rnd.IntN(16000)), fmt.Sprintf("%0*d", rnd.IntN(300), rnd.IntN(1000))
			b.Put([]byte(k), []byte(v))
			want[k] = v
		}
		must(t, e.Apply(ctx, &b))
	}
	large := strings.Repeat("large value ", 100<<10)
	must(t, put(e, "key99999", large))
	want["key99999"] = large
	must(t, e.Close()) // which writes the memtable out
	e, err = openWith(Options{Dir: dir, NoSync: true}, b)
	must(t, err)
	must(t, e.db.Flatten(1))
	must(t, e.Close())
	return want
}

func copyDir(t testing.TB, from string) string {
	to, err := copied(t, from)
	must(t, err)
	return to
}

// flip changes one bit of a file.
func flip(t testing.TB, file string, at int64) {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	must(t, err)
	defer func() { _ = f.Close() }()
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	must(t, err)
	b[0] ^= 1 << (at % 8)
	_, err = f.WriteAt(b[:], at)
	must(t, err)
}

// TestFlippedBits flips a bit in each of the tables, anywhere, and wants the store not to open, with the name of the table.
func TestFlippedBits(t *testing.T) {
	if testing.Short() {
		t.Skip("opens many stores")
	}
	dir := t.TempDir()
	want := fill(t, dir)
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if must(t, err); len(tables) < 3 {
		t.Fatalf("%d tables", len(tables))
	}
	rnd, harmless := rand.New(rand.NewPCG(3, 4)), 0
	for i := range 60 {
		file := tables[i%len(tables)]
		st, err := os.Stat(file)
		must(t, err)
		at := rnd.Int64N(st.Size())
		if i < 12 {
			at = st.Size() - 1 - int64(i)
		}
		before, err := os.ReadFile(file)
		must(t, err)
		flip(t, file, at)
		found, err := Verify(ctx, dir, nil, nil)
		must(t, err)
		if len(found) == 0 { // the block decompresses to the same: no damage is done
			harmless++
			e := mustOpen(t, Options{Dir: copyDir(t, dir)})
			if mustReadAll(t, e, want) {
				t.Errorf("byte %d of %s: damage", at, file)
			}
			must(t, e.Close())
			must(t, os.WriteFile(file, before, 0o600))
			continue
		}
		if len(found) != 1 || found[0].File != filepath.Base(file) {
			t.Errorf("byte %d of %s: %v", at, file, found)
		}
		e, err := Open(Options{Dir: dir, Small: true})
		if !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), file) {
			t.Errorf("opening with byte %d of %s changed: %v", at, file, err)
		}
		if err == nil {
			_ = e.Close()
		}
		must(t, os.WriteFile(file, before, 0o600))
	}
	if harmless > 20 {
		t.Errorf("%d bits changed nothing", harmless)
	}
	must(t, os.Remove(tables[0]))
	if _, err := Open(Options{Dir: dir, Small: true}); !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("opening without a table: %v", err)
	}
}

// TestFlippedWhileOpen changes tables and the value log under an open store. Whatever is read is then either right or an error,
// and no write is taken any more once damage was met.
func TestFlippedWhileOpen(t *testing.T) {
	if testing.Short() {
		t.Skip("opens many stores")
	}
	from := t.TempDir()
	want := fill(t, from)
	rnd := rand.New(rand.NewPCG(5, 6))
	met := 0
	for round := range 12 {
		dir := copyDir(t, from)
		e := mustOpen(t, Options{Dir: dir})
		pattern := "*.sst"
		if round%4 == 3 {
			pattern = "*.vlog"
		}
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		must(t, err)
		for _, f := range files {
			st, err := os.Stat(f)
			if must(t, err); st.Size() < 100 { // a value log without values
				continue
			}
			size := min(st.Size()/2, 1<<20)
			if filepath.Ext(f) == ".sst" {
				size = indexAt(t, f)
			}
			for range 3 {
				flip(t, f, 32+rnd.Int64N(max(1, size-64)))
			}
		}
		damaged, wrong := readAll(e, want)
		if len(wrong) > 0 && !lostLength(t, dir) {
			t.Errorf("%d wrong, the first: %s", len(wrong), wrong[0])
		}
		if damaged {
			met++
			if err := put(e, "new", "1"); !errors.Is(err, kv.ErrFailed) {
				t.Errorf("a write after damage: %v", err)
			}
			if e.Health() == nil {
				t.Error("healthy")
			}
		}
		_ = e.Close() // an error when damage was met
	}
	if met < 8 {
		t.Errorf("damage was met %d times only", met)
	}
}

// TestFlippedIndex changes a table's index under an open store: readers use it as it was verified when the table was opened,
// and the next reading of all tables tells.
func TestFlippedIndex(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	e := mustOpen(t, Options{Dir: dir})
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	must(t, err)
	flip(t, tables[0], indexAt(t, tables[0])+20)
	e.scrub(ctx, nil)
	if err := put(e, "new", "1"); !errors.Is(err, kv.ErrFailed) || !errors.Is(e.Health(), kv.ErrCorrupt) {
		t.Errorf("a write after damage: %v; %v", err, e.Health())
	}
	_ = e.Close() // tells of the damage
}

// indexAt is where a table's index begins; footer has the layout.
func indexAt(t testing.TB, file string) int64 {
	b, err := os.ReadFile(file)
	must(t, err)
	n := uint32(len(b))
	sum := binary.BigEndian.Uint32(b[n-4:])
	return int64(n - 8 - sum - binary.BigEndian.Uint32(b[n-8-sum:]))
}

// TestDamageBeside reads a sound store while a damaged one is read: damage is that of the store it was met in.
func TestDamageBeside(t *testing.T) {
	from := t.TempDir()
	want := fill(t, from)
	sound, damaged := mustOpen(t, Options{Dir: copyDir(t, from)}), mustOpen(t, Options{Dir: copyDir(t, from)})
	tables, err := filepath.Glob(filepath.Join(damaged.opts.Dir, "*.sst"))
	must(t, err)
	for i, f := range tables {
		flip(t, f, 100+int64(i))
	}
	stop := make(chan struct{})
	var done sync.WaitGroup
	met := 0
	done.Go(func() {
		for {
			if mustReadAll(t, damaged, want) {
				met++
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for range 5 {
		if mustReadAll(t, sound, want) {
			t.Error("damage in the sound store")
		}
	}
	close(stop)
	done.Wait()
	if met == 0 || sound.Health() != nil || damaged.Health() == nil {
		t.Errorf("damage met %d times; sound: %v; damaged: %v", met, sound.Health(), damaged.Health())
	}
	must(t, sound.Close())
	_ = damaged.Close() // tells of the damage
}

// TestVerifyBeside verifies a store whose tables come and go.
func TestVerifyBeside(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir(), Memory: leastMemory})
	defer func() { must(t, e.Close()) }()
	stop := make(chan struct{})
	var done sync.WaitGroup
	rounds := 0
	done.Go(func() {
		for ; ; rounds++ {
			select {
			case <-stop:
				return
			default:
			}
			if found, err := e.Verify(ctx, nil); err != nil || len(found) > 0 {
				t.Errorf("%v, %v", found, err)
				return
			}
		}
	})
	fillTables(t, e)
	close(stop)
	done.Wait()
	if rounds == 0 {
		t.Error("nothing was verified")
	}
}

// readAll reads everything in several ways. It reports whether damage was met, and what was read wrong without it.
func readAll(e *Engine, want map[string]string) (met bool, wrong []string) {
	it := e.Scan(ctx, kv.Range{Lo: []byte("key"), Hi: []byte("kez")})
	n := 0
	for it.Next() {
		v := it.Value()
		if it.Err() != nil {
			break
		}
		if want[string(it.Key())] != string(v) {
			wrong = append(wrong, fmt.Sprintf("%s is %.20q, want %.20q", it.Key(), v, want[string(it.Key())]))
		}
		n++
	}
	switch {
	case it.Err() == nil && n != len(want):
		wrong = append(wrong, fmt.Sprintf("%d keys, want %d", n, len(want)))
	case it.Err() != nil && !errors.Is(it.Err(), kv.ErrCorrupt):
		wrong = append(wrong, it.Err().Error())
	}
	met = it.Err() != nil
	it.Close()
	for k, v := range want {
		got, ok, err := e.Get(ctx, []byte(k), nil)
		switch {
		case errors.Is(err, kv.ErrCorrupt):
			met = true
		case err != nil || !ok || string(got) != v:
			wrong = append(wrong, fmt.Sprintf("%s is %.20q, want %.20q: %v", k, got, v, err))
		}
	}
	return met, wrong
}

// mustReadAll wants what is read to be right.
func mustReadAll(t *testing.T, e *Engine, want map[string]string) (met bool) {
	t.Helper()
	met, wrong := readAll(e, want)
	if len(wrong) > 0 {
		t.Errorf("%d wrong, the first: %s", len(wrong), wrong[0])
	}
	return met
}

// lostLength reports whether the checksum of a block in a store's tables says that it is longer than the block: readers
// cannot tell, see damage.go.
func lostLength(t *testing.T, dir string) bool {
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	must(t, err)
	for _, file := range tables {
		b, err := os.ReadFile(file)
		must(t, err)
		index := fb.GetRootAsTableIndex(b[indexAt(t, file):], 0)
		for i := range index.OffsetsLength() {
			var o fb.BlockOffset
			index.Offsets(&o, i)
			block, err := s2.Decode(nil, b[o.Offset():o.Offset()+o.Len()])
			if err == nil && int(binary.BigEndian.Uint32(block[len(block)-4:])) > len(block) {
				return true
			}
		}
	}
	return false
}
