package kernel

import "unsafe"

// arena keeps strings in chunks, so that a million small values are not a million allocations. Strings never move.
type arena struct {
	chunk []byte
	total int64
}

const chunkSize = 64 << 10

// keep returns s with memory of the arena's.
func (a *arena) keep(s string) string {
	if s == "" {
		return ""
	}
	if len(a.chunk)+len(s) > cap(a.chunk) {
		size := min(max(2*cap(a.chunk), 256), chunkSize)
		a.chunk = make([]byte, 0, max(size, len(s)))
		a.total += int64(cap(a.chunk))
	}
	n := len(a.chunk)
	a.chunk = append(a.chunk, s...)
	return unsafe.String(&a.chunk[n], len(s))
}

// lists collects values by group, in the order in which they come.
type lists struct {
	arena arena
	group [][]datum
	slots int64
}

func (l *lists) extend(n int) { l.group = extend(l.group, n) }

func (l *lists) add(g uint32, d datum) {
	d.S = l.arena.keep(d.S)
	before := cap(l.group[g])
	l.group[g] = append(l.group[g], d)
	l.slots += int64(cap(l.group[g]) - before)
}

func (l *lists) bytes() int64 { return l.arena.total + 32*l.slots + int64(24*cap(l.group)) }
