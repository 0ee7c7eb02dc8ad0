package datetime

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// fault says why text cannot be read.
type fault uint8

const (
	faultNone fault = iota
	faultSyntax
	faultField    // a field out of range
	faultMonthDay // month or day out of range: perhaps in the wrong order
	faultZone     // a displacement out of range
)

func (f fault) err(typeName, text string) error {
	switch f {
	case faultNone:
		return nil
	case faultField:
		return pgerr.New(pgerrcode.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text)
	case faultMonthDay:
		return pgerr.New(pgerrcode.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text).
			WithHint("Perhaps you need a different \"datestyle\" setting.")
	case faultZone:
		return pgerr.New(pgerrcode.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", text)
	}
	return pgerr.New(pgerrcode.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typeName, text)
}

// parts is a bit set of what has been read.
type parts uint16

const (
	partYear parts = 1 << iota
	partMonth
	partDay
	partDOY
	partHour
	partMinute
	partSecond
	partZone
	partDST
	partWeekday
	partMeridian
	partEra
	partReserved

	partDate = partYear | partMonth | partDay
	partTime = partHour | partMinute | partSecond
)

// decoder gathers the fields of one text.
type decoder struct {
	set       Settings
	timeOnly  bool
	c         Civil
	yday      int
	have      parts
	mask      parts // what the field at hand has brought
	textMonth bool
	twoDigits bool
	julian    bool
	bc        bool
	meridian  wordKind
	zone      *time.Location // named zone
	special   wordKind       // infinities and epoch
	isSpecial bool
	prefix    byte // 'j' or 't' seen, the next field is that
	err       error
}

// decode reads text. d.isSpecial is set for the infinities and epoch. The decoder is there even with a fault.
func decode(text string, set Settings, timeOnly bool) (*decoder, fault) {
	d := &decoder{set: set, timeOnly: timeOnly, meridian: wordUnit}
	fields, ok := split(text)
	if !ok || len(fields) == 0 {
		return d, faultSyntax
	}
	for i, f := range fields {
		d.mask = 0
		if fault := d.field(f, fields[i+1:]); fault != faultNone {
			return d, fault
		}
		if d.mask&d.have != 0 {
			return d, faultSyntax
		}
		d.have |= d.mask
	}
	if d.prefix != 0 {
		return d, faultSyntax
	}
	if d.isSpecial {
		return d, faultNone
	}
	return d, d.finish()
}

func (d *decoder) field(f field, rest []field) fault {
	switch f.kind {
	case fieldDate:
		return d.dateField(f.text)
	case fieldTime:
		if d.prefix == 'j' {
			return faultSyntax
		}
		d.prefix = 0
		return d.timeField(f.text)
	case fieldZone:
		return d.zoneField(f.text)
	case fieldNumber:
		return d.numberField(f.text)
	}
	return d.wordField(f.text, rest)
}

func (d *decoder) dateField(s string) fault {
	if d.prefix == 'j' { // a Julian day with a time zone
		i := strings.IndexAny(s, "+-")
		if i < 0 {
			return faultSyntax
		}
		if f := d.julianDay(s[:i]); f != faultNone {
			return f
		}
		mask := d.mask
		f := d.zoneField(s[i:])
		d.mask |= mask
		return f
	}
	if d.prefix == 0 && d.have&(partMonth|partDay) != partMonth|partDay && !d.timeOnly {
		return d.date(s)
	}
	if d.prefix == 0 && d.timeOnly && d.have&partDate != partDate && isDigit(s[0]) {
		return d.date(s)
	}
	if isDigit(s[0]) || d.prefix != 0 {
		d.prefix = 0
		return d.runTogether(s)
	}
	return d.namedZone(s)
}

// runTogether reads hhmmss-zz.
func (d *decoder) runTogether(s string) fault {
	i := strings.IndexByte(s, '-')
	if d.have&partTime == partTime || i < 0 {
		return faultSyntax
	}
	if f := d.zoneField(s[i:]); f != faultNone {
		return f
	}
	mask := d.mask
	f := d.digits(s[:i])
	d.mask |= mask
	return f
}

func (d *decoder) namedZone(s string) fault {
	l, ok := LoadZone(s)
	if !ok {
		d.err = ErrZone(s)
		return faultZoneName
	}
	d.zone, d.mask = l, partZone
	return faultNone
}

// faultZoneName stands for the error in decoder.err.
const faultZoneName fault = 100

func (d *decoder) timeField(s string) fault {
	p := strings.Split(s, ":")
	if len(p) < 2 || len(p) > 3 {
		return faultSyntax
	}
	var ok [3]bool
	c := &d.c
	c.Hour, ok[0] = atoi(p[0])
	if len(p) == 2 {
		min, frac, dot := strings.Cut(p[1], ".")
		c.Minute, ok[1] = atoi(min)
		c.Second, ok[2] = 0, true
		if dot { // mm:ss.fff
			c.Hour, c.Minute, c.Second = 0, c.Hour, c.Minute
			ok[2] = d.fraction(frac)
		}
	} else {
		sec, frac, _ := strings.Cut(p[2], ".")
		c.Minute, ok[1] = atoi(p[1])
		c.Second, ok[2] = atoi(sec)
		ok[2] = ok[2] && d.fraction(frac)
	}
	if !ok[0] || !ok[1] || !ok[2] {
		return faultSyntax
	}
	d.mask = partTime
	return c.checkTime()
}

// checkTime allows 24:00:00 and a 60th second.
func (c *Civil) checkTime() fault {
	if c.Hour > 24 || c.Minute > 59 || c.Second > 60 ||
		c.Hour == 24 && (c.Minute > 0 || c.Second > 0 || c.Micro > 0) || c.micros() > Day {
		return faultField
	}
	return faultNone
}

func (c *Civil) micros() int64 {
	return int64(c.Hour)*Hour + int64(c.Minute)*Minute + int64(c.Second)*Second + int64(c.Micro)
}

// fraction reads the digits after a point, rounding to microseconds.
func (d *decoder) fraction(s string) bool {
	us, ok := parseMicros(s)
	d.c.Micro = us
	return ok
}

// parseMicros reads digits as a fraction of a second, rounded to the nearest microsecond.
func parseMicros(s string) (int, bool) {
	v, scale := 0, 1000000
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		if scale > 1 {
			scale /= 10
			v += int(s[i]-'0') * scale
		} else if i == 6 {
			// The double precision arithmetic of PostgreSQL rounds halves to even.
			tail := strings.TrimRight(s[6:], "0")
			if tail > "5" || tail == "5" && v&1 == 1 {
				v++
			}
		}
	}
	return v, true
}

func atoi(s string) (int, bool) {
	if s == "" || len(s) > 10 {
		return 0, false
	}
	v := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		v = v*10 + int(s[i]-'0')
	}
	return v, v <= math.MaxInt32
}

func (d *decoder) zoneField(s string) fault {
	secs, ok := parseOffset(s)
	if !ok {
		end := 1
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		if h, _ := atoi(s[1:end]); h > 15 || end < len(s) && strings.Trim(s[1:], "0123456789:") == "" {
			return faultZone
		}
		return faultSyntax
	}
	d.c.Offset, d.mask = secs, partZone
	return faultNone
}

func (d *decoder) numberField(s string) fault {
	switch d.prefix {
	case 'j':
		d.prefix = 0
		return d.julianDay(s)
	case 't':
		d.prefix = 0
		if !d.timeOnly {
			return d.digits(s)
		}
	}
	whole, _, dot := strings.Cut(s, ".")
	switch {
	case d.timeOnly:
		return d.timeNumber(s, whole, dot)
	case dot && d.have&partDate == 0:
		return d.date(s)
	case dot && len(whole) > 2:
		return d.digits(s)
	case len(s) >= 6 && (d.have&partDate == 0 || d.have&partTime == 0):
		return d.digits(s)
	}
	return d.number(s)
}

// timeNumber reads a number where only a time is wanted.
func (d *decoder) timeNumber(s, whole string, dot bool) fault {
	if dot && d.have&partDate == 0 && len(whole) <= 2 {
		return faultSyntax
	}
	saved := d.have
	d.have |= partDate
	f := d.digits(s)
	d.have = saved
	return f
}

func (d *decoder) julianDay(s string) fault {
	whole, frac, dot := strings.Cut(s, ".")
	j, ok := atoi(whole)
	if !ok {
		return faultField
	}
	d.c.Year, d.c.Month, d.c.Day = CivilFromDays(j - julianOf2000)
	d.julian = true
	d.mask = partDate
	if dot {
		f, err := strconv.ParseFloat("0."+frac, 64)
		if err != nil {
			return faultSyntax
		}
		d.c.setTime(int64(f*float64(Day) + 0.5))
		d.mask |= partTime
	}
	d.prefix = 0
	return faultNone
}
