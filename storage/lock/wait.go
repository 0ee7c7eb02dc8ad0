package lock

import (
	"context"
	"errors"
	"slices"
	"time"
)

// The errors of Lock beside *Deadlock.
var (
	ErrBusy    = errors.New("lock: held by another")
	ErrTimeout = errors.New("lock: timeout")
)

// wait queues o and blocks; s is locked.
func (o *Owner) wait(ctx context.Context, s *shard, e *entry, mode Mode, timeout time.Duration) (added bool, err error) {
	held := e.holder(o) != nil
	w := &waiter{owner: o, entry: e, mode: mode, granted: make(chan struct{}), since: time.Now()}
	if held { // before all who hold nothing
		at := 0
		for at < len(e.waiters) && e.holder(e.waiters[at].owner) != nil {
			at++
		}
		e.waiters = slices.Insert(e.waiters, at, w)
	} else {
		e.waiters = append(e.waiters, w)
	}
	o.group.waiting = w
	s.mu.Unlock()

	if d := o.m.deadlock(o); d != nil {
		if o.m.cancel(w) {
			return false, d
		}
	}
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-w.granted:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-expired:
		err = ErrTimeout
	}
	if err != nil && o.m.cancel(w) {
		return false, err
	}
	o.held = append(o.held, grant{entry: e, mode: mode})
	return true, nil
}

// cancel takes w out of its queue; false: it had been granted already.
func (m *Manager) cancel(w *waiter) bool {
	s := m.shard(w.entry.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(w.entry.waiters, w)
	if i < 0 {
		return false
	}
	w.entry.waiters = slices.Delete(w.entry.waiters, i, i+1)
	w.owner.group.waiting = nil
	w.entry.wake()
	s.forget(w.entry)
	return true
}

// wake grants what has become free, in order.
func (e *entry) wake() {
	for i := 0; i < len(e.waiters); {
		w := e.waiters[i]
		h := e.holder(w.owner)
		n := i
		if h != nil {
			n = 0
		}
		if e.blocked(w.owner, w.mode, n) {
			i++
			continue
		}
		if h != nil {
			h.grant(w.mode)
		} else {
			e.add(newHolder(w.owner, w.mode))
		}
		w.owner.group.waiting = nil
		e.waiters = slices.Delete(e.waiters, i, i+1)
		close(w.granted)
	}
}

func (s *shard) keep(e *entry) {
	s.entries[e.key] = e
	s.most = max(s.most, len(s.entries))
}

// manyEntries is from how many on an empty map is not kept: maps never shrink.
const manyEntries = 1024

func (s *shard) forget(e *entry) {
	if e.first.owner != nil || len(e.waiters) > 0 {
		return
	}
	if delete(s.entries, e.key); len(s.entries) == 0 && s.most > manyEntries {
		s.entries, s.most = map[Key]*entry{}, 0
	}
}

// Mark returns a place in the order of o's locks, for ReleaseTo.
func (o *Owner) Mark() int { return len(o.held) }

// ReleaseTo releases the locks taken since Mark returned n; 0 releases all.
func (o *Owner) ReleaseTo(n int) {
	for i := len(o.held) - 1; i >= n; i-- {
		g := o.held[i]
		o.held[i] = grant{}
		if g.entry == nil {
			o.releaseFast(g)
			continue
		}
		o.release(g.entry, g.mode)
	}
	if o.held = o.held[:n]; n == 0 && cap(o.held) > 4096 {
		o.held = o.room[:0]
	}
}

// release gives up one mode of a lock; one held more weakly since before stays so.
func (o *Owner) release(e *entry, mode Mode) {
	s := o.m.shard(e.key)
	s.mu.Lock()
	if h := e.holder(o); h != nil {
		h.ungrant(mode)
		if h.modes == 0 {
			e.drop(o)
		}
	}
	if len(e.waiters) > 0 {
		e.wake()
	}
	s.forget(e)
	s.mu.Unlock()
	if e.key.Kind == Table && mode > neutral {
		o.m.strength(e.key).Add(-1)
	}
}

// Unlock undoes one Lock of k in the mode; false: it was not held so.
func (o *Owner) Unlock(k Key, mode Mode) bool {
	s := o.m.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[k]
	if e == nil {
		return false
	}
	h := e.holder(o)
	if h == nil || h.modes&(1<<mode) == 0 {
		return false
	}
	if int(mode) <= len(h.counts) {
		if h.counts[mode-1]--; h.counts[mode-1] > 0 {
			return true
		}
	}
	if h.modes &^= 1 << mode; h.modes == 0 {
		e.drop(o)
	}
	e.wake()
	s.forget(e)
	o.held = slices.DeleteFunc(o.held, func(g grant) bool { return g.entry == e && g.mode == mode })
	return true
}
