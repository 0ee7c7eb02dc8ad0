package bind

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// operatorCandidate is an operator in the choice between overloads.
type operatorCandidate struct {
	op   *builtin.Operator
	args []*types.Def
}

func (c operatorCandidate) argTypes() []*types.Def { return c.args }

// operator finds the operator for operand types; left is nil for a prefix operator. nil without error: there is none.
func (b *binder) operator(name []string, left, right *types.Def, pos int) (*builtin.Operator, error) {
	op := name[len(name)-1]
	if len(name) > 1 && name[len(name)-2] != "pg_catalog" {
		return nil, b.noOperator(name, left, right, pos)
	}
	if left == nil {
		return b.prefixOperator(name, op, right, pos)
	}
	if o := exactOperator(op, left, right); o != nil {
		return o, nil
	}
	cands := b.operatorCandidates(op, 'b')
	actual := []*types.Def{left, right}
	return b.pickOperator(cands, actual, name, pos)
}

// exactOperator takes an untyped literal for the type of the other operand.
func exactOperator(name string, left, right *types.Def) *builtin.Operator {
	unknown := false
	switch {
	case left.OID == types.OIDUnknown && right.OID != types.OIDUnknown:
		left, unknown = right, true
	case right.OID == types.OIDUnknown && left.OID != types.OIDUnknown:
		right, unknown = left, true
	}
	if o := builtin.OperatorFor(name, left.OID, right.OID); o != nil {
		return o
	}
	if unknown {
		if base := baseType(left); base.OID != left.OID {
			return builtin.OperatorFor(name, base.OID, base.OID)
		}
	}
	return nil
}

func (b *binder) prefixOperator(name []string, op string, right *types.Def, pos int) (*builtin.Operator, error) {
	if o := builtin.OperatorFor(op, 0, right.OID); o != nil && o.Kind == 'l' {
		return o, nil
	}
	return b.pickOperator(b.operatorCandidates(op, 'l'), []*types.Def{right}, name, pos)
}

func (b *binder) operatorCandidates(name string, kind byte) []operatorCandidate {
	var out []operatorCandidate
	for _, o := range builtin.OperatorsByName(name) {
		if o.Kind != kind {
			continue
		}
		args := make([]*types.Def, 0, 2)
		if kind == 'b' {
			args = append(args, types.Builtin(o.Left))
		}
		args = append(args, types.Builtin(o.Right))
		if args[0] == nil || args[len(args)-1] == nil {
			continue // an operator of a type that the engine does not have
		}
		out = append(out, operatorCandidate{o, args})
	}
	return out
}

func (b *binder) pickOperator(cands []operatorCandidate, actual []*types.Def, name []string, pos int) (*builtin.Operator, error) {
	left, right := actual[0], actual[len(actual)-1]
	if len(actual) == 1 {
		left = nil
	}
	cands = matching(b, actual, cands)
	switch len(cands) {
	case 0:
		return nil, b.noOperator(name, left, right, pos)
	case 1:
		return cands[0].op, nil
	}
	best, ok := choose(b, actual, cands)
	if !ok {
		return nil, pgerr.New(pgerrcode.AmbiguousFunction, "operator is not unique: %s", b.operatorText(name, left, right)).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.").At(pos)
	}
	return best.op, nil
}

func (b *binder) noOperator(name []string, left, right *types.Def, pos int) error {
	hint := "No operator matches the given name and argument types. You might need to add explicit type casts."
	if left == nil {
		hint = "No operator matches the given name and argument type. You might need to add an explicit type cast."
	}
	return pgerr.New(pgerrcode.UndefinedFunction, "operator does not exist: %s", b.operatorText(name, left, right)).WithHint("%s", hint).At(pos)
}

func (b *binder) operatorText(name []string, left, right *types.Def) string {
	s := ""
	if left != nil {
		s = b.formatType(left) + " "
	}
	for i, n := range name {
		if i > 0 {
			s += "."
		}
		s += n
	}
	return s + " " + b.formatType(right)
}

// apply makes the call of an operator; left is nil for a prefix operator.
func (b *binder) apply(name []string, left, right expr.Expr, pos int) (expr.Expr, error) {
	var lt *types.Def
	args := []expr.Expr{right}
	if left != nil {
		lt, args = left.Type().Def, []expr.Expr{left, right}
	}
	op, err := b.operator(name, lt, right.Type().Def, pos)
	if err != nil {
		return nil, err
	}
	return b.operatorCall(op, args, pos)
}

// operatorCall coerces the operands and makes the call.
func (b *binder) operatorCall(op *builtin.Operator, args []expr.Expr, pos int) (expr.Expr, error) {
	p := builtin.ProcByOID(op.Proc)
	if p == nil {
		return nil, pgerr.Internal("operator %s has no function", op.Name)
	}
	declared := make([]*types.Def, 0, 2)
	if op.Kind == 'b' {
		declared = append(declared, types.Builtin(op.Left))
	}
	declared = append(declared, types.Builtin(op.Right))
	result := types.Builtin(op.Result)
	if result == nil {
		return nil, pgerr.Unsupported("the type of operator %s", op.Name)
	}
	result, err := b.settleGenerics(typesOf(args), declared, result)
	if err != nil {
		return nil, pgerr.From(err).At(pos)
	}
	if err := b.supported(p, pos); err != nil {
		return nil, err
	}
	if args, err = b.arguments(args, declared, pos); err != nil {
		return nil, err
	}
	return &expr.Call{Proc: p, Op: op, Args: args, T: types.Of(result), Form: expr.FormOperator, Pos: pos}, nil
}

// arguments coerces actual arguments to the declared types.
func (b *binder) arguments(args []expr.Expr, declared []*types.Def, pos int) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		e, err := b.coerce(a, types.Of(declared[i]), cast{implicit, expr.FormImplicitCast, -1})
		if err != nil {
			return nil, pgerr.From(err).At(pos)
		}
		out[i] = e
	}
	return out, nil
}

func typesOf(es []expr.Expr) []*types.Def {
	out := make([]*types.Def, len(es))
	for i, e := range es {
		out[i] = e.Type().Def
	}
	return out
}

// supported refuses functions that have no code.
func (b *binder) supported(p *builtin.Proc, pos int) error {
	if b.opts.Supported == nil || b.opts.Supported(p) {
		return nil
	}
	if p.User {
		return pgerr.Unsupported("calling functions in language %s", p.Function.Language).At(pos)
	}
	return pgerr.Unsupported("function %s", p.Name).At(pos)
}

// comparison finds the function of a comparison of two values of one type, such as the = of DISTINCT and NULLIF.
func (b *binder) comparison(name string, t *types.Def, pos int) (*builtin.Proc, error) {
	op, err := b.operator([]string{name}, t, t, pos)
	if err != nil {
		return nil, err
	}
	return builtin.ProcByOID(op.Proc), nil
}
