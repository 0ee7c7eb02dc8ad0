package mvcc

import (
	"context"
	"maps"
)

// reach is a layer's part of a keyspace, and the SCN up to which it shows.
type reach struct {
	*space
	bound uint64
}

// beneath returns where a reader of l looks for what l itself does not have of a keyspace, topmost first. Ancestors that had
// nothing there when l forked from them have nothing for l ever after, so that only those that had are in it: a chain of
// forks costs what was changed along it, not what it is long. Where that is much, the list is short because a flat copy
// stands for most of it.
func (l *layer) beneath(ks uint64) []reach {
	if l.parent == nil {
		return nil
	}
	if m := l.below.Load(); m != nil {
		if list, ok := (*m)[ks]; ok {
			return list
		}
	}
	var list []reach
	at := l.fork
	for p := l.parent; p != nil; p = p.parent {
		if flat := p.flatFor(ks); flat != nil && at >= p.fork {
			if sp := p.space(ks); sp != nil {
				list = append(list, reach{sp, at})
			}
			list = append(list, flat...)
			break
		}
		if sp := p.space(ks); sp != nil {
			list = append(list, reach{sp, at})
		}
		at = min(at, p.fork)
	}
	return l.setBeneath(ks, list, false)
}

// setBeneath keeps a list, unless there is one and it is not to be replaced, and returns the one that is kept.
func (l *layer) setBeneath(ks uint64, list []reach, replace bool) []reach {
	l.mu.Lock()
	defer l.mu.Unlock()
	var m map[uint64][]reach
	if old := l.below.Load(); old != nil {
		if known, ok := (*old)[ks]; ok && !replace {
			return known
		}
		m = maps.Clone(*old)
	} else {
		m = map[uint64][]reach{}
	}
	m[ks] = list
	l.below.Store(&m)
	if len(list) > flatDepth && l.want != nil && !replace {
		l.want(l, ks)
	}
	return list
}

// flatFor returns the list beneath l if a flat copy is in it.
func (l *layer) flatFor(ks uint64) []reach {
	f := l.flat.Load()
	if f == nil || f.space(ks) == nil {
		return nil
	}
	m := l.below.Load()
	if m == nil {
		return nil
	}
	if list := (*m)[ks]; len(list) > 0 && list[0].Layer == f.id {
		return list
	}
	return nil
}

// within returns all the parts of a keyspace that a reader looks through, given a layer and its bound.
func within(dst []reach, top link, ks uint64) []reach {
	if sp := top.space(ks); sp != nil {
		dst = append(dst, reach{sp, top.bound})
	}
	if top.parent == nil {
		return dst
	}
	if top.bound >= top.fork {
		return append(dst, top.beneath(ks)...)
	}
	for _, k := range top.parent.chain(top.bound) {
		if sp := k.space(ks); sp != nil {
			dst = append(dst, reach{sp, k.bound})
		}
	}
	return dst
}

// getBeneath looks a key up in what a layer shows of its ancestors.
func (r *reader) getBeneath(ctx context.Context, l *layer, ks uint64, key []byte) (out row, ok bool, err error) {
	return r.getIn(ctx, l.beneath(ks), key)
}

func (r *reader) getIn(ctx context.Context, list []reach, key []byte) (out row, ok bool, err error) {
	for i := range list {
		v, ok, stop, err := r.layerGet(ctx, list[i].space, key, list[i].bound)
		if err != nil {
			return out, false, err
		}
		if ok {
			return row{key: key, payload: v.payload, ver: r.scn(&v), deleted: v.deleted(), root: v.flags&root != 0}, true, nil
		}
		if stop {
			break
		}
	}
	return out, false, nil
}
