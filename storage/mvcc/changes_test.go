package mvcc_test

import (
	"fmt"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/mvcc"
)

func TestChanges(t *testing.T) {
	s := memStore(t)
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, false)
	must(t, x.insert(tab, [3]int64{1, 1, 1}, [3]int64{2, 2, 2}, [3]int64{3, 3, 3}))
	fork := x.commit()
	_, err := s.Branches().Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
	must(t, err)
	x = begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.update(tab, x.where(tab, 1), func(r [3]int64) [3]int64 { r[1] = 9; return r }))
	x.commit()
	x = begin(t, s, "", storage.ReadCommitted)
	must(t, x.delete(tab, x.where(tab, 3)))
	x.commit()

	x = begin(t, s, "", storage.ReadCommitted)
	dev, err := x.View(ctx, catalog.Ref{Branch: "dev"})
	must(t, err)
	m := x.Txn.(*mvcc.Txn)
	ks, _, err := m.ChangedKeys(ctx, x.v, dev, tab.Rows)
	must(t, err)
	is(t, fmt.Sprint(len(ks)), "2")
	bases, err := m.Bases(ctx, []storage.View{dev}, []storage.View{x.v})
	must(t, err)
	base := bases[0]
	is(t, fmt.Sprint(base.At(), base.ReadOnly(), len(bases)), fmt.Sprint(fork, true, 1))
	ks, _, err = m.ChangedKeys(ctx, base, dev, tab.Rows)
	must(t, err)
	is(t, fmt.Sprintf("%x", ks), "[8000000000000001]")
	tables, err := m.ChangedTables(ctx, base, dev)
	must(t, err)
	is(t, fmt.Sprint(tables), fmt.Sprintf("[%d]", tab.OID))

	must(t, m.RecordMerge(dev, x.v)) // main takes dev in
	at := dev.At()
	x.commit()
	for _, back := range []bool{false, true} {
		x = begin(t, s, "", storage.ReadCommitted)
		dev, err = x.View(ctx, catalog.Ref{Branch: "dev"})
		must(t, err)
		m = x.Txn.(*mvcc.Txn)
		if back {
			bases, err = m.Bases(ctx, []storage.View{x.v}, []storage.View{dev})
		} else {
			bases, err = m.Bases(ctx, []storage.View{dev}, []storage.View{x.v})
		}
		must(t, err)
		base = bases[0]
		is(t, fmt.Sprint(base.At(), base.Branch().Name, len(bases)), fmt.Sprint(at, "dev", 1))
		must(t, x.Rollback())
	}
}
