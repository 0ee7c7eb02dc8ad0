package mvcc_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// TestTransfers moves amounts between accounts in many transactions at once, small ones and such that write ahead, while
// others read the whole at the newest and at older points, on main and on branches made meanwhile: the sum is always the
// same. On Badger a reader may meet a half-applied batch.
func TestTransfers(t *testing.T) {
	for _, spill := range []int64{0, 1} {
		eachEngine(t, func(t *testing.T, open func() kv.Engine) {
			s, err := mvcc.Open(open(), mvcc.Options{SpillBytes: spill, CleanEvery: 5 * time.Millisecond})
			must(t, err)
			must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
			transfers(t, s)
			sound(t, s)
			must(t, s.Close())
		})
	}
}

const accounts = 20

func transfers(t *testing.T, s *mvcc.Store) {
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	for i := range int64(accounts) {
		must(t, x.insert(tab, [3]int64{i, i, 100}))
	}
	first := x.commit()
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	for w := range 4 {
		writers.Add(1)
		go func() {
			defer writers.Done()
			rnd := rand.New(rand.NewPCG(uint64(w), 1))
			for range 40 {
				transfer(t, s, tab, rnd)
			}
		}()
	}
	for r := range 3 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			rnd := rand.New(rand.NewPCG(uint64(r), 2))
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				readSum(t, s, tab, rnd, first, fmt.Sprintf("b%d_%d", r, i))
			}
		}()
	}
	writers.Wait()
	close(stop)
	readers.Wait()
}

// transfer moves an amount; it deletes and inserts anew an account now and then.
func transfer(t *testing.T, s *mvcc.Store, tab *catalog.Table, rnd *rand.Rand) {
	from, to := rnd.Int64N(accounts), rnd.Int64N(accounts)
	if from == to {
		return
	}
	x := begin(t, s, "", storage.RepeatableRead)
	defer func() { _ = x.Rollback() }()
	rows := x.where(tab, min(from, to), max(from, to))
	if len(rows) != 2 {
		t.Errorf("%d rows of %d and %d", len(rows), from, to)
		return
	}
	n := 2 * rnd.Int64N(25) // amounts stay even: -1 stands for NULL
	sign := int64(-1)
	if x.update(tab, rows, func(r [3]int64) [3]int64 {
		r[2] += sign * n
		r[1] = rnd.Int64N(5)
		sign = -sign
		return r
	}) != nil {
		return // 40001 or a deadlock
	}
	if rnd.IntN(3) == 0 {
		again := x.where(tab, from)
		must(t, x.delete(tab, again))
		must(t, x.insert(tab, again[0].row))
	}
	if rnd.IntN(5) == 0 {
		return
	}
	x.commit()
}

func readSum(t *testing.T, s *mvcc.Store, tab *catalog.Table, rnd *rand.Rand, first storage.SCN, name string) {
	now, _ := s.Now()
	at := first + storage.SCN(rnd.Uint64N(uint64(now-first)+1))
	where := ""
	switch rnd.IntN(3) {
	case 0:
		where = fmt.Sprintf("@%d", at)
	case 1:
		_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name, Point: fmt.Sprint(at)})
		must(t, err)
		where = name
	}
	x := begin(t, s, where, storage.ReadCommitted)
	defer func() { _ = x.Rollback() }()
	var ix *catalog.Index
	if rnd.IntN(2) == 0 {
		ix = tab.Indexes[1+rnd.IntN(2)]
	}
	rows := x.rows(storage.ScanRequest{Table: tab, Index: ix, Reverse: rnd.IntN(2) == 0})
	sum := int64(0)
	for _, r := range rows {
		sum += r.row[2]
	}
	if len(rows) != accounts || sum != 100*accounts {
		t.Errorf("%q at %d, index %v: %d rows, sum %d: %s", where, x.v.At(), ix != nil, len(rows), sum, show(rows))
	}
}
