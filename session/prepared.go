package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// prepared is a prepared statement: the text, the types of its parameters, and the plan made for it last.
type prepared struct {
	name    string
	sql     string
	stmt    parse.Statement // zero with empty
	empty   bool
	params  []types.Type
	fields  []vector.Field
	plan    *planned
	fromSQL bool // made by PREPARE
	made    time.Time
}

// ErrSeveral is the cause of Parse's error where the text has more than one statement.
var ErrSeveral = errors.New("more than one statement")

// Parse prepares a statement. It is analysed at once, so that errors and parameter types are known.
func (s *Session) Parse(ctx context.Context, name, sql string, oids []types.OID) error {
	ctx, cancel := s.statementContext(ctx)
	defer cancel()
	if err := s.parseMessage(ctx, name, sql, oids); err != nil {
		return s.failExtended(ctx, s.timeoutError(ctx, err), sql)
	}
	return nil
}

func (s *Session) parseMessage(ctx context.Context, name, sql string, oids []types.OID) error {
	stmts, err := s.parse(sql)
	if err != nil {
		return err
	}
	if len(stmts) > 1 {
		return pgerr.New(pgerrcode.SyntaxError, "cannot insert multiple commands into a prepared statement").Because(ErrSeveral)
	}
	if name != "" && s.prepared[name] != nil {
		return pgerr.New(pgerrcode.DuplicatePreparedStatement, "prepared statement \"%s\" already exists", name)
	}
	if len(stmts) == 0 {
		s.prepared[name] = &prepared{name: name, sql: sql, empty: true}
		return nil
	}
	known, err := s.declared(ctx, oids)
	if err != nil {
		return err
	}
	ps, err := s.prepare(ctx, name, stmts[0], known)
	if err != nil {
		return err
	}
	ps.sql = sql
	s.prepared[name] = ps
	return nil
}

// prepare analyses a statement.
func (s *Session) prepare(ctx context.Context, name string, st parse.Statement, known []types.Type) (*prepared, error) {
	p, err := s.planLate(ctx, st, known, nil)
	if err != nil {
		return nil, err
	}
	for i, t := range p.plan.Params {
		if !t.Known() || t.ID() == types.OIDUnknown {
			return nil, pgerr.New(pgerrcode.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	fields, err := s.fields(ctx, p)
	if err != nil {
		return nil, err
	}
	return &prepared{name: name, stmt: st, made: time.Now(), params: p.plan.Params, fields: fields, plan: p}, nil
}

func (s *Session) declared(ctx context.Context, oids []types.OID) ([]types.Type, error) {
	if err := s.begin(ctx, false); err != nil {
		return nil, err
	}
	known := make([]types.Type, len(oids))
	for i, oid := range oids {
		if oid == 0 || oid == types.OIDUnknown {
			continue
		}
		d, err := s.typeDef(ctx, oid)
		if err != nil {
			return nil, err
		}
		if d == nil {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "type with OID %d does not exist", oid)
		}
		known[i] = types.Of(d)
	}
	return known, nil
}

// typeDef is the type with that OID as it is now, nil where there is none or it cannot be looked at.
func (s *Session) typeDef(ctx context.Context, oid types.OID) (*types.Def, error) {
	if d := types.Builtin(oid); d != nil || s.txn.failed {
		return d, nil
	}
	s.catalogs.ctx = ctx
	snap, err := s.catalogs.Catalog(noRef)
	if err != nil {
		return nil, err
	}
	return snap.TypeByOID(oid), nil
}

// renewParams takes the types of a prepared statement's parameters as they are now: a type that was altered since has other values.
func (s *Session) renewParams(ctx context.Context, ps *prepared) error {
	if !slices.ContainsFunc(ps.params, func(t types.Type) bool { return types.Builtin(t.ID()) == nil }) {
		return nil
	}
	if err := s.begin(ctx, false); err != nil {
		return err
	}
	params := slices.Clone(ps.params)
	for i := range params {
		d, err := s.typeDef(ctx, params[i].ID())
		if err != nil {
			return err
		}
		switch {
		case d != nil:
			params[i].Def = d
		case !s.txn.failed:
			return pgerr.Internal("cache lookup failed for type %d", params[i].ID())
		}
	}
	ps.params = params
	return nil
}

// planLate is plan for a prepared statement: with args before it is run, without them when it is prepared.
func (s *Session) planLate(ctx context.Context, st parse.Statement, known []types.Type, args []types.Datum) (*planned, error) {
	s.late, s.args = true, args
	defer func() { s.late, s.args = false, nil }()
	return s.plan(ctx, st, known)
}

// current returns the plan of a prepared statement, made again when the catalog has changed under it, or where it depends on
// the values of parameters.
func (s *Session) current(ctx context.Context, ps *prepared, args []types.Datum) (*planned, error) {
	if err := s.begin(ctx, false); err != nil {
		return nil, err
	}
	if s.txn.failed && !ps.stmt.EndsFailedBlock() {
		return nil, errAborted
	}
	s.txn.Statement()
	if ps.plan.plan.Command == nil && len(ps.plan.plan.Refs) == 0 && !ps.plan.plan.ByArgs && s.fits(ctx, ps.plan) {
		if ok, err := s.lockRelations(ctx, ps.plan); ok || err != nil {
			return ps.plan, err
		}
	}
	p, err := s.planLate(ctx, ps.stmt, ps.params, args)
	if err != nil {
		return nil, err
	}
	fields, err := s.fields(ctx, p)
	if err != nil {
		return nil, err
	}
	if !sameFields(fields, ps.fields) {
		return nil, errResultChanged()
	}
	ps.plan = p
	return p, nil
}

// errResultChanged is what a statement fails with that was to give columns of other types.
func errResultChanged() error {
	e := pgerr.New(pgerrcode.FeatureNotSupported, "cached plan must not change result type")
	e.Routine = "RevalidateCachedQuery" // by which JDBC's driver knows that it may prepare the statement again
	return e
}

func sameFields(a, b []vector.Field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Type.ID() != b[i].Type.ID() || a[i].Type.Mod != b[i].Type.Mod {
			return false
		}
	}
	return true
}

func (s *Session) statement(name string) (*prepared, error) {
	ps := s.prepared[name]
	switch {
	case ps != nil:
		return ps, nil
	case name == "":
		return nil, pgerr.New(pgerrcode.InvalidSQLStatementName, "unnamed prepared statement does not exist")
	}
	return nil, pgerr.New(pgerrcode.InvalidSQLStatementName, "prepared statement \"%s\" does not exist", name)
}

// DescribeStatement gives a prepared statement's parameter types and result fields.
func (s *Session) DescribeStatement(ctx context.Context, name string) ([]types.OID, []vector.Field, error) {
	ps, err := s.statement(name)
	if err != nil {
		return nil, nil, s.failExtended(ctx, err, "")
	}
	oids := make([]types.OID, len(ps.params))
	for i, t := range ps.params {
		oids[i] = t.ID()
	}
	return oids, ps.fields, nil
}

// CloseStatement forgets a prepared statement.
func (s *Session) CloseStatement(name string) { delete(s.prepared, name) }

// Sync ends an extended batch.
func (s *Session) Sync(ctx context.Context) error {
	s.failed = false
	s.activity.end(s)
	if s.txn == nil || s.txn.explicit {
		return nil
	}
	if s.txn.failed {
		return s.rollback()
	}
	if err := s.commit(ctx); err != nil {
		return s.fail(ctx, err, "")
	}
	return nil
}

// Failed tells that the batch failed before the session saw it.
func (s *Session) Failed() {
	_ = s.failExtended(context.Background(), errAborted, "")
}

// failExtended is fail for a message of the extended protocol; the rest of the batch is skipped by the wire.
func (s *Session) failExtended(ctx context.Context, err error, sql string) error {
	s.failed = true
	return s.fail(ctx, err, sql)
}
