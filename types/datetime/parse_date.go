package datetime

import "strings"

// date reads a field with delimiters, such as 2000-01-02 or 2-jan-2000.
func (d *decoder) date(s string) fault {
	var numbers []string
	textMonth := false
	var mask parts
	for i := 0; i < len(s); {
		start := i
		switch {
		case isDigit(s[i]):
			for i < len(s) && isDigit(s[i]) {
				i++
			}
			numbers = append(numbers, s[start:i])
		case isAlpha(s[i]):
			for i < len(s) && isAlpha(s[i]) {
				i++
			}
			w, ok := keywords[s[start:i]]
			if ok && w.kind == wordIgnore {
				continue
			}
			if !ok || w.kind != wordMonth || (d.have|mask)&partMonth != 0 {
				return faultSyntax
			}
			d.c.Month, textMonth = w.value, true
			mask |= partMonth
		default:
			i++
		}
	}
	saved := d.have
	d.have |= mask
	defer func() { d.have = saved }()
	for _, n := range numbers {
		saveMonth := d.textMonth
		d.textMonth = textMonth
		d.mask = 0
		f := d.number(n)
		d.textMonth = saveMonth
		if f != faultNone {
			return f
		}
		if d.have&d.mask != 0 {
			return faultSyntax
		}
		d.have |= d.mask
		mask |= d.mask
	}
	if d.have&^(partDOY|partZone)&(partDate) != partDate || d.have&partTime&^saved != 0 {
		return faultSyntax
	}
	d.mask = mask
	return faultNone
}

// number decides what a lone number is, from what is there already.
func (d *decoder) number(s string) fault {
	whole, frac, dot := strings.Cut(s, ".")
	if dot {
		if len(whole) > 2 {
			saved := d.have
			d.have |= partDate
			f := d.digits(s)
			d.have = saved
			return f
		}
		if !d.fraction(frac) {
			return faultSyntax
		}
	}
	v, ok := atoi(whole)
	if !ok {
		return faultField
	}
	if len(s) == 3 && d.have&partDate == partYear && v >= 1 && v <= 366 {
		d.mask, d.yday = partDOY|partMonth|partDay, v
		return faultNone
	}
	long := len(s) >= 3
	switch d.have & partDate {
	case 0:
		switch {
		case long || d.set.Order == YMD:
			d.setYear(v, s)
		case d.set.Order == DMY:
			d.setDay(v)
		default:
			d.setMonth(v)
		}
	case partYear, partDay:
		d.setMonth(v)
	case partMonth:
		if d.textMonth && (long || d.set.Order == YMD) {
			d.setYear(v, s)
		} else {
			d.setDay(v)
		}
	case partYear | partMonth:
		if d.textMonth && long && d.twoDigits { // the number taken for the year was the day
			d.setDay(d.c.Year)
			d.c.Year, d.twoDigits = v, false
		} else {
			d.setDay(v)
		}
	case partMonth | partDay:
		d.setYear(v, s)
	case partDate:
		return d.digits(s)
	default:
		return faultSyntax
	}
	return faultNone
}

func (d *decoder) setYear(v int, s string) {
	d.mask, d.c.Year, d.twoDigits = partYear, v, len(s) <= 2
}

func (d *decoder) setMonth(v int) { d.mask, d.c.Month = partMonth, v }
func (d *decoder) setDay(v int)   { d.mask, d.c.Day = partDay, v }

// digits reads a run-together date (yyyymmdd) or time (hhmmss, hhmm).
func (d *decoder) digits(s string) fault {
	whole, frac, dot := strings.Cut(s, ".")
	if dot {
		if !d.fraction(frac) {
			return faultSyntax
		}
	} else if d.have&partDate != partDate && len(whole) >= 6 {
		return d.dateDigits(whole)
	}
	if d.have&partTime == partTime || len(whole) != 6 && len(whole) != 4 {
		return faultSyntax
	}
	d.c.Second = 0
	d.c.Hour, _ = atoi(whole[:2])
	d.c.Minute, _ = atoi(whole[2:4])
	if len(whole) == 6 {
		d.c.Second, _ = atoi(whole[4:])
	}
	d.mask = partTime
	return d.c.checkTime()
}

func (d *decoder) dateDigits(s string) fault {
	n := len(s)
	var ok bool
	d.c.Day, _ = atoi(s[n-2:])
	d.c.Month, _ = atoi(s[n-4 : n-2])
	if d.c.Year, ok = atoi(s[:n-4]); !ok {
		return faultField
	}
	d.twoDigits = n == 6
	d.mask = partDate
	return faultNone
}

func (d *decoder) wordField(s string, rest []field) fault {
	if a, ok := abbrevByName()[s]; ok {
		d.c.Offset, d.mask = a.Offset, partZone
		return faultNone
	}
	w, ok := keywords[s]
	if !ok {
		l, ok := LoadZone(s)
		if !ok {
			return faultSyntax
		}
		d.zone, d.mask = l, partZone
		return faultNone
	}
	return d.word(w, rest)
}

func (d *decoder) word(w word, rest []field) fault {
	switch w.kind {
	case wordMonth:
		return d.monthName(w.value)
	case wordDay:
		d.mask = partWeekday
	case wordAM, wordPM:
		d.mask, d.meridian = partMeridian, w.kind
	case wordBC, wordAD:
		d.mask, d.bc = partEra, w.kind == wordBC
	case wordIgnore:
	case wordDST:
		if d.have&partZone == 0 || d.zone != nil {
			return faultSyntax
		}
		d.c.Offset += 3600
		d.mask = partDST
	case wordZulu:
		d.c.Offset, d.mask = 0, partZone
	case wordAllBalls:
		d.c.setTime(0)
		d.c.Offset, d.mask = 0, partTime|partZone
	case wordNow, wordToday, wordTomorrow, wordYesterday:
		return d.relative(w.kind)
	case wordInf, wordNegInf, wordEpoch:
		d.special, d.isSpecial, d.mask = w.kind, true, partDate|partTime|partZone
	case wordJulian:
		d.prefix = 'j'
	case wordT:
		if d.have&partDate != partDate && !d.timeOnly || len(rest) == 0 || rest[0].kind > fieldTime || rest[0].kind == fieldString {
			return faultSyntax
		}
		d.prefix = 't'
	default:
		return faultSyntax
	}
	return faultNone
}

// monthName takes a month by name; a number that was taken for the month turns out to be the day.
func (d *decoder) monthName(m int) fault {
	if d.have&partMonth != 0 && !d.textMonth && d.have&partDay == 0 && d.c.Month >= 1 && d.c.Month <= 31 {
		d.c.Day, d.mask = d.c.Month, partDay
	} else {
		d.mask = partMonth
	}
	d.textMonth, d.c.Month = true, m
	return faultNone
}

// relative takes now, today, tomorrow and yesterday.
func (d *decoder) relative(k wordKind) fault {
	now := CivilIn(FromTime(d.set.Now), d.set.Loc)
	if k == wordNow {
		d.c = now
		d.mask = partDate | partTime | partZone
		return faultNone
	}
	shift := map[wordKind]int{wordToday: 0, wordTomorrow: 1, wordYesterday: -1}[k]
	d.c.Year, d.c.Month, d.c.Day = CivilFromDays(DaysFromCivil(now.Year, now.Month, now.Day) + shift)
	d.mask = partDate
	return faultNone
}

// finish checks the fields against each other.
func (d *decoder) finish() fault {
	if f := d.checkDate(); f != faultNone {
		return f
	}
	c := &d.c
	if d.meridian != wordUnit {
		switch {
		case c.Hour > 12:
			return faultField
		case d.meridian == wordAM && c.Hour == 12:
			c.Hour = 0
		case d.meridian == wordPM && c.Hour != 12:
			c.Hour += 12
		}
	}
	if d.timeOnly {
		if d.have&partTime != partTime {
			return faultSyntax
		}
		return faultNone
	}
	if d.have&partDate != partDate {
		return faultSyntax
	}
	return faultNone
}

func (d *decoder) checkDate() fault {
	c := &d.c
	if d.have&partYear != 0 && !d.julian && d.have&partReserved == 0 {
		switch {
		case d.bc && c.Year <= 0 || !d.bc && !d.twoDigits && c.Year <= 0:
			return faultField
		case d.bc:
			c.Year = 1 - c.Year
		case d.twoDigits && c.Year < 70:
			c.Year += 2000
		case d.twoDigits && c.Year < 100:
			c.Year += 1900
		}
	}
	if d.have&partDOY != 0 {
		c.Year, c.Month, c.Day = CivilFromDays(DaysFromCivil(c.Year, 1, 1) + d.yday - 1)
	}
	switch {
	case d.have&partMonth != 0 && (c.Month < 1 || c.Month > 12):
		return faultMonthDay
	case d.have&partDay != 0 && (c.Day < 1 || c.Day > 31):
		return faultMonthDay
	case d.have&partDate == partDate && c.Day > DaysInMonth(c.Year, c.Month):
		return faultField
	}
	return faultNone
}
