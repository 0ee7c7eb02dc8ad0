package session

import (
	"context"
	"strings"

	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// literalTypes are the types that constants have as parameters; an Unknown one is inferred from its place.
var literalTypes = map[parse.LiteralKind]types.Type{
	parse.Unknown: {}, parse.Int4: types.Of(types.Builtin(types.OIDInt4)), parse.Int8: types.Of(types.Builtin(types.OIDInt8)),
	parse.Numeric: types.Of(types.Builtin(types.OIDNumeric)),
}

// normalized runs a simple query by the plan of its shape: the same text with other constants. It reports false, having
// done nothing, when there is no such plan and none can be made; the query then takes the long way, which also words the
// errors of texts that do not parse or plan.
func (s *Session) normalized(ctx context.Context, sql string, sink vector.Sink) (bool, error) {
	if len(sql) > maxCachedText || s.txn != nil && s.txn.failed {
		return false, nil
	}
	key, lits, ok := parse.Normalize(sql, s.literals[:0])
	s.literals = lits
	if !ok || len(lits) == 0 || !worthShaping(key) {
		return false, nil
	}
	ctx, cancel := s.statementContext(ctx)
	defer cancel()
	p, params, err := s.shape(ctx, key, lits)
	if p == nil || err != nil {
		return false, s.timeoutError(ctx, err)
	}
	s.closePortal("")
	return true, s.runShape(ctx, p, params, sink)
}

// worthShaping leaves out statements that are not repeated for speed, a SELECT without FROM, and those whose meaning hangs
// on a constant: ON CONFLICT finds a partial index by its predicate.
func worthShaping(key string) bool {
	key = strings.ToLower(key)
	if strings.Contains(key, "conflict") {
		return false
	}
	return !strings.HasPrefix(key, "select") || strings.Contains(key, "from")
}

// shape finds or makes the plan of a shape, and reads its parameters. nil: there is none.
func (s *Session) shape(ctx context.Context, key string, lits []parse.Literal) (*planned, []types.Datum, error) {
	opened := s.txn == nil
	if err := s.begin(ctx, false); err != nil {
		return nil, nil, err
	}
	p, params, err := s.shapePlan(ctx, key, lits)
	if err != nil {
		return nil, nil, err
	}
	if params == nil {
		p = nil
	}
	if p == nil && opened {
		return nil, nil, s.rollback()
	}
	return p, params, nil
}

func (s *Session) shapePlan(ctx context.Context, key string, lits []parse.Literal) (*planned, []types.Datum, error) {
	s.txn.Statement()
	s.catalogs.ctx = ctx
	known := make([]types.Type, len(lits))
	for i, l := range lits {
		known[i] = literalTypes[l.Kind]
	}
	cacheKey := "shape\x00" + s.planKey(key, known)
	for {
		p := s.shapeNow(ctx, cacheKey, key, known)
		if p == nil {
			return nil, nil, nil
		}
		if s.txn.wantsSafe() {
			if err := s.safeSnapshot(ctx); err != nil {
				return nil, nil, err
			}
			continue
		}
		if params := s.literalValues(ctx, p, lits); params == nil {
			return nil, nil, nil
		} else if ok, err := s.lockRelations(ctx, p); ok || err != nil {
			return p, params, err
		}
	}
}

// shapeNow is the plan of a shape by the catalog as it is.
func (s *Session) shapeNow(ctx context.Context, cacheKey, key string, known []types.Type) *planned {
	e, ok := s.engine.plans.get(cacheKey)
	p := e.plan
	switch {
	case ok && p == nil:
		return nil
	case ok && s.fits(ctx, p):
	default:
		if p = s.planShape(ctx, key, known); p == nil {
			s.engine.plans.put(cacheEntry{key: cacheKey})
			return nil
		}
		if !s.txn.dirtyCatalog() {
			s.engine.plans.put(cacheEntry{key: cacheKey, plan: p})
		}
	}
	return p
}

// shapeCost is the most that a shape's plan may cost: beyond it planning with the constants, which is done again for each,
// costs little beside what a better plan saves.
const shapeCost = 500

// planShape plans a shape; nil: it cannot be, or its plan is not one to keep.
func (s *Session) planShape(ctx context.Context, key string, known []types.Type) *planned {
	stmts, err := parse.Parse(key)
	if err != nil || len(stmts) != 1 {
		return nil
	}
	p, err := s.planNow(ctx, stmts[0], known)
	if err != nil || p.plan.Root == nil || p.plan.Command != nil || p.plan.Once || len(p.plan.Refs) > 0 || len(p.plan.Notices) > 0 || len(p.plan.Params) != len(known) {
		return nil
	}
	if p.plan.Root.Cost().Total > shapeCost {
		return nil
	}
	return p
}

// literalValues reads the constants as the plan's parameters; nil when one is not of its type: the long way says why.
func (s *Session) literalValues(ctx context.Context, p *planned, lits []parse.Literal) []types.Datum {
	out := make([]types.Datum, len(lits))
	for i, l := range lits {
		d, err := types.ParseText(p.plan.Params[i], l.Text, &s.settings.format)
		if err == nil {
			d, err = s.taken(ctx, p.plan.Params[i], d)
		}
		if err != nil {
			return nil
		}
		out[i] = d
	}
	return out
}

func (s *Session) runShape(ctx context.Context, p *planned, params []types.Datum, sink vector.Sink) error {
	s.out = &output{sink: sink, settings: s.settings}
	defer func() { s.out = nil }()
	tag, err := s.run(ctx, p, params, s.out)
	if err != nil {
		return s.timeoutError(ctx, err)
	}
	if err := s.finishImplicit(ctx); err != nil {
		return err
	}
	return sink.Complete(tag)
}
