// Package kv is the seam between Rowan's storage and an ordered byte store: point reads, scans, atomic batches.
//
// It knows no rows, versions or transactions: visibility, locks and the overlay of uncommitted writes are in common code
// above (storage/mvcc), so that an implementation stays small. Keys overwrite in place: a store keeps one value of each
// key and offers no snapshot of its own. What readers may rely on, and implementations must keep:
//
//   - Apply is atomic over a crash, and durable when it returns unless the batch says Async. What an earlier Apply wrote
//     is durable whenever a later one is.
//   - A read that begins after Apply returned sees all of its batch. One that runs meanwhile may see a part of it.
//   - An Iterator sees at least what was there when it was opened, with values possibly newer.
package kv

import "context"

// MaxKey is the longest key that every engine takes.
const MaxKey = 60000

// Engine is an ordered byte store. It is safe for many goroutines.
type Engine interface {
	// Get appends the key's value to buf.
	Get(ctx context.Context, key, buf []byte) (val []byte, ok bool, err error)
	// GetMany calls f for each of the keys that exists, in any order; val is borrowed during the call.
	GetMany(ctx context.Context, keys [][]byte, f func(i int, val []byte) error) error
	// Scan opens an iterator that stands before its first key.
	Scan(ctx context.Context, r Range) Iterator
	// Apply writes a batch. ErrTooBig and ErrKeyLimit mean that nothing was written.
	Apply(ctx context.Context, b *Batch) error
	// Sync makes all that has been applied durable.
	Sync(ctx context.Context) error
	// DeleteRange removes the keys in [lo, hi). It is not atomic: for ranges that nothing refers to.
	DeleteRange(ctx context.Context, lo, hi []byte) error
	// Density returns how many bytes of the disk a byte of the keys in [lo, hi), or of their values, takes, about.
	Density(ctx context.Context, lo, hi []byte) (float64, error)
	Limits() Limits
	Close() error
}

// Health is implemented by engines that may fail without ending. It returns why the engine takes no writes, or nil.
type Health interface{ Health() error }

// Verifier is implemented by engines that keep files, which may be damaged.
type Verifier interface {
	// Verify reads all files and returns what is wrong with which; progress may be nil.
	Verify(ctx context.Context, progress func(done, total int64)) ([]Damage, error)
}

// Damage is a file that does not hold what was written.
type Damage struct{ File, Problem string }

// Compactor is implemented by engines that need not give the space of removed keys back at once.
type Compactor interface {
	// Compact gives back what can be given back now.
	Compact(ctx context.Context) error
}

// Pacer is implemented by engines that fall behind when they are written to without a pause.
type Pacer interface {
	// Pace returns when a long write may go on without being in the way of others.
	Pace(ctx context.Context) error
}

// Limits bound one batch.
type Limits struct {
	Bytes int64
	Ops   int
}

// Range says what to scan: keys in [Lo, Hi); an empty Hi is no bound.
type Range struct {
	Lo, Hi   []byte
	Reverse  bool
	KeysOnly bool
}

// Iterator walks a range. Key and Value are borrowed until the next call of Next, Seek or Close.
type Iterator interface {
	Next() bool
	// Seek moves to the first key at or after key (at or before it in reverse) within the range.
	Seek(key []byte) bool
	Key() []byte
	Value() []byte
	Err() error
	Close()
}
