package session

import (
	"math"
	"math/big"
	"testing"

	"github.com/rowandb/rowan/types"
)

// TestIntegerOperations compares what integers give, and when that is left to the program, with numbers of any size.
func TestIntegerOperations(t *testing.T) {
	edges := []int64{0, 1, -1, 2, -2, 3, 7, -7, 46341, -46341, math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, math.MinInt32 - 1, 1 << 32, 3037000500, -3037000500,
		math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, 1 << 62, -1 << 62}
	for _, wide := range []bool{false, true} {
		for _, op := range []byte("+-*/%<>=lgn") {
			e := &plInteger{op: op, wide: wide, l: &plInteger{op: opArg}, r: &plInteger{op: opArg, k: 1}}
			for _, l := range edges {
				for _, r := range edges {
					got, ok := e.value([]types.Datum{types.Int(l), types.Int(r)})
					want, valid := exact(op, l, r, wide)
					if ok && (!valid || got != want) || !ok && valid && l != math.MinInt64 {
						t.Errorf("%d %c %d (wide %v): %d, %v, not %d, %v", l, op, r, wide, got, ok, want, valid)
					}
				}
			}
			if _, ok := e.value([]types.Datum{types.Int(1), types.Null}); ok {
				t.Errorf("1 %c NULL has a value", op)
			}
		}
	}
}

// exact is the result and whether there is one.
func exact(op byte, l, r int64, wide bool) (int64, bool) {
	a, b, n := big.NewInt(l), big.NewInt(r), new(big.Int)
	c := a.Cmp(b)
	if test, ok := map[byte]bool{'<': c < 0, '>': c > 0, '=': c == 0, opLE: c <= 0, opGE: c >= 0, opNE: c != 0}[op]; ok {
		return truth(test), true
	}
	switch op {
	case '+':
		n.Add(a, b)
	case '-':
		n.Sub(a, b)
	case '*':
		n.Mul(a, b)
	default:
		if r == 0 {
			return 0, false
		}
		if n.Quo(a, b); op == '%' {
			n.Rem(a, b)
		}
	}
	return n.Int64(), n.IsInt64() && (wide || n.Int64() == int64(int32(n.Int64())))
}
