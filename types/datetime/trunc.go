package datetime

import (
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// truncUnit finds a unit of date_trunc: those of intervals.
func truncUnit(unit, typeName string) (Unit, error) {
	if u, ok := intervalUnits[cutToken(strings.ToLower(unit))]; ok {
		return u, nil
	}
	switch u, _ := ParseUnit(unit); u {
	case UnitTimezone, UnitTimezoneHour, UnitTimezoneMinute:
		return 0, errUnit(unit, typeName)
	}
	return 0, errUnitUnknown(unit, typeName)
}

// trunc sets what is smaller than the unit to its beginning.
func (c *Civil) trunc(u Unit) {
	switch u {
	case UnitMicrosecond:
		return
	case UnitMillisecond:
		c.Micro -= c.Micro % 1000
		return
	}
	c.Micro = 0
	if u == UnitSecond {
		return
	}
	if c.Second = 0; u == UnitMinute {
		return
	}
	if c.Minute = 0; u == UnitHour {
		return
	}
	if c.Hour = 0; u == UnitDay {
		return
	}
	if u == UnitWeek {
		days := DaysFromCivil(c.Year, c.Month, c.Day)
		c.Year, c.Month, c.Day = CivilFromDays(days - (weekday(days)+6)%7)
		return
	}
	c.Day = 1
	switch u {
	case UnitQuarter:
		c.Month -= (c.Month - 1) % 3
	case UnitYear:
		c.Month = 1
	case UnitDecade:
		c.Month, c.Year = 1, floorDiv(c.Year, 10)*10
	case UnitCentury:
		c.Month, c.Year = 1, firstYear(c.Year, 100)
	case UnitMillennium:
		c.Month, c.Year = 1, firstYear(c.Year, 1000)
	}
}

// firstYear returns the first year of a century or millennium.
func firstYear(year, size int) int {
	if year > 0 {
		return (year+size-1)/size*size - size + 1
	}
	return -((size-1-(year-1))/size)*size + 1
}

// TruncTimestamp is date_trunc of a timestamp without time zone.
func TruncTimestamp(unit string, ts int64) (int64, error) {
	if IsInf(ts) {
		return ts, nil
	}
	u, err := truncUnit(unit, nameTimestamp)
	if err != nil {
		return 0, err
	}
	c := CivilOf(ts)
	c.trunc(u)
	r, ok := c.Timestamp()
	if !ok {
		return 0, errRange("timestamp")
	}
	return r, nil
}

// TruncTimestamptz is date_trunc of a timestamp with time zone, by the clocks of loc.
func TruncTimestamptz(unit string, ts int64, loc *time.Location) (int64, error) {
	if IsInf(ts) {
		return ts, nil
	}
	u, err := truncUnit(unit, nameTimestamptz)
	if err != nil {
		return 0, err
	}
	c := CivilIn(ts, loc)
	offset := c.Offset
	c.trunc(u)
	r, ok := c.Timestamp()
	if !ok {
		return 0, errRange("timestamp")
	}
	if u >= UnitDay { // the day's beginning may be on the other side of a change of the clocks
		return FromLocal(r, loc)
	}
	return r - int64(offset)*Second, nil
}

// TruncInterval is date_trunc of an interval.
func TruncInterval(unit string, v Interval) (Interval, error) {
	u, err := truncUnit(unit, "interval")
	if err != nil {
		return v, err
	}
	switch u {
	case UnitWeek:
		e := errUnit(unit, "interval").(*pgerr.Error)
		return v, e.WithDetail("Months usually have fractional weeks.")
	case UnitMicrosecond:
		return v, nil
	case UnitMillisecond, UnitSecond, UnitMinute, UnitHour:
		size := map[Unit]int64{UnitMillisecond: 1000, UnitSecond: Second, UnitMinute: Minute, UnitHour: Hour}[u]
		v.Micros -= v.Micros % size
		return v, nil
	case UnitDay:
		return Interval{Days: v.Days, Months: v.Months}, nil
	}
	size, ok := map[Unit]int32{UnitMonth: 1, UnitQuarter: 3, UnitYear: 12, UnitDecade: 120, UnitCentury: 1200,
		UnitMillennium: 12000}[u]
	if !ok {
		return v, pgerr.New(pgerrcode.FeatureNotSupported, "unit \"%s\" not supported for type interval", unit)
	}
	return Interval{Months: v.Months - v.Months%size}, nil
}
