package datetime

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// Interval is a span of months, days and microseconds, three things that do not convert into each other exactly.
type Interval struct {
	Micros int64
	Days   int32
	Months int32
}

// IntervalLen is the length of a packed interval.
const IntervalLen = 16

// Unpack reads a packed interval: microseconds, days and months, big-endian, which is also the binary format. Text of
// another length gives the zero interval.
func Unpack(s string) Interval {
	if len(s) != IntervalLen {
		return Interval{}
	}
	return Interval{
		Micros: int64(be64(s)),
		Days:   int32(be32(s[8:])),
		Months: int32(be32(s[12:])),
	}
}

func be32(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

func be64(s string) uint64 { return uint64(be32(s))<<32 | uint64(be32(s[4:])) }

// Append appends the interval packed.
func (v Interval) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(v.Micros))
	dst = binary.BigEndian.AppendUint32(dst, uint32(v.Days))
	return binary.BigEndian.AppendUint32(dst, uint32(v.Months))
}

// Pack returns the interval packed.
func (v Interval) Pack() string {
	var buf [IntervalLen]byte
	return string(v.Append(buf[:0]))
}

// span is the interval's length with months of 30 days and days of 24 hours, in 128 bits: what comparisons use.
func (v Interval) span() (hi int64, lo uint64) {
	days := int64(v.Months)*30 + int64(v.Days)
	hi, lo = mul128(days, Day)
	var carry uint64
	lo, carry = bits.Add64(lo, uint64(v.Micros), 0)
	return hi + v.Micros>>63 + int64(carry), lo
}

func mul128(a, b int64) (int64, uint64) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	h := int64(hi)
	if a < 0 {
		h -= b
	}
	if b < 0 {
		h -= a
	}
	return h, lo
}

// Compare orders intervals by their length; 1 month equals 30 days, 1 day 24 hours.
func (v Interval) Compare(w Interval) int {
	h1, l1 := v.span()
	h2, l2 := w.span()
	switch {
	case h1 != h2 && h1 < h2, h1 == h2 && l1 < l2:
		return -1
	case h1 != h2 || l1 != l2:
		return 1
	}
	return 0
}

// Hash is the same for intervals that Compare finds equal.
func (v Interval) Hash() uint64 {
	h, l := v.span()
	return (l ^ uint64(h)*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
}

func errInterval() error { return errRange("interval") }

func add32(a, b int32) (int32, bool) {
	s := int64(a) + int64(b)
	return int32(s), s == int64(int32(s))
}

func add64(a, b int64) (int64, bool) {
	s := a + b
	return s, (s > a) == (b > 0)
}

// AddIntervals returns v + w.
func AddIntervals(v, w Interval) (Interval, error) {
	m, ok1 := add32(v.Months, w.Months)
	d, ok2 := add32(v.Days, w.Days)
	u, ok3 := add64(v.Micros, w.Micros)
	if !ok1 || !ok2 || !ok3 {
		return Interval{}, errInterval()
	}
	return Interval{u, d, m}, nil
}

// NegInterval returns -v.
func NegInterval(v Interval) (Interval, error) {
	if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
		return Interval{}, errInterval()
	}
	return Interval{-v.Micros, -v.Days, -v.Months}, nil
}

// SubIntervals returns v - w.
func SubIntervals(v, w Interval) (Interval, error) {
	m := int64(v.Months) - int64(w.Months)
	d := int64(v.Days) - int64(w.Days)
	u := v.Micros - w.Micros
	if m != int64(int32(m)) || d != int64(int32(d)) || (u < v.Micros) != (w.Micros > 0) {
		return Interval{}, errInterval()
	}
	return Interval{u, int32(d), int32(m)}, nil
}

// roundFraction rounds to microseconds of a second, against the noise of binary fractions (PostgreSQL's TSROUND).
func roundFraction(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }

// MulInterval returns v × f; fractions of months become days, fractions of days become time.
func MulInterval(v Interval, f float64) (Interval, error) {
	return scaleInterval(v, func(x float64) float64 { return x * f }, func(x float64) float64 { return x * f })
}

// DivInterval returns v / f.
func DivInterval(v Interval, f float64) (Interval, error) {
	if f == 0 {
		return Interval{}, pgerr.New(pgerrcode.DivisionByZero, "division by zero")
	}
	div := func(x float64) float64 { return x / f }
	return scaleInterval(v, div, div)
}

func scaleInterval(v Interval, whole, micros func(float64) float64) (Interval, error) {
	var r Interval
	months := whole(float64(v.Months))
	days := whole(float64(v.Days))
	if outside32(months) || outside32(days) {
		return r, errInterval()
	}
	r.Months, r.Days = int32(months), int32(days)
	monthDays := roundFraction((months - float64(r.Months)) * 30)
	secs := roundFraction((days - float64(r.Days) + monthDays - math.Trunc(monthDays)) * 86400)
	// Fractions that make a whole day after rounding are a day.
	if math.Abs(secs) >= 86400 {
		extra := int32(secs / 86400)
		r.Days += extra
		secs -= float64(extra) * 86400
	}
	r.Days += int32(monthDays)
	us := math.RoundToEven(micros(float64(v.Micros)) + secs*1e6)
	if math.IsNaN(us) || us < -9.223372036854775e18 || us > 9.223372036854775e18 {
		return r, errInterval()
	}
	r.Micros = int64(us)
	return r, nil
}

func outside32(f float64) bool { return math.IsNaN(f) || f > math.MaxInt32 || f < math.MinInt32 }

// JustifyHours turns each 24 hours into a day.
func JustifyHours(v Interval) (Interval, error) {
	d := v.Micros / Day
	v.Micros -= d * Day
	days, ok := add32(v.Days, int32(d))
	if !ok {
		return v, errInterval()
	}
	v.Days = days
	switch {
	case v.Days > 0 && v.Micros < 0:
		v.Micros += Day
		v.Days--
	case v.Days < 0 && v.Micros > 0:
		v.Micros -= Day
		v.Days++
	}
	return v, nil
}

// JustifyDays turns each 30 days into a month.
func JustifyDays(v Interval) (Interval, error) {
	m := v.Days / 30
	v.Days -= m * 30
	months, ok := add32(v.Months, m)
	if !ok {
		return v, errInterval()
	}
	v.Months = months
	switch {
	case v.Months > 0 && v.Days < 0:
		v.Days += 30
		v.Months--
	case v.Months < 0 && v.Days > 0:
		v.Days -= 30
		v.Months++
	}
	return v, nil
}

// JustifyInterval does both and gives all three parts one sign.
func JustifyInterval(v Interval) (Interval, error) {
	d := v.Micros / Day
	days, ok := add32(v.Days, int32(d))
	if !ok {
		return v, errInterval()
	}
	v.Micros -= d * Day
	m := days / 30
	v.Days = days - m*30
	if v.Months, ok = add32(v.Months, m); !ok {
		return v, errInterval()
	}
	if v.Months > 0 && (v.Days < 0 || v.Days == 0 && v.Micros < 0) {
		v.Days += 30
		v.Months--
	} else if v.Months < 0 && (v.Days > 0 || v.Days == 0 && v.Micros > 0) {
		v.Days -= 30
		v.Months++
	}
	if v.Days > 0 && v.Micros < 0 {
		v.Micros += Day
		v.Days--
	} else if v.Days < 0 && v.Micros > 0 {
		v.Micros -= Day
		v.Days++
	}
	return v, nil
}
