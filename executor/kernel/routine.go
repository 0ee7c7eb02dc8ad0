package kernel

import (
	"context"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Routine is a user's function, opened for the calls of one place in a running plan.
type Routine interface {
	// Call runs the function and returns its value, which does not borrow.
	Call(ctx context.Context, args []types.Datum) (types.Datum, error)
	// Rows runs it and calls yield for each row that it returns, until yield returns false. A row holds during the call.
	Rows(ctx context.Context, args []types.Datum, yield func(row []types.Datum) bool) error
}

// User is the kernel of a user's function for arguments and a result of these types. It belongs to one execution: the
// session opens the function at the first call.
func User(p *builtin.Proc, args []types.Type, result types.Type) Kernel {
	u := &userFunction{proc: p, args: args, result: result}
	if p.Set {
		return Kernel{Set: u.rows}
	}
	return Kernel{Row: u.call}
}

type userFunction struct {
	proc    *builtin.Proc
	args    []types.Type
	result  types.Type
	routine Routine
}

func (u *userFunction) open(e *Env) error {
	if u.routine != nil {
		return nil
	}
	if e.Session == nil {
		return pgerr.Internal("function %s cannot be called here", u.proc.Name)
	}
	r, err := e.Session.Routine(e.Ctx, u.proc, u.args, u.result)
	u.routine = r
	return err
}

func (u *userFunction) call(e *Env, args []datum) (datum, error) {
	if err := u.open(e); err != nil {
		return types.Null, err
	}
	return u.routine.Call(e.Ctx, args)
}

func (u *userFunction) rows(e *Env, args []datum, yield func([]datum) bool) error {
	if err := u.open(e); err != nil {
		return err
	}
	return u.routine.Rows(e.Ctx, args, yield)
}
