package systable_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

var ctx = context.Background()

var notes = systable.New(systable.LastKeyspace, "notes", 2,
	systable.Column{Name: "branch", Type: types.OIDText}, systable.Column{Name: "number", Type: types.OIDInt8}, systable.Column{Name: "text", Type: types.OIDText})

var notesByText = notes.Index(systable.LastKeyspace-1, "notes_text", 2)

func row(branch string, number int64, text string) systable.Row {
	return systable.Row{types.String(branch), types.Int(number), types.String(text)}
}

type txn struct {
	storage.Txn
	t *testing.T
	v storage.View
}

// open begins a transaction on the global branch, or on branch main.
func open(t *testing.T, s storage.Store, global bool) txn {
	t.Helper()
	x, err := s.Begin(ctx, storage.TxnOptions{Database: mvcc.FirstDatabase})
	must(t, err)
	x.Statement()
	v, err := x.View(ctx, catalog.Ref{})
	if global {
		v, err = x.GlobalView(ctx)
	}
	must(t, err)
	return txn{x, t, v}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (x txn) commit() storage.SCN {
	scn, err := x.Commit(ctx)
	must(x.t, err)
	return scn
}

func (x txn) want(prefix systable.Row, want ...systable.Row) {
	x.t.Helper()
	got, err := notes.All(ctx, x, x.v, prefix...)
	must(x.t, err)
	if d := cmp.Diff(want, got); d != "" {
		x.t.Error(d)
	}
}

func newStore(t *testing.T) *mvcc.Store {
	s, err := mvcc.Open(memkv.New(), mvcc.Options{})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	return s
}

func TestRows(t *testing.T) {
	for _, global := range []bool{true, false} {
		s := newStore(t)
		x := open(t, s, global)
		must(t, notes.Put(ctx, x, x.v, row("a", 1, "one")...))
		must(t, notes.Put(ctx, x, x.v, row("a", 1, "won")...)) // in the same statement
		must(t, notes.Insert(ctx, x, x.v, row("b", 2, "two")...))
		must(t, notes.Insert(ctx, x, x.v, row("a", 3, "three")...))
		x.Statement()
		x.want(nil, row("a", 1, "won"), row("a", 3, "three"), row("b", 2, "two"))
		x.commit()
		x = open(t, s, global)
		x.want(systable.Row{types.String("a")}, row("a", 1, "won"), row("a", 3, "three"))
		if err := notes.Insert(ctx, x, x.v, row("b", 2, "again")...); pgerr.From(err).Code != "23505" {
			t.Errorf("second row with a key: %v", err)
		}
		_ = x.Rollback()
		x = open(t, s, global)
		must(t, notes.Put(ctx, x, x.v, row("b", 2, "second")...))
		gone, err := notes.Delete(ctx, x, x.v, types.String("a"), types.Int(1))
		must(t, err)
		none, err := notes.Delete(ctx, x, x.v, types.String("a"), types.Int(9))
		must(t, err)
		if !gone || none {
			t.Errorf("deleted %v, %v", gone, none)
		}
		x.commit()
		x = open(t, s, global)
		x.want(nil, row("a", 3, "three"), row("b", 2, "second"))
		got, err := notes.Get(ctx, x, x.v, types.String("b"), types.Int(2))
		must(t, err)
		if d := cmp.Diff(row("b", 2, "second"), got); d != "" {
			t.Error(d)
		}
		_ = x.Rollback()
		if bad, err := s.Check(ctx, nil); err != nil || len(bad) > 0 {
			t.Error(bad, err)
		}
	}
}

// TestBranches wants rows of a branch to be forked with it.
func TestBranches(t *testing.T) {
	s := newStore(t)
	x := open(t, s, false)
	must(t, notes.Put(ctx, x, x.v, row("a", 1, "one")...))
	x.commit()
	_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
	must(t, err)
	x = open(t, s, false)
	x.v, err = x.View(ctx, catalog.Ref{Branch: "dev"})
	must(t, err)
	must(t, notes.Put(ctx, x, x.v, row("a", 1, "of dev")...))
	x.Statement()
	x.want(nil, row("a", 1, "of dev"))
	x.v, err = x.View(ctx, catalog.Ref{Branch: "main"})
	must(t, err)
	x.want(nil, row("a", 1, "one"))
	_ = x.Rollback()
}

// TestFind wants rows by the beginnings of keys, and by an index, which follows what is written.
func TestFind(t *testing.T) {
	s := newStore(t)
	x := open(t, s, false)
	must(t, notes.Put(ctx, x, x.v, row("a", 2, "old")...))
	must(t, notes.PutAll(ctx, x, x.v, []systable.Row{row("a", 1, "x"), row("a", 2, "y"), row("b", 1, "x"), row("c", 1, "z")}))
	x.commit()
	x = open(t, s, false)
	must(t, notes.Put(ctx, x, x.v, row("b", 1, "y")...))
	_, err := notes.Delete(ctx, x, x.v, types.String("a"), types.Int(2))
	must(t, err)
	x.commit()
	x = open(t, s, false)
	find := func(f func(context.Context, storage.Txn, storage.View, []systable.Row, func(systable.Row)) error, prefixes []systable.Row, want ...systable.Row) {
		t.Helper()
		var got []systable.Row
		must(t, f(ctx, x, x.v, prefixes, func(r systable.Row) { got = append(got, r) }))
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	find(notes.Find, nil)
	find(notes.Find, []systable.Row{{types.String("a")}, {types.String("b"), types.Int(1)}, {types.String("d")}}, row("a", 1, "x"), row("b", 1, "y"))
	find(notesByText.Find, []systable.Row{{types.String("x")}, {types.String("y")}}, row("a", 1, "x"), row("b", 1, "y"))
	n := 0
	must(t, notes.Some(ctx, x, x.v, nil, 2, func(systable.Row) { n++ }))
	any, err := notes.Any(ctx, x, x.v, types.String("c"))
	must(t, err)
	none, err := notes.Any(ctx, x, x.v, types.String("d"))
	must(t, err)
	if n != 2 || !any || none {
		t.Error(n, any, none)
	}
	_ = x.Rollback()
	if bad, err := s.Check(ctx, nil); err != nil || len(bad) > 0 {
		t.Error(bad, err)
	}
}
