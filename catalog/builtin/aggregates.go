package builtin

import (
	_ "embed"
	"sync"

	"github.com/rowandb/rowan/types"
)

//go:embed aggregates.tsv
var aggregatesFile string

type aggregateTable struct {
	all    []*Aggregate
	byProc map[types.OID]*Aggregate
}

var aggregates = sync.OnceValue(func() *aggregateTable {
	all := table(aggregatesFile, readAggregate)
	t := &aggregateTable{all: all, byProc: make(map[types.OID]*Aggregate, len(all))}
	for _, a := range all {
		t.byProc[a.Proc] = a
	}
	return t
})

func readAggregate(r *reader, a *Aggregate) {
	a.Proc, a.Kind, a.NDirect, a.SortOp = r.oid(), r.byte(), r.int(), r.oid()
	a.TransType, a.Initial = r.oid(), r.opt()
	a.Trans, a.Final, a.Combine, a.Serial, a.Deserial = r.oid(), r.oid(), r.oid(), r.oid(), r.oid()
	a.MTrans, a.MInvTrans, a.MFinal = r.oid(), r.oid(), r.oid()
	a.FinalExtra, a.MFinalExtra = r.bool(), r.bool()
	a.FinalModify, a.MFinalModify = r.byte(), r.byte()
	a.TransSpace, a.MTransType, a.MTransSpace, a.MInitial = r.int(), r.oid(), r.int(), r.opt()
}

// AggregateFor returns the aggregate that a function of kind a is, or nil.
func AggregateFor(proc types.OID) *Aggregate { return aggregates().byProc[proc] }

// AllAggregates returns every aggregate, by the OID of its function. The slice is shared and must not be changed.
func AllAggregates() []*Aggregate { return aggregates().all }
