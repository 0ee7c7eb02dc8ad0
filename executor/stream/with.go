package stream

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// cte is one common table expression in execution. Its rows are computed as its readers ask for them, so that a LIMIT
// above a recursive one without end stops it, and kept for the readers that come later.
type cte struct {
	node    *physical.CTE
	env     *op.Env
	acct    *mem.Account
	rows    *spill.Rows
	source  op.Operator // what is being read: the plan, or a round of the recursive term
	working *spill.Rows // rows of the last round
	fresh   *spill.Rows // rows of this round
	seen    *hash.Groups
	keys    *eval.Keys
	ids     []uint32
	sel     []uint16
	done    bool
	failed  error
}

// With runs CTEs and the query that reads them.
type With struct {
	env  *op.Env
	node *physical.With
	ctes []*cte
	body op.Operator
	end  bool
}

// NewWith makes the operator.
func NewWith(n *physical.With, env *op.Env) (op.Operator, error) {
	w := &With{env: env, node: n}
	if env.CTEs == nil {
		env.CTEs = map[int]any{}
	}
	for _, c := range n.CTEs {
		e := &cte{node: c, env: env, acct: env.Mem.Account()}
		e.rows = spill.NewSpillingRows(columnTypes(c.Root), e.acct, env.TempDir)
		env.CTEs[c.ID] = e
		w.ctes = append(w.ctes, e)
	}
	var err error
	if w.body, err = env.Build(n.Body, env); err != nil {
		w.closeCTEs()
	}
	return w, err
}

func columnTypes(n physical.Node) []types.Type {
	cols := n.Output()
	ts := make([]types.Type, len(cols))
	for i, c := range cols {
		ts[i] = c.Type
	}
	return ts
}

// Next implements op.Operator. Data-modifying CTEs run to their end, whether they are read or not.
func (w *With) Next(ctx context.Context) (*vector.Batch, error) {
	if w.end {
		return nil, nil
	}
	b, err := w.body.Next(ctx)
	if b != nil || err != nil {
		return b, err
	}
	w.end = true
	for _, c := range w.ctes {
		for c.node.Modifies && !c.done {
			if err := c.more(ctx); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func (w *With) closeCTEs() error {
	var err error
	for _, c := range w.ctes {
		if c.source != nil {
			if e := c.source.Close(); err == nil {
				err = e
			}
			c.source = nil
		}
		for _, r := range []*spill.Rows{c.rows, c.working, c.fresh} {
			if r != nil {
				r.Close()
			}
		}
		c.acct.Close()
		delete(w.env.CTEs, c.node.ID)
	}
	return err
}

// Close implements op.Operator.
func (w *With) Close() error {
	err := w.body.Close()
	if e := w.closeCTEs(); err == nil {
		err = e
	}
	return err
}

// more adds at least one row to the CTE's, or finds that there are no more.
func (c *cte) more(ctx context.Context) error {
	if c.failed != nil {
		return c.failed
	}
	before := c.rows.Len()
	for c.rows.Len() == before && !c.done {
		if err := c.step(ctx); err != nil {
			c.failed = err
			return err
		}
	}
	return nil
}

// step reads one batch of the source, or goes on to the next round.
func (c *cte) step(ctx context.Context) error {
	if c.source == nil {
		if err := c.begin(); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil { // rounds may go on for ever
		return err
	}
	b, err := c.source.Next(ctx)
	if err != nil {
		return err
	}
	if b != nil {
		return c.keep(b)
	}
	err = c.source.Close()
	c.source = nil
	if err != nil || c.node.Recursive == nil {
		c.done = true
		return err
	}
	return c.nextRound()
}

func (c *cte) begin() error {
	var err error
	if c.node.Recursive != nil {
		ts := columnTypes(c.node.Root)
		c.fresh = spill.NewSpillingRows(ts, c.acct, c.env.TempDir)
		if !c.node.UnionAll {
			c.keys = eval.NewKeys(ts)
			c.seen = hash.NewGroups(c.keys.Types())
		}
	}
	c.source, err = c.env.Build(c.node.Root, c.env)
	return err
}

// nextRound makes this round's rows those that the recursive term reads.
func (c *cte) nextRound() error {
	if c.fresh.Len() == 0 {
		c.done = true
		return nil
	}
	if c.working != nil {
		c.working.Close()
	}
	c.working = c.fresh
	c.fresh = spill.NewSpillingRows(columnTypes(c.node.Root), c.acct, c.env.TempDir)
	var err error
	c.source, err = c.env.Build(c.node.Recursive, c.env)
	return err
}

// keep adds a batch to the rows; of a recursive UNION only rows not seen before.
func (c *cte) keep(b *vector.Batch) error {
	out := *b
	if c.seen != nil {
		out.Sel = c.unseen(b)
	}
	if c.fresh != nil {
		if err := c.fresh.Append(&out); err != nil {
			return err
		}
	}
	return c.rows.Append(&out)
}

func (c *cte) unseen(b *vector.Batch) []uint16 {
	next, before := uint32(c.seen.Len()), c.seen.Bytes()
	c.ids = c.seen.Assign(c.keys.Convert(b.Cols, b.N, b.Sel), b.N, b.Sel, c.ids)
	c.acct.Take(c.seen.Bytes() - before)
	if c.sel == nil {
		c.sel = make([]uint16, 0, vector.Size)
	}
	c.sel = c.sel[:0]
	for k, id := range c.ids {
		if id == next {
			c.sel = append(c.sel, uint16(b.Row(k)))
			next++
		}
	}
	return c.sel
}

// cteScan reads a CTE's rows from the first, or those of the last round.
type cteScan struct {
	cte     *cte
	working bool
	rows    *spill.Rows // with working
	pos     int
	sel     []uint16
	out     vector.Batch
}

// NewCTEScan makes the operator.
func NewCTEScan(n *physical.CTEScan, env *op.Env) (op.Operator, error) {
	c, ok := env.CTEs[n.ID].(*cte)
	if !ok {
		return nil, pgerr.Internal("CTE %s is not running", n.Name)
	}
	s := &cteScan{cte: c, working: n.Working}
	if n.Working {
		s.rows = c.working
	}
	return s, nil
}

// Next implements op.Operator.
func (s *cteScan) Next(ctx context.Context) (*vector.Batch, error) {
	rows := s.rows
	if !s.working {
		rows = s.cte.rows
		for s.pos >= rows.Len() {
			if s.cte.done {
				return nil, nil
			}
			if err := s.cte.more(ctx); err != nil {
				return nil, err
			}
		}
	} else if s.pos >= rows.Len() {
		return nil, nil
	}
	return s.chunk(rows)
}

// chunk gives the rest of the chunk that the position is in. What another reader appends to the chunk later is not yet
// part of it.
func (s *cteScan) chunk(rows *spill.Rows) (*vector.Batch, error) {
	if err := rows.Chunk(s.pos/vector.Size, &s.out); err != nil {
		return nil, err
	}
	if from := s.pos % vector.Size; from > 0 {
		s.sel = s.sel[:0]
		for i := from; i < s.out.N; i++ {
			s.sel = append(s.sel, uint16(i))
		}
		s.out.Sel = s.sel
	}
	s.pos += s.out.Live()
	return &s.out, nil
}

// Close implements op.Operator.
func (s *cteScan) Close() error { return nil }
