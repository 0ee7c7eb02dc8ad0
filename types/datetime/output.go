package datetime

import "strconv"

// AppendDate appends a date.
func AppendDate(dst []byte, d int64, s Settings) []byte {
	switch d {
	case DateInf:
		return append(dst, "infinity"...)
	case DateNegInf:
		return append(dst, "-infinity"...)
	}
	var c Civil
	c.Year, c.Month, c.Day = CivilFromDays(int(d))
	switch s.Style {
	case ISO:
		dst = c.appendISODate(dst)
	case Postgres:
		dst = c.appendShortDate(dst, '-', s.Order == DMY)
	case SQL:
		dst = c.appendShortDate(dst, '/', s.Order == DMY)
	case German:
		dst = c.appendShortDate(dst, '.', true)
	}
	return c.appendBC(dst)
}

// AppendTimestamp appends a timestamp without time zone.
func AppendTimestamp(dst []byte, ts int64, s Settings) []byte {
	if IsInf(ts) {
		return appendInf(dst, ts)
	}
	c := CivilOf(ts)
	return c.append(dst, s, false)
}

// AppendTimestamptz appends a timestamp with time zone, as clocks in s.Loc show it.
func AppendTimestamptz(dst []byte, ts int64, s Settings) []byte {
	if IsInf(ts) {
		return appendInf(dst, ts)
	}
	c := CivilIn(ts, s.Loc)
	return c.append(dst, s, true)
}

func appendInf(dst []byte, ts int64) []byte {
	if ts == Inf {
		return append(dst, "infinity"...)
	}
	return append(dst, "-infinity"...)
}

func (c *Civil) append(dst []byte, s Settings, zone bool) []byte {
	switch s.Style {
	case ISO:
		dst = append(c.appendISODate(dst), ' ')
		dst = c.appendTime(dst)
		if zone {
			dst = appendOffset(dst, c.Offset)
		}
	case Postgres:
		dst = c.appendPostgres(dst, s.Order == DMY)
		if zone {
			dst = append(append(dst, ' '), c.Zone...)
		}
	default:
		sep := byte('/')
		if s.Style == German {
			sep = '.'
		}
		dst = append(c.appendShortDate(dst, sep, s.Style == German || s.Order == DMY), ' ')
		dst = c.appendTime(dst)
		if zone {
			dst = append(append(dst, ' '), c.Zone...)
		}
	}
	return c.appendBC(dst)
}

// appendPostgres appends the form of Unix's date: Sat Jan 01 12:00:00 2000.
func (c *Civil) appendPostgres(dst []byte, dayFirst bool) []byte {
	dst = append(append(dst, dayNames[weekday(DaysFromCivil(c.Year, c.Month, c.Day))][:3]...), ' ')
	if dayFirst {
		dst = append(append2(dst, c.Day), ' ')
		dst = append(append(dst, monthNames[c.Month-1][:3]...), ' ')
	} else {
		dst = append(append(dst, monthNames[c.Month-1][:3]...), ' ')
		dst = append(append2(dst, c.Day), ' ')
	}
	dst = append(c.appendTime(dst), ' ')
	return c.appendYear(dst)
}

func (c *Civil) appendISODate(dst []byte) []byte {
	dst = append(c.appendYear(dst), '-')
	dst = append(append2(dst, c.Month), '-')
	return append2(dst, c.Day)
}

func (c *Civil) appendShortDate(dst []byte, sep byte, dayFirst bool) []byte {
	a, b := c.Month, c.Day
	if dayFirst {
		a, b = b, a
	}
	dst = append(append2(dst, a), sep)
	dst = append(append2(dst, b), sep)
	return c.appendYear(dst)
}

// appendYear appends the year of the era in at least four digits.
func (c *Civil) appendYear(dst []byte) []byte {
	y := c.Year
	if y <= 0 {
		y = 1 - y
	}
	if y < 10000 {
		return append2(append2(dst, y/100), y%100)
	}
	return strconv.AppendInt(dst, int64(y), 10)
}

func (c *Civil) appendBC(dst []byte) []byte {
	if c.Year <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

func (c *Civil) appendTime(dst []byte) []byte {
	dst = append(append2(dst, c.Hour), ':')
	dst = append(append2(dst, c.Minute), ':')
	dst = append2(dst, c.Second)
	return appendFraction(dst, c.Micro)
}

// appendFraction appends .ffffff without zeros at the end.
func appendFraction(dst []byte, micro int) []byte {
	if micro == 0 {
		return dst
	}
	dst = append(dst, '.')
	for div := 100000; micro > 0; div /= 10 {
		dst = append(dst, byte('0'+micro/div))
		micro %= div
	}
	return dst
}

func append2(dst []byte, v int) []byte {
	if v > 99 {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	return append(dst, byte('0'+v/10), byte('0'+v%10))
}

// appendOffset appends an offset east of UTC: +02, +05:30, -00:01:15.
func appendOffset(dst []byte, secs int) []byte {
	sign := byte('+')
	if secs < 0 {
		sign, secs = '-', -secs
	}
	dst = append2(append(dst, sign), secs/3600)
	if secs%3600 != 0 {
		dst = append2(append(dst, ':'), secs/60%60)
	}
	if secs%60 != 0 {
		dst = append2(append(dst, ':'), secs%60)
	}
	return dst
}

// AppendTime appends a time of day; 24:00:00 is one.
func AppendTime(dst []byte, us int64) []byte {
	var c Civil
	c.setTime(us)
	return c.appendTime(dst)
}

// AppendTimetz appends a time of day with an offset, given in seconds west of UTC as PostgreSQL stores it.
func AppendTimetz(dst []byte, us int64, west int32) []byte {
	return appendOffset(AppendTime(dst, us), int(-west))
}

var dayNames = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

var monthNames = [...]string{
	"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
	"December",
}
