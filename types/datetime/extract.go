package datetime

import (
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/numeric"
)

// Part is what EXTRACT and date_part find: Value × 10^-Scale, or NULL, or an infinity.
type Part struct {
	Null  bool
	Inf   int // 1 or -1
	Value int64
	Scale int
	// Fraction is, for julian, the microseconds of the day that come on top of Value.
	Fraction int64
	julian   bool
}

// Float returns date_part's result.
func (p Part) Float() float64 {
	switch {
	case p.Inf != 0:
		return numeric.ToFloatLoose(p.Numeric())
	case p.julian:
		return float64(p.Value) + float64(p.Fraction)/float64(Day)
	case p.Scale == 0:
		return float64(p.Value)
	}
	return float64(p.Value) / [...]float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6}[p.Scale]
}

// Numeric returns EXTRACT's result, packed.
func (p Part) Numeric() string {
	switch {
	case p.Inf > 0:
		return numeric.Inf
	case p.Inf < 0:
		return numeric.NegInf
	case p.julian:
		frac, _ := numeric.Div(numeric.FromInt(p.Fraction), numeric.FromInt(Day))
		sum, _ := numeric.Add(numeric.FromInt(p.Value), frac)
		return sum
	}
	return numeric.FromScaled(p.Value, p.Scale)
}

// extractUnits are the names that are units for EXTRACT and not for intervals.
var extractUnits = map[string]Unit{
	"epoch": UnitEpoch, "dow": UnitDOW, "isodow": UnitISODOW, "doy": UnitDOY, "isoyear": UnitISOYear,
	"julian": UnitJulian, "jd": UnitJulian, "j": UnitJulian, "timezone": UnitTimezone, "timezone_h": UnitTimezoneHour,
	"timezone_m": UnitTimezoneMinute,
}

// ParseUnit finds a unit by the names that EXTRACT takes.
func ParseUnit(name string) (Unit, bool) {
	s := cutToken(strings.ToLower(name))
	if u, ok := intervalUnits[s]; ok {
		return u, true
	}
	u, ok := extractUnits[s]
	return u, ok
}

// Names of types in messages.
const (
	nameTimestamp   = "timestamp without time zone"
	nameTimestamptz = "timestamp with time zone"
	nameTime        = "time without time zone"
	nameTimetz      = "time with time zone"
)

func errUnitUnknown(unit, typeName string) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "unit \"%s\" not recognized for type %s", strings.ToLower(unit), typeName)
}

func errUnit(unit, typeName string) error {
	return pgerr.New(pgerrcode.FeatureNotSupported, "unit \"%s\" not supported for type %s", strings.ToLower(unit), typeName)
}

// ExtractTimestamp is EXTRACT from a timestamp without time zone.
func ExtractTimestamp(unit string, ts int64) (Part, error) {
	u, ok := ParseUnit(unit)
	if !ok {
		return Part{}, errUnitUnknown(unit, nameTimestamp)
	}
	if IsInf(ts) {
		return extractInf(u, ts, unit, nameTimestamp)
	}
	if u == UnitEpoch {
		return Part{Value: ts - unixEpochSeconds*Second, Scale: 6}, nil
	}
	c := CivilOf(ts)
	if p, ok := c.timePart(u); ok {
		return p, nil
	}
	if p, ok := c.datePart(u); ok {
		return p, nil
	}
	return Part{}, errUnit(unit, nameTimestamp)
}

// ExtractTimestamptz is EXTRACT from a timestamp with time zone, by the clocks of loc.
func ExtractTimestamptz(unit string, ts int64, loc *time.Location) (Part, error) {
	u, ok := ParseUnit(unit)
	if !ok {
		return Part{}, errUnitUnknown(unit, nameTimestamptz)
	}
	if IsInf(ts) {
		return extractInf(u, ts, unit, nameTimestamptz)
	}
	if u == UnitEpoch {
		return Part{Value: ts - unixEpochSeconds*Second, Scale: 6}, nil
	}
	c := CivilIn(ts, loc)
	if p, ok := zonePart(u, c.Offset); ok {
		return p, nil
	}
	if p, ok := c.timePart(u); ok {
		return p, nil
	}
	if p, ok := c.datePart(u); ok {
		return p, nil
	}
	return Part{}, errUnit(unit, nameTimestamptz)
}

// extractInf gives an infinity for what grows for ever and NULL for what comes round again.
func extractInf(u Unit, ts int64, unit, typeName string) (Part, error) {
	switch u {
	case UnitYear, UnitDecade, UnitCentury, UnitMillennium, UnitJulian, UnitISOYear, UnitEpoch:
		if ts < 0 {
			return Part{Inf: -1}, nil
		}
		return Part{Inf: 1}, nil
	case UnitTimezone, UnitTimezoneHour, UnitTimezoneMinute:
		if typeName != nameTimestamptz {
			return Part{}, errUnit(unit, typeName)
		}
	}
	return Part{Null: true}, nil
}

func zonePart(u Unit, offset int) (Part, bool) {
	switch u {
	case UnitTimezone:
		return Part{Value: int64(offset)}, true
	case UnitTimezoneHour:
		return Part{Value: int64(offset / 3600)}, true
	case UnitTimezoneMinute:
		return Part{Value: int64(offset % 3600 / 60)}, true
	}
	return Part{}, false
}

func (c *Civil) timePart(u Unit) (Part, bool) {
	us := int64(c.Second)*Second + int64(c.Micro)
	switch u {
	case UnitMicrosecond:
		return Part{Value: us}, true
	case UnitMillisecond:
		return Part{Value: us, Scale: 3}, true
	case UnitSecond:
		return Part{Value: us, Scale: 6}, true
	case UnitMinute:
		return Part{Value: int64(c.Minute)}, true
	case UnitHour:
		return Part{Value: int64(c.Hour)}, true
	}
	return Part{}, false
}

// yearGroup counts decades of years as PostgreSQL counts centuries: the first begins with year 1, there is no zeroth.
func yearGroup(year, size int) int {
	if year > 0 {
		return (year + size - 1) / size
	}
	return -((size - 1 - (year - 1)) / size)
}

func (c *Civil) datePart(u Unit) (Part, bool) {
	days := DaysFromCivil(c.Year, c.Month, c.Day)
	v := 0
	switch u {
	case UnitDay:
		v = c.Day
	case UnitMonth:
		v = c.Month
	case UnitQuarter:
		v = (c.Month-1)/3 + 1
	case UnitWeek:
		_, v = isoWeek(days)
	case UnitISOYear:
		v, _ = isoWeek(days)
		v = eraYear(v)
	case UnitYear:
		v = eraYear(c.Year)
	case UnitDecade:
		v = floorDiv(c.Year, 10)
	case UnitCentury:
		v = yearGroup(c.Year, 100)
	case UnitMillennium:
		v = yearGroup(c.Year, 1000)
	case UnitDOW:
		v = weekday(days)
	case UnitISODOW:
		v = (weekday(days)+6)%7 + 1
	case UnitDOY:
		v = days - DaysFromCivil(c.Year, 1, 1) + 1
	case UnitJulian:
		return Part{Value: int64(days + julianOf2000), Fraction: c.micros(), julian: true}, true
	default:
		return Part{}, false
	}
	return Part{Value: int64(v)}, true
}

// eraYear turns the year 0 into -1, as there is no year 0 in BC.
func eraYear(y int) int {
	if y <= 0 {
		return y - 1
	}
	return y
}

// isoWeek returns the ISO 8601 year (0 being 1 BC) and week of a day.
func isoWeek(days int) (year, week int) {
	thursday := days - (weekday(days)+6)%7 + 3
	year, _, _ = CivilFromDays(thursday)
	return year, (thursday-DaysFromCivil(year, 1, 1))/7 + 1
}

// ExtractDate is EXTRACT from a date.
func ExtractDate(unit string, d int64) (Part, error) {
	u, ok := ParseUnit(unit)
	if !ok {
		return Part{}, errUnitUnknown(unit, "date")
	}
	switch u {
	case UnitHour, UnitMinute, UnitSecond, UnitMillisecond, UnitMicrosecond, UnitTimezone, UnitTimezoneHour, UnitTimezoneMinute:
		return Part{}, errUnit(unit, "date")
	}
	if IsInfDate(d) {
		return extractInf(u, d, unit, "date")
	}
	if u == UnitEpoch {
		return Part{Value: (d - unixEpochDays) * 86400}, nil
	}
	var c Civil
	c.Year, c.Month, c.Day = CivilFromDays(int(d))
	p, _ := c.datePart(u)
	p.julian = false
	return p, nil
}

// ExtractTime is EXTRACT from a time of day.
func ExtractTime(unit string, us int64) (Part, error) { return extractTime(unit, us, nameTime) }

func extractTime(unit string, us int64, typeName string) (Part, error) {
	u, ok := ParseUnit(unit)
	if !ok {
		return Part{}, errUnitUnknown(unit, typeName)
	}
	if u == UnitEpoch {
		return Part{Value: us, Scale: 6}, nil
	}
	var c Civil
	c.setTime(us)
	if p, ok := c.timePart(u); ok {
		return p, nil
	}
	return Part{}, errUnit(unit, typeName)
}

// ExtractTimetz is EXTRACT from a time with time zone.
func ExtractTimetz(unit string, us int64, west int32) (Part, error) {
	if u, ok := ParseUnit(unit); ok {
		if u == UnitEpoch {
			return Part{Value: us + int64(west)*Second, Scale: 6}, nil
		}
		if p, ok := zonePart(u, int(-west)); ok {
			return p, nil
		}
	}
	return extractTime(unit, us, nameTimetz)
}

// ExtractInterval is EXTRACT from an interval.
func ExtractInterval(unit string, v Interval) (Part, error) {
	u, ok := ParseUnit(unit)
	if !ok {
		return Part{}, errUnitUnknown(unit, "interval")
	}
	p := v.parts()
	us := p.sec*Second + p.micro
	switch u {
	case UnitMicrosecond:
		return Part{Value: us}, nil
	case UnitMillisecond:
		return Part{Value: us, Scale: 3}, nil
	case UnitSecond:
		return Part{Value: us, Scale: 6}, nil
	case UnitMinute:
		return Part{Value: p.minute}, nil
	case UnitHour:
		return Part{Value: p.hour}, nil
	case UnitDay:
		return Part{Value: p.day}, nil
	case UnitMonth:
		return Part{Value: p.month}, nil
	case UnitQuarter:
		return Part{Value: p.month/3 + 1}, nil
	case UnitYear:
		return Part{Value: p.year}, nil
	case UnitDecade:
		return Part{Value: p.year / 10}, nil
	case UnitCentury:
		return Part{Value: p.year / 100}, nil
	case UnitMillennium:
		return Part{Value: p.year / 1000}, nil
	case UnitEpoch:
		// A year counts as 365.25 days and a month as 30.
		quarters := 1461*p.year + 120*p.month + 4*p.day
		return Part{Value: quarters*(86400/4)*Second + v.Micros, Scale: 6}, nil
	}
	return Part{}, errUnit(unit, "interval")
}
