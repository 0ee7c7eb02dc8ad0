package ssi

import "context"

// settle tells the readers that were unsure because of t how it ended: a writer that precedes somebody who had committed
// before a reader's snapshot makes that snapshot one that no serial order has; with all writers gone otherwise, it is safe.
func (t *Txn) settle(commits bool) {
	if t.declaredRO {
		return
	}
	for r := range t.unsure {
		delete(r.unsure, t)
		if commits && t.wrote && t.earliest != 0 && t.earliest <= r.before {
			r.unsafe = true
			for w := range r.unsure {
				delete(w.unsure, r)
			}
			r.unsure = nil
		} else if len(r.unsure) == 0 && !r.unsafe {
			r.becomeSafe()
		}
		if (r.safe || r.unsafe) && r.wake != nil {
			close(r.wake)
			r.wake = nil
		}
	}
	t.unsure = nil
}

// becomeSafe ends the watch over a reader: nothing that it reads can lead to an anomaly.
func (t *Txn) becomeSafe() {
	t.safe = true
	for w := range t.out {
		part(t, w)
	}
	t.dropReads()
}

// Safe waits until it is known whether the snapshot of a reader is safe.
func (t *Txn) Safe(ctx context.Context) (bool, error) {
	m := t.m
	m.mu.Lock()
	if len(t.unsure) == 0 && !t.unsafe {
		t.safe = true
	}
	if t.safe || t.unsafe {
		defer m.mu.Unlock()
		return t.safe, nil
	}
	wake := make(chan struct{})
	t.wake = wake
	m.mu.Unlock()
	select {
	case <-wake:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return t.safe, nil
}
