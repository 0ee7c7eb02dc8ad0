package badgerkv

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Small commits share the disk and the processors with bulk writes, and with the compactions that follow these. None of
// them knows priorities: so those who can wait rest a while whenever a commit has taken longer than it should.

const (
	patience     = 20 * time.Millisecond // what a commit may take
	usually      = 3                     // where the disk is slow: this many times what commits take when nothing else goes on,
	mostPatience = 80 * time.Millisecond // but no more than this
	calm         = 80 * time.Millisecond // for how long a late commit has others rest,
	mostRest     = 80 * time.Millisecond // and for how long they rest at a time: they must come to an end, too
	bulkFor      = time.Second           // after something was written in bulk, commits are not what they usually are
	probe        = 5 * time.Millisecond  // what the watch sleeps,
	crowded      = 8 * time.Millisecond  // and how late it may wake before others rest: so late are all who come back from disk or network
)

// courtesy is what is known of how long commits take.
type courtesy struct {
	late  atomic.Int64 // when a commit was last late, in Unix nanoseconds
	bulk  atomic.Int64 // when something was last written in bulk
	usual atomic.Int64 // nanoseconds that a commit takes while nothing is: a moving average
	small atomic.Int64 // when a durable commit was last made, in Unix nanoseconds
}

// committed notes a durable commit.
func (c *courtesy) committed(began, now time.Time) {
	took := now.Sub(began)
	c.small.Store(now.UnixNano())
	if now.UnixNano()-c.bulk.Load() > int64(bulkFor) {
		u := c.usual.Load()
		c.usual.Store(u + (int64(took)-u)/16)
	} else if took > c.patience() {
		c.late.Store(now.UnixNano())
	}
}

func (c *courtesy) patience() time.Duration {
	return min(max(patience, usually*time.Duration(c.usual.Load())), mostPatience)
}

// watch finds out how late those wake who wait for something, while there are commits beside bulk writes. The commit itself, which
// is timed, is but a part of what its client waits for.
func (c *courtesy) watch(stopped <-chan struct{}) {
	for {
		began, wait := time.Now(), 20*probe
		if ago := began.UnixNano() - int64(bulkFor); c.bulk.Load() > ago && c.small.Load() > ago {
			wait = probe
		}
		select {
		case <-stopped:
			return
		case <-time.After(wait):
		}
		if now := time.Now(); wait == probe && now.Sub(began) > probe+crowded {
			c.late.Store(now.UnixNano())
		}
	}
}

// rest is called by bulk writes and compactions between two pieces of work, and waits while commits are late.
func (c *courtesy) rest() {
	began := time.Now()
	c.bulk.Store(began.UnixNano())
	for now := began; now.UnixNano()-c.late.Load() < int64(calm) && now.Sub(began) < mostRest; now = time.Now() {
		time.Sleep(5 * time.Millisecond)
	}
}

// polite is Badger's log, by which compactions rest: Badger logs each table that one of their goroutines has filled.
type polite struct {
	badger.Logger
	e *Engine
}

const tableFilled = "[%d] LOG Compact. Added"

func (p polite) Debugf(format string, args ...any) {
	p.Logger.Debugf(format, args...)
	if strings.HasPrefix(format, tableFilled) {
		processors.crowd()
		p.e.trim()
		p.e.courtesy.rest()
	}
}
