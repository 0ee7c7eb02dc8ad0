package join

import (
	"context"

	"github.com/rowandb/rowan/executor/hash"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// probe is the state of looking up the left side's rows.
type probe struct {
	batch   *vector.Batch // the left batch in hand, nil: ask for the next
	live    []uint16      // its live rows
	first   []uint32      // by position in live: the first candidate, None for none
	at      int           // position in live
	cand    uint32        // next candidate of live[at]
	hit     vector.Bitmap // positions that have matched
	flushed bool          // the rows without a match have been given out
	sel     []uint16      // scratch
	sel2    []uint16
	lrows   []uint16 // pairs: left rows, positions, right rows
	lpos    []uint16
	ids     []uint32
	vecs    []vector.Vector
	out     vector.Batch // of columns of its own
	narrow  vector.Batch // of the left batch's columns
	byRow   []uint32
}

// output returns the output batch with columns to be written.
func (pr *probe) output(h *Hash) *vector.Batch {
	n := len(h.ltypes) + len(h.rtypes)
	if pr.vecs == nil {
		pr.vecs = make([]vector.Vector, n)
		pr.out.Cols = make([]*vector.Vector, n)
	}
	for i := range pr.vecs {
		pr.out.Cols[i] = &pr.vecs[i]
	}
	pr.out.N, pr.out.Sel = 0, nil
	return &pr.out
}

func (pr *probe) gatherRight(p *pass, cols []*vector.Vector) error {
	for i, v := range cols {
		if err := p.rows.Gather(v, i, pr.ids); err != nil {
			return err
		}
	}
	return nil
}

// null makes v a column of NULLs.
func null(v *vector.Vector, t types.Type) {
	v.SetConst(t, types.Null)
}

// probeNext gives the next batch of output that the left side makes, nil at its end.
func (p *pass) probeNext(ctx context.Context) (*vector.Batch, error) {
	kind := p.h.node.Kind
	if p.rows.Len() == 0 && (kind == physical.Inner || kind == physical.Semi || kind == physical.Right) {
		return nil, nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if p.probe.batch == nil {
			b, err := p.left.Next(ctx)
			if b == nil || err != nil {
				return nil, err
			}
			if b.Live() == 0 {
				continue
			}
			if err := p.begin(b); err != nil {
				return nil, err
			}
		}
		out, err := p.step()
		if err != nil || out != nil && out.Live() > 0 {
			return out, err
		}
	}
}

// begin looks up the keys of a left batch.
func (p *pass) begin(b *vector.Batch) error {
	pr := &p.probe
	keys, err := p.h.lkeys.of(b)
	if err != nil {
		return err
	}
	pr.batch, pr.at, pr.cand, pr.flushed = b, 0, hash.None, false
	pr.live = rowsOf(b, pr.live)
	pr.first = p.chains.Find(keys, b.N, b.Sel, pr.first)
	for _, v := range keys {
		if len(v.Nulls) == 0 {
			continue
		}
		for k, i := range pr.live {
			if v.IsNull(int(i)) {
				pr.first[k] = hash.None
			}
		}
	}
	clear(pr.hit)
	if p.h.node.NullAware {
		p.dropUnknown(keys)
	}
	if len(pr.first) > 0 {
		pr.cand = pr.first[0]
	}
	return nil
}

// rowsOf lists the live rows of a batch.
func rowsOf(b *vector.Batch, buf []uint16) []uint16 {
	buf = buf[:0]
	if b.Sel != nil {
		return append(buf, b.Sel...)
	}
	for i := range b.N {
		buf = append(buf, uint16(i))
	}
	return buf
}

// dropUnknown leaves out, for NOT IN, the rows for which it is NULL.
func (p *pass) dropUnknown(keys []*vector.Vector) {
	pr, h := &p.probe, p.h
	if !h.rightRows {
		return
	}
	k := 0
	for j, i := range pr.live {
		pr.live[k], pr.first[k] = i, pr.first[j]
		if !h.rightNull && !hash.RowHasNull(keys, int(i)) {
			k++
		}
	}
	pr.live, pr.first = pr.live[:k], pr.first[:k]
}

// step gives some of the output of the batch in hand, and lets go of it when there is no more.
func (p *pass) step() (*vector.Batch, error) {
	kind := p.h.node.Kind
	switch {
	case p.h.residual == nil && (kind == physical.Semi || kind == physical.Anti):
		p.markFirst()
		return p.selected(kind == physical.Semi), nil
	case p.chains.Unique() && (kind == physical.Inner || kind == physical.Left && p.h.residual == nil):
		return p.beside()
	}
	out, err := p.pairs()
	if out != nil || err != nil {
		return out, err
	}
	switch kind {
	case physical.Semi:
		return p.selected(true), nil
	case physical.Anti:
		return p.selected(false), nil
	case physical.Left, physical.Full:
		return p.padded()
	default:
		p.probe.batch = nil
		return nil, nil
	}
}

// markFirst notes as matched the rows that have any candidate.
func (p *pass) markFirst() {
	for k, id := range p.probe.first {
		if id != hash.None {
			p.probe.hit = p.probe.hit.Set(k)
		}
	}
}

// selected gives the left rows that have matched, or that have not.
func (p *pass) selected(matched bool) *vector.Batch {
	pr := &p.probe
	pr.sel = pr.sel[:0]
	if pr.sel == nil {
		pr.sel = []uint16{}
	}
	for k, i := range pr.live {
		if pr.hit.Get(k) == matched {
			pr.sel = append(pr.sel, i)
		}
	}
	pr.narrow = vector.Batch{Cols: pr.batch.Cols, N: pr.batch.N, Sel: pr.sel}
	pr.batch = nil
	return &pr.narrow
}

// beside puts the only match of each left row beside it, without moving the left columns.
func (p *pass) beside() (*vector.Batch, error) {
	pr, b := &p.probe, p.probe.batch
	pr.batch = nil
	pr.sel = pr.sel[:0]
	if cap(pr.byRow) < b.N {
		pr.byRow = make([]uint32, b.N)
	}
	pr.byRow = pr.byRow[:b.N]
	for i := range pr.byRow {
		pr.byRow[i] = spill.NoRow
	}
	inner := p.h.node.Kind == physical.Inner
	if pr.sel == nil {
		pr.sel = make([]uint16, 0, vector.Size)
	}
	for k, i := range pr.live {
		id := pr.first[k]
		pr.byRow[i] = id // hash.None is spill.NoRow
		if id != hash.None || !inner {
			pr.sel = append(pr.sel, i)
		}
	}
	if len(pr.sel) == 0 {
		return nil, nil
	}
	out := pr.output(p.h)
	copy(out.Cols, b.Cols)
	for i, v := range out.Cols[len(b.Cols):] {
		if err := p.rows.Gather(v, i, pr.byRow); err != nil {
			return nil, err
		}
	}
	out.N, out.Sel = b.N, pr.sel
	if p.h.residual == nil {
		return out, nil
	}
	sel, err := p.h.residual.Select(out)
	if sel != nil {
		out.Sel = sel
	}
	return out, err
}

// pairs gives the next pairs of a left row and a candidate that pass the residual; nil when all have been looked at.
func (p *pass) pairs() (*vector.Batch, error) {
	pr := &p.probe
	for {
		p.collect()
		if len(pr.ids) == 0 {
			return nil, nil
		}
		out := pr.output(p.h)
		nl := len(p.h.ltypes)
		for i, v := range pr.batch.Cols {
			out.Cols[i].Gather(v, pr.lrows)
		}
		if err := pr.gatherRight(p, out.Cols[nl:]); err != nil {
			return nil, err
		}
		out.N = len(pr.ids)
		if p.h.residual != nil {
			sel, err := p.h.residual.Select(out)
			if err != nil {
				return nil, err
			}
			out.Sel = sel
		}
		p.mark(out)
		if k := p.h.node.Kind; out.Live() > 0 && k != physical.Semi && k != physical.Anti {
			return out, nil
		}
	}
}

// collect gathers up to a batch of pairs.
func (p *pass) collect() {
	pr := &p.probe
	pr.lrows, pr.lpos, pr.ids = pr.lrows[:0], pr.lpos[:0], pr.ids[:0]
	for pr.at < len(pr.live) {
		for pr.cand != hash.None {
			if len(pr.ids) == vector.Size {
				return
			}
			pr.lrows = append(pr.lrows, pr.live[pr.at])
			pr.lpos = append(pr.lpos, uint16(pr.at))
			pr.ids = append(pr.ids, pr.cand)
			pr.cand = p.chains.Next(pr.cand)
		}
		if pr.at++; pr.at < len(pr.first) {
			pr.cand = pr.first[pr.at]
		}
	}
}

// mark notes which rows of both sides have matched.
func (p *pass) mark(out *vector.Batch) {
	pr := &p.probe
	both := p.h.node.Kind == physical.Right || p.h.node.Kind == physical.Full
	if !both && p.h.node.Kind == physical.Inner {
		return
	}
	for k := range out.Live() {
		i := out.Row(k)
		pr.hit = pr.hit.Set(int(pr.lpos[i]))
		if both {
			p.matched = p.matched.Set(int(pr.ids[i]))
		}
	}
}

// padded gives the left rows without a match beside NULLs.
func (p *pass) padded() (*vector.Batch, error) {
	b := p.selected(false)
	cols := b.Cols
	sel := b.Sel
	n := b.N
	out := p.probe.output(p.h)
	copy(out.Cols, cols)
	for i, t := range p.h.rtypes {
		null(out.Cols[len(cols)+i], t)
	}
	out.N, out.Sel = n, sel
	return out, nil
}
