// Package window has the operator of window functions. Its input is sorted by partition and order; a partition's rows are
// kept, in memory or a file, all functions are computed over them, and they go out with the results beside them.
//
// rank.go has the functions of positions, value.go those that look at other rows, aggregate.go aggregates over frames,
// frame.go and range.go say which rows a frame has. executor.Build makes the operator.
package window

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/spill"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Window is the operator.
type Window struct {
	env   *op.Env
	node  *physical.Window
	input op.Operator
	prog  *eval.Program // partition keys, order keys, then arguments and filters
	pnorm *eval.Keys
	onorm *eval.Keys
	acct  *mem.Account
	width int
	types []types.Type // of the kept rows: input, order keys in key form, order keys, arguments and filters
	order int          // first order key in key form
	value int          // first order key as it is
	args  int          // first argument
	funcs []function
	frame *frame

	batch *vector.Batch // input in hand
	kept  []*vector.Vector
	pkeys []*vector.Vector
	at    int           // its first live row not yet kept
	last  []types.Datum // partition key of the rows kept
	begun bool
	ended bool

	rows    *spill.Rows // of the partition
	part    partition
	results []vector.Vector
	chunk   int // next to give out; -1: the partition is not complete
	sel     []uint16
	in      vector.Batch
	vecs    []vector.Vector
	out     vector.Batch
}

// function is one window function, its arguments being columns of the kept rows.
type function struct {
	physical.WindowFunc
	args    []int
	filter  int // -1: none
	compute func(w *Window, f *function, out *vector.Vector) error
}

// New makes the operator.
func New(n *physical.Window, env *op.Env) (op.Operator, error) {
	w := &Window{env: env, node: n, acct: env.Mem.Account(), chunk: -1}
	for _, c := range n.Input.Output() {
		w.types = append(w.types, c.Type)
	}
	w.width = len(w.types)
	if err := w.compile(); err != nil {
		return nil, err
	}
	var err error
	if w.frame, err = newFrame(w); err != nil {
		return nil, err
	}
	w.rows = spill.NewSpillingRows(w.types, w.acct, env.TempDir)
	w.results = make([]vector.Vector, len(n.Funcs))
	w.vecs = make([]vector.Vector, len(n.Funcs))
	w.input, err = env.Build(n.Input, env)
	return w, err
}

// compile lays the columns of the kept rows out and finds the functions' code.
func (w *Window) compile() error {
	n := w.node
	exprs := append([]expr.Expr(nil), n.Partition...)
	pts := exprTypes(exprs)
	var ots []types.Type
	for _, k := range n.Order {
		exprs = append(exprs, k.Expr)
		ots = append(ots, k.Expr.Type())
	}
	w.pnorm, w.onorm = eval.NewKeys(pts), eval.NewKeys(ots)
	w.order = len(w.types)
	w.types = append(w.types, w.onorm.Types()...)
	w.value = len(w.types)
	w.types = append(w.types, ots...)
	w.args = len(w.types)
	add := func(e expr.Expr) int {
		exprs, w.types = append(exprs, e), append(w.types, e.Type())
		return len(w.types) - 1
	}
	for _, f := range n.Funcs {
		x := function{WindowFunc: f, filter: -1}
		for _, a := range f.Args {
			x.args = append(x.args, add(a))
		}
		if f.Filter != nil {
			x.filter = add(f.Filter)
		}
		if x.compute = functions[f.Proc.Source]; f.Aggregate {
			x.compute = aggregate
		}
		if x.compute == nil {
			return pgerr.Unsupported("window function %s", f.Proc.Name)
		}
		w.funcs = append(w.funcs, x)
	}
	var err error
	w.prog, err = eval.Compile(exprs, w.env)
	return err
}

func exprTypes(es []expr.Expr) []types.Type {
	out := make([]types.Type, len(es))
	for i, e := range es {
		out[i] = e.Type()
	}
	return out
}

// functions has the code of window functions by pg_proc.prosrc.
var functions = map[string]func(w *Window, f *function, out *vector.Vector) error{
	"window_row_number": rowNumber, "window_rank": rank, "window_dense_rank": denseRank,
	"window_percent_rank": percentRank, "window_cume_dist": cumeDist, "window_ntile": ntile,
	"window_lag": lag, "window_lag_with_offset": lag, "window_lag_with_offset_and_default": lag,
	"window_lead": lead, "window_lead_with_offset": lead, "window_lead_with_offset_and_default": lead,
	"window_first_value": firstValue, "window_last_value": lastValue, "window_nth_value": nthValue,
}

// Next implements op.Operator.
func (w *Window) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		if w.chunk >= 0 {
			if w.chunk < w.rows.Chunks() {
				return w.give()
			}
			w.rows.Reset()
			w.chunk = -1
		}
		done, err := w.fill(ctx)
		if err != nil {
			return nil, err
		}
		if w.rows.Len() == 0 && done {
			return nil, nil
		}
		if err := w.compute(); err != nil {
			return nil, err
		}
		w.chunk = 0
	}
}

// fill keeps rows until the partition is complete; done means that the input has ended.
func (w *Window) fill(ctx context.Context) (done bool, err error) {
	for {
		if w.batch == nil {
			if w.ended {
				return true, nil
			}
			if err := ctx.Err(); err != nil {
				return false, err
			}
			b, err := w.input.Next(ctx)
			if err != nil {
				return false, err
			}
			if b == nil {
				w.ended = true
				return true, nil
			}
			if b.Live() == 0 {
				continue
			}
			if err := w.begin(b); err != nil {
				return false, err
			}
		}
		complete, err := w.keep()
		if complete || err != nil {
			return false, err
		}
	}
}

// begin computes the keys and arguments of an input batch.
func (w *Window) begin(b *vector.Batch) error {
	cols, err := w.prog.Run(b)
	if err != nil {
		return err
	}
	np, no := len(w.node.Partition), len(w.node.Order)
	w.pkeys = w.pnorm.Convert(cols[:np], b.N, b.Sel)
	w.kept = append(w.kept[:0], b.Cols...)
	w.kept = append(w.kept, w.onorm.Convert(cols[np:np+no], b.N, b.Sel)...)
	w.kept = append(w.kept, cols[np:]...)
	w.batch, w.at = b, 0
	return nil
}

// keep takes rows of the batch that belong to the partition; complete means that one does not.
func (w *Window) keep() (complete bool, err error) {
	b := w.batch
	from := w.at
	for ; w.at < b.Live(); w.at++ {
		i := b.Row(w.at)
		if w.begun && !w.same(i) {
			complete = true
			break
		}
		if !w.begun {
			w.begun = true
			w.last = w.last[:0]
			for _, v := range w.pkeys {
				w.last = append(w.last, v.Datum(i).Clone())
			}
		}
	}
	if w.at > from {
		w.sel = w.sel[:0]
		for k := from; k < w.at; k++ {
			w.sel = append(w.sel, uint16(b.Row(k)))
		}
		err = w.rows.Add(w.kept, w.sel, b.N)
	}
	if complete {
		w.begun = false
	} else {
		w.batch = nil
	}
	return complete, err
}

func (w *Window) same(i int) bool {
	for k, v := range w.pkeys {
		if v.Datum(i) != w.last[k] {
			return false
		}
	}
	return true
}

// compute runs all functions over the partition.
func (w *Window) compute() error {
	if err := w.part.load(w); err != nil {
		return err
	}
	if err := w.frame.load(w); err != nil {
		return err
	}
	for i := range w.funcs {
		f := &w.funcs[i]
		w.results[i].Reset(f.T)
		if err := f.compute(w, f, &w.results[i]); err != nil {
			return err
		}
	}
	return nil
}

// give returns a chunk of the partition with the results beside it.
func (w *Window) give() (*vector.Batch, error) {
	if err := w.rows.Chunk(w.chunk, &w.in); err != nil {
		return nil, err
	}
	from := w.chunk * vector.Size
	w.out.Cols = append(w.out.Cols[:0], w.in.Cols[:w.width]...)
	for i := range w.results {
		w.vecs[i].Window(&w.results[i], from, from+w.in.N)
		w.out.Cols = append(w.out.Cols, &w.vecs[i])
	}
	w.out.N = w.in.N
	w.chunk++
	return &w.out, nil
}

// Close implements op.Operator.
func (w *Window) Close() error {
	w.rows.Close()
	w.acct.Close()
	return w.input.Close()
}
