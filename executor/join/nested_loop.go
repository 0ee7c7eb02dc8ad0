package join

import (
	"context"
	"errors"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// NestedLoop joins each left row with all rows of the right side: kept in memory or a file when they do not depend on the
// left row, computed anew for each left row (lateral) when they do.
//
// The condition is computed for one left row, as constants, and a chunk of the right side at a time.
type NestedLoop struct {
	env     *op.Env
	node    *physical.NestedLoop
	left    op.Operator
	args    *eval.Program
	cond    *eval.Filter
	acct    *mem.Account
	removed int64       // pairs that the condition took out
	rows    *spill.Rows // the right side
	ltypes  []types.Type
	rtypes  []types.Type

	batch   *vector.Batch // left batch in hand, nil: ask for the next
	argv    []*vector.Vector
	k       int           // live row of it
	chunk   int           // next chunk of the right side; -1: the left row is not begun
	hit     bool          // the left row has matched
	matched vector.Bitmap // right rows that have, for Right and Full
	tail    int           // next right row to look at for them
	ended   bool          // the left side is done

	consts  []vector.Vector // the left row
	test    vector.Batch    // the left row as constants beside a chunk
	right   vector.Batch    // the chunk whose rows are pending
	pending []uint16        // rows of it that have matched and are not yet in the output
	buf     []uint16
	vecs    []vector.Vector
	out     vector.Batch
}

// NewNestedLoop makes the operator.
func NewNestedLoop(n *physical.NestedLoop, env *op.Env) (op.Operator, error) {
	j := &NestedLoop{
		env: env, node: n, acct: env.Mem.Account(), chunk: -1,
		ltypes: columnTypes(n.Left), rtypes: columnTypes(n.Right),
	}
	var err error
	if len(n.Args) > 0 {
		if j.args, err = eval.Compile(n.Args, env); err != nil {
			return nil, err
		}
	}
	if len(n.Cond) > 0 {
		if j.cond, err = eval.CompileFilter(n.Cond, env); err != nil {
			return nil, err
		}
	}
	j.layOut()
	j.left, err = env.Build(n.Left, env)
	return j, err
}

func (j *NestedLoop) layOut() {
	nl, nr := len(j.ltypes), len(j.rtypes)
	j.consts = make([]vector.Vector, nl)
	j.test.Cols = make([]*vector.Vector, nl, nl+nr)
	for i := range j.consts {
		j.test.Cols[i] = &j.consts[i]
	}
	ts := append(j.ltypes[:nl:nl], j.rtypes...)
	if j.semi() {
		ts = ts[:nl]
	}
	j.vecs = make([]vector.Vector, len(ts))
	j.out.Cols = make([]*vector.Vector, len(ts))
	for i, t := range ts {
		j.vecs[i].Type = t
		j.out.Cols[i] = &j.vecs[i]
	}
}

func (j *NestedLoop) semi() bool {
	return j.node.Kind == physical.Semi || j.node.Kind == physical.Anti
}

// Next implements op.Operator.
func (j *NestedLoop) Next(ctx context.Context) (*vector.Batch, error) {
	if j.rows == nil && j.args == nil {
		if err := j.fetch(ctx, j.env); err != nil {
			return nil, err
		}
	}
	j.out.N = 0
	for i := range j.vecs {
		j.vecs[i].Reset(j.vecs[i].Type)
	}
	for j.out.N < vector.Size && !j.ended {
		if err := j.step(ctx); err != nil {
			return nil, err
		}
	}
	if j.ended && (j.node.Kind == physical.Right || j.node.Kind == physical.Full) {
		if err := j.unmatched(); err != nil {
			return nil, err
		}
	}
	if j.out.N == 0 {
		return nil, nil
	}
	return &j.out, nil
}

// fetch runs the right side and keeps its rows.
func (j *NestedLoop) fetch(ctx context.Context, env *op.Env) error {
	if j.rows == nil {
		j.rows = spill.NewSpillingRows(j.rtypes, j.acct, j.env.TempDir)
	} else {
		j.rows.Reset()
	}
	o, err := env.Build(j.node.Right, env)
	if err != nil {
		return err
	}
	for {
		b, err := o.Next(ctx)
		if b == nil || err != nil {
			return errors.Join(err, o.Close())
		}
		if err := j.rows.Append(b); err != nil {
			return errors.Join(err, o.Close())
		}
		if j.semi() && j.cond == nil && j.rows.Len() > 0 {
			return o.Close()
		}
	}
}

// step does one thing towards more output.
func (j *NestedLoop) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // a left row may take long, and give nothing
		return err
	}
	switch {
	case len(j.pending) > 0:
		j.emitPending()
	case j.batch == nil:
		return j.take(ctx)
	case j.chunk < 0:
		return j.startRow(ctx)
	case j.chunk < j.rows.Chunks() && !(j.semi() && j.hit):
		return j.match()
	default:
		j.endRow()
	}
	return nil
}

func (j *NestedLoop) take(ctx context.Context) error {
	b, err := j.left.Next(ctx)
	if err != nil {
		return err
	}
	if b == nil {
		j.ended = true
		return nil
	}
	if b.Live() == 0 {
		return nil
	}
	j.batch, j.k = b, 0
	if j.args != nil {
		j.argv, err = j.args.Run(b)
	}
	return err
}

// startRow makes the left row constants and, when the right side depends on it, runs the right side.
func (j *NestedLoop) startRow(ctx context.Context) error {
	i := j.batch.Row(j.k)
	for k, v := range j.batch.Cols {
		c := &j.consts[k]
		c.SetConst(v.Type, v.Datum(i))
	}
	j.chunk, j.hit = 0, false
	if j.args == nil {
		return nil
	}
	env := *j.env
	env.Outer = make([]types.Datum, len(j.argv))
	for k, v := range j.argv {
		env.Outer[k] = v.Datum(i)
	}
	return j.fetch(ctx, &env)
}

// match finds the rows of a chunk that join with the left row.
func (j *NestedLoop) match() error {
	k := j.chunk
	j.chunk++
	if err := j.rows.Chunk(k, &j.right); err != nil {
		return err
	}
	j.test.Cols = append(j.test.Cols[:len(j.ltypes)], j.right.Cols...)
	j.test.N = j.right.N
	var sel []uint16
	if j.cond != nil {
		var err error
		if sel, err = j.cond.Select(&j.test); err != nil {
			return err
		}
	}
	if sel == nil {
		sel = j.buf[:0]
		for i := range j.right.N {
			sel = append(sel, uint16(i))
		}
		j.buf = sel
	}
	j.removed += int64(j.right.N - len(sel))
	j.hit = j.hit || len(sel) > 0
	if j.node.Kind == physical.Right || j.node.Kind == physical.Full {
		for _, i := range sel {
			j.matched = j.matched.Set(k*vector.Size + int(i))
		}
	}
	if !j.semi() {
		j.pending = sel
	}
	return nil
}

func (j *NestedLoop) emitPending() {
	n := min(len(j.pending), vector.Size-j.out.N)
	sel := j.pending[:n]
	j.pending = j.pending[n:]
	j.emitLeft(n)
	for i, v := range j.right.Cols {
		j.vecs[len(j.ltypes)+i].AppendFrom(v, sel, n)
	}
}

// emitLeft appends the left row n times.
func (j *NestedLoop) emitLeft(n int) {
	for i := range j.consts {
		j.vecs[i].AppendFrom(&j.consts[i], nil, n)
	}
	j.out.N += n
}

// endRow appends the left row alone where the kind of join wants it, and goes on to the next.
func (j *NestedLoop) endRow() {
	switch j.node.Kind {
	case physical.Semi:
		if j.hit {
			j.emitLeft(1)
		}
	case physical.Anti:
		if !j.hit {
			j.emitLeft(1)
		}
	case physical.Left, physical.Full:
		if !j.hit {
			j.emitLeft(1)
			for i := range j.rtypes {
				j.vecs[len(j.ltypes)+i].AppendNull()
			}
		}
	case physical.Inner, physical.Right:
	}
	j.chunk = -1
	if j.k++; j.k == j.batch.Live() {
		j.batch = nil
	}
}

// unmatched appends right rows that no left row matched.
func (j *NestedLoop) unmatched() error {
	for ; j.tail < j.rows.Len() && j.out.N < vector.Size; j.tail++ {
		if j.matched.Get(j.tail) {
			continue
		}
		for i := range j.ltypes {
			j.vecs[i].AppendNull()
		}
		for i := range j.rtypes {
			d, err := j.rows.Datum(i, uint32(j.tail))
			if err != nil {
				return err
			}
			j.vecs[len(j.ltypes)+i].Append(d)
		}
		j.out.N++
	}
	return nil
}

// Measure implements op.Measured.
func (j *NestedLoop) Measure(c *op.Count) { c.Removed += j.removed }

// Close implements op.Operator.
func (j *NestedLoop) Close() error {
	if j.rows != nil {
		j.rows.Close()
	}
	j.acct.Close()
	return j.left.Close()
}
