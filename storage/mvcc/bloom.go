package mvcc

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// bloom is a set of keys that may claim to have one that it has not, rarely, and never denies one that it has. It grows:
// each filter of the list has twice the room of the one before.
type bloom struct {
	filters [][]uint64 // bits
	room    int        // for keys in the last one
}

const (
	bloomFirst  = 1 << 14 // keys in the first filter
	bloomWords  = 3       // of 64 bits for 16 keys
	bloomProbes = 5
)

func (b *bloom) add(key []byte) {
	if b.room == 0 {
		n := bloomFirst << len(b.filters)
		b.filters = append(b.filters, make([]uint64, n/16*bloomWords))
		b.room = n
	}
	b.room--
	f := b.filters[len(b.filters)-1]
	h := xxhash.Sum64(key)
	for range bloomProbes {
		i, bit := bloomProbe(h, len(f))
		f[i] |= bit
		h = bits.RotateLeft64(h*0x9e3779b97f4a7c15, 31)
	}
}

func (b *bloom) has(key []byte) bool {
	first := xxhash.Sum64(key)
filters:
	for _, f := range b.filters {
		h := first
		for range bloomProbes {
			if i, bit := bloomProbe(h, len(f)); f[i]&bit == 0 {
				continue filters
			}
			h = bits.RotateLeft64(h*0x9e3779b97f4a7c15, 31)
		}
		return true
	}
	return false
}

// bloomProbe picks a bit of a filter of n words.
func bloomProbe(h uint64, n int) (word int, bit uint64) {
	hi, lo := bits.Mul64(h, uint64(n))
	return int(hi), 1 << (lo >> 58)
}
