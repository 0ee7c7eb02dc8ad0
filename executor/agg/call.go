package agg

import (
	"slices"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/order"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// call is one aggregate call. Its arguments are columns of the program from args on; the keys of its ORDER BY and its
// filter follow them.
type call struct {
	new      kernel.NewAggregate
	typ      types.Type
	args     int
	types    []types.Type
	order    []expr.SortKey
	filter   int // column, -1: none
	distinct bool
	grouping []int // GROUPING(…): which groups it asks for
}

// newCall plans a call and returns the expressions that it needs, whose columns begin at start.
func newCall(n *physical.HashAggregate, a *expr.Aggregate, start int) (*call, []expr.Expr, error) {
	c := &call{typ: a.T, args: start, filter: -1, distinct: a.Distinct}
	if a.Proc == expr.GroupingProc {
		c.grouping = a.Grouping
		return c, nil, nil
	}
	var ok bool
	if c.new, ok = kernel.LookupAggregate(a.Proc.Name); !ok {
		return nil, nil, pgerr.Unsupported("aggregate function %s", a.Proc.Name)
	}
	exprs := slices.Concat(a.Direct, a.Args)
	if d := builtin.AggregateFor(a.Proc.OID); d != nil && d.Kind != 'n' && len(a.Args) == 0 {
		for _, k := range a.Order {
			exprs = append(exprs, k.Expr)
		}
	}
	for _, e := range exprs {
		c.types = append(c.types, e.Type())
	}
	c.order = a.Order
	if c.distinct && len(c.order) == 0 && !c.commutes(a.Proc.Name) {
		c.order = distinctOrder(exprs)
	}
	for _, k := range c.order {
		exprs = append(exprs, k.Expr)
	}
	if a.Filter != nil {
		c.filter = start + len(exprs)
		exprs = append(exprs, a.Filter)
	}
	return c, exprs, nil
}

// distinctOrder is the order in which PostgreSQL feeds the distinct values: it finds them by sorting.
func distinctOrder(args []expr.Expr) []expr.SortKey {
	var out []expr.SortKey
	for _, e := range args {
		if types.Comparable(e.Type().Def) {
			out = append(out, expr.SortKey{Expr: e})
		}
	}
	return out
}

// commutes reports whether an aggregate's value does not depend on the order of its rows.
func (c *call) commutes(name string) bool {
	switch name {
	case "count", "min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor":
		return true
	case "sum":
		return len(c.types) == 1 && c.types[0].Class != types.ClassFloat
	}
	return false
}

// state is a call's state for the groups of one table.
type state struct {
	c        *call
	agg      kernel.Aggregate
	distinct *hash.Groups
	norm     *eval.Keys
	okeys    *eval.Keys
	sorted   *spill.Rows // group, arguments, sort keys: fed at the end, in order
	grouping int64

	args []*vector.Vector
	keys []*vector.Vector
	gvec vector.Vector
	ids  []uint32
	sel  []uint16
	seen []uint32

	first    []uint16 // the rows that DISTINCT lets through, and their groups
	firstIDs []uint32
}

func (c *call) newState(t *table) (*state, error) {
	s := &state{c: c}
	if c.new == nil {
		for _, g := range c.grouping {
			s.grouping <<= 1
			if !slices.Contains(t.cols, g) {
				s.grouping |= 1
			}
		}
		return s, nil
	}
	var err error
	if s.agg, err = c.new(t.h.env.Kernel, c.types, c.typ); err != nil {
		return nil, err
	}
	group := types.Of(types.Builtin(types.OIDInt8))
	if c.distinct {
		s.norm = eval.NewKeys(c.types)
		s.distinct = hash.NewGroups(append([]types.Type{group}, s.norm.Types()...))
	}
	if len(c.order) > 0 {
		ts := make([]types.Type, len(c.order))
		for i, k := range c.order {
			ts[i] = k.Expr.Type()
		}
		s.okeys = eval.NewKeys(ts)
		s.sorted = spill.NewForcedRows(slices.Concat([]types.Type{group}, c.types, s.okeys.Types()), t.h.acct)
	}
	return s, nil
}

// add feeds rows: the k-th row of sel belongs to group ids[k].
func (s *state) add(ids []uint32, cols []*vector.Vector, n int, sel []uint16) error {
	if s.agg == nil {
		return nil
	}
	c := s.c
	s.args = append(s.args[:0], cols[c.args:c.args+len(c.types)]...)
	if c.filter >= 0 {
		if ids, sel = s.filter(cols[c.filter], ids, n, sel); len(ids) == 0 {
			return nil
		}
	}
	if s.distinct != nil {
		if ids, sel = s.unique(ids, n, sel); len(ids) == 0 {
			return nil
		}
	}
	if s.sorted != nil {
		return s.buffer(ids, cols, n, sel)
	}
	return s.agg.Add(ids, s.args, n, sel)
}

// filter keeps the rows for which FILTER is true.
func (s *state) filter(v *vector.Vector, ids []uint32, n int, sel []uint16) ([]uint32, []uint16) {
	s.sel = rowsOf(n, sel, s.sel)
	s.ids = s.ids[:0]
	k := 0
	for j, i := range s.sel {
		if !v.IsNull(int(i)) && v.Datum(int(i)).I != 0 {
			s.sel[k] = i
			k++
			s.ids = append(s.ids, ids[j])
		}
	}
	s.sel = s.sel[:k]
	return s.ids, s.sel
}

// unique keeps the first row of each combination of group and arguments.
func (s *state) unique(ids []uint32, n int, sel []uint16) ([]uint32, []uint16) {
	s.numbers(ids, n, sel)
	s.keys = append(append(s.keys[:0], &s.gvec), s.norm.Convert(s.args, n, sel)...)
	next := uint32(s.distinct.Len())
	s.seen = s.distinct.Assign(s.keys, n, sel, s.seen)
	if s.first == nil {
		s.first = make([]uint16, 0, vector.Size)
	}
	s.first, s.firstIDs = s.first[:0], s.firstIDs[:0]
	for k, id := range s.seen {
		if id != next {
			continue
		}
		next++
		row := k
		if sel != nil {
			row = int(sel[k])
		}
		s.first, s.firstIDs = append(s.first, uint16(row)), append(s.firstIDs, ids[k])
	}
	return s.firstIDs, s.first
}

// numbers makes a column of group numbers, by row.
func (s *state) numbers(ids []uint32, n int, sel []uint16) {
	s.gvec.Resize(types.Of(types.Builtin(types.OIDInt8)), n)
	for k, id := range ids {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		s.gvec.Int[i] = int64(id)
	}
}

// buffer keeps rows to be fed in order.
func (s *state) buffer(ids []uint32, cols []*vector.Vector, n int, sel []uint16) error {
	s.numbers(ids, n, sel)
	at := s.c.args + len(s.c.types)
	keys := s.okeys.Convert(cols[at:at+len(s.c.order)], n, sel)
	s.keys = append(append(append(s.keys[:0], &s.gvec), s.args...), keys...)
	return s.sorted.Add(s.keys, sel, n)
}

// feed gives the kept rows to the aggregate in the order of the call's ORDER BY.
func (s *state) feed() error {
	first := 1 + len(s.c.types)
	keys := []order.Key{{Col: 0, Class: types.ClassInt}}
	for i, t := range s.okeys.Types() {
		k := s.c.order[i]
		keys = append(keys, order.Key{Col: first + i, Class: t.Class, Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	perm := order.Rows(s.sorted, keys)
	vecs := make([]vector.Vector, first)
	for len(perm) > 0 {
		n := min(len(perm), vector.Size)
		s.args = s.args[:0]
		for i := range vecs {
			if err := s.sorted.Gather(&vecs[i], i, perm[:n]); err != nil {
				return err
			}
			if i > 0 {
				s.args = append(s.args, &vecs[i])
			}
		}
		s.ids = s.ids[:0]
		for _, g := range vecs[0].Int {
			s.ids = append(s.ids, uint32(g))
		}
		if err := s.agg.Add(s.ids, s.args, n, nil); err != nil {
			return err
		}
		perm = perm[n:]
	}
	return nil
}

// result appends the values of n groups.
func (s *state) result(n int, out *vector.Vector) error {
	if s.agg == nil {
		for range n {
			out.Append(types.Int(s.grouping))
		}
		return nil
	}
	if s.sorted != nil {
		if err := s.feed(); err != nil {
			return err
		}
		s.sorted.Reset()
	}
	return s.agg.Result(n, out)
}

func (s *state) bytes() int64 {
	if s.agg == nil {
		return 0
	}
	n := s.agg.Bytes()
	if s.distinct != nil {
		n += s.distinct.Bytes()
	}
	return n
}

func (s *state) close() {
	if s.sorted != nil {
		s.sorted.Close()
	}
}
