package merge

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
)

// eachChunk calls f with keys, a chunk at a time, until it has enough.
func eachChunk(ctx context.Context, in diff.Keys, f func(keys []string) (enough bool, err error)) error {
	defer in.Close()
	for {
		list, err := in.Next(ctx, chunk)
		if err != nil || len(list) == 0 {
			return err
		}
		if enough, err := f(list); enough || err != nil {
			return err
		}
	}
}

// rowsDiffer reports whether the rows that a state has of a table are others in a view, in the columns of as. That they were
// written since does not say so: what came by a merge was.
func (m *merger) rowsDiffer(ctx context.Context, s *state, to storage.View, as *catalog.Table) (differ bool, err error) {
	t := &tableMerge{merger: m, source: m.ids.table(to, as.OID), own: m.ids.ownTable(to, as.OID), into: as, loose: true}
	t.prepare()
	if t.recodes() != "" {
		return true, nil
	}
	t.readers.base = map[storage.View]*diff.Reader{}
	defer t.readers.close()
	if base := s.table(as.OID); s.view != nil && base != nil && t.source != nil && otherKey(base, t.source) {
		return t.rekeyedDiffer(ctx, s, to, base)
	}
	keys, err := m.candidates(ctx, s, to, as.OID)
	if err != nil {
		return false, err
	}
	err = eachChunk(ctx, keys, func(list []string) (bool, error) {
		differ, err = t.differ(ctx, s, to, list, list)
		return differ, err
	})
	return differ, err
}

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

// differ compares rows that a state has under some keys with those that a view has under others.
func (t *tableMerge) differ(ctx context.Context, s *state, to storage.View, was, keys []string) (bool, error) {
	bases, err := t.baseRows(ctx, s, was)
	if err != nil {
		return false, err
	}
	rows, err := diff.Fetch(ctx, t.tx, to, t.own, ids(t.own), keys)
	if err != nil {
		return false, err
	}
	t.recoded(rows, t.own)
	t.follow(t.numbersOf(to), t.source, rows, keys)
	if t.strange {
		return true, nil
	}
	for k, r := range rowsOf(rows, t.fromSource) {
		if b := bases[k]; b.unclear || b.there() != r.there() || b.there() && !t.sameRow(b, r) {
			return true, nil
		}
	}
	return false, nil
}
