package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

// callStatement binds CALL: one row, whose columns are the procedure's OUT parameters; without any, no row is shown.
func (b *binder) callStatement(s *pg.CallStmt) error {
	q := b.child(nil)
	q.kind = kindCall
	c, err := q.callArgs(s.Funccall)
	if err != nil {
		return err
	}
	c.context = true
	o, err := b.overload(c)
	if err != nil {
		return err
	}
	if o.cand == nil {
		return b.noFunction(c, o.many)
	}
	if p := o.cand.proc; p.Kind != 'p' {
		return pgerr.New(pgerrcode.WrongObjectType, "%s is not a procedure", c.text()+b.signature(c)).
			WithHint("To call a function, use SELECT.").At(c.pos)
	}
	r, err := b.resolve(c, o.cand)
	if err != nil {
		return err
	}
	if err := b.supported(r.proc, c.pos); err != nil {
		return err
	}
	b.procedurePlan(r, q, c.pos)
	return nil
}

// procedurePlan is the plan of a resolved CALL.
func (b *binder) procedurePlan(r *resolved, q *query, pos int) {
	b.outputs(r)
	p, args := inputsOnly(r.proc, r.args)
	call := &expr.Call{Proc: p, Args: args, T: r.result, Variadic: r.variadic, Pos: pos}
	b.out.Tag, b.out.ReadOnly = "CALL", true
	fields := r.result.Fields
	if len(fields) == 0 {
		b.out.Node = &logical.Project{Input: &logical.Values{Rows: [][]expr.Expr{{}}}, Exprs: []expr.Expr{call},
			Cols: []logical.Column{{ID: b.newColumn(q), Name: p.Name, Type: call.T}}}
		return
	}
	scan := &logical.FunctionScan{Calls: []logical.TableFunction{{Call: call, Width: len(fields)}}, Alias: p.Name}
	for _, f := range fields {
		scan.Cols = append(scan.Cols, logical.Column{ID: b.newColumn(q), Name: f.Name, Type: f.Type})
		b.out.Fields = append(b.out.Fields, Field{Name: f.Name, Type: f.Type})
	}
	b.out.Node = scan
}

// withOutputs is a procedure as CALL sees it: its OUT parameters are given arguments too, which are not evaluated.
func withOutputs(p *builtin.Proc) *builtin.Proc {
	if p.Kind != 'p' || !slices.Contains(p.ArgModes, 'o') {
		return p
	}
	c := *p
	c.Args = p.AllArgs
	return &c
}

// inputsOnly takes the arguments for OUT parameters away again.
func inputsOnly(p *builtin.Proc, args []expr.Expr) (*builtin.Proc, []expr.Expr) {
	if len(p.Args) != len(p.AllArgs) || !slices.Contains(p.ArgModes, 'o') {
		return p, args
	}
	c := *p
	var in []expr.Expr
	c.Args = nil
	for i, m := range p.ArgModes {
		if m == 'o' {
			continue
		}
		c.Args = append(c.Args, p.AllArgs[i])
		if i < len(args) {
			in = append(in, args[i])
		}
	}
	return &c, in
}

// outputs notes which parameters the arguments of a CALL in a body are that receive something.
func (b *binder) outputs(r *resolved) {
	if body := b.body(); body == nil || body.Vars == nil {
		return
	}
	b.out.Outputs = &Outputs{}
	args := r.args
	for i, m := range r.proc.ArgModes {
		if i >= len(args) {
			break
		}
		if m != 'o' && m != 'b' {
			continue
		}
		at := -1
		if p, ok := args[i].(*expr.Param); ok {
			at = p.Index
		}
		name := ""
		if i < len(r.proc.ArgNames) {
			name = r.proc.ArgNames[i]
		}
		b.out.Outputs.Params = append(b.out.Outputs.Params, at)
		b.out.Outputs.Names = append(b.out.Outputs.Names, name)
	}
}
