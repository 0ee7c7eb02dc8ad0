package catalog

// Pair is what two versions of the catalog have of one thing; nil where one has none.
type Pair[T any] struct{ From, To *T }

// PairParts pairs the parts of two versions of a table: by identity, and what is left by name. Those of the first version come first.
func PairParts[T any](from, to []*T, id func(*T) uint32, name func(*T) string) []Pair[T] {
	var out []Pair[T]
	taken := map[*T]bool{}
	find := func(same func(*T) bool) *T {
		for _, y := range to {
			if !taken[y] && same(y) {
				taken[y] = true
				return y
			}
		}
		return nil
	}
	for _, x := range from {
		out = append(out, Pair[T]{x, find(func(y *T) bool { return id(x) == id(y) })})
	}
	for i, p := range out {
		if p.To == nil {
			out[i].To = find(func(y *T) bool { return name(p.From) == name(y) })
		}
	}
	for _, y := range to {
		if !taken[y] {
			out = append(out, Pair[T]{nil, y})
		}
	}
	return out
}

// PairColumns pairs the columns of two versions of a table, either of which may be nil.
func PairColumns(from, to *Table) []Pair[Column] {
	live := func(t *Table) []*Column {
		if t == nil {
			return nil
		}
		return t.Live()
	}
	return PairParts(live(from), live(to), func(c *Column) uint32 { return c.ID }, func(c *Column) string { return c.Name })
}

// PairTables picks the tables that are compared when a name finds a and b in two versions of a catalog; nil: nothing. A table is the
// same under any name; one that only one version has goes with the other's of its name, if that is likewise there alone.
func PairTables(from, to *Snapshot, a, b *Table) (*Table, *Table) {
	if b == nil && a != nil {
		b, _ = to.Object(a.OID).(*Table)
		return a, b
	}
	if b == nil {
		return nil, nil
	}
	if x, ok := from.Object(b.OID).(*Table); ok {
		return x, b
	}
	if a != nil && to.Object(a.OID) != nil {
		a = nil
	}
	return a, b
}
