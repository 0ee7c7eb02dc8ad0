package bind

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Arguments makes the arguments of EXECUTE values of the prepared statement's parameter types, as an assignment does.
func Arguments(x *command.Execute, params []types.Type, c Catalog, o Options) ([]expr.Expr, error) {
	var none []types.Type
	b := &binder{cat: c, opts: o, params: &none, stmt: &parse.Statement{}, out: &Bound{}}
	if _, err := b.session(); err != nil { // what domains demand is found in the catalogs that the statement has used
		return nil, err
	}
	out := make([]expr.Expr, len(x.Args))
	for i, a := range x.Args {
		e, ok, err := b.coerceTo(a, params[i], cast{assignment, expr.FormImplicitCast, x.At[i]})
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s", i+1,
				b.formatType(a.Type().Def), b.formatType(params[i].Def)).WithHint("You will need to rewrite or cast the expression.").At(x.At[i])
		}
		out[i] = e
	}
	return out, nil
}
