package lock_test

import (
	"context"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage/lock"
)

// TestManyHolders lets the holders of a row go one by one, in any order: the row stays locked until the last has gone, and Strongest
// tells by whom else.
func TestManyHolders(t *testing.T) {
	k := lock.Key{Kind: lock.Row, S: "x"}
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		c := newCrowd()
		var all [3]*lock.Owner
		for i := range all {
			all[i] = c.owner(uint64(i) + 1)
			take(t, all[i], k, 2)
		}
		other := c.owner(9)
		for _, i := range order {
			if got := other.Strongest(k); got != 2 {
				t.Errorf("%v: others hold it in mode %d", order, got)
			}
			busy(t, other, k, 4)
			all[i].ReleaseTo(0)
		}
		if got := other.Strongest(k); got != 0 {
			t.Errorf("%v: others hold it in mode %d, and there are none", order, got)
		}
		take(t, other, k, 4)
		if got := other.Strongest(k); got != 0 {
			t.Errorf("its own is another's: mode %d", got)
		}
		if got := all[0].Strongest(k); got != 4 {
			t.Errorf("others hold it in mode %d, want 4", got)
		}
	}
}

// TestKeyShareIsSeen wants the weakest mode to be seen by Strongest.
func TestKeyShareIsSeen(t *testing.T) {
	c, k := newCrowd(), lock.Key{Kind: lock.Row, S: "x"}
	a, b := c.owner(1), c.owner(2)
	take(t, a, k, 1)
	if got := b.Strongest(k); got != 1 {
		t.Errorf("others hold it in mode %d, want 1", got)
	}
}

// TestQueue wants who comes later for a table to stand behind who waits, though the holder would not be in the way.
func TestQueue(t *testing.T) {
	k := lock.Key{Kind: lock.Table, A: 1, B: 2}
	late, b := latecomer(t, k, 5, 8)
	busy(t, late, k, 5)
	b()
	take(t, late, k, 5)
}

// TestRowsAreShared wants who comes later for a row to get it at once where the holder shares it, as PostgreSQL has it.
func TestRowsAreShared(t *testing.T) {
	k := lock.Key{Kind: lock.Row, S: "x"}
	late, b := latecomer(t, k, 2, 4)
	take(t, late, k, 2)
	late.ReleaseTo(0)
	b()
}

// latecomer is an owner who comes when one holds k in a mode, and another waits for it in a stronger one. next has the holder
// give it up, and the waiter after that.
func latecomer(t *testing.T, k lock.Key, held, wanted lock.Mode) (late *lock.Owner, next func()) {
	c := newCrowd()
	a, b := c.owner(1), c.owner(2)
	take(t, a, k, held)
	got := make(chan error)
	go func() {
		_, err := b.Lock(context.Background(), k, wanted, lock.Wait{Timeout: time.Minute})
		got <- err
	}()
	for waiting := false; !waiting; {
		for _, x := range c.List() {
			waiting = waiting || !x.Granted
		}
	}
	return c.owner(3), func() {
		a.ReleaseTo(0)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		b.ReleaseTo(0)
	}
}
