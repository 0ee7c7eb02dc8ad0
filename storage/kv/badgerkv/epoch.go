package badgerkv

import (
	"errors"
	"math"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
)

// An epoch is the Badger timestamp of what is written while about one memtable fills; the next one is the next number. Within an epoch a key
// overwrites itself in the memtable; over epochs Badger tells which tables are older, and compacts those first
// (docs/decisions/0034-epochs.md).
type epochs struct {
	now     atomic.Pointer[epoch]
	written atomic.Int64 // bytes in this one
	size    int64        // from how many on it ends
	all     *badger.Txn  // sees every epoch; shared by all iterators, for a read-only transaction keeps no state
}

type epoch struct {
	ts   uint64
	read lookup // as of it: Badger ends a search where it meets this timestamp
}

// lookup is a transaction that reads; tests look on.
type lookup interface {
	Get(key []byte) (*badger.Item, error)
	Discard()
}

// mostEpochs is more than there will ever be.
const mostEpochs = 1 << 40

// entryCost is what a memtable takes for an entry beside its bytes.
const entryCost = 48

func (p *epochs) open(db *badger.DB, size int64) {
	db.SetDiscardTs(math.MaxUint64) // nobody reads as of an epoch that is over
	p.size, p.all = size, db.NewTransactionAt(math.MaxUint64, false)
	p.begin(db, max(db.MaxVersion(), 1))
}

func (p *epochs) begin(db *badger.DB, ts uint64) {
	p.written.Store(0)
	p.now.Store(&epoch{ts, db.NewTransactionAt(ts, false)})
}

func (p *epochs) discard() {
	p.now.Load().read.Discard()
	p.all.Discard()
}

// wrote counts what was written, and ends the epoch when it is over. No write may be under way by then: one of an older
// epoch would be lost behind what is in the newer one.
func (e *Engine) wrote(entries int, bytes int64) {
	p := &e.epochs
	if p.written.Add(bytes+int64(entries)*entryCost) < p.size {
		return
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	if p.written.Load() >= p.size {
		p.begin(e.db, p.now.Load().ts+1)
	}
}

// get looks a key up. What was read while an epoch ended is read again: it may have been overwritten in the next one, and
// dropped.
func (e *Engine) get(key []byte) (item *badger.Item, err error) {
	for {
		p := e.epochs.now.Load()
		if item, err = p.read.Get(key); err == nil && item.Version() == p.ts || e.epochs.now.Load() == p {
			break
		}
	}
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	return item, err
}
