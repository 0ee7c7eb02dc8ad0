package mvcc_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/mvcc"
)

// later runs f in a goroutine and returns a function that waits for its error. It fails the test when f does not wait
// for anything.
func later(t *testing.T, f func() error) func() error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(30 * time.Millisecond):
	}
	return func() error {
		t.Helper()
		select {
		case err := <-done:
			return err
		case <-time.After(5 * time.Second):
			t.Fatal("waits for ever")
			return nil
		}
	}
}

func threeRows(t *testing.T, unique bool) (*mvcc.Store, *catalog.Table) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, unique)
	must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}, [3]int64{3, 3, 3}))
	x.commit()
	return s, tab
}

func inc(r [3]int64) [3]int64 { r[2] += 10; return r }

func TestReadCommittedWaitsAndSeesTheChange(t *testing.T) {
	s, tab := threeRows(t, false)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	must(t, a.update(tab, a.where(tab, 1), inc))
	old := b.where(tab, 1)
	var res []storage.LockResult
	wait := later(t, func() (err error) {
		res, err = b.lock(tab, old, catalog.ForNoKeyUpdate, catalog.Wait)
		return err
	})
	a.commit()
	must(t, wait())
	if res[0] != storage.LockChanged {
		t.Fatalf("lock result %d", res[0])
	}
	now := b.rows(storage.ScanRequest{Table: tab, Keys: []string{old[0].key}, Latest: true})
	is(t, show(now), "1,1,11")
	res, err := b.lock(tab, now, catalog.ForNoKeyUpdate, catalog.Wait)
	must(t, err)
	if res[0] != storage.LockUnchanged {
		t.Fatalf("lock result %d", res[0])
	}
	must(t, b.update(tab, now, inc))
	b.commit()
	c := begin(t, s, "", storage.ReadCommitted)
	is(t, c.all(tab), "1,1,21 2,2,2 3,3,3")
	must(t, c.Rollback())
}

func TestReadCommittedWaitsForDelete(t *testing.T) {
	s, tab := threeRows(t, false)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	must(t, a.delete(tab, a.where(tab, 1)))
	var res []storage.LockResult
	old := b.where(tab, 1)
	wait := later(t, func() (err error) {
		res, err = b.lock(tab, old, catalog.ForNoKeyUpdate, catalog.Wait)
		return err
	})
	a.commit()
	must(t, wait())
	if res[0] != storage.LockDeleted {
		t.Fatalf("lock result %d", res[0])
	}
	must(t, b.Rollback())
}

func TestRepeatableReadConflicts(t *testing.T) {
	s, tab := threeRows(t, false)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.RepeatableRead)
	old := b.where(tab, 1, 2)
	must(t, a.update(tab, a.where(tab, 1), inc))
	wait := later(t, func() error {
		_, err := b.lock(tab, old[:1], catalog.ForNoKeyUpdate, catalog.Wait)
		return err
	})
	a.commit()
	failsWith(t, wait(), "40001", "could not serialize access due to concurrent update", "")
	is(t, b.all(tab), "1,1,1 2,2,2 3,3,3")
	must(t, b.Rollback())

	b = begin(t, s, "", storage.RepeatableRead)
	old = b.where(tab, 2)
	a = begin(t, s, "", storage.ReadCommitted)
	must(t, a.delete(tab, a.where(tab, 2)))
	a.commit()
	_, err := b.lock(tab, old, catalog.ForNoKeyUpdate, catalog.Wait)
	failsWith(t, err, "40001", "could not serialize access due to concurrent delete", "")
	must(t, b.Rollback())
}

func TestRowLockStrengths(t *testing.T) {
	s, tab := threeRows(t, false)
	compatible := map[[2]catalog.RowLock]bool{
		{catalog.ForKeyShare, catalog.ForKeyShare}: true, {catalog.ForKeyShare, catalog.ForShare}: true,
		{catalog.ForKeyShare, catalog.ForNoKeyUpdate}: true, {catalog.ForShare, catalog.ForKeyShare}: true,
		{catalog.ForShare, catalog.ForShare}: true, {catalog.ForNoKeyUpdate, catalog.ForKeyShare}: true,
	}
	for x := catalog.ForKeyShare; x <= catalog.ForUpdate; x++ {
		for y := catalog.ForKeyShare; y <= catalog.ForUpdate; y++ {
			a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
			_, err := a.lock(tab, a.where(tab, 1), x, catalog.Wait)
			must(t, err)
			_, err = b.lock(tab, b.where(tab, 1), y, catalog.NoWait)
			if compatible[[2]catalog.RowLock{x, y}] {
				must(t, err)
			} else {
				failsWith(t, err, "55P03", `could not obtain lock on row in relation "t"`, "")
				res, err := b.lock(tab, b.where(tab, 1, 2), y, catalog.SkipLocked)
				must(t, err)
				if res[0] != storage.LockSkipped || res[1] != storage.LockUnchanged {
					t.Fatal(res)
				}
				b.SetLockTimeout(10 * time.Millisecond)
				_, err = b.lock(tab, b.where(tab, 1), y, catalog.Wait)
				failsWith(t, err, "55P03", "canceling statement due to lock timeout", "")
			}
			must(t, a.Rollback())
			must(t, b.Rollback())
		}
	}
}

func TestDeadlock(t *testing.T) {
	s, tab := threeRows(t, false)
	a := beginOpts(t, s, "", storage.TxnOptions{PID: 11})
	b := beginOpts(t, s, "", storage.TxnOptions{PID: 22})
	must(t, a.update(tab, a.where(tab, 1), inc))
	must(t, b.update(tab, b.where(tab, 2), inc))
	row := b.where(tab, 1)
	wait := later(t, func() error {
		_, err := b.lock(tab, row, catalog.ForUpdate, catalog.Wait)
		return err
	})
	_, err := a.lock(tab, a.where(tab, 2), catalog.ForUpdate, catalog.Wait)
	failsWith(t, err, "40P01", "deadlock detected", "")
	must(t, a.Rollback())
	must(t, wait())
	b.commit()
}

func TestCancelledWait(t *testing.T) {
	s, tab := threeRows(t, false)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	must(t, a.update(tab, a.where(tab, 1), inc))
	cause := errors.New("cancelled")
	c, cancel := context.WithCancelCause(ctx)
	time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	_, err := b.LockRows(c, storage.LockRequest{View: b.v, Table: tab, Keys: []string{b.where(tab, 1)[0].key}, Strength: catalog.ForUpdate})
	if !errors.Is(err, cause) {
		t.Fatal(err)
	}
	must(t, a.Rollback())
	must(t, b.Rollback())
}

func TestInsertersOfOneKeyWait(t *testing.T) {
	for _, commit := range []bool{true, false} {
		s, tab := threeRows(t, true)
		a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
		must(t, a.insert(tab, [3]int64{10, 100, 0}))
		wait := later(t, func() error { return b.insert(tab, [3]int64{11, 100, 0}) })
		if commit {
			a.commit()
			failsWith(t, wait(), "23505", `duplicate key value violates unique constraint "t_b_key"`, "Key (b)=(100) already exists.")
			must(t, b.Rollback())
			continue
		}
		must(t, a.Rollback())
		must(t, wait())
		b.commit()
	}
}

func TestInsertWaitsForDelete(t *testing.T) {
	s, tab := threeRows(t, true)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	must(t, a.delete(tab, a.where(tab, 1)))
	wait := later(t, func() error { return b.insert(tab, [3]int64{1, 1, 5}) })
	a.commit()
	must(t, wait())
	b.commit()
	c := begin(t, s, "", storage.ReadCommitted)
	is(t, c.all(tab), "1,1,5 2,2,2 3,3,3")
	must(t, c.Rollback())
}

func TestInsertOfUpdatedKeyDoesNotWait(t *testing.T) {
	s, tab := threeRows(t, true)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	_, err := a.lock(tab, a.where(tab, 1), catalog.ForNoKeyUpdate, catalog.Wait)
	must(t, err)
	failsWith(t, b.insert(tab, [3]int64{1, 7, 7}), "23505", `duplicate key value violates unique constraint "t_pkey"`, "")
	must(t, a.Rollback())
	must(t, b.Rollback())
}

func TestTableLocks(t *testing.T) {
	s, tab := threeRows(t, false)
	a, b := begin(t, s, "", storage.ReadCommitted), begin(t, s, "", storage.ReadCommitted)
	must(t, a.LockTable(ctx, a.v, tab.OID, catalog.RowExclusive, catalog.Wait))
	must(t, b.LockTable(ctx, b.v, tab.OID, catalog.RowExclusive, catalog.Wait))
	err := b.LockTable(ctx, b.v, tab.OID, catalog.Share, catalog.NoWait)
	failsWith(t, err, "55P03", `could not obtain lock on relation "t"`, "")
	wait := later(t, func() error { return b.LockTable(ctx, b.v, tab.OID, catalog.AccessExclusive, catalog.Wait) })
	c := *tab
	c.Comment = "changed"
	must(t, a.v.Put(ctx, &c))
	a.commit()
	must(t, wait())
	is(t, b.table("t").Comment, "changed") // the waiter goes on with what the other left
	if n := len(s.Locks()); n != 2 {
		t.Fatalf("%d locks", n)
	}
	b.commit()
	if n := len(s.Locks()); n != 0 {
		t.Fatalf("%d locks", n)
	}
}

func TestAdvisoryLocks(t *testing.T) {
	s := memStore(t)
	one, two := s.Session(1), s.Session(2)
	k := storage.AdvisoryKey{Database: 5, Key: 42}
	lock := func(l storage.LockSession, shared bool) bool {
		ok, err := l.Lock(ctx, k, shared, catalog.NoWait, 0)
		must(t, err)
		return ok
	}
	if !lock(one, false) || !lock(one, false) || lock(two, true) {
		t.Fatal("exclusive lock")
	}
	x := beginOpts(t, s, "", storage.TxnOptions{Session: one})
	if ok, err := x.LockAdvisory(ctx, k, false, catalog.NoWait); !ok || err != nil {
		t.Fatal("a session's transaction waits for its session", err)
	}
	if !one.Unlock(k, false) || !one.Unlock(k, false) || one.Unlock(k, false) {
		t.Fatal("unlock")
	}
	if lock(two, false) {
		t.Fatal("the transaction holds it")
	}
	x.commit()
	if !lock(two, false) {
		t.Fatal("free")
	}
	two.UnlockAll()
}

// TestConcurrentCounters lets many transactions add to the same rows, as pgbench does, and branches come and go meanwhile.
func TestConcurrentCounters(t *testing.T) {
	s, tab := threeRows(t, false)
	const workers, rounds = 8, 40
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range rounds {
				a := int64((w+i)%3 + 1)
				x := begin(t, s, "", storage.ReadCommitted)
				rows := x.where(tab, a)
				for {
					res, err := x.lock(tab, rows, catalog.ForNoKeyUpdate, catalog.Wait)
					must(t, err)
					if res[0] == storage.LockUnchanged {
						break
					}
					rows = x.rows(storage.ScanRequest{Table: tab, Keys: []string{rows[0].key}, Latest: true})
				}
				must(t, x.update(tab, rows, func(r [3]int64) [3]int64 { r[2]++; return r }))
				if i%7 == 3 {
					must(t, x.Rollback())
				} else {
					x.commit()
				}
			}
		}()
	}
	wg.Wait()
	x := begin(t, s, "", storage.ReadCommitted)
	sum := int64(0)
	for _, r := range x.rows(storage.ScanRequest{Table: tab}) {
		sum += r.row[2]
	}
	want := int64(6 + workers*rounds)
	for i := range rounds {
		if i%7 == 3 {
			want -= workers
		}
	}
	if sum != want {
		t.Fatalf("sum %d, want %d", sum, want)
	}
	must(t, x.Rollback())
}
