package session

import (
	"context"

	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// plSimple is an expression without a query, or a list of them: they are computed without a plan, over a batch of one row whose
// columns are what they read of the variables.
type plSimple struct {
	exprs  []expr.Expr
	p      *eval.Program
	reads  []plpgsql.Read // nil: the parameters
	vecs   []vector.Vector
	types  []types.Type
	batch  vector.Batch
	out    []types.Datum
	calls  bool       // users' functions
	number *plInteger // nil: it is computed by the program
	growth *plpgsql.Growth
	plain  *plSimple // the same without partial reads
	st     *plStatement
}

// simpleExpression makes a program of a plan that is but an expression; nil: it is more.
func (st *plStatement) simpleExpression() (*plSimple, error) {
	var x expr.Expr
	switch n := st.e.Root.(type) {
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
	p, err := st.compute([]expr.Expr{x}, partial(x))
	if err != nil {
		return nil, err
	}
	p.growth, err = st.growth(x)
	return p, err
}

// compute compiles expressions over the statement's parameters, or with parts over no more of them than is needed.
func (st *plStatement) compute(list []expr.Expr, parts bool) (*plSimple, error) {
	r := plReads{list: []plpgsql.Read{}}
	p := &plSimple{exprs: list, st: st, out: make([]types.Datum, len(list))}
	if parts {
		p.exprs = r.rewrite(list)
		p.reads, p.types = r.list, r.types
	} else {
		p.exprs = expr.RewriteAll(list, func(x expr.Expr) expr.Expr {
			if k, ok := x.(*expr.Param); ok {
				return &expr.Slot{Index: k.Index, T: k.T}
			}
			return x
		})
		p.types = st.e.Params
	}
	p.calls = anyOf(list, func(x expr.Expr) bool {
		c, ok := x.(*expr.Call)
		return ok && c.Proc.User
	})
	var err error
	if p.p, err = eval.Compile(p.exprs, st.s.pl.env); err != nil {
		return nil, err
	}
	if len(list) == 1 {
		p.number = integerExpression(p.exprs[0])
	}
	p.exprs = list
	p.vecs = make([]vector.Vector, len(p.types))
	p.batch = vector.Batch{N: 1}
	for i := range p.vecs {
		p.batch.Cols = append(p.batch.Cols, &p.vecs[i])
	}
	return p, nil
}

// Reads implements plpgsql.Computed.
func (p *plSimple) Reads() []plpgsql.Read { return p.reads }

// Growth implements plpgsql.SimpleExpression.
func (p *plSimple) Growth() *plpgsql.Growth { return p.growth }

// Plain implements plpgsql.Computed.
func (p *plSimple) Plain() (plpgsql.Computed, error) {
	if p.reads == nil {
		return p, nil
	}
	var err error
	if p.plain == nil {
		p.plain, err = p.st.compute(p.exprs, false)
	}
	return p.plain, err
}

// Values implements plpgsql.Computed.
func (p *plSimple) Values(ctx context.Context, args []types.Datum) ([]types.Datum, error) {
	if p.number != nil {
		if n, ok := p.number.value(args); ok {
			p.out[0] = types.Int(n)
			return p.out, nil
		}
	}
	if p.calls {
		if err := p.st.beforeCalls(ctx); err != nil {
			return nil, err
		}
	}
	for i := range p.vecs {
		p.vecs[i].Reset(p.types[i])
		p.vecs[i].AppendBorrowed(args[i])
	}
	out, err := p.p.Run(&p.batch)
	if err != nil {
		return nil, err
	}
	for i, v := range out {
		p.out[i] = v.Datum(0)
	}
	return p.out, nil
}

// beforeCalls lets functions that an expression calls see what was done before.
func (st *plStatement) beforeCalls(context.Context) error {
	if !st.readOnly {
		st.s.txn.Statement()
	}
	return st.s.checkAccess(st.p.plan)
}
