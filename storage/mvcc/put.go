package mvcc

import (
	"bytes"
	"slices"
)

// arena gives out small pieces of memory that live as long as the transaction's writes.
type arena struct {
	buf    []byte
	writes []write
}

func (a *arena) copy(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(a.buf)+len(b) > cap(a.buf) {
		if len(b) > 1<<14 {
			return append([]byte(nil), b...)
		}
		a.buf = make([]byte, 0, min(max(4*cap(a.buf), 1<<10), 1<<16))
	}
	n := len(a.buf)
	a.buf = append(a.buf, b...)
	return a.buf[n:len(a.buf):len(a.buf)]
}

func (a *arena) write() *write {
	if len(a.writes) == cap(a.writes) {
		a.writes = make([]write, 0, min(max(4*cap(a.writes), 4), 512))
	}
	a.writes = a.writes[:len(a.writes)+1]
	return &a.writes[len(a.writes)-1]
}

// writeOverhead is what a write is reckoned to keep beside its bytes.
const writeOverhead = 160

// put adds a write. The bytes are copied. b and base say what is committed below, unless the transaction has written the
// key before.
func (t *Txn) put(w *writes, key, payload []byte, del bool, b below, base []byte) {
	x := t.mem.write()
	t.seq++
	if w.tree.Len() == 0 {
		w.since = t.seq
	}
	*x = write{key: key, seq: t.seq, cmd: t.cmd, deleted: del, below: b, base: base}
	if !del {
		x.payload = t.mem.copy(payload)
	}
	if last, ok := w.tree.Max(); !ok || bytes.Compare(last.key, key) < 0 {
		x.key, x.base = t.mem.copy(key), t.mem.copy(base)
		w.tree.Load(x)
	} else if prev, ok := w.tree.GetHint(x, &w.hint); ok {
		x.key, x.below, x.base, x.prev = prev.key, prev.below, prev.base, t.shorten(prev)
		w.tree.SetHint(x, &w.hint)
	} else {
		x.key, x.base = t.mem.copy(key), t.mem.copy(base)
		w.tree.SetHint(x, &w.hint)
	}
	if x.prev != nil || x.below == belowOwn {
		w.kept++
	}
	t.bytes += int64(len(key)+len(payload)+len(x.base)) + writeOverhead
	t.wrote = true
	if t.ssi != nil {
		t.noteWrite(w, x)
	}
	if len(t.savepoints) > 0 {
		t.undo = append(t.undo, undoEntry{w, x})
	}
}

// shorten drops from a chain of writes what neither a scan nor a savepoint can ask for any more.
func (t *Txn) shorten(prev *write) *write {
	var since uint64
	if n := len(t.savepoints); n > 0 {
		since = t.savepoints[n-1].seq
	}
	if prev.cmd == t.cmd && prev.seq > since {
		return prev.prev
	}
	if prev.prev == nil || len(t.savepoints) > 0 {
		return prev
	}
	older := prev.prev
	for older != nil && !t.readsBetween(older.cmd, prev.cmd) {
		older = older.prev
	}
	if older == prev.prev {
		return prev
	}
	c := *prev
	c.prev = older
	return &c
}

// readsBetween reports whether somebody reads what was written by the statement from and replaced by the statement to.
func (t *Txn) readsBetween(from, to uint32) bool {
	if from < t.r.cmd && t.r.cmd <= to {
		return true
	}
	return slices.ContainsFunc(t.held, func(at uint32) bool { return from < at && at <= to })
}

// Savepoint implements storage.Txn.
func (t *Txn) Savepoint() int {
	t.savepoints = append(t.savepoints, savepoint{t.seq, t.owner.Mark(), len(t.merges), len(t.emptied), len(t.moves), len(t.rebases)})
	return len(t.savepoints) - 1
}

// RollbackTo implements storage.Txn. The savepoint stays; those after it go.
func (t *Txn) RollbackTo(n int) error {
	if err := t.check(); err != nil {
		return err
	}
	if err := t.settleFlights(); err != nil {
		return err
	}
	sp := t.savepoints[n]
	t.savepoints = t.savepoints[:n+1]
	t.merges, t.emptied = t.merges[:sp.merges], t.emptied[:sp.emptied]
	t.moves = t.moves[:sp.moves]
	for i := len(t.undo) - 1; i >= 0 && t.undo[i].x.seq > sp.seq; i-- {
		u := t.undo[i]
		t.undo = t.undo[:i]
		x, ok := u.w.tree.Get(u.x)
		if !ok {
			continue
		}
		for x != nil && x.seq > sp.seq {
			x = x.prev
		}
		if x == nil {
			u.w.tree.Delete(u.x)
		} else {
			u.w.tree.Set(x)
		}
	}
	if err := t.undoChunks(sp.seq); err != nil {
		return err
	}
	t.releaseClaims(sp.seq)
	t.owner.ReleaseTo(sp.locks)
	t.seen.reset()
	t.undoRebases(sp.rebases)
	for _, v := range t.views {
		v.reload()
	}
	return nil
}
