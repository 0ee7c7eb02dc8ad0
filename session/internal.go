package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/ddl"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// internalSQL runs a statement inside the session's transaction on behalf of the engine: foreign key actions, backfills,
// verifications. It runs on the branch of ref and sees what has been written so far. It returns the rows affected.
func (s *Session) internalSQL(ctx context.Context, ref catalog.Ref, sql string, params []types.Datum, ts []types.Type, rows func(*vector.Batch) error) (int64, error) {
	defer s.within(ref)()
	stmts, err := s.parse(sql)
	if err != nil {
		return 0, err
	}
	if len(stmts) != 1 {
		return 0, pgerr.Internal("internal statement is not one statement: %s", sql)
	}
	return s.internal(ctx, stmts[0], params, ts, rows)
}

// userSQL is internalSQL for a text that the user wrote: with the user's rights, reading only where the transaction does.
func (s *Session) userSQL(ctx context.Context, ref catalog.Ref, sql string, rows func(*vector.Batch) error) (int64, error) {
	defer s.within(ref)()
	s.trusted = false
	stmts, err := s.parse(sql)
	if err != nil {
		return 0, err
	}
	if len(stmts) != 1 {
		return 0, pgerr.New(pgerrcode.SyntaxError, "one statement is expected here, not %d", len(stmts))
	}
	return s.internal(ctx, stmts[0], nil, nil, rows)
}

func (s *Session) internal(ctx context.Context, st parse.Statement, params []types.Datum, ts []types.Type, rows func(*vector.Batch) error) (int64, error) {
	p, err := s.plan(ctx, st, ts)
	if err != nil {
		return 0, err
	}
	x, err := s.start(ctx, p.plan, params)
	if err != nil {
		return 0, err
	}
	defer x.close()
	if rows == nil {
		rows = func(*vector.Batch) error { return nil }
	}
	if _, err := x.fetch(ctx, 0, rows); err != nil {
		return 0, err
	}
	if a, ok := x.root.(affected); ok {
		return a.Affected(), nil
	}
	return x.rows, nil
}

// within makes ref what unqualified names mean until the function it returns is called. Rights are the superuser's
// meanwhile: a foreign key acts on tables that the user may not touch.
func (s *Session) within(ref catalog.Ref) func() {
	t, old := s.txn, s.txn.override
	if ref != noRef {
		t.override = &ref
	}
	trusted := s.trusted
	s.trusted = true
	return func() { t.override, s.trusted = old, trusted }
}

// ddlEnv is what DDL runs in.
func (s *Session) ddlEnv(ctx context.Context, out *output) *ddl.Env {
	env := &ddl.Env{Env: s.env(ctx, nil), Store: s.engine.Store, Role: s.roleOID(), InBlock: s.inBlock(), Temp: s.useTemp, Undo: s.txn.undoFirst,
		Moves:  s.txn.movesOf,
		Notice: func(e *pgerr.Error) { _ = out.Notice(e) }}
	if snap, err := s.snapshot(ctx); err == nil {
		for _, n := range s.catalogs.SearchPath() {
			if sc := snap.Schema(n); sc != nil {
				env.SearchPath = append(env.SearchPath, sc.OID)
			}
		}
	}
	return env
}

func (s *Session) roleOID() catalog.OID {
	if r := s.global().RoleByName(s.user); r != nil {
		return r.OID
	}
	return 0
}
