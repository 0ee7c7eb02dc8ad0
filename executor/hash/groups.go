package hash

import (
	"hash/maphash"
	"unsafe"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Groups numbers distinct keys from 0 in the order of their first appearance.
type Groups struct {
	n      int
	single bool // one integer column: table is ints
	ints   intTable
	bytes  byteTable
	key    []byte
}

// NewGroups makes an empty Groups for keys of these types.
func NewGroups(ts []types.Type) *Groups {
	return &Groups{single: len(ts) == 1 && ts[0].Class == types.ClassInt, ints: intTable{null: None}}
}

// Len returns how many keys there are.
func (g *Groups) Len() int { return g.n }

// Bytes returns the memory held.
func (g *Groups) Bytes() int64 {
	return int64(cap(g.ints.slots))*16 + int64(cap(g.ints.dense))*4 +
		int64(cap(g.bytes.slots))*8 + int64(cap(g.bytes.ends))*8 + int64(cap(g.bytes.data))
}

// Assign gives the numbers of the keys in the rows of sel (all n when nil), adding new ones: out[k] is that of the k-th.
func (g *Groups) Assign(keys []*vector.Vector, n int, sel []uint16, out []uint32) []uint32 {
	return g.run(keys, n, sel, out, true)
}

// Find is Assign without adding: unknown keys give None.
func (g *Groups) Find(keys []*vector.Vector, n int, sel []uint16, out []uint32) []uint32 {
	return g.run(keys, n, sel, out, false)
}

func (g *Groups) run(keys []*vector.Vector, n int, sel []uint16, out []uint32, add bool) []uint32 {
	if sel != nil {
		n = len(sel)
	}
	if cap(out) < n {
		out = make([]uint32, max(n, min(vector.Size, 2*n)))
	}
	out = out[:n]
	switch {
	case len(keys) == 0:
		g.runEmpty(out, add)
	case g.single:
		g.runInts(keys[0], sel, out, add)
	default:
		g.runBytes(keys, sel, out, add)
	}
	return out
}

// runEmpty is for keys of no columns, which are all the same.
func (g *Groups) runEmpty(out []uint32, add bool) {
	id := uint32(0)
	if g.n == 0 && !add {
		id = None
	}
	for k := range out {
		out[k] = id
	}
	if add && len(out) > 0 {
		g.n = 1
	}
}

func (g *Groups) runInts(v *vector.Vector, sel []uint16, out []uint32, add bool) {
	t, next := &g.ints, uint32(g.n)
	nulls := len(v.Nulls) > 0
	for k := range out {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		if v.Const {
			i = 0
		}
		if nulls && v.Nulls.Get(i) {
			out[k] = t.nullGroup(&next, add)
			continue
		}
		x := v.Int[i]
		if uint64(x) < uint64(len(t.dense)) {
			if id := t.dense[x]; id != 0 {
				out[k] = id - 1
				continue
			}
		}
		out[k] = t.find(x, &next, add)
	}
	g.n = int(next)
}

func (g *Groups) runBytes(keys []*vector.Vector, sel []uint16, out []uint32, add bool) {
	next := uint32(g.n)
	for k := range out {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		key := g.key[:0]
		for _, v := range keys {
			key = appendKey(key, v, i)
		}
		g.key = key
		out[k] = g.bytes.find(key, &next, add)
	}
	g.n = int(next)
}

// maxDense is the bound below which integers are looked up by index.
const maxDense = 1 << 16

// intTable is a table of integers with open addressing, and an array for small ones.
type intTable struct {
	dense []uint32 // number + 1 by key
	slots []intSlot
	used  int
	null  uint32
}

type intSlot struct {
	key int64
	id  uint32 // number + 1, 0 for a free slot
}

func (t *intTable) nullGroup(next *uint32, add bool) uint32 {
	if t.null == None && add {
		t.null = *next
		*next++
	}
	return t.null
}

func (t *intTable) find(x int64, next *uint32, add bool) uint32 {
	if uint64(x) < maxDense {
		return t.small(x, next, add)
	}
	if len(t.slots) == 0 {
		if !add {
			return None
		}
		t.slots = make([]intSlot, 64)
	}
	m := uint64(len(t.slots) - 1)
	for h := mix(uint64(x)) & m; ; h = (h + 1) & m {
		s := &t.slots[h]
		if s.id == 0 {
			if !add {
				return None
			}
			id := *next
			*next++
			*s = intSlot{x, id + 1}
			if t.used++; t.used*2 > len(t.slots) {
				t.grow()
			}
			return id
		}
		if s.key == x {
			return s.id - 1
		}
	}
}

func (t *intTable) small(x int64, next *uint32, add bool) uint32 {
	if !add {
		if x < int64(len(t.dense)) && t.dense[x] != 0 {
			return t.dense[x] - 1
		}
		return None
	}
	if x >= int64(len(t.dense)) {
		size := 256
		for int64(size) <= x {
			size *= 2
		}
		grown := make([]uint32, size)
		copy(grown, t.dense)
		t.dense = grown
	}
	if t.dense[x] == 0 {
		*next++
		t.dense[x] = *next
	}
	return t.dense[x] - 1
}

func (t *intTable) grow() {
	old := t.slots
	t.slots = make([]intSlot, 2*len(old))
	m := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		h := mix(uint64(s.key)) & m
		for t.slots[h].id != 0 {
			h = (h + 1) & m
		}
		t.slots[h] = s
	}
}

// byteTable is a table of serialized keys, which lie one after another in data.
type byteTable struct {
	slots []byteSlot
	ends  []int // by number: the end of the key in data
	data  []byte
}

type byteSlot struct {
	tag uint32 // of the hash
	id  uint32 // number + 1, 0 for a free slot
}

func (t *byteTable) at(id uint32) []byte {
	start := 0
	if id > 0 {
		start = t.ends[id-1]
	}
	return t.data[start:t.ends[id]]
}

func (t *byteTable) find(key []byte, next *uint32, add bool) uint32 {
	if len(t.slots) == 0 {
		if !add {
			return None
		}
		t.slots = make([]byteSlot, 64)
	}
	hash := maphash.Bytes(seed, key)
	tag := uint32(hash >> 32)
	m := uint64(len(t.slots) - 1)
	for h := hash & m; ; h = (h + 1) & m {
		s := &t.slots[h]
		if s.id == 0 {
			if !add {
				return None
			}
			return t.add(s, tag, key, next)
		}
		if s.tag == tag && string(t.at(s.id-1)) == string(key) {
			return s.id - 1
		}
	}
}

func (t *byteTable) add(s *byteSlot, tag uint32, key []byte, next *uint32) uint32 {
	id := *next
	*next++
	*s = byteSlot{tag, id + 1}
	t.data = append(t.data, key...)
	t.ends = append(t.ends, len(t.data))
	if len(t.ends)*2 > len(t.slots) {
		t.grow()
	}
	return id
}

func (t *byteTable) grow() {
	t.slots = make([]byteSlot, 2*len(t.slots))
	m := uint64(len(t.slots) - 1)
	for id := range t.ends {
		hash := maphash.Bytes(seed, t.at(uint32(id)))
		h := hash & m
		for t.slots[h].id != 0 {
			h = (h + 1) & m
		}
		t.slots[h] = byteSlot{uint32(hash >> 32), uint32(id) + 1}
	}
}

// slotBytes keeps the sizes that Bytes counts honest.
var _ = [1]struct{}{}[unsafe.Sizeof(intSlot{})-16]
