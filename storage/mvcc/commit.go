package mvcc

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// committer builds the batch of one commit, or of one chunk that is written ahead of it.
type committer struct {
	s     *Store
	t     *Txn
	batch kv.Batch
	ver   uint64 // SCN, or marker of a chunk
	at    time.Time

	layers []*layerLog
	key    []byte
	val    []byte
	spaces []*space // that the store will know of
	dead   []deadKey
}

// layerLog gathers the log entry of one layer.
type layerLog struct {
	layer   *layer
	tables  []tableCount
	list    keyList
	catalog bool
	bytes   int
}

// deadKey is a tombstone for the cleaner.
type deadKey struct {
	sp  *space
	key []byte
	scn uint64
}

// Commit implements storage.Txn.
func (t *Txn) Commit(ctx context.Context) (storage.SCN, error) {
	if err := t.check(); err != nil {
		return 0, err
	}
	scn, err := t.commit(ctx)
	if err == nil && t.ssi != nil {
		t.ssi.Committed()
	}
	if err != nil && t.large != nil && t.large.at.Load() == 0 {
		t.abandonFlights()
		if t.s.undoLarge(ctx, t.large) != nil {
			t.large.stuck.Store(true)
		}
	}
	t.end()
	return scn, storeError(err)
}

func (t *Txn) commit(ctx context.Context) (storage.SCN, error) {
	if t.err != nil {
		return 0, t.err
	}
	if t.ssi != nil {
		if err := t.ssi.Prepare(); err != nil {
			return 0, err
		}
	}
	s := t.s
	if !t.hasWrites() && t.large == nil && len(t.merges) == 0 {
		if s.seqDirty.Load() && s.seqDirty.Swap(false) && !t.o.Async {
			return 0, s.kv.Sync(ctx)
		}
		return 0, nil
	}
	if t.large != nil || t.tooBig() {
		if err := t.spillAll(ctx, true); err != nil {
			return 0, err
		}
	}
	if len(t.rebases) > 0 {
		s.topology.Lock()
		defer s.topology.Unlock()
	} else {
		s.topology.RLock()
		defer s.topology.RUnlock()
	}
	if err := t.stillInForce(); err != nil {
		return 0, err
	}
	return t.commitBatch(ctx)
}

// tooBig reports whether the writes would not fit into one batch of the engine.
func (t *Txn) tooBig() bool {
	l := t.s.kv.Limits()
	n := 0
	for _, w := range t.order {
		n += w.tree.Len()
	}
	return t.bytes > l.Bytes/2 || n > l.Ops/3
}

func (t *Txn) hasWrites() bool {
	for _, w := range t.order {
		if w.inMemory() {
			return true
		}
	}
	return false
}

// stillInForce refuses to write to a branch that was dropped, or reset to another layer, since the transaction began.
func (t *Txn) stillInForce() error {
	t.s.mu.RLock()
	defer t.s.mu.RUnlock()
	for _, r := range t.rebases {
		if err := r.mayRebase(t.s); err != nil {
			return err
		}
	}
	for _, v := range t.views {
		if v.readOnly || v.branch == nil || v.rebased != nil || !t.wroteTo(v.layer) {
			continue
		}
		b := t.s.branches[v.branch.ID]
		switch {
		case b == nil || !b.Deleted.IsZero():
			return pgerr.New(pgerrcode.InvalidCatalogName, "branch \"%s\" was dropped", v.branch.Name)
		case b.now() != v.layer:
			return pgerr.New(pgerrcode.SerializationFailure, "branch \"%s\" was reset concurrently", b.Name)
		}
	}
	return nil
}

// Wrote implements storage.Txn.
func (t *Txn) Wrote(v storage.View) bool { return t.wroteTo(v.(*view).layer) }

func (t *Txn) wroteTo(l *layer) bool {
	for _, w := range t.order {
		if w.layer == l && w.any() {
			return true
		}
	}
	return false
}

// commitBatch writes what is in memory and the commit record, and publishes.
func (t *Txn) commitBatch(ctx context.Context) (scn uint64, err error) {
	s := t.s
	c := &committer{s: s, t: t}
	c.ver, c.at = s.seq.begin(s.o.Clock)
	defer func() { s.seq.finish(c.ver) }()
	if t.ssi != nil {
		t.ssi.At(c.ver)
	}
	c.batch.Async = t.o.Async
	for _, w := range t.order {
		c.writes(w)
	}
	for _, e := range t.emptied {
		log := c.log(e.layer)
		log.tables = append(log.tables, e.tableCount)
	}
	c.rebased()
	fresh, err := c.databases(ctx)
	if err != nil {
		return 0, err
	}
	c.logs()
	c.putMerges()
	c.batch.Put(keys.AppendCommit(nil, c.ver), commitRecord{c.at, t.id}.append(nil))
	if t.large != nil {
		c.batch.Put(keys.MetaLarge.Append(nil, t.large.marker&^keys.Marker), binary.AppendUvarint(nil, c.ver))
	}
	if err := s.kv.Apply(ctx, &c.batch); err != nil {
		return 0, err
	}
	if !t.o.Async {
		s.seqDirty.Store(false)
	}
	c.remember(fresh)
	return c.ver, nil
}

// remember brings what is in memory up to date, before the SCN is published.
func (c *committer) remember(fresh []*branch) {
	t := c.t
	for _, sp := range c.spaces {
		sp.persisted.Store(true)
	}
	if t.large != nil {
		c.s.large.commit(t.large, c.ver)
		c.s.cleaner.addLarge(t.large.marker, c.ver, t.o.Database)
	}
	for _, w := range t.order {
		if sp := w.layer.space(w.Keyspace); sp != nil {
			sp.counted(c.ver, w.rowCounts)
			if sp.size.add(w.bytes); w.flushed {
				sp.size.forget()
			}
			if w.rows {
				sp.touched(c.ver)
				c.s.stale.add(sp, w.table)
			}
		}
	}
	for _, l := range c.layers {
		for _, n := range l.tables {
			l.layer.changed(n)
		}
		if l.catalog {
			c.keepCatalog(l.layer)
			l.layer.addCatalog(c.ver)
		}
		l.layer.committed(c.ver, c.at)
		l.layer.logged.add(l.bytes)
	}
	for _, b := range fresh {
		c.s.install(b)
		if b.Fork == c.ver { // made by this transaction
			b.now().addCatalog(c.ver)
			b.now().committed(c.ver, c.at)
		}
	}
	for _, m := range t.merges {
		c.s.taken.note(m.target, mergeRecord{c.ver, m.source, m.at, m.into, m.from})
	}
	c.s.moves.add(c.ver, t.moves)
	c.s.cleaner.add(c.dead)
}

// keepCatalog saves those who come next from reading the whole catalog again: the transaction has it as it is now, unless
// somebody else has changed it too since the transaction read it. While a commit with an earlier SCN is on its way nobody
// knows. Labels of enums that are new to the transaction are not to others.
func (c *committer) keepCatalog(l *layer) {
	if c.s.seq.published.Load()+1 != c.ver || len(c.t.labels) > 0 {
		return
	}
	for _, v := range c.t.views {
		if v.layer != l || v.readOnly || v.cat == nil || v.cat == v.base {
			continue
		}
		if from, scn := l.catalogAt(c.ver); v.baseKey.layer == from.id && v.baseKey.scn == scn {
			c.s.catalogs.put(catalogKey{l.id, c.ver, v.baseKey.db}, v.cat)
		}
	}
}

func (c *committer) log(l *layer) *layerLog {
	for _, x := range c.layers {
		if x.layer == l {
			return x
		}
	}
	x := &layerLog{layer: l}
	c.layers = append(c.layers, x)
	return x
}

// writes adds a keyspace's writes to the batch.
func (c *committer) writes(w *writes) {
	if !w.any() {
		return
	}
	log := c.log(w.layer)
	log.catalog = log.catalog || w.Keyspace == catalogSpace
	sp, _ := w.layer.open(w.Keyspace)
	before := c.batch.Len()
	w.tree.Scan(func(x *write) bool {
		if !c.write(w, sp, x, &w.rowCounts) {
			return true
		}
		if w.rows || w.Keyspace == catalogSpace || x.deleted {
			log.list.add(w.Space, x.key, x.deleted)
		}
		return true
	})
	if c.batch.Len() > before {
		c.persist(sp)
	}
	if w.rows && w.inserts+w.updates+w.deletes > 0 {
		log.tables = append(log.tables, tableCount{w.Keyspace, w.table, w.rowCounts})
	}
}

// persist makes the store know of a space with the batch.
func (c *committer) persist(sp *space) {
	if sp.persisted.Load() {
		return
	}
	c.batch.Put(keys.MetaSpace.Append(nil, sp.Layer, sp.Keyspace), binary.AppendUvarint(nil, sp.cleaned.Load()))
	c.spaces = append(c.spaces, sp)
}

// write adds one write: the history row of what it replaces, and the head. It reports false where there is nothing to
// write: a row that came and went within the transaction.
func (c *committer) write(w *writes, sp *space, x *write, n *rowCounts) bool {
	f, keep, ok := c.flags(w, sp, x)
	if !ok {
		return false
	}
	if keep {
		c.key = keys.AppendEnd(sp.AppendHistory(c.key[:0], x.key), c.ver)
		c.batch.Put(c.key, x.base)
		w.bytes += len(c.key) + len(x.base)
	}
	c.key = append(append(c.key[:0], sp.prefix...), x.key...)
	c.val = appendVersion(c.val[:0], f, c.ver, x.cmd, x.payload)
	c.batch.Put(c.key, c.val)
	w.bytes += len(c.key) + len(c.val) - c.replaced(sp, x, c.key)
	if x.deleted {
		c.dead = append(c.dead, deadKey{sp, x.key, c.ver})
	}
	n.count(x)
	return true
}

// flags returns the flags of the new head, and whether the old one goes to history.
func (c *committer) flags(w *writes, sp *space, x *write) (f flags, keep, ok bool) {
	clean := sp.cleaned.Load() == 0
	switch x.below {
	case belowUnknown:
	case belowNothing:
		if x.deleted {
			return 0, false, false
		}
		if f = root; clean {
			f |= first
		}
	case belowParent:
		if clean {
			f = first
		}
	default:
		old, err := parseVersion(x.base)
		if err != nil {
			break // it was read and parsed before
		}
		f = old.flags & root
		switch x.below {
		case belowOwn:
			f = old.flags & (root | first)
		case belowTombstone:
			if x.deleted {
				return 0, false, false
			}
			// What is written ahead may be taken back, and then puts back what it finds in history.
			keep = old.flags&root == 0 || c.ver&keys.Marker != 0
		default:
			keep = true
		}
	}
	if w.layer.parent == nil {
		f |= root
	}
	if x.deleted {
		f |= deleted
	}
	return f, keep, true
}

// count counts what a write does to its table.
func (n *rowCounts) count(x *write) {
	was := x.below == belowHead || x.below == belowParent
	if x.below == belowOwn {
		old, err := parseVersion(x.base)
		was = err == nil && !old.deleted()
		if was && x.deleted && old.flags&(root|first) == root|first {
			n.inserts-- // added by this transaction, and counted when it was written ahead
			return
		}
	}
	switch {
	case x.deleted && was:
		n.deletes++
	case x.deleted:
	case was:
		n.updates++
	default:
		n.inserts++
	}
}

// logChunk is the size from which a log entry is cut.
const logChunk = 64 << 10

// logs adds the log entries.
func (c *committer) logs() {
	for _, l := range c.layers {
		h := logHeader{time: c.at, txn: c.t.id, info: c.t.o.Info, tables: l.tables}
		if c.t.large != nil {
			h.large = c.t.large.marker &^ keys.Marker
		}
		val := append(h.append(nil), l.list.buf...)
		key := keys.Log{Layer: l.layer.id, SCN: c.ver}.Append(nil)
		c.batch.Put(key, val)
		l.bytes = len(key) + len(val)
		if l.catalog {
			c.batch.Put(keys.MetaCatalog.Append(nil, l.layer.id, c.ver), []byte{1})
		}
	}
}
