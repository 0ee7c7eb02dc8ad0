package badgerkv

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

func memoryLog(dir string, n int) string { return filepath.Join(dir, fmt.Sprintf("%05d.mem", n)) }

// memoryLogs returns the numbers of the logs of memtables, in order.
func memoryLogs(dir string) (numbers []int, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }() // it was read only
	names, err := d.Readdirnames(-1)
	for _, name := range names {
		if !strings.HasSuffix(name, ".mem") {
			continue
		}
		var n int
		if _, err := fmt.Sscanf(name, "%d.mem", &n); err == nil && name == filepath.Base(memoryLog(dir, n)) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, err
}

// memLogs knows which logs of memtables there are in an open store. Badger says nothing about them, and a number tells nothing about the next one:
// many logs may come and go between two looks.
type memLogs struct {
	dir string

	mu      sync.Mutex
	numbers []int
	changed time.Time // when the directory was, at the last look
	settled bool      // it has not been since then
}

// tick is within what time two changes of a directory may bear the same one.
const tick = 100 * time.Millisecond

// list returns their numbers, in order; the last one is written to. It is not to be changed.
func (m *memLogs) list() ([]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	st, err := os.Stat(m.dir)
	if err != nil {
		return nil, err
	}
	if m.settled && st.ModTime().Equal(m.changed) {
		return m.numbers, nil
	}
	m.numbers, err = memoryLogs(m.dir)
	m.changed, m.settled = st.ModTime(), err == nil && now.Sub(st.ModTime()) > tick
	return m.numbers, err
}
