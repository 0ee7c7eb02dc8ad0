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

	flushed                   bool // some were written ahead
	inserts, updates, deletes int64
}

func newWrites(sp keys.Space) *writes {
	return &writes{Space: sp, tree: btree.NewBTreeGOptions(lessWrite, btree.Options{NoLocks: true})}
}

// get returns the newest write of key by a statement below cmd.
func (w *writes) get(key []byte, cmd uint32) *write {
	if w == nil || w.tree.Len() == 0 {
		return nil
	}
	x, ok := w.tree.Get(&write{key: key})
	if !ok {
		return nil
	}
	return x.at(cmd)
}

func (x *write) at(cmd uint32) *write {
	for x != nil && x.cmd >= cmd {
		x = x.prev
	}
	return x
}

// anyCmd is above every statement's number: reads that see the running statement's writes too.
const anyCmd = ^uint32(0)

// scan yields the writes of statements below cmd.
func (w *writes) scan(cmd uint32, s span) source {
	return &writeScan{it: w.tree.Copy().Iter(), cmd: cmd, s: s}
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
