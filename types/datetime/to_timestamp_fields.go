package datetime

import (
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// civil puts the fields together.
func (sc *scanner) civil(text string) (Civil, error) {
	c := Civil{Year: sc.year, Month: 1, Day: 1, Micro: sc.micro}
	if err := sc.timeOfDay(&c, text); err != nil {
		return c, err
	}
	if cc, ok := sc.got["CC"]; ok && sc.yearLen == 0 {
		c.Year = (cc-1)*100 + 1
	}
	if sc.bc {
		c.Year = 1 - c.Year
	} else if c.Year < 0 {
		c.Year++
	}
	if m, ok := sc.got["MM"]; ok {
		c.Month = m
	}
	if d, ok := sc.got["DD"]; ok {
		c.Day = d
	}
	sc.byDays(&c)
	if c.Month < 1 || c.Month > 12 || c.Day < 1 || c.Day > DaysInMonth(c.Year, c.Month) {
		return c, pgerr.New(pgerrcode.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text)
	}
	return c, nil
}

// byDays applies the fields that count days otherwise: Julian days, days of the year, weeks.
func (sc *scanner) byDays(c *Civil) {
	days := 0
	switch j, ok := sc.got["J"]; {
	case ok:
		days = j - julianOf2000
	default:
		var set bool
		if days, set = sc.weekDays(c); !set {
			return
		}
	}
	c.Year, c.Month, c.Day = CivilFromDays(days)
}

func (sc *scanner) weekDays(c *Civil) (int, bool) {
	if iso, ok := sc.got["IYYY"]; ok {
		monday := DaysFromCivil(iso, 1, 4)
		monday -= (weekday(monday) + 6) % 7
		if dd, ok := sc.got["IDDD"]; ok {
			return monday + dd - 1, true
		}
		return monday + 7*(max(sc.got["IW"], 1)-1) + max(sc.got["ID"], 1) - 1, true
	}
	if ddd, ok := sc.got["DDD"]; ok {
		return DaysFromCivil(c.Year, 1, 1) + ddd - 1, true
	}
	if ww, ok := sc.got["WW"]; ok {
		return DaysFromCivil(c.Year, 1, 1) + 7*(ww-1), true
	}
	if w, ok := sc.got["W"]; ok && c.Month >= 1 && c.Month <= 12 {
		return DaysFromCivil(c.Year, c.Month, 1) + 7*(w-1), true
	}
	return 0, false
}

func (sc *scanner) timeOfDay(c *Civil, text string) error {
	c.Hour, c.Minute, c.Second = sc.got["HH"], sc.got["MI"], sc.got["SS"]
	for _, key := range [...]string{"SSSS", "SSSSS"} {
		if s, ok := sc.got[key]; ok {
			c.Hour, c.Minute, c.Second = s/3600, s/60%60, s%60
		}
	}
	if sc.clock12 {
		if c.Hour < 1 || c.Hour > 12 {
			return errField("hour \""+strconv.Itoa(c.Hour)+"\" is invalid for the 12-hour clock", "",
				"Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		if sc.pm && c.Hour < 12 {
			c.Hour += 12
		} else if sc.hasPM && !sc.pm && c.Hour == 12 {
			c.Hour = 0
		}
	}
	if c.Hour > 23 || c.Hour < 0 || c.Minute > 59 || c.Minute < 0 || c.Second > 59 || c.Second < 0 {
		return pgerr.New(pgerrcode.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", text)
	}
	return nil
}
