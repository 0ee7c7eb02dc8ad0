package mvcc

import (
	"fmt"
	"testing"
)

// What LockRows has read of a batch is there for the Update that follows, whatever the lengths of the batches: those that
// several readers of a scan bring are of any length.
func TestSeenRowsOfUnevenBatches(t *testing.T) {
	var s seenRows
	for n, size := range []int{1024, 700, 1024, 1, 1023, 900, 1024, 333} {
		s.room(size)
		for i := range size {
			s.add(1, fmt.Sprintf("%d-%d", n, i), committedRow{base: fmt.Appendf(nil, "%d", i)})
		}
		for i := range size {
			c, ok := s.find(1, fmt.Sprintf("%d-%d", n, i))
			if !ok || string(c.base) != fmt.Sprint(i) {
				t.Fatalf("batch %d: row %d is found: %v, with %q", n, i, ok, c.base)
			}
		}
	}
}
