package merge

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// rowSet gathers rows of one kind of change: what the target has and what it shall have.
type rowSet struct {
	columns  []*catalog.Column
	keys     []string
	old, new *vector.Batch
}

// group is what becomes of one chunk of rows.
type group struct {
	ins, upd, del rowSet
	mov           rowSet // updates that are written as a removal and an insert
	kept          int64  // of ins: rows that the target had before, under a keyspace that is gone
}

func (t *tableMerge) newGroup() *group {
	r := rowSet{columns: t.columns}
	return &group{ins: r, upd: r, del: r, mov: r}
}

func (g *group) len() int {
	return len(g.ins.keys) + len(g.upd.keys) + len(g.del.keys) + len(g.mov.keys)
}

func (r *rowSet) batch() *vector.Batch {
	b := &vector.Batch{}
	for _, c := range r.columns {
		v := &vector.Vector{}
		v.Reset(c.Type)
		b.Cols = append(b.Cols, v)
	}
	return b
}

// add notes that the target's row old gets the cells of the stored columns; hidden columns are computed later.
func (r *rowSet) add(key string, old row, cells []types.Datum) {
	if r.old == nil {
		r.old, r.new = r.batch(), r.batch()
	}
	r.keys = append(r.keys, key)
	stored := 0
	for i, c := range r.columns {
		if c.Hidden != "" {
			r.old.Cols[i].AppendNull()
			r.new.Cols[i].AppendNull()
			continue
		}
		r.old.Cols[i].Append(old.stored(stored))
		if cells == nil {
			r.new.Cols[i].AppendNull()
		} else {
			r.new.Cols[i].Append(cells[stored])
		}
		stored++
	}
	r.old.N++
	r.new.N++
}
