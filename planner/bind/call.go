package bind

import (
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// funcCall binds a call of a function, aggregate or window function.
func (q *query) funcCall(n *pg.FuncCall) (expr.Expr, error) {
	c, err := q.callArgs(n)
	if err != nil {
		return nil, err
	}
	if e, err := q.projection(n, c); e != nil || err != nil {
		return e, err
	}
	o, err := q.b.overload(c)
	if err != nil {
		return nil, err
	}
	if o.coercion != nil {
		if err := plainOnly(n, c.text(), "function"); err != nil {
			return nil, err
		}
		return q.b.coercionAsCall(c, o.coercion)
	}
	if o.cand == nil {
		return nil, q.b.noCall(n, c, o.many)
	}
	r, err := q.b.resolve(c, o.cand)
	if err != nil {
		return nil, err
	}
	if r.proc.User && q.b.tracing() {
		q.b.trace.functions[n] = r.proc.OID
	}
	switch p := r.proc; {
	case p.Kind == 'p':
		return nil, pgerr.New(pgerrcode.WrongObjectType, "%s is a procedure", c.text()+q.b.signature(c)).
			WithHint("To call a procedure, use CALL.").At(c.pos)
	case p.Kind == 'a' && n.Over == nil:
		return q.aggregate(n, c, r)
	case p.Kind == 'a' || p.Kind == 'w':
		return q.window(n, c, r)
	}
	return q.plainCall(n, c, r)
}

// maxArgs is the most arguments that a function has.
const maxArgs = 100

// callArgs binds the arguments of a call.
func (q *query) callArgs(n *pg.FuncCall) (*call, error) {
	c := &call{name: stringList(n.Funcname), variadic: n.FuncVariadic, pos: int(n.Location)}
	if len(n.Args) > maxArgs {
		return nil, pgerr.New(pgerrcode.TooManyArguments, "cannot pass more than %d arguments to a function", maxArgs).At(c.pos)
	}
	seen := map[string]bool{}
	for _, a := range n.Args {
		named := a.GetNamedArgExpr()
		if named == nil && len(c.names) > 0 {
			return nil, pgerr.New(pgerrcode.SyntaxError, "positional argument cannot follow named argument").At(location(a))
		}
		if named != nil {
			if seen[named.Name] {
				return nil, pgerr.New(pgerrcode.SyntaxError, "argument name \"%s\" used more than once", named.Name).At(int(named.Location))
			}
			seen[named.Name] = true
			c.names = append(c.names, named.Name)
			a = named.Arg
		}
		e, err := q.expr(a)
		if err != nil {
			return nil, err
		}
		if isOutput(e) && named == nil && !n.AggWithinGroup {
			continue
		}
		c.args = append(c.args, e)
	}
	if n.AggWithinGroup {
		for _, s := range n.AggOrder {
			e, err := q.expr(s.GetSortBy().Node)
			if err != nil {
				return nil, err
			}
			c.args = append(c.args, e)
		}
	}
	return c, nil
}

// isOutput reports whether an argument is a parameter of type void: so JDBC's driver has the outputs of a function among its arguments, where
// they are none.
func isOutput(e expr.Expr) bool {
	p, ok := e.(*expr.Param)
	return ok && p.T.ID() == types.OIDVoid
}

// projection recognises column(row), which selects a field.
func (q *query) projection(n *pg.FuncCall, c *call) (expr.Expr, error) {
	if len(c.args) != 1 || len(c.name) != 1 || len(c.names) > 0 || decorated(n) || !isRow(c.args[0].Type().Def) {
		return nil, nil
	}
	for i, f := range c.args[0].Type().Fields {
		if f.Name == c.name[0] {
			return &expr.Field{Arg: c.args[0], Index: i, Name: f.Name, T: f.Type}, nil
		}
	}
	return nil, nil
}

func decorated(n *pg.FuncCall) bool {
	return n.AggStar || n.AggDistinct || n.AggOrder != nil || n.AggFilter != nil || n.Over != nil || n.FuncVariadic
}

// plainOnly refuses what only aggregates and window functions can have.
func plainOnly(n *pg.FuncCall, name, what string) error {
	pos := int(n.Location)
	msg := ""
	switch {
	case n.AggStar:
		msg = "%s(*) specified, but %s is not an aggregate function"
	case n.AggDistinct:
		msg = "DISTINCT specified, but %s is not an aggregate function"
	case n.AggWithinGroup:
		msg = "WITHIN GROUP specified, but %s is not an aggregate function"
	case n.AggOrder != nil:
		msg = "ORDER BY specified, but %s is not an aggregate function"
	case n.AggFilter != nil:
		msg = "FILTER specified, but %s is not an aggregate function"
	case n.Over != nil:
		msg = "OVER specified, but %s is not a window function nor an aggregate function"
	default:
		return nil
	}
	if n.AggStar {
		return pgerr.New(pgerrcode.WrongObjectType, msg, name, name).At(pos)
	}
	return pgerr.New(pgerrcode.WrongObjectType, msg, name).At(pos)
}

// coercionAsCall is typename(x).
func (b *binder) coercionAsCall(c *call, t *types.Def) (expr.Expr, error) {
	return b.coerce(c.args[0], types.Of(t), cast{explicit, expr.FormCall, c.pos})
}

func (b *binder) noCall(n *pg.FuncCall, c *call, many bool) error {
	if len(n.AggOrder) > 1 && !n.AggWithinGroup && !many {
		return pgerr.New(pgerrcode.UndefinedFunction, "function %s does not exist", c.text()+b.signature(c)).
			WithHint("No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; ORDER BY must appear after all regular arguments of the aggregate.").At(c.pos)
	}
	return b.noFunction(c, many)
}

// plainCall makes the call of a function that is neither aggregate nor window function.
func (q *query) plainCall(n *pg.FuncCall, c *call, r *resolved) (expr.Expr, error) {
	if err := plainOnly(n, c.text(), "function"); err != nil {
		return nil, err
	}
	if err := q.b.callable(r.proc, c.pos); err != nil {
		return nil, err
	}
	e := &expr.Call{Proc: r.proc, Args: r.args, T: r.result, Variadic: r.variadic, Pos: c.pos}
	if n.Funcformat == pg.CoercionForm_COERCE_SQL_SYNTAX {
		e.Form = expr.FormSQL
	}
	if writes[r.proc.Source] && !mayTry(r) {
		q.b.modify = true
		q.b.writes(functionName(r.proc) + "()")
	}
	if !r.proc.Set {
		return onBranch(e, q.b.ref), nil
	}
	return q.setReturning(e)
}

// writes lists the functions that change the database, so that their statement is not read-only. Those that move sequences
// are not among them: where they may not, they say so when they are called, for it depends on the sequence.
var writes = map[string]bool{
	"rowan_create_branch": true, "rowan_drop_branch": true,
	"rowan_rename_branch": true, "rowan_merge": true, "rowan_reset_branch": true, "rowan_protect_branch": true,
	"rowan_snapshot": true, "rowan_drop_snapshot": true, "rowan_create_tag": true, "rowan_drop_tag": true, "rowan_commit": true,
	"rowan_revert": true, "rowan_cherry_pick": true, "rowan_set_merge_policy": true, "rowan_resolve_conflict": true, "rowan_resolve_conflicts": true, "rowan_complete_merge": true, "rowan_abort_merge": true, "rowan_set_sequence_policy": true, "rowan_squash": true,
	"dolt_add": true, "dolt_branch": true, "dolt_checkout": true, "dolt_clean": true, "dolt_commit": true, "dolt_conflicts_resolve": true,
	"dolt_merge": true, "dolt_reset": true, "dolt_revert": true, "dolt_tag": true, "dolt_cherry_pick": true,
	"dolt_rebase": true, "dolt_stash": true, "dolt_rm": true, "dolt_change": true,
}

// writes notes what makes a query one that is refused in a read-only transaction: the first that does is told.
func (b *binder) writes(what string) {
	if b.out.Writes == "" {
		b.out.Writes = what
	}
}

// mayTry reports whether a call is, or may turn out to be, a dry run, which changes nothing: one that is not says so when it is called.
func mayTry(r *resolved) bool {
	i := slices.Index(r.proc.ArgNames, "dry_run")
	if i < 0 || i >= len(r.args) {
		return false
	}
	c, constant := r.args[i].(*expr.Const)
	return !constant || !c.Value.Null && c.Value.B()
}

// functionName is the name of a built-in function as messages have it: with its schema unless that is pg_catalog.
func functionName(p *builtin.Proc) string {
	if strings.HasPrefix(p.Source, "rowan_") {
		return "rowan." + p.Name
	}
	return p.Name
}

// callable refuses functions that cannot be called from SQL, or have no code.
func (b *binder) callable(p *builtin.Proc, pos int) error {
	if p.Returns == types.OIDTrigger {
		return pgerr.New(pgerrcode.FeatureNotSupported, "trigger functions can only be called as triggers").At(pos)
	}
	if shapedProc(p) {
		return pgerr.New(pgerrcode.FeatureNotSupported, "rowan.%s must stand in FROM", p.Name).At(pos)
	}
	return b.supported(p, pos)
}

// setCall is a set-returning function in an expression. Its value is seen as column id.
type setCall struct {
	id    expr.ColumnID
	call  *expr.Call
	level int // 1 + that of the set-returning functions among its arguments
}

// setReturning registers a call that gives many rows. In FROM it stays what it is.
func (q *query) setReturning(e *expr.Call) (expr.Expr, error) {
	if q.kind == kindFromFunction {
		return e, nil
	}
	if err := q.checkSet(e.Pos); err != nil {
		return nil, err
	}
	s := &setCall{id: q.b.newColumn(q), call: e, level: 1}
	q.b.info(s.id).kind = 's'
	for _, in := range q.srfs {
		if usesColumn(e, in.id) {
			s.level = max(s.level, in.level+1)
		}
	}
	q.srfs = append(q.srfs, s)
	return &expr.Column{ID: s.id, T: e.T, Name: e.Proc.Name, Pos: e.Pos}, nil
}

func usesColumn(e expr.Expr, id expr.ColumnID) bool {
	return expr.Any(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.Column)
		return ok && c.ID == id
	})
}
