package webhook

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/storage"
)

// attempted is a delivery after an attempt.
type attempted struct {
	Delivery
	noted bool // in the store
}

// attempt tries a delivery once and notes what came of it, in x and, if it reports so, in the store.
func (d *Dispatcher) attempt(ctx context.Context, h *Hook, x *Delivery) (noted bool) {
	status, failure := send(ctx, d.client, h, x, d.now())
	if ctx.Err() != nil {
		return false // the server ends: the attempt does not count
	}
	x.Attempts++
	x.Status, x.Error, x.Next = status, "", time.Time{}
	switch now := d.now(); {
	case failure == nil:
		x.State, x.Delivered = Delivered, now
	case x.Attempts > len(d.o.Backoff) || status == http.StatusGone:
		x.State, x.Error = Failed, failure.Error()
	default:
		wait := d.o.Backoff[x.Attempts-1]
		x.Error, x.Next = failure.Error(), now.Add(wait+rand.N(wait/10+1))
	}
	err := d.change(ctx, func(tx storage.Txn, v storage.View) error {
		if _, _, err := get(ctx, tx, h.Database, h.ID); err != nil {
			return nil // the webhook has gone meanwhile
		}
		return x.put(ctx, tx, v)
	})
	if err != nil && ctx.Err() == nil {
		d.o.Log.Error("webhooks: noting a delivery failed", zap.String("delivery", x.ID), zap.Error(err))
	}
	return err == nil
}
