package mvcc

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// keyCheck looks at the keys of a store without opening it: each must be one of ours and have a value that can be read, and
// what refers to something must find it.
type keyCheck struct {
	*report
	kv  kv.Engine
	scn uint64 // what is later is not looked at

	layers   map[uint64]layerRecord
	branches []*branch
	snaps    []snapshotRecord
	spaces   map[keys.Space]bool
	large    map[uint64]uint64 // marker → SCN, 0: not committed
	marks    map[uint64]scnSet // of the catalog, by layer
	counters [counterCount]uint64
	commits  scnSet
	logs     map[uint64]scnSet // by layer
	gone     uint64            // commit records below may have been removed
	used     [counterCount]used
}

// used is the highest number of a counter that was seen in use, and where.
type used struct {
	n     uint64
	where string
}

// scnSet is a set of SCNs.
type scnSet map[uint64]*[1 << 6]uint64

func (s scnSet) add(scn uint64) {
	p := s[scn>>12]
	if p == nil {
		p = new([1 << 6]uint64)
		s[scn>>12] = p
	}
	p[scn>>6&63] |= 1 << (scn & 63)
}

func (s scnSet) has(scn uint64) bool {
	p := s[scn>>12]
	return p != nil && p[scn>>6&63]&(1<<(scn&63)) != 0
}

// CheckKeys looks at a store that cannot, or shall not, be opened.
func CheckKeys(ctx context.Context, engine kv.Engine, progress func(phase string, done, total int64)) ([]storage.Problem, error) {
	r := &report{progress: progress}
	k := &keyCheck{report: r, kv: engine, scn: latest}
	if err := k.meta(ctx); err != nil {
		return r.problems, err
	}
	err := k.run(ctx)
	return r.problems, err
}

func (k *keyCheck) run(ctx context.Context) error {
	steps := []func(context.Context) error{k.unknown, k.readCommits, k.readLogs, k.versions, k.finish}
	for i, step := range steps {
		k.step("keys", int64(i), int64(len(steps)))
		if err := step(ctx); err != nil {
			return err
		}
	}
	k.step("keys", int64(len(steps)), int64(len(steps)))
	return nil
}

// unknown wants no keys between those that begin as ours do.
func (k *keyCheck) unknown(ctx context.Context) error {
	var lo []byte
	for _, tag := range append(keys.Tags(), nil) {
		it := k.kv.Scan(ctx, kv.Range{Lo: lo, Hi: tag, KeysOnly: true})
		for it.Next() {
			k.bad(storage.ProblemKey, "", keys.Print(it.Key()), "nothing of ours has this key")
		}
		err := it.Err()
		it.Close()
		if err != nil {
			return err
		}
		lo = kv.PrefixEnd(tag)
	}
	return nil
}

func (k *keyCheck) each(ctx context.Context, prefix []byte, f func(key, val []byte) error) error {
	it := k.kv.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix)})
	defer it.Close()
	for n := 0; it.Next(); n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		val := it.Value()
		if it.Err() != nil {
			break
		}
		if err := f(it.Key(), val); err != nil {
			return err
		}
	}
	return it.Err()
}

// meta reads the records beside versions.
func (k *keyCheck) meta(ctx context.Context) error {
	k.layers = map[uint64]layerRecord{globalLayer: {}}
	k.spaces, k.large = map[keys.Space]bool{}, map[uint64]uint64{}
	k.marks, k.logs, k.commits = map[uint64]scnSet{}, map[uint64]scnSet{}, scnSet{}
	return k.each(ctx, keys.MetaPrefix(), func(key, val []byte) error {
		m, rest, ok := keys.DecodeMeta(key)
		if !ok || !k.record(m, rest, val) {
			k.bad(storage.ProblemKey, "", keys.Print(key), "nothing of ours has this key")
		}
		return nil
	})
}

// metaIDs is how many ids follow each kind of meta record.
var metaIDs = map[keys.Meta]int{
	keys.MetaFormat: 0, keys.MetaBranch: 1, keys.MetaLayer: 1, keys.MetaSpace: 2, keys.MetaCatalog: 2, keys.MetaCounter: 1,
	keys.MetaSequence: 1, keys.MetaLarge: 1, keys.MetaSnapshot: 1, keys.MetaClean: 0, keys.MetaMerge: 3, keys.MetaKeep: 1,
	keys.MetaFlat: 2, keys.MetaStatistics: 2,
}

// record takes in one meta record; it reports whether it knows the key.
func (k *keyCheck) record(m keys.Meta, rest, val []byte) bool {
	if m == keys.MetaExtra {
		return true
	}
	if m == keys.MetaRows {
		return len(rest) == 0 || len(rest) == 8 || len(rest) == 16
	}
	n, known := metaIDs[m]
	if !known || len(rest) != 8*n {
		return false
	}
	var id [3]uint64
	for i := range n {
		id[i], rest, _ = keys.ID(rest)
	}
	if err := k.take(m, id, val); err != nil {
		k.bad(storage.ProblemValue, "", keys.Print(m.Append(nil, id[:n]...)), "%v", err)
	}
	return true
}

func (k *keyCheck) take(m keys.Meta, id [3]uint64, val []byte) error {
	d := decoder{b: val}
	switch m {
	case keys.MetaFormat:
		if v := d.uvarint(); d.err == nil && v != formatVersion {
			return fmt.Errorf("the format is %d", v)
		}
	case keys.MetaLayer:
		var r layerRecord
		err := json.Unmarshal(val, &r)
		k.layers[id[0]] = r
		k.use(counterLayer, id[0], "layer")
		return err
	case keys.MetaBranch:
		b := &branch{}
		err := json.Unmarshal(val, b)
		if err == nil && b.ID != id[0] {
			err = fmt.Errorf("it is that of branch %d", b.ID)
		}
		if err == nil {
			k.branches = append(k.branches, b)
		}
		k.use(counterBranch, id[0], "branch")
		return err
	case keys.MetaSpace:
		k.spaces[keys.Space{Layer: id[0], Keyspace: id[1]}] = true
		d.uvarint()
	case keys.MetaCatalog:
		setOf(k.marks, id[0]).add(id[1])
	case keys.MetaCounter:
		if n := d.uvarint(); id[0] < counterCount {
			k.counters[id[0]] = n
		}
	case keys.MetaSequence:
		if len(val) != 9 {
			return errCorrupt(val)
		}
	case keys.MetaLarge:
		k.large[id[0]|keys.Marker] = d.uvarint()
		k.use(counterTxn, id[0], "large transaction")
	case keys.MetaSnapshot:
		r := snapshotRecord{}
		err := json.Unmarshal(val, &r)
		k.snaps = append(k.snaps, r)
		k.use(counterSnapshot, id[0], "snapshot")
		return err
	case keys.MetaKeep:
		var r keepRecord
		err := json.Unmarshal(val, &r)
		if id[0] == 0 {
			k.gone = r.Low
		}
		return err
	case keys.MetaMerge, keys.MetaClean, keys.MetaFlat:
		d.uvarint()
	}
	return d.err
}

func setOf(m map[uint64]scnSet, id uint64) scnSet {
	s := m[id]
	if s == nil {
		s = scnSet{}
		m[id] = s
	}
	return s
}

func (k *keyCheck) use(counter int, n uint64, where string) {
	if n > k.used[counter].n {
		k.used[counter] = used{n, fmt.Sprintf("%s %d", where, n)}
	}
}

func (k *keyCheck) readCommits(ctx context.Context) error {
	return k.each(ctx, keys.AppendCommit(nil, 0)[:1], func(key, val []byte) error {
		scn, ok := keys.DecodeCommit(key)
		if !ok {
			k.bad(storage.ProblemKey, "", keys.Print(key), "nothing of ours has this key")
			return nil
		}
		k.commits.add(scn)
		if c, err := parseCommit(val); err != nil {
			k.bad(storage.ProblemValue, "", keys.Print(key), "%v", err)
		} else {
			k.use(counterTxn, c.txn, "transaction")
		}
		return nil
	})
}

func (k *keyCheck) readLogs(ctx context.Context) error {
	err := k.each(ctx, keys.LogPrefix(), func(key, val []byte) error {
		l, ok := keys.DecodeLog(key)
		if !ok {
			k.bad(storage.ProblemKey, "", keys.Print(key), "nothing of ours has this key")
			return nil
		}
		if l.SCN > k.scn {
			return nil
		}
		setOf(k.logs, l.Layer).add(l.SCN)
		if !k.commits.has(l.SCN) && l.SCN >= k.gone {
			k.bad(storage.ProblemCommit, fmt.Sprintf("layer %d", l.Layer), fmt.Sprintf("SCN %d", l.SCN), "the log has an entry of a transaction without commit record")
		}
		k.layer(l.Layer, "a log entry", l.SCN)
		list := val
		if l.Chunk == 0 {
			h, rest, err := parseLog(val)
			if list = rest; err != nil {
				k.bad(storage.ProblemValue, "", keys.Print(key), "%v", err)
				return nil
			}
			if _, ok := k.large[h.large|keys.Marker]; h.large != 0 && !ok {
				k.bad(storage.ProblemCommit, "", fmt.Sprintf("transaction %d", h.large), "the log names a large transaction of which there is no record")
			}
		}
		if err := eachKey(list, func(keys.Space, []byte, bool) bool { return true }); err != nil {
			k.bad(storage.ProblemValue, "", keys.Print(key), "%v", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return k.each(ctx, keys.AppendChunkPrefix(nil, 0)[:1], func(key, val []byte) error {
		c, ok := keys.DecodeChunk(key)
		if !ok {
			k.bad(storage.ProblemKey, "", keys.Print(key), "nothing of ours has this key")
		} else if err := eachKey(val, func(keys.Space, []byte, bool) bool { return true }); err != nil {
			k.bad(storage.ProblemValue, "", keys.Print(key), "%v", err)
		}
		k.use(counterTxn, c.Txn, "large transaction")
		return nil
	})
}

// layer wants a layer to exist.
func (k *keyCheck) layer(id uint64, what string, scn uint64) bool {
	if _, ok := k.layers[id]; ok || scn > k.scn {
		return true
	}
	k.bad(storage.ProblemLayer, fmt.Sprintf("layer %d", id), "", "%s is in a layer that does not exist", what)
	return false
}

// finish looks at what layers, branches, marks and counters say of one another.
func (k *keyCheck) finish(context.Context) error {
	for id, r := range k.layers {
		if r.Parent != 0 {
			k.layer(r.Parent, fmt.Sprintf("the parent of layer %d", id), 0)
		}
		seen := 0
		for p := r.Parent; p != 0 && seen <= len(k.layers); p = k.layers[p].Parent {
			seen++
		}
		if seen > len(k.layers) {
			k.bad(storage.ProblemLayer, fmt.Sprintf("layer %d", id), "", "it builds on itself")
		}
	}
	for sp := range k.spaces {
		k.layer(sp.Layer, fmt.Sprintf("keyspace %d", sp.Keyspace), 0)
	}
	for id := range k.marks {
		k.layer(id, "a mark of the catalog", 0)
	}
	k.checkBranches()
	for i, u := range k.used {
		if next := max(k.counters[i], counterStart[i]); u.n >= next && u.n >= counterStart[i] {
			k.bad(storage.ProblemCounter, fmt.Sprintf("counter %d", i), "", "%s is in use, and %d is given out next", u.where, next)
		}
	}
	return nil
}

func (k *keyCheck) checkBranches() {
	ids := map[uint64]*branch{}
	names := map[branchName]uint64{}
	for _, b := range k.branches {
		ids[b.ID] = b
	}
	for _, b := range k.branches {
		where := fmt.Sprintf("branch %d (%s)", b.ID, b.Name)
		if len(b.Timeline) == 0 {
			k.bad(storage.ProblemBranch, where, "", "it has no layer")
		}
		last := uint64(0)
		for _, e := range b.Timeline {
			k.layer(e.Layer, where, 0)
			if e.From < last {
				k.bad(storage.ProblemBranch, where, fmt.Sprintf("SCN %d", e.From), "its timeline goes back")
			}
			last = e.From
		}
		if !b.Deleted.IsZero() {
			continue
		}
		name := branchName{b.Database, b.Name}
		if other, ok := names[name]; ok {
			k.bad(storage.ProblemBranch, where, "", "branch %d has the same name", other)
		}
		names[name] = b.ID
	}
	for _, s := range k.snaps {
		if ids[s.BranchID] == nil {
			k.bad(storage.ProblemSnapshot, s.ID, "", "branch %d does not exist", s.BranchID)
		}
	}
}

// object looks at a descriptor.
func (k *keyCheck) object(sp keys.Space, key []byte, v *version, scn uint64) {
	where, id := fmt.Sprintf("layer %d", sp.Layer), fmt.Sprintf("%x at SCN %d", key, scn)
	if !k.layers[sp.Layer].Flat && !k.marks[sp.Layer].has(scn) { // readers find what is copied flat by the marks of what it is a copy of
		k.bad(storage.ProblemMark, where, id, "the catalog has changed without a mark")
	}
	if v.deleted() {
		return
	}
	o, err := decodeObject(v.payload)
	if err != nil {
		k.bad(storage.ProblemCatalog, where, id, "%v", err)
		return
	}
	if len(key) != 4 || uint32(o.Head().OID) != binary.BigEndian.Uint32(key) {
		k.bad(storage.ProblemCatalog, where, id, "it is the descriptor of %d", o.Head().OID)
	}
	k.use(counterOID, uint64(o.Head().OID), o.Head().Name)
	t, ok := o.(*catalog.Table)
	if !ok {
		return
	}
	k.use(counterKeyspace, t.Rows, "keyspace of "+t.Name)
	for _, ix := range t.Indexes {
		k.use(counterKeyspace, ix.Keyspace, "keyspace of "+ix.Name)
		k.use(counterOID, uint64(ix.OID), ix.Name)
	}
	for i := range t.Columns {
		k.use(counterColumn, uint64(t.Columns[i].ID), "column of "+t.Name)
	}
}
