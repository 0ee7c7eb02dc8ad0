package datetime

// Unit is a unit of an interval or a field of a date.
type Unit uint8

// The units.
const (
	UnitNone Unit = iota
	UnitMicrosecond
	UnitMillisecond
	UnitSecond
	UnitMinute
	UnitHour
	UnitDay
	UnitWeek
	UnitMonth
	UnitQuarter
	UnitYear
	UnitDecade
	UnitCentury
	UnitMillennium
	UnitEpoch
	UnitDOW
	UnitISODOW
	UnitDOY
	UnitISOYear
	UnitJulian
	UnitTimezone
	UnitTimezoneHour
	UnitTimezoneMinute
)

var intervalUnits = map[string]Unit{
	"c": UnitCentury, "cent": UnitCentury, "centuries": UnitCentury, "century": UnitCentury, "d": UnitDay,
	"day": UnitDay, "days": UnitDay, "dec": UnitDecade, "decade": UnitDecade, "decades": UnitDecade, "decs": UnitDecade,
	"h": UnitHour, "hour": UnitHour, "hours": UnitHour, "hr": UnitHour, "hrs": UnitHour, "m": UnitMinute,
	"min": UnitMinute, "mins": UnitMinute, "minute": UnitMinute, "minutes": UnitMinute, "microsecon": UnitMicrosecond,
	"us": UnitMicrosecond, "usec": UnitMicrosecond, "useconds": UnitMicrosecond, "usecond": UnitMicrosecond,
	"usecs": UnitMicrosecond, "mil": UnitMillennium, "mils": UnitMillennium, "millennia": UnitMillennium,
	"millennium": UnitMillennium, "millisecon": UnitMillisecond, "ms": UnitMillisecond, "msec": UnitMillisecond,
	"mseconds": UnitMillisecond, "msecond": UnitMillisecond, "msecs": UnitMillisecond, "mon": UnitMonth,
	"mons": UnitMonth, "month": UnitMonth, "months": UnitMonth, "s": UnitSecond, "sec": UnitSecond, "secs": UnitSecond,
	"second": UnitSecond, "seconds": UnitSecond, "w": UnitWeek, "week": UnitWeek, "weeks": UnitWeek, "y": UnitYear,
	"year": UnitYear, "years": UnitYear, "yr": UnitYear, "yrs": UnitYear, "qtr": UnitQuarter, "quarter": UnitQuarter,
}

// cutToken cuts a word to the ten characters that PostgreSQL compares.
func cutToken(s string) string {
	if len(s) > 10 {
		return s[:10]
	}
	return s
}
