package datetime

import (
	"math"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// addMonths adds months to a finite timestamp; a day beyond the end of the month becomes its last.
func addMonths(ts int64, months int32) (int64, bool) {
	if months == 0 {
		return ts, true
	}
	c := CivilOf(ts)
	m := int64(c.Year)*12 + int64(c.Month-1) + int64(months)
	c.Year = int(floorDiv64(m, 12))
	c.Month = int(m-int64(c.Year)*12) + 1
	c.Day = min(c.Day, DaysInMonth(c.Year, c.Month))
	return c.Timestamp()
}

func addDays(ts int64, days int32) (int64, bool) {
	if days == 0 {
		return ts, true
	}
	r, ok := add64(ts, int64(days)*Day)
	return r, ok && ValidTimestamp(r)
}

// AddInterval returns ts + v for a timestamp without time zone: months, then days, then time. Infinities stay.
func AddInterval(ts int64, v Interval) (int64, error) {
	if IsInf(ts) {
		return ts, nil
	}
	ts, ok := addMonths(ts, v.Months)
	if ok {
		ts, ok = addDays(ts, v.Days)
	}
	if ok {
		ts, ok = add64(ts, v.Micros)
	}
	if !ok || !ValidTimestamp(ts) {
		return 0, errRange("timestamp")
	}
	return ts, nil
}

// SubInterval returns ts - v for a timestamp without time zone.
func SubInterval(ts int64, v Interval) (int64, error) {
	return AddInterval(ts, Interval{-v.Micros, -v.Days, -v.Months})
}

// AddIntervalIn returns ts + v for a timestamp with time zone: months and days by the clocks of loc, time by UTC.
func AddIntervalIn(ts int64, v Interval, loc *time.Location) (int64, error) {
	if IsInf(ts) || v.Months == 0 && v.Days == 0 || loc == time.UTC {
		return AddInterval(ts, v)
	}
	local, err := AddInterval(ToLocal(ts, loc), Interval{Months: v.Months})
	if err != nil {
		return 0, err
	}
	if v.Months != 0 && v.Days != 0 { // PostgreSQL goes by UTC in between
		if ts, err = FromLocal(local, loc); err != nil {
			return 0, err
		}
		local = ToLocal(ts, loc)
	}
	if local, err = AddInterval(local, Interval{Days: v.Days}); err != nil {
		return 0, err
	}
	if ts, err = FromLocal(local, loc); err != nil {
		return 0, err
	}
	return AddInterval(ts, Interval{Micros: v.Micros})
}

// SubIntervalIn returns ts - v for a timestamp with time zone.
func SubIntervalIn(ts int64, v Interval, loc *time.Location) (int64, error) {
	return AddIntervalIn(ts, Interval{-v.Micros, -v.Days, -v.Months}, loc)
}

// SubTimestamps returns a - b in days and time, for both kinds of timestamps.
func SubTimestamps(a, b int64) (Interval, error) {
	if IsInf(a) || IsInf(b) {
		return Interval{}, pgerr.New(pgerrcode.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	d := a - b
	if (d < a) != (b > 0) {
		return Interval{}, errInterval()
	}
	return JustifyHours(Interval{Micros: d})
}

// Age returns a - b symbolically: in years, months, days and time. For timestamps with time zone, give local times.
func Age(a, b int64) (Interval, error) {
	x, y := CivilOf(a), CivilOf(b) // for the infinities too, as PostgreSQL does
	sign := int64(1)
	if a < b {
		sign = -1
	}
	us := sign * (x.micros() - y.micros())
	days := sign * int64(x.Day-y.Day)
	months := sign * int64((x.Year-y.Year)*12+x.Month-y.Month)
	for us < 0 {
		us += Day
		days--
	}
	for days < 0 {
		if sign < 0 {
			days += int64(DaysInMonth(x.Year, x.Month))
		} else {
			days += int64(DaysInMonth(y.Year, y.Month))
		}
		months--
	}
	return Interval{sign * us, int32(sign * days), int32(sign * months)}, nil
}

// AddDays returns d + n for a date.
func AddDays(d, n int64) (int64, error) {
	if IsInfDate(d) {
		return d, nil
	}
	if d += n; !ValidDate(d) {
		return 0, errRange("date")
	}
	return d, nil
}

// SubDates returns a - b in days.
func SubDates(a, b int64) (int64, error) {
	if IsInfDate(a) || IsInfDate(b) {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "cannot subtract infinite dates")
	}
	return a - b, nil
}

// AddTime returns a time of day moved by the time part of v, around the clock.
func AddTime(us int64, v Interval) int64 {
	us = (us + v.Micros%Day) % Day
	if us < 0 {
		us += Day
	}
	return us
}

// SubTime is AddTime backwards.
func SubTime(us int64, v Interval) int64 { return AddTime(us, Interval{Micros: -(v.Micros % Day)}) }

// Bin returns the start of the stride-long bin, counted from origin, that holds ts.
func Bin(stride Interval, ts, origin int64) (int64, error) {
	switch {
	case IsInf(ts):
		return ts, nil
	case IsInf(origin):
		return 0, errRange("origin")
	case stride.Months != 0:
		return 0, pgerr.New(pgerrcode.FeatureNotSupported,
			"timestamps cannot be binned into intervals containing months or years")
	}
	n, ok := add64(int64(stride.Days)*Day, stride.Micros)
	if !ok {
		return 0, errInterval()
	}
	if n <= 0 {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff := ts - origin
	if (diff < ts) != (origin > 0) {
		return 0, errInterval()
	}
	start, ok := add64(origin, floorDiv64(diff, n)*n)
	if !ok || !ValidTimestamp(start) {
		return 0, errRange("timestamp")
	}
	return start, nil
}

// DateToTimestamp returns midnight of a date.
func DateToTimestamp(d int64) (int64, error) {
	switch d {
	case DateInf:
		return Inf, nil
	case DateNegInf:
		return NegInf, nil
	}
	if d >= EndTimestamp/Day {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return d * Day, nil
}

// DateToTimestamptz returns midnight of a date by the clocks of loc.
func DateToTimestamptz(d int64, loc *time.Location) (int64, error) {
	ts, err := DateToTimestamp(d)
	if err != nil {
		return 0, err
	}
	return FromLocal(ts, loc)
}

// CompareDateTimestamp orders a date and a timestamp without time zone, also where the date is no timestamp.
func CompareDateTimestamp(d, ts int64) int {
	t, err := DateToTimestamp(d)
	if err != nil {
		t = Inf - 1
	}
	switch {
	case t < ts:
		return -1
	case t > ts:
		return 1
	}
	return 0
}

// TimestampToDate returns the day of a timestamp without time zone.
func TimestampToDate(ts int64) int64 {
	switch ts {
	case Inf:
		return DateInf
	case NegInf:
		return DateNegInf
	}
	d, _ := SplitTimestamp(ts)
	return int64(d)
}

// TimestamptzToDate returns the day that calendars in loc show.
func TimestamptzToDate(ts int64, loc *time.Location) int64 { return TimestampToDate(ToLocal(ts, loc)) }

// TimestampToTime returns the time of day; ok is false (SQL: NULL) for the infinities.
func TimestampToTime(ts int64) (us int64, ok bool) {
	if IsInf(ts) {
		return 0, false
	}
	_, us = SplitTimestamp(ts)
	return us, true
}

// TimestamptzToTimetz returns the time of day and the seconds west of UTC by the clocks of loc.
func TimestamptzToTimetz(ts int64, loc *time.Location) (us int64, west int32, ok bool) {
	us, ok = TimestampToTime(ToLocal(ts, loc))
	return us, int32(-OffsetAt(ts, loc)), ok
}

// DateTime returns date + time as a timestamp.
func DateTime(d, us int64) (int64, error) {
	ts, err := DateToTimestamp(d)
	if err != nil || IsInf(ts) {
		return ts, err
	}
	if ts += us; !ValidTimestamp(ts) {
		return 0, errRange("timestamp")
	}
	return ts, nil
}

// DateTimetz returns date + time with time zone as a timestamp with time zone.
func DateTimetz(d, us int64, west int32) (int64, error) {
	ts, err := DateToTimestamp(d)
	if err != nil || IsInf(ts) {
		return ts, err
	}
	if ts += us + int64(west)*Second; !ValidTimestamp(ts) {
		return 0, errRange("timestamp")
	}
	return ts, nil
}

// IntervalToTime returns the time part of an interval as a time of day.
func IntervalToTime(v Interval) int64 {
	us := v.Micros % Day
	if us < 0 {
		us += Day
	}
	return us
}

// IntervalZone is the zone of AT TIME ZONE with an interval.
func IntervalZone(v Interval) (*time.Location, error) {
	if v.Months != 0 || v.Days != 0 {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue,
			"interval time zone \"%s\" must not include months or days", AppendInterval(nil, v, IntervalPostgres))
	}
	return time.FixedZone("", int(v.Micros/Second)), nil
}

// TimetzAt converts a time with time zone to another offset, given in seconds west of UTC.
func TimetzAt(us int64, west, newWest int32) int64 {
	us = (us + int64(west-newWest)*Second) % Day
	if us < 0 {
		us += Day
	}
	return us
}

// FromUnix returns the timestamp so many seconds after 1970: SQL's to_timestamp(double precision).
func FromUnix(secs float64) (int64, error) {
	switch {
	case math.IsNaN(secs):
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "timestamp cannot be NaN")
	case math.IsInf(secs, 1):
		return Inf, nil
	case math.IsInf(secs, -1):
		return NegInf, nil
	}
	us := math.RoundToEven((secs + unixEpochSeconds) * 1e6)
	if us < MinTimestamp || us >= EndTimestamp {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", formatG(secs))
	}
	return int64(us), nil
}
