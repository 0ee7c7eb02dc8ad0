package vector

// Bitmap is a set of row numbers. A nil Bitmap is the empty set, and rows beyond its end are not in it.
type Bitmap []uint64

// Get reports whether row i is in the set.
func (b Bitmap) Get(i int) bool {
	w := i >> 6
	return w < len(b) && b[w]&(1<<(i&63)) != 0
}

// Set adds row i and returns the set, grown where needed.
func (b Bitmap) Set(i int) Bitmap {
	w := i >> 6
	for len(b) <= w {
		b = append(b, 0)
	}
	b[w] |= 1 << (i & 63)
	return b
}

// Clear removes row i.
func (b Bitmap) Clear(i int) {
	if w := i >> 6; w < len(b) {
		b[w] &^= 1 << (i & 63)
	}
}

// Or stores the union of x and y in b's memory and returns it; nil when both are empty.
func (b Bitmap) Or(x, y Bitmap) Bitmap {
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(x) == 0 {
		return nil
	}
	b = append(b[:0], x...)
	for i, w := range y {
		b[i] |= w
	}
	return b
}
