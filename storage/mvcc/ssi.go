package mvcc

import (
	"context"
	"slices"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/ssi"
)

// uses says that the transaction reads or writes: from here on it keeps its snapshot, unless it is READ COMMITTED.
func (t *Txn) uses() {
	if !t.begun {
		t.begun = true
		t.keeps.Store(t.o.Isolation != storage.ReadCommitted)
	}
	if t.o.Isolation == storage.Serializable && !t.watched {
		t.watched = true
		t.ssi = t.s.ssi.Begin(t.id, t.o.ReadOnly, func() uint64 { return t.snap })
	}
}

// takeSnapshot is snapshot for a statement; a serializable transaction that has used none yet is registered with it.
func (t *Txn) takeSnapshot() {
	if t.o.Isolation != storage.Serializable {
		t.snapshot()
		return
	}
	t.unwatch()
	t.watched = true
	t.ssi = t.s.ssi.Begin(t.id, t.o.ReadOnly, func() uint64 {
		t.snapshot()
		return t.snap
	})
}

func (t *Txn) unwatch() {
	if t.ssi != nil {
		t.ssi.RolledBack()
		t.ssi = nil
	}
}

// SafeSnapshot implements storage.Txn.
func (t *Txn) SafeSnapshot(ctx context.Context) error {
	for t.ssi != nil && !t.begun {
		safe, err := t.ssi.Safe(ctx)
		if err != nil {
			return err
		}
		if safe {
			t.unwatch()
			break
		}
		t.takeSnapshot()
		for _, v := range t.views {
			v.move()
		}
	}
	t.begun = true
	return nil
}

func ssiSpace(v *view, ks catalog.Keyspace) ssi.Space {
	return ssi.Space{Layer: v.layer.id, Keyspace: ks}
}

// noteWrite tells of a write, and of what it replaces; what a read-only transaction tries is never committed. A refusal ends the transaction with the statement.
func (t *Txn) noteWrite(w *writes, x *write) {
	if w.Keyspace == catalogSpace || t.err != nil || t.o.ReadOnly {
		return
	}
	t.err = t.ssi.Write(ssi.Space{Layer: w.Layer, Keyspace: w.Keyspace}, string(x.key), t.replaces(x))
}

// replaces is the SCN of the committed version that a write replaces in its layer; 0: there is none, or it is not known.
func (t *Txn) replaces(x *write) uint64 {
	if x.below != belowHead && x.below != belowTombstone {
		return 0
	}
	old, err := parseVersion(x.base)
	if err != nil {
		return 0
	}
	if scn := t.r.scn(&old); scn <= latest {
		return scn
	}
	return 0
}

// noteReplaced tells of a table whose rows are all gone: it was truncated, rewritten or dropped.
func (t *Txn) noteReplaced(v *view, id catalog.OID, now catalog.Object) error {
	old, ok := v.Catalog().Object(id).(*catalog.Table)
	if !ok || t.ssi == nil {
		return nil
	}
	if n, ok := now.(*catalog.Table); ok && n.Rows == old.Rows {
		return nil
	}
	if err := t.ssi.WriteAll(ssiSpace(v, old.Rows)); err != nil {
		return err
	}
	for _, ix := range old.Indexes {
		if err := t.ssi.WriteAll(ssiSpace(v, ix.Keyspace)); err != nil {
			return err
		}
	}
	return nil
}

// noteCompared tells of a comparison of branches, which a merge is made of: it reads all tables of both.
func (t *Txn) noteCompared(views ...storage.View) error {
	if t.o.Isolation != storage.Serializable {
		return nil
	}
	for _, sv := range views {
		v, err := t.own(sv)
		if err != nil {
			return err
		}
		if v.readOnly || t.ssi == nil {
			continue
		}
		for _, o := range v.Catalog().Objects() {
			if table, ok := o.(*catalog.Table); ok && !table.Virtual {
				if err := t.ssi.ReadRange(ssiSpace(v, table.Rows), ssi.Range{}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// track notes what a scan of a serializable transaction has read, batch by batch.
type track struct {
	spans   []span   // of the scan, in its order
	noted   int      // of them, noted as a whole
	rows    []string // keys of rows looked up since the last batch
	entries []string // of index entries
}

// track begins to note what the scan reads.
func (s *scanner) startTrack() { s.track = &track{spans: slices.Clone(s.spans)} }

// note is called after each batch; ok is false after the last. A scan that goes on for long is taken to read all.
func (s *scanner) note(ok bool) error {
	tr, w := s.track, s.t.ssi
	if w == nil {
		return nil
	}
	if len(tr.rows) > 0 {
		if err := w.ReadKeys(ssiSpace(s.v, s.rowKS), tr.rows); err != nil {
			return err
		}
		tr.rows = tr.rows[:0]
	}
	if len(tr.entries) > 0 {
		if err := w.ReadKeys(ssiSpace(s.v, s.ix.Keyspace), tr.entries); err != nil {
			return err
		}
		tr.entries = tr.entries[:0]
	}
	if s.keys != nil || s.point {
		return nil
	}
	return s.noteSpans(ok)
}

func (s *scanner) noteSpans(ok bool) error {
	tr := s.track
	sp := ssiSpace(s.v, s.rowKS)
	if s.ix != nil {
		sp = ssiSpace(s.v, s.ix.Keyspace)
	}
	opened := len(tr.spans) - len(s.spans)
	whole := opened
	var part *ssi.Range
	switch {
	case !ok || s.full > 0 || s.sample != nil:
		whole = len(tr.spans)
	case s.src != nil && opened > tr.noted:
		whole--
		cur, last := tr.spans[whole], s.src.row().key
		part = &ssi.Range{Lo: cur.lo, Hi: append(slices.Clone(last), 0)}
		if cur.reverse {
			part = &ssi.Range{Lo: last, Hi: cur.hi}
		}
	}
	for ; tr.noted < whole; tr.noted++ {
		r := tr.spans[tr.noted]
		if err := s.t.ssi.ReadRange(sp, ssi.Range{Lo: r.lo, Hi: r.hi}); err != nil {
			return err
		}
	}
	if part != nil {
		return s.t.ssi.ReadRange(sp, *part)
	}
	return nil
}
