// Package mem counts the memory that a statement's growing operators hold (sorts, hash tables, kept rows) against its
// limit, work_mem. Batches in flight are not counted: the consumer that keeps rows pays for them.
//
// A Pool and its Accounts belong to one statement and one goroutine. Invariant: when all operators are closed the pool
// holds zero bytes.
package mem

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// Pool is one statement's limit in bytes; 0 means none.
type Pool struct {
	Limit int64
	used  int64
	peak  int64
}

// Used returns the bytes held.
func (p *Pool) Used() int64 { return p.used }

// Peak returns the most bytes held at once.
func (p *Pool) Peak() int64 { return p.peak }

// Account is one operator's share of a Pool.
type Account struct {
	pool *Pool
	held int64
	peak int64
	// What went to files because memory was refused: bytes, and batches beside the first, which is in memory.
	spilled int64
	batches int64
}

// Account opens an account. That of a nil Pool counts nothing.
func (p *Pool) Account() *Account { return &Account{pool: p} }

// Grow takes n bytes more. Refused, it takes none and returns 53200: the operator spills, or gives up with the error.
func (a *Account) Grow(n int64) error {
	if a.pool == nil {
		return nil
	}
	if a.pool.Limit > 0 && a.pool.used+n > a.pool.Limit {
		return pgerr.New(pgerrcode.OutOfMemory, "out of memory").WithDetail("The statement needs more than work_mem allows.")
	}
	a.pool.used += n
	a.pool.peak = max(a.pool.peak, a.pool.used)
	a.held += n
	a.peak = max(a.peak, a.held)
	return nil
}

// Take takes n bytes more whatever the limit: for what cannot be spilled and is small beside what can.
func (a *Account) Take(n int64) {
	if a.pool != nil {
		a.pool.used += n
		a.pool.peak = max(a.pool.peak, a.pool.used)
		a.held += n
		a.peak = max(a.peak, a.held)
	}
}

// Held returns the bytes that the account holds.
func (a *Account) Held() int64 { return a.held }

// Peak returns the most bytes that the account has held at once.
func (a *Account) Peak() int64 { return a.peak }

// Spilled notes a batch of rows that went to a file.
func (a *Account) Spilled(bytes int64) {
	a.spilled += bytes
	a.batches++
}

// OnDisk returns what was noted: bytes, and the number of batches in files.
func (a *Account) OnDisk() (bytes, batches int64) { return a.spilled, a.batches }

// Shrink gives n bytes back.
func (a *Account) Shrink(n int64) {
	if a.pool != nil {
		a.pool.used -= n
		a.held -= n
	}
}

// Close gives everything back.
func (a *Account) Close() { a.Shrink(a.held) }
