package session

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// blockingPIDs is pg_blocking_pids(pid): the sessions that hold what this one waits for.
func blockingPIDs(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	var elems []types.Datum
	for _, pid := range blockers(s.engine.Store.Locks(), int32(a[0].I)) {
		elems = append(elems, types.Int(int64(pid)))
	}
	return types.String(types.Vector1(elems).Pack(types.Builtin(types.OIDInt4))), nil
}

// isBlocked is pg_isolation_test_session_is_blocked(pid, pids): whether one of these holds what the first waits for.
func isBlocked(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	by := blockers(s.engine.Store.Locks(), int32(a[0].I))
	for _, e := range types.UnpackArray(a[1].S).Elems {
		if slices.Contains(by, int32(e.I)) {
			return types.Bool(true), nil
		}
	}
	return types.Bool(false), nil
}

// blockers lists who stands in the way of what a session waits for.
func blockers(locks []storage.LockInfo, pid int32) []int32 {
	var out []int32
	for _, l := range locks {
		if l.PID != pid || l.Granted {
			continue
		}
		for _, by := range l.BlockedBy {
			if !slices.Contains(out, by) {
				out = append(out, by)
			}
		}
	}
	return out
}

// lockRows are the rows of pg_locks.
func (s *Session) lockRows() []pgcatalog.Lock {
	var out []pgcatalog.Lock
	snap, _ := s.snapshot(s.catalogs.ctx)
	for _, l := range s.engine.Store.Locks() {
		r := pgcatalog.Lock{Type: l.Kind, Database: l.Database, Relation: l.Relation, PID: l.PID, Mode: l.Mode, Granted: l.Granted,
			On: l.On, Txn: l.Txn, Fast: l.Fast, Since: l.Since}
		switch l.Kind {
		case "advisory":
			r.ClassID, r.ObjectID, r.SubID = uint32(uint64(l.Advisory.Key)>>32), uint32(l.Advisory.Key), 1
			if l.Advisory.Pair {
				r.SubID = 2
			}
		case "relation":
			asObject(&r, snap)
		case "tuple":
			place := storage.Place(l.Key)
			r.Relation, r.Page, r.Tuple = s.keyspaceTable(l.Keyspace), uint32(place>>16), uint16(place)
		}
		out = append(out, r)
	}
	return out
}

// Classes of objects that are locked as tables are: OIDs of pg_namespace and pg_type.
const (
	namespaceClass = 2615
	typeClass      = 1247
)

// asObject shows the lock of a schema or type as such.
func asObject(r *pgcatalog.Lock, snap *catalog.Snapshot) {
	if snap == nil {
		return
	}
	switch snap.Object(r.Relation).(type) {
	case *catalog.Schema:
		r.ClassID = namespaceClass
	case *catalog.UserType:
		r.ClassID = typeClass
	default:
		return
	}
	r.Type, r.ObjectID, r.Relation = "object", uint32(r.Relation), 0
}

// keyspaceTable is the table whose rows, or whose index's entries, a keyspace has; 0: none on the session's branch.
func (s *Session) keyspaceTable(ks catalog.Keyspace) catalog.OID {
	snap, err := s.snapshot(s.catalogs.ctx)
	if err != nil {
		return 0
	}
	for _, o := range snap.Objects() {
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		if t.Rows == ks || slices.ContainsFunc(t.Indexes, func(ix *catalog.Index) bool { return ix.Keyspace == ks }) {
			return t.OID
		}
	}
	return 0
}

// waitEvents names what a lock of each kind waits for, in pg_stat_activity.
var waitEvents = map[string]string{"relation": "relation", "tuple": "tuple", "transactionid": "transactionid", "advisory": "advisory"}

// activityRows are the rows of pg_stat_activity.
func (s *Session) activityRows() []pgcatalog.Activity {
	out := s.engine.activity.rows()
	roles := s.engine.Store.Global()
	for i := range out {
		out[i].Hidden = !catalog.MaySeeStatements(roles, s.roleOID(), out[i].User)
	}
	for _, l := range s.engine.Store.Locks() {
		for i := range out {
			switch {
			case out[i].PID != l.PID:
			case !l.Granted:
				out[i].WaitType, out[i].Wait = "Lock", waitEvents[l.Kind]
			case l.Kind == "transactionid":
				out[i].Txn = l.On
			case l.Kind == "virtualxid" && (l.Keeps || out[i].State == "active"):
				out[i].Horizon = l.Horizon
			}
		}
	}
	return out
}
