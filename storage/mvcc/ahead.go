package mvcc

import "context"

// ahead decodes batches in a goroutine of its own while the consumer works on the last one. Two batches go around, or one that
// is read before the consumer asks for it.
type ahead struct {
	out  chan aheadBatch
	free chan *scanBatch
	stop chan struct{}
	done chan struct{}
	last *scanBatch
	err  error
}

type aheadBatch struct {
	b   *scanBatch
	err error
}

// mayReadAhead reports whether enough is to come, and can be read beside the transaction: index scans look at its
// writes, which it may be adding to.
func (s *scanner) mayReadAhead() bool {
	return s.limit == 0 && s.ix == nil && s.keys == nil && !s.point && s.sample == nil
}

// readAhead is called after each full batch, and lets others read on once the scan has turned out to be a long one.
func (s *scanner) readAhead() {
	s.full++
	if s.full < fleetBehind-1 || !s.mayReadAhead() || s.src == nil {
		return
	}
	if s.full == fleetBehind-1 {
		s.mark = append(s.mark[:0], s.src.row().key...)
		return
	}
	if !s.startFleet() {
		s.startAhead(newScanBatch(s.shape), s.batch)
	}
}

// startAhead begins to read ahead, into a batch and the one that the consumer has, if any.
func (s *scanner) startAhead(b, last *scanBatch) {
	a := &ahead{out: make(chan aheadBatch, 1), free: make(chan *scanBatch, 2), stop: make(chan struct{}), done: make(chan struct{})}
	a.free <- b
	a.last = last
	s.ahead = a
	go s.runAhead(a)
}

func (s *scanner) runAhead(a *ahead) {
	defer close(a.done)
	defer close(a.out)
	for {
		var b *scanBatch
		select {
		case <-a.stop:
			return
		case b = <-a.free:
		}
		ok, err := s.fill(b)
		if err == nil && !ok {
			return
		}
		select {
		case <-a.stop:
			return
		case a.out <- aheadBatch{b, err}:
		}
		if err != nil {
			return
		}
	}
}

func (a *ahead) next(ctx context.Context) (*scanBatch, error) {
	if a.last != nil {
		a.free <- a.last
		a.last = nil
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case x, ok := <-a.out:
		if !ok {
			return nil, nil
		}
		if x.err != nil {
			return nil, storeError(x.err)
		}
		a.last = x.b
		return x.b, nil
	}
}

func (a *ahead) close() {
	close(a.stop)
	<-a.done
}
