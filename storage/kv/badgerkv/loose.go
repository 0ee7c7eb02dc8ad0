package badgerkv

import (
	"fmt"

	"github.com/dgraph-io/badger/v4/pb"

	"github.com/rowandb/rowan/storage/kv"
)

// loosePiece is how many entries go to Badger at a time: its one writer should come round to small commits again soon.
const loosePiece = 1024

// applyLoose writes a batch beside the commit loop. Badger's loader takes entries without a transaction, which would keep
// a map of them, and an order is kept as well; what it does not give is atomicity. The batch has no deletions and no values
// that go to the value log.
func (e *Engine) applyLoose(b *kv.Batch) error {
	size := b.Bytes()
	e.loosened.Add(size)
	for at := 0; at < b.Len(); at += loosePiece {
		if err := e.loosely(b, at, min(at+loosePiece, b.Len()), size); err != nil {
			return err
		}
	}
	e.wrote(b.Len(), size)
	return nil
}

func (e *Engine) loosely(b *kv.Batch, from, to int, size int64) error {
	e.sending.RLock()
	defer e.sending.RUnlock()
	if e.closed.Load() {
		return kv.ErrClosed
	}
	e.writing.RLock()
	defer e.writing.RUnlock()
	if err := e.health.err(); err != nil {
		return err
	}
	if err := e.space.enough(size, false); err != nil {
		return err
	}
	l := e.db.NewKVLoader(1)
	var entry pb.KV
	entry.Version = e.epochs.now.Load().ts
	for i := from; i < to; i++ {
		if entry.Key, entry.Value = b.At(i); entry.Value == nil {
			return fmt.Errorf("badger: a loose batch with a deletion")
		}
		if err := l.Set(&entry); err != nil {
			return e.fail(err)
		}
	}
	return e.fail(e.orDamage(l.Finish))
}
