package merge

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// renumberedTable has, with each branch, the rows that merges into it, or rebases of it, have given other keys than they have where
// they come from. source is origin.number's.
var renumberedTable = systable.New(15, "renumbered", 3,
	systable.Column{Name: "relation", Type: types.OIDInt8}, systable.Column{Name: "old_key", Type: types.OIDBytea}, systable.Column{Name: "source", Type: types.OIDInt8},
	systable.Column{Name: "key", Type: types.OIDBytea}, systable.Column{Name: "source_name", Type: types.OIDText}, systable.Column{Name: "scn", Type: types.OIDInt8},
	systable.Column{Name: "column_id", Type: types.OIDInt8}, systable.Column{Name: "old", Type: types.OIDText}, systable.Column{Name: "new", Type: types.OIDText})

// renumberedNames finds its rows by the keys that rows have now.
var renumberedNames = renumberedTable.Index(4, "renumbered_names", 0, 3)

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

func readEntry(r systable.Row) *entry {
	e := &entry{entryID: entryID{catalog.OID(r[0].I), origin{uint64(uint32(r[2].I)), storage.SCN(r[5].I)}, r[1].S},
		was: rowName{key: r[1].S}, is: rowName{key: r[3].S}, column: catalog.ColumnID(r[6].I), raw: r}
	_ = json.Unmarshal([]byte(r[7].S), &e.was.text) // as json.Marshal wrote them
	_ = json.Unmarshal([]byte(r[8].S), &e.is.text)
	return e
}

// ledger is what is known of the entries that a view has about the rows of one table: those that were looked for. Once more was looked for
// than reading all takes, all is known.
type ledger struct {
	view  storage.View
	table catalog.OID
	known [2]map[string][]*entry // by naming; keys without entries are there, too
	whole bool
	asked int // how many keys were looked up
	tried int // how many had been when all was last to be read
}

// naming says by which of an entry's keys it is looked for.
type naming int

const (
	atOrigin naming = iota // the key that the row has where it comes from
	here                   // the key that the view has for it
)

// mostKnown is how many keys are remembered as looked for. dense is how many entries are read in the time that looking up a key takes; what
// asks for fewer than fewest keys does not try.
const (
	mostKnown = 1 << 16
	dense     = 16
	fewest    = 64
)

type ledgerID struct {
	view  storage.View
	table catalog.OID
}

func (m *merger) ledger(v storage.View, table catalog.OID) *ledger {
	id := ledgerID{v, table}
	l := m.ledgers[id]
	if l == nil {
		l = &ledger{view: v, table: table, known: [2]map[string][]*entry{{}, {}}}
		m.ledgers[id] = l
	}
	return l
}

// lookUp has the entries read that have some keys, unless they are known.
func (m *merger) lookUp(ctx context.Context, l *ledger, by naming, keys []string) error {
	if l.whole {
		return nil
	}
	list := l.unknown(nil, by, keys)
	if len(list) == 0 {
		return nil
	}
	if len(l.known[by])+len(list) > mostKnown {
		clear(l.known[by])
		list = slices.Clone(keys)
	}
	list = l.unknown(list, by, slices.Collect(maps.Keys(m.pending[l.table])))
	slices.Sort(list)
	list = slices.Compact(list)
	if l.asked += len(list); l.asked >= max(fewest, 2*l.tried) {
		l.tried = l.asked
		if err := m.readAll(ctx, l, dense*l.asked); l.whole || err != nil {
			return err
		}
	}
	find := renumberedTable.Find
	if by == here {
		find = renumberedNames.Find
	}
	ranges := make([]systable.Row, len(list))
	for i, k := range list {
		k = strings.Clone(k)
		l.known[by][k], ranges[i] = nil, systable.Row{types.Int(int64(l.table)), types.String(k)}
	}
	return find(ctx, m.tx, l.view, ranges, func(r systable.Row) { l.add(readEntry(r), by) })
}

// unknown adds those of the keys to a list that were not looked for.
func (l *ledger) unknown(list []string, by naming, keys []string) []string {
	for _, k := range keys {
		if _, ok := l.known[by][k]; !ok {
			list = append(list, k)
		}
	}
	return list
}

func (l *ledger) add(e *entry, by ...naming) {
	for _, n := range by {
		k := e.key
		if n == here {
			k = e.is.key
		}
		l.known[n][k] = append(l.known[n][k], e)
	}
}

// readAll reads all of a ledger, unless it has more entries than most.
func (m *merger) readAll(ctx context.Context, l *ledger, most int) error {
	var all []*entry
	err := renumberedTable.Some(ctx, m.tx, l.view, systable.Row{types.Int(int64(l.table))}, most+1, func(r systable.Row) { all = append(all, readEntry(r)) })
	if err != nil || len(all) > most {
		return err
	}
	l.whole, l.known = true, [2]map[string][]*entry{{}, {}}
	for _, e := range all {
		l.add(e, atOrigin, here)
	}
	return nil
}

// own is the entry that a view has of its own about what another is about.
func (m *merger) own(ctx context.Context, v storage.View, e *entry) (*entry, error) {
	l := m.ledger(v, e.table)
	if err := m.lookUp(ctx, l, atOrigin, []string{e.key}); err != nil {
		return nil, err
	}
	for _, x := range l.known[atOrigin][e.key] {
		if x.origin == e.origin {
			return x, nil
		}
	}
	return nil, nil
}

// about finds the entries of some views about the rows of a table which one of them calls by keys. Two entries are about one row if the
// views that know of both call it the same.
func (m *merger) about(ctx context.Context, v storage.View, in []storage.View, table catalog.OID, keys []string) (out []*entry, err error) {
	wanted := make(map[string]bool, len(keys))
	for _, k := range keys {
		wanted[k] = true
	}
	seen := map[entryID]bool{}
	var found []*entry
	collect := func(v storage.View, by naming, keys []string) error {
		l := m.ledger(v, table)
		if err := m.lookUp(ctx, l, by, keys); err != nil {
			return err
		}
		for _, k := range keys {
			for _, e := range l.known[by][k] {
				if !seen[e.entryID] {
					seen[e.entryID] = true
					found = append(found, e)
				}
			}
		}
		return nil
	}
	for _, w := range in {
		if err := collect(w, atOrigin, keys); err != nil {
			return nil, err
		}
	}
	if err := collect(v, here, keys); err != nil {
		return nil, err
	}
	for len(found) > 0 {
		list := found
		found = nil
		names, err := m.otherNamesOf(ctx, v, in, list, wanted, &out)
		if err != nil {
			return nil, err
		}
		for i, w := range in {
			if err := collect(w, here, names[i]); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(out, func(a, b *entry) int { return a.compare(b.entryID) })
	return out, nil
}

// otherNamesOf adds those entries of a list to out that are about rows which a view calls by the names wanted, and returns what other views
// call these.
func (m *merger) otherNamesOf(ctx context.Context, v storage.View, in []storage.View, list []*entry, wanted map[string]bool, out *[]*entry) ([][]string, error) {
	names := make([][]string, len(in))
	defer m.expect(list)()
	for _, e := range list {
		n, ok, err := m.calls(ctx, v, e)
		if err != nil {
			return nil, err
		}
		if !ok || !wanted[n.key] {
			continue
		}
		*out = append(*out, e)
		for i, w := range in {
			if w == v {
				continue
			}
			n, ok, err := m.calls(ctx, w, e)
			if err != nil {
				return nil, err
			}
			if ok {
				names[i] = append(names[i], n.key)
			}
		}
	}
	return names, nil
}

// expect says which entries will be asked about, so that what is looked up for one is looked up for all. It returns what ends that.
func (m *merger) expect(list []*entry) func() {
	before := m.pending
	if len(list) < 2 {
		return func() {}
	}
	m.pending = maps.Clone(before)
	if m.pending == nil {
		m.pending = map[catalog.OID]map[string]struct{}{}
	}
	mine := map[catalog.OID]map[string]struct{}{}
	for _, e := range list {
		if mine[e.table] == nil {
			mine[e.table] = map[string]struct{}{}
			maps.Copy(mine[e.table], before[e.table])
		}
		mine[e.table][e.key] = struct{}{}
	}
	maps.Copy(m.pending, mine)
	return func() { m.pending = before }
}

// entriesAt are the rows of renumberedTable that a view has under row keys.
func entriesAt(ctx context.Context, tx storage.Txn, v storage.View, keys []string) (out []*entry, err error) {
	t := renumberedTable.Descriptor()
	rows, err := diff.Fetch(ctx, tx, v, t, ids(t), keys)
	if err != nil {
		return nil, err
	}
	for i := range rows.N {
		r := make(systable.Row, len(rows.Cols))
		for c, col := range rows.Cols {
			r[c] = col.Datum(i).Clone()
		}
		out = append(out, readEntry(r))
	}
	return out, nil
}

// hasEntries reports whether any view has an entry about rows of a table.
func (m *merger) hasEntries(ctx context.Context, table catalog.OID) (has bool, err error) {
	if has, ok := m.ledgered[table]; ok {
		return has, nil
	}
	for _, v := range append([]storage.View{m.target, m.source}, m.base.views()...) { // those of old states are found behind all newer ones
		if !has && err == nil {
			has, err = renumberedTable.Any(ctx, m.tx, v, types.Int(int64(table)))
		}
	}
	m.ledgered[table] = has
	return has, err
}
