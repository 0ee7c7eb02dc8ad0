package merge

import (
	"context"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/types"
)

// Rows that both sides have inserted under one generated key, though they are different rows, get new keys where the
// sequence's policy says so (catalog.SequenceRenumber), and all that refers to them follows. What the source calls such
// rows and what the target does is kept with the target (renumberedTable): later merges of the source go on from there.

// numbering says what the target calls rows of one view, where that is not the same: by table and row key.
type numbering map[catalog.OID]map[string]*renumbered

// renumbered is a row with another key. old and new are the values of the primary key's columns.
type renumbered struct {
	oldKey, key string
	old, new    []types.Datum
	column      catalog.ColumnID // the generated one; 0 for a row that follows another
	fresh       bool             // by this merge
	gone        bool             // the source has it no more
}

func (n numbering) of(table catalog.OID, key string) *renumbered { return n[table][key] }

func (n numbering) add(table catalog.OID, r *renumbered) {
	if n[table] == nil {
		n[table] = map[string]*renumbered{}
	}
	n[table][r.oldKey] = r
}

// generator is a column of a primary key whose values come from a sequence that renumbers; at is its place in the key.
type generator struct {
	at       int
	column   *catalog.Column
	sequence *catalog.Sequence
}

// generators finds the columns of a table's key that can be renumbered.
func (m *merger) generators(t *catalog.Table) (out []generator) {
	pk := t.PrimaryIndex()
	if pk == nil {
		return nil
	}
	snap := m.target.Catalog()
	for i, k := range pk.Columns {
		c := t.ColumnByID(k.Column)
		list := []catalog.OID{c.Sequence}
		for _, d := range c.Deps {
			list = append(list, d.Object)
		}
		for _, id := range list {
			if q, ok := snap.Object(id).(*catalog.Sequence); ok && q.Policy == catalog.SequenceRenumber && c.Generated == "" {
				out = append(out, generator{i, c, q})
				break
			}
		}
	}
	return out
}

// renumber finds the rows of the source that need other keys, and those that follow them.
func (m *merger) renumber(ctx context.Context, tables []catalog.OID) error {
	if err := m.loadNumbers(ctx); err != nil {
		return err
	}
	if err := m.learnRewritten(ctx, tables); err != nil {
		return err
	}
	if m.req.Renumber == nil || m.backwards() {
		return nil
	}
	any := !m.steady
	for _, id := range tables {
		if t, ok := m.target.Catalog().Object(id).(*catalog.Table); ok && !any {
			any = len(m.generators(t)) > 0
		}
	}
	for again := any; again; {
		again = false
		for _, id := range tables {
			more, err := m.renumberTable(ctx, id)
			if err != nil {
				return err
			}
			again = again || more
		}
	}
	return nil
}

// learnRewritten learns all of tables whose rows are kept under keys of another type: these are none that anything is found by.
func (m *merger) learnRewritten(ctx context.Context, tables []catalog.OID) error {
	for _, id := range tables {
		b, s := m.base.table(id), m.ids.table(m.source, id)
		t, ok := m.target.Catalog().Object(id).(*catalog.Table)
		if !ok || b == nil || s == nil || b.Rows == t.Rows && s.Rows == t.Rows {
			continue
		}
		if err := m.learnAll(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// backwards reports whether the merge takes something back: rows come to be what they were, and have their keys.
func (m *merger) backwards() bool {
	return m.req.From != nil && m.source.At() < m.req.From.At() && m.source.Branch().ID == m.req.From.Branch().ID
}

// renumberTable looks through the rows that the source changed, and reports whether any has got another key.
func (m *merger) renumberTable(ctx context.Context, id catalog.OID) (bool, error) {
	t := &tableMerge{merger: m}
	t.base, t.source, t.own = m.base.table(id), m.ids.table(m.source, id), m.ids.ownTable(m.source, id)
	t.into, _ = m.target.Catalog().Object(id).(*catalog.Table)
	if t.source == nil || t.into == nil || t.into.PrimaryIndex() == nil {
		return false, nil
	}
	gens := m.generators(t.into)
	if renumbers, err := t.renumbers(ctx); err != nil || len(gens) == 0 && !renumbers {
		return false, err
	}
	t.prepare()
	if t.adopted || t.incompatible() || t.rekeyed || t.recodes() != "" {
		return false, nil
	}
	used := &movedKeys{in: noKeys{}, end: true}
	if len(gens) > 0 {
		written, err := m.tx.WrittenRows(ctx, m.source, m.met(), m.ids.all(id))
		if err != nil {
			return false, err
		}
		used = &movedKeys{in: written}
	}
	defer used.close()
	keys, err := t.renumberable(ctx)
	if err != nil {
		return false, err
	}
	t.openReaders()
	defer t.readers.close()
	found := false
	err = eachChunk(ctx, keys, func(list []string) (bool, error) {
		more, err := t.renumberBatch(ctx, list, gens, used)
		found = found || more
		return false, err
	})
	return found, err
}

// renumberBatch finds the rows with given keys that need others: because the target has used their numbers since the base for rows of its
// own, be they gone, or because they refer by their keys to others that get new ones.
func (t *tableMerge) renumberBatch(ctx context.Context, list []string, gens []generator, used *movedKeys) (bool, error) {
	if err := t.learnOf(ctx, list); err != nil {
		return false, err
	}
	source, err := t.readers.source.Fetch(ctx, list)
	if err != nil {
		return false, err
	}
	target, err := t.readers.target.Fetch(ctx, list)
	if err != nil {
		return false, err
	}
	bases, err := t.baseRows(ctx, t.merger.base, list, t.merger.source)
	if err != nil {
		return false, err
	}
	t.recoded(source, t.own)
	ghosts, pk := t.ghosts(list, source), t.keyPositions()
	was := make([][]types.Datum, len(list))
	for k := range list {
		was[k] = t.keyHad(source, ghosts, k, pk)
	}
	for _, rows := range []*diff.Rows{source, ghosts} {
		if err := t.follow(ctx, t.merger.source, t.source, rows, nil); err != nil {
			return false, err
		}
	}
	numbers := t.numbersOf(t.merger.source)
	targets := t.targetRows(target)
	_, at, err := used.among(ctx, list)
	if err != nil {
		return false, err
	}
	var fresh []*renumbered
	found := false
	for k, key := range list {
		if was[k] == nil || bases[k].there() || bases[k].unclear || numbers.of(t.into.OID, key) != nil {
			continue
		}
		s := row{rows: source, at: source.At[k], cols: t.fromSource}
		now := t.keyHad(source, ghosts, k, pk)
		moved := !slices.EqualFunc(was[k], now, diff.Same)
		_, written := slices.BinarySearch(at, k)
		collides := len(gens) > 0 && !moved && t.taken(key, s, targets[k], written)
		if !moved && !collides {
			continue
		}
		r := &renumbered{oldKey: strings.Clone(key), old: clones(was[k]), new: clones(now), fresh: true, gone: !s.there()}
		if collides {
			r.column = gens[0].column.ID
			fresh = append(fresh, r)
		}
		r.key = t.encodeKey(r.new)
		if numbers == nil {
			numbers = numbering{}
			t.numbers[t.merger.source] = numbers
		}
		numbers.add(t.into.OID, r)
		t.mention(t.into.OID, r)
		found = true
	}
	return found, t.assign(ctx, fresh, gens)
}

// keyHad are the values of a row's key, be the row gone; nil where they are not known.
func (t *tableMerge) keyHad(source, ghosts *diff.Rows, k int, pk []int) []types.Datum {
	if source.At[k] >= 0 {
		return keyValuesAt(source, source.At[k], t.fromSource, pk)
	}
	return keyValuesAt(ghosts, ghosts.At[k], t.fromSource, pk)
}

// assign takes new values from the target's sequence, until no row of either side has the keys.
func (t *tableMerge) assign(ctx context.Context, list []*renumbered, gens []generator) error {
	for len(list) > 0 {
		for _, r := range list {
			v, err := t.req.Renumber(ctx, gens[0].sequence)
			if err != nil {
				return err
			}
			r.new[gens[0].at] = types.Int(v)
			r.key = t.encodeKey(r.new)
		}
		slices.SortFunc(list, func(a, b *renumbered) int { return strings.Compare(a.key, b.key) })
		wanted := make([]string, len(list))
		for i, r := range list {
			wanted[i] = r.key
		}
		there, err := diff.Fetch(ctx, t.tx, t.merger.target, t.into, nil, wanted)
		if err != nil {
			return err
		}
		here, err := diff.Fetch(ctx, t.tx, t.merger.source, t.own, nil, wanted)
		if err != nil {
			return err
		}
		var taken []*renumbered
		for i, r := range list {
			if there.At[i] >= 0 || here.At[i] >= 0 {
				taken = append(taken, r)
			}
		}
		list = taken
	}
	return nil
}

func clones(list []types.Datum) []types.Datum {
	out := make([]types.Datum, len(list))
	for i, d := range list {
		out[i] = d.Clone()
	}
	return out
}

// keyPositions says which of the stored columns the primary key's are.
func (t *tableMerge) keyPositions() (out []int) {
	pk := t.into.PrimaryIndex()
	if pk == nil {
		return nil
	}
	for _, k := range pk.Columns {
		out = append(out, slices.IndexFunc(t.stored, func(c *catalog.Column) bool { return c.ID == k.Column }))
	}
	return out
}

func keyValuesAt(rows *diff.Rows, at int, cols, pk []int) []types.Datum {
	if at < 0 {
		return nil
	}
	out := make([]types.Datum, len(pk))
	for i, p := range pk {
		out[i] = types.Null
		if cols[p] >= 0 {
			out[i] = rows.Cols[cols[p]].Datum(at)
		}
	}
	return clones(out)
}

// encodeKey is the row key of a primary key's values.
func (t *tableMerge) encodeKey(values []types.Datum) string {
	var out []byte
	for i, k := range t.into.PrimaryIndex().Columns {
		c := keys.NewColumn(t.into.ColumnByID(k.Column).Type, k.Desc, k.NullsFirst, false)
		out = c.Append(out, values[i])
	}
	return string(out)
}

// hasNumbers reports whether the target is known to call rows of the table otherwise than the source or the base does.
func (m *merger) hasNumbers(table catalog.OID) bool {
	for _, n := range m.numbers {
		if len(n[table]) > 0 {
			return true
		}
	}
	return false
}

// mayRename reports whether the target may call rows of a table otherwise than the source or the base does.
func (m *merger) mayRename(ctx context.Context, table catalog.OID) (bool, error) {
	if has := m.hasNumbers(table); has || m.numbers == nil || m.steady || m.learnedAll[table] {
		return has, nil
	}
	return m.hasEntries(ctx, table)
}

// keyColumns says where a table's live columns have those of the key of another.
func keyColumns(into, called *catalog.Table) (out []int) {
	live := called.Live()
	for _, k := range into.PrimaryIndex().Columns {
		out = append(out, slices.IndexFunc(live, func(c *catalog.Column) bool { return c.ID == k.Column }))
	}
	return out
}

// numbersOf is what the target calls rows of a view; nil: what the view does.
func (m *merger) numbersOf(v storage.View) numbering { return m.numbers[v] }

// fetchAny reads rows by keys in any order; "" is none.
func fetchAny(ctx context.Context, r *diff.Reader, keys []string) (*diff.Rows, error) {
	list := slices.Clone(keys)
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(k string) bool { return k == "" })
	rows, err := r.Fetch(ctx, list)
	if err != nil {
		return nil, err
	}
	at := make([]int, len(keys))
	for k, key := range keys {
		if at[k] = -1; key != "" {
			i, _ := slices.BinarySearch(list, key)
			at[k] = rows.At[i]
		}
	}
	rows.At = at
	return rows, nil
}

// renumberedBatch merges rows that have other keys on the target, and reports which of the rows given are done.
func (t *tableMerge) renumberedBatch(ctx context.Context, list []string, bases []row, source *diff.Rows) (map[int]bool, error) {
	n := t.numbersOf(t.merger.source)[t.into.OID]
	if len(n) == 0 {
		return nil, nil
	}
	type move struct {
		k int
		r *renumbered
	}
	var moves []move
	for k, key := range list {
		if r := n[key]; r != nil {
			moves = append(moves, move{k, r})
		}
	}
	if len(moves) == 0 {
		return nil, nil
	}
	slices.SortFunc(moves, func(a, b move) int { return strings.Compare(a.r.key, b.r.key) })
	wanted := make([]string, len(moves))
	for i, x := range moves {
		wanted[i] = x.r.key
	}
	target, err := diff.Fetch(ctx, t.tx, t.merger.target, t.into, ids(t.into), wanted)
	if err != nil {
		return nil, err
	}
	done := map[int]bool{}
	for i, x := range moves {
		done[x.k] = true
		s := row{rows: source, at: source.At[x.k], cols: t.fromSource}
		t.name(x.r.key)
		if err := t.row(ctx, x.r.key, bases[x.k], s, t.targetRow(target, target.At[i])); err != nil {
			return nil, err
		}
	}
	return done, nil
}
