package merge

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
)

// portion is a chunk of keys on its way through the merge: its rows are read while the part before it is merged and written.
type portion struct {
	keys []string
	base []string // of those the rows are read as the base has them; the others are there as on the target
	at   []int    // their places among keys; nil: all of them
}

// movedKeys are the keys of the rows that the target changed since the base, gone through along with those of the source: what
// the target has not changed need not be read twice.
type movedKeys struct {
	in   diff.Keys
	list []string
	end  bool
}

// few are keys whose rows are read as the base has them rather than to go through what the target has changed, however little that is;
// logCost is how many of the target's commits are read as fast as one row.
const (
	few     = 256
	logCost = 8
)

// fewer reports whether keys are so few that it costs less to read the base's rows than all that the target has changed since.
func (t *tableMerge) fewer(keys diff.Keys) bool {
	k, ok := keys.(storage.RowKeys)
	if !ok {
		return false
	}
	return k.Len() <= few || uint64(k.Len())*logCost <= t.merger.target.At()-min(t.merger.base.view.At(), t.merger.target.At())
}

// openMoved finds what the target changed of a table, of which the source changed the given keys. nil: that is not known, not
// comparable, or more than it is worth.
func (t *tableMerge) openMoved(ctx context.Context, of diff.Keys) (*movedKeys, error) {
	b := t.merger.base
	if renumbers, err := t.renumbers(ctx); renumbers || err != nil {
		return nil, err
	}
	if t.fresh || b.view == nil || t.picked() || t.before[t.into.OID] != nil || slices.Contains(t.moved.objects, t.into.OID) {
		return nil, nil
	}
	if own := t.merger.ids.ownTable(b.view, t.into.OID); own == nil || own.OID != t.into.OID || own.Rows != t.into.Rows {
		return nil, nil
	}
	if !slices.Contains(t.moved.tables, t.into.OID) {
		return &movedKeys{in: noKeys{}, end: true}, nil
	}
	if t.fewer(of) {
		return nil, nil
	}
	keys, err := t.candidates(ctx, b, t.merger.target, t.into.OID)
	return &movedKeys{in: keys}, err
}

// among returns those of keys, which ascend from call to call, that are in it, and their places.
func (m *movedKeys) among(ctx context.Context, keys []string) (list []string, at []int, err error) {
	at = []int{}
	for i, k := range keys {
		for {
			if len(m.list) == 0 {
				if m.end {
					return list, at, nil
				}
				if m.list, err = m.in.Next(ctx, chunk); err != nil {
					return nil, nil, err
				}
				m.end = len(m.list) == 0
				continue
			}
			if m.list[0] >= k {
				break
			}
			m.list = m.list[1:]
		}
		if m.list[0] == k {
			list, at = append(list, k), append(at, i)
		}
	}
	return list, at, nil
}

func (m *movedKeys) close() {
	if m != nil {
		_ = m.in.Close()
	}
}

// start has the rows of a chunk read. nil: there are no more.
func (t *tableMerge) start(ctx context.Context, keys diff.Keys) (*portion, error) {
	list, err := keys.Next(ctx, chunk)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	p := &portion{keys: slices.Clone(list)}
	p.base = p.keys
	if t.unmerged != nil {
		if p.base, p.at, err = t.unmerged.among(ctx, p.keys); err != nil {
			return nil, err
		}
	}
	if err := t.readers.source.Ahead(ctx, p.keys); err != nil {
		return nil, err
	}
	if !t.rekeyed {
		if err := t.readers.target.Ahead(ctx, p.keys); err != nil {
			return nil, err
		}
	}
	r := t.readers.base[t.merger.base.view]
	if r == nil || len(p.base) == 0 {
		return p, nil
	}
	if renumbers, err := t.renumbers(ctx); renumbers || err != nil { // it may have them under other keys
		return p, err
	}
	return p, r.Ahead(ctx, p.base)
}

// basesOf reads the rows of a portion as the base has them.
func (t *tableMerge) basesOf(ctx context.Context, p *portion, targets []row) ([]row, error) {
	switch {
	case len(p.base) == 0, t.fresh: // as on the target, which has none of a fresh table
		return targets, nil
	case p.at == nil:
		return t.baseRows(ctx, t.merger.base, p.base, t.merger.source)
	}
	rows, err := t.baseRows(ctx, t.merger.base, p.base, t.merger.source)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(targets)
	for i, at := range p.at {
		out[at] = rows[i]
	}
	return out, nil
}

// renumbers reports whether the target may call rows of the table, or those that they refer to, otherwise than the source or the base does.
func (t *tableMerge) renumbers(ctx context.Context) (bool, error) {
	if may, err := t.mayRename(ctx, t.into.OID); may || err != nil {
		return may, err
	}
	for _, k := range t.into.Constraints {
		if k.Kind != catalog.ForeignKey {
			continue
		}
		if may, err := t.mayRename(ctx, k.RefTable); may || err != nil {
			return may, err
		}
	}
	return false, nil
}
