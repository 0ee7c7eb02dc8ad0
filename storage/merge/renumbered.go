package merge

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// place is a row of a table.
type place struct {
	table catalog.OID
	key   string
}

// calls is the name by which a view has the row of an entry, which was made in the origin's past: the view's own, if it has given the row
// one, or else that of the newest state that both have grown from.
func (m *merger) calls(ctx context.Context, v storage.View, e *entry) (rowName, bool, error) {
	if x, err := m.own(ctx, v, e); x != nil || err != nil {
		if err != nil {
			return rowName{}, false, err
		}
		return x.is, true, nil
	}
	met, err := m.meet(ctx, v, e.origin)
	if err != nil {
		return rowName{}, false, err
	}
	for _, s := range met.states {
		if s == nil {
			return e.was, true, nil
		}
		if !met.whole {
			if in, err := m.has(ctx, s, e); !in || err != nil {
				if err != nil {
					return rowName{}, false, err
				}
				continue
			}
		}
		n, err := m.renamed(ctx, met.origin, s, e)
		if err != nil {
			return rowName{}, false, err
		}
		if n.key != e.key { // of the state's row, which the origin calls otherwise, there is another entry
			continue
		}
		n, err = m.renamed(ctx, v, s, e)
		return n, true, err
	}
	return rowName{}, false, nil
}

// way leads from a row of a state to a view that has grown from it.
type way struct {
	from, to storage.View
	place
}

// renamed is the name in a view of what a state that it has grown from calls as the origin of an entry does.
func (m *merger) renamed(ctx context.Context, v, s storage.View, e *entry) (rowName, error) {
	if v == s {
		return e.was, nil
	}
	w := way{s, v, place{e.table, e.key}}
	if n, ok := m.ways[w]; ok {
		return *cmp.Or(n, &e.was), nil
	}
	all, err := m.about(ctx, s, []storage.View{s, v}, e.table, []string{e.key})
	if err != nil {
		return rowName{}, err
	}
	var out *rowName
	for _, x := range all {
		n, has, err := m.calls(ctx, v, x)
		if err != nil {
			return rowName{}, err
		}
		if has && n.key != e.key {
			out = &n
		}
	}
	m.ways[w] = out
	return *cmp.Or(out, &e.was), nil
}

// pastOf is a view whose past is held against that of an origin.
type pastOf struct {
	view   storage.View
	origin origin
}

// meeting is what a view and an origin have in common: their newest states, or the whole of the origin. A state of nil: the view is the
// branch itself, of which no past is left.
type meeting struct {
	origin storage.View
	states []storage.View
	whole  bool
}

func (m *merger) meet(ctx context.Context, v storage.View, o origin) (*meeting, error) {
	if x := m.meetings[pastOf{v, o}]; x != nil {
		return x, nil
	}
	x := &meeting{}
	m.meetings[pastOf{v, o}] = x
	past := v
	if v == m.target {
		past = m.met()
	}
	if x.origin = m.originView(o); x.origin == nil {
		if v.Branch().ID == o.branch && v.At() >= o.scn {
			x.states = []storage.View{nil}
		}
		return x, nil
	}
	news, err := m.tx.Unmerged(ctx, x.origin, past)
	if x.whole = !news; x.whole || err != nil {
		x.states = []storage.View{x.origin}
		return x, err
	}
	x.states, err = m.tx.Bases(ctx, []storage.View{past}, []storage.View{x.origin})
	for i, s := range x.states {
		x.states[i] = m.known(s)
	}
	if pgerr.Code(err) == pgerrcode.InvalidParameterValue { // they have nothing in common
		err = nil
	}
	return x, err
}

// originView is the state of an origin; nil where its branch is gone.
func (m *merger) originView(o origin) storage.View {
	if v, ok := m.states[o]; ok {
		return v
	}
	v := m.tx.State(o.branch, o.scn)
	m.states[o] = v
	return v
}

// known is a state as it was first met with.
func (m *merger) known(v storage.View) storage.View {
	o := origin{v.Branch().ID, v.At()}
	if x := m.states[o]; x != nil {
		return x
	}
	m.states[o] = v
	return v
}

// has reports whether a state has a row of an entry's key. Who asks of one entry asks of the others: their rows are looked for together.
func (m *merger) has(ctx context.Context, s storage.View, e *entry) (bool, error) {
	if m.there[s] == nil {
		m.there[s] = map[place]bool{}
	}
	there := m.there[s]
	if in, ok := there[place{e.table, e.key}]; ok {
		return in, nil
	}
	keys := []string{e.key}
	for k := range m.pending[e.table] {
		if _, ok := there[place{e.table, k}]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	read := diff.NewReader(m.tx, s, m.ids.ownTable(s, e.table), nil)
	defer read.Close()
	for list := range slices.Chunk(slices.Compact(keys), chunk) {
		rows, err := read.Fetch(ctx, list)
		if err != nil {
			return false, err
		}
		for k, key := range list {
			there[place{e.table, key}] = rows.At[k] >= 0
		}
	}
	return there[place{e.table, e.key}], nil
}

// recordNumbers keeps the new keys with the target, and tells the caller of them.
func (m *merger) recordNumbers(ctx context.Context) error {
	var list []systable.Row
	put := func(row systable.Row, err error) error {
		if list = append(list, row); err != nil || len(list) < chunk {
			return err
		}
		err = renumberedTable.PutAll(ctx, m.tx, m.target, list)
		list = list[:0]
		return err
	}
	for _, e := range m.carried {
		if err := put(m.carry(e)); err != nil {
			return err
		}
	}
	for id, rows := range m.numbersOf(m.source) {
		t, ok := m.target.Catalog().Object(id).(*catalog.Table)
		if !ok {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			r := rows[key]
			if !r.fresh {
				continue
			}
			if !r.gone {
				m.res.Renumbered = append(m.res.Renumbered, m.told(t, r))
			}
			if err := put(m.entryOf(t, r)); err != nil {
				return err
			}
		}
	}
	sortRenumbered(m.res.Renumbered)
	return renumberedTable.PutAll(ctx, m.tx, m.target, list)
}

// told is what the caller is told of a row with a new key.
func (m *merger) told(t *catalog.Table, r *renumbered) storage.Renumbered {
	x := storage.Renumbered{Schema: m.schemaName(t.Schema), Table: t.Name, Follows: r.column == 0, Old: r.old, New: r.new}
	for _, k := range t.PrimaryIndex().Columns {
		c := t.ColumnByID(k.Column)
		x.Columns, x.Types = append(x.Columns, c.Name), append(x.Types, c.Type)
	}
	return x
}

// entryOf says that a row of the source has another key on the target.
func (m *merger) entryOf(t *catalog.Table, r *renumbered) (systable.Row, error) {
	from := origin{m.source.Branch().ID, m.source.At()}
	old, err1 := json.Marshal(keyTexts(t, r.old))
	now, err2 := json.Marshal(keyTexts(t, r.new))
	if err := cmp.Or(err1, err2); err != nil {
		return nil, pgerr.Internal("texts cannot be marshalled: %v", err)
	}
	return systable.Row{types.Int(int64(t.OID)), types.String(r.oldKey), types.Int(from.number()), types.String(r.key), types.String(m.source.Branch().Name),
		types.Int(int64(from.scn)), types.Int(int64(r.column)), types.String(string(old)), types.String(string(now))}, nil
}

// carry is an entry of the source as the target keeps it, which may call the row otherwise again.
func (m *merger) carry(e *entry) (systable.Row, error) {
	raw := slices.Clone(e.raw)
	if r := m.numbersOf(m.source).of(e.table, e.is.key); r != nil {
		t := m.target.Catalog().Object(e.table).(*catalog.Table)
		now, err := json.Marshal(keyTexts(t, r.new))
		if err != nil {
			return nil, pgerr.Internal("texts cannot be marshalled: %v", err)
		}
		raw[3], raw[8] = types.String(r.key), types.String(string(now))
	}
	return raw, nil
}

// keyTexts are the values of a primary key as texts.
func keyTexts(t *catalog.Table, values []types.Datum) (out []string) {
	for i, k := range t.PrimaryIndex().Columns {
		out = append(out, string(types.AppendText(nil, t.ColumnByID(k.Column).Type, values[i], types.DefaultFormat())))
	}
	return out
}

// sortRenumbered orders rows by table and old key.
func sortRenumbered(list []storage.Renumbered) {
	slices.SortFunc(list, func(a, b storage.Renumbered) int {
		if c := strings.Compare(a.Table, b.Table); c != 0 {
			return c
		}
		for i := range min(len(a.Old), len(b.Old)) {
			if c := types.Compare(a.Types[i], a.Old[i], b.Old[i]); c != 0 {
				return c
			}
		}
		return 0
	})
}
