package merge

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// What the target calls rows of the source and of the base is learned of those rows that the merge comes to.

// loadNumbers finds what has become of renumbered rows since the base: what both sides knew then, both call the same. Entries of rows that
// the target lacks come to it with them.
func (m *merger) loadNumbers(ctx context.Context) error {
	m.numbers, m.ownKeys, m.claimed = map[storage.View]numbering{}, map[place]string{}, map[place]bool{}
	m.learned, m.learnedAll = map[learnedID]bool{}, map[catalog.OID]bool{}
	t := renumberedTable.Descriptor()
	if m.steady = m.base.view != nil && !m.movedNames; m.steady {
		keys, err := diff.CandidatesOf(ctx, m.tx, m.base.view, m.target, t, t)
		if err != nil {
			return err
		}
		list, err := keys.Next(ctx, 1)
		m.steady = len(list) == 0
		if err = cmp.Or(err, keys.Close()); err != nil {
			return err
		}
	}
	for _, v := range m.base.leaves() {
		keys, err := diff.CandidatesOf(ctx, m.tx, v, m.source, t, t)
		if err != nil {
			return err
		}
		err = eachChunk(ctx, keys, func(list []string) (bool, error) {
			m.steady = false
			return false, m.loadChanged(ctx, v, list)
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(m.carried, func(a, b *entry) int { return a.compare(b.entryID) })
	m.carried = slices.CompactFunc(m.carried, func(a, b *entry) bool { return a.entryID == b.entryID })
	return nil
}

// loadChanged is loadNumbers for rows of renumberedTable that the source has changed since a view.
func (m *merger) loadChanged(ctx context.Context, since storage.View, keys []string) error {
	now, err := entriesAt(ctx, m.tx, m.source, keys)
	if err != nil {
		return err
	}
	was, err := entriesAt(ctx, m.tx, since, keys)
	if err != nil {
		return err
	}
	defer m.expect(slices.Concat(now, was))()
	for v, list := range map[storage.View][]*entry{m.source: now, since: was} {
		names := map[catalog.OID][]string{}
		for _, e := range list {
			names[e.table] = append(names[e.table], e.is.key)
		}
		for table, keys := range names {
			if err := m.learn(ctx, v, table, keys); err != nil {
				return err
			}
		}
	}
	for _, e := range now {
		if _, there, err := m.calls(ctx, m.target, e); err != nil {
			return err
		} else if !there && !m.partial() {
			m.carried = append(m.carried, e)
		}
	}
	return nil
}

// views are those whose names for rows are held against the target's.
func (m *merger) views() []storage.View { return append(m.base.views(), m.source) }

type learnedID struct {
	view storage.View
	place
}

// learn finds out what the target calls the rows of a table that a view has under keys, and what it knows of them; the view may be the target.
func (m *merger) learn(ctx context.Context, v storage.View, table catalog.OID, keys []string) error {
	if m.numbers == nil || m.steady || m.learnedAll[table] {
		return nil
	}
	var list []string
	for _, k := range keys {
		if id := (learnedID{v, place{table, k}}); k != "" && !m.learned[id] {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		return nil
	}
	if len(m.learned) > mostKnown {
		clear(m.learned)
	}
	for _, k := range list {
		m.learned[learnedID{v, place{table, strings.Clone(k)}}] = true
	}
	in := append(m.views(), m.target)
	all, err := m.about(ctx, v, in, table, list)
	if err != nil {
		return err
	}
	if err := m.learnEntries(ctx, all); err != nil {
		return err
	}
	for _, w := range in {
		if !m.ledger(w, table).whole {
			return nil
		}
	}
	return m.learnAll(ctx, table)
}

// learnAll is learn for all rows of a table.
func (m *merger) learnAll(ctx context.Context, table catalog.OID) error {
	if m.steady || m.learnedAll[table] {
		return nil
	}
	m.learnedAll[table] = true
	all := map[entryID]*entry{}
	for _, v := range append(m.views(), m.target) {
		l := m.ledger(v, table)
		if !l.whole {
			if err := m.readAll(ctx, l, math.MaxInt-1); err != nil {
				return err
			}
		}
		for _, list := range l.known[atOrigin] {
			for _, e := range list {
				all[e.entryID] = e
			}
		}
	}
	return m.learnEntries(ctx, slices.SortedFunc(maps.Values(all), func(a, b *entry) int { return a.compare(b.entryID) }))
}

// learnEntries notes by which keys the target has the rows of entries that other views have under others.
func (m *merger) learnEntries(ctx context.Context, all []*entry) error {
	for list := range slices.Chunk(all, chunk) {
		done := m.expect(list)
		for _, e := range list {
			if err := m.learnEntry(ctx, e); err != nil {
				return err
			}
		}
		done()
	}
	return nil
}

func (m *merger) learnEntry(ctx context.Context, e *entry) error {
	now, there, err := m.calls(ctx, m.target, e)
	if err != nil || !there {
		return err
	}
	for _, v := range m.views() {
		n, ok, err := m.calls(ctx, v, e)
		if err != nil {
			return err
		}
		switch {
		case ok && n.key != now.key:
			m.note(v, e, n, now)
		case !ok && v == m.source:
			m.claim(e, now)
		}
	}
	return nil
}

// note keeps by which key the target calls a row of a view.
func (m *merger) note(v storage.View, e *entry, was, now rowName) {
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
	m.mention(t.OID, r)
	if v == m.source {
		m.ownKeys[place{t.OID, r.key}] = r.oldKey
	}
}
