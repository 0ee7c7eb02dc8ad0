package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// deliveries is the queue and the log of what was sent. Ids ascend with time.
var deliveries = systable.New(11, "webhook_deliveries", 2,
	systable.Column{Name: "webhook", Type: types.OIDText},
	systable.Column{Name: "id", Type: types.OIDText},
	systable.Column{Name: "event", Type: types.OIDText},
	systable.Column{Name: "payload", Type: types.OIDText},
	systable.Column{Name: "created_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "state", Type: types.OIDText},
	systable.Column{Name: "attempts", Type: types.OIDInt8},
	systable.Column{Name: "next_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "status", Type: types.OIDInt8},
	systable.Column{Name: "error", Type: types.OIDText},
	systable.Column{Name: "delivered_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "message", Type: types.OIDText},
)

// The states of a delivery.
const (
	Pending   = "pending"
	Delivered = "delivered"
	Failed    = "failed" // given up
)

// Delivery is one message to one webhook.
type Delivery struct {
	Hook      string
	ID        string
	Message   string // the webhook-id that receivers see: that of the first delivery, when this is a replay of it
	Event     string
	Payload   string
	Created   time.Time
	State     string
	Attempts  int
	Next      time.Time // of pending ones
	Status    int       // of the last answer; 0: there was none
	Error     string
	Delivered time.Time

	branch string // id; known of pending ones
}

// sequence makes ids of one instant differ, and ascend.
var sequence atomic.Int64

// deliveryID makes an id that is greater than all before it.
func deliveryID(now time.Time) string {
	for {
		last := sequence.Load()
		next := max(last+1, now.UnixMicro())
		if sequence.CompareAndSwap(last, next) {
			return fmt.Sprintf("msg_%016x", next)
		}
	}
}

func newDelivery(hook string, e *event, now time.Time) (Delivery, error) {
	payload, err := e.payload()
	id := deliveryID(now)
	d := Delivery{Hook: hook, ID: id, Message: id, Event: e.Event, Payload: payload, Created: now, State: Pending, Next: now}
	d.branch, _ = e.Data["branch_id"].(string)
	return d, err
}

// findBranch reads which branch the message is about.
func (d *Delivery) findBranch() {
	var e event
	if json.Unmarshal([]byte(d.Payload), &e) == nil { // it has been made by newDelivery
		d.branch, _ = e.Data["branch_id"].(string)
	}
}

func (d *Delivery) row() systable.Row {
	return systable.Row{types.String(d.Hook), types.String(d.ID), types.String(d.Event), types.String(d.Payload), systable.Time(d.Created), types.String(d.State),
		types.Int(int64(d.Attempts)), systable.Time(d.Next), types.Int(int64(d.Status)), types.String(d.Error), systable.Time(d.Delivered), types.String(d.Message)}
}

func deliveryOf(r systable.Row) Delivery {
	return Delivery{Hook: r[0].S, ID: r[1].S, Event: r[2].S, Payload: r[3].S, Created: systable.TimeOf(r[4]), State: r[5].S, Attempts: int(r[6].I), Next: systable.TimeOf(r[7]),
		Status: int(r[8].I), Error: r[9].S, Delivered: systable.TimeOf(r[10]), Message: r[11].S}
}

// deliveriesOf returns a webhook's, newest first.
func deliveriesOf(ctx context.Context, tx storage.Txn, v storage.View, hook string) ([]Delivery, error) {
	rows, err := deliveries.All(ctx, tx, v, types.String(hook))
	out := make([]Delivery, len(rows))
	for i, r := range rows {
		out[i] = deliveryOf(r)
	}
	slices.Reverse(out)
	return out, err
}

func (d *Delivery) put(ctx context.Context, tx storage.Txn, v storage.View) error {
	return deliveries.Put(ctx, tx, v, d.row()...)
}

// Limits of what is kept of a webhook.
const (
	maxPending = 1000 // more stay in the log of the branches until there is room
	maxKept    = 1000 // delivered and failed ones
)

// prune forgets the oldest deliveries that are done.
func prune(ctx context.Context, tx storage.Txn, v storage.View, hook string) error {
	newestFirst, err := deliveriesOf(ctx, tx, v, hook)
	if err != nil {
		return err
	}
	kept := 0
	for _, d := range newestFirst {
		if d.State == Pending {
			continue
		}
		if kept++; kept <= maxKept {
			continue
		}
		if _, err := deliveries.Delete(ctx, tx, v, types.String(d.Hook), types.String(d.ID)); err != nil {
			return err
		}
	}
	return nil
}

// replay queues a delivery again.
func replay(ctx context.Context, tx storage.Txn, v storage.View, hook, id string, now time.Time) (Delivery, error) {
	r, err := deliveries.Get(ctx, tx, v, types.String(hook), types.String(id))
	if err != nil {
		return Delivery{}, err
	}
	if r == nil {
		return Delivery{}, pgerr.New(pgerrcode.UndefinedObject, "delivery %q does not exist", id)
	}
	old := deliveryOf(r)
	d := Delivery{Hook: hook, ID: deliveryID(now), Message: old.Message, Event: old.Event, Payload: old.Payload, Created: now, State: Pending, Next: now}
	return d, d.put(ctx, tx, v)
}
