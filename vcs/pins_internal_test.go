package vcs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/countkv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
)

// What a merge has begun from stays readable until it is completed or aborted, whatever the branch keeps.
func TestPendingMergesPin(t *testing.T) {
	ctx := context.Background()
	now := time.Unix(1e9, 0)
	c := &costs{t: t, kv: countkv.New(memkv.New())}
	var err error
	if c.s, err = mvcc.Open(c.kv, mvcc.Options{CleanEvery: -1, Clock: func() time.Time { now = now.Add(time.Second); return now }}); err != nil {
		t.Fatal(err)
	}
	defer c.s.Close()
	if err := mvcc.Bootstrap(ctx, c.s, mvcc.BootstrapOptions{}); err != nil {
		t.Fatal(err)
	}
	c.s.UseNames(Names{Store: c.s})
	main, err := c.s.Branches().Get(ctx, mvcc.FirstDatabase, "")
	if err != nil {
		t.Fatal(err)
	}
	dev, err := c.s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	c.commit("dev", "first") // a row of a system table of the branch will do
	at, _ := c.s.Now()
	row := make([]types.Datum, pendingNext+1)
	for i := range row {
		row[i] = types.Null
	}
	row[0], row[pendingID] = types.Int(int64(mvcc.FirstDatabase)), types.Int(1)
	row[pendingSource], row[pendingSourceSCN] = types.Int(int64(dev.ID)), types.Int(int64(at)-1)
	row[pendingTarget], row[pendingTargetSCN] = types.Int(int64(main.ID)), types.Int(int64(at))
	put := func(status string) {
		row[pendingStatus] = types.String(status)
		c.in("main", func(c *costConn) error {
			g, err := c.tx.GlobalView(ctx)
			if err != nil {
				return err
			}
			return pendingTable.Put(ctx, c.tx, g, row...)
		})
	}
	put(statusPending)
	for i := range 5 { // the commit of dev is forgotten, and others come
		c.in("dev", func(c *costConn) error {
			return branchCommits.Insert(ctx, c.tx, view(ctx, c), types.String(fmt.Sprint(i)))
		})
	}
	window := time.Nanosecond
	gc := func() {
		if err := c.s.Branches().(storage.Keeper).SetRetention(ctx, mvcc.FirstDatabase, "dev", &window); err != nil {
			t.Fatal(err)
		}
		if _, err := c.s.Branches().(storage.Keeper).GC(ctx, storage.GCOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	readable := func() error {
		tx, err := c.s.Begin(ctx, storage.TxnOptions{Database: mvcc.FirstDatabase})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		tx.Statement()
		_, err = tx.View(ctx, catalog.Ref{Branch: "dev", Point: fmt.Sprint(int64(at) - 1)})
		return err
	}
	gc()
	if err := readable(); err != nil {
		t.Errorf("while the merge is pending: %v", err)
	}
	put(statusCompleted)
	gc()
	if readable() == nil {
		t.Error("nothing pins the point any more, and it is readable")
	}
}

func view(ctx context.Context, c *costConn) storage.View {
	v, _ := c.View(ctx, catalog.Ref{})
	return v
}
