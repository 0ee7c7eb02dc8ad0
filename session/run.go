package session

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/mem"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// run is the whole way of a planned statement: a command is carried out, a plan is built into operators whose batches go
// to out until there are no more. It returns the command tag.
func (s *Session) run(ctx context.Context, p *planned, params []types.Datum, out *output) (string, error) {
	if p.plan.Command != nil {
		return s.command(ctx, p, params, out)
	}
	s.txn.ran = true
	x, err := s.start(ctx, p.plan, params)
	if err != nil {
		return "", err
	}
	defer x.close()
	out.pending = p.plan.Fields
	if p.plan.Tag == "SELECT" { // of what a change returns, an error that comes first is all that is sent
		if err := out.describe(); err != nil {
			return "", err
		}
	}
	if _, err := x.fetch(ctx, 0, out.Rows); err != nil {
		return "", err
	}
	if err := out.describe(); err != nil {
		return "", err
	}
	if err := s.sendNotices(out); err != nil {
		return "", err
	}
	return x.tag(), s.endStatement(ctx, p.plan.Tag)
}

// sendNotices passes on what functions had to say.
func (s *Session) sendNotices(out *output) error {
	list := s.notices
	s.notices = nil
	for _, n := range list {
		if err := out.Notice(n); err != nil {
			return err
		}
	}
	return nil
}

// endStatement runs what a statement left to its end, and notes it for the log of the branch.
func (s *Session) endStatement(ctx context.Context, tag string) error {
	s.txn.note(tag)
	return s.txn.runDeferred(ctx, false)
}

// execution is a plan being run: it can stop after some rows and go on later, as portals do.
type execution struct {
	plan   *planner.Plan
	root   op.Operator
	env    *op.Env
	rows   int64 // given out so far
	rest   *vector.Batch
	done   bool
	closed bool
	txn    *txn
	home   storage.View // what an empty Ref meant when it began
}

// start builds the operators of a plan.
func (s *Session) start(ctx context.Context, plan *planner.Plan, params []types.Datum) (*execution, error) {
	return s.startCounted(ctx, plan, params, nil)
}

// startCounted is start with counting for EXPLAIN ANALYZE; counts may be nil.
func (s *Session) startCounted(ctx context.Context, plan *planner.Plan, params []types.Datum, counts *op.Counts) (*execution, error) {
	if err := s.checkWritable(ctx, plan); err != nil {
		return nil, err
	}
	if err := s.checkAccess(plan); err != nil {
		return nil, err
	}
	env := s.env(ctx, params)
	env.Counts = counts
	root, err := executor.Build(plan.Root, env)
	if err != nil {
		return nil, err
	}
	return s.opened(plan, root, env), nil
}

// opened notes an execution among those of the transaction, where it stays until it is closed.
func (s *Session) opened(plan *planner.Plan, root op.Operator, env *op.Env) *execution {
	x := &execution{plan: plan, root: root, env: env, txn: s.txn, home: s.txn.home}
	s.txn.running = append(s.txn.running, x)
	return x
}

// env makes the surroundings of one execution.
func (s *Session) env(ctx context.Context, params []types.Datum) *op.Env {
	return &op.Env{
		Txn: s.txn, Mem: &mem.Pool{Limit: s.settings.integer("work_mem") << 10}, Params: params, Kernel: s.kernelEnv(ctx), TempDir: s.engine.TempDir,
		Build: executor.Build, Virtual: s.virtual, SQL: s.internalSQL, Defer: s.deferCheck, Triggers: triggerHost{s}, Events: s.nested,
		Sight: s.sight,
	}
}

func (s *Session) kernelEnv(ctx context.Context) *kernel.Env {
	started := time.Now()
	if s.txn != nil {
		started = s.txn.started
	}
	return &kernel.Env{Ctx: ctx, Format: &s.settings.format, TxnTime: started, StmtTime: s.activity.queryStart(), Session: s}
}

func (s *Session) deferCheck(deferred bool, table, constraint catalog.OID, check func(ctx context.Context) error) {
	t := s.txn
	if !deferred {
		if d, ok := t.allDefer[constraint]; !ok || !d {
			constraint = 0
		}
	}
	t.deferred = append(t.deferred, deferredCheck{table, constraint, check})
}

// checkWritable refuses writes where they cannot be: in read-only transactions and at points in the past.
func (s *Session) checkWritable(ctx context.Context, plan *planner.Plan) error {
	if plan.ReadOnly || s.writesTemp(plan) {
		return nil
	}
	if s.txn.readOnly {
		what := plan.Tag
		if plan.Writes != "" && (what == "SELECT" || what == "COPY") {
			what = plan.Writes
		}
		return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", what)
	}
	v, err := s.txn.View(ctx, catalog.Ref{})
	if err != nil || !v.ReadOnly() || plan.Tag == "SELECT" {
		return err
	}
	return s.refusePoint(plan.Tag)
}

// refusePoint is why a session that looks at a point in the past may not do something.
func (s *Session) refusePoint(what string) error {
	point, _ := s.settings.get("rowan.as_of")
	return pgerr.New(pgerrcode.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", what).
		WithDetail("The session reads the branch as of \"%s\".", point).WithHint("SET rowan.as_of = '' returns to the present; rowan.create_branch makes a branch of the point, which can be written to.")
}

// fetch gives out up to max rows (0: all) and reports whether there are more.
func (x *execution) fetch(ctx context.Context, max int, rows func(*vector.Batch) error) (more bool, err error) {
	left := max
	for !x.done {
		b := x.rest
		x.rest = nil
		if b == nil {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if b, err = x.root.Next(ctx); err != nil {
				return false, err
			}
		}
		if b == nil {
			x.done = true
			break
		}
		live := b.Live()
		if max > 0 && live > left {
			x.rest = split(b, left)
			live = left
		}
		x.rows += int64(live)
		if live > 0 && x.plan.Fields != nil {
			if err := rows(b); err != nil {
				return false, err
			}
		}
		if left -= live; max > 0 && left == 0 {
			return true, nil
		}
	}
	return false, nil
}

// split shortens b to its first n live rows and returns the others as a batch over the same columns.
func split(b *vector.Batch, n int) *vector.Batch {
	sel := b.Sel
	if sel == nil {
		sel = make([]uint16, b.N)
		for i := range sel {
			sel[i] = uint16(i)
		}
	}
	b.Sel = sel[:n:n]
	return &vector.Batch{Cols: b.Cols, N: b.N, Sel: sel[n:]}
}

// affected is implemented by operators that write: the number of rows in the command tag.
type affected interface{ Affected() int64 }

// tag is the command tag of what has been given out or changed so far.
func (x *execution) tag() string {
	n := x.rows
	if a, ok := x.root.(affected); ok {
		n = a.Affected()
	}
	switch x.plan.Tag {
	case "INSERT":
		return "INSERT 0 " + strconv.FormatInt(n, 10)
	case "SELECT", "UPDATE", "DELETE", "MERGE":
		return x.plan.Tag + " " + strconv.FormatInt(n, 10)
	}
	return x.plan.Tag
}

func (x *execution) close() {
	if !x.closed {
		x.closed = true
		_ = x.root.Close()
		if i := slices.Index(x.txn.running, x); i >= 0 {
			x.txn.running = slices.Delete(x.txn.running, i, i+1)
		}
	}
}
