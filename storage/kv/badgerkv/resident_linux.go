package badgerkv

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
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

// pageOut has a mapping written to its file, or to where memory is swapped, and dropped from memory. Linux before 5.4 does not
// know how, and leaves it there.
func pageOut(m mapping) { advise(m, unix.MADV_PAGEOUT) }

// release drops the pages of a mapping of a file, which keeps what is in them. Of other memory they would be lost.
func release(m mapping) { advise(m, unix.MADV_DONTNEED) }

func advise(m mapping, what uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, what)
}
