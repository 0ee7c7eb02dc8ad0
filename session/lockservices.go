package session

import (
	"context"
	"slices"

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

// blockers lists who has granted locks on what a session waits for.
func blockers(locks []storage.LockInfo, pid int32) []int32 {
	var out []int32
	for _, want := range locks {
		if want.PID != pid || want.Granted {
			continue
		}
		for _, held := range locks {
			if held.Granted && held.PID != pid && sameLock(held, want) && !slices.Contains(out, held.PID) {
				out = append(out, held.PID)
			}
		}
	}
	return out
}

func sameLock(a, b storage.LockInfo) bool {
	return a.Kind == b.Kind && a.Database == b.Database && a.Branch == b.Branch && a.Relation == b.Relation && a.Keyspace == b.Keyspace && a.Key == b.Key &&
		a.Advisory == b.Advisory
}
