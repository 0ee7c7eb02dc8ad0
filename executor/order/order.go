// Package order sorts the numbers of kept rows by their key columns: the core of ORDER BY, and of what else needs rows in
// order. Key columns are in the form of eval.Keys, in which SQL's order is that of Go's integers, floats and strings.
//
// The rows do not move and must be in memory. The sort is stable.
package order

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// entry stands for a row while it is sorted by one key: rank parts NULLs from values, prefix orders values as far as 8
// bytes go.
type entry struct {
	prefix uint64
	row    uint32
	rank   uint32
}

// Key is a key column of the rows.
type Key struct {
	Col              int
	Class            types.Class
	Desc, NullsFirst bool
}

// EntryBytes is the memory that Rows takes for each row while it sorts.
const EntryBytes = 36

// Rows returns the numbers of the rows in the order of the keys.
func Rows(rows *spill.Rows, keys []Key) []uint32 {
	n := rows.Len()
	es := make([]entry, n)
	for i := range es {
		es[i].row = uint32(i)
	}
	o := orderer{rows: rows, keys: keys}
	if n >= radixFrom {
		o.spare = make([]entry, n)
	}
	o.sort(es, 0)
	out := make([]uint32, n)
	for i := range es {
		out[i] = es[i].row
	}
	return out
}

// orderer sorts entries key by key: rows that tie by one are sorted by the next.
type orderer struct {
	rows  *spill.Rows
	keys  []Key
	spare []entry
	vec   vector.Vector
	ids   []uint32
}

func (o *orderer) sort(es []entry, k int) {
	if len(es) < 2 || k == len(o.keys) {
		return
	}
	if len(es) <= 12 {
		o.small(es, k)
		return
	}
	o.load(es, k)
	if len(es) >= radixFrom && o.spare != nil {
		radix(es, o.spare[:len(es)])
	} else {
		slices.SortFunc(es, compareEntries)
	}
	exact := o.keys[k].Class != types.ClassString
	for from := 0; from < len(es); {
		to := from + 1
		for to < len(es) && es[to].prefix == es[from].prefix && es[to].rank == es[from].rank {
			to++
		}
		if to-from > 1 {
			if exact || es[from].rank != 1 {
				o.sort(es[from:to], k+1)
			} else {
				o.sortStrings(es[from:to], k)
			}
		}
		from = to
	}
}

// compareEntries orders by rank, prefix and then row, which makes the sort stable.
func compareEntries(a, b entry) int {
	switch {
	case a.rank != b.rank:
		return cmp.Compare(a.rank, b.rank)
	case a.prefix != b.prefix:
		return cmp.Compare(a.prefix, b.prefix)
	default:
		return cmp.Compare(a.row, b.row)
	}
}

// load fills in ranks and prefixes by key k.
func (o *orderer) load(es []entry, k int) {
	key := &o.keys[k]
	nullRank := uint32(2)
	if key.NullsFirst {
		nullRank = 0
	}
	flip := uint64(0)
	if key.Desc {
		flip = ^flip
	}
	for len(es) > 0 {
		n := min(len(es), vector.Size)
		o.ids = o.ids[:0]
		for i := range n {
			o.ids = append(o.ids, es[i].row)
		}
		o.rows.Gather(&o.vec, key.Col, o.ids) // rows in memory: cannot fail
		v := &o.vec
		switch key.Class {
		case types.ClassInt:
			for i, x := range v.Int {
				es[i].prefix, es[i].rank = (uint64(x)^1<<63)^flip, 1
			}
		case types.ClassFloat:
			for i, x := range v.Float {
				es[i].prefix, es[i].rank = floatBits(x)^flip, 1
			}
		default:
			for i, x := range v.Str {
				es[i].prefix, es[i].rank = stringPrefix(x)^flip, 1
			}
		}
		if len(v.Nulls) > 0 {
			for i := range n {
				if v.Nulls.Get(i) {
					es[i].prefix, es[i].rank = 0, nullRank
				}
			}
		}
		es = es[n:]
	}
}

// floatBits orders floats as SQL does: NaN is above all else.
func floatBits(f float64) uint64 {
	if f != f {
		return math.MaxUint64
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func stringPrefix(s string) uint64 {
	if len(s) >= 8 {
		return uint64(s[7]) | uint64(s[6])<<8 | uint64(s[5])<<16 | uint64(s[4])<<24 |
			uint64(s[3])<<32 | uint64(s[2])<<40 | uint64(s[1])<<48 | uint64(s[0])<<56
	}
	p := uint64(0)
	for i := range len(s) {
		p |= uint64(s[i]) << (56 - 8*i)
	}
	return p
}

func (o *orderer) str(k int, row uint32) string {
	d, _ := o.rows.Datum(o.keys[k].Col, row) // rows in memory: cannot fail
	return d.S
}

// sortStrings sorts entries whose strings have the same first 8 bytes, then those of equal strings by the next key.
func (o *orderer) sortStrings(es []entry, k int) {
	sign := 1
	if o.keys[k].Desc {
		sign = -1
	}
	slices.SortFunc(es, func(a, b entry) int {
		if c := strings.Compare(o.str(k, a.row), o.str(k, b.row)); c != 0 {
			return c * sign
		}
		return cmp.Compare(a.row, b.row)
	})
	if k+1 == len(o.keys) {
		return
	}
	for from := 0; from < len(es); {
		to := from + 1
		for first := o.str(k, es[from].row); to < len(es) && o.str(k, es[to].row) == first; to++ {
		}
		o.sort(es[from:to], k+1)
		from = to
	}
}

// small sorts few entries by the keys from k on, comparing values.
func (o *orderer) small(es []entry, k int) {
	for i := 1; i < len(es); i++ {
		for j := i; j > 0 && o.less(es[j].row, es[j-1].row, k); j-- {
			es[j], es[j-1] = es[j-1], es[j]
		}
	}
}

func (o *orderer) less(a, b uint32, k int) bool {
	for ; k < len(o.keys); k++ {
		key := &o.keys[k]
		x, _ := o.rows.Datum(key.Col, a)
		y, _ := o.rows.Datum(key.Col, b)
		if c := key.Compare(x, y); c != 0 {
			return c < 0
		}
	}
	return a < b
}

// Compare orders two values of a key.
func (k *Key) Compare(a, b types.Datum) int {
	if a.Null || b.Null {
		switch {
		case a.Null && b.Null:
			return 0
		case a.Null == k.NullsFirst:
			return -1
		default:
			return 1
		}
	}
	c := 0
	switch k.Class {
	case types.ClassInt:
		c = cmp.Compare(a.I, b.I)
	case types.ClassFloat:
		c = cmp.Compare(floatBits(a.F()), floatBits(b.F()))
	default:
		c = strings.Compare(a.S, b.S)
	}
	if k.Desc {
		return -c
	}
	return c
}
