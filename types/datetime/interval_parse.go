package datetime

import (
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

func errIntervalField(text string) error {
	return pgerr.New(pgerrcode.IntervalFieldOverflow, "interval field value out of range: \"%s\"", text)
}

// ParseInterval reads an interval; rng is the range of its type modifier, for numbers without unit.
func ParseInterval(text string, style IntervalStyle, rng int) (Interval, error) {
	p := intervalParser{rng: rng}
	f := p.decode(text, style)
	if f == faultSyntax {
		p = intervalParser{}
		f = p.decodeISO(strings.TrimSpace(text))
	}
	switch f {
	case faultNone:
	case faultField:
		return Interval{}, errIntervalField(text)
	default:
		return Interval{}, f.err("interval", text)
	}
	v, ok := p.interval()
	if !ok {
		return Interval{}, errInterval()
	}
	return v, nil
}

// intervalParser sums up the parts of one text.
type intervalParser struct {
	rng                  int
	years, months, days  int64
	micros               int64
	seen                 uint32
	unit                 Unit
	forceNegative, isAgo bool
	overflow             bool
}

func (p *intervalParser) interval() (Interval, bool) {
	months := p.years*12 + p.months
	if p.overflow || abs(p.years) > math.MaxInt32 || months != int64(int32(months)) || p.days != int64(int32(p.days)) {
		return Interval{}, false
	}
	return Interval{p.micros, int32(p.days), int32(months)}, true
}

func (p *intervalParser) decode(text string, style IntervalStyle) fault {
	fields, ok := split(text)
	if !ok || len(fields) == 0 {
		return faultSyntax
	}
	if style == IntervalSQL && fields[0].text[0] == '-' {
		p.forceNegative = true
		for _, f := range fields[1:] {
			if f.text[0] == '-' || f.text[0] == '+' {
				p.forceNegative = false
			}
		}
	}
	for i := len(fields) - 1; i >= 0; i-- {
		if f := p.field(fields[i]); f != faultNone {
			return f
		}
	}
	if p.seen == 0 {
		return faultSyntax
	}
	if p.isAgo {
		p.years, p.months, p.days, p.micros = -p.years, -p.months, -p.days, -p.micros
	}
	if p.overflow {
		return faultField
	}
	return faultNone
}

func (p *intervalParser) field(f field) fault {
	switch f.kind {
	case fieldTime:
		return p.clock(f.text, p.forceNegative)
	case fieldZone:
		if strings.IndexByte(f.text, ':') > 0 {
			if fault := p.clock(f.text[1:], f.text[0] == '-'); fault != faultSyntax {
				return fault
			}
		}
		return p.number(f.text)
	case fieldDate, fieldNumber:
		return p.number(f.text)
	}
	word := cutToken(f.text)
	if word == "ago" {
		p.isAgo, p.unit = true, UnitNone
		return faultNone
	}
	if word == "at" || word == "on" {
		return faultNone
	}
	u, ok := intervalUnits[word]
	if !ok || u == UnitQuarter {
		return faultSyntax
	}
	p.unit = u
	return faultNone
}

const (
	seenClock = 1<<UnitHour | 1<<UnitMinute | 1<<UnitSecond | 1<<UnitMillisecond | 1<<UnitMicrosecond
)

func (p *intervalParser) mark(bits uint32) bool {
	if p.seen&bits != 0 {
		return false
	}
	p.seen |= bits
	return true
}

// clock reads hh:mm[:ss[.fff]]; two parts are minutes and seconds when there is a fraction or the range says so.
func (p *intervalParser) clock(s string, negative bool) fault {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return faultSyntax
	}
	h, err := strconv.ParseInt(parts[0], 10, 64)
	last, frac, dot := strings.Cut(parts[len(parts)-1], ".")
	mid, ok1 := atoi(parts[1])
	sec, ok2 := atoi(last)
	us, ok3 := parseMicros(frac)
	if len(parts) == 2 {
		mid, ok1, sec = sec, ok2, 0
		if dot || p.rng == RangeMinute|RangeSecond {
			h, mid, sec = 0, int(h), mid
		}
	}
	if err != nil || !ok1 || !ok2 || !ok3 {
		return faultSyntax
	}
	if mid > 59 || sec > 60 || h < 0 {
		return faultField
	}
	if !p.mark(seenClock) {
		return faultSyntax
	}
	t := (int64(mid)*60+int64(sec))*Second + int64(us)
	if h > (math.MaxInt64-t)/Hour {
		return faultField
	}
	t += h * Hour
	if negative {
		t = -t
	}
	p.addMicros(t)
	p.unit = UnitDay
	return faultNone
}

func (p *intervalParser) addMicros(t int64) {
	sum, ok := add64(p.micros, t)
	p.micros = sum
	p.overflow = p.overflow || !ok
}

// defaultUnit is the unit of a number without one.
func (p *intervalParser) defaultUnit() Unit {
	switch p.rng {
	case RangeYear:
		return UnitYear
	case RangeMonth, RangeYear | RangeMonth:
		return UnitMonth
	case RangeDay:
		return UnitDay
	case RangeHour, RangeDay | RangeHour:
		return UnitHour
	case RangeMinute, RangeHour | RangeMinute, RangeDay | RangeHour | RangeMinute:
		return UnitMinute
	}
	return UnitSecond
}

func (p *intervalParser) number(s string) fault {
	if p.unit == UnitNone {
		p.unit = p.defaultUnit()
	}
	end := 0
	if s[0] == '+' || s[0] == '-' {
		end = 1
	}
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	var v int64
	if strings.Trim(s[:end], "+-") != "" {
		var err error
		if v, err = strconv.ParseInt(s[:end], 10, 64); err != nil {
			return faultField
		}
	}
	frac := 0.0
	switch rest := s[end:]; {
	case rest == "":
	case rest[0] == '-':
		m, ok := atoi(rest[1:])
		if !ok {
			return faultSyntax
		}
		if m >= 12 || abs(v) > math.MaxInt64/16 {
			return faultField
		}
		if s[0] == '-' {
			m = -m
		}
		p.unit, v = UnitMonth, v*12+int64(m)
	case rest[0] == '.':
		var ok bool
		if frac, ok = parseFraction(rest); !ok {
			return faultSyntax
		}
		if s[0] == '-' {
			frac = -frac
		}
	default:
		return faultSyntax
	}
	if p.forceNegative {
		v, frac = -abs(v), -math.Abs(frac)
	}
	return p.add(v, frac)
}

// parseFraction reads .ddd; a lone point is 0.
func parseFraction(s string) (float64, bool) {
	if s == "." {
		return 0, true
	}
	if strings.Trim(s[1:], "0123456789") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat("0"+s, 64)
	return f, err == nil
}

// add adds v.frac of the unit at hand and says what a further number to the left means.
func (p *intervalParser) add(v int64, frac float64) fault {
	u := p.unit
	seen := uint32(1) << u
	if u == UnitSecond && frac != 0 {
		seen = 1<<UnitSecond | 1<<UnitMillisecond | 1<<UnitMicrosecond
	}
	if u == UnitHour {
		p.unit = UnitDay
	}
	p.addUnit(u, v, frac)
	if p.overflow {
		return faultField
	}
	if !p.mark(seen) {
		return faultSyntax
	}
	return faultNone
}

func (p *intervalParser) addUnit(u Unit, v int64, frac float64) {
	switch u {
	case UnitMicrosecond:
		p.time(v, frac, 1)
	case UnitMillisecond:
		p.time(v, frac, 1000)
	case UnitSecond:
		p.time(v, frac, Second)
	case UnitMinute:
		p.time(v, frac, Minute)
	case UnitHour:
		p.time(v, frac, Hour)
	case UnitDay:
		p.grow(&p.days, v, 1)
		p.fracTime(frac, Day)
	case UnitWeek:
		p.grow(&p.days, v, 7)
		p.fracDays(frac, 7)
	case UnitMonth:
		p.grow(&p.months, v, 1)
		p.fracDays(frac, 30)
	case UnitYear:
		p.addYears(v, frac, 1)
	case UnitDecade:
		p.addYears(v, frac, 10)
	case UnitCentury:
		p.addYears(v, frac, 100)
	case UnitMillennium:
		p.addYears(v, frac, 1000)
	}
}

func (p *intervalParser) grow(field *int64, v, scale int64) {
	if v > math.MaxInt32 || v < math.MinInt32 {
		p.overflow = true
		return
	}
	*field += v * scale
	if *field > math.MaxInt32 || *field < math.MinInt32 {
		p.overflow = true
	}
}

func (p *intervalParser) addYears(v int64, frac float64, scale int64) {
	p.grow(&p.years, v, scale)
	p.months += int64(math.RoundToEven(frac * float64(scale) * 12))
}

func (p *intervalParser) time(v int64, frac float64, scale int64) {
	if v > math.MaxInt64/scale || v < math.MinInt64/scale {
		p.overflow = true
		return
	}
	p.addMicros(v * scale)
	p.fracTime(frac, scale)
}

func (p *intervalParser) fracTime(frac float64, scale int64) {
	if frac == 0 {
		return
	}
	frac *= float64(scale)
	us := int64(frac)
	switch frac -= float64(us); {
	case frac > 0.5:
		us++
	case frac < -0.5:
		us--
	}
	p.addMicros(us)
}

func (p *intervalParser) fracDays(frac float64, scale float64) {
	frac *= scale
	d := int64(frac)
	p.days += d
	p.fracTime(frac-float64(d), Day)
}
