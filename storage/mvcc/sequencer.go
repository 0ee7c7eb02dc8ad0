package mvcc

import (
	"sync"
	"sync/atomic"
	"time"
)

// sequencer gives out SCNs and publishes them in order: a snapshot may use an SCN only when it and all below are done,
// that is durable or given up.
type sequencer struct {
	mu        sync.Mutex
	next      uint64 // the last one given out
	done      map[uint64]bool
	moved     sync.Cond // published has grown
	published atomic.Uint64
	lastTime  time.Time // of the last one given out
}

func (s *sequencer) init(last uint64) {
	s.next, s.done = last, map[uint64]bool{}
	s.moved.L = &s.mu
	s.published.Store(last)
}

// begin gives out the next SCN and its time, which never goes back; finish must follow.
func (s *sequencer) begin(clock func() time.Time) (uint64, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	if now := clock(); now.After(s.lastTime) {
		s.lastTime = now
	}
	return s.next, s.lastTime
}

// finish says that scn is done, and waits until it is published.
func (s *sequencer) finish(scn uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.published.Load()
	if scn != p+1 {
		s.done[scn] = true
		s.waitLocked(scn)
		return
	}
	for p = scn; s.done[p+1]; p++ {
		delete(s.done, p+1)
	}
	s.published.Store(p)
	s.moved.Broadcast()
}

// wait blocks until scn is published.
func (s *sequencer) wait(scn uint64) {
	if s.published.Load() >= scn {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waitLocked(scn)
}

func (s *sequencer) waitLocked(scn uint64) {
	for s.published.Load() < scn && scn <= s.next {
		s.moved.Wait()
	}
}
