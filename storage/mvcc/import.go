package mvcc

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// Importer writes exports into an empty engine, as they were at an SCN. It is used by one goroutine.
type Importer struct {
	ctx    context.Context
	kv     kv.Engine
	to     uint64    // what is later is left out; MaxUint64: nothing is
	until  time.Time // when the first transaction after to was committed; zero: there is none
	batch  kv.Batch
	large  map[uint64]uint64
	spaces map[keys.Space]bool
	layers map[uint64]bool
	names  map[branchName]bool
	counts map[keys.Space]*[4]int64 // when counting back
	older  bool

	row    []byte // head key of the row whose history is being taken, when restoring what was
	ended  bool   // a version of it ended at or before the SCN
	held   []byte // the version that held at the SCN
	isHeld bool
}

// ReadCommit reads a commit record; ok is false for other records.
func ReadCommit(key, val []byte) (scn uint64, at time.Time, ok bool) {
	if scn, ok = keys.DecodeCommit(key); !ok {
		return 0, time.Time{}, false
	}
	c, err := parseCommit(val)
	return scn, c.time, err == nil
}

// NewImporter makes an importer. until is when the first transaction after the SCN was committed: branches made or dropped
// after it were not.
func NewImporter(ctx context.Context, engine kv.Engine, to uint64, until time.Time) *Importer {
	return &Importer{ctx: ctx, kv: engine, to: to, until: until}
}

// Begin begins one of a chain of exports. What is written in place is the newest one's.
func (i *Importer) Begin(info storage.ExportInfo) error {
	if info.Format != formatVersion {
		return fmt.Errorf("the backup is of format %d, this version of Rowan needs %d: restore it with the version that made it", info.Format, formatVersion)
	}
	if info.Low > i.to {
		return fmt.Errorf("the oldest SCN that can be restored is %d", info.Low)
	}
	i.older = info.SCN > i.to
	i.large, i.spaces, i.layers = map[uint64]uint64{}, map[keys.Space]bool{}, map[uint64]bool{globalLayer: true}
	i.names, i.counts = map[branchName]bool{}, map[keys.Space]*[4]int64{}
	if err := i.rowDone(); err != nil {
		return err
	}
	if err := i.flush(); err != nil {
		return err
	}
	return i.kv.DeleteRange(i.ctx, keys.MetaPrefix(), kv.PrefixEnd(keys.MetaPrefix()))
}

// Put takes one record; a nil value removes the key.
func (i *Importer) Put(key, val []byte) error {
	if len(key) == 0 {
		return errCorrupt(key)
	}
	keep, err := true, error(nil)
	switch {
	case val == nil:
		keep = !i.older // else version sees to it
	case key[0] == keys.MetaPrefix()[0]:
		return i.meta(key, val)
	case key[0] == keys.LogPrefix()[0]:
		keep, err = i.log(key, val)
	case i.to == math.MaxUint64:
	default:
		return i.version(key, val)
	}
	if err != nil || !keep {
		return err
	}
	return i.write(key, val)
}

func (i *Importer) write(key, val []byte) error {
	if !i.batch.Fits(i.kv.Limits(), 1, len(key)+len(val)) {
		if err := i.flush(); err != nil {
			return err
		}
	}
	if val == nil {
		i.batch.Delete(key)
	} else {
		i.batch.Put(key, val)
	}
	return nil
}

func (i *Importer) flush() error {
	if i.batch.Len() == 0 {
		return nil
	}
	i.batch.Async = true
	err := i.kv.Apply(i.ctx, &i.batch)
	i.batch.Reset()
	return err
}

// begins returns when a version begins or ends; beyond every bound where it never did.
func (i *Importer) begins(ver uint64) uint64 {
	if ver&keys.Marker == 0 {
		return ver
	}
	if at, ok := i.large[ver]; ok {
		return at
	}
	return math.MaxUint64
}

// version keeps of versions, commit records and key lists what was there at the SCN. The version that held then becomes the
// head.
func (i *Importer) version(key, val []byte) error {
	if scn, ok := keys.DecodeCommit(key); ok {
		if scn > i.to {
			return nil
		}
		return i.write(key, val)
	}
	if k, ok := keys.DecodeChunk(key); ok {
		if i.begins(k.Txn|keys.Marker) > i.to {
			return nil
		}
		return i.write(key, val)
	}
	v, err := parseVersion(val)
	if err != nil {
		return err
	}
	if i.begins(v.ver) > i.to {
		return nil // and the row's group goes on
	}
	if sp, row, end, ok := keys.DecodeHistory(key); ok && i.older {
		if head := sp.AppendHead(nil, row); string(head) != string(i.row) {
			if err := i.rowDone(); err != nil {
				return err
			}
			i.row = head
		}
		if i.begins(end) > i.to {
			i.held, i.isHeld = append(i.held[:0], val...), true
			return nil
		}
		i.ended = true
	} else if err := i.rowDone(); err != nil {
		return err
	}
	return i.write(key, val)
}

// rowDone writes the head of a row of which all history has come: the version that held at the SCN, or nothing in the place
// of a head that an earlier export has left, and that has ended since.
func (i *Importer) rowDone() error {
	if i.row == nil {
		return nil
	}
	var err error
	switch {
	case i.isHeld:
		err = i.write(i.row, i.held)
	case i.ended:
		err = i.write(i.row, nil)
	}
	i.row, i.ended, i.isHeld = nil, false, false
	return err
}

// log keeps the entries up to the SCN. Of later ones it takes back what they have counted.
func (i *Importer) log(key, val []byte) (bool, error) {
	k, ok := keys.DecodeLog(key)
	if !ok {
		return false, errCorrupt(key)
	}
	if k.SCN <= i.to {
		return true, nil
	}
	if k.Chunk != 0 {
		return false, nil
	}
	h, _, err := parseLog(val)
	for _, t := range h.tables {
		if t.keyspace != 0 {
			i.uncount(keys.Space{Layer: k.Layer, Keyspace: t.keyspace}, t)
		}
		if t.table >= catalog.FirstUserOID {
			i.uncount(keys.Space{Layer: k.Layer}, t)
		}
	}
	return false, err
}

// uncount takes from the counts of a space, or of a layer, what a commit has added.
func (i *Importer) uncount(sp keys.Space, t tableCount) {
	n := i.counts[sp]
	if n == nil {
		return
	}
	n[0] -= t.inserts - t.deletes
	n[1] -= t.inserts
	n[2] -= t.updates
	n[3] -= t.deletes
}

// meta takes a record beside versions.
func (i *Importer) meta(key, val []byte) error {
	m, rest, ok := keys.DecodeMeta(key)
	if !ok {
		return errCorrupt(key)
	}
	var id [2]uint64
	for n := 0; n < 2 && len(rest) >= 8; n++ {
		id[n], rest, _ = keys.ID(rest)
	}
	switch m {
	case keys.MetaLarge:
		at, _ := binary.Uvarint(val)
		i.large[id[0]|keys.Marker] = at
		ok = at <= i.to
	case keys.MetaSpace:
		i.spaces[keys.Space{Layer: id[0], Keyspace: id[1]}] = true
		if cleaned, _ := binary.Uvarint(val); i.older { // a tombstone may have given way to a head that is left out
			val = binary.AppendUvarint(nil, max(cleaned, i.to))
		}
	case keys.MetaLayer:
		i.layers[id[0]] = true
	case keys.MetaCatalog, keys.MetaMerge:
		ok = binary.BigEndian.Uint64(key[len(key)-8:]) <= i.to
	case keys.MetaSnapshot:
		r := snapshotRecord{}
		if err := json.Unmarshal(val, &r); err != nil {
			return err
		}
		ok = r.SCN <= i.to
	case keys.MetaBranch:
		return i.branch(key, val)
	case keys.MetaRows:
		if i.older {
			return i.count(len(key), id, val)
		}
	case keys.MetaExtra:
		ok = string(key[2:]) != storeID // what is restored becomes another store
	}
	if !ok {
		return nil
	}
	return i.write(key, val)
}

// branch takes back what happened to a branch after the SCN. Renamings and the like leave no trace and stay.
func (i *Importer) branch(key, val []byte) error {
	b := &branch{}
	if err := json.Unmarshal(val, b); err != nil {
		return err
	}
	if i.older {
		if b.Fork > i.to || !i.until.IsZero() && b.Created.After(i.until) {
			return nil
		}
		for len(b.Timeline) > 1 && b.Timeline[len(b.Timeline)-1].From > i.to {
			b.Timeline = b.Timeline[:len(b.Timeline)-1]
		}
		if !b.Deleted.IsZero() && !i.until.IsZero() && !b.Deleted.Before(i.until) {
			b.Deleted = time.Time{}
		}
	}
	name := branchName{b.Database, b.Name}
	for n := b.ID; b.Deleted.IsZero() && i.names[name]; n++ { // one of the two was called otherwise then
		b.Name = fmt.Sprintf("%s-%d", b.Name, n)
		name.name = b.Name
	}
	if b.Deleted.IsZero() {
		i.names[name] = true
	}
	val, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return i.write(key, val)
}

// count keeps a count of rows until the log has told what to take off.
func (i *Importer) count(keyLen int, id [2]uint64, val []byte) error {
	n := &[4]int64{}
	switch keyLen {
	case len(keys.MetaRows.Append(nil)):
		return nil
	case len(keys.MetaRows.Append(nil, 0)): // of a layer
		var z size
		var c changes
		if _, rest := z.read(val); c.read(rest) != nil {
			n[1], n[2], n[3] = c.inserts.Load(), c.updates.Load(), c.deletes.Load()
			i.counts[keys.Space{Layer: id[0]}] = n
		}
		return nil
	}
	for k := range n {
		v, size := binary.Varint(val)
		if size <= 0 {
			return errCorrupt(val)
		}
		n[k], val = v, val[size:]
	}
	i.counts[keys.Space{Layer: id[0], Keyspace: id[1]}] = n
	return nil
}

// Finish removes what later exports of the chain do not know any more, and makes all durable.
func (i *Importer) Finish() error {
	if err := i.rowDone(); err != nil {
		return err
	}
	for sp, n := range i.counts {
		key, val := keys.MetaRows.Append(nil, sp.Layer, sp.Keyspace), binary.AppendVarint(nil, n[0])
		if sp.Keyspace == 0 {
			var z size
			z.forget()
			key, val = keys.MetaRows.Append(nil, sp.Layer), z.append(nil, i.to)
		}
		for _, v := range n[1:] {
			val = binary.AppendVarint(val, v)
		}
		if err := i.write(key, val); err != nil {
			return err
		}
	}
	if i.older {
		if err := i.write(keys.MetaRows.Append(nil), binary.AppendUvarint(nil, i.to)); err != nil {
			return err
		}
	}
	if err := i.flush(); err != nil {
		return err
	}
	for _, step := range []func() error{i.sweepHeads, i.sweepHistory, i.sweepLogs} {
		if err := step(); err != nil {
			return err
		}
	}
	if _, err := newIdentity(i.ctx, i.kv); err != nil {
		return err
	}
	return i.kv.Sync(i.ctx)
}

func (i *Importer) sweepHeads() error {
	return i.sweep(keys.HeadPrefix(), func(key []byte) ([]byte, bool) {
		sp, _, ok := keys.DecodeHead(key)
		return sp.AppendHead(nil, nil), ok && i.spaces[sp] && i.layers[sp.Layer]
	})
}

func (i *Importer) sweepHistory() error {
	return i.sweep(keys.HistoryPrefix(), func(key []byte) ([]byte, bool) {
		sp, _, _, ok := keys.DecodeHistory(key)
		return sp.AppendHistory(nil, nil), ok && i.spaces[sp] && i.layers[sp.Layer]
	})
}

func (i *Importer) sweepLogs() error {
	return i.sweep(keys.LogPrefix(), func(key []byte) ([]byte, bool) {
		k, ok := keys.DecodeLog(key)
		return keys.AppendLogPrefix(nil, k.Layer), ok && i.layers[k.Layer]
	})
}

// sweep goes from group to group of keys and removes those that keep does not want.
func (i *Importer) sweep(prefix []byte, keep func(key []byte) (group []byte, ok bool)) error {
	var gone [][]byte
	it := i.kv.Scan(i.ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix), KeysOnly: true})
	for more := it.Next(); more; {
		group, ok := keep(it.Key())
		if !ok {
			gone = append(gone, group)
		}
		more = it.Seek(kv.PrefixEnd(group))
	}
	err := it.Err()
	it.Close()
	for _, g := range gone {
		if err == nil {
			err = i.kv.DeleteRange(i.ctx, g, kv.PrefixEnd(g))
		}
	}
	return err
}
