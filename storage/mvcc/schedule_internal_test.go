package mvcc

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
)

// TestSchedule makes automatic snapshots as time goes by: when they are due and something has changed, no more than are to
// be kept, and none of those that were asked for is among what is forgotten. A restart does not change that.
func TestSchedule(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	disk := memkv.New()
	open := func() *Store {
		disk = disk.Clone() // the store closes the one that it has
		s, err := Open(disk, Options{CleanEvery: -1, Clock: func() time.Time { return now }})
		if err == nil {
			err = Bootstrap(ctx, s, BootstrapOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := open()
	must(branches{s: s}.SetSchedule(ctx, FirstDatabase, "main", time.Hour, 2))
	change := func() {
		t.Helper()
		x, err := s.Begin(ctx, storage.TxnOptions{Database: FirstDatabase})
		must(err)
		v, err := x.View(ctx, catalog.Ref{})
		must(err)
		oid, err := s.AllocateOIDs(ctx, 1)
		must(err)
		must(v.Put(ctx, &catalog.Schema{Header: catalog.Header{OID: oid, Name: fmt.Sprint("s", oid)}}))
		_, err = x.Commit(ctx)
		must(err)
	}
	asked := 0
	want := func(what string, ids ...int) {
		t.Helper()
		must(s.autoSnapshots(ctx))
		list, err := branches{s: s}.Snapshots(ctx, FirstDatabase, "")
		must(err)
		var got []string
		for _, p := range list {
			if p.Automatic {
				got = append(got, p.Time.Format("15:04"))
			}
		}
		var hours []string
		for _, h := range ids {
			hours = append(hours, fmt.Sprintf("%02d:%02d", h/100, h%100))
		}
		if fmt.Sprint(got) != fmt.Sprint(hours) || len(list)-len(got) != asked {
			t.Errorf("%s: automatic %v, want %v, and %d others, want %d", what, got, hours, len(list)-len(got), asked)
		}
	}
	want("at first", 0)
	_, err := branches{s: s}.Snapshot(ctx, FirstDatabase, "main", "", "mine", "")
	must(err)
	asked = 1
	change()
	now = now.Add(59 * time.Minute)
	want("not due", 0)
	now = now.Add(time.Minute)
	want("due", 0, 100)
	now = now.Add(2 * time.Hour)
	want("nothing has changed", 0, 100)
	change()
	want("one too many", 100, 300)
	must(s.Close())
	s = open()
	change()
	now = now.Add(time.Hour)
	want("after a restart", 300, 400)
	must(branches{s: s}.SetSchedule(ctx, FirstDatabase, "main", 0, 0))
	change()
	now = now.Add(24 * time.Hour)
	want("ended", 300, 400)
	must(s.Close())
}
