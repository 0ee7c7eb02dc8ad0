package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

var intervalFunctions = map[string]Kernel{
	"interval_pl": row(func(_ *Env, a []datum) (datum, error) {
		return intervalOr(datetime.AddIntervals(span(a[0]), span(a[1])))
	}),
	"interval_mi": row(func(_ *Env, a []datum) (datum, error) {
		return intervalOr(datetime.SubIntervals(span(a[0]), span(a[1])))
	}),
	"interval_um":    row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.NegInterval(span(a[0]))) }),
	"interval_mul":   row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.MulInterval(span(a[0]), a[1].F())) }),
	"mul_d_interval": row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.MulInterval(span(a[1]), a[0].F())) }),
	"interval_div":   row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.DivInterval(span(a[0]), a[1].F())) }),
	"time_mi_time": row(func(_ *Env, a []datum) (datum, error) {
		return intervalOr(datetime.Interval{Micros: a[0].I - a[1].I}, nil)
	}),
	"time_pl_interval": row(func(_ *Env, a []datum) (datum, error) { return types.Int(datetime.AddTime(a[0].I, span(a[1]))), nil }),
	"time_mi_interval": row(func(_ *Env, a []datum) (datum, error) { return types.Int(datetime.SubTime(a[0].I, span(a[1]))), nil }),
	"sql_interval_pl_time_1848": row(func(_ *Env, a []datum) (datum, error) {
		return types.Int(datetime.AddTime(a[1].I, span(a[0]))), nil
	}),
	"timetz_pl_interval":          row(func(_ *Env, a []datum) (datum, error) { return timetzPlus(a[0], a[1], false), nil }),
	"timetz_mi_interval":          row(func(_ *Env, a []datum) (datum, error) { return timetzPlus(a[0], a[1], true), nil }),
	"sql_interval_pl_timetz_2547": row(func(_ *Env, a []datum) (datum, error) { return timetzPlus(a[1], a[0], false), nil }),
	"interval_justify_days":       row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.JustifyDays(span(a[0]))) }),
	"interval_justify_hours":      row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.JustifyHours(span(a[0]))) }),
	"interval_justify_interval":   row(func(_ *Env, a []datum) (datum, error) { return intervalOr(datetime.JustifyInterval(span(a[0]))) }),
	"make_interval": row(func(_ *Env, a []datum) (datum, error) {
		return intervalOr(datetime.MakeInterval(int32(a[0].I), int32(a[1].I), int32(a[2].I), int32(a[3].I), int32(a[4].I), int32(a[5].I), a[6].F()))
	}),
	"sql_pg_sleep_for_3935": row(func(e *Env, a []datum) (datum, error) {
		v := span(a[0])
		days := float64(v.Days) + 30*float64(v.Months)
		return sleep(e.Ctx, days*86400+float64(v.Micros)/1e6)
	}),
	"sql_pg_sleep_until_3936": row(func(e *Env, a []datum) (datum, error) {
		return sleep(e.Ctx, float64(a[0].I-timestampNow().I)/1e6)
	}),

	"extract_timestamp": extract(func(_ *Env, a []datum) (datetime.Part, error) { return datetime.ExtractTimestamp(a[0].S, a[1].I) }),
	"extract_timestamptz": extract(func(e *Env, a []datum) (datetime.Part, error) {
		return datetime.ExtractTimestamptz(a[0].S, a[1].I, e.Format.Location)
	}),
	"extract_date":     extract(func(_ *Env, a []datum) (datetime.Part, error) { return datetime.ExtractDate(a[0].S, a[1].I) }),
	"extract_time":     extract(func(_ *Env, a []datum) (datetime.Part, error) { return datetime.ExtractTime(a[0].S, a[1].I) }),
	"extract_timetz":   extract(extractTimetz),
	"extract_interval": extract(func(_ *Env, a []datum) (datetime.Part, error) { return datetime.ExtractInterval(a[0].S, span(a[1])) }),
	"timestamp_part":   datePart(func(_ *Env, a []datum) (datetime.Part, error) { return datetime.ExtractTimestamp(a[0].S, a[1].I) }),
	"timestamptz_part": datePart(func(e *Env, a []datum) (datetime.Part, error) {
		return datetime.ExtractTimestamptz(a[0].S, a[1].I, e.Format.Location)
	}),
	"sql_date_part_1384": datePart(datePartOfDate),
	"time_part":          datePart(func(_ *Env, a []datum) (datetime.Part, error) { return datetime.ExtractTime(a[0].S, a[1].I) }),
	"timetz_part":        datePart(extractTimetz),
	"interval_part":      datePart(func(_ *Env, a []datum) (datetime.Part, error) { return datetime.ExtractInterval(a[0].S, span(a[1])) }),
}

func timetzPlus(t, v datum, minus bool) datum {
	us, west := types.UnpackTimetz(t.S)
	if minus {
		us = datetime.SubTime(us, span(v))
	} else {
		us = datetime.AddTime(us, span(v))
	}
	return types.String(types.PackTimetz(us, west))
}

// extract makes EXTRACT, which yields numeric, datePart date_part, which yields double precision.
func extract(f func(e *Env, a []datum) (datetime.Part, error)) Kernel {
	return row(func(e *Env, a []datum) (datum, error) {
		p, err := f(e, a)
		if err != nil || p.Null {
			return types.Null, err
		}
		return types.String(p.Numeric()), nil
	})
}

func datePart(f func(e *Env, a []datum) (datetime.Part, error)) Kernel {
	return row(func(e *Env, a []datum) (datum, error) {
		p, err := f(e, a)
		if err != nil || p.Null {
			return types.Null, err
		}
		return types.Float(p.Float()), nil
	})
}

// datePartOfDate is date_part(text, date), which PostgreSQL defines by the cast to timestamp.
func datePartOfDate(_ *Env, a []datum) (datetime.Part, error) {
	ts, err := datetime.DateToTimestamp(a[1].I)
	if err != nil {
		return datetime.Part{}, err
	}
	return datetime.ExtractTimestamp(a[0].S, ts)
}

func extractTimetz(_ *Env, a []datum) (datetime.Part, error) {
	us, west := types.UnpackTimetz(a[1].S)
	return datetime.ExtractTimetz(a[0].S, us, west)
}
