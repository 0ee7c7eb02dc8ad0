package ssi

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// world is a store under snapshot isolation, as small as can be: each key has versions by SCN.
type world struct {
	m        *Manager
	scn      uint64
	versions map[string][]version
	open     []*actor
	done     []*actor
	watch    bool
	refused  int
}

type version struct {
	scn uint64
	by  int
}

// actor is a transaction with what it did.
type actor struct {
	id       int
	t        *Txn
	snap     uint64
	readOnly bool
	reads    map[string]uint64 // key: SCN of the version seen
	writes   map[string]bool
	scn      uint64
}

var space = Space{1, 1}

const keyCount = 6

func key(i int) string { return fmt.Sprint("k", i) }

func (w *world) begin(id int, readOnly bool) {
	a := &actor{id: id, readOnly: readOnly, reads: map[string]uint64{}, writes: map[string]bool{}}
	take := func() uint64 {
		a.snap = w.scn
		return a.snap
	}
	if w.watch {
		a.t = w.m.Begin(uint64(id), readOnly, take)
	} else {
		take()
	}
	w.open = append(w.open, a)
}

// newest is the SCN of a key's newest version.
func (w *world) newest(k string) uint64 {
	if v := w.versions[k]; len(v) > 0 {
		return v[len(v)-1].scn
	}
	return 0
}

func (w *world) see(a *actor, k string) {
	var at uint64
	for _, v := range w.versions[k] {
		if v.scn <= a.snap {
			at = v.scn
		}
	}
	a.reads[k] = at
}

// do lets a transaction read a key or a range, or write a key. false: it is refused.
func (w *world) do(r *rand.Rand, a *actor) bool {
	i := r.IntN(keyCount)
	var err error
	switch what := r.IntN(3); {
	case what == 0:
		w.see(a, key(i))
		if a.t != nil {
			err = a.t.ReadKeys(space, []string{key(i)})
		}
	case what == 1:
		hi := min(i+1+r.IntN(3), keyCount)
		for k := i; k < hi; k++ {
			w.see(a, key(k))
		}
		if a.t != nil {
			err = a.t.ReadRange(space, Range{[]byte(key(i)), []byte(key(hi))})
		}
	case !a.readOnly:
		k := key(i)
		for _, o := range w.open { // a lock: who comes second gives up
			if o != a && o.writes[k] {
				return false
			}
		}
		if v := w.versions[k]; len(v) > 0 && v[len(v)-1].scn > a.snap {
			return false
		}
		a.writes[k] = true
		if a.t != nil {
			err = a.t.Write(space, k, w.newest(k))
		}
	}
	if err != nil {
		w.refused++
	}
	return err == nil
}

func (w *world) end(a *actor, commit bool) {
	w.open = slices.DeleteFunc(w.open, func(o *actor) bool { return o == a })
	if commit && a.t != nil {
		if err := a.t.Prepare(); err != nil {
			w.refused++
			commit = false
		}
	}
	if !commit {
		if a.t != nil {
			a.t.RolledBack()
		}
		return
	}
	if len(a.writes) > 0 {
		w.scn++
		a.scn = w.scn
		if a.t != nil {
			a.t.At(a.scn)
		}
		for k := range a.writes {
			w.versions[k] = append(w.versions[k], version{a.scn, a.id})
		}
	}
	if a.t != nil {
		a.t.Committed()
	}
	w.done = append(w.done, a)
}

// cycle reports whether the committed transactions have no serial order.
func (w *world) cycle() bool {
	next := map[int][]int{}
	byID := map[int]*actor{}
	for _, a := range w.done {
		byID[a.id] = a
	}
	edge := func(a, b int) {
		if a != b {
			next[a] = append(next[a], b)
		}
	}
	for _, vs := range w.versions {
		for i := 1; i < len(vs); i++ {
			edge(vs[i-1].by, vs[i].by)
		}
	}
	for _, a := range w.done {
		for k, seen := range a.reads {
			for _, v := range w.versions[k] {
				if v.scn == seen {
					edge(v.by, a.id)
				}
				if v.scn > seen {
					edge(a.id, v.by)
					break
				}
			}
		}
	}
	state := map[int]int{}
	var visit func(int) bool
	visit = func(n int) bool {
		switch state[n] {
		case 1:
			return true
		case 2:
			return false
		}
		state[n] = 1
		for _, x := range next[n] {
			if visit(x) {
				return true
			}
		}
		state[n] = 2
		return false
	}
	for id := range byID {
		if visit(id) {
			return true
		}
	}
	return false
}

// play runs transactions interleaved at random.
func play(seed uint64, watch bool, keep int) *world {
	r := rand.New(rand.NewPCG(seed, 11))
	w := &world{m: New(), versions: map[string][]version{}, watch: watch}
	w.m.keep = keep
	for id := 1; id <= 12 || len(w.open) > 0; {
		if id <= 12 && (len(w.open) == 0 || len(w.open) < 5 && r.IntN(3) == 0) {
			w.begin(id, r.IntN(4) == 0)
			id++
			continue
		}
		a := w.open[r.IntN(len(w.open))]
		switch x := r.IntN(12); {
		case x == 0:
			w.end(a, false)
		case x < 4:
			w.end(a, true)
		default:
			if !w.do(r, a) {
				w.end(a, false)
			}
		}
	}
	return w
}

// TestSerializable plays random histories and looks for a serial order of what was committed. Without the watch many have
// none, which shows that the look finds them; with it all have.
func TestSerializable(t *testing.T) {
	for _, keep := range []int{defaultKeep, 2, 0} {
		cycles, refused, committed := 0, 0, 0
		for seed := range uint64(4000) {
			if play(seed, false, keep).cycle() {
				cycles++
			}
			w := play(seed, true, keep)
			if w.cycle() {
				t.Fatalf("keep %d, seed %d: what was committed has no serial order", keep, seed)
			}
			refused += w.refused
			committed += len(w.done)
			if len(w.m.active)+len(w.m.done)+len(w.m.readers)+len(w.m.writers)+w.m.writable != 0 {
				t.Fatalf("keep %d, seed %d: something is left: %+v", keep, seed, w.m)
			}
		}
		if cycles < 100 {
			t.Errorf("only %d of the histories without a watch have cycles", cycles)
		}
		t.Logf("keep %d: %d histories would have had no serial order; %d committed, %d refused", keep, cycles, committed, refused)
	}
}

// TestRareHistory plays one of the few histories in which a read-only transaction is refused by the first, and not any, of those that a
// committed pivot precedes.
func TestRareHistory(t *testing.T) {
	if play(32206, true, defaultKeep).cycle() {
		t.Error("what was committed has no serial order")
	}
}

func TestSafeSnapshot(t *testing.T) {
	m := New()
	take := func() uint64 { return 1 }
	if m.Begin(1, true, take) != nil {
		t.Error("a reader is watched though nobody writes")
	}
	w := m.Begin(2, false, take)
	r := m.Begin(3, true, take)
	done := make(chan bool)
	go func() {
		ok, err := r.Safe(context.Background())
		done <- ok && err == nil
	}()
	select {
	case <-done:
		t.Fatal("does not wait")
	case <-time.After(20 * time.Millisecond):
	}
	w.RolledBack()
	if !<-done {
		t.Error("not safe")
	}
	if err := r.ReadKeys(space, []string{"k"}); err != nil || len(m.readers) != 0 {
		t.Errorf("a safe reader is still watched: %v %v", err, m.readers)
	}
	r.RolledBack()
}

func TestBounds(t *testing.T) {
	m := New()
	a := m.Begin(1, false, func() uint64 { return 0 })
	for i := range 5000 {
		_ = a.ReadKeys(space, []string{key(i)})
		_ = a.ReadRange(Space{1, 2}, Range{[]byte(key(i)), []byte(key(i) + "x")})
	}
	if s := a.reads[space]; !s.all || s.points != nil {
		t.Errorf("%d points are kept", len(s.points))
	}
	if s := a.reads[Space{1, 2}]; !s.all || s.ranges != nil {
		t.Errorf("%d ranges are kept", len(s.ranges))
	}
	for i := range 3 * defaultKeep {
		b := m.Begin(uint64(i+2), false, func() uint64 { return 0 })
		_ = b.Write(Space{2, 2}, key(i), 0)
		_ = b.Prepare()
		b.At(uint64(i + 1))
		b.Committed()
	}
	if len(m.done) > defaultKeep {
		t.Errorf("%d committed transactions are kept", len(m.done))
	}
	a.RolledBack()
}

func BenchmarkPointReadAndWrite(b *testing.B) {
	m := New()
	other := m.Begin(1, false, func() uint64 { return 0 })
	_ = other.ReadRange(space, Range{[]byte("a"), []byte("b")})
	i := 0
	for b.Loop() {
		i++
		t := m.Begin(uint64(i), false, func() uint64 { return uint64(i) })
		_ = t.ReadKeys(space, []string{"x"})
		_ = t.Write(space, "x", 0)
		_ = t.Prepare()
		t.At(uint64(i + 1))
		t.Committed()
	}
}
