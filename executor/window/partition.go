package window

import (
	"github.com/rowandb/rowan/types/vector"
)

// partition says which rows of the kept ones are peers: equal by ORDER BY.
type partition struct {
	n      int
	group  []int32 // peer group by row
	starts []int32 // first row by group, and n
}

// load finds the peer groups.
func (p *partition) load(w *Window) error {
	p.n = w.rows.Len()
	p.group, p.starts = p.group[:0], append(p.starts[:0], 0)
	var b vector.Batch
	keys := len(w.node.Order)
	var prev []*vector.Vector
	for c := range w.rows.Chunks() {
		if err := w.rows.Chunk(c, &b); err != nil {
			return err
		}
		cols := b.Cols[w.order : w.order+keys]
		for i := range b.N {
			switch {
			case i == 0 && c > 0 && differ(prev, vector.Size-1, cols, 0), i > 0 && differ(cols, i-1, cols, i):
				p.starts = append(p.starts, int32(len(p.group)))
			}
			p.group = append(p.group, int32(len(p.starts)-1))
		}
		prev = append(prev[:0], cols...)
	}
	p.starts = append(p.starts, int32(p.n))
	return nil
}

// differ compares row i of some columns with row j of others.
func differ(a []*vector.Vector, i int, b []*vector.Vector, j int) bool {
	for k := range a {
		if a[k].Datum(i) != b[k].Datum(j) {
			return true
		}
	}
	return false
}

// peers returns the first and the end of row i's peers.
func (p *partition) peers(i int) (from, to int) {
	g := p.group[i]
	return int(p.starts[g]), int(p.starts[g+1])
}
