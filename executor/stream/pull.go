package stream

import (
	"context"
	"iter"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// generator turns code that pushes rows into an operator that is pulled, a full batch at a time: set-returning functions
// push, and their results may have no end.
type generator struct {
	gen  func(g *generator) error
	vecs []vector.Vector
	out  vector.Batch
	emit func(*vector.Batch) bool
	next func() (*vector.Batch, bool)
	stop func()
	err  error
	size int  // bytes of text in the batch
	done bool // the reader has gone
}

func newGenerator(ts []types.Type, gen func(g *generator) error) *generator {
	g := &generator{gen: gen, vecs: make([]vector.Vector, len(ts))}
	for i, t := range ts {
		g.vecs[i].Reset(t)
		g.out.Cols = append(g.out.Cols, &g.vecs[i])
	}
	return g
}

// add ends a row whose values have been appended to vecs. It returns false when no more rows are wanted.
func (g *generator) add() bool {
	for i := range g.vecs {
		if s := g.vecs[i].Str; len(s) > 0 {
			g.size += len(s[len(s)-1])
		}
	}
	if g.out.N++; g.out.N < vector.Size && g.size < vector.MostBytes {
		return true
	}
	return g.flush()
}

func (g *generator) flush() bool {
	if g.out.N == 0 {
		return true
	}
	if g.done = !g.emit(&g.out); g.done {
		return false
	}
	g.out.N, g.size = 0, 0
	for i := range g.vecs {
		g.vecs[i].Reset(g.vecs[i].Type)
	}
	return true
}

// Next implements op.Operator.
func (g *generator) Next(ctx context.Context) (*vector.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if g.next == nil {
		g.next, g.stop = iter.Pull(func(emit func(*vector.Batch) bool) {
			g.emit = emit
			if g.err = g.gen(g); g.err == nil && !g.done {
				g.flush()
			}
		})
	}
	b, ok := g.next()
	if !ok {
		return nil, g.err
	}
	return b, nil
}

// Close implements op.Operator.
func (g *generator) Close() error {
	if g.stop != nil {
		g.stop()
	}
	return nil
}
