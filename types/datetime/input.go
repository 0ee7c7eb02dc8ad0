package datetime

import (
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// ParseDate reads a date. A time of day in the text is ignored.
func ParseDate(text string, s Settings) (int64, error) {
	if c, rest, ok := isoDate(text); ok && rest == "" {
		return int64(DaysFromCivil(c.Year, c.Month, c.Day)), nil
	}
	d, f := decode(text, s, false)
	if f != faultNone {
		return 0, d.fail(f, "date", text)
	}
	if d.isSpecial {
		return map[wordKind]int64{wordInf: DateInf, wordNegInf: DateNegInf, wordEpoch: unixEpochDays}[d.special], nil
	}
	days := int64(-1 << 40)
	if d.c.Year > -4800 && d.c.Year < 6000000 {
		days = int64(DaysFromCivil(d.c.Year, d.c.Month, d.c.Day))
	}
	if !ValidDate(days) {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "date out of range: \"%s\"", text)
	}
	return days, nil
}

// fail makes the error for a fault.
func (d *decoder) fail(f fault, typeName, text string) error {
	if d.err != nil {
		return d.err
	}
	return f.err(typeName, text)
}

// ParseTimestamp reads a timestamp without time zone; a time zone in the text is ignored.
func ParseTimestamp(text string, s Settings) (int64, error) {
	if c, ok := isoTimestamp(text, false); ok {
		if ts, ok := c.Timestamp(); ok {
			return ts, nil
		}
	}
	d, f := decode(text, s, false)
	if f != faultNone {
		return 0, d.fail(f, "timestamp", text)
	}
	if d.isSpecial {
		return d.specialTimestamp(), nil
	}
	ts, ok := d.c.Timestamp()
	if !ok {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", text)
	}
	return ts, nil
}

func (d *decoder) specialTimestamp() int64 {
	switch d.special {
	case wordInf:
		return Inf
	case wordNegInf:
		return NegInf
	}
	return unixEpochSeconds * Second
}

// ParseTimestamptz reads a timestamp with time zone; text without one is in s.Loc.
func ParseTimestamptz(text string, s Settings) (int64, error) {
	if c, ok := isoTimestamp(text, true); ok {
		if ts, ok := c.Timestamp(); ok {
			if ts -= int64(c.Offset) * Second; ValidTimestamp(ts) {
				return ts, nil
			}
		}
	}
	d, f := decode(text, s, false)
	if f != faultNone {
		return 0, d.fail(f, "timestamp with time zone", text)
	}
	if d.isSpecial {
		return d.specialTimestamp(), nil
	}
	ts, ok := d.c.Timestamp()
	if ok {
		ts -= int64(d.offset(ts)) * Second
		ok = ValidTimestamp(ts)
	}
	if !ok {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", text)
	}
	return ts, nil
}

// offset returns the offset of the local time read.
func (d *decoder) offset(ts int64) int {
	switch {
	case d.zone != nil:
		return LocalOffset(ts, d.zone)
	case d.have&partZone != 0:
		return d.c.Offset
	}
	return LocalOffset(ts, d.set.Loc)
}

// ParseTime reads a time of day in microseconds.
func ParseTime(text string, s Settings) (int64, error) {
	d, f := decode(text, s, true)
	if f == faultNone && d.isSpecial {
		f = faultSyntax
	}
	if f == faultNone && d.zone != nil && d.have&partDate != partDate && !isFixed(d.zone) {
		f = faultSyntax
	}
	if f != faultNone {
		return 0, d.fail(f, "time", text)
	}
	return d.c.micros(), nil
}

// ParseTimetz reads a time of day with time zone: microseconds, and seconds west of UTC.
func ParseTimetz(text string, s Settings) (us int64, west int32, err error) {
	d, f := decode(text, s, true)
	if f == faultNone && d.isSpecial {
		f = faultSyntax
	}
	if f == faultNone && d.zone != nil && d.have&partDate != partDate && !isFixed(d.zone) {
		f = faultSyntax
	}
	if f != faultNone {
		return 0, 0, d.fail(f, "time with time zone", text)
	}
	if d.have&partZone != 0 && d.zone == nil {
		return d.c.micros(), int32(-d.c.Offset), nil
	}
	c := d.c
	if d.have&partDate != partDate {
		now := CivilIn(FromTime(s.Now), s.Loc)
		c.Year, c.Month, c.Day = now.Year, now.Month, now.Day
	}
	ts, _ := c.Timestamp()
	return d.c.micros(), int32(-d.offset(ts)), nil
}

// isFixed reports whether a zone has one offset for ever.
func isFixed(l *time.Location) bool {
	start, end := time.Unix(0, 0).In(l).ZoneBounds()
	return start.IsZero() && end.IsZero()
}

// isoDate reads yyyy-mm-dd, the common form, without the general machinery.
func isoDate(s string) (c Civil, rest string, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return c, "", false
	}
	y1, ok1 := two(s)
	y2, ok2 := two(s[2:])
	m, ok3 := two(s[5:])
	day, ok4 := two(s[8:])
	c.Year, c.Month, c.Day = y1*100+y2, m, day
	ok = ok1 && ok2 && ok3 && ok4 && c.Year > 0 && m >= 1 && m <= 12 && day >= 1 && day <= DaysInMonth(c.Year, m)
	return c, s[10:], ok
}

func two(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// isoTimestamp reads yyyy-mm-dd hh:mm:ss[.ffffff][zone], the zone being Z or ±hh[:mm] and needed if wanted.
func isoTimestamp(s string, zone bool) (Civil, bool) {
	c, s, ok := isoDate(s)
	if !ok || len(s) < 9 || s[0] != ' ' && s[0] != 'T' || s[3] != ':' || s[6] != ':' {
		return c, false
	}
	var ok1, ok2, ok3 bool
	c.Hour, ok1 = two(s[1:])
	c.Minute, ok2 = two(s[4:])
	c.Second, ok3 = two(s[7:])
	if !ok1 || !ok2 || !ok3 || c.Hour > 23 || c.Minute > 59 || c.Second > 59 {
		return c, false
	}
	s = s[9:]
	if s != "" && s[0] == '.' {
		n := 1
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n > 7 {
			return c, false
		}
		c.Micro, _ = parseMicros(s[1:n])
		s = s[n:]
	}
	if !zone {
		return c, s == ""
	}
	if s == "Z" {
		return c, true
	}
	c.Offset, ok = isoOffset(s)
	return c, ok
}

// isoOffset reads ±hh or ±hh:mm.
func isoOffset(s string) (int, bool) {
	if len(s) != 3 && (len(s) != 6 || s[3] != ':') || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, ok := two(s[1:])
	m, ok2 := 0, true
	if len(s) == 6 {
		m, ok2 = two(s[4:])
	}
	secs := h*3600 + m*60
	if s[0] == '-' {
		secs = -secs
	}
	return secs, ok && ok2 && h <= 15 && m <= 59
}
