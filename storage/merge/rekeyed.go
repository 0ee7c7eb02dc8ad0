package merge

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types"
)

// otherKey reports whether two versions of a table have one primary key, whose values are of other types.
func otherKey(a, b *catalog.Table) bool {
	x, y := a.PrimaryIndex(), b.PrimaryIndex()
	if x == nil || y == nil || len(x.Columns) != len(y.Columns) || sameKey(a, b) {
		return false
	}
	for i, c := range x.Columns {
		if c != y.Columns[i] {
			return false
		}
		p, q := a.ColumnByID(c.Column).TypeOID, b.ColumnByID(c.Column).TypeOID
		if !fits(p, q) && !fits(q, p) {
			return false
		}
	}
	return true
}

// widerKey reports whether b has the primary key of a, with types of which any value of those of a is one as it stands.
func widerKey(a, b *catalog.Table) bool {
	if !otherKey(a, b) {
		return false
	}
	for _, c := range a.PrimaryIndex().Columns {
		if !fits(a.ColumnByID(c.Column).TypeOID, b.ColumnByID(c.Column).TypeOID) {
			return false
		}
	}
	return true
}

// rekeyedBatch is batch where the target has the rows under other keys, made of the same values.
func (t *tableMerge) rekeyedBatch(ctx context.Context, was []string, source *diff.Rows) error {
	t.recoded(source, t.own)
	bases, err := t.baseRows(ctx, t.merger.base, was, t.merger.source)
	if err != nil {
		return err
	}
	pk := t.keyPositions()
	values := make([]types.Datum, len(pk))
	var keys []string
	var at []int
	sources := rowsOf(source, t.fromSource)
	for k, r := range sources {
		if !r.there() {
			r = bases[k]
		}
		if !r.there() { // made and removed in between
			continue
		}
		for i, p := range pk {
			values[i] = t.value(r, p)
		}
		keys, at = append(keys, t.encodeKey(values)), append(at, k)
	}
	target, err := t.readers.target.Fetch(ctx, keys)
	if err != nil {
		return err
	}
	for i, r := range t.targetRows(target) {
		if err := t.row(ctx, keys[i], bases[at[i]], sources[at[i]], r); err != nil {
			return err
		}
	}
	return nil
}

// adoptRekeyed is adopt where the source has given the key a wider type: each row is looked for under the key that it had, first
// those that the source has, then those that only the target has.
func (t *tableMerge) adoptRekeyed(ctx context.Context) error {
	pk, former := t.keyPositions(), &tableMerge{merger: t.merger, into: t.former}
	list, err := diff.CandidatesOf(ctx, t.tx, t.merger.target, t.merger.source, nil, t.own)
	if err != nil {
		return err
	}
	err = eachChunk(ctx, list, func(keys []string) (bool, error) {
		rows, err := diff.Fetch(ctx, t.tx, t.merger.source, t.own, ids(t.own), keys)
		if err != nil {
			return false, err
		}
		was := make([]string, len(keys))
		for k, at := range rows.At {
			was[k] = former.encodeKey(keyValuesAt(rows, at, t.fromSource, pk))
		}
		return false, t.adoptRows(ctx, keys, was, true)
	})
	if err != nil {
		return err
	}
	if list, err = diff.CandidatesOf(ctx, t.tx, t.merger.target, t.merger.source, t.former, nil); err != nil {
		return err
	}
	return eachChunk(ctx, list, func(was []string) (bool, error) {
		rows, err := diff.Fetch(ctx, t.tx, t.merger.target, t.former, ids(t.former), was)
		if err != nil {
			return false, err
		}
		keys := make([]string, len(was))
		for k, at := range rows.At {
			keys[k] = t.encodeKey(keyValuesAt(rows, at, t.formerly(), pk))
		}
		there, err := diff.Fetch(ctx, t.tx, t.merger.source, t.own, ids(t.own), keys)
		if err != nil {
			return false, err
		}
		n := 0
		for k, at := range there.At {
			if at < 0 {
				keys[n], was[n] = keys[k], was[k]
				n++
			}
		}
		return false, t.adoptRows(ctx, keys[:n], was[:n], true)
	})
}

// rekeyedDiffer is rowsDiffer where rows have other keys only because these are of another type: each is looked for under the key
// that it had, and there must be as many.
func (t *tableMerge) rekeyedDiffer(ctx context.Context, s *state, to storage.View, base *catalog.Table) (differ bool, err error) {
	own := t.merger.ids.ownTable(s.view, base.OID)
	was, err := diff.CandidatesOf(ctx, t.tx, s.view, to, own, nil)
	if err != nil {
		return false, err
	}
	n := 0
	if err := eachChunk(ctx, was, func(list []string) (bool, error) { n += len(list); return false, nil }); err != nil {
		return false, err
	}
	now, err := diff.CandidatesOf(ctx, t.tx, s.view, to, nil, t.own)
	if err != nil {
		return false, err
	}
	pk := t.keyPositions()
	old := &tableMerge{merger: t.merger, into: base}
	err = eachChunk(ctx, now, func(list []string) (bool, error) {
		rows, err := diff.Fetch(ctx, t.tx, to, t.own, ids(t.own), list)
		if err != nil {
			return false, err
		}
		keys := make([]string, len(list))
		for i := range list {
			keys[i] = old.encodeKey(keyValuesAt(rows, rows.At[i], t.fromSource, pk))
		}
		n -= len(list)
		differ, err = t.differ(ctx, s, to, keys, list)
		return differ, err
	})
	return differ || n != 0, err
}
