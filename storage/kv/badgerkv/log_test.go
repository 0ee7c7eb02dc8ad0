package badgerkv

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rowandb/rowan/storage/kv"
)

// crashed makes a store with commits in logs, and returns a copy of what a crash leaves of it, and what was committed in order.
func crashed(t *testing.T, key []byte) (dir string, want []string) {
	from := t.TempDir()
	e := mustOpen(t, Options{Dir: from, Key: key, NoSync: true})
	for i := range 40 {
		k, v := fmt.Sprintf("key%03d", i), strings.Repeat(fmt.Sprintf("value %d, ", i), 1+i*7)
		if i%20 == 5 {
			v = strings.Repeat(v, (1100<<10)/len(v)) // into the log of values
		}
		must(t, put(e, k, v))
		want = append(want, v)
	}
	dir = copyDir(t, from)
	must(t, e.Close())
	for name, end := range logsOf(t, dir) {
		must(t, os.Truncate(name, end+64<<10)) // fewer zeros to read
	}
	return dir, want
}

// change changes a byte of a file; done twice, it is what it was.
func change(t *testing.T, name string, at int64, with byte) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	must(t, err)
	defer func() { _ = f.Close() }()
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	must(t, err)
	b[0] ^= with
	_, err = f.WriteAt(b[:], at)
	must(t, err)
}

// logsOf returns the logs of a directory that have entries, and where these end.
func logsOf(t *testing.T, dir string) map[string]int64 {
	ends := map[string]int64{}
	for _, ext := range []string{"*.mem", "*.vlog"} {
		names, err := filepath.Glob(filepath.Join(dir, ext))
		must(t, err)
		for _, name := range names {
			b, err := os.ReadFile(name)
			must(t, err)
			if n := len(bytes.TrimRight(b, "\x00")); n > 100 {
				ends[name] = int64(n)
			}
		}
	}
	return ends
}

// mustHold opens a store and wants the first n values to be there, or all of them.
func mustHold(t *testing.T, dir string, key []byte, want []string) (n int) {
	t.Helper()
	e := mustOpen(t, Options{Dir: dir, Key: key, NoSync: true})
	defer func() { must(t, e.Close()) }()
	for i, w := range want {
		v, ok, err := e.Get(ctx, fmt.Appendf(nil, "key%03d", i), nil)
		must(t, err)
		if ok && string(v) != w {
			t.Errorf("key %d is %.20q, want %.20q", i, v, w)
		}
		if ok && n < i {
			t.Errorf("key %d is there, and %d is not", i, n)
		}
		if ok {
			n = i + 1
		}
	}
	return n
}

// TestDamagedLogs changes a byte of a log and wants the store not to open, with the name of the log: nothing that was committed is
// cut off without a word.
func TestDamagedLogs(t *testing.T) {
	for _, key := range [][]byte{nil, bytes.Repeat([]byte{7}, 32)} {
		dir, want := crashed(t, key)
		ends := logsOf(t, dir)
		if len(ends) < 2 {
			t.Fatalf("%d logs", len(ends))
		}
		rnd := rand.New(rand.NewPCG(7, 8))
		for name, end := range ends {
			from := int64(0)
			if key == nil {
				from = 8 // what follows is not used
			}
			for i := range 36 {
				at := from + rnd.Int64N(end-from)
				switch {
				case i < 12:
					at = end - 1 - int64(i)
				case i < 24:
					at = from + int64(i) - 12
				}
				if key == nil && at >= 8 && at < logHeader {
					continue
				}
				with := byte(1 + rnd.IntN(255))
				change(t, name, at, with)
				if _, err := verifyFirst(Options{Dir: dir, Key: key}); !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), name) {
					t.Errorf("opening with byte %d of %d of %s changed: %v", at, end, filepath.Base(name), err)
				}
				change(t, name, at, with)
			}
		}
		if n := mustHold(t, dir, key, want); n != len(want) {
			t.Errorf("%d of %d values are there", n, len(want))
		}
	}
}

// TestUnfinishedLogs opens what crashes leave: the end of a log not written, and sectors in it that were not.
func TestUnfinishedLogs(t *testing.T) {
	from, want := crashed(t, nil)
	rnd := rand.New(rand.NewPCG(9, 10))
	for name, end := range logsOf(t, from) {
		if filepath.Ext(name) == ".vlog" {
			continue // of its entries those count that the other names
		}
		before, err := os.ReadFile(name)
		must(t, err)
		fewer := 0
		for i := range 6 {
			dir := copyDir(t, from)
			b := bytes.Clone(before)
			at := logHeader + rnd.Int64N(end-logHeader)
			if i%2 == 0 {
				clear(b[at:])
			} else {
				clear(b[at/sector*sector:][:sector])
			}
			name := filepath.Join(dir, filepath.Base(name))
			must(t, os.WriteFile(name, b[:end], 0o600))
			must(t, os.Truncate(name, int64(len(b))))
			if mustHold(t, dir, nil, want) < len(want) {
				fewer++
			}
		}
		if fewer < 3 {
			t.Errorf("%d stores have lost something", fewer)
		}
	}
}

// TestDamagedManifest changes any byte of the list of tables: the store does not open, or has everything.
func TestDamagedManifest(t *testing.T) {
	from := t.TempDir()
	want := fill(t, from)
	const file = "MANIFEST"
	before, err := os.ReadFile(filepath.Join(from, file))
	must(t, err)
	rnd := rand.New(rand.NewPCG(11, 12))
	opened := 0
	for i := range 80 {
		at := rnd.IntN(len(before))
		if i < 30 {
			at = len(before) - 1 - i
		}
		b := bytes.Clone(before)
		b[at] ^= byte(1 + rnd.IntN(255))
		must(t, os.WriteFile(filepath.Join(from, file), b, 0o600))
		if _, err := verifyFirst(Options{Dir: from}); errors.Is(err, kv.ErrCorrupt) && strings.Contains(err.Error(), file) {
			continue
		} else if err != nil {
			t.Errorf("byte %d of %d changed: %v", at, len(b), err)
			continue
		}
		opened++
		e := mustOpen(t, Options{Dir: copyDir(t, from)})
		if mustReadAll(t, e, want) {
			t.Errorf("byte %d of %d changed: damage", at, len(b))
		}
		must(t, e.Close())
	}
	if opened > 10 {
		t.Errorf("%d changes were not noticed", opened)
	}
}

// TestDamagedRegistry changes the file of data keys: one without encryption is not taken for one whose key is missing, and one whose
// keys cannot be read is named.
func TestDamagedRegistry(t *testing.T) {
	for _, key := range [][]byte{nil, bytes.Repeat([]byte{7}, 32)} {
		dir, want := crashed(t, key)
		name := filepath.Join(dir, "KEYREGISTRY")
		st, err := os.Stat(name)
		must(t, err)
		for at := range st.Size() {
			if key == nil && at < 16 {
				continue // not used
			}
			change(t, name, at, 0x41)
			_, err := Open(Options{Dir: dir, Small: true, Key: key})
			if named := errors.Is(err, kv.ErrCorrupt) && strings.Contains(err.Error(), name); !named && !(key != nil && at < emptyRegistry && errors.Is(err, ErrWrongKey)) {
				t.Errorf("byte %d of %d changed: %v", at, st.Size(), err)
			}
			change(t, name, at, 0x41)
		}
		if n := mustHold(t, dir, key, want); n != len(want) {
			t.Errorf("%d of %d values are there", n, len(want))
		}
	}
}
