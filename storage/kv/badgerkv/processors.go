package badgerkv

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// Go runs as many goroutines at a time as there are processors, each for 10 ms if it likes, and looks at the network when
// none is waiting to run. A bulk write and its compactions are a dozen that always are: who comes back from the disk or has
// a new statement stands in their queue several times. The system's scheduler does better by them, so that it is given more
// threads to choose from while the crowd lasts.

const (
	crowdFactor = 4           // threads for each processor
	crowdLasts  = time.Second // after it was last seen
)

// processors is the process's number of threads that run Go code.
var processors threads

type threads struct {
	mu    sync.Mutex
	until time.Time
	usual int // 0: nothing was changed
	timer *time.Timer
}

// crowd is called now and then by those who use as many processors as there are. Who has set GOMAXPROCS keeps it.
func (t *threads) crowd() {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = now.Add(crowdLasts)
	if t.usual != 0 || os.Getenv("GOMAXPROCS") != "" {
		return
	}
	t.usual = runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(crowdFactor * t.usual)
	t.timer = time.AfterFunc(crowdLasts, t.settle)
}

// settle ends it when the crowd has gone.
func (t *threads) settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if left := time.Until(t.until); left > 0 {
		t.timer.Reset(left)
		return
	}
	t.usual = 0
	runtime.SetDefaultGOMAXPROCS()
}
