package badgerkv

import (
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Below level 0 one compaction goes on at a time. As long as it does, no table can be picked that shares one of the next level with it: where
// rows are loaded in order those are all that are old, and a second compaction would take what is left, the table across a gap
// that is to stay where it is (docs/decisions/0034-epochs.md). Badger picks tables between Start and SetAttributes of its trace.

// turns is taken by who picks; by level 0 it is given back at once.
var turns = make(chan struct{}, 1)

// longestWait is for level 0, which must not wait for long: which level it will be is not known before.
const longestWait = 2 * time.Second

func (s *compactionSpan) await() {
	select {
	case turns <- struct{}{}:
		s.has = true
		return
	default:
	}
	select {
	case turns <- struct{}{}:
		s.has = true
	case <-time.After(longestWait):
	}
}

// picked is told what was picked.
func (s *compactionSpan) picked(c compaction) {
	if c.level == 0 {
		s.pass()
	}
}

func (s *compactionSpan) pass() {
	if s.has {
		s.has = false
		passTurn()
	}
}

// passTurn gives the turn to whoever waits, if it is not free; a compaction that stands still for ever does so, too.
func passTurn() {
	select {
	case <-turns:
	default:
	}
}

// End implements trace.Span.
func (s *compactionSpan) End(...trace.SpanEndOption) { s.pass() }
