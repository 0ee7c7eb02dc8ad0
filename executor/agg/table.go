package agg

import (
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// table holds the groups of one grouping set.
type table struct {
	h      *Hash
	set    int
	level  int
	cols   []int // which of the group expressions are the key
	norm   *eval.Keys
	groups *hash.Groups
	values []vector.Vector // of the key in each group's first row
	states []*state
	parts  *hash.Partitions // not nil: no new groups are begun
	held   int64

	keys []*vector.Vector
	ids  []uint32
	sel  []uint16
	sel2 []uint16

	results []vector.Vector
	pos     int
	vecs    []vector.Vector
	out     vector.Batch
}

func (h *Hash) newTable(set, level int) (*table, error) {
	t := &table{h: h, set: set, level: level, cols: h.columns(set)}
	ts := make([]types.Type, len(t.cols))
	t.values = make([]vector.Vector, len(t.cols))
	for i, c := range t.cols {
		ts[i] = h.node.Groups[c].Type()
		t.values[i].Reset(ts[i])
	}
	t.norm = eval.NewKeys(ts)
	t.groups = hash.NewGroups(t.norm.Types())
	for _, c := range h.calls {
		s, err := c.newState(t)
		if err != nil {
			return nil, err
		}
		t.states = append(t.states, s)
	}
	return t, nil
}

// add aggregates a batch; cols are the program's results for it.
func (t *table) add(b *vector.Batch, cols []*vector.Vector) error {
	t.keys = t.keys[:0]
	for _, c := range t.cols {
		t.keys = append(t.keys, cols[c])
	}
	norm := t.norm.Convert(t.keys, b.N, b.Sel)
	sel := b.Sel
	if t.parts != nil {
		t.ids = t.groups.Find(norm, b.N, sel, t.ids)
		var err error
		if sel, err = t.partUnknown(b, norm); err != nil {
			return err
		}
	} else {
		before := t.groups.Len()
		t.ids = t.groups.Assign(norm, b.N, sel, t.ids)
		if t.groups.Len() > before {
			t.keep(b, uint32(before))
		}
	}
	if len(t.ids) == 0 {
		return nil
	}
	for _, s := range t.states {
		if err := s.add(t.ids, cols, b.N, sel); err != nil {
			return err
		}
	}
	return t.account()
}

// keep copies the keys of groups that have just been begun.
func (t *table) keep(b *vector.Batch, next uint32) {
	if len(t.cols) == 0 {
		return
	}
	t.sel = t.sel[:0]
	for k, id := range t.ids {
		if id == next {
			t.sel = append(t.sel, uint16(b.Row(k)))
			next++
		}
	}
	for i, v := range t.keys {
		t.values[i].AppendFrom(v, t.sel, 0)
	}
}

// partUnknown puts the rows of unknown groups into files and returns the others, for which it leaves the ids.
func (t *table) partUnknown(b *vector.Batch, norm []*vector.Vector) ([]uint16, error) {
	if t.sel == nil {
		t.sel = make([]uint16, 0, vector.Size)
	}
	t.sel, t.sel2 = t.sel[:0], t.sel2[:0]
	known := 0
	for k, id := range t.ids {
		row := uint16(b.Row(k))
		if id == hash.None {
			t.sel2 = append(t.sel2, row)
			continue
		}
		t.ids[known] = id
		known++
		t.sel = append(t.sel, row)
	}
	t.ids = t.ids[:known]
	if len(t.sel2) == 0 {
		return t.sel, nil
	}
	return t.sel, t.parts.Add(b.Cols, norm, b.N, t.sel2)
}

// account counts the memory that the table has come to hold. Refused, it begins no more groups.
func (t *table) account() error {
	bytes := t.groups.Bytes()
	for i := range t.values {
		if t.values[i].Type.Class == types.ClassString {
			bytes += int64(t.groups.Len()) * 24
		} else {
			bytes += int64(t.groups.Len()) * 8
		}
	}
	for _, s := range t.states {
		bytes += s.bytes()
	}
	if bytes <= t.held {
		return nil
	}
	grown := bytes - t.held
	t.held = bytes
	if t.h.acct.Grow(grown) == nil {
		return nil
	}
	t.h.acct.Take(grown)
	if t.parts == nil && len(t.cols) > 0 && t.level < hash.MaxLevel {
		t.parts = hash.NewPartitions(t.h.env.TempDir, t.h.types, t.level)
	}
	return nil
}

// finish computes the results when all rows have been added.
func (t *table) finish() error {
	if t.parts != nil {
		if err := t.parts.Flush(); err != nil {
			return err
		}
		for _, q := range t.parts.Queues {
			if q.Rows() == 0 {
				q.Close()
				continue
			}
			t.h.acct.Spilled(q.Bytes())
			t.h.parts = append(t.h.parts, part{q: q, set: t.set, level: t.level + 1})
		}
		t.parts = nil
	}
	n := t.len()
	t.results = make([]vector.Vector, len(t.states))
	for i, s := range t.states {
		t.results[i].Reset(t.h.calls[i].typ)
		if err := s.result(n, &t.results[i]); err != nil {
			return err
		}
	}
	return nil
}

// len is the number of groups: without keys there is one, even of no rows.
func (t *table) len() int {
	if len(t.cols) == 0 && t.level == 0 {
		return 1
	}
	return t.groups.Len()
}

// next gives the next groups.
func (t *table) next() (*vector.Batch, error) {
	n := min(t.len()-t.pos, vector.Size)
	if n <= 0 {
		return nil, nil
	}
	if t.vecs == nil {
		t.layOut()
	}
	for i, c := range t.cols {
		t.vecs[c].Window(&t.values[i], t.pos, t.pos+n)
	}
	ng := len(t.h.node.Groups)
	for i := range t.results {
		t.vecs[ng+i].Window(&t.results[i], t.pos, t.pos+n)
	}
	t.pos += n
	t.out.N = n
	return &t.out, nil
}

// layOut makes the output columns; groups that the set leaves out are NULL.
func (t *table) layOut() {
	ng := len(t.h.node.Groups)
	t.vecs = make([]vector.Vector, ng+len(t.states))
	for i := range t.vecs {
		if i < ng {
			t.vecs[i].SetConst(t.h.node.Groups[i].Type(), types.Null)
		}
		t.out.Cols = append(t.out.Cols, &t.vecs[i])
	}
}

func (t *table) close() {
	for _, s := range t.states {
		s.close()
	}
	t.h.acct.Shrink(t.held)
	t.held = 0
}
