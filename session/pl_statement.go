package session

import (
	"context"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// plStatement is a statement or an expression of a body, planned.
type plStatement struct {
	s        *Session
	r        *routine
	readOnly bool
	context  string // the line that contexts have of it
	text     string
	before   int // bytes of what is planned that stand before the text
	stmt     parse.Statement
	e        *planner.Embedded
	p        *planned
	fields   []types.Field
	simple   *plSimple
	settings uint64
	later    func() error // plans what could not be planned yet
	body     *bind.Body   // of a statement whose plan depends on the values of variables
}

// Prepare implements plpgsql.Host.
func (h *plHost) Prepare(ctx context.Context, q *plpgsql.Query, names plpgsql.Names, want types.Type) (plpgsql.Statement, error) {
	st := &plStatement{s: h.s, r: h.r, readOnly: h.fn.ReadOnly, context: contextOf(q), text: q.Text}
	st.before = len(q.SQL) - len(q.Text) // less than 0 in an assignment, whose text has the target too
	stmts, err := h.s.parse(q.SQL)
	if err != nil {
		return nil, st.planError(err)
	}
	if len(stmts) != 1 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "syntax error at or near \"%s\"", q.Text)
	}
	if stmts[0].Node.GetTransactionStmt() != nil {
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "unsupported transaction command in PL/pgSQL")
	}
	st.stmt = stmts[0]
	body := &bind.Body{Name: h.fn.Name, PL: true, Vars: names, Conflict: bind.Conflict(q.Conflict), ReadOnly: h.fn.ReadOnly, Want: want, Tables: h.r.transitionTables()}
	if err := st.plan(ctx, body, nil, nil); err != nil {
		return nil, st.planError(err)
	}
	if st.p.plan.ByArgs {
		st.body = body
	}
	if q.Mode != plpgsql.Command {
		if n := len(st.fields); n != 1 {
			return nil, notOneColumn(q.Text, n)
		}
		if st.simple, err = st.simpleExpression(); err != nil {
			return nil, st.planError(err)
		}
	}
	return st, nil
}

// contextOf is the line that contexts have of a query.
func contextOf(q *plpgsql.Query) string {
	switch q.Mode {
	case plpgsql.Expression:
		return "SQL expression \"" + q.Text + "\""
	case plpgsql.Assignment:
		return "PL/pgSQL assignment \"" + q.Text + "\""
	}
	return "SQL statement \"" + q.Text + "\""
}

// planError is an error of a text: at its place in the text, or with the text in its context.
func (st *plStatement) planError(err error) error {
	e := *pgerr.From(err)
	if at := e.ByteOffset(); at >= 0 {
		if e.Query == "" {
			at = min(max(at-st.before, 0), len(st.text))
			e.Query, e.QueryPosition = st.text, utf8.RuneCountInString(st.text[:at])+1
		}
		e.Relocate(-1)
		return &e
	}
	return st.runError(&e)
}

func (st *plStatement) runError(err error) error {
	e := *pgerr.From(err)
	e.Position = 0
	e.Relocate(-1)
	if e.Where != "" {
		e.Where += "\n"
	}
	e.Where += st.context
	return &e
}

// plan plans the statement and locks what it uses.
func (st *plStatement) plan(ctx context.Context, body *bind.Body, params []types.Type, args []types.Datum) error {
	s := st.s
	old := s.catalogs.ctx
	s.catalogs.ctx = ctx
	defer func() { s.catalogs.ctx = old }()
	for {
		if !st.readOnly {
			s.txn.Statement()
		}
		epoch, err := s.catalogVersion(ctx)
		if err != nil {
			return err
		}
		p := &planned{stmt: st.stmt, names: s.nameKey(), epoch: epoch, stats: s.engine.analyzed.Load()}
		e, failed := planner.NewEmbedded(st.stmt, st.r.proc.Ref, body, params, &s.catalogs, s.lateOptions(args))
		p.plan = e.Plan
		if failed == nil || len(e.Plan.Locks) > 0 {
			if p.locks, err = s.lockGroups(e.Plan); err != nil {
				return err
			}
			ok, err := s.lockRelations(ctx, p)
			st.reads()
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
		}
		if failed != nil {
			return failed
		}
		st.e, st.p, st.settings = e, p, s.settings.epoch
		st.columns()
		return nil
	}
}

// columns are what its rows have.
func (st *plStatement) columns() {
	st.fields = st.e.Columns
	if st.p.plan.Command == nil {
		if st.p.plan.Fields == nil {
			st.fields = nil
		}
		return
	}
	st.fields = nil
	for _, f := range st.s.commandFields(st.p.plan.Command) {
		st.fields = append(st.fields, types.Field{Name: f.Name, Type: f.Type})
	}
}

// reads goes to the point that the statement reads at, if that is its caller's.
func (st *plStatement) reads() {
	if st.readOnly {
		st.s.txn.Resume(st.s.frame.caller)
	}
}

// Fields implements plpgsql.Statement.
func (st *plStatement) Fields() []types.Field {
	_ = st.ready()
	return st.fields
}

// Context implements plpgsql.Statement.
func (st *plStatement) Context() string { return st.context }

// Tag implements plpgsql.Statement.
func (st *plStatement) Tag() string {
	if st.ready() != nil {
		return ""
	}
	return st.p.plan.Tag
}

// ready plans what is planned when it is its turn.
func (st *plStatement) ready() error {
	if st.later == nil {
		return nil
	}
	err := st.later()
	if err == nil {
		st.later = nil
	}
	return err
}

// Outputs tells which parameters receive something of a CALL.
func (st *plStatement) Outputs() ([]int, []string) {
	if st.e.Outputs == nil {
		return nil, nil
	}
	return st.e.Outputs.Params, st.e.Outputs.Names
}

// Current implements plpgsql.Statement.
func (st *plStatement) Current(ctx context.Context) bool {
	s := st.s
	if st.p.plan.Command != nil || st.p.plan.Once && st.body == nil && st.simple == nil {
		return false
	}
	if st.simple == nil && !st.readOnly {
		s.txn.Statement()
	}
	v, err := s.catalogVersion(ctx)
	if err != nil || v != st.p.epoch || st.p.stats != s.engine.analyzed.Load() {
		return false
	}
	if st.settings != s.settings.epoch {
		if st.p.names != s.nameKey() {
			return false
		}
		st.settings = s.settings.epoch
	}
	if st.p.locks == nil {
		return true
	}
	ok, err := s.lockRelations(ctx, st.p)
	st.reads()
	return ok && err == nil
}

// Expression implements plpgsql.Statement.
func (st *plStatement) Expression() plpgsql.SimpleExpression {
	if st.simple == nil {
		return nil
	}
	return st.simple
}

// With implements plpgsql.Statement.
func (st *plStatement) With(ctx context.Context, args []types.Datum) (plpgsql.Statement, error) {
	if st.body == nil {
		return st, nil
	}
	if args == nil {
		args = []types.Datum{}
	}
	c := *st
	if err := c.plan(ctx, st.body, nil, args); err != nil {
		return nil, st.runError(err)
	}
	return &c, nil
}

// Value implements plpgsql.Statement.
func (st *plStatement) Value(ctx context.Context, args []types.Datum) (types.Datum, error) {
	if st.simple != nil {
		out, err := st.simple.Values(ctx, args)
		if err != nil {
			return types.Null, err
		}
		return out[0], nil
	}
	if st.body != nil {
		given, err := st.With(ctx, args)
		if err != nil {
			return types.Null, err
		}
		c := given.(*plStatement)
		if len(c.e.Params) > len(args) || !sameFields(c.p.plan.Fields, st.p.plan.Fields) {
			return types.Null, st.runError(errResultChanged())
		}
		st = c
	}
	value, n := types.Null, 0
	_, err := st.Run(ctx, args, func(row []types.Datum) (bool, error) {
		if n++; n > 1 {
			e := pgerr.New(pgerrcode.CardinalityViolation, "query returned more than one row")
			e.Where = "query: SELECT " + st.text
			return false, e
		}
		value = row[0].Clone()
		return true, nil
	})
	return value, err
}

// Run implements plpgsql.Statement.
func (st *plStatement) Run(ctx context.Context, args []types.Datum, yield func([]types.Datum) (bool, error)) (int64, error) {
	if err := st.ready(); err != nil {
		return 0, err
	}
	s := st.s
	if st.p.plan.Tag == "CALL" {
		s.pl.calling = !s.pl.atomic
	}
	depth := len(s.pl.contexts)
	s.pl.contexts = append(s.pl.contexts, st)
	defer func() { s.pl.contexts = s.pl.contexts[:depth] }()
	st.reads()
	n, err := st.run(ctx, args, yield)
	s.pl.calling = false
	if f, ok := err.(*plYieldError); ok {
		return n, f.error
	}
	if err != nil {
		return n, st.runError(err)
	}
	return n, nil
}

// plYieldError is an error of what is done with a row, which is no error of the statement.
type plYieldError struct{ error }

func (st *plStatement) run(ctx context.Context, args []types.Datum, yield func([]types.Datum) (bool, error)) (int64, error) {
	s := st.s
	if st.p.plan.Command != nil {
		return st.command(ctx, args, yield)
	}
	if err := s.checkWritable(ctx, st.p.plan); err != nil {
		return 0, err
	}
	if err := s.checkAccess(st.p.plan); err != nil {
		return 0, err
	}
	s.txn.ran = true
	env := s.env(ctx, args)
	root, err := executor.Build(st.p.plan.Root, env)
	if err != nil {
		return 0, err
	}
	x := s.opened(st.p.plan, root, env)
	if yield == nil || st.fields == nil {
		err = toEnd(ctx)(x)
	} else {
		err = st.loop(ctx, x, yield)
	}
	x.close()
	if err != nil {
		return 0, err
	}
	n := x.rows
	if a, ok := root.(affected); ok {
		n = a.Affected()
	}
	if s.txn == nil {
		return n, nil
	}
	return n, s.endStatement(ctx, st.p.plan.Tag)
}

// command runs what has no plan.
func (st *plStatement) command(ctx context.Context, args []types.Datum, yield func([]types.Datum) (bool, error)) (int64, error) {
	s := st.s
	n := int64(0)
	more := true
	sink := rowSink{s: s, rows: func(b *vector.Batch) error {
		var row []types.Datum
		for k := 0; k < b.Live(); k++ {
			n++
			if yield == nil || !more {
				continue
			}
			row = rowOf(b, b.Row(k), row)
			var err error
			if more, err = yield(row); err != nil {
				return err
			}
		}
		return nil
	}}
	out := s.out
	tag, err := s.command(ctx, st.p, args, &output{sink: sink, settings: s.settings})
	s.out = out
	if err != nil {
		return n, err
	}
	if _, ok := st.p.plan.Command.(*command.Copy); ok || tag != st.p.plan.Tag {
		if k := tagCount(tag); k >= 0 {
			n = k
		}
	}
	return n, nil
}

// tagCount is the number at the end of a command tag, -1 without one.
func tagCount(tag string) int64 {
	n, place := int64(0), int64(1)
	i := len(tag) - 1
	for ; i >= 0 && tag[i] >= '0' && tag[i] <= '9'; i-- {
		n += int64(tag[i]-'0') * place
		place *= 10
	}
	if i == len(tag)-1 {
		return -1
	}
	return n
}
