package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

type datum = types.Datum

// The loops of vector kernels read v[i&mask]: the mask of a Const vector is 0, of any other -1. One AND a value is cheaper
// than three copies of each loop, and constants need not be spread out.
func mask(v *vector.Vector) int {
	if v.Const {
		return 0
	}
	return -1
}

// identity is the selection of all rows, for loops that are not hot enough to be written twice.
var identity = func() (s [vector.Size]uint16) {
	for i := range s {
		s[i] = uint16(i)
	}
	return s
}()

// rows returns sel, or the selection of rows 0 to n-1 when it is nil.
func rows(n int, sel []uint16) []uint16 {
	if sel != nil {
		return sel
	}
	if n <= vector.Size {
		return identity[:n]
	}
	all := make([]uint16, n)
	for i := range all {
		all[i] = uint16(i)
	}
	return all
}

// anyNull reports whether some argument is NULL in row i. Kernels ask it before they fail, and before they read packed
// values, which in NULL rows may be anything.
func anyNull(args []*vector.Vector, i int) bool {
	for _, a := range args {
		if a.Nulls != nil && a.IsNull(i) {
			return true
		}
	}
	return false
}

// hasNulls reports whether anyNull can be true for any row.
func hasNulls(args []*vector.Vector) bool {
	for _, a := range args {
		if len(a.Nulls) > 0 {
			return true
		}
	}
	return false
}

// dropNulls removes from out, beginning at start, the rows in which an argument is NULL.
func dropNulls(args []*vector.Vector, out []uint16, start int) []uint16 {
	for _, a := range args {
		if len(a.Nulls) == 0 {
			continue
		}
		if a.Const {
			if a.Nulls.Get(0) {
				return out[:start]
			}
			continue
		}
		k := start
		for _, i := range out[start:] {
			out[k] = i
			if !a.Nulls.Get(int(i)) {
				k++
			}
		}
		out = out[:k]
	}
	return out
}

// reserve gives out room for n more rows, to be written by index.
func reserve(out []uint16, n int) []uint16 {
	need := len(out) + n
	if cap(out) < need {
		grown := make([]uint16, need)
		copy(grown, out)
		return grown
	}
	return out[:need]
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
