package mvcc

import (
	"sync"
	"sync/atomic"

	"github.com/rowandb/rowan/storage/keys"
)

// moves knows where rows have gone whose primary keys were changed, for those who wait for one under READ COMMITTED, or come to
// it later in a statement that began before: they find the row under its new key. An entry stays as long as there can be such
// a statement.
type moves struct {
	count atomic.Int64 // of the places, so that nobody takes the mutex for nothing
	mu    sync.Mutex
	from  map[place][]departure
}

// place is where a row is or was.
type place struct {
	keys.Space
	key string
}

// departure is one change of a row's key. The row was at the place until then.
type departure struct {
	scn uint64
	to  string
}

// move is one change of a key in a transaction.
type move struct {
	from place
	to   string
}

// mostMoves is how many a transaction remembers: those who wait for rows that it moves after these find them gone.
const mostMoves = 1 << 16

func (t *Txn) noteMove(sp keys.Space, from, to []byte) {
	if len(t.moves) < mostMoves {
		t.moves = append(t.moves, move{place{sp, string(from)}, string(to)})
	}
}

// journeys are moves with those of one row made into one.
func journeys(all []move) map[place]string {
	out, origin := map[place]string{}, map[place]place{}
	for _, m := range all {
		from, ok := origin[m.from]
		if !ok {
			from = m.from
		}
		delete(origin, m.from)
		delete(out, from)
		if from.key != m.to {
			out[from] = m.to
			origin[place{from.Space, m.to}] = from
		}
	}
	return out
}

// add takes over what a transaction has moved, before its SCN is published.
func (m *moves) add(scn uint64, all []move) {
	if len(all) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.from == nil {
		m.from = map[place][]departure{}
	}
	for from, to := range journeys(all) {
		m.from[from] = append(m.from[from], departure{scn, to})
	}
	m.count.Store(int64(len(m.from)))
}

// follow says under which key the row is that was at a place at an SCN.
func (m *moves) follow(p place, at uint64) (key string, moved bool) {
	if m.count.Load() == 0 {
		return "", false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		next, ok := m.next(p, at)
		if !ok {
			return p.key, moved
		}
		p.key, at, moved = next.to, next.scn, true
	}
}

// next is the first departure from a place after an SCN. Transactions may have been added in another order than that of their SCNs.
func (m *moves) next(p place, at uint64) (first departure, ok bool) {
	for _, d := range m.from[p] {
		if d.scn > at && (!ok || d.scn < first.scn) {
			first, ok = d, true
		}
	}
	return first, ok
}

// forget drops what no statement can ask for any more: all read at the horizon, or later.
func (m *moves) forget(horizon uint64) {
	if m.count.Load() == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, all := range m.from {
		left := all[:0]
		for _, d := range all {
			if d.scn > horizon {
				left = append(left, d)
			}
		}
		if m.from[p] = left; len(left) == 0 {
			delete(m.from, p)
		}
	}
	m.count.Store(int64(len(m.from)))
}
