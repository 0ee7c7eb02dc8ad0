// Package merge is the three-way merge of branches: objects of the schema first, then rows, cell by cell.
//
// Base is what both sides last had in common. For each object and each row that the source changed since then:
//
//	base → source      base → target                 result
//	unchanged          anything                      target
//	changed cells      unchanged, or other cells     both sides' cells
//	same cell, same value                            that value
//	same cell, different values                      conflict update_update
//	deleted            changed                       conflict delete_update, and the reverse update_delete
//	inserted           inserted with another row     conflict insert_insert
//
// It writes into a transaction that the caller commits, or rolls back where there are conflicts that no strategy decides.
// It evaluates no expressions: hidden and generated columns and CHECK constraints are the caller's (MergeRequest.Complete).
// Invariant: the target's past is never touched; merged rows are written at the merge's own SCN. mvcc's Branches calls it.
package merge

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// Differ implements storage.Differ.
type Differ struct{}

var _ storage.Differ = Differ{}

func history(tx storage.Txn) (diff.History, error) {
	h, ok := tx.(diff.History)
	if !ok {
		return nil, pgerr.Internal("transaction %T has no history", tx)
	}
	return h, nil
}

// Diff implements storage.Differ.
func (Differ) Diff(ctx context.Context, tx storage.Txn, from, to storage.View, table catalog.OID) (storage.DiffScanner, error) {
	h, err := history(tx)
	if err != nil {
		return nil, err
	}
	return diff.Open(ctx, h, from, to, table)
}

// DiffPair implements storage.Differ.
func (Differ) DiffPair(ctx context.Context, tx storage.Txn, from, to storage.View, a, b *catalog.Table) (storage.DiffScanner, error) {
	h, err := history(tx)
	if err != nil {
		return nil, err
	}
	return diff.OpenPair(ctx, h, from, to, a, b)
}

// Changed implements storage.Differ: of the tables that history names, those in which a row really differs.
func (d Differ) Changed(ctx context.Context, tx storage.Txn, from, to storage.View) ([]catalog.OID, error) {
	h, err := history(tx)
	if err != nil {
		return nil, err
	}
	list, err := changedTables(ctx, h, from, to)
	if err != nil {
		return nil, err
	}
	var out []catalog.OID
	for _, id := range list {
		if id < firstUser {
			continue
		}
		differs, err := d.differs(ctx, h, from, to, id)
		if err != nil {
			return nil, err
		}
		if differs {
			out = append(out, id)
		}
	}
	return out, nil
}

// changedTables lists the tables whose rows may differ between two views: those that history names, and those whose rows lie
// elsewhere, none of which need have been written.
func changedTables(ctx context.Context, h diff.History, from, to storage.View) ([]catalog.OID, error) {
	list, err := h.ChangedTables(ctx, from, to)
	if err != nil {
		return nil, err
	}
	objects, err := h.ChangedObjects(ctx, from, to)
	if err != nil {
		return nil, err
	}
	for _, id := range objects {
		if replaced(from.Catalog(), to.Catalog(), id) {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// replaced reports whether a table's rows are not, or no longer, where they were: it was made, dropped, emptied or rewritten.
func replaced(from, to *catalog.Snapshot, id catalog.OID) bool {
	a, ok1 := from.Object(id).(*catalog.Table)
	b, ok2 := to.Object(id).(*catalog.Table)
	return ok1 != ok2 || ok1 && a.Rows != b.Rows
}

func (Differ) differs(ctx context.Context, h diff.History, from, to storage.View, table catalog.OID) (bool, error) {
	if from.Catalog().Object(table) == nil && to.Catalog().Object(table) == nil {
		return false, nil // made and dropped in between
	}
	sc, err := diff.Open(ctx, h, from, to, table)
	if err != nil {
		return false, err
	}
	defer sc.Close()
	b, err := sc.Next(ctx)
	return b != nil, err
}

// Base implements storage.Differ.
func (Differ) Base(ctx context.Context, tx storage.Txn, source, target string) (storage.View, error) {
	h, err := history(tx)
	if err != nil {
		return nil, err
	}
	s, err := tx.View(ctx, catalog.Ref{Branch: source})
	if err != nil {
		return nil, err
	}
	t, err := tx.View(ctx, catalog.Ref{Branch: target})
	if err != nil {
		return nil, err
	}
	list, err := h.Bases(ctx, []storage.View{s}, []storage.View{t})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Merge implements storage.Differ.
func (Differ) Merge(ctx context.Context, tx storage.Txn, r storage.MergeRequest) (storage.MergeResult, error) {
	m := &merger{req: r, before: map[catalog.OID]*catalog.Table{}, done: map[catalog.OID]map[string]struct{}{}, called: map[catalog.OID]map[string]bool{}, left: map[catalog.OID]bool{},
		ledgered: map[catalog.OID]bool{}, ledgers: map[ledgerID]*ledger{}, meetings: map[pastOf]*meeting{}, ways: map[way]*rowName{}, states: map[origin]storage.View{}, there: map[storage.View]map[place]bool{}}
	var err error
	if m.tx, err = history(tx); err != nil {
		return m.res, err
	}
	if err := m.open(ctx); err != nil {
		return m.res, err
	}
	return m.res, m.run(ctx)
}

// merger is one merge.
type merger struct {
	tx             diff.History
	req            storage.MergeRequest
	base           *state
	source, target storage.View
	ids            *identities
	was            *catalog.Snapshot                       // the target's catalog before the merge
	moved          struct{ tables, objects []catalog.OID } // that the target changed since the base, ascending
	movedNames     bool                                    // the target has renumbered rows since the base; a log that was trimmed does not tell
	objects        []catalog.OID                           // that the source changed
	numbers        map[storage.View]numbering
	ownKeys        map[place]string // the other way: what the source calls rows of the target
	claimed        map[place]bool   // names that the target has for rows of which the source knows nothing
	carried        []*entry         // what the source knows of renumbered rows, and the target does not
	steady         bool             // no row has got another key on either side since the base
	learned        map[learnedID]bool
	learnedAll     map[catalog.OID]bool            // tables of which all is learned
	ledgered       map[catalog.OID]bool            // whether there are entries about tables
	called         map[catalog.OID]map[string]bool // rows whose keys on the target mean others elsewhere: whether they have been merged
	ledgers        map[ledgerID]*ledger
	pending        map[catalog.OID]map[string]struct{} // keys of entries that will be asked about
	meetings       map[pastOf]*meeting
	ways           map[way]*rowName
	states         map[origin]storage.View
	there          map[storage.View]map[place]bool // whether states have rows that entries are about
	names          map[string]catalog.Object       // objects of the target by name, once asked for
	left           map[catalog.OID]bool            // objects of the source that the target's namesakes are kept instead of
	res            storage.MergeResult
	before         map[catalog.OID]*catalog.Table // tables of the target that got new descriptors, as they were
	again          bool                           // rows are merged a second time
	conversions    map[[2]types.Type]func(types.Datum) (types.Datum, error)
	indexes        []newIndex
	done           map[catalog.OID]map[string]struct{} // rows written, of tables with new indexes
}

func (m *merger) open(ctx context.Context) (err error) {
	if m.target, err = m.tx.View(ctx, catalog.Ref{Branch: m.req.Target}); err != nil {
		return err
	}
	if m.target.ReadOnly() {
		return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot merge into a point in the past")
	}
	if err := m.openSource(ctx); err != nil {
		return err
	}
	for _, v := range m.base.leaves() {
		m.res.Base = max(m.res.Base, v.At())
	}
	m.res.SourceHead = m.source.At()
	m.ids = identitiesOf(m.target, append([]storage.View{m.source}, m.base.views()...)...)
	m.base.use(m.ids)
	m.was = m.target.Catalog()
	return m.fastForward(ctx)
}

// openSource finds what is brought, and since when.
func (m *merger) openSource(ctx context.Context) (err error) {
	if m.source = m.req.To; m.picked() {
		if m.base = (&state{view: m.req.From}); m.req.Onto != nil {
			m.base, err = commonState(ctx, m.tx, []storage.View{m.source}, []storage.View{m.req.Onto})
		}
		return err
	}
	if m.source, err = m.tx.View(ctx, catalog.Ref{Branch: m.req.Source, Point: m.req.SourcePoint}); err != nil {
		return err
	}
	if m.source.Branch().ID == m.target.Branch().ID {
		return pgerr.New(pgerrcode.InvalidParameterValue, "cannot merge branch \"%s\" into itself", m.target.Branch().Name)
	}
	m.base, err = commonState(ctx, m.tx, []storage.View{m.source}, []storage.View{m.target})
	return err
}

// picked reports whether the merge brings a part of the source's history, after which the target does not count as one that has it.
func (m *merger) picked() bool { return m.req.To != nil }

// met is the state to which the source comes: a branch that is rebased counts as one that has all of its own past from the beginning.
func (m *merger) met() storage.View {
	if m.req.Onto != nil {
		return m.req.Onto
	}
	return m.target
}

// partial reports whether the target does not have the source's history afterwards, by whatever name.
func (m *merger) partial() bool { return m.picked() && m.req.Onto == nil }

// fastForward finds whether the target has changed anything since the base.
func (m *merger) fastForward(ctx context.Context) error {
	tables, err := m.changedTables(ctx, m.target)
	if err != nil {
		return err
	}
	objects, err := m.base.changed(func(from storage.View) ([]catalog.OID, error) { return m.tx.ChangedObjects(ctx, from, m.target) })
	m.moved.tables, m.moved.objects = tables, objects
	m.res.FastForward = len(tables)+len(objects) == 0
	if err == nil && m.req.FastForward == storage.FastForwardOnly && !m.res.FastForward {
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "cannot fast-forward branch \"%s\"", m.target.Branch().Name).
			WithDetail("It has changes of its own since the merge base at SCN %d.", m.res.Base)
	}
	return err
}

// run merges the schema, then the rows of every table that the source changed. Foreign keys are verified by the caller
// over the whole.
func (m *merger) run(ctx context.Context) error {
	if m.req.Record == storage.RecordOnly {
		return m.record(ctx)
	}
	if err := m.schema(ctx); err != nil {
		return err
	}
	if m.blocked() {
		return nil
	}
	if err := m.clearIndexes(ctx); err != nil {
		return err
	}
	tables, err := m.rowTables(ctx)
	if err != nil {
		return err
	}
	if err := m.renumber(ctx, tables); err != nil {
		return err
	}
	for _, id := range tables {
		if err := m.table(ctx, id); err != nil {
			return err
		}
	}
	if m.blocked() {
		return nil
	}
	m.sequences()
	if err := m.recordNumbers(ctx); err != nil {
		return err
	}
	if err := m.backfill(ctx); err != nil {
		return err
	}
	if err := m.recheck(ctx); err != nil {
		return err
	}
	if m.req.Record == storage.RecordNever {
		return nil
	}
	return m.record(ctx)
}

// record keeps that the target has in it what the source had.
func (m *merger) record(ctx context.Context) error {
	if m.picked() {
		return nil
	}
	news, err := m.tx.Unmerged(ctx, m.source, m.target)
	if err != nil || !news {
		return err
	}
	return m.tx.RecordMerge(m.source, m.target)
}

// rowTables lists the tables whose rows are merged: those in which the source changed some, and those all of whose rows count,
// be they changed or not.
func (m *merger) rowTables(ctx context.Context) ([]catalog.OID, error) {
	tables, err := m.sourceTables(ctx)
	if err != nil {
		return nil, err
	}
	add := func(id catalog.OID) {
		if !slices.Contains(tables, id) {
			tables = append(tables, id)
		}
	}
	for _, id := range m.res.Objects {
		now, ok := m.target.Catalog().Object(id).(*catalog.Table)
		if was, had := m.was.Object(id).(*catalog.Table); ok && (!had || now.Rows != was.Rows) {
			add(id)
		}
	}
	for _, id := range slices.Concat(m.objects, m.res.Objects) {
		if m.revives(id) {
			add(id)
		}
	}
	return tables, nil
}

// sourceTables lists the tables whose rows the source changed, as the target calls them.
func (m *merger) sourceTables(ctx context.Context) ([]catalog.OID, error) {
	list, err := m.changedTables(ctx, m.source)
	if err != nil || m.ids.none() {
		return m.wanted(list), err
	}
	for _, id := range m.ids.objects() { // two tables that are one have no history in common
		s := m.ids.ownTable(m.source, id)
		for _, v := range m.base.leaves() {
			if b := m.ids.ownTable(v, id); s != nil && b != nil && s.OID != b.OID {
				list = append(list, id)
			}
		}
	}
	return m.wanted(m.ids.canonical(list)), nil
}

// sequences tells the caller of sequences that both sides have made and that are one.
func (m *merger) sequences() {
	for _, id := range m.ids.objects() {
		s, ok1 := m.ids.own(m.source, id).(*catalog.Sequence)
		t, ok2 := m.target.Catalog().Object(id).(*catalog.Sequence)
		if ok1 && ok2 && s.OID != t.OID {
			m.res.Sequences = append(m.res.Sequences, storage.SequencePair{Source: s, Target: t})
		}
	}
}

// changedTables lists the tables whose rows differ between base and a view; what the server keeps for itself does not count.
func (m *merger) changedTables(ctx context.Context, to storage.View) ([]catalog.OID, error) {
	list, err := m.base.changed(func(from storage.View) ([]catalog.OID, error) { return changedTables(ctx, m.tx, from, to) })
	m.movedNames = m.movedNames || to == m.target && slices.Contains(list, renumberedTable.Descriptor().OID)
	return slices.DeleteFunc(list, func(id catalog.OID) bool { return id < firstUser }), err
}

// sourceObjects lists the objects that the source changed, as the target calls them.
func (m *merger) sourceObjects(ctx context.Context) ([]catalog.OID, error) {
	list, err := m.base.changed(func(from storage.View) ([]catalog.OID, error) { return m.tx.ChangedObjects(ctx, from, m.source) })
	return m.wanted(m.ids.canonical(list)), err
}

// wanted are those of the objects that the merge is asked for.
func (m *merger) wanted(list []catalog.OID) []catalog.OID {
	if m.req.Only == nil {
		return list
	}
	return slices.DeleteFunc(list, func(id catalog.OID) bool {
		o := m.ids.own(m.source, id)
		if o == nil {
			o = m.base.object(id)
		}
		return o == nil || !m.req.Only(o)
	})
}
