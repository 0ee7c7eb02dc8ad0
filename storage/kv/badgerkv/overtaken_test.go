package badgerkv

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rowandb/rowan/storage/kv"
)

// TestKilledBesideReader kills a store whose oldest log is there only for a reader. What was overwritten since must not be back.
func TestKilledBesideReader(t *testing.T) {
	dir := t.TempDir()
	e, err := smallStore(dir)
	must(t, err)
	e.epochs.size = 1 << 30
	must(t, put(e, "key", "old"))
	it := e.Scan(ctx, kv.Range{})
	it.Next()
	fillMemtable(t, e)
	must(t, put(e, "key", "new"))
	fillMemtable(t, e)
	must(t, put(e, "other", "1"))
	dir = killed(t, dir)
	it.Close()
	must(t, e.Close())
	e, err = smallStore(dir)
	must(t, err)
	if v, ok, err := e.Get(ctx, []byte("key"), nil); string(v) != "new" {
		t.Errorf("%q, %t, %v", v, ok, err)
	}
	must(t, e.Close())
}

// fillMemtable fills memtables until one is in a table that was not there before.
func fillMemtable(t *testing.T, e *Engine) {
	for before := e.db.Tables(); len(e.db.Tables()) == len(before); {
		b := kv.Batch{Async: true}
		b.Put([]byte("fill"), make([]byte, 50<<10))
		must(t, e.Apply(ctx, &b))
	}
}

// killed copies an open store that nobody writes to, as it is found when its process is killed now.
func killed(t testing.TB, from string) string {
	for {
		before := files(t, from)
		to, err := copied(t, from)
		if err == nil && slices.Equal(before, files(t, from)) {
			return to
		}
	}
}

// files tells of a store which files it has, and how large they are.
func files(t testing.TB, dir string) (list []string) {
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range entries {
		if st, err := f.Info(); err == nil {
			list = append(list, fmt.Sprintf("%s %d", f.Name(), st.Size()))
		}
	}
	return list
}

// copied copies a directory; an error: a file went meanwhile.
func copied(t testing.TB, from string) (to string, err error) {
	to = t.TempDir()
	entries, err := os.ReadDir(from)
	must(t, err)
	for _, f := range entries {
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			return "", err
		}
		name := filepath.Join(to, f.Name())
		must(t, os.WriteFile(name, bytes.TrimRight(b, "\x00"), 0o600)) // logs are mostly zeros
		must(t, os.Truncate(name, int64(len(b))))
	}
	return to, nil
}

// TestLogsSettle leaves no gap in the numbers of logs but what was overtaken, and loses nothing that was durable: u is a log in which it is
// not noted that those before it were whole.
func TestLogsSettle(t *testing.T) {
	from := t.TempDir()
	e := mustOpen(t, Options{Dir: from})
	must(t, put(e, "key", strings.Repeat("1", 200)))
	content := func() (dir string, log []byte) {
		dir = killed(t, from)
		log, err := os.ReadFile(memoryLog(dir, 1))
		must(t, err)
		return dir, log
	}
	dir, unknown := content()
	must(t, e.noteFull(99))
	_, full := content()
	must(t, e.Close())
	empty := make([]byte, len(full))
	copy(empty, full[:logHeader])
	broken := bytes.Clone(unknown)
	clear(broken[logsOf(t, dir)[memoryLog(dir, 1)]-30:]) // the transaction has no end
	for _, c := range []struct{ logs, want string }{
		{"ff", "ff"}, {".f", ".f"}, {"f.f", "..f"}, {"ff.f.f", ".....f"}, {"fe", "f"}, {"fbe", "f"}, {"f.e", ""},
		{"eff", ".ff"}, {"fef", "fff"}, {"fbbf", "ffff"}, {"f.fef", "..fff"}, {"e", ""}, {"ee", ""}, {"", ""},
		{"u", "u"}, {"uu", "u"}, {"uuu", "u"}, {"uuf", "uuf"}, {"fuu", "fuu"}, {"u.uu", "..u"}, {"eu", ""}, {"uef", "uuf"}, {"ueu", "u"}, {"ub", "u"},
	} {
		dir := t.TempDir()
		for i, kind := range c.logs {
			if content := map[rune][]byte{'f': full, 'u': unknown, 'e': empty, 'b': broken}[kind]; content != nil {
				must(t, os.WriteFile(memoryLog(dir, i+1), content, 0o600))
			}
		}
		must(t, settleLogs(Options{Dir: dir}))
		got := ""
		for i := range c.logs {
			switch b, err := os.ReadFile(memoryLog(dir, i+1)); {
			case err != nil:
				got += "."
			case bytes.Equal(b, full):
				got += "f"
			case bytes.Equal(b, unknown):
				got += "u"
			default:
				got += "?"
			}
		}
		if got = strings.TrimRight(got, "."); got != c.want {
			t.Errorf("%s becomes %s, want %s", c.logs, got, c.want)
		}
	}
}
