package webhook

import (
	"context"
	"net/http"
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
	ended   []attempted       // that the states do not know of yet; until then they count as on their way
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
		o.Batch = maxPending
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

// round queues what has happened, and sends what is due.
func (d *Dispatcher) round(ctx context.Context) error {
	list, err := d.load(ctx)
	if err != nil {
		return err
	}
	d.settle()
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
		noted := d.attempt(ctx, &h, &x)
		d.mu.Lock()
		if !noted {
			d.forgetLocked(h.ID)
		}
		d.ended = append(d.ended, attempted{x, noted})
		d.mu.Unlock()
		d.wake()
	})
}
