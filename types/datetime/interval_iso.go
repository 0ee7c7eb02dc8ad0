package datetime

import (
	"math"
	"strconv"
	"strings"
)

// decodeISO reads P1Y2M3DT4H5M6S and the alternative P0001-02-03T04:05:06.
func (p *intervalParser) decodeISO(s string) fault {
	if len(s) < 2 || s[0] != 'P' {
		return faultSyntax
	}
	s = s[1:]
	date, any := true, false
	for s != "" {
		if s[0] == 'T' {
			date, s = false, s[1:]
			continue
		}
		n := 0
		for n < len(s) && strings.IndexByte("+-.0123456789", s[n]) >= 0 {
			if n > 0 && (s[n] == '-' || s[n] == '+') {
				break
			}
			n++
		}
		if n == 0 {
			return faultSyntax
		}
		if n == len(s) || s[n] == '-' || s[n] == ':' || s[n] == 'T' {
			if any {
				return faultSyntax
			}
			return p.alternative(s, date)
		}
		units := "YMWD"
		list := []Unit{UnitYear, UnitMonth, UnitWeek, UnitDay}
		if !date {
			units, list = "HMS", []Unit{UnitHour, UnitMinute, UnitSecond}
		}
		k := strings.IndexByte(units, s[n])
		if k < 0 {
			return faultSyntax
		}
		f, err := strconv.ParseFloat(s[:n], 64)
		if err != nil {
			return faultSyntax
		}
		if math.Abs(f) > math.MaxInt32*100 {
			return faultField
		}
		whole := math.Trunc(f)
		p.addUnit(list[k], int64(whole), isoFraction(s[:n]))
		s, any = s[n+1:], true
	}
	if p.overflow {
		return faultField
	}
	return faultNone
}

func isoFraction(s string) float64 {
	_, frac, ok := strings.Cut(s, ".")
	if !ok {
		return 0
	}
	f, _ := parseFraction("." + frac)
	if s[0] == '-' {
		return -f
	}
	return f
}

// alternative reads [yyyy-mm-dd][Thh:mm:ss] and the basic yyyymmddThhmmss.
func (p *intervalParser) alternative(s string, date bool) fault {
	var d, t string
	if date {
		d, t, _ = strings.Cut(s, "T")
	} else {
		t = s
	}
	if len(d) == 8 && strings.IndexByte(d, '-') < 0 {
		d = d[:4] + "-" + d[4:6] + "-" + d[6:]
	}
	if len(t) == 6 && strings.IndexByte(t, ':') < 0 {
		t = t[:2] + ":" + t[2:4] + ":" + t[4:]
	}
	ok := true
	for i, x := range strings.Split(d, "-") {
		if x == "" && d == "" {
			break
		}
		v, good := atoi(x)
		if ok = ok && good && i < 3; !ok {
			return faultSyntax
		}
		p.addUnit([]Unit{UnitYear, UnitMonth, UnitDay}[i], int64(v), 0)
	}
	for i, x := range strings.Split(t, ":") {
		if x == "" && t == "" {
			break
		}
		whole, frac, _ := strings.Cut(x, ".")
		v, good := atoi(whole)
		us, good2 := parseMicros(frac)
		if ok = ok && good && good2 && i < 3; !ok {
			return faultSyntax
		}
		p.addUnit([]Unit{UnitHour, UnitMinute, UnitSecond}[i], int64(v), 0)
		p.addMicros(int64(us))
	}
	return faultNone
}
