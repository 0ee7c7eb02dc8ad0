package mvcc

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// exporter writes the store's keys as they were at one SCN. Commits go on meanwhile: what is newer is left out, and what it
// has replaced is looked up in history.
type exporter struct {
	s       *Store
	ctx     context.Context
	t       *Txn // holds what the cleaner would otherwise remove
	info    storage.ExportInfo
	scn     uint64
	since   uint64 // what is not newer is left out, except in layers that came later
	meta    kv.Batch
	spaces  []*space
	put     func(key, val []byte) error
	r       reader
	key     []byte
	val     []byte
	exclude map[keys.Meta]bool
}

// storeID is the name of the meta record that tells stores apart.
const storeID = "store"

// Export implements storage.Exporter. The order is: large transactions, commit records, other meta records, then for each
// keyspace of each layer its history and its heads, the log, and what is known of the keyspaces.
func (s *Store) Export(ctx context.Context, since *storage.ExportInfo, begin func(storage.ExportInfo) error, put func(key, val []byte) error) error {
	s.gc.run.Lock() // no history goes meanwhile
	defer s.gc.run.Unlock()
	x := &exporter{s: s, ctx: ctx, put: put, r: reader{s: s}}
	defer func() {
		if x.t != nil {
			_ = x.t.Rollback() // it only reads
		}
	}()
	if err := x.freeze(since); err != nil {
		return storeError(err)
	}
	if err := begin(x.info); err != nil {
		return err
	}
	for _, step := range []func() error{x.large, x.commits, x.records, x.versions, x.logs, x.known} {
		if err := step(); err != nil {
			return storeError(err)
		}
	}
	return nil
}

// freeze takes down, while no commit is under way, what is written in place.
func (x *exporter) freeze(since *storage.ExportInfo) error {
	s := x.s
	id, err := s.identity(x.ctx)
	if err != nil {
		return err
	}
	s.rowSaver.mu.Lock()
	defer s.rowSaver.mu.Unlock()
	s.rowSaver.all = true // what counts takes down is not saved by it
	s.topology.Lock()
	defer s.topology.Unlock()
	if x.t, err = s.begin(x.ctx, storage.TxnOptions{ReadOnly: true}); err != nil {
		return err
	}
	x.scn = s.seq.published.Load()
	x.info = storage.ExportInfo{SCN: x.scn, Store: id, Format: formatVersion, Layers: s.counters[counterLayer].next}
	if x.info.Time, err = s.Time(x.ctx, x.scn); err != nil {
		return err
	}
	x.exclude = map[keys.Meta]bool{keys.MetaLarge: true, keys.MetaSpace: true, keys.MetaCatalog: true, keys.MetaMerge: true, keys.MetaClean: true, keys.MetaRows: true}
	err = x.s.each(x.ctx, keys.MetaPrefix(), func(rest, val []byte) error {
		if len(rest) > 0 && !x.exclude[keys.Meta(rest[0])] {
			x.meta.Put(append(keys.MetaPrefix(), rest...), val)
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.counts()
	s.mu.RLock()
	for _, l := range s.layers {
		for _, sp := range *l.spaces.Load() {
			x.spaces = append(x.spaces, sp)
		}
	}
	s.mu.RUnlock()
	x.info.Low = s.lowest()
	return x.from(since)
}

// counts takes down the counts of rows.
func (x *exporter) counts() {
	counts, scn := x.s.countsLocked(true)
	x.meta.Append(&counts)
	x.meta.Put(keys.MetaRows.Append(nil), binary.AppendUvarint(nil, scn))
}

// from wants an earlier export to be of this store, and all that has happened since to be still known.
func (x *exporter) from(since *storage.ExportInfo) error {
	if since == nil {
		return nil
	}
	switch {
	case since.Store != x.info.Store:
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "the earlier backup is not of this store").WithHint("Take a full backup.")
	case since.SCN > x.scn:
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "the earlier backup is of SCN %d, and the newest SCN is %d", since.SCN, x.scn).WithHint("Take a full backup.")
	case x.info.Low > since.SCN:
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "what has happened since SCN %d is not all kept any more", since.SCN).WithHint("Take a full backup.")
	}
	x.since, x.info.Since, x.info.OldLayers = since.SCN, since.SCN, since.Layers
	return nil
}

// lowest is the oldest SCN at which all branches can be read.
func (s *Store) lowest() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	low := uint64(0)
	for _, b := range s.branches {
		if b.Deleted.IsZero() {
			low = max(low, s.lowLocked(b))
		}
	}
	return low
}

// identity returns what tells the store apart from all others, making it up the first time.
func (s *Store) identity(ctx context.Context) (string, error) {
	key := keys.MetaExtra.AppendName(nil, storeID)
	val, ok, err := s.kv.Get(ctx, key, nil)
	if err != nil || ok {
		return string(val), err
	}
	return newIdentity(ctx, s.kv)
}

func newIdentity(ctx context.Context, engine kv.Engine) (string, error) {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	var b kv.Batch
	b.Put(keys.MetaExtra.AppendName(nil, storeID), []byte(hex.EncodeToString(id[:])))
	return hex.EncodeToString(id[:]), engine.Apply(ctx, &b)
}

func (x *exporter) each(prefix []byte, f func(key, val []byte) error) error {
	return eachIn(x.ctx, x.s.kv, prefix, f)
}

// eachIn calls f for all keys with a prefix.
func eachIn(ctx context.Context, engine kv.Engine, prefix []byte, f func(key, val []byte) error) error {
	it := engine.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix)})
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

// large writes which large transactions were committed.
func (x *exporter) large() error {
	return x.each(keys.MetaLarge.Append(nil), func(key, val []byte) error {
		if at, n := binary.Uvarint(val); n > 0 && at != 0 && at <= x.scn {
			return x.put(key, val)
		}
		return nil
	})
}

func (x *exporter) commits() error {
	return x.each(keys.AppendCommit(nil, 0)[:1], func(key, val []byte) error {
		if scn, ok := keys.DecodeCommit(key); ok && x.fresh(scn) {
			return x.put(key, val)
		}
		return nil
	})
}

// fresh reports whether something of an SCN belongs to this export.
func (x *exporter) fresh(scn uint64) bool { return scn > x.since && scn <= x.scn }

// records writes what freeze has taken down, and the records that have an SCN in their keys.
func (x *exporter) records() error {
	for i := range x.meta.Len() {
		if err := x.put(x.meta.At(i)); err != nil {
			return err
		}
	}
	for _, m := range []keys.Meta{keys.MetaCatalog, keys.MetaMerge} {
		err := x.each(m.Append(nil), func(key, val []byte) error {
			if binary.BigEndian.Uint64(key[len(key)-8:]) > x.scn {
				return nil
			}
			return x.put(key, val)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) versions() error {
	for _, sp := range x.spaces {
		all := x.since == 0 || sp.Layer >= x.info.OldLayers
		if err := x.history(sp, all); err != nil {
			return err
		}
		if err := x.heads(sp, all); err != nil {
			return err
		}
	}
	return nil
}

// history writes the versions that had ended. In an export of what is new each takes away the head that the earlier one may
// have: the heads that there are come after it.
func (x *exporter) history(sp *space, all bool) error {
	return x.each(sp.AppendHistory(nil, nil), func(key, val []byte) error {
		_, row, end, ok := keys.DecodeHistory(key)
		if !ok {
			return errCorrupt(key)
		}
		if end = x.r.endOf(end); end > x.scn || !all && end <= x.since {
			return nil
		}
		if !all {
			x.key = append(append(x.key[:0], sp.prefix...), row...)
			if err := x.put(x.key, nil); err != nil {
				return err
			}
		}
		return x.put(key, val)
	})
}

func (x *exporter) heads(sp *space, all bool) error {
	return x.each(sp.prefix, func(key, val []byte) error {
		v, err := parseVersion(val)
		if err != nil {
			return err
		}
		scn := x.r.scn(&v)
		if scn > x.scn {
			var ok bool
			if v, ok, _, err = x.r.layerGet(x.ctx, sp, key[len(sp.prefix):], x.scn); err != nil || !ok {
				return err
			}
			scn = x.r.scn(&v)
			x.val = appendVersion(x.val[:0], v.flags, v.ver, v.cmd, v.payload)
			val = x.val
		}
		if !all && scn <= x.since {
			return nil
		}
		return x.put(key, val)
	})
}

// logs writes the logs, and the key lists of large transactions.
func (x *exporter) logs() error {
	err := x.each(keys.LogPrefix(), func(key, val []byte) error {
		if k, ok := keys.DecodeLog(key); ok && k.SCN <= x.scn && (k.SCN > x.since || k.Layer >= x.info.OldLayers) {
			return x.put(key, val)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.each(keys.AppendChunkPrefix(nil, 0)[:1], func(key, val []byte) error {
		if k, ok := keys.DecodeChunk(key); ok && x.fresh(x.s.large.scn(k.Txn|keys.Marker)) {
			return x.put(key, val)
		}
		return nil
	})
}

// known writes what is known of the keyspaces. It comes last: where a tombstone went while the heads were being read, this
// tells readers to look into history.
func (x *exporter) known() error {
	for _, sp := range x.spaces {
		if !sp.persisted.Load() {
			continue
		}
		if err := x.put(keys.MetaSpace.Append(nil, sp.Layer, sp.Keyspace), binary.AppendUvarint(nil, sp.cleaned.Load())); err != nil {
			return err
		}
	}
	return nil
}
