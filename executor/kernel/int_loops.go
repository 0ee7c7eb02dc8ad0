package kernel

import "math/bits"

// The loops of integer arithmetic. They never stop at an overflow but gather its traces in their result, which is not 0
// when some row, dead and NULL ones included, has overflowed; the caller then looks for a live one. Narrow loops are for
// int2 and int4, whose sums and products always fit in an int64: shift is 64 minus the width of the result.

func addNarrow(a, b []int64, ma, mb int, shift uint, sel []uint16, out []int64) (bad int64) {
	if sel == nil {
		for i := range out {
			r := a[i&ma] + b[i&mb]
			bad |= r ^ r<<(shift&63)>>(shift&63)
			out[i] = r
		}
		return bad
	}
	for _, i := range sel {
		r := a[int(i)&ma] + b[int(i)&mb]
		bad |= r ^ r<<(shift&63)>>(shift&63)
		out[i] = r
	}
	return bad
}

func addWide(a, b []int64, ma, mb int, sel []uint16, out []int64) (bad int64) {
	if sel == nil {
		for i := range out {
			x, y := a[i&ma], b[i&mb]
			r := x + y
			bad |= (x ^ r) & (y ^ r)
			out[i] = r
		}
		return bad >> 63
	}
	for _, i := range sel {
		x, y := a[int(i)&ma], b[int(i)&mb]
		r := x + y
		bad |= (x ^ r) & (y ^ r)
		out[i] = r
	}
	return bad >> 63
}

func subNarrow(a, b []int64, ma, mb int, shift uint, sel []uint16, out []int64) (bad int64) {
	if sel == nil {
		for i := range out {
			r := a[i&ma] - b[i&mb]
			bad |= r ^ r<<(shift&63)>>(shift&63)
			out[i] = r
		}
		return bad
	}
	for _, i := range sel {
		r := a[int(i)&ma] - b[int(i)&mb]
		bad |= r ^ r<<(shift&63)>>(shift&63)
		out[i] = r
	}
	return bad
}

func subWide(a, b []int64, ma, mb int, sel []uint16, out []int64) (bad int64) {
	if sel == nil {
		for i := range out {
			x, y := a[i&ma], b[i&mb]
			r := x - y
			bad |= (x ^ y) & (x ^ r)
			out[i] = r
		}
		return bad >> 63
	}
	for _, i := range sel {
		x, y := a[int(i)&ma], b[int(i)&mb]
		r := x - y
		bad |= (x ^ y) & (x ^ r)
		out[i] = r
	}
	return bad >> 63
}

func mulNarrow(a, b []int64, ma, mb int, shift uint, sel []uint16, out []int64) (bad int64) {
	if sel == nil {
		for i := range out {
			r := a[i&ma] * b[i&mb]
			bad |= r ^ r<<(shift&63)>>(shift&63)
			out[i] = r
		}
		return bad
	}
	for _, i := range sel {
		r := a[int(i)&ma] * b[int(i)&mb]
		bad |= r ^ r<<(shift&63)>>(shift&63)
		out[i] = r
	}
	return bad
}

// mul64 returns the product and, when it overflows, a second result that is not 0.
func mul64(x, y int64) (r, bad int64) {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	signed := int64(hi) - x>>63&y - y>>63&x
	return int64(lo), signed ^ int64(lo)>>63
}

func mulWide(a, b []int64, ma, mb int, sel []uint16, out []int64) (bad int64) {
	if sel == nil {
		for i := range out {
			r, o := mul64(a[i&ma], b[i&mb])
			bad |= o
			out[i] = r
		}
		return bad
	}
	for _, i := range sel {
		r, o := mul64(a[int(i)&ma], b[int(i)&mb])
		bad |= o
		out[i] = r
	}
	return bad
}
