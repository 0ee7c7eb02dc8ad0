package lock_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage/lock"
)

// crowd is a manager with the owners it must know of.
type crowd struct {
	mu     sync.Mutex
	owners map[*lock.Owner]bool
	*lock.Manager
}

func newCrowd() *crowd {
	c := &crowd{owners: map[*lock.Owner]bool{}}
	c.Manager = lock.New(func(f func(*lock.Owner) bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for o := range c.owners {
			if !f(o) {
				return
			}
		}
	})
	return c
}

func (c *crowd) owner(id uint64) *lock.Owner {
	o := c.Owner(id, int32(id), nil)
	c.mu.Lock()
	c.owners[o] = true
	c.mu.Unlock()
	return o
}

func table(n uint64) lock.Key { return lock.Key{Kind: lock.Table, A: 1, B: n} }

const (
	accessShare     lock.Mode = 1
	rowExclusive    lock.Mode = 3
	share           lock.Mode = 5
	accessExclusive lock.Mode = 8
)

func take(t *testing.T, o *lock.Owner, k lock.Key, m lock.Mode) {
	t.Helper()
	if _, err := o.Lock(context.Background(), k, m, lock.Wait{Timeout: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
}

func busy(t *testing.T, o *lock.Owner, k lock.Key, m lock.Mode) {
	t.Helper()
	if _, err := o.Lock(context.Background(), k, m, lock.Wait{No: true}); !errors.Is(err, lock.ErrBusy) {
		t.Fatalf("mode %d: %v", m, err)
	}
}

func TestStrongSeesWeak(t *testing.T) {
	c := newCrowd()
	a, b := c.owner(1), c.owner(2)
	for n := range uint64(20) { // more than there are slots
		take(t, a, table(n), rowExclusive)
	}
	for n := range uint64(20) {
		busy(t, b, table(n), share)
		take(t, b, table(n), accessShare)
	}
	if n := len(c.List()); n != 40 {
		t.Fatalf("%d locks", n)
	}
	a.ReleaseTo(0)
	take(t, b, table(3), accessExclusive) // beside its own weaker one
	busy(t, a, table(3), accessShare)
	b.ReleaseTo(0)
	if l := c.List(); len(l) != 0 {
		t.Fatalf("left: %v", l)
	}
	take(t, a, table(3), accessShare)
	if l := c.List(); len(l) != 1 || !l[0].Fast {
		t.Fatalf("no fast lock once the strong one is gone: %v", l)
	}
}

// TestSavepoint wants a release to take back what came after the mark, and only that, also of one key.
func TestSavepoint(t *testing.T) {
	for name, k := range map[string]lock.Key{"table": table(1), "row": {Kind: lock.Row, S: "x"}} {
		t.Run(name, func(t *testing.T) {
			c := newCrowd()
			a, b := c.owner(1), c.owner(2)
			take(t, a, k, 1)
			mark := a.Mark()
			take(t, a, k, 3)
			if name == "table" {
				take(t, a, k, share)
				busy(t, b, k, rowExclusive)
			} else {
				busy(t, b, k, 2)
			}
			a.ReleaseTo(mark)
			take(t, b, k, 2)
			busy(t, b, k, map[string]lock.Mode{"table": accessExclusive, "row": 4}[name])
			a.ReleaseTo(0)
			take(t, b, k, 4)
		})
	}
}

func TestDeadlockBetweenWeakAndStrong(t *testing.T) {
	c := newCrowd()
	a, b := c.owner(1), c.owner(2)
	take(t, a, table(1), rowExclusive)
	take(t, b, table(1), rowExclusive)
	first := make(chan error)
	go func() {
		_, err := a.Lock(context.Background(), table(1), share, lock.Wait{})
		first <- err
	}()
	for waiting(c) == 0 {
		time.Sleep(time.Millisecond)
	}
	_, err := b.Lock(context.Background(), table(1), share, lock.Wait{})
	var d *lock.Deadlock
	if !errors.As(err, &d) || len(d.Waits) != 2 {
		t.Fatalf("%v", err)
	}
	b.ReleaseTo(0)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
}

func waiting(c *crowd) int {
	n := 0
	for _, i := range c.List() {
		if !i.Granted {
			n++
		}
	}
	return n
}

// TestCrowd has many owners take locks of all modes at random and watches that no two conflicting ones are held at once.
func TestCrowd(t *testing.T) {
	c := newCrowd()
	const tables = 3
	var weak, strong [tables]atomic.Int32
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			o := c.owner(uint64(w + 1))
			for range 2000 {
				n := r.IntN(tables)
				mode, mine, others := rowExclusive, &weak[n], &strong[n]
				if r.IntN(10) == 0 {
					mode, mine, others = accessExclusive, &strong[n], &weak[n]
				}
				if _, err := o.Lock(context.Background(), table(uint64(n)), mode, lock.Wait{}); err != nil {
					t.Error(err)
					return
				}
				if mine.Add(1) > 1 && mode == accessExclusive || others.Load() != 0 {
					t.Error("conflicting locks are held at once")
				}
				mine.Add(-1)
				o.ReleaseTo(0)
			}
		})
	}
	wg.Wait()
	if l := c.List(); len(l) != 0 {
		t.Errorf("left: %v", l)
	}
}

func BenchmarkWeakTableLock(b *testing.B) {
	c := newCrowd()
	o := c.owner(1)
	for b.Loop() {
		_, _ = o.Lock(context.Background(), table(5), accessShare, lock.Wait{})
		o.ReleaseTo(0)
	}
}
