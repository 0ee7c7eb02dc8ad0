package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// chunk is how many rows are merged at a time.
const chunk = 1024

// mostGroups is how many chunks are kept where all must be written together; beyond it the rows are read twice.
const mostGroups = 32

// tableMerge is the merge of one table's rows.
type tableMerge struct {
	*merger
	base, source *catalog.Table // nil: not there; called as on the target
	own          *catalog.Table // the source's as it stands
	into         *catalog.Table // the target's table, as merged
	former       *catalog.Table // the target's table before the merge, nil: it had none
	fresh        bool           // that is so
	adopted      bool           // the target takes the source's rows in place of its own, which lie elsewhere
	filled       bool           // it has indexes that are yet to be filled
	loose        bool           // rows are only compared: values of a wider type count as those of a narrower one
	gather       bool           // removals of all rows are written before anything else
	policies     bool           // a column has a merge policy
	recode       recoder        // of values whose type is another on other sides
	unfit        bool           // a value could not be recoded
	misfits      map[rowPlace][]misfit
	misfitted    bool       // that is known to be a conflict
	rekeyed      bool       // the target has given the key a wider type
	unmerged     *movedKeys // what the target changed; nil: anything

	columns                []*catalog.Column // all that are given to storage, hidden ones too
	ids                    []catalog.ColumnID
	stored                 []*catalog.Column
	missing                []types.Datum // what rows without a stored column have in it
	gained                 []bool        // stored columns that the target gets by this merge
	gaining                bool          // there are some
	fromSource, fromTarget []int         // for each stored column, its position in what was fetched, -1: not there
	holds                  []int         // fromTarget with columns that the target had dropped; nil: there are none
	held                   bool          // a row was to become what it is in the store
	cellBuf                []types.Datum

	*group           // being filled
	groups  []*group // not written yet
	readers readers
	changed bool
}

// table merges the rows of one table that the source changed.
func (m *merger) table(ctx context.Context, id catalog.OID) error {
	t := &tableMerge{merger: m}
	t.base = m.base.table(id)
	t.source, t.own = m.ids.table(m.source, id), m.ids.ownTable(m.source, id)
	t.into, _ = m.target.Catalog().Object(id).(*catalog.Table)
	if t.source == nil || t.into == nil {
		return nil // dropped on one side: there are no rows to merge
	}
	t.prepare()
	if t.incompatible() {
		return t.rewritten(ctx)
	}
	if what := t.recodes(); what != "" {
		m.schemaConflict(t.into, what)
		return nil
	}
	if err := t.clear(ctx); err != nil {
		return err
	}
	rows := t.rows
	if t.adopted {
		rows = t.adopt
	}
	if err := rows(ctx); err != nil {
		return err
	}
	if t.changed {
		m.res.Tables = append(m.res.Tables, id)
	}
	return nil
}

// rows merges the rows in groups. Where rows may pass unique values around, everything that holds one is removed before
// anything takes one: with all groups at hand, or, where they are many, by going over the rows twice.
func (t *tableMerge) rows(ctx context.Context) error {
	twice := false
	err := t.each(ctx, func(g *group) error {
		t.groups = append(t.groups, g)
		switch {
		case twice || t.gather && len(t.groups) > mostGroups:
			twice = true
			return t.write(ctx, t.removals)
		case t.gather:
			return nil
		}
		return t.write(ctx, t.steps()...)
	})
	if err != nil || !twice {
		if err == nil {
			err = t.write(ctx, t.steps()...)
		}
		return err
	}
	t.again = true
	defer func() { t.again = false }()
	return t.each(ctx, func(g *group) error {
		t.groups = append(t.groups, g)
		return t.write(ctx, t.steps()[1:]...)
	})
}

// each merges the rows that the source changed, and passes what becomes of each chunk on.
func (t *tableMerge) each(ctx context.Context, f func(*group) error) error {
	keys, err := t.touched(ctx)
	if err != nil {
		return err
	}
	defer keys.Close()
	if t.unmerged, err = t.openMoved(ctx, keys); err != nil {
		return err
	}
	defer t.unmerged.close()
	t.openReaders()
	defer t.readers.close()
	t.otherNames()
	next, err := t.start(ctx, keys)
	for next != nil && err == nil {
		p := next
		if next, err = t.start(ctx, keys); err != nil {
			return err
		}
		t.group = t.newGroup()
		if err := t.batch(ctx, p); err != nil {
			return err
		}
		if t.group.len() == 0 || t.blocked() {
			continue
		}
		if err := f(t.group); err != nil {
			return err
		}
	}
	if err != nil || len(t.called[t.into.OID]) == 0 {
		return err
	}
	t.group = t.newGroup()
	if err := t.unnamed(ctx); err != nil || t.group.len() == 0 || t.blocked() {
		return err
	}
	return f(t.group)
}

// openReaders prepares to read the rows of all sides.
func (t *tableMerge) openReaders() {
	target := t.into
	if t.fresh {
		target = nil
	}
	t.readers = readers{
		source: diff.NewReader(t.tx, t.merger.source, t.own, ids(t.own)),
		target: diff.NewReader(t.tx, t.merger.target, target, ids(target)),
		base:   map[storage.View]*diff.Reader{},
	}
	for _, v := range t.merger.base.leaves() {
		t.addReader(v)
	}
}

// readers read the rows of the sides.
type readers struct {
	source, target *diff.Reader
	base           map[storage.View]*diff.Reader
}

func (r *readers) close() {
	for _, x := range []*diff.Reader{r.source, r.target} {
		if x != nil {
			_ = x.Close()
		}
	}
	for _, x := range r.base {
		_ = x.Close()
	}
}

func (t *tableMerge) addReader(v storage.View) {
	tab := t.merger.ids.ownTable(v, t.into.OID)
	t.readers.base[v] = diff.NewReader(t.tx, v, tab, ids(tab))
}

// prepare finds where the merged table's columns stand on each side.
func (t *tableMerge) prepare() {
	was := t.before[t.into.OID]
	for i := range t.into.Columns {
		c := &t.into.Columns[i]
		if c.Dropped {
			continue
		}
		t.columns, t.ids = append(t.columns, c), append(t.ids, c.ID)
		if c.Hidden == "" {
			t.stored = append(t.stored, c)
			t.missing = append(t.missing, diff.Missing(c))
			t.gained = append(t.gained, was != nil && !slices.ContainsFunc(was.Live(), func(x *catalog.Column) bool { return x.ID == c.ID }))
			t.gaining = t.gaining || t.gained[len(t.gained)-1]
			t.policies = t.policies || c.Merge != ""
		}
	}
	t.fromSource, t.fromTarget = t.positions(t.source), t.positions(t.into)
	t.comeBack(was)
	t.cellBuf = make([]types.Datum, len(t.stored))
	t.replaced()
	t.filled = slices.ContainsFunc(t.indexes, func(n newIndex) bool { return n.table == t.into.OID })
	for _, ix := range t.into.Indexes {
		t.gather = t.gather || ix.Unique && !ix.Primary
	}
}

// comeBack finds columns that the target had dropped: what its rows still hold in them is nothing that it has.
func (t *tableMerge) comeBack(was *catalog.Table) {
	if was == nil || was.Rows != t.into.Rows {
		return
	}
	for i, c := range t.stored {
		if x := was.ColumnByID(c.ID); x == nil || !x.Dropped {
			continue
		}
		if t.holds == nil {
			t.holds, t.fromTarget = t.fromTarget, slices.Clone(t.fromTarget)
		}
		t.fromTarget[i] = -1
	}
}

func (t *tableMerge) positions(x *catalog.Table) []int {
	out := make([]int, len(t.stored))
	for i, c := range t.stored {
		out[i] = -1
		if x == nil {
			continue
		}
		out[i] = slices.IndexFunc(x.Live(), func(y *catalog.Column) bool {
			return y.ID == c.ID && (fits(y.TypeOID, c.TypeOID) || t.loose && fits(c.TypeOID, y.TypeOID) || t.conversion(y.Type, c.Type) != nil)
		})
	}
	return out
}

// fits reports whether values of one type are as they stand values of another.
func fits(from, to catalog.OID) bool {
	rank := func(o catalog.OID) int {
		return slices.Index([]catalog.OID{types.OIDInt2, types.OIDInt4, types.OIDInt8}, o)
	}
	return from == to || rank(from) >= 0 && rank(from) < rank(to) || from == types.OIDVarchar && to == types.OIDText
}

func ids(x *catalog.Table) []catalog.ColumnID {
	if x == nil {
		return nil
	}
	var out []catalog.ColumnID
	for _, c := range x.Live() {
		out = append(out, c.ID)
	}
	return out
}

// batch merges the rows of a portion.
func (t *tableMerge) batch(ctx context.Context, p *portion) error {
	keys := p.keys
	if err := t.learnOf(ctx, keys); err != nil {
		return err
	}
	source, err := t.readers.source.Fetch(ctx, keys)
	if err != nil {
		return err
	}
	if t.rekeyed {
		return t.rekeyedBatch(ctx, keys, source)
	}
	target, err := t.readers.target.Fetch(ctx, keys)
	if err != nil {
		return err
	}
	t.recoded(source, t.own)
	if err := t.follow(ctx, t.merger.source, t.source, source, keys); err != nil {
		return err
	}
	targets := t.targetRows(target)
	bases, err := t.basesOf(ctx, p, targets)
	if err != nil {
		return err
	}
	defer clear(t.misfits)
	done, err := t.renumberedBatch(ctx, keys, bases, source)
	if err != nil {
		return err
	}
	for k, key := range keys {
		s := row{rows: source, at: source.At[k], cols: t.fromSource}
		if done[k] {
			continue
		}
		t.name(key)
		if err := t.row(ctx, key, bases[k], s, targets[k]); err != nil {
			return err
		}
	}
	return nil
}
