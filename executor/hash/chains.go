package hash

import "github.com/rowandb/rowan/types/vector"

// Chains finds, for a key, the rows added with it: the build side of a join. Rows are numbered from 0 as they are added.
type Chains struct {
	groups *Groups
	ids    []uint32 // key number by row, None for rows left out
	heads  []uint32 // first row by key number
	next   []uint32 // next row of the same key by row
	unique bool
}

// NewChains makes an empty Chains over groups.
func NewChains(g *Groups) *Chains { return &Chains{groups: g} }

// Add adds the next rows. Rows with a NULL among their keys get a number but are never found.
func (c *Chains) Add(keys []*vector.Vector, n int, sel []uint16, skipNulls bool) {
	live := n
	if sel != nil {
		live = len(sel)
	}
	base := len(c.ids)
	for range live {
		c.ids = append(c.ids, None)
	}
	if !skipNulls || !anyNulls(keys) {
		c.groups.Assign(keys, n, sel, c.ids[base:])
		return
	}
	var rows [vector.Size]uint16
	var to [vector.Size]uint32
	k := 0
	for j := range live {
		i := j
		if sel != nil {
			i = int(sel[j])
		}
		if RowHasNull(keys, i) {
			continue
		}
		rows[k], to[k] = uint16(i), uint32(base+j)
		k++
	}
	var out [vector.Size]uint32
	for j, id := range c.groups.Assign(keys, n, rows[:k], out[:k]) {
		c.ids[to[j]] = id
	}
}

func anyNulls(keys []*vector.Vector) bool {
	for _, v := range keys {
		if len(v.Nulls) > 0 {
			return true
		}
	}
	return false
}

// RowHasNull reports whether a column is NULL in row i.
func RowHasNull(cols []*vector.Vector, i int) bool {
	for _, v := range cols {
		if v.Nulls != nil && v.IsNull(i) {
			return true
		}
	}
	return false
}

// Finish links the rows; after it rows can be found and no more added.
func (c *Chains) Finish() {
	c.heads = make([]uint32, c.groups.Len())
	for i := range c.heads {
		c.heads[i] = None
	}
	c.next, c.unique = make([]uint32, len(c.ids)), true
	for row := len(c.ids) - 1; row >= 0; row-- {
		id := c.ids[row]
		if id == None {
			continue
		}
		c.next[row] = c.heads[id]
		c.unique = c.unique && c.heads[id] == None
		c.heads[id] = uint32(row)
	}
	c.ids = nil
}

// Find gives the first row for the keys in the rows of sel, None where there is none. Rows with NULL keys must have been
// left out of sel if they match nothing.
func (c *Chains) Find(keys []*vector.Vector, n int, sel []uint16, out []uint32) []uint32 {
	out = c.groups.Find(keys, n, sel, out)
	for k, id := range out {
		if id != None {
			out[k] = c.heads[id]
		}
	}
	return out
}

// Unique reports, after Finish, whether no key has more than one row.
func (c *Chains) Unique() bool { return c.unique }

// Next returns the next row with the key of row, or None.
func (c *Chains) Next(row uint32) uint32 { return c.next[row] }

// Bytes returns the memory held, with that which Finish will take.
func (c *Chains) Bytes() int64 {
	return c.groups.Bytes() + int64(cap(c.ids))*8 + int64(c.groups.Len())*4
}
