package mvcc

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// formatVersion is that of everything in the store; another one is refused.
const formatVersion = 5

const globalLayer = 1

func (s *Store) load(ctx context.Context) error {
	if err := s.checkFormat(ctx); err != nil {
		return err
	}
	s.global = newLayer(globalLayer, nil, 0)
	s.layers[globalLayer] = s.global
	for _, step := range []func(context.Context) error{
		s.loadCounters, s.loadCommits, s.loadLayers, s.loadKeeps, s.loadBranches, s.loadTakenIn, s.loadSpaces, s.loadFlats, s.loadCatalogs, s.loadSnapshots,
		s.loadLarge, s.loadLogs, s.loadRows, s.loadStatistics,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return s.recover(ctx)
}

func (s *Store) checkFormat(ctx context.Context) error {
	key := keys.MetaFormat.Append(nil)
	val, ok, err := s.kv.Get(ctx, key, nil)
	if err != nil {
		return err
	}
	if !ok {
		var b kv.Batch
		b.Put(key, binary.AppendUvarint(nil, formatVersion))
		return s.kv.Apply(ctx, &b)
	}
	if v, n := binary.Uvarint(val); n <= 0 || v != formatVersion {
		return fmt.Errorf("store has format %d, this server needs %d: dump its branches with the version that wrote it, and load them with this one", v, formatVersion)
	}
	return nil
}

// loadCommits finds the last SCN.
func (s *Store) loadCommits(ctx context.Context) error {
	it := s.kv.Scan(ctx, kv.Range{Lo: keys.AppendCommit(nil, 0), Hi: kv.PrefixEnd(keys.AppendCommit(nil, 0)[:1]), Reverse: true})
	defer it.Close()
	var last uint64
	if it.Next() {
		last, _ = keys.DecodeCommit(it.Key())
		r, err := parseCommit(it.Value())
		if err != nil {
			return err
		}
		s.seq.lastTime = r.time
	}
	s.seq.init(last)
	return it.Err()
}

func (s *Store) loadSpaces(ctx context.Context) error {
	return s.each(ctx, keys.MetaSpace.Append(nil), func(rest, val []byte) error {
		id, rest, _ := keys.ID(rest)
		ks, _, ok := keys.ID(rest)
		l := s.layers[id]
		if !ok || l == nil {
			return fmt.Errorf("space of missing layer %d", id)
		}
		sp, _ := l.open(ks)
		cleaned, _ := binary.Uvarint(val)
		sp.cleaned.Store(cleaned)
		sp.persisted.Store(true)
		sp.size.unknown.Store(true) // unless its counts tell
		return nil
	})
}

func (s *Store) loadCatalogs(ctx context.Context) error {
	return s.each(ctx, keys.MetaCatalog.Append(nil), func(rest, _ []byte) error {
		id, rest, _ := keys.ID(rest)
		scn, _, ok := keys.ID(rest)
		if l := s.layers[id]; l != nil && ok {
			l.addCatalog(scn)
		}
		return nil
	})
}

// loadLogs finds each layer's last commit: from the end of the log backwards, from layer to layer. Those without a commit, as
// most of many branches are, cost nothing.
func (s *Store) loadLogs(ctx context.Context) error {
	all := keys.AppendLogPrefix(nil, 0)[:1]
	it := s.kv.Scan(ctx, kv.Range{Lo: all, Hi: kv.PrefixEnd(all), Reverse: true, KeysOnly: true})
	defer it.Close()
	for more := it.Next(); more; {
		k, ok := keys.DecodeLog(it.Key())
		if !ok { // Check tells of it
			more = it.Next()
			continue
		}
		if l := s.layers[k.Layer]; l != nil {
			at, err := s.Time(ctx, k.SCN)
			if err != nil {
				at = time.Time{}
			}
			l.last, l.lastTime = k.SCN, at
			l.logged.unknown.Store(true)
		}
		more = it.Seek(keys.AppendLogPrefix(nil, k.Layer)) // no key is as short as that: it moves to the layer before
	}
	return it.Err()
}
