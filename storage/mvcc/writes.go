package mvcc

import (
	"bytes"

	"github.com/tidwall/btree"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
)

// write is one version that a transaction has written and not committed. It never changes once it is in a tree, so that
// scans may read copies of the tree while the transaction writes on.
type write struct {
	key     []byte
	payload []byte
	prev    *write // what the transaction had written before
	seq     uint64 // order over the whole transaction, for savepoints
	cmd     uint32 // statement
	deleted bool
	below   below
	base    []byte // value of the committed head in the layer, when below is belowHead or belowTombstone
}

// below says what is committed under a written key.
type below uint8

const (
	belowUnknown   below = iota // not looked at: an index entry that cannot have been there
	belowNothing                // neither in this layer nor in those under it
	belowParent                 // a live row in a layer under this one, and no head in this one
	belowHead                   // a live head in this layer
	belowTombstone              // a tombstone in this layer
	belowOwn                    // a head that this transaction has written ahead
)

func lessWrite(a, b *write) bool { return bytes.Compare(a.key, b.key) < 0 }

// writes are a transaction's writes to one keyspace of one layer.
type writes struct {
	keys.Space
	table catalog.OID // whose rows or index entries they are; 0: the catalog
	layer *layer
	rows  bool // rows, not index entries
	fresh bool // the keyspace was made by this transaction: nobody else knows it
	tree  *btree.BTreeG[*write]
	hint  btree.PathHint
	probe write        // what is looked for in the trees: one made for each search would be garbage
	bytes int          // that the commit adds to the store
	kept  int          // writes in tree that replace others of the transaction
	since uint64       // the tree has no write before this one
	away  []flightPart // on their way into the store, oldest first

	flushed bool   // some were written ahead, or are on their way
	top     []byte // the greatest key of those
	ahead   *bloom // their keys, where it is worth knowing
	rowCounts
}

// rowCounts say what writes do to the rows of a table.
type rowCounts struct{ inserts, updates, deletes int64 }

func (n *rowCounts) add(m rowCounts) {
	n.inserts += m.inserts
	n.updates += m.updates
	n.deletes += m.deletes
}

func newWrites(sp keys.Space) *writes { return &writes{Space: sp, tree: newTree()} }

func newTree() *btree.BTreeG[*write] {
	return btree.NewBTreeGOptions(lessWrite, btree.Options{NoLocks: true})
}

// inMemory reports whether some of the writes are in memory.
func (w *writes) inMemory() bool { return w.tree.Len() > 0 || len(w.away) > 0 }

// any reports whether there are or were any.
func (w *writes) any() bool { return w.tree.Len() > 0 || w.flushed }

// each calls f for the writes in memory; those on their way first.
func (w *writes) each(f func(x *write) bool) {
	more := true
	for _, p := range w.away {
		if more {
			p.tree.Scan(func(x *write) bool {
				more = f(x)
				return more
			})
		}
	}
	if more {
		w.tree.Scan(f)
	}
}

// get returns the newest write of key by a statement below cmd.
func (w *writes) get(key []byte, cmd uint32) *write {
	if w == nil || !w.inMemory() {
		return nil
	}
	if x := w.find(key); x != nil {
		return x.at(cmd)
	}
	return w.underway(key).at(cmd)
}

// find returns the newest write of key that is not on its way. Most keys come in order, beyond all that were written.
func (w *writes) find(key []byte) *write {
	if last, ok := w.tree.Max(); !ok || bytes.Compare(last.key, key) < 0 {
		return nil
	}
	w.probe.key = key
	x, _ := w.tree.Get(&w.probe)
	return x
}

func (x *write) at(cmd uint32) *write {
	for x != nil && x.cmd >= cmd {
		x = x.prev
	}
	return x
}

// anyCmd is above every statement's number: reads that see the running statement's writes too.
const anyCmd = ^uint32(0)

// scan adds sources that yield the writes of statements below cmd; no key is in two of them.
func (w *writes) scan(in []source, cmd uint32, s span) []source {
	if w == nil {
		return in
	}
	if w.tree.Len() > 0 {
		in = append(in, &writeScan{it: w.tree.Copy().Iter(), cmd: cmd, s: s})
	}
	for _, p := range w.away {
		in = append(in, &writeScan{it: p.tree.Iter(), cmd: cmd, s: s})
	}
	return in
}

type writeScan struct {
	it      btree.IterG[*write]
	cmd     uint32
	s       span
	started bool
	cur     row
}

func (s *writeScan) row() *row { return &s.cur }
func (s *writeScan) close()    {}

func (s *writeScan) next() (bool, error) {
	for s.move() {
		x := s.it.Item()
		if s.s.reverse {
			if bytes.Compare(x.key, s.s.lo) < 0 {
				return false, nil
			}
		} else if len(s.s.hi) > 0 && bytes.Compare(x.key, s.s.hi) >= 0 {
			return false, nil
		}
		if x = x.at(s.cmd); x != nil {
			s.cur = row{key: x.key, payload: x.payload, deleted: x.deleted}
			return true, nil
		}
	}
	return false, nil
}

func (s *writeScan) move() bool {
	if s.started {
		if s.s.reverse {
			return s.it.Prev()
		}
		return s.it.Next()
	}
	s.started = true
	switch {
	case !s.s.reverse:
		return s.it.Seek(&write{key: s.s.lo})
	case len(s.s.hi) == 0:
		return s.it.Last()
	case !s.it.Seek(&write{key: s.s.hi}):
		return s.it.Last()
	}
	return s.it.Prev()
}
