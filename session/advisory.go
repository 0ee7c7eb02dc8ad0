package session

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// lockServices are the advisory lock functions, by their names' parts: pg_[try_]advisory_[xact_]lock[_shared]_int8|int4.
var lockServices = advisoryTable()

func advisoryTable() map[string]service {
	t := map[string]service{"pg_advisory_unlock_all": func(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
		s.locks().UnlockAll()
		return types.String(""), nil
	}}
	for _, try := range []string{"", "try_"} {
		for _, scope := range []string{"", "xact_"} {
			for _, mode := range []string{"", "_shared"} {
				for _, arg := range []string{"_int8", "_int4"} {
					t["pg_"+try+"advisory_"+scope+"lock"+mode+arg] = advisoryLock(try != "", scope != "", mode != "")
				}
			}
		}
	}
	for _, mode := range []string{"", "_shared"} {
		t["pg_advisory_unlock"+mode+"_int8"] = advisoryUnlock(mode != "")
		t["pg_advisory_unlock"+mode+"_int4"] = advisoryUnlock(mode != "")
	}
	return t
}

// locks owns the session's advisory locks.
func (s *Session) locks() storage.LockSession {
	if s.advisory == nil {
		s.advisory = s.engine.Store.Session(int32(s.opts.PID))
	}
	return s.advisory
}

func (s *Session) advisoryKey(a []types.Datum) storage.AdvisoryKey {
	k := storage.AdvisoryKey{Database: s.database.OID, Key: a[0].I}
	if len(a) == 2 {
		k.Pair, k.Key = true, a[0].I<<32|a[1].I&0xffffffff
	}
	return k
}

func advisoryLock(try, xact, shared bool) service {
	wait := catalog.Wait
	if try {
		wait = catalog.NoWait
	}
	return func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		var ok bool
		var err error
		if xact {
			ok, err = s.txn.LockAdvisory(ctx, s.advisoryKey(a), shared, wait)
		} else {
			ok, err = s.locks().Lock(ctx, s.advisoryKey(a), shared, wait, s.settings.duration("lock_timeout"))
		}
		if err != nil || !try {
			return types.String(""), err
		}
		return types.Bool(ok), nil
	}
}

func advisoryUnlock(shared bool) service {
	return func(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
		ok := s.locks().Unlock(s.advisoryKey(a), shared)
		if !ok {
			mode := "ExclusiveLock"
			if shared {
				mode = "ShareLock"
			}
			s.notice(warning(pgerrcode.Warning, "you don't own a lock of type %s", mode))
		}
		return types.Bool(ok), nil
	}
}

// notice keeps a notice for the statement's output.
func (s *Session) notice(e *pgerr.Error) { s.notices = append(s.notices, e) }
