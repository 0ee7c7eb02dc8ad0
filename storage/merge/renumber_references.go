package merge

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/types"
)

// reference is a foreign key to a table with renumbered rows.
type reference struct {
	at     []int                    // where its columns stand in rows
	parent *catalog.Table           // as the target has it
	key    []int                    // for each column of the parent's key the column that refers to it; nil: they are not the whole of it
	pk     []keys.Column            // of the parent as it is called
	values map[string][]types.Datum // without key: new values by the old ones
}

// references lists the foreign keys of a table, called as on the target by a view, that follow.
func (m *merger) references(ctx context.Context, v storage.View, called, into *catalog.Table) (out []reference, err error) {
	live := called.Live()
	for _, k := range into.Constraints {
		if k.Kind != catalog.ForeignKey {
			continue
		}
		parent, ok := m.target.Catalog().Object(k.RefTable).(*catalog.Table)
		if !ok || parent.PrimaryIndex() == nil {
			continue
		}
		if may, err := m.mayRename(ctx, k.RefTable); !may || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		r := reference{parent: parent}
		var at []int // places of the columns that it refers to in the parent's key
		for i, id := range k.RefColumns {
			at = append(at, slices.IndexFunc(parent.PrimaryIndex().Columns, func(c catalog.IndexColumn) bool { return c.Column == id }))
			r.at = append(r.at, slices.IndexFunc(live, func(c *catalog.Column) bool { return c.ID == k.Columns[i] }))
		}
		if slices.Contains(at, -1) || slices.Contains(r.at, -1) {
			continue
		}
		if !r.byKey(live, at, m.ids.ownTable(v, k.RefTable)) {
			if err := m.learnAll(ctx, k.RefTable); err != nil {
				return nil, err
			}
			r.values = map[string][]types.Datum{}
			for _, x := range m.numbersOf(v)[k.RefTable] {
				var old, now []types.Datum
				for _, p := range at {
					old, now = append(old, x.old[p]), append(now, x.new[p])
				}
				r.values[tuple(old)] = now
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// byKey finds how the parent's keys, as a view has it, are made of the columns that refer to them; at is where these stand in its key.
func (r *reference) byKey(live []*catalog.Column, at []int, own *catalog.Table) bool {
	if own == nil || own.PrimaryIndex() == nil || len(own.PrimaryIndex().Columns) != len(r.parent.PrimaryIndex().Columns) {
		return false
	}
	for p, c := range own.PrimaryIndex().Columns {
		i := slices.Index(at, p)
		if i < 0 || c.Column != r.parent.PrimaryIndex().Columns[p].Column {
			return false
		}
		from, to := live[r.at[i]].TypeOID, own.ColumnByID(c.Column)
		if !fits(from, to.TypeOID) && !fits(to.TypeOID, from) {
			return false
		}
		r.key, r.pk = append(r.key, i), append(r.pk, keys.NewColumn(to.Type, c.Desc, c.NullsFirst, false))
	}
	return true
}

// keysOf are the keys of the rows that rows refer to; "": of none.
func (r *reference) keysOf(rows *diff.Rows) []string {
	out := make([]string, rows.N)
	for n := range out {
		if slices.ContainsFunc(r.at, func(p int) bool { return rows.Cols[p].Datum(n).Null }) {
			continue
		}
		var b []byte
		for p, i := range r.key {
			b = r.pk[p].Append(b, rows.Cols[r.at[i]].Datum(n))
		}
		out[n] = string(b)
	}
	return out
}

// newValues are what the columns become that rows refer by, by row.
func (m *merger) newValues(ctx context.Context, v storage.View, r *reference, rows *diff.Rows) (map[int][]types.Datum, error) {
	out := map[int][]types.Datum{}
	if r.values != nil {
		values := make([]types.Datum, len(r.at))
		for n := range rows.N {
			for i, p := range r.at {
				values[i] = rows.Cols[p].Datum(n)
			}
			if to, ok := r.values[tuple(values)]; ok && !slices.ContainsFunc(values, func(d types.Datum) bool { return d.Null }) {
				out[n] = to
			}
		}
		return out, nil
	}
	list := r.keysOf(rows)
	if err := m.learn(ctx, v, r.parent.OID, list); err != nil {
		return nil, err
	}
	for n, key := range list {
		x := m.numbersOf(v).of(r.parent.OID, key)
		if key == "" || x == nil {
			continue
		}
		to := make([]types.Datum, len(r.at))
		for p, i := range r.key {
			to[i] = x.new[p]
		}
		out[n] = to
	}
	return out, nil
}

// tuple is a text that two lists of values share when they are the same.
func tuple(list []types.Datum) string {
	var b []byte
	for _, d := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(d.I))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(d.S)))
		b = append(b, d.S...)
	}
	return string(b)
}

// follow gives rows of a view the keys that the target calls them by, and references to such rows too. keys are those of
// the rows; nil: their own keys stay.
func (t *tableMerge) follow(ctx context.Context, v storage.View, called *catalog.Table, rows *diff.Rows, keys []string) error {
	if t.numbers == nil || called == nil || rows.N == 0 {
		return nil
	}
	if err := t.learn(ctx, v, t.into.OID, keys); err != nil {
		return err
	}
	refs, err := t.references(ctx, v, called, t.into)
	if err != nil {
		return err
	}
	type change struct {
		at  []int
		to  []types.Datum
		row int
	}
	var todo []change // all are found before any is made: an old value may be another's new one
	for _, ref := range refs {
		values, err := t.newValues(ctx, v, &ref, rows)
		if err != nil {
			return err
		}
		for r, to := range values {
			todo = append(todo, change{ref.at, to, r})
		}
	}
	n := t.numbersOf(v)
	if pk := t.into.PrimaryIndex(); pk != nil && len(n[t.into.OID]) > 0 {
		at := keyColumns(t.into, called)
		for k, key := range keys {
			if x := n.of(t.into.OID, key); x != nil && rows.At[k] >= 0 && !slices.Contains(at, -1) {
				todo = append(todo, change{at, x.new, rows.At[k]})
			}
		}
	}
	for _, c := range todo {
		for i, p := range c.at {
			rows.Cols[p].Set(c.row, c.to[i])
		}
	}
	return nil
}
