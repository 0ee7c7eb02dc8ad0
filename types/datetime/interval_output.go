package datetime

import "strconv"

// intervalParts is an interval as text shows it.
type intervalParts struct {
	year, month, day  int64
	hour, minute, sec int64
	micro             int64
}

func (v Interval) parts() intervalParts {
	t := v.Micros
	p := intervalParts{year: int64(v.Months / 12), month: int64(v.Months % 12), day: int64(v.Days)}
	p.hour = t / Hour
	t -= p.hour * Hour
	p.minute = t / Minute
	t -= p.minute * Minute
	p.sec = t / Second
	p.micro = t - p.sec*Second
	return p
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// AppendInterval appends an interval.
func AppendInterval(dst []byte, v Interval, style IntervalStyle) []byte {
	p := v.parts()
	switch style {
	case IntervalSQL:
		return p.appendSQL(dst)
	case IntervalISO:
		return p.appendISO(dst)
	case IntervalVerbose:
		return p.appendVerbose(dst)
	}
	return p.appendPostgres(dst)
}

func (p intervalParts) appendPostgres(dst []byte) []byte {
	start := len(dst)
	negative := false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if negative && v > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(strconv.AppendInt(dst, v, 10), ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		negative = v < 0
	}
	part(p.year, "year")
	part(p.month, "mon")
	part(p.day, "day")
	if len(dst) > start && p.hour == 0 && p.minute == 0 && p.sec == 0 && p.micro == 0 {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	if p.timeNegative() {
		dst = append(dst, '-')
	} else if negative {
		dst = append(dst, '+')
	}
	return p.appendClock(dst, true)
}

func (p intervalParts) timeNegative() bool {
	return p.hour < 0 || p.minute < 0 || p.sec < 0 || p.micro < 0
}

// appendClock appends hh:mm:ss.ffffff without sign; padded says whether the hours have at least two digits.
func (p intervalParts) appendClock(dst []byte, padded bool) []byte {
	h := abs(p.hour)
	if padded && h < 10 {
		dst = append(dst, '0')
	}
	dst = append(strconv.AppendUint(dst, uint64(h), 10), ':')
	dst = append(append2(dst, int(abs(p.minute))), ':')
	dst = append2(dst, int(abs(p.sec)))
	return appendFraction(dst, int(abs(p.micro)))
}

func (p intervalParts) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if zero {
			before, v = v < 0, abs(v)
		} else if before {
			v = -v
		}
		dst = append(append(strconv.AppendInt(append(dst, ' '), v, 10), ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	part(p.year, "year")
	part(p.month, "mon")
	part(p.day, "day")
	part(p.hour, "hour")
	part(p.minute, "min")
	if p.sec != 0 || p.micro != 0 {
		negative := p.sec < 0 || p.micro < 0
		if zero {
			before = negative
			negative = false
		} else if before {
			negative = !negative
		}
		dst = append(dst, ' ')
		if negative {
			dst = append(dst, '-')
		}
		dst = strconv.AppendInt(dst, abs(p.sec), 10)
		dst = append(appendFraction(dst, int(abs(p.micro))), " sec"...)
		if abs(p.sec) != 1 || p.micro != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

func (p intervalParts) appendISO(dst []byte) []byte {
	if p == (intervalParts{}) {
		return append(dst, "PT0S"...)
	}
	dst = append(dst, 'P')
	part := func(v int64, unit byte) {
		if v != 0 {
			dst = append(strconv.AppendInt(dst, v, 10), unit)
		}
	}
	part(p.year, 'Y')
	part(p.month, 'M')
	part(p.day, 'D')
	if p.hour != 0 || p.minute != 0 || p.sec != 0 || p.micro != 0 {
		dst = append(dst, 'T')
	}
	part(p.hour, 'H')
	part(p.minute, 'M')
	if p.sec != 0 || p.micro != 0 {
		if p.sec < 0 || p.micro < 0 {
			dst = append(dst, '-')
		}
		dst = strconv.AppendInt(dst, abs(p.sec), 10)
		dst = append(appendFraction(dst, int(abs(p.micro))), 'S')
	}
	return dst
}

func (p intervalParts) appendSQL(dst []byte) []byte {
	negative := p.year < 0 || p.month < 0 || p.day < 0 || p.timeNegative()
	positive := p.year > 0 || p.month > 0 || p.day > 0 || p.hour > 0 || p.minute > 0 || p.sec > 0 || p.micro > 0
	yearMonth := p.year != 0 || p.month != 0
	dayTime := p.day != 0 || p.hour != 0 || p.minute != 0 || p.sec != 0 || p.micro != 0
	switch {
	case !negative && !positive:
		return append(dst, '0')
	case negative && positive || yearMonth && dayTime:
		return p.appendSQLMixed(dst)
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case yearMonth:
		dst = append(strconv.AppendInt(dst, abs(p.year), 10), '-')
		return strconv.AppendInt(dst, abs(p.month), 10)
	case p.day != 0:
		dst = append(strconv.AppendInt(dst, abs(p.day), 10), ' ')
	}
	return p.appendClock(dst, false)
}

// appendSQLMixed appends all parts, each with a sign: +1-2 -3 +4:05:06.
func (p intervalParts) appendSQLMixed(dst []byte) []byte {
	sign := func(negative bool) byte {
		if negative {
			return '-'
		}
		return '+'
	}
	dst = append(dst, sign(p.year < 0 || p.month < 0))
	dst = append(strconv.AppendInt(dst, abs(p.year), 10), '-')
	dst = append(strconv.AppendInt(dst, abs(p.month), 10), ' ', sign(p.day < 0))
	dst = append(strconv.AppendInt(dst, abs(p.day), 10), ' ', sign(p.timeNegative()))
	return p.appendClock(dst, false)
}
