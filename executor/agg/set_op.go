package agg

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// SetOp is INTERSECT and EXCEPT, with or without ALL: it counts the right side's rows, then passes on left rows.
type SetOp struct {
	env         *op.Env
	node        *physical.SetOp
	left, right op.Operator
	lnorm       *eval.Keys
	rnorm       *eval.Keys
	types       []types.Type
	acct        *mem.Account
	todo        []*setPass
	cur         *setPass
	out         vector.Batch
	sel         []uint16
	rows, later []uint16
	ids         []uint32
}

// setPass is the operation over two inputs that fit, or over two files made of inputs that did not.
type setPass struct {
	left, right op.Operator
	queues      [2]*spill.Queue
	level       int
	groups      *hash.Groups
	counts      []int64 // of the right side's rows, by key; -1: the key has been given out
	held        int64
	built       bool
	lparts      *hash.Partitions
	rparts      *hash.Partitions
}

// NewSetOp makes the operator.
func NewSetOp(n *physical.SetOp, env *op.Env) (op.Operator, error) {
	s := &SetOp{env: env, node: n, acct: env.Mem.Account()}
	for _, c := range n.Left.Output() {
		s.types = append(s.types, c.Type)
	}
	s.lnorm, s.rnorm = eval.NewKeys(s.types), eval.NewKeys(s.types)
	var err error
	if s.left, err = env.Build(n.Left, env); err != nil {
		return nil, err
	}
	if s.right, err = env.Build(n.Right, env); err != nil {
		s.left.Close()
		return nil, err
	}
	s.cur = &setPass{left: s.left, right: s.right}
	return s, nil
}

// Next implements op.Operator.
func (s *SetOp) Next(ctx context.Context) (*vector.Batch, error) {
	for s.cur != nil {
		p := s.cur
		if !p.built {
			if err := s.build(ctx, p); err != nil {
				return nil, err
			}
			p.built = true
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := p.left.Next(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case b == nil:
			if err := s.nextPass(); err != nil {
				return nil, err
			}
		case b.Live() > 0:
			if err := s.choose(p, b); err != nil {
				return nil, err
			}
			if len(s.sel) > 0 {
				s.out = vector.Batch{Cols: b.Cols, N: b.N, Sel: s.sel}
				return &s.out, nil
			}
		}
	}
	return nil, nil
}

// build counts the right side's rows.
func (s *SetOp) build(ctx context.Context, p *setPass) error {
	p.groups = hash.NewGroups(s.rnorm.Types())
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := p.right.Next(ctx)
		if b == nil || err != nil {
			return err
		}
		if b.Live() == 0 {
			continue
		}
		norm := s.rnorm.Convert(b.Cols, b.N, b.Sel)
		if p.rparts != nil {
			if _, err := s.known(p, p.rparts, b, norm); err != nil {
				return err
			}
			p.count(s.ids)
			continue
		}
		s.ids = p.groups.Assign(norm, b.N, b.Sel, s.ids)
		p.count(s.ids)
		if !s.account(p) && p.level < hash.MaxLevel {
			p.rparts = hash.NewPartitions(s.env.TempDir, s.types, p.level)
			p.lparts = hash.NewPartitions(s.env.TempDir, s.types, p.level)
		}
	}
}

// known puts rows with unknown keys off to files; the others are returned, their keys left in ids.
func (s *SetOp) known(p *setPass, to *hash.Partitions, b *vector.Batch, norm []*vector.Vector) ([]uint16, error) {
	s.ids = p.groups.Find(norm, b.N, b.Sel, s.ids)
	s.rows, s.later = s.rows[:0], s.later[:0]
	for k, id := range s.ids {
		row := uint16(b.Row(k))
		if id == hash.None {
			s.later = append(s.later, row)
			continue
		}
		s.ids[len(s.rows)] = id
		s.rows = append(s.rows, row)
	}
	s.ids = s.ids[:len(s.rows)]
	if len(s.later) == 0 {
		return s.rows, nil
	}
	return s.rows, to.Add(b.Cols, norm, b.N, s.later)
}

// extend makes room for the counts of new keys.
func (p *setPass) extend() {
	for len(p.counts) < p.groups.Len() {
		p.counts = append(p.counts, 0)
	}
}

func (p *setPass) count(ids []uint32) {
	p.extend()
	for _, id := range ids {
		p.counts[id]++
	}
}

// account counts the pass's memory; false means that it should hold no more.
func (s *SetOp) account(p *setPass) bool {
	grown := p.groups.Bytes() + int64(cap(p.counts))*8 - p.held
	p.held += grown
	if s.acct.Grow(grown) == nil {
		return true
	}
	s.acct.Take(grown)
	return false
}

// choose lists the left rows that are part of the result.
func (s *SetOp) choose(p *setPass, b *vector.Batch) error {
	norm := s.lnorm.Convert(b.Cols, b.N, b.Sel)
	s.sel = s.sel[:0]
	if p.rparts != nil {
		rows, err := s.known(p, p.lparts, b, norm)
		for k, id := range s.ids {
			if s.passes(p, id) {
				s.sel = append(s.sel, rows[k])
			}
		}
		return err
	}
	if s.node.Except && !s.node.All {
		s.ids = p.groups.Assign(norm, b.N, b.Sel, s.ids)
		p.extend()
		s.account(p)
	} else {
		s.ids = p.groups.Find(norm, b.N, b.Sel, s.ids)
	}
	for k, id := range s.ids {
		if s.passes(p, id) {
			s.sel = append(s.sel, uint16(b.Row(k)))
		}
	}
	return nil
}

// passes decides about a left row with key id and notes it.
func (s *SetOp) passes(p *setPass, id uint32) bool {
	if id == hash.None {
		return s.node.Except
	}
	n := p.counts[id]
	switch {
	case s.node.Except && s.node.All:
		p.counts[id]--
		return n <= 0
	case s.node.Except:
		p.counts[id] = -1
		return n == 0
	case s.node.All:
		p.counts[id]--
		return n > 0
	default:
		p.counts[id] = -1
		return n > 0
	}
}

// nextPass ends the pass and turns to the next.
func (s *SetOp) nextPass() error {
	p := s.cur
	s.cur = nil
	if p.rparts != nil {
		if err := errors.Join(p.rparts.Flush(), p.lparts.Flush()); err != nil {
			s.cur = p
			return err
		}
		for i := range p.rparts.Queues {
			l, r := p.lparts.Queues[i], p.rparts.Queues[i]
			s.todo = append(s.todo, &setPass{left: queued{l}, right: queued{r}, queues: [2]*spill.Queue{l, r}, level: p.level + 1})
		}
		p.lparts, p.rparts = nil, nil
	}
	if err := s.closePass(p); err != nil {
		return err
	}
	if n := len(s.todo); n > 0 {
		s.cur, s.todo = s.todo[n-1], s.todo[:n-1]
	}
	return nil
}

func (s *SetOp) closePass(p *setPass) error {
	s.acct.Shrink(p.held)
	p.held, p.groups, p.counts = 0, nil, nil
	var errs []error
	for _, q := range p.queues {
		if q != nil {
			errs = append(errs, q.Close())
		}
	}
	for _, parts := range []*hash.Partitions{p.lparts, p.rparts} {
		if parts != nil {
			errs = append(errs, parts.Close())
		}
	}
	return errors.Join(errs...)
}

// Measure implements op.Measured.
func (s *SetOp) Measure(c *op.Count) { c.Add(s.acct) }

// Close implements op.Operator.
func (s *SetOp) Close() error {
	errs := []error{s.left.Close(), s.right.Close()}
	if s.cur != nil {
		errs = append(errs, s.closePass(s.cur))
	}
	for _, p := range s.todo {
		errs = append(errs, s.closePass(p))
	}
	s.acct.Close()
	return errors.Join(errs...)
}
