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

// differ compares rows that a state has under some keys with those that a view has under others.
func (t *tableMerge) differ(ctx context.Context, s *state, to storage.View, was, keys []string) (bool, error) {
	bases, err := t.baseRows(ctx, s, was, to)
	if err != nil {
		return false, err
	}
	rows, err := diff.Fetch(ctx, t.tx, to, t.own, ids(t.own), keys)
	if err != nil {
		return false, err
	}
	t.recoded(rows, t.own)
	if err := t.follow(ctx, to, t.source, rows, keys); err != nil {
		return false, err
	}
	if t.unfit {
		return true, nil
	}
	for k, r := range rowsOf(rows, t.fromSource) {
		if b := bases[k]; b.unclear || b.there() != r.there() || b.there() && !t.sameRow(b, r) {
			return true, nil
		}
	}
	return false, nil
}
