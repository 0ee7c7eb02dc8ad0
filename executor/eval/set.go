package eval

import (
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// Set is a set-returning call whose arguments are computed by the caller.
type Set struct {
	set    kernel.Set
	strict bool
	env    *kernel.Env
}

// CompileSet finds the code of a set-returning call.
func CompileSet(e *expr.Call, env *op.Env) (*Set, error) {
	k, err := Kernel(e.Proc, exprTypes(e.Args), e.T)
	if err != nil {
		return nil, err
	}
	if k.Set == nil {
		return nil, pgerr.Unsupported("set-returning function %s", e.Proc.Name)
	}
	return &Set{set: k.Set, strict: e.Proc.Strict, env: kernelEnv(env)}, nil
}

// Run calls the function for one row's arguments. A strict function of a NULL gives no rows.
func (s *Set) Run(args []types.Datum, yield func(row []types.Datum) bool) error {
	if s.strict {
		for _, a := range args {
			if a.Null {
				return nil
			}
		}
	}
	return s.set(s.env, args, yield)
}
