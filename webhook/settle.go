package webhook

import (
	"slices"
	"time"
)

// outage is how many attempts in a row fail before the receiver, and not a message, is taken to be at fault.
const outage = 5

// settle tells the states what came of attempts: reading them anew would cost as much as all that is queued, for each.
func (d *Dispatcher) settle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, x := range d.ended {
		delete(d.sending, x.ID)
		if d.perHook[x.Hook]--; d.perHook[x.Hook] == 0 {
			delete(d.perHook, x.Hook)
		}
		if s := d.states[x.Hook]; s != nil && x.noted {
			s.settle(x.Delivery, d.now())
		}
	}
	d.ended = d.ended[:0]
}

// settle notes what came of an attempt. A state that was read after it knows already.
func (s *state) settle(x Delivery, now time.Time) {
	i := s.find(x.ID)
	switch {
	case i < 0:
	case x.State == Pending:
		s.pending[i] = x
	default:
		s.pending = slices.Delete(s.pending, i, i+1)
		s.done++
	}
	s.recover(x.State == Delivered, now)
}

func (s *state) find(id string) int {
	return slices.IndexFunc(s.pending, func(p Delivery) bool { return p.ID == id })
}

// recover makes what has failed while the receiver was away due when it has come back, one after another, and each once: it
// would wait for hours, and all that has happened since behind it.
func (s *state) recover(taken bool, now time.Time) {
	switch {
	case !taken:
		if s.failures++; s.failures >= outage {
			s.again = nil
		}
	case s.failures >= outage:
		s.again = nil
		for _, p := range s.pending {
			if p.Attempts > 0 {
				s.again = append(s.again, p.ID)
			}
		}
		fallthrough
	default:
		s.failures = 0
	}
	for len(s.again) > 0 {
		i := s.find(s.again[0])
		s.again = s.again[1:]
		if i >= 0 {
			s.pending[i].Next = now
			return
		}
	}
}
