package vector

// Batch is up to Size rows. N is the number of rows that the columns hold; when Sel is not nil it lists, ascending, the
// rows among them that are alive. A batch may have no columns and still have rows (SELECT count(*), SELECT WHERE …).
type Batch struct {
	Cols []*Vector
	N    int
	Sel  []uint16
}

// Live returns the number of rows alive.
func (b *Batch) Live() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.N
}

// Row returns the row number of the k-th live row.
func (b *Batch) Row(k int) int {
	if b.Sel != nil {
		return int(b.Sel[k])
	}
	return k
}
