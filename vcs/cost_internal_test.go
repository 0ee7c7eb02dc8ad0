package vcs

import (
	"context"
	"fmt"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/countkv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/types"
)

// costConn is as much of a session as functions of the history need.
type costConn struct {
	Conn
	store  *mvcc.Store
	tx     storage.Txn
	branch string
}

func (c *costConn) Store() storage.Store { return c.store }
func (c *costConn) Txn() storage.Txn     { return c.tx }
func (c *costConn) Branch() string       { return c.branch }
func (c *costConn) User() string         { return "u" }
func (c *costConn) Role() *catalog.Role  { return &catalog.Role{Superuser: true} }
func (c *costConn) Format() *types.Format {
	return types.DefaultFormat()
}
func (c *costConn) Note(string)                 {}
func (c *costConn) RefuseReadOnly(string) error { return nil }
func (c *costConn) Database() *catalog.Database {
	return &catalog.Database{Header: catalog.Header{OID: mvcc.FirstDatabase}}
}
func (c *costConn) View(ctx context.Context, r catalog.Ref) (storage.View, error) {
	if r.Branch == "" {
		r.Branch = c.branch
	}
	return c.tx.View(ctx, r)
}

type costs struct {
	t  *testing.T
	kv *countkv.Engine
	s  *mvcc.Store
}

// in runs f in a transaction of its own and returns how many keys were read for it.
func (c *costs) in(branch string, f func(c *costConn) error) int64 {
	c.t.Helper()
	ctx := context.Background()
	before := c.kv.Reads()
	tx, err := c.s.Begin(ctx, storage.TxnOptions{Database: mvcc.FirstDatabase})
	if err == nil {
		tx.Statement()
		if err = f(&costConn{store: c.s, tx: tx, branch: branch}); err == nil {
			_, err = tx.Commit(ctx)
		}
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return c.kv.Reads() - before
}

func (c *costs) commit(branch, message string) int64 {
	return c.in(branch, func(c *costConn) error {
		_, err := makeCommit(context.Background(), c, []types.Datum{types.String(message), types.Null})
		return err
	})
}

// rows runs a function that returns rows and counts these, too.
func (c *costs) rows(f RowsFunc, args ...types.Datum) (n int, reads int64) {
	reads = c.in("main", func(c *costConn) error {
		return f(context.Background(), c, args, func([]types.Datum) bool {
			n++
			return true
		})
	})
	return n, reads
}

// merged makes a branch, a commit there, and brings it to main.
func (c *costs) merged(name string) int64 {
	ctx := context.Background()
	if _, err := c.s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: name}); err != nil {
		c.t.Fatal(err)
	}
	c.commit(name, name)
	return c.in("main", func(c *costConn) error {
		source, err := c.tx.View(ctx, catalog.Ref{Branch: name})
		if err != nil {
			return err
		}
		target, err := c.tx.View(ctx, catalog.Ref{Branch: "main"})
		if err != nil {
			return err
		}
		if _, err := c.tx.(*mvcc.Txn).Bases(ctx, []storage.View{source}, []storage.View{target}); err != nil {
			return err
		}
		if err := c.tx.(*mvcc.Txn).RecordMerge(source, target); err != nil {
			return err
		}
		return CarryCommits(ctx, c.tx, source, target)
	})
}

// What is done at the end of a history costs the same however long it is, and however many branches there are.
func TestCostOfHistory(t *testing.T) {
	ctx := context.Background()
	c := &costs{t: t, kv: countkv.New(memkv.New())}
	var err error
	if c.s, err = mvcc.Open(c.kv, mvcc.Options{CleanEvery: -1}); err != nil {
		t.Fatal(err)
	}
	defer c.s.Close()
	if err := mvcc.Bootstrap(ctx, c.s, mvcc.BootstrapOptions{}); err != nil {
		t.Fatal(err)
	}
	c.s.UseNames(Names{Store: c.s})
	measure := func(round string) map[string]int64 {
		out := map[string]int64{"commit": c.commit("main", round), "merge": c.merged("m" + round)}
		b := c.s.Branches()
		branch := func(what string, f func() error) {
			before := c.kv.Reads()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			out[what] = c.kv.Reads() - before
		}
		branch("create", func() error {
			_, err := b.Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "x" + round})
			return err
		})
		branch("restore", func() error { _, err := b.Reset(ctx, mvcc.FirstDatabase, "x"+round, "", ""); return err })
		branch("drop", func() error { _, err := b.Drop(ctx, mvcc.FirstDatabase, "x"+round, false); return err })
		var n int
		if n, out["commits"] = c.rows(listCommits, types.Null, types.Int(5)); n != 5 {
			t.Fatalf("%d commits", n)
		}
		if n, out["log"] = c.rows(listLog, types.Null, types.Int(5), types.Null, types.Null, types.Null, types.Null, types.Null); n != 5 {
			t.Fatalf("%d entries", n)
		}
		out["tag"] = c.in("main", func(c *costConn) error {
			_, err := createTag(ctx, c, []types.Datum{types.String("t" + round), types.Null, types.Null, types.Null})
			return err
		})
		return out
	}
	grow := func(n int, label string) {
		for i := range n {
			c.commit("main", label)
			c.merged(fmt.Sprint(label, i))
		}
	}
	grow(20, "a")
	short := measure("1")
	grow(200, "b")
	long := measure("2")
	for what, reads := range long {
		t.Logf("%s: %d keys, %d with ten times the history", what, short[what], reads)
		if reads > short[what]+short[what]/2+8 {
			t.Errorf("%s reads %d keys with a short history and %d with a long one", what, short[what], reads)
		}
	}
}
