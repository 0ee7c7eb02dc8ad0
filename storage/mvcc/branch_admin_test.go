package mvcc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

const db = mvcc.FirstDatabase

// put inserts rows into t of a branch, and returns the SCN.
func put(t tb, s *mvcc.Store, branch string, as ...int64) storage.SCN {
	t.Helper()
	x := begin(t, s, branch, storage.ReadCommitted)
	for _, a := range as {
		must(t, x.insert(x.table("t"), [3]int64{a, a, a}))
	}
	return x.commit()
}

// reads returns the values of a in t at branch[@point].
func reads(t tb, s *mvcc.Store, at string) string {
	t.Helper()
	x := begin(t, s, at, storage.ReadCommitted)
	var out []string
	for _, r := range x.rows(storage.ScanRequest{Table: x.table("t")}) {
		out = append(out, fmt.Sprint(r.row[0]))
	}
	must(t, x.Rollback())
	return strings.Join(out, " ")
}

func fails(t tb, err error, code string) *pgerr.Error {
	t.Helper()
	e := pgerr.From(err)
	if err == nil || e.Code != code {
		t.Fatalf("got error %v, want %s", err, code)
	}
	return e
}

// testTable opens a store with an empty table t.
func testTable(t testing.TB, e kv.Engine, o mvcc.Options) *mvcc.Store {
	s, err := mvcc.Open(e, o)
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	x := begin(t, s, "", storage.ReadCommitted)
	createTable(t, s, x, "t", true, false)
	x.commit()
	return s
}

func TestDropWithChildren(t *testing.T) {
	s := testTable(t, memkv.New(), mvcc.Options{})
	defer s.Close()
	b := s.Branches()
	must(t, fork(s, "dev", "main", put(t, s, "main", 1)))
	must(t, fork(s, "sub", "dev", put(t, s, "dev", 2)))
	_, err := b.Drop(ctx, db, "dev", false)
	if e := fails(t, err, "2BP01"); e.Detail != `branch "sub" depends on branch "dev"` {
		t.Errorf("detail %q", e.Detail)
	}
	_, err = b.Drop(ctx, db, "main", true)
	fails(t, err, "2BP01")
	_, err = b.Drop(ctx, db, "dev", true)
	must(t, err)
	is(t, reads(t, s, "sub"), "1 2")
	put(t, s, "sub", 3)
	is(t, reads(t, s, "sub"), "1 2 3")
	_, err = b.Undelete(ctx, db, "dev")
	must(t, err)
	is(t, reads(t, s, "dev"), "1 2")
	_, err = b.Undelete(ctx, db, "dev")
	fails(t, err, "3D000")
	_, err = b.Drop(ctx, db, "sub", false)
	must(t, err)
	_, err = b.Drop(ctx, db, "dev", false)
	must(t, err)
	must(t, fork(s, "dev", "main", put(t, s, "main", 5)))
	_, err = b.Undelete(ctx, db, "dev")
	fails(t, err, "42P04")
}

func TestProtected(t *testing.T) {
	s := testTable(t, memkv.New(), mvcc.Options{})
	defer s.Close()
	b := s.Branches()
	_, err := b.Create(ctx, db, storage.BranchOptions{Name: "dev", Protected: true})
	must(t, err)
	_, err = b.Drop(ctx, db, "dev", false)
	fails(t, err, "2BP01")
	_, err = b.Reset(ctx, db, "dev", "main", "")
	fails(t, err, "2BP01")
	_, err = b.Rename(ctx, db, "dev", "x", false)
	fails(t, err, "2BP01")
	_, err = b.Alter(ctx, db, "dev", func(b *storage.Branch) error { b.Name = "x"; return nil })
	fails(t, err, "2BP01")
	_, err = b.Restore(ctx, db, "dev", storage.RestoreOptions{Source: "main", Force: true})
	must(t, err)
	_, err = b.Rename(ctx, db, "dev", "x", true)
	must(t, err)
	_, err = b.Drop(ctx, db, "x", true)
	must(t, err)
}

// TestRestoreBackup restores a branch while another keeps what was there, and reads all pasts as before, over a restart.
func TestRestoreBackup(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := testTable(t, open(), mvcc.Options{})
		p1 := put(t, s, "main", 1)
		p2 := put(t, s, "main", 2)
		_, err := s.Branches().Restore(ctx, db, "main", storage.RestoreOptions{Point: fmt.Sprint(p1), Backup: "old"})
		must(t, err)
		p3 := put(t, s, "main", 3)
		put(t, s, "old", 4)
		check := func() {
			t.Helper()
			is(t, reads(t, s, "main"), "1 3")
			is(t, reads(t, s, "old"), "1 2 4")
			is(t, reads(t, s, fmt.Sprint("main@", p1)), "1")
			is(t, reads(t, s, fmt.Sprint("main@", p2)), "1 2")
			is(t, reads(t, s, fmt.Sprint("main@", p3)), "1 3")
			is(t, reads(t, s, fmt.Sprint("old@", p2)), "1 2")
		}
		check()
		must(t, s.Close())
		s = openStore(t, open())
		check()
		must(t, s.Close())
	})
}

func TestCopyAndDefault(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := testTable(t, open(), mvcc.Options{})
		b := s.Branches()
		p1 := put(t, s, "main", 1)
		_, err := b.Create(ctx, db, storage.BranchOptions{Name: "dev", Description: "mine", Metadata: map[string]string{"a": "1"}})
		must(t, err)
		put(t, s, "dev", 2)
		c, err := b.Copy(ctx, db, "dev", storage.CopyOptions{Name: "dev2"})
		must(t, err)
		if c.Parent != "main" || c.Description != "mine" || c.Metadata["a"] != "1" || c.Fork != p1 {
			t.Errorf("copy: %+v", c)
		}
		put(t, s, "dev", 3)
		is(t, reads(t, s, "dev2"), "1 2")
		is(t, reads(t, s, fmt.Sprint("dev2@", p1)), "1")
		_, err = b.SetDefault(ctx, db, "dev")
		must(t, err)
		_, err = b.Rename(ctx, db, "dev", "trunk", false)
		must(t, err)
		check := func() {
			t.Helper()
			is(t, reads(t, s, ""), "1 2 3")
			if d, ok := s.Global().Object(db).(*catalog.Database); !ok || d.Default != "trunk" {
				t.Errorf("default of the database: %+v", d)
			}
			list, err := b.List(ctx, db, false)
			must(t, err)
			if len(list) != 3 || list[0].Default || !list[1].Default || list[1].Name != "trunk" {
				t.Errorf("branches: %+v", list)
			}
		}
		check()
		must(t, s.Close())
		s = openStore(t, open())
		b = s.Branches()
		check()
		_, err = b.Drop(ctx, db, "main", true)
		must(t, err)
		is(t, reads(t, s, "dev2"), "1 2")
		must(t, s.Close())
	})
}

func TestSchemaOnly(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := testTable(t, open(), mvcc.Options{})
		put(t, s, "main", 1, 2)
		_, err := s.Branches().Create(ctx, db, storage.BranchOptions{Name: "empty", SchemaOnly: true})
		must(t, err)
		is(t, reads(t, s, "empty"), "")
		p := put(t, s, "empty", 7)
		put(t, s, "empty", 8)
		must(t, s.Close())
		s = openStore(t, open())
		is(t, reads(t, s, "empty"), "7 8")
		is(t, reads(t, s, fmt.Sprint("empty@", p)), "7")
		is(t, reads(t, s, "main"), "1 2")
		bad, err := s.Check(ctx, nil)
		must(t, err)
		if len(bad) > 0 {
			t.Error(bad)
		}
		must(t, s.Close())
	})
}

func TestExpire(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := testTable(t, memkv.New(), mvcc.Options{CleanEvery: -1, Clock: func() time.Time { return now }})
	defer s.Close()
	b := s.Branches()
	for _, n := range []string{"short", "long", "kept"} {
		d := time.Hour
		if n == "long" {
			d = 3 * time.Hour
		}
		_, err := b.Create(ctx, db, storage.BranchOptions{Name: n, Expires: now.Add(d), Protected: n == "kept"})
		must(t, err)
	}
	for hours, want := range []int{0, 0, 1, 0, 1} {
		n, err := s.Expire(ctx)
		must(t, err)
		if n != want {
			t.Errorf("after %d hours %d branches expired, want %d", hours, n, want)
		}
		now = now.Add(time.Hour - time.Second)
	}
	x, err := b.Undelete(ctx, db, "short")
	must(t, err)
	if !x.Expires.IsZero() {
		t.Error("it expires at once again")
	}
}

func branchAt(branch string, scn storage.SCN) catalog.Ref {
	return catalog.Ref{Branch: branch, Point: fmt.Sprint(scn)}
}
