package mvcc_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/storage"
)

// TestKilledCollector is the process that TestKillCollecting kills: it writes, forks, drops and resets while garbage is
// collected and chains are made flat all the time.
func TestKilledCollector(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("only in a process of its own")
	}
	s := openDurable(t, dir)
	b := s.Branches()
	x := begin(t, s, "", storage.ReadCommitted)
	if o, _ := x.v.Catalog().Relation(2200, "t"); o == nil {
		createTable(t, s, x, "t", true, false)
	}
	n := int64(len(x.rows(storage.ScanRequest{Table: x.table("t")})))
	x.commit()
	window := 20 * time.Millisecond
	must(t, b.SetRetention(ctx, db, "", &window))
	go func() {
		for {
			_, err := b.GC(ctx, storage.GCOptions{Purge: true})
			must(t, err)
			_, err = s.Flatten(ctx)
			must(t, err)
		}
	}()
	for ; ; n++ {
		put(t, s, "main", n)
		fmt.Printf("acknowledged %d\n", n)
		x := begin(t, s, "main", storage.ReadCommitted) // history, and a large transaction now and then
		tab := x.table("t")
		var all []found
		if all = x.where(tab, n); n%7 == 0 {
			all = x.rows(storage.ScanRequest{Table: tab})
		}
		must(t, x.update(tab, all, func(r [3]int64) [3]int64 { r[2]++; return r }))
		x.commit()
		name := fmt.Sprint("b", n)
		source := "main"
		if n%4 != 0 {
			source = fmt.Sprint("b", n-1)
		}
		if _, err := b.Get(ctx, db, source); err != nil {
			source = "main"
		}
		must(t, fork2(s, name, source))
		put(t, s, name, 1_000_000+n)
		if n%3 == 0 {
			_, err := b.Restore(ctx, db, name, storage.RestoreOptions{Source: "main"})
			must(t, err)
		}
		if n > 8 {
			_, _ = b.Drop(ctx, db, fmt.Sprint("b", n-8), true)
		}
	}
}

// TestKillCollecting kills a process that collects garbage, again and again, and finds everything that can be seen whole.
func TestKillCollecting(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	rounds := 4
	if os.Getenv("ROWAN_LONG") != "" {
		rounds = 25
	}
	for round := range rounds {
		acked := killProcess(t, "TestKilledCollector", dir, time.Duration(60+70*(round%5))*time.Millisecond)
		s := openDurable(t, dir)
		rows := strings.Fields(reads(t, s, "main"))
		if int64(len(rows)) <= acked {
			t.Fatalf("%d rows, %d acknowledged", len(rows), acked)
		}
		list, err := s.Branches().List(ctx, db, false)
		must(t, err)
		for _, b := range list {
			reads(t, s, b.Name)
		}
		_, err = s.Branches().GC(ctx, storage.GCOptions{Purge: true})
		must(t, err)
		bad, err := s.Check(ctx, nil)
		must(t, err)
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		must(t, s.Close())
	}
}
