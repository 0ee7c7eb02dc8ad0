package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, h Header, n int) []byte {
	var b bytes.Buffer
	w, err := NewWriter(&b, h)
	must(t, err)
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		var val []byte
		switch i % 5 {
		case 0:
			val = []byte{}
		case 1:
		default:
			val = bytes.Repeat([]byte{byte(i)}, rnd.IntN(1000))
		}
		must(t, w.Put(fmt.Appendf(nil, "key %d", i), val))
	}
	must(t, w.Close())
	return b.Bytes()
}

func read(b []byte) (out []string, err error) {
	r, err := NewReader(bytes.NewReader(b), "a file")
	if err != nil {
		return nil, err
	}
	err = r.Each(func(key, val []byte) error {
		out = append(out, fmt.Sprintf("%s=%x/%t", key, val, val == nil))
		return nil
	})
	return out, err
}

func TestRoundTrip(t *testing.T) {
	h := Header{ID: "x", Made: time.Now().UTC().Truncate(time.Second), Info: storage.ExportInfo{SCN: 7}}
	for _, n := range []int{0, 1, 1000} {
		b := write(t, h, n)
		got, err := read(b)
		must(t, err)
		if len(got) != n {
			t.Errorf("%d entries, want %d", len(got), n)
		}
		for i := range got {
			if strings.HasSuffix(got[i], "true") != (i%5 == 1) || !strings.HasPrefix(got[i], fmt.Sprintf("key %d=", i)) {
				t.Errorf("entry %d: %.40s", i, got[i])
			}
		}
	}
}

// TestDamage changes, cuts off and repeats bytes, and wants each time the block to be named that is damaged.
func TestDamage(t *testing.T) {
	b := write(t, Header{ID: "x"}, 1000)
	rnd := rand.New(rand.NewPCG(2, 2))
	for i := range 600 {
		at := rnd.IntN(len(b))
		if i < 100 {
			at = len(b) - 1 - i
		}
		bad := bytes.Clone(b)
		what := "a changed bit"
		switch i % 3 {
		case 0:
			bad[at] ^= 1 << (i % 8)
		case 1:
			bad, what = bad[:at], "a cut"
		default:
			bad, what = append(bad[:at:at], b[max(0, at-200):]...), "a repetition"
		}
		_, err := read(bad)
		var d *DamageError
		if at < len(magic) && err != nil {
			continue
		}
		if at == 0 && i%3 == 2 {
			continue
		}
		if !errors.As(err, &d) || !strings.Contains(err.Error(), "a file is damaged: block ") {
			t.Errorf("%s at %d: %v", what, at, err)
		}
	}
}

func TestChain(t *testing.T) {
	dir := t.TempDir()
	put := func(id, base string, scn, since storage.SCN) string {
		name := filepath.Join(dir, id+Suffix)
		must(t, os.WriteFile(name, write(t, Header{ID: id, Base: base, Info: storage.ExportInfo{Store: "s", SCN: scn, Since: since}}, 3), 0o600))
		return name
	}
	put("full", "", 10, 0)
	two := put("two", "full", 20, 10)
	three := put("three", "two", 30, 20)
	all, err := Files([]string{dir})
	must(t, err)
	chain, err := Chain(all)
	must(t, err)
	var ids []string
	for _, m := range chain {
		ids = append(ids, m.Header.ID)
	}
	if got := strings.Join(ids, " "); got != "full two three" {
		t.Errorf("chain %s", got)
	}
	all, err = Files([]string{two, three})
	must(t, err)
	if _, err := Chain(all); err == nil || !strings.Contains(err.Error(), "builds on the backup full of SCN 10, which is missing") {
		t.Errorf("without the full one: %v", err)
	}
	none := func(_, _ []byte) (storage.SCN, time.Time, bool) { return 0, time.Time{}, false }
	if _, err := Prepare(context.Background(), chain, Point{SCN: 31}, none, nil); err == nil || !strings.Contains(err.Error(), "end at SCN 30") {
		t.Errorf("a point of the future: %v", err)
	}
	if _, err := Files([]string{t.TempDir()}); err == nil {
		t.Error("an empty directory is a backup")
	}
}

// FuzzRead wants no input to do more than to be refused.
func FuzzRead(f *testing.F) {
	for _, n := range []int{0, 1, 100} {
		f.Add(write(f, Header{ID: "x"}, n))
	}
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = read(b) })
}

// FuzzEntries gets past the checksums.
func FuzzEntries(f *testing.F) {
	f.Add([]byte("\x01a\x00\x01b\x02c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := &Reader{name: "f"}
		_ = x.entries(b, func(key, val []byte) error {
			if len(key)+len(val) > len(b) {
				t.Error("more than there is")
			}
			return nil
		})
	})
}
