package mvcc

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// The counters. Their numbers are never given out twice. A block is reserved in the store before its first number is
// used; that write need not be synced, because any commit that could use the number is synced after it.
const (
	counterOID = iota
	counterKeyspace
	counterColumn
	counterLayer
	counterBranch
	counterTxn
	counterRow
	counterSnapshot
	counterCount
)

var counterStart = [counterCount]uint64{
	counterOID: uint64(catalog.FirstUserOID), counterKeyspace: 16, counterColumn: 1, counterLayer: 2, counterBranch: 1,
	counterTxn: 1000, counterRow: 1, counterSnapshot: 1,
}

var counterBlock = [counterCount]uint64{
	counterOID: 64, counterKeyspace: 16, counterColumn: 64, counterLayer: 1, counterBranch: 1, counterTxn: 1 << 14,
	counterRow: 1 << 18, counterSnapshot: 1,
}

type counter struct {
	mu       sync.Mutex
	next     uint64
	reserved uint64 // numbers below are reserved
}

// take returns the first of n fresh numbers.
func (s *Store) take(ctx context.Context, which int, n uint64) (uint64, error) {
	c := &s.counters[which]
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next+n > c.reserved {
		to := c.next + n + counterBlock[which] - 1
		b := kv.Batch{Async: true, Urgent: true} // nobody could so much as read while the disk is full
		b.Put(keys.MetaCounter.Append(nil, uint64(which)), binary.AppendUvarint(nil, to))
		if err := s.kv.Apply(ctx, &b); err != nil {
			return 0, err
		}
		c.reserved = to
	}
	first := c.next
	c.next += n
	return first, nil
}

// AllocateOIDs implements storage.Store.
func (s *Store) AllocateOIDs(ctx context.Context, n int) (catalog.OID, error) {
	id, err := s.take(ctx, counterOID, uint64(n))
	return catalog.OID(id), err
}

// AllocateKeyspace implements storage.Store.
func (s *Store) AllocateKeyspace(ctx context.Context) (catalog.Keyspace, error) {
	if s.o.Keyspaces != nil {
		return s.o.Keyspaces(ctx)
	}
	return s.take(ctx, counterKeyspace, 1)
}

// AllocateColumns implements storage.Store.
func (s *Store) AllocateColumns(ctx context.Context, n int) (catalog.ColumnID, error) {
	id, err := s.take(ctx, counterColumn, uint64(n))
	return catalog.ColumnID(id), err
}

func (s *Store) loadCounters(ctx context.Context) error {
	for i := range s.counters {
		c := &s.counters[i]
		c.next = counterStart[i]
		val, ok, err := s.kv.Get(ctx, keys.MetaCounter.Append(nil, uint64(i)), nil)
		if err != nil {
			return err
		}
		if n, size := binary.Uvarint(val); ok && size > 0 {
			c.next = n
		}
		c.reserved = c.next
	}
	return nil
}
