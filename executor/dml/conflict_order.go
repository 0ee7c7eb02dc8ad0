package dml

import (
	"slices"

	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/types/vector"
)

// inOrder holds back what RETURNING gives for a batch of INSERT … ON CONFLICT DO UPDATE: rows are inserted first and changed
// then, and clients match what comes back with what they sent.
type inOrder struct {
	rows *spill.Rows
	from []uint16 // proposed row of each
	vecs []vector.Vector
}

// returns notes that RETURNING has given what comes of these proposed rows.
func (o *inOrder) returns(from []uint16) { o.from = append(o.from, from...) }

// flush passes the rows on in the order in which they were proposed.
func (o *inOrder) flush(to *spill.Rows) error {
	n := len(o.from)
	if n == 0 {
		return nil
	}
	ids := make([]uint32, n)
	for i := range ids {
		ids[i] = uint32(i)
	}
	slices.SortFunc(ids, func(a, b uint32) int { return int(o.from[a]) - int(o.from[b]) })
	cols := make([]*vector.Vector, len(o.vecs))
	for i := range o.vecs {
		cols[i] = &o.vecs[i]
		if err := o.rows.Gather(cols[i], i, ids); err != nil {
			return err
		}
	}
	err := to.Add(cols, nil, n)
	o.rows.Reset()
	o.from = o.from[:0]
	return err
}
