package datetime

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// Range bits of an interval's type modifier, as INTERVAL YEAR TO MONTH sets them.
const (
	RangeMonth  = 1 << 1
	RangeYear   = 1 << 2
	RangeDay    = 1 << 3
	RangeHour   = 1 << 10
	RangeMinute = 1 << 11
	RangeSecond = 1 << 12
	RangeFull   = 0x7fff

	fullPrecision = 0xffff
)

// UnpackIntervalMod returns the range and the precision (-1: none) of an interval's type modifier.
func UnpackIntervalMod(mod int32) (rng int, precision int) {
	if mod < 0 {
		return RangeFull, -1
	}
	rng, precision = int(mod>>16&0x7fff), int(mod&0xffff)
	if precision == fullPrecision {
		precision = -1
	}
	return rng, precision
}

// roundings holds, by precision, the microseconds that a value is rounded to.
var roundings = [7]int64{1e6, 1e5, 1e4, 1e3, 100, 10, 1}

// roundTo rounds to a precision of 0 to 6 digits of the second, half away from zero.
func roundTo(us int64, precision int) int64 {
	if precision < 0 || precision >= 6 {
		return us
	}
	r := roundings[precision]
	if us >= 0 {
		return (us + r/2) / r * r
	}
	return -((-us + r/2) / r * r)
}

// RoundTime rounds a time of day to a precision.
func RoundTime(us int64, precision int) int64 { return roundTo(us, precision) }

// RoundTimestamp rounds a timestamp to a precision.
func RoundTimestamp(ts int64, precision int) (int64, error) {
	if IsInf(ts) || precision < 0 || precision >= 6 {
		return ts, nil
	}
	ts = roundTo(ts, precision)
	if !ValidTimestamp(ts) {
		return 0, errRange("timestamp")
	}
	return ts, nil
}

// AdjustInterval coerces an interval to a type modifier: fields below the range are cut, then the seconds rounded.
func AdjustInterval(v Interval, mod int32) (Interval, error) {
	rng, precision := UnpackIntervalMod(mod)
	switch rng {
	case RangeFull:
	case RangeYear:
		v = Interval{Months: v.Months / 12 * 12}
	case RangeMonth, RangeYear | RangeMonth:
		v = Interval{Months: v.Months}
	case RangeDay:
		v.Micros = 0
	case RangeHour, RangeDay | RangeHour:
		v.Micros = v.Micros / Hour * Hour
	case RangeMinute, RangeHour | RangeMinute, RangeDay | RangeHour | RangeMinute:
		v.Micros = v.Micros / Minute * Minute
	}
	if precision > 6 {
		return v, pgerr.New(pgerrcode.InvalidParameterValue, "interval(%d) precision must be between 0 and 6", precision)
	}
	v.Micros = roundTo(v.Micros, precision)
	return v, nil
}
