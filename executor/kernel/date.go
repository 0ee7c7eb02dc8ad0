package kernel

import (
	"cmp"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// intOr, intervalOr and partOr make a kernel's answer of a function of package datetime.
func intOr(i int64, err error) (datum, error) { return types.Int(i), err }

func intervalOr(v datetime.Interval, err error) (datum, error) {
	if err != nil {
		return datum{}, err
	}
	return types.String(v.Pack()), nil
}

func span(d datum) datetime.Interval { return datetime.Unpack(d.S) }

var dateFunctions = join(
	mixedComparisons(),
	map[string]Kernel{
		"date_mi":                   row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.SubDates(a[0].I, a[1].I)) }),
		"date_pli":                  row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.AddDays(a[0].I, a[1].I)) }),
		"date_mii":                  row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.AddDays(a[0].I, -a[1].I)) }),
		"sql_integer_pl_date_2550":  row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.AddDays(a[1].I, a[0].I)) }),
		"date_pl_interval":          row(func(_ *Env, a []datum) (datum, error) { return datePlus(a[0].I, span(a[1]), false) }),
		"date_mi_interval":          row(func(_ *Env, a []datum) (datum, error) { return datePlus(a[0].I, span(a[1]), true) }),
		"sql_interval_pl_date_2546": row(func(_ *Env, a []datum) (datum, error) { return datePlus(a[1].I, span(a[0]), false) }),
		"date_finite":               row(func(_ *Env, a []datum) (datum, error) { return types.Bool(!datetime.IsInfDate(a[0].I)), nil }),
		"timestamp_finite":          row(func(_ *Env, a []datum) (datum, error) { return types.Bool(!datetime.IsInf(a[0].I)), nil }),
		"interval_finite":           row(func(*Env, []datum) (datum, error) { return types.Bool(true), nil }),

		"date_timestamp": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.DateToTimestamp(a[0].I)) }),
		"date_timestamptz": row(func(e *Env, a []datum) (datum, error) {
			return intOr(datetime.DateToTimestamptz(a[0].I, e.Format.Location))
		}),
		"timestamp_date": row(func(_ *Env, a []datum) (datum, error) { return types.Int(datetime.TimestampToDate(a[0].I)), nil }),
		"timestamptz_date": row(func(e *Env, a []datum) (datum, error) {
			return types.Int(datetime.TimestamptzToDate(a[0].I, e.Format.Location)), nil
		}),
		"timestamp_time": row(func(_ *Env, a []datum) (datum, error) { return timeOf(datetime.TimestampToTime(a[0].I)) }),
		"timestamptz_time": row(func(e *Env, a []datum) (datum, error) {
			return timeOf(datetime.TimestampToTime(datetime.ToLocal(a[0].I, e.Format.Location)))
		}),
		"timestamptz_timetz": row(func(e *Env, a []datum) (datum, error) {
			us, west, ok := datetime.TimestamptzToTimetz(a[0].I, e.Format.Location)
			if !ok {
				return types.Null, nil
			}
			return types.String(types.PackTimetz(us, west)), nil
		}),
		"timestamp_timestamptz": row(func(e *Env, a []datum) (datum, error) { return intOr(datetime.FromLocal(a[0].I, e.Format.Location)) }),
		"timestamptz_timestamp": row(func(e *Env, a []datum) (datum, error) {
			return types.Int(datetime.ToLocal(a[0].I, e.Format.Location)), nil
		}),
		"time_interval": row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.Interval{Micros: a[0].I}, nil) }),
		"interval_time": row(func(_ *Env, a []datum) (datum, error) { return types.Int(datetime.IntervalToTime(span(a[0]))), nil }),
		"time_timetz": row(func(e *Env, a []datum) (datum, error) {
			today := datetime.TimestamptzToDate(datetime.FromTime(e.TxnTime), e.Format.Location)
			return types.String(types.PackTimetz(a[0].I, int32(-datetime.LocalOffset(today*datetime.Day+a[0].I, e.Format.Location)))), nil
		}),
		"timetz_time": row(func(_ *Env, a []datum) (datum, error) {
			us, _ := types.UnpackTimetz(a[0].S)
			return types.Int(us), nil
		}),
		"datetime_timestamp":   row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.DateTime(a[0].I, a[1].I)) }),
		"sql_timedate_pl_1296": row(func(_ *Env, a []datum) (datum, error) { return intOr(datetime.DateTime(a[1].I, a[0].I)) }),
		"datetimetz_timestamptz": row(func(_ *Env, a []datum) (datum, error) {
			us, west := types.UnpackTimetz(a[1].S)
			return intOr(datetime.DateTimetz(a[0].I, us, west))
		}),
		"sql_timetzdate_pl_1298": row(func(_ *Env, a []datum) (datum, error) {
			us, west := types.UnpackTimetz(a[0].S)
			return intOr(datetime.DateTimetz(a[1].I, us, west))
		}),
		"sql_timestamptz_1176": row(func(e *Env, a []datum) (datum, error) {
			ts, err := datetime.DateTime(a[0].I, a[1].I)
			if err != nil {
				return datum{}, err
			}
			return intOr(datetime.FromLocal(ts, e.Format.Location))
		}),
		"timestamp_scale":   row(func(_ *Env, a []datum) (datum, error) { return roundTo(a[0].I, a[1].I) }),
		"timestamptz_scale": row(func(_ *Env, a []datum) (datum, error) { return roundTo(a[0].I, a[1].I) }),
		"time_scale":        row(func(_ *Env, a []datum) (datum, error) { return types.Int(datetime.RoundTime(a[0].I, int(a[1].I))), nil }),
		"timetz_scale": row(func(_ *Env, a []datum) (datum, error) {
			us, west := types.UnpackTimetz(a[0].S)
			return types.String(types.PackTimetz(datetime.RoundTime(us, int(a[1].I)), west)), nil
		}),
		"interval_scale": row(func(_ *Env, a []datum) (datum, error) {
			return intervalOr(datetime.AdjustInterval(span(a[0]), int32(a[1].I)))
		}),
	})

func timeOf(us int64, ok bool) (datum, error) {
	if !ok {
		return types.Null, nil
	}
	return types.Int(us), nil
}

// datePlus is date ± interval, a timestamp.
func datePlus(d int64, v datetime.Interval, minus bool) (datum, error) {
	ts, err := datetime.DateToTimestamp(d)
	if err != nil {
		return datum{}, err
	}
	if minus {
		return intOr(datetime.SubInterval(ts, v))
	}
	return intOr(datetime.AddInterval(ts, v))
}

// mixedComparisons are those between date, timestamp and timestamptz; the zone decides about the last.
func mixedComparisons() map[string]Kernel {
	m := map[string]Kernel{}
	add := func(left, right string, f func(e *Env, a, b datum) int) {
		for o, s := range suffixes {
			m[left+"_"+s+"_"+right] = compareRows(op(o), f)
		}
		m[left+"_cmp_"+right] = row(func(e *Env, a []datum) (datum, error) { return types.Int(int64(f(e, a[0], a[1]))), nil })
	}
	flip := func(f func(e *Env, a, b datum) int) func(e *Env, a, b datum) int {
		return func(e *Env, a, b datum) int { return -f(e, b, a) }
	}
	add("date", "timestamp", compareDateTimestamp)
	add("timestamp", "date", flip(compareDateTimestamp))
	add("date", "timestamptz", compareDateTimestamptz)
	add("timestamptz", "date", flip(compareDateTimestamptz))
	add("timestamp", "timestamptz", compareLocal)
	add("timestamptz", "timestamp", flip(compareLocal))
	return m
}

func compareDateTimestamp(_ *Env, a, b datum) int { return datetime.CompareDateTimestamp(a.I, b.I) }

// compareDateTimestamptz orders a date that is too late for a timestamp above all but infinity.
func compareDateTimestamptz(e *Env, a, b datum) int {
	ts, err := datetime.DateToTimestamptz(a.I, e.Format.Location)
	if err != nil {
		if b.I == datetime.Inf {
			return -1
		}
		return 1
	}
	return cmp.Compare(ts, b.I)
}

func compareLocal(e *Env, a, b datum) int {
	ts, err := datetime.FromLocal(a.I, e.Format.Location)
	switch {
	case err == nil:
		return cmp.Compare(ts, b.I)
	case a.I > 0 && b.I != datetime.Inf || b.I == datetime.NegInf:
		return 1
	}
	return -1
}
