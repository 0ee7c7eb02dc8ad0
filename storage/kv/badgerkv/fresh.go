package badgerkv

import (
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// To read all tables of all compactions beforehand would double what a bulk write costs. So a table that was written or read as
// a whole not long ago is taken to be sound: it is fresh.

const (
	freshFor    = time.Hour   // after it was written or read as a whole, a table is not read before a compaction
	freshListed = time.Minute // how often tables are listed for that
)

// freshTables knows since when tables are fresh.
type freshTables struct {
	long   time.Duration // freshFor; 0 in tests: no table is
	unread bool          // those that were there at the first look have not been read

	mu    sync.Mutex
	since map[uint64]time.Time
	old   []badger.TableInfo // those that are so no longer
	next  time.Time          // when they are listed again
}

// doubtful returns which tables a compaction is going to read that were written or read long ago.
func (s *freshTables) doubtful(c compaction, list func() []badger.TableInfo) (ids []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !now.Before(s.next) {
		s.look(now, list())
	}
	for _, t := range s.old {
		if c.reads(t) {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

func (s *freshTables) look(now time.Time, tables []badger.TableInfo) {
	first := now
	if s.since == nil && s.unread {
		first = time.Time{}
	}
	since := make(map[uint64]time.Time, len(tables))
	s.old = s.old[:0]
	for _, t := range tables {
		at, known := s.since[t.ID]
		if !known {
			at = first
		}
		if since[t.ID] = at; now.Sub(at) >= s.long {
			s.old = append(s.old, t)
		}
	}
	s.since, s.next = since, now.Add(min(freshListed, s.long))
}
