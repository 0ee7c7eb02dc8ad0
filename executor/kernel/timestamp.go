package kernel

import (
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

var timestampFunctions = map[string]Kernel{
	"timestamp_mi":          row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.SubTimestamps(a[0].I, a[1].I)) }),
	"timestamp_pl_interval": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.AddInterval(a[0].I, span(a[1]))) }),
	"timestamp_mi_interval": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.SubInterval(a[0].I, span(a[1]))) }),
	"timestamptz_pl_interval": row(func(e *Env, a []datum) (datum, error) {
		return intOr(datetime.AddIntervalIn(a[0].I, span(a[1]), e.Format.Location))
	}),
	"timestamptz_mi_interval": row(func(e *Env, a []datum) (datum, error) {
		return intOr(datetime.SubIntervalIn(a[0].I, span(a[1]), e.Format.Location))
	}),
	"sql_interval_pl_timestamp_2548": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.AddInterval(a[1].I, span(a[0]))) }),
	"sql_interval_pl_timestamptz_2549": row(func(e *Env, a []datum) (datum, error) {
		return intOr(datetime.AddIntervalIn(a[1].I, span(a[0]), e.Format.Location))
	}),
	"timestamp_age": row(func(_ *Env, a []datum) (datum, error) { return age(a[0].I, a[1].I) }),
	"timestamptz_age": row(func(e *Env, a []datum) (datum, error) {
		l := e.Format.Location
		return age(datetime.ToLocal(a[0].I, l), datetime.ToLocal(a[1].I, l))
	}),
	"sql_age_2059": row(func(e *Env, a []datum) (datum, error) { return age(today(e), a[0].I) }),
	"sql_age_1386": row(func(e *Env, a []datum) (datum, error) {
		return age(today(e), datetime.ToLocal(a[0].I, e.Format.Location))
	}),
	"timestamp_bin":   row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.Bin(span(a[0]), a[1].I, a[2].I)) }),
	"timestamptz_bin": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.Bin(span(a[0]), a[1].I, a[2].I)) }),
	"timestamp_trunc": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.TruncTimestamp(a[0].S, a[1].I)) }),
	"timestamptz_trunc": row(func(e *Env, a []datum) (datum, error) {
		return intOr(datetime.TruncTimestamptz(a[0].S, a[1].I, e.Format.Location))
	}),
	"timestamptz_trunc_zone": row(func(_ *Env, a []datum) (datum, error) {
		if datetime.IsInf(a[1].I) {
			return a[1], nil
		}
		l, err := findZone(a[2].S)
		if err != nil {
			return datum{}, err
		}
		return intOr(datetime.TruncTimestamptz(a[0].S, a[1].I, l))
	}),
	"interval_trunc": row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.TruncInterval(a[0].S, span(a[1]))) }),

	"timestamp_zone":    row(func(_ *Env, a []datum) (datum, error) { return inZone(a[0].S, a[1].I, true) }),
	"timestamptz_zone":  row(func(_ *Env, a []datum) (datum, error) { return inZone(a[0].S, a[1].I, false) }),
	"timestamp_izone":   row(func(_ *Env, a []datum) (datum, error) { return inOffset(span(a[0]), a[1].I, true) }),
	"timestamptz_izone": row(func(_ *Env, a []datum) (datum, error) { return inOffset(span(a[0]), a[1].I, false) }),
	"timetz_zone":       row(timetzZone),
	"timetz_izone": row(func(_ *Env, a []datum) (datum, error) {
		if _, err := datetime.IntervalZone(span(a[0])); err != nil {
			return datum{}, err
		}
		us, west := types.UnpackTimetz(a[1].S)
		to := int32(-span(a[0]).Micros / datetime.Second)
		return types.String(types.PackTimetz(datetime.TimetzAt(us, west, to), to)), nil
	}),

	"make_date": row(func(_ *Env, a []datum) (datum, error) {
		return intOr(datetime.MakeDate(int(a[0].I), int(a[1].I), int(a[2].I)))
	}),
	"make_time": row(func(_ *Env, a []datum) (datum, error) {
		return intOr(datetime.MakeTime(int(a[0].I), int(a[1].I), a[2].F()))
	}),
	"make_timestamp": row(func(_ *Env, a []datum) (datum, error) { return intOr(makeTimestamp(a)) }),
	"make_timestamptz": row(func(e *Env, a []datum) (datum, error) {
		ts, err := makeTimestamp(a)
		if err != nil {
			return datum{}, err
		}
		return intOr(datetime.FromLocal(ts, e.Format.Location))
	}),
	"make_timestamptz_at_timezone": row(func(_ *Env, a []datum) (datum, error) {
		ts, err := makeTimestamp(a)
		if err != nil {
			return datum{}, err
		}
		return inZone(a[6].S, ts, true)
	}),
	"float8_timestamptz": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.FromUnix(a[0].F())) }),
	"to_timestamp": row(func(e *Env, a []datum) (datum, error) {
		return intOr(datetime.ToTimestamp(a[0].S, a[1].S, e.Format.Location))
	}),
	"to_date":           row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.ToDate(a[0].S, a[1].S)) }),
	"timestamp_to_char": row(func(_ *Env, a []datum) (datum, error) { return charOr(datetime.TimestampToChar(a[0].I, a[1].S)) }),
	"timestamptz_to_char": row(func(e *Env, a []datum) (datum, error) {
		return charOr(datetime.TimestamptzToChar(a[0].I, a[1].S, e.Format.Location))
	}),
	"interval_to_char": row(func(_ *Env, a []datum) (datum, error) { return charOr(datetime.IntervalToChar(span(a[0]), a[1].S)) }),
}

func charOr(s string, ok bool, err error) (datum, error) {
	if err != nil || !ok {
		return types.Null, err
	}
	return types.String(s), nil
}

// today is midnight of the transaction's day, as clocks here show it.
func today(e *Env) int64 {
	d := datetime.TimestamptzToDate(datetime.FromTime(e.TxnTime), e.Format.Location)
	return d * datetime.Day
}

func makeTimestamp(a []datum) (int64, error) {
	return datetime.MakeTimestamp(int(a[0].I), int(a[1].I), int(a[2].I), int(a[3].I), int(a[4].I), a[5].F())
}

// findZone is FindZone with the POSIX form that has no name, such as +05 (five hours west).
func findZone(name string) (*time.Location, error) {
	l, err := datetime.FindZone(name)
	if err != nil && len(name) > 1 && (name[0] == '+' || name[0] == '-') && name[1] >= '0' && name[1] <= '9' {
		if posix, err := datetime.FindZone("UTC" + name); err == nil {
			return posix, nil
		}
	}
	return l, err
}

// age refuses what PostgreSQL cannot take apart.
func age(a, b int64) (datum, error) {
	if a == datetime.NegInf || b == datetime.NegInf {
		return datum{}, pgerr.New(pgerrcode.DatetimeFieldOverflow, "timestamp out of range")
	}
	return intervalOr(datetime.Age(a, b))
}

// roundTo is the cast to timestamp(n).
func roundTo(ts, precision int64) (datum, error) {
	if datetime.IsInf(ts) || precision == -1 {
		return types.Int(ts), nil
	}
	if precision < 0 || precision > 6 {
		return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "timestamp(%d) precision must be between 0 and 6", precision)
	}
	return intOr(datetime.RoundTimestamp(ts, int(precision)))
}

// inZone is AT TIME ZONE: from local time in the zone to UTC, or back.
func inZone(zone string, ts int64, toUTC bool) (datum, error) {
	if datetime.IsInf(ts) {
		return types.Int(ts), nil
	}
	l, err := findZone(zone)
	if err != nil {
		return datum{}, err
	}
	if toUTC {
		return intOr(datetime.FromLocal(ts, l))
	}
	return types.Int(datetime.ToLocal(ts, l)), nil
}

func inOffset(v datetime.Interval, ts int64, toUTC bool) (datum, error) {
	if datetime.IsInf(ts) {
		return types.Int(ts), nil
	}
	l, err := datetime.IntervalZone(v)
	if err != nil {
		return datum{}, err
	}
	if toUTC {
		return intOr(datetime.FromLocal(ts, l))
	}
	return types.Int(datetime.ToLocal(ts, l)), nil
}

// timetzZone moves a time to the offset that a zone has now.
func timetzZone(e *Env, a []datum) (datum, error) {
	l, err := findZone(a[0].S)
	if err != nil {
		return datum{}, err
	}
	us, west := types.UnpackTimetz(a[1].S)
	to := int32(-datetime.OffsetAt(datetime.FromTime(e.TxnTime), l))
	return types.String(types.PackTimetz(datetime.TimetzAt(us, west, to), to)), nil
}
