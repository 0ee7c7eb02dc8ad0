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

// renumberedTable has, with each branch, the rows that merges into it, or rebases of it, have given other keys than they have where
// they come from. source is origin.number's.
var renumberedTable = systable.New(15, "renumbered", 3,
	systable.Column{Name: "relation", Type: types.OIDInt8}, systable.Column{Name: "source", Type: types.OIDInt8}, systable.Column{Name: "old_key", Type: types.OIDBytea},
	systable.Column{Name: "key", Type: types.OIDBytea}, systable.Column{Name: "source_name", Type: types.OIDText}, systable.Column{Name: "scn", Type: types.OIDInt8},
	systable.Column{Name: "column_id", Type: types.OIDInt8}, systable.Column{Name: "old", Type: types.OIDText}, systable.Column{Name: "new", Type: types.OIDText})

// origin is the state of a branch from which rows came under other keys.
type origin struct {
	branch uint64
	scn    storage.SCN
}

// number tells origins of one branch apart, which may call two rows by one key at different times: a rebase gives rows other keys.
func (o origin) number() int64 { return int64(o.branch | uint64(o.scn)&(1<<31-1)<<32) }

// rowName is what a row is called: its key, and the texts of the values that this is made of.
type rowName struct {
	key  string
	text []string
}

// entry is a row of renumberedTable: what was called one name in the state of another branch is called another in this one.
type entry struct {
	entryID
	was, is rowName
	column  catalog.ColumnID
	raw     systable.Row
}

type entryID struct {
	table  catalog.OID
	origin origin
	key    string // in that state
}

func (e entryID) compare(f entryID) int {
	return cmp.Or(cmp.Compare(e.table, f.table), cmp.Compare(e.origin.branch, f.origin.branch), cmp.Compare(e.origin.scn, f.origin.scn), strings.Compare(e.key, f.key))
}

// place is a row of a table.
type place struct {
	table catalog.OID
	key   string
}

func readEntry(r systable.Row) *entry {
	e := &entry{entryID: entryID{catalog.OID(r[0].I), origin{uint64(uint32(r[1].I)), storage.SCN(r[5].I)}, r[2].S},
		was: rowName{key: r[2].S}, is: rowName{key: r[3].S}, column: catalog.ColumnID(r[6].I), raw: r}
	_ = json.Unmarshal([]byte(r[7].S), &e.was.text) // as json.Marshal wrote them
	_ = json.Unmarshal([]byte(r[8].S), &e.is.text)
	return e
}

// ledger is renumberedTable as a view has it.
type ledger map[entryID]*entry

func (m *merger) ledger(ctx context.Context, v storage.View) (ledger, error) {
	if l := m.ledgers[v]; l != nil {
		return l, nil
	}
	l := ledger{}
	err := renumberedTable.Scan(ctx, m.tx, v, nil, func(r systable.Row) bool {
		e := readEntry(cloneRow(r))
		l[e.entryID] = e
		return true
	})
	m.ledgers[v] = l
	return l, err
}

// entries are those that any of some views has.
func (m *merger) entries(ctx context.Context, views ...storage.View) ([]*entry, error) {
	all := map[entryID]*entry{}
	for _, v := range views {
		known, err := m.ledger(ctx, v)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, known)
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *entry) int { return a.compare(b.entryID) }), nil
}

func cloneRow(r systable.Row) systable.Row {
	out := make(systable.Row, len(r))
	for i, d := range r {
		out[i] = d.Clone()
	}
	return out
}

// loadNumbers finds out by which keys the target calls rows of the source and of the base. Entries of rows that the target lacks come
// to it with them.
func (m *merger) loadNumbers(ctx context.Context) error {
	m.numbers, m.ownKeys, m.claimed = map[storage.View]numbering{}, map[place]string{}, map[place]bool{}
	views := append([]storage.View{m.source}, m.base.views()...)
	all, err := m.entries(ctx, append(slices.Clone(views), m.target)...)
	if err != nil {
		return err
	}
	source := m.ledgers[m.source]
	for _, e := range all {
		now, there, err := m.calls(ctx, m.target, e)
		if err != nil {
			return err
		}
		if !there {
			if x := source[e.entryID]; x != nil && !m.partial() {
				m.carried = append(m.carried, x)
			}
			continue
		}
		for _, v := range views {
			n, ok, err := m.calls(ctx, v, e)
			if err != nil {
				return err
			}
			switch {
			case ok && n.key != now.key:
				m.learn(v, e, n, now)
			case !ok && v == m.source:
				m.claim(e, now)
			}
		}
	}
	return nil
}

// calls is the name by which a view has the row of an entry, which was made in the origin's past: the view's own, if it has given the row
// one, or else that of the newest state that both have grown from.
func (m *merger) calls(ctx context.Context, v storage.View, e *entry) (rowName, bool, error) {
	own, err := m.ledger(ctx, v)
	if err != nil {
		return rowName{}, false, err
	}
	if x := own[e.entryID]; x != nil {
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

// renamed is the name in a view of what a state that it has grown from calls as the origin of an entry does.
func (m *merger) renamed(ctx context.Context, v, s storage.View, e *entry) (rowName, error) {
	list, err := m.renames(ctx, way{s, v})
	if n, ok := list[place{e.table, e.key}]; ok {
		return n, err
	}
	return e.was, err
}

// way leads from a state to a view that has grown from it.
type way struct{ from, to storage.View }

// renames are the rows that have got other names on the way, by the old ones.
func (m *merger) renames(ctx context.Context, w way) (map[place]rowName, error) {
	if out, ok := m.ways[w]; ok || w.from == w.to {
		return out, nil
	}
	all, err := m.entries(ctx, w.from, w.to)
	if err != nil {
		return nil, err
	}
	out := map[place]rowName{}
	for _, x := range all {
		was, had, err := m.calls(ctx, w.from, x)
		if err != nil {
			return nil, err
		}
		now, has, err := m.calls(ctx, w.to, x)
		if err != nil {
			return nil, err
		}
		if had && has && was.key != now.key {
			out[place{x.table, was.key}] = now
		}
	}
	m.ways[w] = out
	return out, nil
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
	for _, l := range m.ledgers {
		for id := range l {
			if _, ok := there[place{id.table, id.key}]; !ok && id.table == e.table {
				keys = append(keys, id.key)
			}
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

// learn notes by which key the target calls a row of a view.
func (m *merger) learn(v storage.View, e *entry, was, now rowName) {
	t, ok := m.target.Catalog().Object(e.table).(*catalog.Table)
	if !ok || t.PrimaryIndex() == nil || len(t.PrimaryIndex().Columns) != len(was.text) || len(was.text) != len(now.text) {
		return
	}
	r := &renumbered{oldKey: was.key, key: now.key, column: e.column}
	for i, k := range t.PrimaryIndex().Columns {
		c := t.ColumnByID(k.Column)
		old, err1 := types.ParseText(c.Type, was.text[i], types.DefaultFormat())
		new, err2 := types.ParseText(c.Type, now.text[i], types.DefaultFormat())
		if err1 != nil || err2 != nil {
			return
		}
		r.old, r.new = append(r.old, old), append(r.new, new)
	}
	if m.numbers[v] == nil {
		m.numbers[v] = numbering{}
	}
	m.numbers[v].add(t.OID, r)
	if v == m.source {
		m.ownKeys[place{t.OID, r.key}] = r.oldKey
	}
}

// recordNumbers keeps the new keys with the target, and tells the caller of them.
func (m *merger) recordNumbers(ctx context.Context) error {
	for _, e := range m.carried {
		if err := m.carry(ctx, e); err != nil {
			return err
		}
	}
	from := origin{m.source.Branch().ID, m.source.At()}
	for id, rows := range m.numbersOf(m.source) {
		t, ok := m.target.Catalog().Object(id).(*catalog.Table)
		if !ok {
			continue
		}
		pk := t.PrimaryIndex()
		for _, r := range rows {
			if !r.fresh {
				continue
			}
			x := storage.Renumbered{Schema: m.schemaName(t.Schema), Table: t.Name, Follows: r.column == 0, Old: r.old, New: r.new}
			for _, k := range pk.Columns {
				c := t.ColumnByID(k.Column)
				x.Columns, x.Types = append(x.Columns, c.Name), append(x.Types, c.Type)
			}
			if !r.gone {
				m.res.Renumbered = append(m.res.Renumbered, x)
			}
			if err := m.putEntry(ctx, t, from, r); err != nil {
				return err
			}
		}
	}
	sortRenumbered(m.res.Renumbered)
	return nil
}

// putEntry keeps with the target that a row of a state has another key there.
func (m *merger) putEntry(ctx context.Context, t *catalog.Table, from origin, r *renumbered) error {
	old, err1 := json.Marshal(keyTexts(t, r.old))
	now, err2 := json.Marshal(keyTexts(t, r.new))
	if err := cmp.Or(err1, err2); err != nil {
		return pgerr.Internal("texts cannot be marshalled: %v", err)
	}
	return renumberedTable.Put(ctx, m.tx, m.target, types.Int(int64(t.OID)), types.Int(from.number()), types.String(r.oldKey), types.String(r.key),
		types.String(m.source.Branch().Name), types.Int(int64(from.scn)), types.Int(int64(r.column)), types.String(string(old)), types.String(string(now)))
}

// carry keeps an entry of the source with the target, which may call the row otherwise again.
func (m *merger) carry(ctx context.Context, e *entry) error {
	raw := slices.Clone(e.raw)
	if r := m.numbersOf(m.source).of(e.table, e.is.key); r != nil {
		t := m.target.Catalog().Object(e.table).(*catalog.Table)
		now, err := json.Marshal(keyTexts(t, r.new))
		if err != nil {
			return pgerr.Internal("texts cannot be marshalled: %v", err)
		}
		raw[3], raw[8] = types.String(r.key), types.String(string(now))
	}
	return renumberedTable.Put(ctx, m.tx, m.target, raw...)
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
