package session

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// plLoop is a query whose rows a body is looking at. Other statements run meanwhile, so it goes back to the point that it reads
// at for each batch. When the transaction ends before it does, what is left of its rows is kept.
type plLoop struct {
	x     *execution
	s     *Session
	txn   storage.Txn
	point storage.ReadPoint
	batch *vector.Batch // whose rows are looked at, and which one is next
	row   int
	kept  *rowStore
	at    int64
	busy  bool // the plan computes a batch: it is that of CALL
}

// loop gives the rows of a plan to yield.
func (st *plStatement) loop(ctx context.Context, x *execution, yield func([]types.Datum) (bool, error)) error {
	s := st.s
	l := &plLoop{x: x, s: s, txn: s.txn.Txn, point: s.txn.Enter()}
	n := len(s.pl.loops)
	s.pl.loops = append(s.pl.loops, l)
	defer func() {
		s.pl.loops = s.pl.loops[:min(n, len(s.pl.loops))]
		if s.txn != nil && s.txn.Txn == l.txn {
			s.txn.Leave(l.point)
		}
	}()
	var row []types.Datum
	wanted := true
	for {
		b, err := l.next(ctx)
		if b == nil || err != nil {
			return err
		}
		kept := l.kept != nil
		l.batch = b
		for l.row = 0; l.row < b.Live() && kept == (l.kept != nil); {
			x.rows++
			row = rowOf(b, b.Row(l.row), row)
			l.row++
			if !wanted {
				continue
			}
			if wanted, err = yield(row); err != nil {
				return &plYieldError{err}
			}
			if !wanted && x.plan.Tag == "SELECT" {
				return nil
			}
		}
	}
}

// next is the next batch.
func (l *plLoop) next(ctx context.Context) (*vector.Batch, error) {
	if l.kept != nil {
		if l.at == l.kept.n {
			return nil, nil
		}
		l.at++
		return l.kept.row(l.at - 1), nil
	}
	if l.s.txn.Txn == l.txn {
		l.s.txn.Resume(l.point)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.busy = true
	b, err := l.x.root.Next(ctx)
	l.busy = false
	return b, err
}

// keep takes the rest of the rows, since the transaction ends.
func (l *plLoop) keep(ctx context.Context) error {
	if l.kept != nil || l.busy {
		return nil
	}
	kept := newRowStore(l.x.plan.Fields)
	if b := l.batch; b != nil && l.row < b.Live() {
		rest := *b
		rest.Sel = nil
		for k := l.row; k < b.Live(); k++ {
			rest.Sel = append(rest.Sel, uint16(b.Row(k)))
		}
		if err := kept.add(&rest); err != nil {
			return err
		}
	}
	for {
		b, err := l.next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if err := kept.add(b); err != nil {
			return err
		}
	}
	l.kept = kept
	l.x.close()
	return nil
}

// plSimple is an expression without a query: it is computed without a plan.
type plSimple struct {
	p     *eval.Program
	vecs  []vector.Vector
	types []types.Type
	batch vector.Batch
	calls bool // users' functions
	busy  bool
	e     expr.Expr
	s     *Session
}

// simpleExpression makes a program of a plan that is but an expression; nil: it is more.
func (s *Session) simpleExpression(e *planner.Embedded) (*plSimple, error) {
	var x expr.Expr
	switch n := e.Root.(type) {
	case *physical.Values:
		if len(n.Rows) == 1 && len(n.Rows[0]) == 1 {
			x = n.Rows[0][0]
		}
	case *physical.Project:
		if v, ok := n.Input.(*physical.Values); ok && len(v.Rows) == 1 && len(v.Rows[0]) == 0 && len(n.Exprs) == 1 {
			x = n.Exprs[0]
		}
	}
	if x == nil || expr.HasSubquery(x) {
		return nil, nil
	}
	p := &plSimple{types: e.Params, s: s}
	p.e = expr.Rewrite(x, func(x expr.Expr) expr.Expr {
		if k, ok := x.(*expr.Param); ok {
			return &expr.Slot{Index: k.Index, T: k.T}
		}
		if c, ok := x.(*expr.Call); ok && c.Proc.User {
			p.calls = true
		}
		return x
	})
	return p, p.compile()
}

func (p *plSimple) compile() error {
	var err error
	if p.p, err = eval.Compile([]expr.Expr{p.e}, p.s.pl.env); err != nil {
		return err
	}
	p.vecs = make([]vector.Vector, len(p.types))
	p.batch = vector.Batch{N: 1}
	for i := range p.vecs {
		p.batch.Cols = append(p.batch.Cols, &p.vecs[i])
	}
	return nil
}

// value computes the expression. The result may borrow until the next time.
func (p *plSimple) value(ctx context.Context, st *plStatement, args []types.Datum) (types.Datum, error) {
	if p.calls {
		if err := st.beforeCalls(ctx); err != nil {
			return types.Null, err
		}
	}
	for i := range p.vecs {
		fill(&p.vecs[i], p.types[i], args[i])
	}
	out, err := p.p.Run(&p.batch)
	if err != nil {
		return types.Null, err
	}
	return out[0].Datum(0), nil
}

// fill makes a vector one value, which it borrows.
func fill(v *vector.Vector, t types.Type, d types.Datum) {
	v.Reset(t)
	if d.Null {
		v.AppendNull()
		return
	}
	switch t.Class {
	case types.ClassInt:
		v.Int = append(v.Int, d.I)
	case types.ClassFloat:
		v.Float = append(v.Float, d.F())
	default:
		v.Str = append(v.Str, d.S)
	}
}

// beforeCalls lets functions that an expression calls see what was done before.
func (st *plStatement) beforeCalls(context.Context) error {
	if !st.readOnly {
		st.s.txn.Statement()
	}
	return st.s.checkAccess(st.p.plan)
}
