package mvcc_test

import (
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/types"
)

func is(t tb, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func failsWith(t tb, err error, code, message, detail string) {
	t.Helper()
	e := pgerr.From(err)
	if e == nil || e.Code != code || message != "" && e.Message != message || detail != "" && e.Detail != detail {
		t.Fatalf("got error %+v\nwant %s %s (%s)", e, code, message, detail)
	}
}

func TestReadWrite(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func() kv.Engine) {
		s := openStore(t, open())
		x := begin(t, s, "", storage.ReadCommitted)
		tab := createTable(t, s, x, "t", true, true)
		must(t, x.insert(tab, [3]int64{1, 10, 100}, [3]int64{3, 30, 300}, [3]int64{2, 20, -1}))
		is(t, x.all(tab), "1,10,100 2,20,-1 3,30,300")
		c1 := x.commit()

		x = begin(t, s, "", storage.ReadCommitted)
		tab = x.table("t")
		is(t, x.all(tab), "1,10,100 2,20,-1 3,30,300")
		must(t, x.update(tab, x.where(tab, 2), func(r [3]int64) [3]int64 { return [3]int64{2, 21, 200} }))
		must(t, x.delete(tab, x.where(tab, 1)))
		is(t, x.all(tab), "2,21,200 3,30,300")
		is(t, show(x.rows(storage.ScanRequest{Table: tab, Index: tab.Indexes[1]})), "2,21,200 3,30,300")
		is(t, show(x.rows(storage.ScanRequest{Table: tab, Index: tab.Indexes[2]})), "3,30,300 2,21,200")
		is(t, show(x.rows(storage.ScanRequest{Table: tab, Index: tab.Indexes[2], Reverse: true})), "2,21,200 3,30,300")
		y := begin(t, s, "", storage.ReadCommitted)
		is(t, y.all(tab), "1,10,100 2,20,-1 3,30,300")
		c2 := x.commit()
		y.Statement()
		is(t, y.all(tab), "2,21,200 3,30,300")
		must(t, y.Rollback())
		if c2 <= c1 {
			t.Fatalf("SCN %d after %d", c2, c1)
		}
		must(t, s.Close())

		s = openStore(t, open())
		x = begin(t, s, "", storage.ReadCommitted)
		tab = x.table("t")
		is(t, x.all(tab), "2,21,200 3,30,300")
		lo := []types.Datum{types.Int(21)}
		is(t, show(x.rows(storage.ScanRequest{Table: tab, Index: tab.Indexes[1], Ranges: []storage.Range{{Lo: lo, LoExcl: true}}})), "3,30,300")
		is(t, show(x.rows(storage.ScanRequest{Table: tab, Index: tab.Indexes[1], Ranges: []storage.Range{{Lo: lo, Hi: lo}}})), "2,21,200")
		if n := x.RowEstimate(x.v, tab); n != 2 {
			t.Fatalf("estimate %d", n)
		}
		must(t, x.Rollback())
		must(t, s.Close())
	})
}

func TestConstraints(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, true)
	must(t, x.insert(tab, [3]int64{1, 10, 100}))
	x.commit()
	x = begin(t, s, "", storage.ReadCommitted)
	sp := x.Savepoint()
	failsWith(t, x.insert(tab, [3]int64{1, 11, 0}), "23505", `duplicate key value violates unique constraint "t_pkey"`, "Key (a)=(1) already exists.")
	must(t, x.RollbackTo(sp))
	failsWith(t, x.insert(tab, [3]int64{2, 10, 0}), "23505", `duplicate key value violates unique constraint "t_b_key"`, "Key (b)=(10) already exists.")
	must(t, x.RollbackTo(sp))
	failsWith(t, x.insert(tab, [3]int64{-1, 10, 0}), "23502", `null value in column "a" of relation "t" violates not-null constraint`, "Failing row contains (null, 10, 0, text -1).")
	must(t, x.RollbackTo(sp))
	must(t, x.insert(tab, [3]int64{5, -1, 0}, [3]int64{6, -1, 0}))
	is(t, x.all(tab), "1,10,100 5,-1,0 6,-1,0")
	var ks []string
	col, err := x.Insert(ctx, storage.InsertRequest{
		View: x.v, Table: tab, Columns: columns(tab), Any: true, Keys: &ks,
		Rows: batch(tab, [3]int64{5, 1, 1}, [3]int64{7, 10, 7}, [3]int64{8, 80, 8}, [3]int64{8, 81, 8}),
	})
	must(t, err)
	if len(col) != 3 || col[0].Row != 0 || col[1].Row != 1 || col[2].Row != 3 || len(ks) != 4 || ks[2] == "" || ks[3] != "" {
		t.Fatalf("collisions %v, keys %q", col, ks)
	}
	if col[1].Key != x.where(tab, 1)[0].key {
		t.Fatal("wrong row key in a collision")
	}
	x.Statement()
	is(t, x.all(tab), "1,10,100 5,-1,0 6,-1,0 8,80,8")
	x.commit()
}

func TestSavepoints(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", false, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}))
	s1 := x.Savepoint()
	must(t, x.insert(tab, [3]int64{2, 2, 2}))
	must(t, x.update(tab, x.rows(storage.ScanRequest{Table: tab})[:1], func(r [3]int64) [3]int64 { r[1] = 9; return r }))
	s2 := x.Savepoint()
	must(t, x.delete(tab, x.rows(storage.ScanRequest{Table: tab})))
	createTable(t, s, x, "u", false, false)
	is(t, x.all(tab), "")
	must(t, x.RollbackTo(s2))
	is(t, x.all(tab), "1,9,1 2,2,2")
	if o, _ := x.v.Catalog().Relation(catalog.Public, "u"); o != nil {
		t.Fatal("table u is still there")
	}
	must(t, x.RollbackTo(s1))
	is(t, x.all(tab), "1,1,1")
	x.commit()
	x = begin(t, s, "", storage.ReadCommitted)
	is(t, x.all(tab), "1,1,1")
	must(t, x.Rollback())
}
