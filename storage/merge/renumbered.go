package merge

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// renumberedTable has, with each branch, the rows that merges into it have given other keys than they have where they come
// from.
var renumberedTable = systable.New(15, "renumbered", 3,
	systable.Column{Name: "relation", Type: types.OIDInt8}, systable.Column{Name: "source", Type: types.OIDInt8}, systable.Column{Name: "old_key", Type: types.OIDBytea},
	systable.Column{Name: "key", Type: types.OIDBytea}, systable.Column{Name: "source_name", Type: types.OIDText}, systable.Column{Name: "scn", Type: types.OIDInt8},
	systable.Column{Name: "column_id", Type: types.OIDInt8}, systable.Column{Name: "old", Type: types.OIDText}, systable.Column{Name: "new", Type: types.OIDText})

// entry is a row of renumberedTable.
type entry struct {
	table    catalog.OID
	branch   uint64
	name     string
	scn      storage.SCN
	column   catalog.ColumnID
	old, new []string
	raw      systable.Row
}

func readEntry(r systable.Row) entry {
	e := entry{table: catalog.OID(r[0].I), branch: uint64(r[1].I), name: r[4].S, scn: storage.SCN(r[5].I), column: catalog.ColumnID(r[6].I), raw: r}
	_ = json.Unmarshal([]byte(r[7].S), &e.old) // as json.Marshal wrote them
	_ = json.Unmarshal([]byte(r[8].S), &e.new)
	return e
}

func (e *entry) id() string {
	return string(strconv.AppendUint(nil, uint64(e.table), 10)) + " " + strconv.FormatUint(e.branch, 10) + " " + e.raw[2].S
}

func (m *merger) entries(ctx context.Context, v storage.View) (map[string]entry, error) {
	out := map[string]entry{}
	err := renumberedTable.Scan(ctx, m.tx, v, nil, func(r systable.Row) bool {
		e := readEntry(cloneRow(r))
		out[e.id()] = e
		return true
	})
	return out, err
}

func cloneRow(r systable.Row) systable.Row {
	out := make(systable.Row, len(r))
	for i, d := range r {
		out[i] = d.Clone()
	}
	return out
}

// loadNumbers finds out by which keys the target calls rows of the source and of the base. Entries that the target lacks
// come to it, unless its own rows are the ones that were renumbered.
func (m *merger) loadNumbers(ctx context.Context) error {
	m.numbers = map[storage.View]numbering{}
	target, err := m.entries(ctx, m.target)
	if err != nil {
		return err
	}
	source, err := m.entries(ctx, m.source)
	if err != nil {
		return err
	}
	within := map[origin]bool{}
	own := 0
	var first entry
	for id, e := range source {
		if _, ok := target[id]; ok {
			continue
		}
		in, err := m.contains(ctx, m.target, e, within)
		if err != nil {
			return err
		}
		if in && !m.picked() {
			if own++; own == 1 || e.table < first.table {
				first = e
			}
			continue
		}
		if !m.picked() {
			m.carried = append(m.carried, e)
		}
	}
	if own > 0 {
		return errOtherNumbers(m.target.Branch().Name, m.tableName(first.table), own)
	}
	for _, v := range append([]storage.View{m.source}, m.base.leaves()...) {
		known := source
		if v != m.source {
			if known, err = m.entries(ctx, v); err != nil {
				return err
			}
		}
		for id, e := range target {
			if _, ok := known[id]; ok {
				continue
			}
			in, err := m.contains(ctx, v, e, within)
			if err != nil {
				return err
			}
			if in {
				m.learn(v, e)
			}
		}
	}
	return nil
}

func (m *merger) tableName(id catalog.OID) string {
	if o := m.source.Catalog().Object(id); o != nil {
		return o.Head().Name
	}
	return ""
}

// origin is the state of a branch from which rows came, and a view that may have grown from it.
type origin struct {
	view   storage.View
	branch uint64
	scn    storage.SCN
}

// contains reports whether a view has grown from the state in which the rows of an entry were merged.
func (m *merger) contains(ctx context.Context, v storage.View, e entry, known map[origin]bool) (bool, error) {
	o := origin{v, e.branch, e.scn}
	if in, ok := known[o]; ok {
		return in, nil
	}
	from, err := m.tx.View(ctx, catalog.Ref{Branch: "br_" + strconv.FormatUint(e.branch, 10), Point: strconv.FormatUint(e.scn, 10)})
	if err != nil { // the branch is gone: what is left of it is what it was itself
		known[o] = v.Branch().ID == e.branch && v.At() >= e.scn
		return known[o], nil
	}
	news, err := m.tx.Unmerged(ctx, from, v)
	known[o] = err == nil && !news
	return known[o], err
}

// learn notes by which key the target calls a row of a view.
func (m *merger) learn(v storage.View, e entry) {
	t, ok := m.target.Catalog().Object(e.table).(*catalog.Table)
	if !ok || t.PrimaryIndex() == nil || len(t.PrimaryIndex().Columns) != len(e.old) || len(e.old) != len(e.new) {
		return
	}
	r := &renumbered{oldKey: e.raw[2].S, key: e.raw[3].S, column: e.column}
	for i, k := range t.PrimaryIndex().Columns {
		c := t.ColumnByID(k.Column)
		old, err1 := types.ParseText(c.Type, e.old[i], types.DefaultFormat())
		now, err2 := types.ParseText(c.Type, e.new[i], types.DefaultFormat())
		if err1 != nil || err2 != nil {
			return
		}
		r.old, r.new = append(r.old, old), append(r.new, now)
	}
	if m.numbers[v] == nil {
		m.numbers[v] = numbering{}
	}
	m.numbers[v].add(t.OID, r)
}

// recordNumbers keeps the new keys with the target, and tells the caller of them.
func (m *merger) recordNumbers(ctx context.Context) error {
	for _, e := range m.carried {
		if err := renumberedTable.Put(ctx, m.tx, m.target, e.raw...); err != nil {
			return err
		}
	}
	b := m.source.Branch()
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
			var old, now []string
			x := storage.Renumbered{Schema: m.schemaName(t.Schema), Table: t.Name, Follows: r.column == 0, Old: r.old, New: r.new}
			for i, k := range pk.Columns {
				c := t.ColumnByID(k.Column)
				old = append(old, string(types.AppendText(nil, c.Type, r.old[i], types.DefaultFormat())))
				now = append(now, string(types.AppendText(nil, c.Type, r.new[i], types.DefaultFormat())))
				x.Columns, x.Types = append(x.Columns, c.Name), append(x.Types, c.Type)
			}
			m.res.Renumbered = append(m.res.Renumbered, x)
			if b.ID == m.target.Branch().ID {
				continue // a rebase: the branch itself has the new keys from now on
			}
			a, err1 := json.Marshal(old)
			z, err2 := json.Marshal(now)
			if err1 != nil || err2 != nil {
				continue // strings can be marshalled
			}
			err := renumberedTable.Put(ctx, m.tx, m.target, types.Int(int64(id)), types.Int(int64(b.ID)), types.String(r.oldKey), types.String(r.key),
				types.String(b.Name), types.Int(int64(m.source.At())), types.Int(int64(r.column)), types.String(string(a)), types.String(string(z)))
			if err != nil {
				return err
			}
		}
	}
	sortRenumbered(m.res.Renumbered)
	return nil
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
