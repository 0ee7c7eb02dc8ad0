package statistics

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// SampleRows is how many rows the values are looked at of, as in PostgreSQL.
const SampleRows = 300 * Target

// maxWidth is the size from which a value is not looked at: it is taken to be unlike all others.
const maxWidth = 1024

// Field is a column to collect of.
type Field struct {
	ID   catalog.ColumnID
	Type types.Type
}

// Collector takes a table's rows in and makes statistics of them. All rows count for the number of distinct values, a
// random sample for all else.
type Collector struct {
	rows   int64
	skip   int64 // rows still to be passed over
	rng    *rand.Rand
	weight float64
	sample []int64 // the sample's rows by number
	cols   []*collected
}

// collected is one column while it is being collected.
type collected struct {
	Field
	vals   []types.Datum // of the sample
	hash   func(types.Datum) uint64
	sketch sketch
}

// NewCollector begins. The seed makes what it samples repeatable.
func NewCollector(fields []Field, seed uint64) *Collector {
	c := &Collector{rng: rand.New(rand.NewPCG(seed, 1))}
	for _, f := range fields {
		c.cols = append(c.cols, &collected{Field: f, hash: types.Hasher(f.Type)})
	}
	c.weight = 1
	return c
}

// draw draws the number of rows to pass over before the next that replaces one of the sample.
func (c *Collector) draw() {
	c.weight *= math.Exp(math.Log(c.uniform()) / SampleRows)
	c.skip = int64(math.Log(c.uniform()) / math.Log1p(-c.weight))
}

// uniform is a random number above 0 and not above 1.
func (c *Collector) uniform() float64 { return 1 - c.rng.Float64() }

// Add takes a batch in, whose columns are the fields.
func (c *Collector) Add(b *vector.Batch) {
	for i, col := range c.cols {
		col.count(b, b.Cols[i])
	}
	for k := range b.Live() {
		c.pick(b, b.Row(k))
	}
}

// pick decides whether a row is in the sample, by skips whose lengths are drawn (Li's algorithm L).
func (c *Collector) pick(b *vector.Batch, i int) {
	at := c.rows
	c.rows++
	switch {
	case len(c.sample) < SampleRows:
		c.sample = append(c.sample, at)
		for j, col := range c.cols {
			col.vals = append(col.vals, kept(b.Cols[j], i))
		}
		if len(c.sample) == SampleRows {
			c.draw()
		}
	case c.skip > 0:
		c.skip--
	default:
		n := c.rng.IntN(SampleRows)
		c.sample[n] = at
		for j, col := range c.cols {
			col.vals[n] = kept(b.Cols[j], i)
		}
		c.draw()
	}
}

// kept copies a value out of its batch; of one that is too wide only the length is kept.
func kept(v *vector.Vector, i int) types.Datum {
	d := v.Datum(i)
	if len(d.S) > maxWidth {
		return types.Datum{S: d.S[:0], I: int64(len(d.S))}
	}
	return d.Clone()
}

func tooWide(t types.Type, d types.Datum) bool { return t.Class == types.ClassString && d.I > 0 }

// count takes a column's values into the count of distinct ones.
func (c *collected) count(b *vector.Batch, v *vector.Vector) {
	if v.Type.Class == types.ClassInt && v.Nulls == nil && b.Sel == nil && !v.Const {
		for _, x := range v.Int {
			c.sketch.add(mix(uint64(x) + 0x9e3779b97f4a7c15))
		}
		return
	}
	for k := range b.Live() {
		d := v.Datum(b.Row(k))
		switch {
		case d.Null:
		case v.Type.Class == types.ClassInt:
			c.sketch.add(mix(uint64(d.I) + 0x9e3779b97f4a7c15))
		default:
			c.sketch.add(mix(c.hash(d)))
		}
	}
}

// Table ends the collection. total is the table's number of rows when not all were seen; 0: they were.
func (c *Collector) Table(total float64, at time.Time) *Table {
	seen := float64(c.rows)
	total = max(total, seen)
	order := make([]int, len(c.sample))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(c.sample[a] - c.sample[b]) })
	t := &Table{Rows: total, At: at, Columns: map[catalog.ColumnID]*Column{}}
	width := 28.0 // what PostgreSQL adds to a row
	for _, col := range c.cols {
		vals := make([]types.Datum, len(order))
		for i, o := range order {
			vals[i] = col.vals[o]
		}
		s := &summary{t: col.Type, vals: vals, total: total, whole: seen == total}
		if s.whole {
			s.sketched = col.sketch.count()
		}
		x := s.column()
		width += x.Width * (1 - x.NullFrac)
		t.Columns[col.ID] = x
	}
	t.Pages = max(1, total*width/8150)
	if total == 0 {
		t.Pages = 0
	}
	return t
}
