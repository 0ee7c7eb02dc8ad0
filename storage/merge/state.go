package merge

import (
	"context"
	"slices"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/diff"
	"github.com/rowandb/rowan/types/vector"
)

// state is what both sides of a merge have grown from: a view, or, where several are equally near (branches that were
// merged into each other crosswise), the merge of those. What these merged differently is unclear, and conflicts with all
// that is not the same on both sides.
type state struct {
	view              storage.View // nil: the merge of left and right
	base, left, right *state
	ids               *identities // what its objects are called on the target
}

// use tells a state how to call objects.
func (s *state) use(ids *identities) {
	s.ids = ids
	if s.view == nil {
		s.base.use(ids)
		s.left.use(ids)
		s.right.use(ids)
	}
}

// views are all that a state is made of, and what those have in common.
func (s *state) views() []storage.View {
	if s.view != nil {
		return []storage.View{s.view}
	}
	return append(append(s.left.views(), s.right.views()...), s.base.views()...)
}

// commonState finds what views have in common.
func commonState(ctx context.Context, h diff.History, a, b []storage.View) (*state, error) {
	list, err := h.Bases(ctx, a, b)
	if err != nil {
		return nil, err
	}
	s := &state{view: list[0]}
	for i, v := range list[1:] {
		inner, err := commonState(ctx, h, list[:i+1], list[i+1:i+2])
		if err != nil {
			return nil, err
		}
		s = &state{base: inner, left: s, right: &state{view: v}}
	}
	return s, nil
}

// leaves are the views that a state is made of.
func (s *state) leaves() []storage.View {
	if s.view != nil {
		return []storage.View{s.view}
	}
	return append(s.left.leaves(), s.right.leaves()...)
}

// object is an object of the catalog as it was, called as on the target.
func (s *state) object(id catalog.OID) catalog.Object {
	if s.view != nil {
		return s.ids.object(s.view, id)
	}
	b, l, r := s.base.object(id), s.left.object(id), s.right.object(id)
	switch {
	case same(l, r), same(b, r):
		return l
	case same(b, l):
		return r
	case isNil(l):
		return r
	case isNil(r):
		return l
	}
	return mergeObject(b, l, r, &picker{})
}

func (s *state) table(id catalog.OID) *catalog.Table {
	t, _ := s.object(id).(*catalog.Table)
	return t
}

// changed joins what history tells of the way from each of a state's views to another.
func (s *state) changed(f func(from storage.View) ([]catalog.OID, error)) ([]catalog.OID, error) {
	var out []catalog.OID
	for _, v := range s.leaves() {
		list, err := f(v)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// candidates finds the keys of rows that may differ between a state and a view.
func (m *merger) candidates(ctx context.Context, s *state, to storage.View, id catalog.OID) (diff.Keys, error) {
	var out diff.Keys
	for _, v := range s.leaves() {
		a, b := m.ids.ownTable(v, id), m.ids.ownTable(to, id)
		if a == nil && b == nil {
			continue
		}
		k, err := diff.CandidatesOf(ctx, m.tx, v, to, a, b)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = k
		} else {
			out = &bothKeys{a: keyHead{in: out}, b: keyHead{in: k}}
		}
	}
	if out == nil {
		return noKeys{}, nil
	}
	return out, nil
}

type noKeys struct{}

func (noKeys) Next(context.Context, int) ([]string, error) { return nil, nil }
func (noKeys) Close() error                                { return nil }
func (noKeys) Len() int                                    { return 0 }

// bothKeys yields the keys of two lists, each once.
type bothKeys struct {
	a, b keyHead
	buf  []string
}

type keyHead struct {
	in   diff.Keys
	list []string
	end  bool
}

func (h *keyHead) fill(ctx context.Context, n int) error {
	if len(h.list) > 0 || h.end {
		return nil
	}
	list, err := h.in.Next(ctx, n)
	h.list = h.list[:0]
	for _, k := range list { // they hold until the next call only
		h.list = append(h.list, strings.Clone(k))
	}
	h.end = len(list) == 0
	return err
}

func (u *bothKeys) Next(ctx context.Context, n int) ([]string, error) {
	u.buf = u.buf[:0]
	for len(u.buf) < n {
		if err := u.a.fill(ctx, n); err != nil {
			return nil, err
		}
		if err := u.b.fill(ctx, n); err != nil {
			return nil, err
		}
		switch {
		case u.a.end && u.b.end:
			return u.buf, nil
		case u.b.end || !u.a.end && u.a.list[0] < u.b.list[0]:
			u.buf, u.a.list = append(u.buf, u.a.list[0]), u.a.list[1:]
		case u.a.end || u.b.list[0] < u.a.list[0]:
			u.buf, u.b.list = append(u.buf, u.b.list[0]), u.b.list[1:]
		default:
			u.buf, u.a.list, u.b.list = append(u.buf, u.a.list[0]), u.a.list[1:], u.b.list[1:]
		}
	}
	return u.buf, nil
}

func (u *bothKeys) Close() error {
	err := u.a.in.Close()
	if err2 := u.b.in.Close(); err == nil {
		err = err2
	}
	return err
}

// baseRows reads the rows of a state that a view has under the given keys.
func (t *tableMerge) baseRows(ctx context.Context, s *state, keys []string, of storage.View) ([]row, error) {
	if s.view != nil {
		tab := s.table(t.into.OID)
		read := t.readers.base[s.view]
		if read == nil { // what several bases have in common
			t.addReader(s.view)
			read = t.readers.base[s.view]
		}
		called, err := t.keysIn(ctx, s.view, of, keys)
		if err != nil {
			return nil, err
		}
		fetch := read.Fetch
		if !slices.Equal(called, keys) {
			fetch = func(ctx context.Context, keys []string) (*diff.Rows, error) { return fetchAny(ctx, read, keys) }
		}
		rows, err := fetch(ctx, called)
		if err != nil {
			return nil, err
		}
		t.recoded(rows, t.merger.ids.ownTable(s.view, t.into.OID))
		if s != t.merger.base && !t.loose {
			t.baseMisfits(rows)
		}
		if err := t.follow(ctx, s.view, tab, rows, called); err != nil {
			return nil, err
		}
		return rowsOf(rows, t.positions(tab)), nil
	}
	b, err := t.baseRows(ctx, s.base, keys, of)
	if err != nil {
		return nil, err
	}
	l, err := t.baseRows(ctx, s.left, keys, of)
	if err != nil {
		return nil, err
	}
	r, err := t.baseRows(ctx, s.right, keys, of)
	if err != nil {
		return nil, err
	}
	into := &diff.Rows{}
	cols := make([]int, len(t.stored))
	for i, c := range t.stored {
		v := &vector.Vector{}
		v.Reset(c.Type)
		into.Cols, cols[i] = append(into.Cols, v), i
	}
	for k := range keys {
		if b[k], err = t.virtual(ctx, into, cols, b[k], l[k], r[k]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func rowsOf(r *diff.Rows, cols []int) []row {
	out := make([]row, len(r.At))
	for k, at := range r.At {
		out[k] = row{rows: r, at: at, cols: cols}
	}
	return out
}
