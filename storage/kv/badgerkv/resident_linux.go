package badgerkv

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// mappedBytes is how much of the files that the process has mapped is in its memory.
func mappedBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident, shared int64
	if _, err := fmt.Sscan(string(b), &size, &resident, &shared); err != nil {
		return 0
	}
	return shared * int64(os.Getpagesize())
}

func openMaps() (io.ReadCloser, error) { return os.Open("/proc/self/maps") }

// madvPageout has pages reclaimed, whatever they are of; nothing of them is lost.
const madvPageout = 21

// release has the pages of a mapping reclaimed. It must be the advice that keeps what is in them: a table may have gone since
// the list of mappings was read, and its addresses be somebody else's memory.
func release(m mapping) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, madvPageout)
}
