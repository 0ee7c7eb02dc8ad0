package session

import (
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/types"
)

// Evaluate calls a user's function on values, which are of its arguments' types: for what decides by a function that a user has
// named, such as a column's merge policy. The function is the one of the branch and point of ref. A strict function of a NULL is
// NULL and is not called.
func (s *Session) Evaluate(ctx context.Context, ref catalog.Ref, id catalog.OID, args []types.Datum) (types.Datum, error) {
	v, err := s.txn.View(ctx, ref)
	if err != nil {
		return types.Null, err
	}
	snap := v.Catalog()
	f, ok := snap.Object(id).(*catalog.Function)
	if !ok {
		return types.Null, pgerr.New(pgerrcode.UndefinedFunction, "function with OID %d does not exist", id)
	}
	p := bind.Callee(f, snap, ref)
	if f.Kind != 'f' || f.ReturnsSet || f.Returns == types.OIDTrigger {
		return types.Null, pgerr.New(pgerrcode.WrongObjectType, "function \"%s\" cannot be called here", f.Name).
			WithDetail("A function that returns one value is wanted.")
	}
	if me := s.role(s.global()); !s.trusted && me != nil && !catalog.HasPrivilege(s.global(), me.OID, f, catalog.PrivExecute) {
		return types.Null, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for function %s", f.Name)
	}
	if f.Strict && slices.ContainsFunc(args, func(d types.Datum) bool { return d.Null }) {
		return types.Null, nil
	}
	ts := make([]types.Type, len(p.Args))
	for i, a := range p.Args {
		ts[i] = types.Of(snap.TypeByOID(a))
	}
	if len(args) != len(ts) {
		return types.Null, pgerr.New(pgerrcode.UndefinedFunction, "function \"%s\" takes %d arguments, not %d", f.Name, len(ts), len(args))
	}
	r, err := s.Routine(ctx, p, ts, types.Of(snap.TypeByOID(f.Returns)))
	if err != nil {
		return types.Null, err
	}
	return r.Call(ctx, args)
}
