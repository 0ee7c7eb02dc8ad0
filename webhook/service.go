package webhook

import (
	"context"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// Create adds a webhook. It is told of what happens from now on.
func (d *Dispatcher) Create(ctx context.Context, h Hook) (Hook, error) {
	if err := h.Check(d.o.Private); err != nil {
		return h, err
	}
	h.ID, h.Active, h.Created = newID("wh_"), true, d.o.Clock()
	err := d.change(ctx, func(tx storage.Txn, v storage.View) error {
		if err := hooks.Insert(ctx, tx, v, h.row()...); err != nil {
			return err
		}
		return d.begin(ctx, tx, v, &h)
	})
	d.forget("")
	d.wake()
	return h, err
}

// begin sets a webhook's cursors to now.
func (d *Dispatcher) begin(ctx context.Context, tx storage.Txn, v storage.View, h *Hook) error {
	now, _ := d.store.Now()
	list, err := d.store.Branches().List(ctx, h.Database, true)
	for i := range list {
		if c := at(&list[i], max(now, list[i].Head)); err == nil {
			err = c.put(ctx, tx, v, h.ID)
		}
	}
	return err
}

// List returns the webhooks of a database, oldest first.
func (d *Dispatcher) List(ctx context.Context, db catalog.OID) (out []Hook, err error) {
	err = d.read(ctx, func(tx storage.Txn, _ storage.View) error {
		out, err = all(ctx, tx, db)
		return err
	})
	return out, err
}

// Get returns a webhook of a database.
func (d *Dispatcher) Get(ctx context.Context, db catalog.OID, id string) (h Hook, err error) {
	err = d.read(ctx, func(tx storage.Txn, _ storage.View) error {
		h, _, err = get(ctx, tx, db, id)
		return err
	})
	return h, err
}

// Alter changes a webhook. One that becomes active is told of what happens from then on.
func (d *Dispatcher) Alter(ctx context.Context, db catalog.OID, id string, f func(*Hook)) (h Hook, err error) {
	err = d.change(ctx, func(tx storage.Txn, _ storage.View) error {
		old, v, err := get(ctx, tx, db, id)
		if err != nil {
			return err
		}
		h = old
		f(&h)
		if err := h.Check(d.o.Private); err != nil {
			return err
		}
		if h.Active && !old.Active {
			if err := d.begin(ctx, tx, v, &h); err != nil {
				return err
			}
		}
		return hooks.Put(ctx, tx, v, h.row()...)
	})
	d.forget("")
	d.wake()
	return h, err
}

// Delete removes a webhook with all that is kept of it.
func (d *Dispatcher) Delete(ctx context.Context, db catalog.OID, id string) error {
	defer d.forget("")
	return d.change(ctx, func(tx storage.Txn, _ storage.View) error {
		_, v, err := get(ctx, tx, db, id)
		if err != nil {
			return err
		}
		sent, err := deliveriesOf(ctx, tx, v, id)
		if err != nil {
			return err
		}
		for _, x := range sent {
			if _, err := deliveries.Delete(ctx, tx, v, types.String(id), types.String(x.ID)); err != nil {
				return err
			}
		}
		known, err := cursorsOf(ctx, tx, v, id)
		if err != nil {
			return err
		}
		for branch := range known {
			if _, err := cursors.Delete(ctx, tx, v, types.String(id), types.Int(int64(branch))); err != nil {
				return err
			}
		}
		_, err = hooks.Delete(ctx, tx, v, types.String(id))
		return err
	})
}

// Deliveries returns what was and will be sent to a webhook, newest first.
func (d *Dispatcher) Deliveries(ctx context.Context, db catalog.OID, id string) (out []Delivery, err error) {
	err = d.read(ctx, func(tx storage.Txn, _ storage.View) error {
		_, v, err := get(ctx, tx, db, id)
		if err != nil {
			return err
		}
		out, err = deliveriesOf(ctx, tx, v, id)
		return err
	})
	return out, err
}

// Replay sends a delivery once more, under the id that its receiver knows.
func (d *Dispatcher) Replay(ctx context.Context, db catalog.OID, id, delivery string) (out Delivery, err error) {
	err = d.change(ctx, func(tx storage.Txn, _ storage.View) error {
		_, v, err := get(ctx, tx, db, id)
		if err != nil {
			return err
		}
		out, err = replay(ctx, tx, v, id, delivery, d.o.Clock())
		return err
	})
	d.forget("")
	d.wake()
	return out, err
}

// change runs f in a transaction of its own.
func (d *Dispatcher) change(ctx context.Context, f func(tx storage.Txn, v storage.View) error) error {
	return d.within(ctx, false, f)
}

func (d *Dispatcher) read(ctx context.Context, f func(tx storage.Txn, v storage.View) error) error {
	return d.within(ctx, true, f)
}

func (d *Dispatcher) within(ctx context.Context, readOnly bool, f func(tx storage.Txn, v storage.View) error) error {
	tx, err := d.store.Begin(ctx, storage.TxnOptions{ReadOnly: readOnly, Info: storage.TxnInfo{Application: "webhooks"}})
	if err != nil {
		return err
	}
	tx.Statement()
	v, err := tx.GlobalView(ctx)
	if err == nil {
		err = f(tx, v)
	}
	if err != nil || readOnly {
		_ = tx.Rollback() // err says more
		return err
	}
	_, err = tx.Commit(ctx)
	return err
}

// now is short for the clock.
func (d *Dispatcher) now() time.Time { return d.o.Clock() }
