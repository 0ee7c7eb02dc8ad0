package planner

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// Routine is a function or procedure in SQL, planned for one choice of argument types.
type Routine struct {
	Statements []*Plan
	// Commands are, where Statements has nil, the statements that are bound when it is their turn: those that define objects may
	// need what earlier ones have made.
	Commands map[int]parse.Statement
	// Whole says that the only column of the last statement is the row that the function returns.
	Whole bool
}

// NewRoutine plans the body of a function for calls with arguments of these types, that give values of type result.
func NewRoutine(p *builtin.Proc, args []types.Type, result types.Type, c bind.Catalog, o Options) (*Routine, error) {
	stmts, err := bind.BodyStatements(p.Function)
	if err != nil {
		return nil, err
	}
	r := &Routine{}
	if len(stmts) == 0 {
		if result.ID() == types.OIDVoid {
			return r, nil
		}
		return nil, pgerr.New(pgerrcode.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", types.TypeName(result, nil)).
			WithDetail("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
	for i, st := range stmts {
		body := bind.BodyOf(p.Function, args, result)
		body.Last = i == len(stmts)-1
		if bind.IsUtility(st) {
			if err := bind.CheckUtility(body); err != nil {
				return nil, err
			}
			if r.Commands == nil {
				r.Commands = map[int]parse.Statement{}
			}
			r.Commands[i], r.Statements = st, append(r.Statements, nil)
			continue
		}
		plan, err := planStatement(st, p.Ref, body, c, o)
		if err != nil {
			return nil, pgerr.From(err).Relocate(-1)
		}
		r.Statements = append(r.Statements, plan.Plan)
		r.Whole = plan.whole
	}
	return r, nil
}

type bodyPlan struct {
	*Plan
	whole bool
}

func planStatement(st parse.Statement, ref catalog.Ref, body *bind.Body, c bind.Catalog, o Options) (bodyPlan, error) {
	params := append([]types.Type(nil), body.Types...)
	b, err := bind.Bind(st, c, &params, bind.Options{Fold: o.Fold, Supported: o.Supported, Body: body, Ref: ref, NoBodyCheck: o.NoBodyCheck, Late: o.Late, Args: o.Args})
	if err != nil {
		return bodyPlan{}, err
	}
	p, err := finish(b, params, c, o)
	return bodyPlan{p, b.Whole}, err
}

// RoutineStatement plans the i-th statement of a function again, for the values that o has of its arguments. It is not one that
// is bound when it is its turn.
func RoutineStatement(i int, p *builtin.Proc, args []types.Type, result types.Type, c bind.Catalog, o Options) (*Plan, bool, error) {
	stmts, err := bind.BodyStatements(p.Function)
	if err != nil {
		return nil, false, err
	}
	body := bind.BodyOf(p.Function, args, result)
	body.Last = i == len(stmts)-1
	plan, err := planStatement(stmts[i], p.Ref, body, c, o)
	if err != nil {
		return nil, false, pgerr.From(err).Relocate(-1)
	}
	return plan.Plan, plan.whole, nil
}

// RoutineCommand plans a statement of a function that is bound when it is its turn.
func RoutineCommand(st parse.Statement, p *builtin.Proc, args []types.Type, c bind.Catalog, o Options) (*Plan, error) {
	plan, err := planStatement(st, p.Ref, bind.BodyOf(p.Function, args, types.Type{}), c, o)
	if err != nil {
		return nil, pgerr.From(err).Relocate(-1)
	}
	return plan.Plan, nil
}

// Embedded is a statement of a body in PL/pgSQL.
type Embedded struct {
	*Plan
	Columns []types.Field // of its rows, with the types that they have within the server
	Outputs *bind.Outputs // of a CALL
}

// NewEmbedded plans a statement of a body in PL/pgSQL, whose variables body knows, or one of EXECUTE, which has params. With an
// error of a name comes a plan with nothing but Locks, as from New.
func NewEmbedded(st parse.Statement, ref catalog.Ref, body *bind.Body, params []types.Type, c bind.Catalog, o Options) (*Embedded, error) {
	params = append([]types.Type{}, params...)
	b, err := bind.Bind(st, c, &params, bind.Options{Fold: o.Fold, Supported: o.Supported, Body: body, Ref: ref, NoBodyCheck: o.NoBodyCheck, Late: o.Late, Args: o.Args})
	if err != nil {
		return &Embedded{Plan: &Plan{Locks: b.Locks}}, err
	}
	e := &Embedded{Outputs: b.Outputs}
	for _, f := range b.Fields {
		e.Columns = append(e.Columns, types.Field{Name: f.Name, Type: f.Type})
	}
	if e.Plan, err = finish(b, params, c, o); err != nil {
		e.Plan = &Plan{Locks: b.Locks}
	}
	return e, err
}
