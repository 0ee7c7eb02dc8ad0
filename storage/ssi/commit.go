package ssi

// Prepare begins the commit of t, or refuses it. From here on t is the first of those who may still commit: pivots that
// lead to it are doomed. Committed or RolledBack must follow.
func (t *Txn) Prepare() error {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.doomed {
		return refusal("Canceled on identification as a pivot, during commit attempt.")
	}
	for pivot := range t.in {
		if pivot.committed() || pivot.doomed || !t.leads(pivot) {
			continue
		}
		if pivot.prepared != 0 {
			return refusal("Canceled on commit attempt with conflict in from prepared pivot.")
		}
		pivot.doomed = true
	}
	m.seq++
	t.prepared = m.seq
	return nil
}

// leads reports whether somebody who may still commit, or t itself, precedes a transaction that precedes t.
func (t *Txn) leads(pivot *Txn) bool {
	for far := range pivot.in {
		if far == t || !far.committed() && !far.readOnly && !far.doomed {
			return true
		}
	}
	return false
}

// At says at which SCN t commits, before anybody can see it.
func (t *Txn) At(scn uint64) {
	t.m.mu.Lock()
	t.scn = scn
	t.m.mu.Unlock()
}

// Committed ends t. What it did stays known as long as others run that did not see it.
func (t *Txn) Committed() {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	t.ended = m.seq
	t.readOnly = t.readOnly || !t.wrote
	if t.summaryOut && !t.readOnly {
		t.earliest = 1 // nobody knows: the first of all
	}
	for w := range t.out {
		if w.committed() {
			if !t.readOnly && (t.earliest == 0 || w.prepared < t.earliest) {
				t.earliest = w.prepared
			}
			part(t, w)
		}
	}
	for r := range t.in {
		if r.committed() || r.readOnly {
			part(r, t)
		}
	}
	t.settle(true)
	m.leave(t)
	if t.gone {
		return
	}
	m.done = append(m.done, t)
	m.tidy()
}

// RolledBack ends t as if it had never been.
func (t *Txn) RolledBack() {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, running := m.active[t]; !running {
		return
	}
	t.doomed, t.prepared = true, 0
	t.settle(false)
	m.leave(t)
	m.forget(t)
	m.tidy()
}

// leave takes t off the running ones.
func (m *Manager) leave(t *Txn) {
	delete(m.active, t)
	if !t.declaredRO {
		m.writable--
	}
	for w := range t.unsure { // of a reader that has ended
		delete(w.unsure, t)
	}
	t.unsure = nil
}

// tidy forgets committed transactions that all running ones have seen, and sums up the oldest beyond the bound.
func (m *Manager) tidy() {
	oldest := ^uint64(0)
	for t := range m.active {
		oldest = min(oldest, t.before)
	}
	n := 0
	for n < len(m.done) && m.done[n].ended <= oldest {
		m.forget(m.done[n])
		n++
	}
	for len(m.done)-n > m.keep {
		m.sum(m.done[n])
		n++
	}
	clear(m.done[:n])
	m.done = m.done[n:]
	if len(m.active) == 0 {
		m.old = newSummary()
	}
}
