package wire

import "time"

// watch looks, until the server stops, after the clients of statements that take long: a client that has gone is not
// noticed otherwise, as its connection is read only between statements.
func (s *Server) watch() {
	tick := time.NewTicker(s.cfg.WatchEvery)
	defer tick.Stop()
	seen := map[*conn]uint64{}
	for {
		select {
		case <-tick.C:
			s.watchOnce(seen)
		case <-s.quit:
			return
		}
	}
}

// watchOnce stops the statements of lost clients. seen has each connection's statement at the last look: a statement is
// looked after only when it was running then as well.
func (s *Server) watchOnce(seen map[*conn]uint64) {
	conns := s.conns.all()
	for _, c := range conns {
		stuck, seq := c.intr.stuckSince(seen[c])
		seen[c] = seq
		if stuck && peerGone(c.raw) {
			c.intr.terminate(errLost())
		}
	}
	if len(seen) > len(conns) {
		clear(seen)
	}
}
