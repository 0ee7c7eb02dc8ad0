package session

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/kernel"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
)

// plState is what a session keeps of functions in PL/pgSQL.
type plState struct {
	functions map[string]*plFunction
	casts     map[[2]types.Type]cast
	castEpoch uint64
	fired     map[firedKey]*fired
	contexts  []contexter    // of what runs, innermost last
	loops     []*plLoop      // over queries that have not ended
	env       *op.Env        // of expressions, for the statement that runs
	envEpoch  uint64         // of the settings that it was made by
	atomic    bool           // what runs may not end the transaction
	calling   bool           // CALL runs, in what may
	firing    *kernel.Firing // of the innermost trigger function that runs
	unnamed   int            // cursors without a name so far
}

// contexter says what contexts have of it.
type contexter interface{ Context() string }

// plFunction is a compiled function, and the catalog that it was compiled by.
type plFunction struct {
	fn    *plpgsql.Function
	epoch uint64
	def   *catalog.Function
}

// plRoutine is a user's function in PL/pgSQL, opened for the calls of one place in a running plan.
type plRoutine struct{ *routine }

var _ kernel.Routine = plRoutine{}

// Call implements kernel.Routine.
func (r plRoutine) Call(ctx context.Context, args []types.Datum) (types.Datum, error) {
	value := types.Null
	err := r.run(ctx, func(c *plpgsql.Call) error {
		var err error
		value, err = c.Value(args)
		return err
	})
	return value, err
}

// Rows implements kernel.Routine. While the caller has a row, it reads what it read before.
func (r plRoutine) Rows(ctx context.Context, args []types.Datum, yield func([]types.Datum) bool) error {
	wanted := true
	return r.run(ctx, func(c *plpgsql.Call) error {
		return c.Rows(args, func(row []types.Datum) (bool, error) {
			if !wanted {
				return true, nil // what it does beside is done to its end
			}
			contexts, atomic := r.s.pl.contexts, r.s.pl.atomic
			inside := r.s.outside()
			wanted = yield(row)
			r.s.inside(inside)
			r.s.pl.contexts, r.s.pl.atomic = contexts, atomic
			return r.s.txn != nil, nil
		})
	})
}

// run calls the function.
func (r plRoutine) run(ctx context.Context, f func(c *plpgsql.Call) error) error {
	s := r.s
	fn := r.proc.Function
	if fn.Returns == types.OIDTrigger && r.firing == nil {
		return pgerr.New(pgerrcode.FeatureNotSupported, "trigger functions can only be called as triggers")
	}
	atomic := fn.Kind != 'p' || fn.Security || len(fn.Config) > 0 || s.frame == nil && s.inBlock() || s.frame != nil && !s.pl.calling
	s.pl.calling = false
	return r.within(atomic, func() error {
		h := &plHost{s: s, r: r.routine}
		compiled, err := r.compiled(ctx, h)
		if err != nil {
			return err
		}
		return h.calls(ctx, compiled, f)
	})
}

// within runs f as a call of the function: with its user and settings.
func (r *routine) within(atomic bool, f func() error) error {
	s := r.s
	old := s.pl.atomic
	frame, err := r.enter()
	if err != nil {
		return err
	}
	s.pl.atomic = atomic
	defer func() {
		r.leave(frame)
		s.pl.atomic = old
	}()
	return f()
}

// compiled is the function, compiled by the catalog as it is.
func (r plRoutine) compiled(ctx context.Context, h *plHost) (*plpgsql.Function, error) {
	s := r.s
	epoch, err := s.catalogVersion(ctx)
	if err != nil {
		return nil, err
	}
	key := r.key(s.nameKey())
	if key != "" {
		key += firingKey(r.firing)
	}
	if p := s.pl.functions[key]; p != nil && key != "" && p.def == r.proc.Function && p.epoch == epoch {
		return p.fn, nil
	}
	body, err := parse.ParsePL(r.proc.Name, r.proc.Function.Body, false)
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	d := r.definition()
	d.Body, d.Conflict = body, s.conflict()
	fn, err := plpgsql.Compile(ctx, d, h)
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	if key != "" {
		if s.pl.functions == nil || len(s.pl.functions) > 500 {
			s.pl.functions = map[string]*plFunction{}
		}
		s.pl.functions[key] = &plFunction{fn: fn, epoch: epoch, def: r.proc.Function}
	}
	return fn, nil
}

// definition is what PL/pgSQL is told of the function as it is called here.
func (r *routine) definition() plpgsql.Definition {
	f := r.proc.Function
	d := plpgsql.Definition{Name: f.Name, OID: f.OID, Result: r.result, Set: f.ReturnsSet, ReadOnly: f.Volatile != 'v'}
	switch {
	case f.Kind == 'p':
		d.Kind = plpgsql.KindProcedure
	case r.firing != nil:
		d.Kind = plpgsql.KindTrigger
	}
	snap, _ := r.s.txn.View(r.s.catalogs.ctx, r.proc.Ref)
	var sig []string
	in, out := 0, 0
	for i, id := range f.ArgTypes {
		a := plpgsql.Arg{Mode: 'i'}
		if i < len(f.ArgModes) {
			a.Mode = f.ArgModes[i]
		}
		if i < len(f.ArgNames) {
			a.Name = f.ArgNames[i]
		}
		if snap != nil {
			a.Type = types.Of(snap.Catalog().TypeByOID(id))
		}
		if a.Mode != 'o' && a.Mode != 't' {
			sig = append(sig, r.s.typeName(a.Type))
			if in < len(r.args) {
				a.Type = r.args[in]
			}
			in++
		} else if fields := r.result.Fields; a.Type.Def != nil && a.Type.Kind == types.KindPseudo {
			switch {
			case out < len(fields):
				a.Type = fields[out].Type
			case len(fields) == 0:
				a.Type = r.result
			}
		}
		if a.Mode == 'o' || a.Mode == 't' || a.Mode == 'b' {
			out++
		}
		d.Args = append(d.Args, a)
	}
	d.Signature = f.Name + "(" + strings.Join(sig, ",") + ")"
	return d
}

// calls runs a compiled function.
func (h *plHost) calls(ctx context.Context, fn *plpgsql.Function, f func(c *plpgsql.Call) error) error {
	call := h.begin(ctx, fn)
	defer h.end(call)
	return f(call)
}

// begin begins a call; end ends it. What is left open between them is closed.
func (h *plHost) begin(ctx context.Context, fn *plpgsql.Function) *plpgsql.Call {
	s := h.s
	h.depth, h.fn, h.saved, h.loops = len(s.pl.contexts), fn, len(s.savepoints()), len(s.pl.loops)
	s.refreshPL(ctx)
	call := fn.Begin(ctx, h)
	s.pl.contexts = append(s.pl.contexts, call)
	return call
}

func (h *plHost) end(call *plpgsql.Call) {
	s := h.s
	s.pl.contexts = s.pl.contexts[:h.depth]
	s.pl.loops = s.pl.loops[:min(h.loops, len(s.pl.loops))]
	if s.txn != nil {
		s.txn.savepoints = s.txn.savepoints[:min(h.saved, len(s.txn.savepoints))]
	}
	call.Finish()
}

func (s *Session) savepoints() []savepoint { return s.txn.savepoints }

// refreshPL makes the surroundings of expressions those of the statement that runs.
func (s *Session) refreshPL(ctx context.Context) {
	e := s.pl.env
	if e == nil {
		s.pl.env = s.env(ctx, nil)
		s.pl.envEpoch = s.settings.epoch
		return
	}
	k := kernel.Env{Ctx: ctx, Format: &s.settings.format, StmtTime: s.activity.queryStart(), Session: s}
	if s.txn != nil {
		k.TxnTime = s.txn.started
	} else {
		k.TxnTime = time.Now()
	}
	if s.pl.envEpoch != s.settings.epoch || k.StmtTime != e.Kernel.StmtTime {
		s.pl.envEpoch = s.settings.epoch
		e.Mem = s.env(ctx, nil).Mem
	}
	e.Txn = s.txn
	*e.Kernel = k
}

func notOneColumn(text string, n int) error {
	return pgerr.New(pgerrcode.SyntaxError, "query \"SELECT %s\" returned %d columns", text, n)
}
