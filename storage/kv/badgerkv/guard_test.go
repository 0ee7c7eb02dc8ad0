package badgerkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4/fb"
	"github.com/klauspost/compress/s2"

	"github.com/rowandb/rowan/storage/kv"
)

// breakFrames changes a byte in each block of a table so that Badger panics when it reads one, where there is such a byte.
func breakFrames(t *testing.T, file string) {
	b, err := os.ReadFile(file)
	must(t, err)
	index := fb.GetRootAsTableIndex(b[indexAt(t, file):], 0)
	broken := 0
	for i := range index.OffsetsLength() {
		var o fb.BlockOffset
		index.Offsets(&o, i)
		if breakFrame(b[o.Offset() : o.Offset()+o.Len()]) {
			broken++
		}
	}
	if broken == 0 {
		t.Fatal("no frame can be broken")
	}
	must(t, os.WriteFile(file, b, 0o600))
}

func breakFrame(coded []byte) bool {
	for at := len(coded) - 1; at > max(0, len(coded)-40); at-- {
		was := coded[at]
		for x := range 256 {
			coded[at] = byte(x)
			if block, err := s2.Decode(nil, coded); err == nil && badFrame(block) {
				return true
			}
		}
		coded[at] = was
	}
	return false
}

// badFrame reports whether a block says of itself what takes Badger out of its bounds.
func badFrame(b []byte) bool {
	n := len(b)
	sum := int(binary.BigEndian.Uint32(b[n-4:]))
	if sum > n {
		return false // it has an error for this
	}
	if n-8-sum < 0 {
		return true
	}
	return n-8-sum-4*int(binary.BigEndian.Uint32(b[n-8-sum:])) < 0
}

// TestGuardedCompaction has a compaction take tables that are damaged in any way: it neither ends the process nor writes anything, and the
// reason names the file.
func TestGuardedCompaction(t *testing.T) {
	from := t.TempDir()
	want := fill(t, from)
	rnd := rand.New(rand.NewPCG(1, 9))
	for round := range 4 {
		dir := copyDir(t, from)
		e := mustOpen(t, Options{Dir: dir, NoSync: true})
		e.fresh.mu.Lock()
		e.fresh.long = 0
		e.fresh.mu.Unlock()
		tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
		must(t, err)
		file := tables[rnd.IntN(len(tables))]
		if round == 0 {
			breakFrames(t, file)
		} else {
			flip(t, file, 32+rnd.Int64N(indexAt(t, file)-64))
		}
		if found, err := e.Verify(ctx, nil); err != nil || len(found) == 0 {
			must(t, err)
			_ = e.Close()
			continue // a harmless one
		}
		var b kv.Batch // meets all keys
		b.Put([]byte("key"), nil)
		b.Put([]byte("kez"), nil)
		must(t, e.Apply(ctx, &b))
		go func() { _ = e.Compact(ctx) }() // never ends
		for began := time.Now(); e.Health() == nil && time.Since(began) < time.Minute; {
			must(t, e.Sync(ctx))
			rotate(e)
			time.Sleep(10 * time.Millisecond)
		}
		if err := e.Health(); !errors.Is(err, kv.ErrCorrupt) || !strings.Contains(err.Error(), file) {
			t.Errorf("round %d: %v; want %s", round, err, file)
		}
		damaged, wrong := readAll(e, want)
		if len(wrong) > 0 && !lostLength(t, dir) {
			t.Errorf("%d wrong, the first: %s; damage: %v", len(wrong), wrong[0], damaged)
		}
		_ = e.Close() // tells of the damage
	}
}

// rotate fills memtables until one is written to a table.
func rotate(e *Engine) {
	for i := range 20 {
		if put(e, fmt.Sprintf("other%d", i), strings.Repeat("x", 500<<10)) != nil {
			return
		}
	}
}

func TestParseCompaction(t *testing.T) {
	const printed = `{compactorId:1 t:{baseLevel:6 targetSz:[0 1] fileSz:[2]} p:{level:0 score:2 adjusted:3 dropPrefixes:[] t:{baseLevel:6 targetSz:[]}} ` +
		`thisLevel:0xc0001 nextLevel:0xc0002 top:[0xc1 0xc2] bot:[] thisRange:{left:[97 255 255 255 255 255 255 255 255] right:[98 99 0 0 0 0 0 0 0 0] inf:false size:0} ` +
		`nextRange:{left:[100 0 0 0 0 0 0 0 0] right:[101 0 0 0 0 0 0 0 0] inf:false size:0} splits:[] thisSize:1 dropPrefixes:[]}`
	c, ok := parseCompaction(printed)
	got := fmt.Sprintf("%v %d %d %q", ok, c.level, c.next, c.ranges)
	if want := `true 0 6 [{"a" "bc"} {"d" "e"}]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
