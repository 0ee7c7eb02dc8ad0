package server

import (
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
)

// Memory is how much memory the server may take: one of the names, or a size such as 512MB or 2GB.
type Memory string

// The names.
const (
	MemorySmall  Memory = "small"  // 128 MB: laptops, CI, many servers on one machine
	MemoryNormal Memory = "normal" // a quarter of the machine's, 800 MB at most
	MemoryLarge  Memory = "large"  // half of the machine's: one of its own
)

const (
	smallMemory  = 128 << 20
	normalMemory = 800 << 20
	leastMemory  = 64 << 20
)

var sizePattern = regexp.MustCompile(`^([0-9]+)\s*([kmgt]?)i?b?$`)

// bytes returns the size; false: it is none, or too small to work with.
func (m Memory) bytes() (int64, bool) {
	switch m {
	case MemorySmall:
		return smallMemory, true
	case MemoryNormal:
		return max(min(machineMemory()/4, normalMemory), smallMemory), true
	case MemoryLarge:
		return max(machineMemory()/2, normalMemory), true
	}
	p := sizePattern.FindStringSubmatch(strings.ToLower(string(m)))
	if p == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(p[1], 10, 64)
	shift := 10 * (1 + strings.Index("kmgt", p[2]))
	if p[2] == "" {
		shift = 0
	}
	if err != nil || n > 1<<62>>shift || n<<shift < leastMemory {
		return 0, false
	}
	return n << shift, true
}

func validMemory(m Memory) bool {
	_, ok := m.bytes()
	return ok
}

// machineMemory is the memory of the machine, or of the control group that the process runs in; 4 GB where nobody tells.
func machineMemory() int64 {
	total := int64(4 << 30)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		if f := strings.Fields(string(b)); len(f) > 1 && f[0] == "MemTotal:" {
			if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				total = kb << 10
			}
		}
	}
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
			total = min(total, n)
		}
	}
	return total
}

// Limit makes the garbage collector keep to what is left beside the mapped files, a fifth. In the middle of a bulk write, with all caches
// full, about three quarters of that are in use: the collector needs the rest, or it would run all the time. It is for a process that is
// nothing but a server; who has set GOMEMLIMIT knows better.
func (m Memory) Limit() {
	if n, ok := m.bytes(); ok && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(n / 5 * 4)
	}
}

// spillShare is how much of the budget a transaction may hold before it writes ahead.
func spillShare(budget int64) int64 { return min(max(budget/64, 2<<20), 32<<20) }
