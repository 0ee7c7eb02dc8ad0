// Package sort has the operator that orders rows: in memory, by a bounded buffer when only the first rows are wanted, and
// by merging sorted runs from files when memory is refused.
//
// Keys are brought into a form whose order is that of Go's integers, floats or strings (eval.Keys) and kept in columns
// beside the rows. Sorting moves 16-byte entries, not rows. The sort is stable. executor.Build makes the operator.
package sort

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/order"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Sort is the operator.
type Sort struct {
	env   *op.Env
	input op.Operator
	prog  *eval.Program
	norm  *eval.Keys
	keys  []order.Key
	width int          // of the output
	types []types.Type // of the kept columns: the input's, then keys that are not among them
	extra []int        // which keys are kept beside the input's columns
	acct  *mem.Account
	limit int64 // rows wanted, -1 for all

	rows   *spill.Rows
	top    *threshold
	runs   []*spill.Queue
	merge  *merger
	perm   []uint32 // the rows in order
	pos    int
	sorted bool
	kept   []*vector.Vector
	vecs   []vector.Vector
	out    vector.Batch
}

// maxTop is the most rows that the bounded buffer is used for.
const maxTop = 100_000

// New makes the operator.
func New(n *physical.Sort, env *op.Env) (op.Operator, error) {
	count, skip, err := eval.LimitOffset(n.Limit, n.Offset, env)
	if err != nil {
		return op.Failing{Err: err}, nil
	}
	s := &Sort{env: env, acct: env.Mem.Account(), limit: -1}
	if count >= 0 && count+skip >= count {
		s.limit = count + skip
	}
	for _, c := range n.Input.Output() {
		s.types = append(s.types, c.Type)
	}
	s.width = len(s.types)
	if err := s.compile(n.Keys); err != nil {
		return nil, err
	}
	s.rows = spill.NewRows(s.types, s.acct)
	if s.limit >= 0 && s.limit <= maxTop {
		s.top = &threshold{n: int(s.limit)}
	}
	s.input, err = env.Build(n.Input, env)
	return s, err
}

func (s *Sort) compile(ks []expr.SortKey) error {
	exprs := make([]expr.Expr, len(ks))
	ts := make([]types.Type, len(ks))
	for i, k := range ks {
		exprs[i], ts[i] = k.Expr, k.Expr.Type()
	}
	var err error
	if s.prog, err = eval.Compile(exprs, s.env); err != nil {
		return err
	}
	s.norm = eval.NewKeys(ts)
	for i, t := range s.norm.Types() {
		k := order.Key{Class: t.Class, Desc: ks[i].Desc, NullsFirst: ks[i].NullsFirst}
		col, plain := s.prog.Plain(i)
		if plain && t == ts[i] && t.Class != types.ClassFloat {
			k.Col = col
		} else {
			k.Col = len(s.types)
			s.types, s.extra = append(s.types, t), append(s.extra, i)
		}
		s.keys = append(s.keys, k)
	}
	return nil
}

// Next implements op.Operator.
func (s *Sort) Next(ctx context.Context) (*vector.Batch, error) {
	if !s.sorted {
		if s.limit == 0 {
			return nil, nil
		}
		if err := s.read(ctx); err != nil {
			return nil, err
		}
		s.sorted = true
	}
	if s.merge != nil {
		return s.merge.next()
	}
	return s.slice()
}

// read takes the whole input in.
func (s *Sort) read(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := s.input.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			return s.finish()
		}
		if b.Live() == 0 {
			continue
		}
		if err := s.add(b); err != nil {
			return err
		}
	}
}

func (s *Sort) add(b *vector.Batch) error {
	keys, err := s.prog.Run(b)
	if err != nil {
		return err
	}
	keys = s.norm.Convert(keys, b.N, b.Sel)
	s.kept = append(s.kept[:0], b.Cols...)
	for _, i := range s.extra {
		s.kept = append(s.kept, keys[i])
	}
	sel := b.Sel
	if s.top != nil {
		if sel = s.top.better(s, s.kept, b.N, sel); sel != nil && len(sel) == 0 {
			return nil
		}
	}
	if err := s.rows.Add(s.kept, sel, b.N); err != nil {
		return s.spill(err, sel, b.N)
	}
	if s.top != nil && s.rows.Len() >= 2*s.top.n+vector.Size {
		return s.cut()
	}
	return nil
}

// spill makes room by writing what is there as a sorted run, then adds the rows that were refused.
func (s *Sort) spill(refused error, sel []uint16, n int) error {
	if s.rows.Len() == 0 {
		return s.addAnyway(sel, n)
	}
	if s.top != nil && s.rows.Len() > s.top.n {
		if err := s.cut(); err != nil {
			return err
		}
		return s.addAnyway(sel, n)
	}
	s.top = nil
	if err := s.writeRun(); err != nil {
		return errors.Join(err, refused)
	}
	if err := s.rows.Add(s.kept, sel, n); err != nil {
		return s.addAnyway(sel, n)
	}
	return nil
}

// addAnyway adds a batch beyond the limit: a sort needs at least one.
func (s *Sort) addAnyway(sel []uint16, n int) error {
	s.rows.Force(true)
	defer s.rows.Force(false)
	return s.rows.Add(s.kept, sel, n)
}

// writeRun sorts the rows in memory and moves them to a file.
func (s *Sort) writeRun() error {
	perm := order.Rows(s.rows, s.keys)
	q := spill.NewQueue(s.env.TempDir, s.types)
	s.runs = append(s.runs, q)
	err := s.gather(perm, len(s.types), func(b *vector.Batch) error { return q.Enqueue(b) })
	s.acct.Spilled(q.Bytes())
	s.rows.Reset()
	if err != nil {
		return err
	}
	return q.Flush()
}

// gather gives the rows of perm to f in batches of the first width columns.
func (s *Sort) gather(perm []uint32, width int, f func(*vector.Batch) error) error {
	vecs := make([]vector.Vector, width)
	b := vector.Batch{Cols: make([]*vector.Vector, width)}
	for len(perm) > 0 {
		n := min(len(perm), vector.Size)
		for i := range vecs {
			b.Cols[i] = &vecs[i]
			if err := s.rows.Gather(&vecs[i], i, perm[:n]); err != nil {
				return err
			}
		}
		b.N = n
		if err := f(&b); err != nil {
			return err
		}
		perm = perm[n:]
	}
	return nil
}

// cut keeps the best rows of the bounded buffer.
func (s *Sort) cut() error {
	perm := order.Rows(s.rows, s.keys)
	if len(perm) > s.top.n {
		perm = perm[:s.top.n]
	}
	best := spill.NewForcedRows(s.types, s.acct)
	err := s.gather(perm, len(s.types), best.Append)
	best.Force(false)
	s.rows.Close()
	s.rows = best
	if err != nil {
		return err
	}
	return s.top.set(s)
}

func (s *Sort) finish() error {
	if len(s.runs) > 0 {
		if s.rows.Len() > 0 {
			if err := s.writeRun(); err != nil {
				return err
			}
		}
		s.merge = newMerger(s)
		return nil
	}
	s.perm = order.Rows(s.rows, s.keys)
	if s.limit >= 0 && int64(len(s.perm)) > s.limit {
		s.perm = s.perm[:s.limit]
	}
	return nil
}

// slice gives the next rows of the sorted order.
func (s *Sort) slice() (*vector.Batch, error) {
	n := min(len(s.perm)-s.pos, vector.Size)
	if n <= 0 {
		return nil, nil
	}
	if s.vecs == nil {
		s.vecs = make([]vector.Vector, s.width)
		for i := range s.vecs {
			s.out.Cols = append(s.out.Cols, &s.vecs[i])
		}
	}
	for i := range s.vecs {
		if err := s.rows.Gather(&s.vecs[i], i, s.perm[s.pos:s.pos+n]); err != nil {
			return nil, err
		}
	}
	s.pos += n
	s.out.N = n
	return &s.out, nil
}

// Measure implements op.Measured.
func (s *Sort) Measure(c *op.Count) { c.Add(s.acct) }

// Close implements op.Operator.
func (s *Sort) Close() error {
	errs := []error{s.input.Close()}
	for _, q := range s.runs {
		errs = append(errs, q.Close())
	}
	s.rows.Close()
	s.acct.Close()
	return errors.Join(errs...)
}
