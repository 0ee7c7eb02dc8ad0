// Package datetime is the calendar of SQL: dates, times, timestamps and intervals as PostgreSQL 15 computes, reads and
// writes them.
//
// Dates are days and timestamps microseconds since 2000-01-01 (UTC for timestamps with time zone); the two infinities are
// the extreme values. The calendar is the proleptic Gregorian one; year 0 is 1 BC. Time zones are those of Go's embedded
// tzdata. The package knows no Datum, no type modifier beyond a precision, and no session: settings come in by parameter.
// Package types wraps it for values, executor/kernel for SQL functions.
package datetime

import (
	"math"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// Units in microseconds.
const (
	Second = int64(1e6)
	Minute = 60 * Second
	Hour   = 60 * Minute
	Day    = 24 * Hour
)

// The infinities of timestamps and dates.
const (
	NegInf     = math.MinInt64
	Inf        = math.MaxInt64
	DateNegInf = math.MinInt32
	DateInf    = math.MaxInt32
)

// Limits of finite values: 4714-11-24 BC, 294277-01-01 (exclusive), 5874898-01-01 (exclusive).
const (
	MinTimestamp = -211813488000000000
	EndTimestamp = 9223371331200000000
	MinDate      = -2451545
	EndDate      = 2147483494 - 2451545
)

// unixEpoch is 1970-01-01 in days and in seconds since 2000-01-01.
const (
	unixEpochDays    = -10957
	unixEpochSeconds = unixEpochDays * 86400
)

// IsInf reports whether the timestamp is one of the infinities.
func IsInf(ts int64) bool { return ts == NegInf || ts == Inf }

// IsInfDate reports whether the date is one of the infinities.
func IsInfDate(d int64) bool { return d == DateNegInf || d == DateInf }

// DaysFromCivil returns the days from 2000-01-01 to a date of the calendar; month and day must be in range.
func DaysFromCivil(year, month, day int) int {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	mp := (month + 9) % 12
	doy := (153*mp+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 730425 // days from 0000-03-01 to 2000-01-01
}

// CivilFromDays is the inverse of DaysFromCivil.
func CivilFromDays(days int) (year, month, day int) {
	days += 730425
	era := floorDiv(days, 146097)
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	year = yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorDiv64(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// IsLeap reports whether the year has a 29 February.
func IsLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// DaysInMonth returns the length of a month.
func DaysInMonth(year, month int) int {
	switch month {
	case 2:
		if IsLeap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// julianOf2000 is the Julian day of 2000-01-01.
const julianOf2000 = 2451545

// weekday returns the day of the week, 0 being Sunday.
func weekday(days int) int { return ((days+6)%7 + 7) % 7 }

// SplitTimestamp divides a finite timestamp into its day and the microseconds since midnight.
func SplitTimestamp(ts int64) (days int, micros int64) {
	d := floorDiv64(ts, Day)
	return int(d), ts - d*Day
}

// Civil is a moment taken apart, as clocks and calendars show it.
type Civil struct {
	Year, Month, Day     int
	Hour, Minute, Second int
	Micro                int
	Offset               int    // seconds east of UTC; with a time zone only
	Zone                 string // abbreviation; with a time zone only
}

// CivilOf takes a finite timestamp apart.
func CivilOf(ts int64) Civil {
	days, us := SplitTimestamp(ts)
	var c Civil
	c.Year, c.Month, c.Day = CivilFromDays(days)
	c.setTime(us)
	return c
}

func (c *Civil) setTime(us int64) {
	c.Hour = int(us / Hour)
	c.Minute = int(us / Minute % 60)
	c.Second = int(us / Second % 60)
	c.Micro = int(us % Second)
}

// Timestamp puts c together, normalizing what is out of range; ok is false when the result is no valid timestamp.
func (c *Civil) Timestamp() (ts int64, ok bool) {
	if c.Year < -4714 || c.Year > 294277 {
		return 0, false
	}
	days := int64(DaysFromCivil(c.Year, c.Month, c.Day))
	us := int64(c.Hour)*Hour + int64(c.Minute)*Minute + int64(c.Second)*Second + int64(c.Micro)
	if days < MinDate-1 || days > EndTimestamp/Day+1 {
		return 0, false
	}
	ts = days*Day + us // may wrap around in the very last hours of the range
	if days > 0 && ts < 0 {
		return 0, false
	}
	return ts, ValidTimestamp(ts)
}

// ValidTimestamp reports whether ts is a finite timestamp in range.
func ValidTimestamp(ts int64) bool { return ts >= MinTimestamp && ts < EndTimestamp }

// ValidDate reports whether d is a finite date in range.
func ValidDate(d int64) bool { return d >= MinDate && d < EndDate }

// errRange makes the error 22008 for results out of range: "timestamp out of range".
func errRange(what string) error {
	return pgerr.New(pgerrcode.DatetimeFieldOverflow, "%s out of range", what)
}
