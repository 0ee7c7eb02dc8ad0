package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
)

// keysIn are the keys by which a state has the rows of a table that a view which has grown from it has under keys; "" where it has none.
func (t *tableMerge) keysIn(ctx context.Context, s, v storage.View, keys []string) ([]string, error) {
	if t.steady || s == v {
		return keys, nil
	}
	in := []storage.View{s, v}
	was, err := t.renamesOf(ctx, v, s, v, in, keys)
	if err != nil {
		return nil, err
	}
	now, err := t.renamesOf(ctx, s, s, v, in, keys)
	if err != nil || len(was)+len(now) == 0 {
		return keys, err
	}
	other, moved := map[string]string{}, map[string]bool{}
	for _, x := range was {
		other[x.now] = x.was
	}
	for _, x := range now {
		moved[x.was] = true
	}
	out := make([]string, len(keys))
	for k, key := range keys {
		if old, ok := other[key]; ok {
			out[k] = old
		} else if !moved[key] {
			out[k] = key
		}
	}
	return out, nil
}

// renaming is a row's key in a state, and in a view that has grown from it.
type renaming struct{ was, now string }

// renamesOf are the rows which one of two views has under keys, and which these call differently.
func (t *tableMerge) renamesOf(ctx context.Context, of, s, v storage.View, in []storage.View, keys []string) (out []renaming, err error) {
	all, err := t.about(ctx, of, in, t.into.OID, keys)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		was, had, err := t.calls(ctx, s, x)
		if err != nil {
			return nil, err
		}
		now, has, err := t.calls(ctx, v, x)
		if err != nil {
			return nil, err
		}
		if had && has && was.key != now.key {
			out = append(out, renaming{was.key, now.key})
		}
	}
	return out, nil
}

// sourceKeys are the keys by which the source has the rows that the target has under keys.
func (t *tableMerge) sourceKeys(keys []string) []string {
	own, out := t.numbersOf(t.merger.source)[t.into.OID], make([]string, len(keys))
	for k, key := range keys {
		if was, ok := t.ownKeys[place{t.into.OID, key}]; ok {
			out[k] = was
		} else if own[key] == nil {
			out[k] = key
		}
	}
	return out
}

// learnOf is learn for keys of a table, whoever has rows under them. What is learned later of others does not name these keys.
func (t *tableMerge) learnOf(ctx context.Context, keys []string) error {
	for _, v := range append(t.views(), t.merger.target) {
		if err := t.learn(ctx, v, t.into.OID, keys); err != nil {
			return err
		}
	}
	return nil
}

// otherNames begins to keep the target's keys that the source, or the base, has for other rows, or has others for.
func (t *tableMerge) otherNames() {
	t.called[t.into.OID] = map[string]bool{}
	for _, n := range t.numbers {
		for _, r := range n[t.into.OID] {
			t.mention(t.into.OID, r)
		}
	}
}

// mention adds a row's keys to those of otherNames.
func (m *merger) mention(table catalog.OID, r *renumbered) {
	if called := m.called[table]; called != nil {
		called[r.oldKey], called[r.key] = called[r.oldKey], called[r.key]
	}
}

// name notes that the row of a key has been merged.
func (t *tableMerge) name(key string) {
	if _, ok := t.called[t.into.OID][key]; ok {
		t.called[t.into.OID][key] = true
	}
}

// unnamed merges the rows of such keys that the source's changes have not named: it may have removed them, and have others under the keys
// that the base has for them.
func (t *tableMerge) unnamed(ctx context.Context) error {
	var list []string
	for key, done := range t.called[t.into.OID] {
		if !done {
			list = append(list, key)
		}
	}
	slices.Sort(list)
	list, keys, err := t.changedNames(ctx, list)
	if err != nil || len(list) == 0 {
		return err
	}
	source, err := fetchAny(ctx, diff.NewReader(t.tx, t.merger.source, t.own, ids(t.own)), keys)
	if err != nil {
		return err
	}
	t.recoded(source, t.own)
	if err := t.follow(ctx, t.merger.source, t.source, source, keys); err != nil {
		return err
	}
	target, err := diff.Fetch(ctx, t.tx, t.merger.target, t.into, ids(t.into), list)
	if err != nil {
		return err
	}
	bases, err := t.baseRows(ctx, t.merger.base, list, t.merger.target)
	if err != nil {
		return err
	}
	defer clear(t.misfits)
	for k, key := range list {
		s := row{rows: source, at: source.At[k], cols: t.fromSource}
		if err := t.row(ctx, key, bases[k], s, t.targetRow(target, target.At[k])); err != nil {
			return err
		}
	}
	return nil
}

// changedNames are those of the target's keys whose rows the source may have changed, though its changes do not name them, with the keys that
// the source has for them: what both the source and the base have under one name, or neither has, is not among them.
func (t *tableMerge) changedNames(ctx context.Context, list []string) (changed, keys []string, err error) {
	if err := t.learnOf(ctx, list); err != nil {
		return nil, nil, err
	}
	own := t.sourceKeys(list)
	differs := make([]bool, len(list))
	for _, v := range t.merger.base.views() {
		was, err := t.keysIn(ctx, v, t.merger.target, list)
		if err != nil {
			return nil, nil, err
		}
		for k := range list {
			differs[k] = differs[k] || was[k] != own[k]
		}
	}
	for k, key := range list {
		if differs[k] {
			changed, keys = append(changed, key), append(keys, own[k])
		}
	}
	return changed, keys, nil
}
