package datetime

import (
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// formatter writes one value by a format.
type formatter struct {
	dst      []byte
	c        Civil
	hours    int64 // of an interval, where they may be many
	interval bool
	zone     bool
}

// TimestampToChar is to_char of a timestamp without time zone; ok is false (SQL: NULL) for the infinities and for an
// empty format.
func TimestampToChar(ts int64, format string) (text string, ok bool, err error) {
	if IsInf(ts) || format == "" {
		return "", false, nil
	}
	f := formatter{c: CivilOf(ts)}
	return f.format(format)
}

// TimestamptzToChar is to_char of a timestamp with time zone, by the clocks of loc.
func TimestamptzToChar(ts int64, format string, loc *time.Location) (text string, ok bool, err error) {
	if IsInf(ts) || format == "" {
		return "", false, nil
	}
	f := formatter{c: CivilIn(ts, loc), zone: true}
	return f.format(format)
}

// IntervalToChar is to_char of an interval.
func IntervalToChar(v Interval, format string) (text string, ok bool, err error) {
	if format == "" {
		return "", false, nil
	}
	p := v.parts()
	f := formatter{interval: true, hours: p.hour}
	f.c = Civil{Year: int(p.year), Month: int(p.month), Day: int(p.day), Hour: int(p.hour), Minute: int(p.minute),
		Second: int(p.sec), Micro: int(p.micro)}
	return f.format(format)
}

func (f *formatter) format(format string) (string, bool, error) {
	nodes, _ := parsePattern(format)
	for _, n := range nodes {
		if n.key == "" {
			f.dst = append(f.dst, n.text...)
			continue
		}
		start := len(f.dst)
		if err := f.node(n); err != nil {
			return "", false, err
		}
		if n.suffix != "" && len(f.dst) > start {
			th := ordinal(string(f.dst[start:]))
			if n.suffix == "TH" {
				th = strings.ToUpper(th)
			}
			f.dst = append(f.dst, th...)
		}
	}
	return string(f.dst), true, nil
}

// num appends v in at least width digits, none when FM is set; for some patterns a minus sign is one more.
func (f *formatter) num(n patternNode, v int64, width int) {
	if n.fill {
		width = 0
	} else if v < 0 && strings.Contains(" HH HH12 HH24 MI SS YYYY IYYY CC ", " "+n.key+" ") {
		width++
	}
	f.dst = fmt.Appendf(f.dst, "%0*d", width, v)
}

// name appends a name in the case of the pattern, padded to width unless FM is set.
func (f *formatter) name(n patternNode, name string, width int) {
	switch {
	case n.text == n.key:
		name = strings.ToUpper(name)
	case n.text == strings.ToLower(n.key):
		name = strings.ToLower(name)
	}
	f.dst = append(f.dst, name...)
	if !n.fill && !n.local {
		for range width - len(name) {
			f.dst = append(f.dst, ' ')
		}
	}
}

func errNotForInterval() error {
	return pgerr.New(pgerrcode.InvalidDatetimeFormat, "invalid format specification for an interval value").
		WithHint("Intervals are not tied to specific calendar dates.")
}

func (f *formatter) node(n patternNode) error {
	if f.timeNode(n) {
		return nil
	}
	if f.interval && strings.Contains(" A.D. B.C. AD BC MONTH MON DAY DY D ID TZ TZH TZM OF ", " "+n.key+" ") {
		return errNotForInterval()
	}
	c := &f.c
	days := DaysFromCivil(c.Year, max(c.Month, 1), max(c.Day, 1))
	switch n.key {
	case "A.D.", "B.C.", "AD", "BC":
		era := "AD"
		if c.Year <= 0 {
			era = "BC"
		}
		f.name(n, dotted(era, n.key), 0)
	case "MONTH", "MON":
		f.monthName(n)
	case "DAY":
		f.name(n, dayNames[weekday(days)], 9)
	case "DY":
		f.name(n, dayNames[weekday(days)][:3], 0)
	case "DDD", "IDDD":
		f.dayOfYear(n, days)
	case "DD":
		f.num(n, int64(c.Day), 2)
	case "D":
		f.num(n, int64(weekday(days)+1), 1)
	case "ID":
		f.num(n, int64((weekday(days)+6)%7+1), 1)
	case "MM":
		f.num(n, int64(c.Month), 2)
	case "RM":
		f.roman(n)
	case "Q":
		if c.Month != 0 {
			f.num(n, int64((c.Month-1)/3+1), 1)
		}
	case "W":
		f.num(n, int64((c.Day-1)/7+1), 1)
	case "WW":
		day := days - DaysFromCivil(c.Year, 1, 1)
		if f.interval {
			day = c.Year*360 + c.Month*30 + c.Day - 1
		}
		f.num(n, int64(day/7+1), 2)
	case "IW":
		_, w := isoWeek(days)
		f.num(n, int64(w), 2)
	case "J":
		f.num(n, int64(days+julianOf2000), 0)
	case "CC":
		f.century(n)
	default:
		f.yearNode(n, days)
	}
	return nil
}

// dotted spells AM as A.M. when the pattern has points.
func dotted(s, key string) string {
	if strings.Contains(key, ".") {
		return s[:1] + "." + s[1:] + "."
	}
	return s
}

func (f *formatter) monthName(n patternNode) {
	if f.c.Month == 0 {
		return
	}
	name := monthNames[f.c.Month-1]
	if n.key == "MON" {
		f.name(n, name[:3], 0)
		return
	}
	f.name(n, name, 9)
}

func (f *formatter) roman(n patternNode) {
	m := f.c.Month
	if m == 0 && (!f.interval || f.c.Year == 0) {
		return
	}
	name := romanMonths[((m-1)%12+12)%12]
	if n.text == "rm" {
		name = strings.ToLower(name)
	}
	f.dst = append(f.dst, name...)
	for range 4 - len(name) {
		if !n.fill {
			f.dst = append(f.dst, ' ')
		}
	}
}

func (f *formatter) dayOfYear(n patternNode, days int) {
	first := DaysFromCivil(f.c.Year, 1, 1)
	if n.key == "IDDD" {
		y, _ := isoWeek(days)
		first = DaysFromCivil(y, 1, 4)
		first -= (weekday(first) + 6) % 7
	} else if f.interval {
		f.num(n, int64(f.c.Year)*360+int64(f.c.Month)*30+int64(f.c.Day), 3)
		return
	}
	f.num(n, int64(days-first+1), 3)
}

func (f *formatter) century(n patternNode) {
	y := f.c.Year
	switch {
	case f.interval:
		y /= 100
	case y > 0:
		y = (y-1)/100 + 1
	default:
		y = y/100 - 1
	}
	width := 2
	if y > 99 || y < -99 {
		width = 0
	}
	f.num(n, int64(y), width)
}

// yearNode writes the patterns of years, of the calendar or of ISO weeks.
func (f *formatter) yearNode(n patternNode, days int) {
	y := f.c.Year
	if n.key[0] == 'I' {
		y, _ = isoWeek(days)
	}
	if !f.interval && y <= 0 {
		y = 1 - y
	}
	switch strings.ReplaceAll(n.key, "I", "Y") {
	case "Y,YYY":
		f.dst = fmt.Appendf(f.dst, "%d,%03d", y/1000, y%1000)
	case "YYYY":
		f.num(n, int64(y), 4)
	case "YYY":
		f.num(n, int64(y%1000), 3)
	case "YY":
		f.num(n, int64(y%100), 2)
	case "Y":
		f.num(n, int64(y%10), 1)
	}
}

// timeNode writes the patterns of the time of day and of the zone; false for other patterns.
func (f *formatter) timeNode(n patternNode) bool {
	c := &f.c
	switch n.key {
	case "HH", "HH12":
		h := c.Hour % 12
		if h == 0 {
			h = 12
		}
		f.num(n, int64(h), 2)
	case "HH24":
		f.num(n, int64(c.Hour), 2)
	case "MI":
		f.num(n, int64(c.Minute), 2)
	case "SS":
		f.num(n, int64(c.Second), 2)
	case "MS":
		f.dst = fmt.Appendf(f.dst, "%03d", c.Micro/1000)
	case "US":
		f.dst = fmt.Appendf(f.dst, "%06d", c.Micro)
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		digits := int(n.key[2] - '0')
		f.dst = fmt.Appendf(f.dst, "%0*d", digits, int64(c.Micro)/roundings[digits])
	case "SSSS", "SSSSS":
		f.dst = fmt.Appendf(f.dst, "%d", c.Hour*3600+c.Minute*60+c.Second)
	case "A.M.", "P.M.", "AM", "PM":
		half := "AM"
		if c.Hour%24 >= 12 {
			half = "PM"
		}
		f.name(n, dotted(half, n.key), 0)
	case "TZ", "TZH", "TZM", "OF":
		return !f.interval && f.zoneNode(n)
	default:
		return false
	}
	return true
}

func (f *formatter) zoneNode(n patternNode) bool {
	off, sign := f.c.Offset, byte('+')
	if off < 0 {
		off, sign = -off, '-'
	}
	switch n.key {
	case "TZ":
		if f.zone {
			f.name(n, f.c.Zone, 0)
		}
	case "TZH":
		f.dst = fmt.Appendf(f.dst, "%c%02d", sign, off/3600)
	case "TZM":
		f.dst = fmt.Appendf(f.dst, "%02d", off/60%60)
	case "OF":
		f.dst = append(f.dst, sign)
		f.num(n, int64(off/3600), 2)
		if off%3600 != 0 {
			f.dst = fmt.Appendf(f.dst, ":%02d", off/60%60)
		}
	}
	return true
}
