package session

import (
	"context"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// routine is a user's function in SQL, opened for the calls of one place in a running plan.
type routine struct {
	s      *Session
	proc   *builtin.Proc
	args   []types.Type
	result types.Type
	plan   *routinePlan
	envs   []*op.Env      // of the statements, used again by the next call
	firing *kernel.Firing // of a trigger function; nil: it is none
}

var _ kernel.Routine = (*routine)(nil)

// Routine implements kernel.Services.
func (s *Session) Routine(_ context.Context, p *builtin.Proc, args []types.Type, result types.Type) (kernel.Routine, error) {
	if s.txn == nil {
		return nil, pgerr.Internal("function %s is called outside of a transaction", p.Name)
	}
	r := &routine{s: s, proc: p, args: args, result: result}
	switch p.Function.Language {
	case "plpgsql":
		return plRoutine{r}, nil
	case bind.TransitionLanguage:
		return transitionRows{s, p.Name}, nil
	}
	return r, nil
}

// Call implements kernel.Routine.
func (r *routine) Call(ctx context.Context, args []types.Datum) (types.Datum, error) {
	value := types.Null
	err := r.invoke(ctx, args, func(x *execution) error {
		b, err := x.first(ctx)
		if b == nil || err != nil {
			return err
		}
		value = r.value(b, b.Row(0))
		return nil
	})
	return value, err
}

// first is the first batch that has rows; nil: there is none.
func (x *execution) first(ctx context.Context) (*vector.Batch, error) {
	for {
		b, err := x.root.Next(ctx)
		if b == nil || err != nil {
			return nil, err
		}
		if b.Live() > 0 {
			return b, nil
		}
	}
}

// value is the function's value in a row of its last statement.
func (r *routine) value(b *vector.Batch, i int) types.Datum {
	if r.plan.whole || !isRecordType(r.result) {
		return b.Cols[0].Datum(i).Clone()
	}
	return eval.MakeRecord(r.plan.record, rowOf(b, i, nil)).Clone()
}

func isRecordType(t types.Type) bool {
	for t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t.Kind == types.KindComposite || t.ID() == types.OIDRecord
}

func rowOf(b *vector.Batch, i int, row []types.Datum) []types.Datum {
	row = row[:0]
	for _, c := range b.Cols {
		row = append(row, c.Datum(i))
	}
	return row
}

// Rows implements kernel.Routine. While the caller has a row, it reads what it read before.
func (r *routine) Rows(ctx context.Context, args []types.Datum, yield func([]types.Datum) bool) error {
	return r.invoke(ctx, args, func(x *execution) error {
		var row []types.Datum
		for wanted := true; ; {
			b, err := x.root.Next(ctx)
			if b == nil || err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if !wanted {
				continue // what writes runs to its end
			}
			inside := r.s.outside()
			for k := 0; wanted && k < b.Live(); k++ {
				row = r.row(b, b.Row(k), row)
				wanted = yield(row)
			}
			r.s.inside(inside)
			if !wanted && (x.plan.Tag == "SELECT" || r.s.txn == nil) {
				return nil
			}
		}
	})
}

// row is what the function returns for a row of its last statement: the columns of a record, or one value.
func (r *routine) row(b *vector.Batch, i int, row []types.Datum) []types.Datum {
	row = rowOf(b, i, row)
	if (len(row) == 1 || len(r.result.Fields) == 0) && !r.plan.whole && isRecordType(r.result) {
		row = append(row[:0], eval.MakeRecord(r.plan.record, row))
	}
	return row
}

// invoke runs the statements, the last one by giving its execution to result.
func (r *routine) invoke(ctx context.Context, args []types.Datum, result func(*execution) error) error {
	f, err := r.enter()
	if err != nil {
		return err
	}
	defer r.leave(f)
	if err := r.prepare(ctx); err != nil {
		return r.failed(err, 0)
	}
	for i := range r.plan.statements {
		if err := r.statement(ctx, i, args, result); err != nil {
			return r.failed(err, i+1)
		}
	}
	return nil
}

// failed adds to an error which function and statement it comes of; statement 0 is before the first. Positions in the
// function's text say nothing of the text that the user sent.
func (r *routine) failed(err error, statement int) error {
	e := *pgerr.From(err)
	e.Position = 0
	e.Relocate(-1)
	if e.Where != "" {
		e.Where += "\n"
	}
	e.Where += "SQL function \"" + r.proc.Name + "\" "
	if statement == 0 {
		e.Where += "during startup"
	} else {
		e.Where += "statement " + strconv.Itoa(statement)
	}
	return &e
}

// tooDeep is the error for functions that call each other without end: in PostgreSQL they meet the end of the stack.
func (s *Session) tooDeep() error {
	kb := s.settings.integer("max_stack_depth")
	if int64(s.depth) < kb*9/5 {
		return nil
	}
	return pgerr.New(pgerrcode.StatementTooComplex, "stack depth limit exceeded").
		WithHint("Increase the configuration parameter \"max_stack_depth\" (currently %dkB), after ensuring the platform's stack depth limit is adequate.", kb)
}
