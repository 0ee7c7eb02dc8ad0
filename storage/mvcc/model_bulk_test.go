package mvcc_test

import (
	"maps"

	"pgregory.net/rapid"

	"github.com/rowandb/rowan/storage"
)

// bulk inserts a batch that is large enough to be looked at as a whole: keys in order, of which a part may be there already,
// so that the batch finds its range vacant or not. Where one collides it is left out.
func (m *model) bulk(t *rapid.T) {
	if m.x == nil {
		t.Skip("no transaction is open")
	}
	tab := m.x.table("t")
	cur := maps.Clone(m.states[len(m.states)-1])
	from := rapid.SampledFrom([]int64{0, 100, 110, 130, 200}).Draw(t, "from")
	var rows [][3]int64
	for i := range int64(20) {
		rows = append(rows, [3]int64{from + i, rapid.Int64Range(0, 5).Draw(t, "b"), i})
	}
	if rapid.IntRange(0, 4).Draw(t, "unordered") == 0 {
		rows[3], rows[15] = rows[15], rows[3]
	}
	r := storage.InsertRequest{View: m.x.v, Table: tab, Columns: columns(tab), Rows: batch(tab, rows...), Any: true, Arbiters: []uint32{}}
	skipped, err := m.x.Insert(ctx, r)
	must(t, err)
	m.x.Statement()
	left := map[int]bool{}
	for _, c := range skipped {
		left[c.Row] = true
	}
	for k, row := range rows {
		if _, exists := cur[row[0]]; exists != left[k] {
			t.Fatalf("key %d: left out %v, was there %v", row[0], left[k], exists)
		}
		if !left[k] {
			cur[row[0]] = row
		}
	}
	m.states[len(m.states)-1] = cur
	m.compare(m.x, cur)
}
