package numeric

import (
	"math/big"
	"math/bits"
)

// Sum adds up numerics: the state of sum and avg, and of the variances' two sums. While the coefficients are small it
// allocates nothing: it keeps a 128-bit total for one scale. The zero Sum is the empty sum.
type Sum struct {
	count    int64 // of all values added
	nan, inf int64 // how many were NaN or Infinity
	negInf   int64
	scale    int
	hi       int64
	lo       uint64
	big      *big.Int // what did not fit hi and lo, in the same scale
}

// Add adds a value.
func (s *Sum) Add(a string) { s.change(a, 1) }

// Remove takes back a value that was added, for moving window frames. The scale stays that of the longest value ever
// added, so a caller that removes values must make a new Sum when that matters.
func (s *Sum) Remove(a string) { s.change(a, -1) }

func (s *Sum) change(a string, by int64) {
	s.count += by
	if len(a) > 1 && a[0] <= maxSmallScale {
		v := unpackInt(a[1:])
		scale := int(a[0])
		if scale == s.scale || s.align(&v, scale) {
			s.addInt(v, by < 0)
			return
		}
	}
	s.addSlow(unpack(a), by)
}

// AddInt adds an integer.
func (s *Sum) AddInt(v int64) {
	s.count++
	if s.align(&v, 0) {
		s.addInt(v, false)
		return
	}
	s.addSlow(num{small: v}, 1)
}

// align brings v and the sum to one scale when that is cheap.
func (s *Sum) align(v *int64, scale int) bool {
	if scale == s.scale {
		return true
	}
	if scale < s.scale {
		up := s.scale - scale
		if up >= len(pow10) {
			return false
		}
		w, ok := mulInt(*v, pow10[up])
		*v = w
		return ok
	}
	s.raise(scale)
	return true
}

func (s *Sum) addInt(v int64, negate bool) {
	hi := v >> 63
	lo := uint64(v)
	if negate {
		var carry uint64
		lo, carry = bits.Add64(^lo, 1, 0)
		hi = ^hi + int64(carry)
	}
	// 2^63 additions of 64-bit values fit 127 bits: hi cannot overflow.
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi += hi + int64(carry)
}

// raise changes the sum's scale to a larger one.
func (s *Sum) raise(scale int) {
	up := scale - s.scale
	s.scale = scale
	if s.hi == 0 && s.lo == 0 && s.big == nil {
		return
	}
	t := s.total()
	s.setTotal(t.Mul(t, bigPow10(up)))
}

func (s *Sum) setTotal(t *big.Int) {
	s.hi, s.lo, s.big = 0, 0, nil
	if t.IsInt64() {
		s.addInt(t.Int64(), false)
		return
	}
	s.big = t
}

// total returns the finite total's coefficient; the caller owns it.
func (s *Sum) total() *big.Int {
	t := big.NewInt(s.hi)
	t.Lsh(t, 64)
	t.Add(t, new(big.Int).SetUint64(s.lo))
	if s.big != nil {
		t.Add(t, s.big)
	}
	return t
}

func (s *Sum) addSlow(n num, by int64) {
	switch n.tag {
	case tagNaN:
		s.nan += by
		return
	case tagInf:
		s.inf += by
		return
	case tagNegInf:
		s.negInf += by
		return
	}
	if n.scale > s.scale {
		s.raise(n.scale)
	}
	v := new(big.Int).Set(n.toScale(s.scale).asBig())
	if by < 0 {
		v.Neg(v)
	}
	if s.big != nil {
		v.Add(v, s.big)
	}
	s.big = v
}

// Merge adds the values of o.
func (s *Sum) Merge(o *Sum) {
	s.count += o.count
	s.nan, s.inf, s.negInf = s.nan+o.nan, s.inf+o.inf, s.negInf+o.negInf
	s.addSlow(fromBig(o.total(), o.scale), 1)
}

// Count returns how many values were added.
func (s *Sum) Count() int64 { return s.count }

func (s *Sum) num() num {
	switch {
	case s.nan > 0 || s.inf > 0 && s.negInf > 0:
		return num{tag: tagNaN}
	case s.inf > 0:
		return num{tag: tagInf}
	case s.negInf > 0:
		return num{tag: tagNegInf}
	}
	if s.big == nil && s.hi == int64(s.lo)>>63 {
		return num{scale: s.scale, small: int64(s.lo)}
	}
	return fromBig(s.total(), s.scale)
}

// Append appends the sum.
func (s *Sum) Append(dst []byte) ([]byte, error) { return appendChecked(dst, s.num()) }

// AppendAvg appends the sum divided by the count, which must not be 0.
func (s *Sum) AppendAvg(dst []byte) ([]byte, error) {
	x, n := s.num(), num{small: s.count}
	if x.tag != 0 {
		return appendNum(dst, x), nil
	}
	return appendChecked(dst, div(x, n, divScale(x, n)))
}

// Value returns the sum.
func (s *Sum) Value() (string, error) { return result(s.Append(nil)) }

// Avg returns the average; the sum must not be empty.
func (s *Sum) Avg() (string, error) { return result(s.AppendAvg(nil)) }

// Bytes returns the memory held beyond the struct.
func (s *Sum) Bytes() int64 {
	if s.big == nil {
		return 0
	}
	return int64(len(s.big.Bits()) * 8)
}
