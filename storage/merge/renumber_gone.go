package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// A number is taken for good by the row that got it first: that a row is gone on both sides of a merge does not say so of a third branch,
// which may bring it, or what refers to it, later. So a number counts as taken that was ever written in the past of the target's which is
// not the source's, and gone rows of the source whose numbers the target has taken are renumbered as others are.

// renumberable are the keys of rows that may need others: all that the source has, or had, since it and the target were one, be it from
// other branches. Where a part of its history is brought it is what that has: the target does not count as having the rest.
func (t *tableMerge) renumberable(ctx context.Context) (diff.Keys, error) {
	if t.partial() {
		return t.candidates(ctx, t.merger.base, t.merger.source, t.into.OID)
	}
	written, err := t.tx.WrittenRows(ctx, t.met(), t.merger.source, t.merger.ids.all(t.into.OID))
	if err != nil {
		return nil, err
	}
	var known []string // rows that were gone before they came
	for _, e := range t.carried {
		if e.table == t.into.OID {
			known = append(known, e.is.key)
		}
	}
	slices.Sort(known)
	return &bothKeys{a: keyHead{in: written}, b: keyHead{in: &keyList{slices.Compact(known)}}}, nil
}

// keyList yields keys that are at hand.
type keyList struct{ list []string }

func (l *keyList) Next(_ context.Context, n int) ([]string, error) {
	out := l.list[:min(n, len(l.list))]
	l.list = l.list[len(out):]
	return out, nil
}

func (l *keyList) Len() int     { return len(l.list) }
func (l *keyList) Close() error { return nil }

// ghosts are rows of the source as far as their keys tell of them, for those that it does not have. The others are left out.
func (t *tableMerge) ghosts(list []string, source *diff.Rows) *diff.Rows {
	out := &diff.Rows{At: make([]int, len(list))}
	for _, c := range t.source.Live() {
		v := &vector.Vector{}
		v.Reset(c.Type)
		out.Cols = append(out.Cols, v)
	}
	at := keyColumns(t.into, t.source)
	for k, key := range list {
		out.At[k] = -1
		if source.At[k] >= 0 || t.partial() {
			continue
		}
		values, ok := t.decodeKey(key)
		if !ok {
			continue
		}
		out.At[k] = out.N
		out.N++
		for i, v := range out.Cols {
			if p := slices.Index(at, i); p >= 0 {
				v.Append(values[p])
			} else {
				v.AppendNull()
			}
		}
	}
	return out
}

// decodeKey is the reverse of encodeKey, where there is one.
func (t *tableMerge) decodeKey(key string) ([]types.Datum, bool) {
	var out []types.Datum
	rest := []byte(key)
	for _, k := range t.into.PrimaryIndex().Columns {
		c := keys.NewColumn(t.into.ColumnByID(k.Column).Type, k.Desc, k.NullsFirst, false)
		if !c.Decodable() {
			return nil, false
		}
		d, left, _, ok := c.Decode(rest, nil)
		if !ok {
			return nil, false
		}
		out, rest = append(out, d), left
	}
	return out, len(rest) == 0
}

// claim notes that the target knows a row by a name of which the source knows nothing, be the row there or not.
func (m *merger) claim(e *entry, now rowName) { m.claimed[place{e.table, now.key}] = true }

// taken reports whether a number of the source's is another row's on the target; used says that it was written there.
func (t *tableMerge) taken(key string, s, target row, used bool) bool {
	at := place{t.into.OID, key}
	if _, other := t.ownKeys[at]; other {
		return true
	}
	if s.there() && target.there() {
		return !t.agree(s, target)
	}
	return target.there() || used || t.claimed[at]
}
