package estimate

import (
	"math"
	"strconv"

	"github.com/rowandb/rowan/types"
)

// below is the share of rows whose value is less than d, or equal to it if orEqual is set; false when there are no
// statistics to tell.
func (c *column) below(d types.Datum, orEqual bool) (float64, bool) {
	s := c.stats
	if s == nil || !types.Comparable(s.Type.Def) {
		return 0, false
	}
	if d.Null {
		return 0, true
	}
	cmp := types.Comparer(s.Type)
	common, total := 0.0, 0.0
	for i, v := range s.Common {
		total += s.Freqs[i]
		if k := cmp(v, d); k < 0 || k == 0 && orEqual {
			common += s.Freqs[i]
		}
	}
	rest := max(0, 1-total-s.NullFrac)
	if len(s.Bounds) < 2 {
		if rest > 0.01 {
			return common + rest/2, len(s.Common) > 0
		}
		return common, true
	}
	return common + rest*c.inHistogram(d, orEqual), true
}

// inHistogram is the share of the histogram's rows below a value.
func (c *column) inHistogram(d types.Datum, orEqual bool) float64 {
	b := c.stats.Bounds
	cmp := types.Comparer(c.stats.Type)
	lo, hi := 0, len(b) // the first bound that is not below d
	for lo < hi {
		if mid := (lo + hi) / 2; cmp(b[mid], d) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	bins := float64(len(b) - 1)
	n, _ := c.distincts()
	one := 1 / max(1, n-float64(len(c.stats.Common))) // a single value
	switch {
	case lo == 0:
		if orEqual && cmp(b[0], d) == 0 {
			return min(1, one)
		}
		return 0
	case lo == len(b):
		return 1
	}
	share := (float64(lo-1) + c.between(b[lo-1], b[lo], d)) / bins
	if orEqual && cmp(b[lo], d) == 0 {
		share += one
	}
	return min(max(share, 0), 1)
}

// between is where d stands from lo (0) to hi (1).
func (c *column) between(lo, hi, d types.Datum) float64 {
	t := c.stats.Type
	var a, x, b float64
	switch {
	case t.Class == types.ClassInt:
		a, x, b = float64(lo.I), float64(d.I), float64(hi.I)
	case t.Class == types.ClassFloat:
		a, x, b = lo.F(), d.F(), hi.F()
	case t.ID() == types.OIDNumeric:
		a, x, b = decimal(t, lo), decimal(t, d), decimal(t, hi)
	default:
		n := 0
		for n < len(lo.S) && n < len(hi.S) && lo.S[n] == hi.S[n] {
			n++
		}
		a, x, b = digits(lo.S, n), digits(d.S, n), digits(hi.S, n)
	}
	if !(a < b) || math.IsInf(a, 0) || math.IsInf(b, 0) || math.IsNaN(x) {
		return 0.5
	}
	return min(max((x-a)/(b-a), 0), 1)
}

func decimal(t types.Type, d types.Datum) float64 {
	f, err := strconv.ParseFloat(types.Text(t, d, types.DefaultFormat()), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

// digits reads the bytes of s from n on as a fraction to base 256.
func digits(s string, n int) float64 {
	f, unit := 0.0, 1.0
	for i := n; i < min(len(s), n+8); i++ {
		unit /= 256
		f += float64(s[i]) * unit
	}
	return f
}
