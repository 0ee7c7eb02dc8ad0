package mvcc_test

import (
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
)

// TestEnter runs statements inside a statement: they see what was written before them, by the transaction and by others, and
// the statement outside goes on to read what it read.
func TestEnter(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	x.commit()

	x = begin(t, s, "", storage.ReadCommitted)
	tab = x.table("t")
	add := func(a int64) {
		_, err := x.Insert(ctx, storage.InsertRequest{View: x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, [3]int64{a, a, a})})
		must(t, err)
	}
	x.Statement()
	add(1)
	if got := x.all(tab); got != "" {
		t.Errorf("a statement sees its own row: %s", got)
	}
	outside := x.Enter()
	x.Statement()
	one := x.all(tab)
	add(2)
	x.Statement()
	two := x.all(tab)

	other := begin(t, s, "", storage.ReadCommitted)
	must(t, other.insert(other.table("t"), [3]int64{3, 3, 3}))
	other.commit()
	x.Statement()
	three := x.all(tab)
	inside := x.Resume(outside)
	if got := x.all(tab); got != "" {
		t.Errorf("outside sees %s while the inside waits", got)
	}
	x.Resume(inside)
	if got := x.all(tab); got != three {
		t.Errorf("inside sees %s, then %s", three, got)
	}
	x.Leave(outside)
	if got := x.all(tab); got != "" {
		t.Errorf("outside sees %s afterwards", got)
	}
	x.Statement()
	after := x.all(tab)
	if one == "" || one == two || two == three || after != three {
		t.Errorf("inside: %q, %q, %q; afterwards: %q", one, two, three, after)
	}
	x.commit()
}

// TestEnterWrites tells what a statement has written, or those inside it, from what earlier statements have.
func TestEnterWrites(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	x.commit()

	x = begin(t, s, "", storage.ReadCommitted)
	tab = x.table("t")
	x.Statement()
	must(t, x.insert(tab, [3]int64{1, 1, 1}))
	x.Statement()
	rows := x.where(tab, 1)
	outside := x.Enter()
	x.Statement()
	must(t, x.update(tab, x.where(tab, 1), func(r [3]int64) [3]int64 { r[1] = 5; return r }))
	x.Leave(outside)
	got, err := x.lock(tab, rows, catalog.ForUpdate, catalog.Wait)
	must(t, err)
	if len(got) != 1 || got[0] != storage.LockSelf {
		t.Errorf("a row that a statement inside has updated is %v, not its own", got)
	}
	x.Statement()
	if got, err = x.lock(tab, x.where(tab, 1), catalog.ForUpdate, catalog.Wait); err != nil || got[0] != storage.LockUnchanged {
		t.Errorf("in the next statement it is %v %v", got, err)
	}
	x.commit()
}
