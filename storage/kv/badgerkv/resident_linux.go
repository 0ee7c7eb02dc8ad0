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

// release drops the pages of a mapping of a file, which keeps what is in them. Of other memory they would be lost.
func release(m mapping) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
}
