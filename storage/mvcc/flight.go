package mvcc

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// maxFlights is how many flights a transaction has under way before it waits: one is being applied while the next is
// built, and a third is filled.
const maxFlights = 2

// flight is a part of a transaction's writes on its way into the store. A goroutine of its own writes it ahead while the
// transaction goes on. Its trees do not change any more; until it has landed they answer for their keys, since the store
// may have them or not.
type flight struct {
	parts  []flightPart
	chunks []chunk
	claims []*claimList // of its rows
	err    error
	done   chan struct{}
	quit   atomic.Bool // the transaction rolls back: what is not written yet need not be
}

type flightPart struct {
	w     *writes
	tree  *btree.BTreeG[*write]
	since uint64 // it has no write before this one
	top   []byte // its greatest key
}

// launch sends all that the transaction holds on its way. It waits while too much is under way already.
func (t *Txn) launch(ctx context.Context) error {
	for len(t.flights) >= maxFlights {
		if err := t.land(ctx); err != nil {
			return err
		}
	}
	if err := t.becomeLarge(ctx); err != nil {
		return err
	}
	fl := &flight{done: make(chan struct{})}
	for _, w := range t.order {
		if w.Keyspace != catalogSpace && w.tree.Len() > 0 {
			fl.parts = append(fl.parts, w.depart())
		}
	}
	fl.claims = t.claimsOf(fl.parts)
	t.bytes, t.undo = 0, nil
	for _, w := range t.order {
		t.bytes += int64(w.tree.Len()) * (writeOverhead + 64)
	}
	var before *flight
	if n := len(t.flights); n > 0 {
		before = t.flights[n-1]
	}
	t.flights = append(t.flights, fl)
	f := newSpiller(t)
	go fl.run(f, before)
	return nil
}

// claimsOf takes the claims of rows in a flight out of those of the transaction. The last row of a list is written last; those of a batch that
// is about to be written stay.
func (t *Txn) claimsOf(parts []flightPart) (list []*claimList) {
	probe := &write{}
	t.claims = slices.DeleteFunc(t.claims, func(l *claimList) bool {
		probe.key = l.last()
		away := slices.ContainsFunc(parts, func(p flightPart) bool {
			_, ok := p.tree.Get(probe)
			return ok && p.w.Space == l.Space
		})
		if away {
			list = append(list, l)
		}
		return away
	})
	return list
}

// run writes the flight ahead, after the one before it.
func (fl *flight) run(f *spiller, before *flight) {
	defer close(fl.done)
	if before != nil {
		if <-before.done; before.err != nil {
			fl.err = before.err
			return
		}
	}
	f.quit = &fl.quit
	ctx := context.Background() // whatever becomes of the statement: the transaction may go on
	for _, l := range f.levels(fl.parts) {
		if fl.err = f.addAll(ctx, fl.parts, l); fl.err != nil {
			return
		}
	}
	fl.chunks = f.chunks
}

// land waits for the oldest flight and takes its trees out of memory. An error of the flight ends the transaction.
func (t *Txn) land(ctx context.Context) error {
	fl := t.flights[0]
	select {
	case <-fl.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if fl.err != nil {
		if t.err == nil {
			t.err = fl.err
		}
		return fl.err
	}
	t.flights = t.flights[1:]
	t.unclaim(fl.claims)
	t.unlock(fl.parts)
	for _, p := range fl.parts {
		p.w.away = p.w.away[1:]
	}
	t.addChunks(fl.chunks)
	return nil
}

// settleFlights waits until nothing is under way.
func (t *Txn) settleFlights() error {
	for len(t.flights) > 0 {
		if err := t.land(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

// abandonFlights waits likewise, when the transaction rolls back and errors do not count.
func (t *Txn) abandonFlights() {
	for _, fl := range t.flights {
		fl.quit.Store(true)
	}
	for _, fl := range t.flights {
		<-fl.done
		t.unclaim(fl.claims)
	}
	t.flights = nil
}

// depart takes the writes out of w, which answers for them from away until they have landed.
func (w *writes) depart() flightPart {
	last, _ := w.tree.Max()
	p := flightPart{w: w, tree: w.tree, since: w.since, top: last.key}
	w.leaving(w.tree)
	w.away = append(w.away, p)
	w.tree, w.hint = newTree(), btree.PathHint{}
	return p
}

// leaving notes what is known from now on by the store alone.
func (w *writes) leaving(tree *btree.BTreeG[*write]) {
	w.flushed = true
	if last, ok := tree.Max(); ok && bytes.Compare(last.key, w.top) > 0 {
		w.top = bytes.Clone(last.key)
	}
	if w.ahead != nil {
		tree.Scan(func(x *write) bool {
			w.ahead.add(x.key)
			return true
		})
	}
}

// underway returns the write of key that is on its way into the store.
func (w *writes) underway(key []byte) *write {
	for i := range w.away {
		if p := &w.away[i]; bytes.Compare(key, p.top) <= 0 {
			w.probe.key = key
			if x, ok := p.tree.Get(&w.probe); ok {
				return x
			}
		}
	}
	return nil
}

// newest returns the newest write of key, for who is about to write it again: nil where the store has it, or nobody.
func (t *Txn) newest(w *writes, key []byte) (*write, error) {
	if x := w.find(key); x != nil {
		return x, nil
	}
	if w.underway(key) != nil {
		return nil, t.settleFlights()
	}
	return nil, nil
}

// remember begins to keep in mind which keys are written ahead, for who has to ask about each new key.
func (w *writes) remember() {
	if w.ahead == nil && !w.flushed {
		w.ahead = &bloom{}
	}
}

// mayBeAhead reports whether the transaction may have written the key ahead; false is certain.
func (w *writes) mayBeAhead(key []byte) bool {
	return w.flushed && bytes.Compare(key, w.top) <= 0 && (w.ahead == nil || w.ahead.has(key))
}
