package join

import (
	"context"
	"errors"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types/vector"
)

// pass joins two inputs whose right one fits into memory. When it turns out not to fit, both are parted by the hash of
// their keys and the parts are joined by passes of the next level.
type pass struct {
	h           *Hash
	level       int
	left, right op.Operator
	queues      [2]*spill.Queue // of a part: closed with the pass

	built   bool
	rows    *spill.Rows
	chains  *hash.Chains
	matched vector.Bitmap // right rows that have matched, for Right and Full
	lparts  *hash.Partitions
	rparts  *hash.Partitions

	probe probe
	tail  uint32 // next right row to look at for Right and Full
	ended bool   // the left side is done
}

func (p *pass) next(ctx context.Context) (*vector.Batch, error) {
	if !p.built {
		if err := p.build(ctx); err != nil {
			return nil, err
		}
		p.built = true
	}
	if p.rparts != nil {
		return nil, p.partLeft(ctx)
	}
	if !p.ended {
		b, err := p.probeNext(ctx)
		if b != nil || err != nil {
			return b, err
		}
		p.ended = true
	}
	return p.unmatched()
}

// build reads the right side.
func (p *pass) build(ctx context.Context) error {
	h := p.h
	p.rows = spill.NewRows(h.rtypes, h.acct)
	p.chains = hash.NewChains(hash.NewGroups(h.rkeys.norm.Types()))
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := p.right.Next(ctx)
		if b == nil || err != nil {
			if err == nil && p.rparts == nil {
				p.chains.Finish()
			}
			return err
		}
		if b.Live() == 0 {
			continue
		}
		if err := p.add(b); err != nil {
			return err
		}
	}
}

// add takes a batch of the right side.
func (p *pass) add(b *vector.Batch) error {
	h := p.h
	keys, err := h.rkeys.of(b)
	if err != nil {
		return err
	}
	h.rightRows = true
	if h.node.NullAware {
		for k := range b.Live() {
			h.rightNull = h.rightNull || hash.RowHasNull(keys, b.Row(k))
		}
	}
	if p.rparts != nil {
		return p.rparts.Add(b.Cols, keys, b.N, b.Sel)
	}
	before := p.chains.Bytes()
	err = p.rows.Append(b)
	if err == nil {
		p.chains.Add(keys, b.N, b.Sel, true)
		err = h.acct.Grow(p.chains.Bytes() - before)
		if err != nil {
			h.acct.Take(p.chains.Bytes() - before)
			b = nil // it is among the rows now
		}
	}
	if err == nil {
		return nil
	}
	if p.level >= hash.MaxLevel || pgerr.Code(err) != pgerrcode.OutOfMemory {
		return p.force(b, keys, err)
	}
	return p.part(b, keys)
}

// force goes on in memory: rows whose keys are all alike cannot be parted.
func (p *pass) force(b *vector.Batch, keys []*vector.Vector, cause error) error {
	if pgerr.Code(cause) != pgerrcode.OutOfMemory {
		return cause
	}
	if b == nil {
		return nil
	}
	p.rows.Force(true)
	err := p.rows.Append(b)
	p.chains.Add(keys, b.N, b.Sel, true)
	return err
}

// part moves the rows read so far, and the batch b if not nil, to partitions.
func (p *pass) part(b *vector.Batch, keys []*vector.Vector) error {
	h := p.h
	p.rparts = hash.NewPartitions(h.env.TempDir, h.rtypes, p.level)
	if b != nil {
		if err := p.rparts.Add(b.Cols, keys, b.N, b.Sel); err != nil {
			return err
		}
	}
	var chunk vector.Batch
	for k := range p.rows.Chunks() {
		if err := p.rows.Chunk(k, &chunk); err != nil {
			return err
		}
		keys, err := h.rkeys.of(&chunk)
		if err != nil {
			return err
		}
		if err := p.rparts.Add(chunk.Cols, keys, chunk.N, nil); err != nil {
			return err
		}
	}
	p.rows.Close()
	p.chains = nil
	h.acct.Shrink(h.acct.Held())
	return nil
}

// partLeft parts the left side, after the right.
func (p *pass) partLeft(ctx context.Context) error {
	h := p.h
	if err := p.rparts.Flush(); err != nil {
		return err
	}
	p.lparts = hash.NewPartitions(h.env.TempDir, h.ltypes, p.level)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := p.left.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			return p.lparts.Flush()
		}
		if b.Live() == 0 {
			continue
		}
		keys, err := h.lkeys.of(b)
		if err != nil {
			return err
		}
		if err := p.lparts.Add(b.Cols, keys, b.N, b.Sel); err != nil {
			return err
		}
	}
}

// finish frees the pass and returns those of its parts that can have output.
func (p *pass) finish() ([]*pass, error) {
	var subs []*pass
	if p.rparts != nil && p.lparts != nil {
		for i := range p.rparts.Queues {
			l, r := p.lparts.Queues[i], p.rparts.Queues[i]
			p.h.acct.Spilled(l.Bytes() + r.Bytes())
			subs = append(subs, &pass{
				h: p.h, level: p.level + 1, left: queued{l}, right: queued{r}, queues: [2]*spill.Queue{l, r},
			})
		}
		p.lparts, p.rparts = nil, nil
	}
	return subs, p.close()
}

func (p *pass) close() error {
	var errs []error
	if p.rows != nil {
		p.rows.Close()
		p.h.acct.Shrink(p.h.acct.Held())
	}
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

// unmatched yields, for Right and Full, the right rows that no left row matched.
func (p *pass) unmatched() (*vector.Batch, error) {
	if k := p.h.node.Kind; k != physical.Right && k != physical.Full {
		return nil, nil
	}
	pr := &p.probe
	pr.ids = pr.ids[:0]
	for ; int(p.tail) < p.rows.Len() && len(pr.ids) < vector.Size; p.tail++ {
		if !p.matched.Get(int(p.tail)) {
			pr.ids = append(pr.ids, p.tail)
		}
	}
	if len(pr.ids) == 0 {
		return nil, nil
	}
	out := pr.output(p.h)
	for i, t := range p.h.ltypes {
		null(out.Cols[i], t)
	}
	out.N = len(pr.ids)
	return out, pr.gatherRight(p, out.Cols[len(p.h.ltypes):])
}

// queued reads a queue as an operator; the pass closes the queue.
type queued struct{ q *spill.Queue }

func (q queued) Next(context.Context) (*vector.Batch, error) { return q.q.Dequeue() }
func (q queued) Close() error                                { return nil }
