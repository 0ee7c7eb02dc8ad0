package mvcc_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
)

// heldUp is an engine in which bulk writes wait, as they do behind compactions.
type heldUp struct {
	kv.Engine
	gate chan struct{}
}

func (e *heldUp) Pace(context.Context) error {
	<-e.gate
	return nil
}

// TestCancelBesideFlight cancels a statement whose earlier rows are held up on their way into the store. It ends at once; what was on its way is not
// written to its end when the transaction rolls back, and none of it stays.
func TestCancelBesideFlight(t *testing.T) {
	e := &heldUp{Engine: memkv.New(), gate: make(chan struct{})}
	close(e.gate)
	s := bulkStore(t, e, 0)
	defer func() { must(t, s.Close()) }()
	e.gate = make(chan struct{}) // held up from here on
	x := begin(t, s, "", storage.ReadCommitted)
	tab := x.table("t")
	stop := errors.New("enough")
	run, cancel := context.WithCancelCause(ctx)
	go func() { // the first piece of the first flight has come to the gate, and waits there with all that come after it
		e.gate <- struct{}{}
		cancel(stop)
	}()
	var err error
	for i := int64(0); err == nil; i++ {
		if i == 10_000 {
			t.Fatal("nothing is held up")
		}
		var rows [][3]int64
		for k := range int64(100) {
			rows = append(rows, [3]int64{i*100 + k, i*100 + k, 1})
		}
		_, err = x.Insert(run, storage.InsertRequest{View: x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, rows...)})
	}
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	close(e.gate)
	must(t, x.Rollback())
	x = begin(t, s, "", storage.ReadCommitted)
	if n := x.size(x.table("t")); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	must(t, x.Rollback())
}
