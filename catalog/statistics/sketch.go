package statistics

import (
	"math"
	"math/bits"
)

const (
	sketchBits = 12
	sketchSize = 1 << sketchBits
)

// sketch counts distinct values by their hashes: HyperLogLog with 4,096 registers, which errs by 1.6 percent, and with
// linear counting where few registers are in use.
type sketch struct{ regs [sketchSize]uint8 }

// add takes in a hash, all bits of which must be random.
func (s *sketch) add(h uint64) {
	i := h >> (64 - sketchBits)
	r := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))) + 1
	if r > s.regs[i] {
		s.regs[i] = r
	}
}

func (s *sketch) count() float64 {
	sum, zeros := 0.0, 0
	for _, r := range s.regs {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zeros++
		}
	}
	n := 0.7213 / (1 + 1.079/sketchSize) * sketchSize * sketchSize / sum
	if n <= 2.5*sketchSize && zeros > 0 {
		return sketchSize * math.Log(sketchSize/float64(zeros))
	}
	return n
}

// mix spreads a hash whose bits may be regular over all 64.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
