package session

import (
	"context"

	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// statement runs the i-th statement with the function's arguments as parameters. One of a volatile function sees all that was
// done before it; those of others see what the caller sees.
func (r *routine) statement(ctx context.Context, i int, args []types.Datum, result func(*execution) error) error {
	p, err := r.ready(ctx, i, args)
	if err != nil {
		return err
	}
	if p.plan.Command != nil {
		_, err := r.s.command(ctx, p, args, &output{sink: unseen{s: r.s}, settings: r.s.settings})
		return err
	}
	x, err := r.start(ctx, i, p, args)
	if err != nil {
		return err
	}
	if i < len(r.plan.statements)-1 || p.plan.Fields == nil || r.result.ID() == types.OIDVoid {
		result = toEnd(ctx)
	}
	err = result(x)
	x.close()
	if err == nil && len(r.s.txn.deferred) > 0 {
		err = r.s.txn.runDeferred(ctx, false)
	}
	return err
}

// toEnd runs an execution to its end.
func toEnd(ctx context.Context) func(*execution) error {
	return func(x *execution) error {
		_, err := x.fetch(ctx, 0, func(*vector.Batch) error { return nil })
		return err
	}
}

// ready begins the i-th statement and locks what it uses. When the catalog has changed by then, it is planned again.
func (r *routine) ready(ctx context.Context, i int, args []types.Datum) (*planned, error) {
	for {
		p := r.plan.statements[i]
		if p.plan == nil {
			return r.command(ctx, p, args)
		}
		if r.proc.Volatile == 'v' {
			r.s.txn.Statement()
		}
		if p.plan.ByArgs {
			var err error
			if p, err = r.late(ctx, i, args); err != nil {
				return nil, err
			}
		}
		ok, err := r.s.lockRelations(ctx, p)
		if err != nil {
			return nil, err
		}
		if r.proc.Volatile != 'v' {
			r.s.txn.Resume(r.s.frame.caller)
		}
		if ok {
			return p, nil
		}
		if err := r.prepare(ctx); err != nil {
			return nil, err
		}
	}
}

// late plans a statement that depends on the values of the arguments, such as one that reads AS OF one of them.
func (r *routine) late(ctx context.Context, i int, args []types.Datum) (*planned, error) {
	s := r.s
	old := s.catalogs.ctx
	s.catalogs.ctx = ctx
	defer func() { s.catalogs.ctx = old }()
	first := r.plan.statements[i]
	plan, whole, err := planner.RoutineStatement(i, r.proc, r.args, r.result, &s.catalogs, s.lateOptions(args))
	if err != nil {
		return nil, err
	}
	if i == len(r.plan.statements)-1 && (whole != r.plan.whole || !sameFields(plan.Fields, first.plan.Fields)) {
		return nil, errResultChanged()
	}
	p := &planned{plan: plan, names: first.names, epoch: first.epoch, stats: first.stats}
	p.locks, err = s.lockGroups(plan)
	return p, err
}

// command plans a statement that is bound when it is its turn.
func (r *routine) command(ctx context.Context, st *planned, args []types.Datum) (*planned, error) {
	s := r.s
	s.txn.Statement()
	s.catalogs.ctx = ctx
	for {
		plan, err := planner.RoutineCommand(st.stmt, r.proc, r.args, &s.catalogs, s.lateOptions(args))
		if err != nil {
			return nil, err
		}
		p := &planned{stmt: st.stmt, plan: plan}
		if p.locks, err = s.lockGroups(plan); err != nil {
			return nil, err
		}
		if ok, err := s.lockRelations(ctx, p); ok || err != nil {
			return p, err
		}
	}
}

// start builds the operators of a statement.
func (r *routine) start(ctx context.Context, i int, p *planned, args []types.Datum) (*execution, error) {
	s := r.s
	if err := s.checkWritable(ctx, p.plan); err != nil {
		return nil, err
	}
	if err := s.checkAccess(p.plan); err != nil {
		return nil, err
	}
	env := r.env(ctx, i, args)
	root, err := executor.Build(p.plan.Root, env)
	if err != nil {
		return nil, err
	}
	return s.opened(p.plan, root, env), nil
}

// env is what a statement runs in, made at its first run.
func (r *routine) env(ctx context.Context, i int, args []types.Datum) *op.Env {
	for len(r.envs) <= i {
		r.envs = append(r.envs, nil)
	}
	env := r.envs[i]
	if env == nil || env.Txn != storage.Txn(r.s.txn) || env.Kernel.Ctx != ctx {
		env = r.s.env(ctx, args)
		r.envs[i] = env
		return env
	}
	env.Params, env.Events = args, nil
	clear(env.Once)
	clear(env.CTEs)
	return env
}

// unseen is where the results of a function's commands go. What they have to say is told at the end of the user's statement.
type unseen struct {
	discard
	s *Session
}

// Notice implements vector.Sink.
func (u unseen) Notice(err error) error {
	u.s.notices = append(u.s.notices, pgerr.From(err))
	return nil
}
