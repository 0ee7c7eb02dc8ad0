package webhook

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/rowandb/rowan/storage"
)

// Options are what a Dispatcher can be told.
type Options struct {
	Private bool // addresses of private networks, and plain http, are allowed
	// Backoff is how long to wait after each attempt that failed; after the last the delivery is given up.
	Backoff []time.Duration
	Poll    time.Duration // how often the branches are looked at
	Batch   int           // how many transactions of a branch are read at a time
	Clock   func() time.Time
	Log     *zap.Logger
	// Matches says whether a pattern of a webhook holds a branch's name.
	Matches func(pattern, name string) bool
}

// DefaultBackoff is the schedule that Standard Webhooks recommends: a little more than three days.
var DefaultBackoff = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// Dispatcher finds events and sends them. Its methods may be called by many goroutines.
type Dispatcher struct {
	store  storage.Store
	o      Options
	client *http.Client
	woken  chan struct{}
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	sending map[string]bool // deliveries on their way, by id
	perHook map[string]int
	states  map[string]*state // by webhook; nil: all are to be read
	// generation counts what makes states old.
	generation int
	count      int // of webhooks, when they were read last; only the goroutine that runs knows it
}

// Sends at a time, in all and to one webhook.
const (
	maxSends     = 16
	maxHookSends = 4
)

// Start makes a Dispatcher and sets it going. While there are no webhooks it does not touch the store.
func Start(store storage.Store, o Options) *Dispatcher {
	if o.Backoff == nil {
		o.Backoff = DefaultBackoff
	}
	if o.Poll == 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Batch == 0 {
		o.Batch = 10_000
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &Dispatcher{store: store, o: o, client: client(o.Private), woken: make(chan struct{}, 1), stop: stop, sending: map[string]bool{}, perHook: map[string]int{}}
	if _, err := d.load(ctx); err != nil {
		o.Log.Error("webhooks: reading them failed", zap.Error(err)) // the first round tries again
	}
	d.done.Go(func() { d.run(ctx) })
	return d
}

// Close ends it: attempts under way are broken off, and made again after the next start.
func (d *Dispatcher) Close() {
	d.stop()
	d.done.Wait()
	d.client.CloseIdleConnections()
}

func (d *Dispatcher) wake() {
	select {
	case d.woken <- struct{}{}:
	default: // it is to wake already
	}
}

func (d *Dispatcher) run(ctx context.Context) {
	tick := time.NewTicker(d.o.Poll)
	defer tick.Stop()
	for {
		if err := d.round(ctx); err != nil && ctx.Err() == nil {
			d.o.Log.Error("webhooks: looking for events failed", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.woken:
		}
	}
}

// state is what is remembered of a webhook between rounds, so that a round in which nothing has happened reads nothing.
type state struct {
	hook    Hook
	known   map[uint64]cursor
	pending []Delivery // oldest first
	done    int        // deliveries that are not pending
}

// forget makes the next round read a webhook anew; "" is all of them.
func (d *Dispatcher) forget(hook string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetLocked(hook)
}

func (d *Dispatcher) forgetLocked(hook string) {
	d.generation++
	if hook == "" {
		d.states = nil
	} else {
		delete(d.states, hook)
	}
}

// round queues what has happened, and sends what is due.
func (d *Dispatcher) round(ctx context.Context) error {
	list, err := d.load(ctx)
	if err != nil {
		return err
	}
	for _, s := range list {
		if !s.hook.Active {
			continue
		}
		if err := d.serve(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// load returns the states of all webhooks, reading what is not remembered.
func (d *Dispatcher) load(ctx context.Context) (out []*state, err error) {
	d.mu.Lock()
	known, fresh, generation := maps.Clone(d.states), d.states == nil, d.generation
	d.mu.Unlock()
	if !fresh && len(known) == d.count {
		return slices.Collect(maps.Values(known)), nil
	}
	err = d.read(ctx, func(tx storage.Txn, v storage.View) error {
		list, err := all(ctx, tx, 0)
		d.count = len(list)
		for i := range list {
			s := known[list[i].ID]
			if s == nil && err == nil {
				s, err = loadState(ctx, tx, v, list[i])
			}
			out = append(out, s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation != generation { // what was read may be old already
		d.wake()
		return nil, nil
	}
	if d.states == nil {
		d.states = map[string]*state{}
	}
	for _, s := range out {
		d.states[s.hook.ID] = s
	}
	return out, nil
}

func loadState(ctx context.Context, tx storage.Txn, v storage.View, h Hook) (*state, error) {
	s := &state{hook: h}
	var err error
	if s.known, err = cursorsOf(ctx, tx, v, h.ID); err != nil {
		return nil, err
	}
	queue, err := deliveriesOf(ctx, tx, v, h.ID)
	for i := len(queue) - 1; i >= 0; i-- {
		if queue[i].State == Pending {
			queue[i].findBranch()
			s.pending = append(s.pending, queue[i])
		} else {
			s.done++
		}
	}
	return s, err
}

// serve is a round for one webhook.
func (d *Dispatcher) serve(ctx context.Context, s *state) error {
	if len(s.pending) < maxPending {
		if err := d.enqueue(ctx, s); err != nil {
			return err
		}
	}
	now := d.now()
	busy := map[string]bool{} // branches: messages of one go one after another
	for _, x := range s.pending {
		if x.Next.After(now) || busy[x.branch] {
			continue
		}
		busy[x.branch] = true
		d.dispatch(ctx, s, x)
	}
	return nil
}

// enqueue makes deliveries of what lies beyond the webhook's cursors and moves those on, in one transaction.
func (d *Dispatcher) enqueue(ctx context.Context, s *state) error {
	upTo, _ := d.store.Now()
	list, err := d.store.Branches().List(ctx, s.hook.Database, true)
	if err != nil || !behind(list, s.known) && s.done <= maxKept+maxKept/10 {
		return err
	}
	var fresh []Delivery
	moved := map[uint64]cursor{}
	err = d.change(ctx, func(tx storage.Txn, v storage.View) error {
		if s.done > maxKept {
			if err := prune(ctx, tx, v, s.hook.ID); err != nil {
				return err
			}
		}
		of, err := d.store.Begin(ctx, storage.TxnOptions{ReadOnly: true, Database: s.hook.Database})
		if err != nil {
			return err
		}
		defer func() { _ = of.Rollback() }() // it has only read
		of.Statement()
		f := finder{store: d.store, tx: of, db: s.hook.Database, upTo: upTo, batch: d.o.Batch}
		for i := range list {
			if len(s.pending)+len(fresh) >= maxPending { // the others have their turn when these have been sent
				break
			}
			c, known := s.known[list[i].ID]
			events, next, err := f.of(ctx, &list[i], c, known)
			if err != nil {
				return err
			}
			if known && next == c {
				continue
			}
			if err := next.put(ctx, tx, v, s.hook.ID); err != nil {
				return err
			}
			moved[next.branch] = next
			queued, err := d.queue(ctx, tx, v, &s.hook, events)
			if err != nil {
				return err
			}
			fresh = append(fresh, queued...)
		}
		return nil
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
		if c, ok := known[b.ID]; !ok || b.Protected != c.protected || b.Deleted.IsZero() && b.Head > c.scn || !b.Deleted.IsZero() && !c.deleted {
			return true
		}
	}
	return false
}

// dispatch tries a delivery in a goroutine of its own, if there is room.
func (d *Dispatcher) dispatch(ctx context.Context, s *state, x Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := s.hook
	if d.states[h.ID] != s || d.sending[x.ID] || len(d.sending) >= maxSends || d.perHook[h.ID] >= maxHookSends {
		return
	}
	d.sending[x.ID] = true
	d.perHook[h.ID]++
	d.done.Go(func() {
		d.attempt(ctx, &h, x)
		d.mu.Lock()
		d.forgetLocked(h.ID)
		delete(d.sending, x.ID)
		if d.perHook[h.ID]--; d.perHook[h.ID] == 0 {
			delete(d.perHook, h.ID)
		}
		d.mu.Unlock()
		d.wake()
	})
}

// attempt tries a delivery once and notes what came of it.
func (d *Dispatcher) attempt(ctx context.Context, h *Hook, x Delivery) {
	status, failure := send(ctx, d.client, h, &x, d.now())
	if ctx.Err() != nil {
		return // the server ends: the attempt does not count
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
}
