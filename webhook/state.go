package webhook

import (
	"context"
	"maps"
	"slices"

	"github.com/rowandb/rowan/storage"
)

// state is what is remembered of a webhook between rounds, so that a round in which nothing has happened reads nothing.
type state struct {
	hook    Hook
	known   map[uint64]cursor
	pending []Delivery // oldest first
	done    int        // deliveries that are not pending

	failures int      // attempts in a row
	again    []string // deliveries that wait since before the receiver has come back
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
			if queue[i].Attempts > 0 {
				s.failures++
			}
		} else {
			s.done++
		}
	}
	return s, err
}
