package conformance

import "math/rand/v2"

// choices is where a generator takes its decisions from. It notes them, so that a statement can be made again from them, and
// made smaller by leaving some out: a decision that is no longer there is 0, the simplest.
type choices struct {
	rand   *rand.Rand
	taken  []uint32
	replay bool
	next   int
}

func newChoices(seed uint64) *choices {
	return &choices{rand: rand.New(rand.NewPCG(seed, 1))}
}

// n decides between 0 and n-1.
func (c *choices) n(n int) int {
	if c.replay {
		c.next++
		if c.next > len(c.taken) {
			return 0
		}
		return int(c.taken[c.next-1]) % n
	}
	v := c.rand.Uint32N(uint32(n))
	c.taken = append(c.taken, v)
	return int(v)
}

// oneIn is true once in n times, and not for the simplest decision.
func (c *choices) oneIn(n int) bool { return c.n(n) == n-1 }

func pick[T any](c *choices, of []T) T { return of[c.n(len(of))] }

// reduce looks for fewer and smaller decisions for which bad still holds.
func reduce(taken []uint32, tries int, bad func([]uint32) bool) []uint32 {
	for size := len(taken) / 2; size >= 1; {
		shrunk := false
		for at := 0; at+size <= len(taken) && tries > 0; {
			without := append(append([]uint32(nil), taken[:at]...), taken[at+size:]...)
			tries--
			if bad(without) {
				taken, shrunk = without, true
				continue
			}
			if zeroed := zero(taken, at, size); zeroed != nil {
				tries--
				if bad(zeroed) {
					taken, shrunk = zeroed, true
				}
			}
			at += size
		}
		if tries <= 0 {
			break
		}
		if !shrunk || size > 1 {
			size /= 2
		}
	}
	return taken
}

// zero returns the decisions with some of them the simplest, or nil when they are so already.
func zero(taken []uint32, at, size int) []uint32 {
	out := append([]uint32(nil), taken...)
	changed := false
	for i := at; i < at+size; i++ {
		changed = changed || out[i] != 0
		out[i] = 0
	}
	if !changed {
		return nil
	}
	return out
}
