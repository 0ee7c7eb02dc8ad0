package webhook

import (
	"context"
	"maps"

	"github.com/rowandb/rowan/storage"
)

// enqueue makes deliveries of what lies beyond the webhook's cursors and moves those on, in one transaction.
func (d *Dispatcher) enqueue(ctx context.Context, s *state) error {
	upTo, _ := d.store.Now()
	list, err := d.store.Branches().List(ctx, s.hook.Database, true)
	if err != nil || !behind(list, s.known) && s.done <= maxKept+maxKept/10 {
		return err
	}
	var fresh []Delivery
	var moved map[uint64]cursor
	err = d.change(ctx, func(tx storage.Txn, v storage.View) (err error) {
		if s.done > maxKept {
			if err := prune(ctx, tx, v, s.hook.ID); err != nil {
				return err
			}
		}
		fresh, moved, err = d.advance(ctx, tx, v, s, list, upTo)
		return err
	})
	if err != nil {
		return err
	}
	if len(moved) > 0 {
		d.wake() // there may be more
	}
	maps.Copy(s.known, moved)
	s.pending = append(s.pending, fresh...)
	s.done = min(s.done, maxKept)
	return nil
}

// advance stores the deliveries of what lies beyond the cursors, and those cursors that move.
func (d *Dispatcher) advance(ctx context.Context, tx storage.Txn, v storage.View, s *state, list []storage.Branch, upTo storage.SCN) (fresh []Delivery, moved map[uint64]cursor, err error) {
	of, err := d.store.Begin(ctx, storage.TxnOptions{ReadOnly: true, Database: s.hook.Database})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = of.Rollback() }() // it has only read
	of.Statement()
	f := finder{store: d.store, tx: of, db: s.hook.Database, upTo: upTo, batch: d.o.Batch}
	moved = map[uint64]cursor{}
	for i := range list {
		if len(s.pending)+len(fresh) >= maxPending { // the others have their turn when these have been sent
			break
		}
		c, known := s.known[list[i].ID]
		events, next, err := f.of(ctx, &list[i], c, known)
		if err != nil {
			return nil, nil, err
		}
		if known && next == c {
			continue
		}
		if err := next.put(ctx, tx, v, s.hook.ID); err != nil {
			return nil, nil, err
		}
		moved[next.branch] = next
		queued, err := d.queue(ctx, tx, v, &s.hook, events)
		if err != nil {
			return nil, nil, err
		}
		fresh = append(fresh, queued...)
	}
	return fresh, moved, nil
}

// queue stores the deliveries of those events that a webhook wants.
func (d *Dispatcher) queue(ctx context.Context, tx storage.Txn, v storage.View, h *Hook, events []event) (out []Delivery, err error) {
	for i := range events {
		if !h.wants(events[i].Event, events[i].branch, d.o.Matches) {
			continue
		}
		x, err := newDelivery(h.ID, &events[i], d.now())
		if err != nil {
			return nil, err
		}
		if err := x.put(ctx, tx, v); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// behind reports whether there is anything to tell.
func behind(list []storage.Branch, known map[uint64]cursor) bool {
	for i := range list {
		b := &list[i]
		if c, ok := known[b.ID]; !ok || b.Protected != c.protected || b.Deleted.IsZero() && b.Head > c.scn || b.Deleted.IsZero() == c.deleted {
			return true
		}
	}
	return false
}
