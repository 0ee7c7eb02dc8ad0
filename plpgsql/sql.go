package plpgsql

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// into is INTO.
type into struct {
	strict  bool
	targets []target
	dynamic bool // of EXECUTE, which has no rows too many without STRICT
}

func (c *compiler) into(i *parse.PLInto) (*into, error) {
	if i == nil {
		return nil, nil
	}
	ts, err := c.targets(i.Targets)
	return &into{strict: i.Strict, targets: ts}, err
}

// sqlStmt is a statement of SQL.
type sqlStmt struct {
	query *Query
	into  *into
	call  bool
	about string // create, drop or merge, of a statement about a branch
}

func (c *compiler) sql(s *parse.PLSQL) (stmt, error) {
	i, err := c.into(s.Into)
	if err != nil {
		return nil, err
	}
	return &sqlStmt{query: c.query(s.Query, Command), into: i, call: s.Call, about: s.Branch}, nil
}

func (s *sqlStmt) run(x *run) (flow, error) {
	st, args, err := x.prepare(s.query)
	if err != nil {
		return next, err
	}
	if s.call {
		return next, s.runCall(x, st, args)
	}
	if s.into != nil && st.Fields() == nil {
		return next, pgerr.New(pgerrcode.SyntaxError, "INTO used with a command that cannot return data")
	}
	n, err := x.gather(st, args, s.into)
	if err != nil {
		return next, err
	}
	if s.into == nil && st.Fields() != nil {
		switch s.about {
		case "create", "drop": // a row that only names the branch
		case "merge":
			return next, noDestination(st).WithHint("The rows of a merge tell of conflicts: SELECT status INTO … FROM rowan.merge(…).")
		default:
			return next, noDestination(st)
		}
	}
	x.rows = n
	if changes(st) || s.into != nil {
		x.setFound(n > 0)
	}
	return next, nil
}

// writes reports whether a statement that gives more rows than there are targets for fails without STRICT too.
func writes(st Statement) bool { return st.Tag() != "SELECT" && changes(st) }

// changes reports whether FOUND tells of a statement.
func changes(st Statement) bool {
	switch st.Tag() {
	case "INSERT", "UPDATE", "DELETE", "MERGE", "SELECT":
		return true
	}
	return false
}

func noDestination(st Statement) *pgerr.Error {
	e := pgerr.New(pgerrcode.SyntaxError, "query has no destination for result data")
	if st.Tag() == "SELECT" {
		e.Hint = "If you want to discard the results of a SELECT, use PERFORM instead."
	}
	return e
}

// gather runs a statement and puts its first row into the targets.
func (x *run) gather(st Statement, args []types.Datum, i *into) (int64, error) {
	if i == nil {
		return st.Run(x.ctx, args, nil)
	}
	selects := st.Tag() == "SELECT"
	fields := st.Fields()
	seen := 0
	var first []types.Datum
	n, err := st.Run(x.ctx, args, func(row []types.Datum) (bool, error) {
		if seen++; seen > 1 {
			return !selects, nil
		}
		for _, d := range row {
			first = append(first, d.Clone())
		}
		return !selects || i.strict, nil
	})
	if err != nil {
		return n, err
	}
	switch {
	case seen == 0 && i.strict:
		return 0, pgerr.New(pgerrcode.NoDataFound, "query returned no rows")
	case seen == 0:
		return 0, x.assignNull(i.targets)
	case seen > 1 && (i.strict || !i.dynamic && writes(st)):
		e := pgerr.New(pgerrcode.TooManyRows, "query returned more than one row")
		if !i.dynamic {
			e.Hint = "Make sure the query returns a single row, or use LIMIT 1."
		}
		return 0, e
	}
	return int64(seen), x.assignRow(i.targets, fields, first)
}

// runCall is CALL: what the procedure gives back goes to the variables that are its arguments.
func (s *sqlStmt) runCall(x *run, st Statement, args []types.Datum) error {
	fields := st.Fields()
	if fields == nil {
		n, err := st.Run(x.ctx, args, nil)
		x.rows = n
		return err
	}
	c, ok := st.(interface{ Outputs() ([]int, []string) })
	if !ok {
		return pgerr.Internal("CALL without outputs")
	}
	at, outNames := c.Outputs()
	p := &x.frame.prepared[s.query.slot]
	targets := make([]target, len(at))
	for i, k := range at {
		if k < 0 || k >= len(p.params) {
			return pgerr.New(pgerrcode.SyntaxError, "procedure parameter \"%s\" is an output parameter but corresponding argument is not writable", outNames[i])
		}
		v := p.params[k].v
		if x.f.vars[v].constant {
			return pgerr.New(pgerrcode.ErrorInAssignment, "variable \"%s\" is declared CONSTANT", x.f.vars[v].name)
		}
		targets[i] = target{v: v}
		if f := p.params[k].field; f >= 0 {
			targets[i].field = fieldsOf(x.recs[v].def)[f].Name
		}
	}
	var first []types.Datum
	_, err := st.Run(x.ctx, args, func(row []types.Datum) (bool, error) {
		for _, d := range row {
			first = append(first, d.Clone())
		}
		return true, nil
	})
	if err != nil || first == nil {
		return err
	}
	for i, t := range targets {
		if err := x.assignTo(t, first[i], fields[i].Type); err != nil {
			return err
		}
	}
	return nil
}

// perform is PERFORM.
type perform struct{ query *Query }

func (s *perform) run(x *run) (flow, error) {
	st, args, err := x.prepare(s.query)
	if err != nil {
		return next, err
	}
	n, err := st.Run(x.ctx, args, func([]types.Datum) (bool, error) { return true, nil })
	if err == nil {
		x.rows = n
		x.setFound(n > 0)
	}
	return next, err
}

// execute is EXECUTE.
type execute struct {
	query *Query
	into  *into
	using []*Query
}

func (c *compiler) execute(s *parse.PLExecute) (stmt, error) {
	i, err := c.into(s.Into)
	if err != nil {
		return nil, err
	}
	if i != nil {
		i.dynamic = true
	}
	return &execute{query: c.expr(s.Query), into: i, using: c.exprs(s.Using)}, nil
}

// dynamic computes the text and the parameters of EXECUTE, and plans it.
func (x *run) dynamic(q *Query, using []*Query, what string) ([]Statement, []types.Datum, string, error) {
	text, null, err := x.text(q)
	if err != nil {
		return nil, nil, "", err
	}
	if null {
		return nil, nil, "", pgerr.New(pgerrcode.NullValueNotAllowedDataException, "query string argument of %s is null", what)
	}
	text = strings.Clone(text)
	var ts []types.Type
	var args []types.Datum
	for _, u := range using {
		d, t, err := x.eval(u)
		if err != nil {
			return nil, nil, "", err
		}
		if t.ID() == types.OIDUnknown {
			t = types.Of(types.Builtin(types.OIDText))
		}
		args, ts = append(args, d.Clone()), append(ts, types.Of(t.Def))
	}
	list, err := x.h.Dynamic(x.ctx, text, ts, args)
	return list, args, text, err
}

// dynamicQuery is dynamic for what must be one query.
func (x *run) dynamicQuery(q *Query, using []*Query, what string) (Statement, []types.Datum, error) {
	list, args, _, err := x.dynamic(q, using, what)
	if err != nil {
		return nil, nil, err
	}
	if len(list) != 1 {
		return nil, nil, pgerr.New(pgerrcode.InvalidCursorDefinition, "cannot open multi-query plan as cursor")
	}
	return list[0], args, nil
}

func (s *execute) run(x *run) (flow, error) {
	list, args, _, err := x.dynamic(s.query, s.using, "EXECUTE")
	if err != nil {
		return next, err
	}
	x.rows = 0
	for k, st := range list {
		var i *into
		if k == len(list)-1 {
			i = s.into
		}
		if i != nil && st.Fields() == nil {
			return next, pgerr.New(pgerrcode.SyntaxError, "INTO used with a command that cannot return data")
		}
		if n, err := s.one(x, st, args, i); err != nil {
			return next, err
		} else {
			x.rows = n
		}
	}
	return next, nil
}

func (s *execute) one(x *run, st Statement, args []types.Datum, i *into) (int64, error) {
	if i != nil {
		return x.gather(st, args, i)
	}
	if st.Fields() == nil {
		return st.Run(x.ctx, args, nil)
	}
	return st.Run(x.ctx, args, func([]types.Datum) (bool, error) { return true, nil })
}

// transaction is COMMIT and ROLLBACK.
type transaction struct{ rollback, chain bool }

func (s *transaction) run(x *run) (flow, error) {
	return next, x.h.EndTransaction(x.ctx, s.rollback, s.chain)
}
