package badgerkv

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/rowandb/rowan/storage/kv"
)

// TestHistories has random histories of a store in which everything is small and happens often: epochs end, memtables and value logs are
// full, tables are compacted and value logs collected, readers hold what is old, the store is opened again, and its process is
// killed. It always holds what a map holds.
func TestHistories(t *testing.T) {
	n, steps := 2, 60
	if os.Getenv("ROWAN_LONG") != "" {
		n, steps = 20, 200
	}
	for seed := range n {
		h := &history{T: t, r: rand.New(rand.NewPCG(uint64(seed), 34)), dir: t.TempDir(), want: map[string]string{}}
		h.open()
		for range steps {
			h.step()
		}
		h.close()
		if t.Failed() {
			t.Fatalf("seed %d, %v", seed, h.done)
		}
	}
}

type history struct {
	*testing.T
	r      *rand.Rand
	dir    string
	e      *Engine
	want   map[string]string
	reader kv.Iterator
	done   []string
}

func (h *history) open() {
	o := Options{Dir: h.dir, Small: true, NoSync: true}
	e, err := openWith(o, badgerOptions(o).WithMemTableSize(1<<20).WithNumLevelZeroTables(1).WithBaseTableSize(128<<10).WithBaseLevelSize(256<<10).
		WithValueThreshold(1<<10).WithValueLogFileSize(1<<20))
	must(h, err)
	e.epochs.size = 1 << h.r.IntN(21)
	h.e = e
	compare(h.T, e, h.want)
}

func (h *history) close() {
	h.release()
	must(h, h.e.Close())
}

func (h *history) release() {
	if h.reader != nil {
		h.reader.Close()
		h.reader = nil
	}
}

func (h *history) step() {
	steps := []struct {
		name string
		do   func()
	}{
		{"write", h.write}, {"write", h.write}, {"write", h.write}, {"fill", h.fill}, {"fill", h.fill},
		{"collect", func() { collectAll(h.e) }},
		{"compact", func() { must(h, h.e.Compact(ctx)) }},
		{"reopen", func() { h.close(); h.open() }},
		{"kill", h.kill},
		{"read", func() {
			h.release()
			h.reader = h.e.Scan(ctx, kv.Range{})
			h.reader.Next()
		}},
	}
	s := steps[h.r.IntN(len(steps))]
	h.done = append(h.done, s.name)
	s.do()
	compare(h.T, h.e, h.want)
}

// write writes and deletes some of a few keys; some values are in the value log.
func (h *history) write() {
	loose := h.r.IntN(3) == 0
	for range 1 + h.r.IntN(3) {
		b := kv.Batch{Async: true, Loose: loose}
		for range 1 + h.r.IntN(15) {
			k := fmt.Sprintf("key%02d", h.r.IntN(40))
			if !loose && h.r.IntN(3) == 0 {
				b.Delete([]byte(k))
				delete(h.want, k)
				continue
			}
			v := fmt.Sprintf("%0*d", 1+h.r.IntN(2)*(900+h.r.IntN(3000)), h.r.IntN(1000))
			b.Put([]byte(k), []byte(v))
			h.want[k] = v
		}
		must(h, h.e.Apply(ctx, &b))
	}
}

// fill fills a memtable, or half of one, and value logs with what is garbage soon.
func (h *history) fill() {
	size := 900 + h.r.IntN(2)*3000
	for i := range 300 + h.r.IntN(900) {
		b := kv.Batch{Async: true}
		b.Put(fmt.Appendf(nil, "other%04d", i), make([]byte, size))
		must(h, h.e.Apply(ctx, &b))
	}
}

// kill goes on with what a kill of the process leaves of what is durable.
func (h *history) kill() {
	must(h, h.e.Sync(ctx))
	dir := killed(h, h.dir)
	h.close()
	h.dir = dir
	h.open()
}
