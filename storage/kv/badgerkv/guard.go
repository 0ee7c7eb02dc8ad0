package badgerkv

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/y"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// A compaction that reads a damaged table would end the process, where a block's frame is what is damaged: Badger's goroutines
// panic, and nobody can catch that. So its tables are read beforehand, in the way of the verifier, at the one moment where Badger
// calls out: it traces each compaction when it has picked the tables. One that finds damage never goes on.
//
// Those that were written or read not long ago are left out: see fresh.go.

func init() { otel.SetTracerProvider(tracing{}) }

type tracing struct{ noop.TracerProvider }

// Tracer implements trace.TracerProvider.
func (tracing) Tracer(string, ...trace.TracerOption) trace.Tracer { return tracer{} }

type tracer struct{ noop.Tracer }

// Start implements trace.Tracer.
func (tracer) Start(ctx context.Context, name string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	switch name {
	case "Badger.Compaction":
		s := &compactionSpan{}
		s.await()
		return ctx, s
	case "Badger.GC":
		return ctx, collectionSpan{}
	}
	return ctx, noop.Span{}
}

type compactionSpan struct {
	noop.Span
	has bool // the turn: see turn.go
}

// SetAttributes implements trace.Span.
func (s *compactionSpan) SetAttributes(list ...attribute.KeyValue) {
	for _, a := range list {
		if a.Key != "Compaction" {
			continue
		}
		c, ok := parseCompaction(a.Value.AsString())
		if !ok {
			continue
		}
		s.picked(c)
		if engines.guard(c) {
			s.pass()
			select {} // what is not written cannot replace the damaged table
		}
	}
}

type collectionSpan struct{ noop.Span }

// SetAttributes implements trace.Span.
func (collectionSpan) SetAttributes(list ...attribute.KeyValue) {
	for _, a := range list {
		if a.Key == "GC rewrite for" {
			collecting(a.Value.AsString())
		}
	}
}

// compaction is which tables one is going to read: those of two levels within ranges of keys.
type compaction struct {
	level, next int
	ranges      [2]keyRange
}

type keyRange struct{ lo, hi []byte } // both in it

var (
	compactionLevels = regexp.MustCompile(`\bp:\{level:(\d+) .*?\bbaseLevel:(\d+) `)
	compactionRanges = regexp.MustCompile(`\b(?:this|next)Range:\{left:\[([\d ]*)\] right:\[([\d ]*)\] `)
)

// parseCompaction reads how Badger prints one.
func parseCompaction(s string) (c compaction, ok bool) {
	levels, ranges := compactionLevels.FindStringSubmatch(s), compactionRanges.FindAllStringSubmatch(s, -1)
	if levels == nil || len(ranges) != len(c.ranges) {
		return c, false
	}
	c.level, _ = strconv.Atoi(levels[1])
	if c.next, _ = strconv.Atoi(levels[2]); c.level > 0 {
		c.next = c.level + 1
	}
	for i, r := range ranges {
		c.ranges[i] = keyRange{printedKey(r[1]), printedKey(r[2])}
	}
	return c, true
}

// printedKey reads a key that was printed as numbers, and leaves out its timestamp.
func printedKey(s string) (key []byte) {
	for _, n := range strings.Fields(s) {
		b, _ := strconv.Atoi(n)
		key = append(key, byte(b))
	}
	if len(key) < 8 {
		return nil
	}
	return y.ParseKey(key)
}

func (c *compaction) reads(t badger.TableInfo) bool {
	if t.Level != c.level && t.Level != c.next {
		return false
	}
	lo, hi := y.ParseKey(t.Left), y.ParseKey(t.Right)
	for _, r := range c.ranges {
		if bytes.Compare(lo, r.hi) <= 0 && bytes.Compare(r.lo, hi) <= 0 {
			return true
		}
	}
	return false
}

// guard reports whether tables that a compaction is going to read are damaged. Whose they are Badger does not tell.
func (o *openEngines) guard(c compaction) bool {
	damaged := make(chan bool)
	go func() { // damage that is met in a goroutine of a compaction stops it
		bad := false
		for _, e := range o.list() {
			bad = e.guard(c) || bad
		}
		damaged <- bad
	}()
	return <-damaged
}

func (e *Engine) guard(c compaction) bool {
	if e.closed.Load() {
		return false
	}
	ids := e.fresh.doubtful(c, e.db.Tables)
	if len(ids) == 0 {
		return false
	}
	v := verifier{dir: e.opts.Dir, key: e.opts.Key, open: true}
	if err := v.list(); err != nil {
		return false // the compaction will tell
	}
	picked := map[uint64]badger.TableManifest{}
	for _, id := range ids {
		if m, ok := v.tables[id]; ok {
			picked[id] = m
		}
	}
	v.tables = picked
	if err := v.runTables(context.Background(), true, func() {}); err != nil || len(v.found) == 0 {
		return false
	}
	e.foundDamage(v.found)
	return true
}
