package datetime

import (
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// formatG shows a float as C's %g.
func formatG(f float64) string {
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// MakeDate is make_date; a negative year is BC.
func MakeDate(year, month, day int) (int64, error) {
	y := year
	if year < 0 {
		y = year + 1
	}
	if year == 0 || month < 1 || month > 12 || day < 1 || y < -4800 || y > 6000000 || day > DaysInMonth(y, month) {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	d := int64(DaysFromCivil(y, month, day))
	if !ValidDate(d) {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", year, month, day)
	}
	return d, nil
}

// MakeTime is make_time.
func MakeTime(hour, minute int, sec float64) (int64, error) {
	us := math.RoundToEven(sec * 1e6)
	bad := hour < 0 || hour > 24 || minute < 0 || minute > 59 || math.IsNaN(sec) || us < 0 || us > 60e6
	if !bad {
		t := int64(hour)*Hour + int64(minute)*Minute + int64(us)
		if t <= Day {
			return t, nil
		}
	}
	return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", hour, minute, secG(sec))
}

// secG shows seconds as C's %02g.
func secG(sec float64) string { return fmt.Sprintf("%02s", formatG(sec)) }

// MakeTimestamp is make_timestamp.
func MakeTimestamp(year, month, day, hour, minute int, sec float64) (int64, error) {
	d, err := MakeDate(year, month, day)
	if err != nil {
		return 0, err
	}
	us, err := MakeTime(hour, minute, sec)
	if err != nil {
		return 0, err
	}
	if d >= EndTimestamp/Day+1 || !ValidTimestamp(d*Day+us) {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
			year, month, day, hour, minute, secG(sec))
	}
	return d*Day + us, nil
}

// MakeInterval is make_interval.
func MakeInterval(years, months, weeks, days, hours, mins int32, secs float64) (Interval, error) {
	m := int64(years)*12 + int64(months)
	d := int64(weeks)*7 + int64(days)
	us := math.RoundToEven(secs * 1e6)
	if math.IsNaN(secs) || math.IsInf(secs, 0) || m != int64(int32(m)) || d != int64(int32(d)) || math.Abs(us) > 9.2e18 {
		return Interval{}, errInterval()
	}
	return Interval{int64(hours)*Hour + int64(mins)*Minute + int64(us), int32(d), int32(m)}, nil
}
