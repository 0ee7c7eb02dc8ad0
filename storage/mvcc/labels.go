package mvcc

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// noteLabels remembers the labels of an enum that ALTER TYPE adds in the transaction. What savepoints take back may stay: no
// OID is given twice.
func (t *Txn) noteLabels(o catalog.Object) {
	for _, l := range labelsOf(o) {
		if !l.New {
			continue
		}
		if t.labels == nil {
			t.labels = map[catalog.OID]bool{}
		}
		t.labels[l.OID] = true
	}
}

// markLabels says of a descriptor that is read back which of its labels are new, which what is stored does not say.
func (t *Txn) markLabels(o catalog.Object) {
	labels := labelsOf(o)
	for i := range labels {
		labels[i].New = t.labels[labels[i].OID]
	}
}

func labelsOf(o catalog.Object) []types.Label {
	if u, ok := o.(*catalog.UserType); ok {
		return u.Labels
	}
	return nil
}
