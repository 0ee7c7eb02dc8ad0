package kernel

import (
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
)

func outOfRangeReal(s string) error {
	return pgerr.New(pgerrcode.NumericValueOutOfRange, "\"%s\" is out of range for type real", numeric.String(s))
}

func widthBucketNumeric(_ *Env, a []datum) (datum, error) {
	x, lo, hi, count := a[0].S, a[1].S, a[2].S, a[3].I
	switch {
	case count <= 0:
		return datum{}, bucketError("count must be greater than zero")
	case numeric.IsNaN(x) || numeric.IsNaN(lo) || numeric.IsNaN(hi):
		return datum{}, bucketError("operand, lower bound, and upper bound cannot be NaN")
	case numeric.IsInf(lo) || numeric.IsInf(hi):
		return datum{}, bucketError("lower and upper bounds must be finite")
	}
	order := numeric.Compare(lo, hi)
	if order == 0 {
		return datum{}, bucketError("lower bound cannot equal upper bound")
	}
	if c := numeric.Compare(x, lo); c != 0 && c == order {
		return types.Int(0), nil
	}
	if c := numeric.Compare(x, hi); c != order {
		if count == math.MaxInt32 {
			return datum{}, width(32).outOfRange()
		}
		return types.Int(count + 1), nil
	}
	return numericBucket(x, lo, hi, count)
}

// numericBucket is floor(count * (x - lo) / (hi - lo)) + 1, the quotient being rounded as division rounds.
func numericBucket(x, lo, hi string, count int64) (datum, error) {
	above, err := numeric.Sub(x, lo)
	if err != nil {
		return datum{}, err
	}
	span, err := numeric.Sub(hi, lo)
	if err != nil {
		return datum{}, err
	}
	scaled, err := numeric.Mul(above, numeric.FromInt(count))
	if err != nil {
		return datum{}, err
	}
	bucket, err := numeric.Div(scaled, span)
	if err != nil {
		return datum{}, err
	}
	n, err := numeric.ToInt64(numeric.Floor(bucket))
	return types.Int(n + 1), err
}
