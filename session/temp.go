package session

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/ddl"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/temp"
	"github.com/rowandb/rowan/types"
)

// tempServices are the functions about the schema of temporary tables.
var tempServices = map[string]service{
	"pg_my_temp_schema": func(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
		if s.temp == nil {
			return types.Int(0), nil
		}
		return types.Int(int64(s.temp.Schema)), nil
	},
	"pg_is_other_temp_schema": constant(types.Bool(false)), // a session's catalog has no other
}

// useTemp makes the session's schema for temporary objects, if it has none, and joins it to the open transaction.
func (s *Session) useTemp(ctx context.Context) (catalog.OID, string, error) {
	if s.engine.Temp == nil {
		return 0, "", pgerr.Unsupported("temporary objects")
	}
	if s.temp == nil {
		id, err := s.engine.Store.AllocateOIDs(ctx, 1)
		if err != nil {
			return 0, "", err
		}
		if s.temp, err = s.engine.Temp.Space(ctx, s.opts.PID, id); err != nil {
			s.temp = nil
			return 0, "", err
		}
	}
	if s.txn.temp() == nil {
		if err := s.txn.join(ctx, storage.TxnOptions{}); err != nil {
			return 0, "", err
		}
	}
	return s.temp.Schema, s.temp.Name, nil
}

// temp is the transaction that sees temporary objects, nil while the session has none.
func (t *txn) temp() *temp.Txn {
	x, _ := t.Txn.(*temp.Txn)
	return x
}

// join adds the session's temporary objects to the transaction.
func (t *txn) join(ctx context.Context, o storage.TxnOptions) error {
	x, err := t.session.temp.Begin(ctx, t.Txn, o)
	if err != nil {
		return err
	}
	t.Txn, t.home = x, nil
	return nil
}

// base is the transaction without temporary objects, as the store's Branches want it.
func (t *txn) base() storage.Txn {
	if x := t.temp(); x != nil {
		return x.Base()
	}
	return t.Txn
}

// onCommit empties and drops the temporary tables that asked for it.
func (s *Session) onCommit(ctx context.Context) error {
	x := s.txn.temp()
	if x == nil {
		return nil
	}
	var gone []command.DropObject
	for _, o := range x.Objects() {
		t, ok := o.(*catalog.Table)
		switch {
		case !ok || t.OnCommit == 0:
		case t.OnCommit == 'x':
			gone = append(gone, command.DropObject{Object: t.OID})
		default:
			v, err := s.txn.View(ctx, noRef)
			if err != nil {
				return err
			}
			if err := x.Truncate(ctx, v, t); err != nil {
				return err
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	env := s.ddlEnv(ctx, nil)
	env.Notice = nil
	_, err := ddl.Run(ctx, env, &command.Drop{Kind: "TABLE", Objects: gone, Cascade: true})
	return err
}

// discardTemp drops all temporary objects.
func (s *Session) discardTemp(ctx context.Context) error {
	if x := s.txn.temp(); x != nil {
		return x.DropAll(ctx)
	}
	return nil
}

// tempPath puts the schema for temporary objects where search_path has it, else first.
func (s *Session) tempPath(snap *catalog.Snapshot, names []string) (path []string) {
	if s.temp != nil && snap.Schema(s.temp.Name) != nil && !slices.Contains(names, "pg_temp") {
		path = append(path, s.temp.Name)
	}
	return path
}

// writesTemp reports whether all that a plan writes are temporary tables: that is allowed in read-only transactions.
func (s *Session) writesTemp(plan *planner.Plan) bool {
	if s.temp == nil {
		return false
	}
	writes := false
	for i := range plan.Access {
		switch a := &plan.Access[i]; a.Privilege {
		case catalog.PrivInsert, catalog.PrivUpdate, catalog.PrivDelete:
			if a.Object.Head().Schema != s.temp.Schema {
				return false
			}
			writes = true
		}
	}
	return writes
}
