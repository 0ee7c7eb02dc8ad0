package ssi

// summary is what is left of committed transactions that were too many to keep: for each keyspace the last one that read
// it, and the last one that wrote it with the first that any of those preceded.
type summary struct {
	reads  map[Space]uint64 // ended of the last reader
	writes map[Space]oldWrite
}

type oldWrite struct {
	scn      uint64 // of the last writer
	id       uint64
	earliest uint64 // of all writers; 0: none preceded anybody
}

func newSummary() summary {
	return summary{map[Space]uint64{}, map[Space]oldWrite{}}
}

// sum moves a committed transaction to the summary.
func (m *Manager) sum(t *Txn) {
	for sp := range t.reads {
		m.old.reads[sp] = max(m.old.reads[sp], t.ended)
	}
	for sp := range t.writes {
		w := m.old.writes[sp]
		if t.scn >= w.scn {
			w.scn, w.id = t.scn, t.id
		}
		if t.earliest != 0 && (w.earliest == 0 || t.earliest < w.earliest) {
			w.earliest = t.earliest
		}
		m.old.writes[sp] = w
	}
	for r := range t.in {
		r.summaryOut = true
	}
	for w := range t.out {
		w.summaryIn = true
	}
	m.forget(t)
}

// readOld is conflictOut to the summary.
func (t *Txn) readOld(sp Space) error {
	w, ok := t.m.old.writes[sp]
	if !ok || w.scn <= t.snapshot {
		return nil
	}
	if w.earliest != 0 && (!t.readOnly || w.earliest <= t.before) {
		return refusal("Canceled on conflict out to old pivot %d.", w.id)
	}
	if t.summaryIn || len(t.in) > 0 {
		return refusal("Canceled on identification as a pivot, with conflict out to old committed transaction %d.", w.id)
	}
	t.summaryOut = true
	return nil
}

// writeOld is the edge to t from one of the summary, who may have read what t writes.
func (t *Txn) writeOld(sp Space) error {
	ended, ok := t.m.old.reads[sp]
	if !ok || ended <= t.before {
		return nil
	}
	if t.summaryOut {
		return refusal("Canceled on identification as a pivot, during write.")
	}
	for t2 := range t.out {
		if t2.prepared != 0 && t2.prepared <= ended {
			return refusal("Canceled on identification as a pivot, during write.")
		}
	}
	t.summaryIn = true
	return nil
}
