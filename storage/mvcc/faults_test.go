package mvcc_test

import (
	"testing"
	"time"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/faultkv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

func faulty(t *testing.T) (*mvcc.Store, *faultkv.Engine, *memkv.Engine) {
	mem := memkv.New()
	e := faultkv.New(mem)
	s, err := mvcc.Open(e, mvcc.Options{CleanEvery: -1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, true)
	must(t, x.insert(x.table("t"), [3]int64{1, 1, 1}))
	x.commit()
	return s, e, mem
}

// TestFullDisk wants commits to be refused while the disk is full, nothing of them to be seen, and life to go on afterwards.
func TestFullDisk(t *testing.T) {
	s, e, _ := faulty(t)
	x := begin(t, s, "", storage.ReadCommitted)
	must(t, x.insert(x.table("t"), [3]int64{2, 2, 2}))
	e.Full(true)
	_, err := x.Commit(ctx)
	failsWith(t, err, "53100", "", "")
	if s.Health() == nil {
		t.Error("healthy with a full disk")
	}
	e.Full(false)
	must(t, s.Health())
	x = begin(t, s, "", storage.ReadCommitted)
	is(t, x.all(x.table("t")), "1,1,1")
	must(t, x.insert(x.table("t"), [3]int64{2, 3, 3}))
	x.commit()
	sound(t, s)
	must(t, s.Close())
}

// TestReadsOnAFullDisk opens a store while its disk is full: what it has can be read.
func TestReadsOnAFullDisk(t *testing.T) {
	s, _, mem := faulty(t)
	must(t, s.Close())
	e := faultkv.New(mem.Clone())
	e.Full(true)
	s, err := mvcc.Open(e, mvcc.Options{CleanEvery: -1})
	must(t, err)
	x := begin(t, s, "", storage.ReadCommitted)
	is(t, x.all(x.table("t")), "1,1,1")
	_, err = x.Commit(ctx)
	must(t, err)
	e.Full(false)
	must(t, s.Close())
}

// TestFullDiskIsFreed wants what frees space to go on while the disk is full: drops, shorter windows, and the collection.
func TestFullDiskIsFreed(t *testing.T) {
	s, e, mem := faulty(t)
	b := s.Branches()
	must(t, fork2(s, "dev", "main"))
	x := begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.insert(x.table("t"), [3]int64{2, 2, 2}, [3]int64{3, 3, 3}))
	x.commit()
	for i := range int64(5) {
		x = begin(t, s, "", storage.ReadCommitted)
		must(t, x.update(x.table("t"), x.where(x.table("t"), 1), func(r [3]int64) [3]int64 { r[2] = i; return r }))
		x.commit()
	}
	_, err := b.GC(ctx, storage.GCOptions{})
	must(t, err)
	before := everything(t, mem)
	e.Full(true)
	var none time.Duration
	must(t, b.SetRetention(ctx, db, "", &none))
	_, err = b.Drop(ctx, db, "dev", false)
	must(t, err)
	res, err := b.GC(ctx, storage.GCOptions{Purge: true, Compact: true})
	must(t, err)
	if after := everything(t, mem); after >= before {
		t.Errorf("%d bytes, and %d before; collected %+v", after, before, res)
	}
	e.Full(false)
	sound(t, s)
	must(t, s.Close())
}

// TestFailedSync wants the commit in doubt to be told so, and all later ones to be refused.
func TestFailedSync(t *testing.T) {
	for _, written := range []bool{false, true} {
		s, e, mem := faulty(t)
		x := begin(t, s, "", storage.ReadCommitted)
		must(t, x.insert(x.table("t"), [3]int64{2, 2, 2}))
		y := begin(t, s, "", storage.ReadCommitted)
		must(t, y.insert(y.table("t"), [3]int64{3, 3, 3}))
		e.FailNext(written)
		_, err := x.Commit(ctx)
		failsWith(t, err, "08007", "", "")
		_, err = y.Commit(ctx)
		failsWith(t, err, "58030", "", "")
		if s.Health() == nil {
			t.Error("healthy after a failed sync")
		}
		disk := mem.Clone()
		_ = s.Close() // it cannot write
		again, err := mvcc.Open(disk, mvcc.Options{CleanEvery: -1})
		must(t, err)
		z := begin(t, again, "", storage.ReadCommitted)
		want := "1,1,1"
		if written {
			want += " 2,2,2"
		}
		is(t, z.all(z.table("t")), want)
		must(t, z.Rollback())
		sound(t, again)
		must(t, again.Close())
	}
}

// TestDamageIsTold wants reads of damaged data to be XX001.
func TestDamageIsTold(t *testing.T) {
	s, e, _ := faulty(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := x.table("t")
	e.Damage(kv.ErrCorrupt)
	err := x.insert(tab, [3]int64{1, 5, 5})
	failsWith(t, err, "XX001", "", "")
	found, err := s.Verify(ctx, storage.CheckOptions{})
	if must(t, err); len(found) == 0 || found[0].Kind != storage.ProblemUnreadable {
		t.Errorf("a check of what cannot be read: %v", found)
	}
	e.Damage(nil)
	must(t, x.Rollback())
	must(t, s.Close())
}

// TestFailedSyncOfBulk fails the sync of one write of a large transaction, such as a COPY, be it of a part written ahead or of
// the commit: it is refused or in doubt, so is all that comes later, and after a restart it is there wholly or not at all.
func TestFailedSyncOfBulk(t *testing.T) {
	const batches, rows = 6, 1024
	for at := range batches + 1 { // the last one: at commit
		for _, written := range []bool{false, true} {
			mem := memkv.New()
			e := faultkv.New(mem)
			s := bulkStore(t, e, 0)
			y := begin(t, s, "", storage.ReadCommitted)
			must(t, y.insert(y.table("t"), [3]int64{-5, 1, 1}))
			x := begin(t, s, "", storage.ReadCommitted)
			var err error
			for i := 0; i < batches && err == nil; i++ {
				if i == at {
					e.FailNext(written)
				}
				err = x.tryBulk(x.table("t"), i*rows, (i+1)*rows, 1)
			}
			if at == batches {
				e.FailNext(written)
			}
			if _, err2 := x.Commit(ctx); err == nil {
				err = err2
			}
			if got := pgerr.Code(err); got != "08007" && got != "58030" {
				t.Fatalf("batch %d: %v", at, err)
			}
			_, err = y.Commit(ctx)
			failsWith(t, err, "58030", "", "")
			if s.Health() == nil {
				t.Error("healthy after a failed sync")
			}
			disk := mem.Clone()
			_ = s.Close() // it cannot write
			again, err := mvcc.Open(disk, mvcc.Options{CleanEvery: -1})
			must(t, err)
			z := begin(t, again, "", storage.ReadCommitted)
			if n := z.size(z.table("t")); n != 0 && (n != batches*rows || !written || at < batches) {
				t.Errorf("batch %d, written %v: %d rows", at, written, n)
			}
			must(t, z.Rollback())
			bad, err := again.Check(ctx, nil)
			must(t, err)
			for _, b := range bad {
				t.Errorf("batch %d, written %v: %v", at, written, b)
			}
			must(t, again.Close())
		}
	}
}
