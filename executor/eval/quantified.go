package eval

import (
	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// quantifiedStep is op ANY and op ALL over a subquery. For each row of the input the test is computed over the
// subquery's rows as a batch, in which the input's row stands as constants.
type quantifiedStep struct {
	e     *expr.Subquery
	plan  physical.Node
	args  []ref
	out   ref
	width int // of the input as far as the test sees it; the subquery's columns follow
	test  *Program
	cols  []*vector.Vector
	hash  *hashedAny
}

func (c *compiler) quantified(e *expr.Subquery, plan physical.Node) (ref, error) {
	args, err := c.list(e.Args)
	if err != nil {
		return 0, err
	}
	s := &quantifiedStep{e: e, plan: plan, args: args, width: slotsOf(e.Test)}
	for _, a := range e.Args {
		s.width = max(s.width, slotsOf(a))
	}
	test := expr.Rewrite(e.Test, func(x expr.Expr) expr.Expr {
		o, ok := x.(*expr.Outer)
		switch {
		case !ok:
			return x
		case o.Index < len(e.Args):
			return e.Args[o.Index]
		default:
			return &expr.Slot{Index: s.width + o.Index - len(e.Args), T: o.T, Name: o.Name}
		}
	})
	if s.test, err = Compile([]expr.Expr{test}, c.p.env); err != nil {
		return 0, err
	}
	if err := s.tryHash(c, test); err != nil {
		return 0, err
	}
	s.out = c.register()
	c.emit(s)
	return s.out, nil
}

// slotsOf returns how many of the input's columns an expression may see.
func slotsOf(e expr.Expr) int {
	n := 0
	expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if s, ok := x.(*expr.Slot); ok {
			n = max(n, s.Index+1)
		}
		return x
	})
	return n
}

func (s *quantifiedStep) run(p *Program, n int, sel []uint16) error {
	var rows *spill.Rows
	if len(s.args) == 0 {
		x, err := p.once(s.e, func() (any, error) { return s.fetch(p, nil) })
		if err != nil {
			return err
		}
		rows = x.(*spill.Rows)
		if s.hash != nil {
			return s.hash.run(p, s, rows, n, sel)
		}
	}
	p.regs[s.out].Resize(boolean, n)
	return each(n, sel, func(i int) error {
		r := rows
		if r == nil {
			var err error
			if r, err = s.fetch(p, p.row(s.args, i)); err != nil {
				return err
			}
			defer r.Close()
		}
		d, err := s.fold(p, r, i)
		if err == nil {
			put(&p.regs[s.out], i, d)
		}
		return err
	})
}

// fetch runs the subquery and keeps its rows. They are few or hashed once; the statement's account does not count them.
func (s *quantifiedStep) fetch(p *Program, args []types.Datum) (*spill.Rows, error) {
	var ts []types.Type
	for _, c := range s.plan.Output() {
		ts = append(ts, c.Type)
	}
	rows := spill.NewRows(ts, &mem.Account{})
	err := p.subplan(s.plan, args, func(b *vector.Batch) (bool, error) { return true, rows.Append(b) })
	return rows, err
}

// fold computes the test for row i of the input and all rows of the subquery.
func (s *quantifiedStep) fold(p *Program, rows *spill.Rows, i int) (types.Datum, error) {
	decides := s.e.Kind == expr.SubAny // the value of the test that decides
	unknown := false
	var chunk, b vector.Batch
	for k := range rows.Chunks() {
		if err := rows.Chunk(k, &chunk); err != nil {
			return types.Null, err
		}
		b = vector.Batch{Cols: append(s.outer(p, i), chunk.Cols...), N: chunk.N}
		out, err := s.test.Run(&b)
		if err != nil {
			return types.Null, err
		}
		for j := range b.N {
			switch {
			case out[0].IsNull(j):
				unknown = true
			case out[0].Datum(j).B() == decides:
				return types.Bool(decides), nil
			}
		}
	}
	if unknown {
		return types.Null, nil
	}
	return types.Bool(!decides), nil
}

// outer makes row i of the input constants.
func (s *quantifiedStep) outer(p *Program, i int) []*vector.Vector {
	if s.cols == nil {
		s.cols = make([]*vector.Vector, s.width, s.width+len(s.plan.Output()))
		for k := range s.cols {
			s.cols[k] = &vector.Vector{}
		}
	}
	for k, v := range s.cols {
		if k < len(p.in) {
			setConst(v, p.in[k].Type, safeDatum(p.in[k], i))
		}
	}
	return s.cols
}

// safeDatum is Datum, or NULL for columns shorter than the batch, which are not in use.
func safeDatum(v *vector.Vector, i int) types.Datum {
	if !v.Const && i >= v.Len() {
		return types.Null
	}
	return v.Datum(i)
}

// hashedAny answers expression = ANY (subquery) from a table of the subquery's values.
type hashedAny struct {
	left   ref
	typ    types.Type
	groups *hash.Groups
	nulls  bool
	empty  bool
	keys   *Keys
	ids    []uint32
}

// tryHash sees whether the test is left = column with a hashable operator over one type, and the subquery independent.
func (s *quantifiedStep) tryHash(c *compiler, test expr.Expr) error {
	call, ok := test.(*expr.Call)
	if !ok || s.e.Kind != expr.SubAny || len(s.args) > 0 || call.Op == nil || !call.Op.CanHash || len(call.Args) != 2 {
		return nil
	}
	col, ok := call.Args[1].(*expr.Slot)
	if !ok || col.Index != s.width || slotsOf(call.Args[0]) > s.width || !call.Args[0].Type().Same(col.T) {
		return nil
	}
	left, err := c.expr(call.Args[0])
	s.hash = &hashedAny{left: left, typ: col.T, keys: NewKeys([]types.Type{col.T})}
	return err
}

func (h *hashedAny) build(rows *spill.Rows) error {
	h.groups, h.empty = hash.NewGroups(h.keys.Types()), rows.Len() == 0
	var b vector.Batch
	for k := range rows.Chunks() {
		if err := rows.Chunk(k, &b); err != nil {
			return err
		}
		h.nulls = h.nulls || len(b.Cols[0].Nulls) > 0
		h.ids = h.groups.Assign(h.keys.Convert(b.Cols, b.N, nil), b.N, nil, h.ids)
	}
	return nil
}

func (h *hashedAny) run(p *Program, s *quantifiedStep, rows *spill.Rows, n int, sel []uint16) error {
	if h.groups == nil {
		if err := h.build(rows); err != nil {
			return err
		}
	}
	v, out := p.vec(h.left), &p.regs[s.out]
	out.Resize(boolean, n)
	h.ids = h.groups.Find(h.keys.Convert([]*vector.Vector{v}, n, sel), n, sel, h.ids)
	for k, id := range h.ids {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		out.Int[i] = 0
		switch {
		case h.empty:
		case v.IsNull(i):
			out.Nulls = out.Nulls.Set(i)
		case id != hash.None:
			out.Int[i] = 1
		case h.nulls:
			out.Nulls = out.Nulls.Set(i)
		}
	}
	return nil
}
