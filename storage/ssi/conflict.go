package ssi

import (
	"fmt"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

func refusal(format string, args ...any) error {
	return pgerr.New(pgerrcode.SerializationFailure, "could not serialize access due to read/write dependencies among transactions").
		WithDetail("Reason code: %s", fmt.Sprintf(format, args...)).WithHint("The transaction might succeed if retried.")
}

// ReadKeys notes that t has looked for keys. The error refuses t.
func (t *Txn) ReadKeys(sp Space, keys []string) error {
	return t.read(sp, func(s *keySet) {
		for _, k := range keys {
			s.addPoint(k)
		}
	}, func(w *keySet) bool {
		for _, k := range keys {
			if w.has(k) {
				return true
			}
		}
		return false
	})
}

// ReadRange notes that t has read all keys of a range, or has found it empty.
func (t *Txn) ReadRange(sp Space, r Range) error {
	return t.read(sp, func(s *keySet) { s.addRange(r) }, func(w *keySet) bool { return w.meets(r) })
}

func (t *Txn) read(sp Space, note func(*keySet), hit func(*keySet) bool) error {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.gone || t.safe {
		return nil
	}
	if t.doomed {
		return refusal("Canceled on identification as a pivot, during conflict out checking.")
	}
	note(t.set(&t.reads, m.readers, sp))
	if err := t.readOld(sp); err != nil {
		return err
	}
	for w, keys := range m.writers[sp] {
		if w == t || w.doomed || w.scn != 0 && w.scn <= t.snapshot || !hit(keys) {
			continue
		}
		if err := t.conflictOut(w); err != nil {
			return err
		}
	}
	return nil
}

// conflictOut notes that t did not see what w has written.
func (t *Txn) conflictOut(w *Txn) error {
	if w.summaryOut {
		if w.prepared == 0 {
			w.doomed = true
			return nil
		}
		return refusal("Canceled on conflict out to old pivot.")
	}
	if t.readOnly && w.committed() && (w.earliest == 0 || t.before < w.earliest) {
		return nil // whoever w precedes has not committed before what t sees
	}
	if _, known := t.out[w]; known {
		return nil
	}
	return t.m.flag(t, w, t)
}

// Write notes that t writes a key. replaces is the SCN of the version that goes, 0 where there is none: who has read an older one
// comes before whoever wrote this one, and not before t by itself.
func (t *Txn) Write(sp Space, key string, replaces uint64) error {
	return t.write(sp, replaces, func(s *keySet) { s.addPoint(key) }, func(r *keySet) bool { return r.has(key) })
}

// WriteAll notes that t changes a keyspace as a whole.
func (t *Txn) WriteAll(sp Space) error {
	return t.write(sp, 0, (*keySet).addAll, func(*keySet) bool { return true })
}

// CheckWrite is Write for a key that is not written after all, because somebody else has.
func (t *Txn) CheckWrite(sp Space, key string) error {
	return t.write(sp, 0, func(*keySet) {}, func(r *keySet) bool { return r.has(key) })
}

func (t *Txn) write(sp Space, replaces uint64, note func(*keySet), hit func(*keySet) bool) error {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.gone {
		return nil
	}
	if t.doomed {
		return refusal("Canceled on identification as a pivot, during conflict in checking.")
	}
	t.wrote = true
	note(t.set(&t.writes, m.writers, sp))
	if err := t.writeOld(sp); err != nil {
		return err
	}
	for r, keys := range m.readers[sp] {
		if r == t || r.doomed || r.committed() && r.ended <= t.before || r.snapshot < replaces || !hit(keys) {
			continue
		}
		if _, known := r.out[t]; known {
			continue
		}
		if err := m.flag(r, t, t); err != nil {
			return err
		}
	}
	return nil
}

// flag adds the edge from r to w, unless it would make a structure that cannot be serialized: then me, which is one of
// them, is refused, or the other is doomed.
func (m *Manager) flag(r, w, me *Txn) error {
	if !m.dangerous(r, w) {
		depends(r, w)
		return nil
	}
	switch {
	case w == me:
		return refusal("Canceled on identification as a pivot, during write.")
	case w.prepared != 0:
		return refusal("Canceled on conflict out to pivot %d, during read.", w.id)
	}
	w.doomed = true
	depends(r, w)
	return nil
}

// dangerous reports whether the edge from r to w makes one of them a pivot: a transaction with edges on both sides of
// which the last one committed first.
func (m *Manager) dangerous(r, w *Txn) bool {
	if w.summaryOut || w.committed() && w.earliest != 0 {
		return true
	}
	for t2 := range w.out {
		if t2.prepared != 0 && (!r.committed() || t2.prepared <= r.ended) && (!w.committed() || t2.prepared <= w.ended) &&
			(!r.readOnly || t2.prepared <= r.before) {
			return true
		}
	}
	if w.prepared == 0 || r.readOnly {
		return false
	}
	if r.summaryIn {
		return true
	}
	for t0 := range r.in {
		if !t0.doomed && (!t0.committed() || t0.ended >= w.prepared) && (!t0.readOnly || t0.before >= w.prepared) {
			return true
		}
	}
	return false
}

// Failed is the refusal of a transaction that another one has doomed; nil: none has.
func (t *Txn) Failed() error {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	if t.doomed {
		return refusal("Canceled on identification as a pivot, during conflict in checking.")
	}
	return nil
}
