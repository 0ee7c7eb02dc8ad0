package datetime

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // time zones must not depend on the host

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

//go:embed zones.txt
var zoneList string

//go:embed abbrevs.txt
var abbrevList string

// ZoneNames returns the names of the time zones that PostgreSQL lists.
func ZoneNames() []string { return strings.Fields(zoneList) }

// Abbrev is an abbreviation of a time zone.
type Abbrev struct {
	Name   string // upper case
	Offset int    // seconds east of UTC
	DST    bool
}

// Abbrevs returns the abbreviations that input understands, by name.
func Abbrevs() []Abbrev {
	var list []Abbrev
	for line := range strings.Lines(abbrevList) {
		f := strings.Fields(line)
		offset, _ := strconv.Atoi(f[1])
		list = append(list, Abbrev{f[0], offset, f[2] == "t"})
	}
	return list
}

var abbrevByName = sync.OnceValue(func() map[string]Abbrev {
	m := map[string]Abbrev{}
	for _, a := range Abbrevs() {
		m[strings.ToLower(a.Name)] = a
	}
	return m
})

var zoneByName = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, n := range ZoneNames() {
		m[strings.ToLower(n)] = n
	}
	return m
})

// zoneCache holds the locations found, by lower-case name: loading one reads and parses its file.
var zoneCache sync.Map

// LoadZone finds a time zone by name in any case, or by a POSIX form such as UTC+3 or <+03>-03 (west is positive).
// It does not know abbreviations that are no zone's name.
func LoadZone(name string) (*time.Location, bool) {
	low := strings.ToLower(name)
	if low == "utc" {
		return time.UTC, true
	}
	if l, ok := zoneCache.Load(low); ok {
		return l.(*time.Location), true
	}
	proper, ok := zoneByName()[low]
	if !ok {
		return posixZone(name)
	}
	l, err := time.LoadLocation(proper)
	if err != nil {
		return nil, false
	}
	zoneCache.Store(low, l)
	return l, true
}

// ZoneName returns the form in which a time zone that LoadZone finds is shown.
func ZoneName(name string) (string, bool) {
	if proper, ok := zoneByName()[strings.ToLower(name)]; ok {
		return proper, true
	}
	if _, ok := LoadZone(name); !ok {
		return "", false
	}
	if strings.HasPrefix(name, "<") {
		return name, true
	}
	return strings.ToUpper(name), true
}

// posixZone reads name±h[:m[:s]] with a fixed offset.
func posixZone(s string) (*time.Location, bool) {
	name, rest := s, ""
	if strings.HasPrefix(s, "<") {
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return nil, false
		}
		name, rest = s[1:end], s[end+1:]
	} else if i := strings.IndexAny(s, "+-0123456789"); i >= 3 {
		name, rest = s[:i], s[i:]
	}
	if rest == "" {
		return nil, false
	}
	if rest[0] != '+' && rest[0] != '-' {
		rest = "+" + rest
	}
	west, ok := offsetUpTo(167, rest)
	if !ok {
		return nil, false
	}
	return time.FixedZone(name, -west), true
}

// parseOffset reads ±h, ±hh, ±hhmm, ±hh:mm, ±hh:mm:ss into seconds of that sign.
func parseOffset(s string) (int, bool) { return offsetUpTo(15, s) }

// offsetUpTo is parseOffset with another limit to the hours.
func offsetUpTo(hours int, s string) (int, bool) {
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	parts := strings.Split(s[1:], ":")
	var v [3]int
	if len(parts) > 3 {
		return 0, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return 0, false
		}
		v[i] = int(n)
	}
	if len(parts) == 1 && len(parts[0]) > 2 {
		if len(parts[0]) > 4 {
			v[2] = v[0] % 100
			v[0] /= 100
		}
		v[1] = v[0] % 100
		v[0] /= 100
	}
	if v[0] > hours || v[1] > 59 || v[2] > 59 {
		return 0, false
	}
	secs := v[0]*3600 + v[1]*60 + v[2]
	if s[0] == '-' {
		secs = -secs
	}
	return secs, true
}

// ErrZone is the error for an unknown time zone.
func ErrZone(name string) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// FindZone finds what AT TIME ZONE accepts: an abbreviation, a zone's name, a POSIX form.
func FindZone(name string) (*time.Location, error) {
	if a, ok := abbrevByName()[strings.ToLower(name)]; ok {
		return time.FixedZone(a.Name, a.Offset), nil
	}
	if l, ok := LoadZone(name); ok {
		return l, nil
	}
	return nil, ErrZone(name)
}

// SessionZone finds what SET TIME ZONE accepts: FindZone without abbreviations, or a number of hours east of UTC.
func SessionZone(name string) (*time.Location, error) {
	if h, err := strconv.ParseFloat(name, 64); err == nil && h >= -168 && h <= 168 {
		return HoursZone(h), nil
	}
	if l, ok := LoadZone(name); ok {
		return l, nil
	}
	return nil, pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"", name)
}

// HoursZone is the zone of SET TIME ZONE with a number: so many hours east of UTC.
func HoursZone(h float64) *time.Location {
	secs := int(h * 3600)
	off := string(appendOffset(nil, secs))
	return time.FixedZone("<"+off+">"+string(appendOffset(nil, -secs)), secs)
}

// OffsetAt returns the offset in seconds east of UTC that is in force at a UTC timestamp.
func OffsetAt(ts int64, loc *time.Location) int {
	if loc == time.UTC || loc == nil {
		return 0
	}
	_, off := time.Unix(floorDiv64(ts, Second)-unixEpochSeconds, 0).In(loc).Zone()
	return off
}

// ToLocal converts a UTC timestamp to what clocks in loc show. Infinities stay.
func ToLocal(ts int64, loc *time.Location) int64 {
	if IsInf(ts) {
		return ts
	}
	return ts + int64(OffsetAt(ts, loc))*Second
}

// CivilIn takes a finite UTC timestamp apart as clocks in loc show it.
func CivilIn(ts int64, loc *time.Location) Civil {
	if loc == nil || loc == time.UTC {
		c := CivilOf(ts)
		c.Zone = "UTC"
		return c
	}
	name, off := time.Unix(floorDiv64(ts, Second)-unixEpochSeconds, 0).In(loc).Zone()
	c := CivilOf(ts + int64(off)*Second)
	c.Offset, c.Zone = off, name
	if strings.HasPrefix(name, "<") { // a zone of hours: its abbreviation is the part in brackets
		if end := strings.IndexByte(name, '>'); end > 0 {
			c.Zone = name[1:end]
		}
	}
	return c
}

// LocalOffset returns the offset in force when clocks in loc show ts. A time that does not exist (clocks go forward) is
// read by the rule before the change, one that exists twice by the rule after it.
func LocalOffset(ts int64, loc *time.Location) int {
	if loc == nil || loc == time.UTC {
		return 0
	}
	local := floorDiv64(ts, Second) - unixEpochSeconds
	t := time.Unix(local-86400, 0).In(loc)
	_, before := t.Zone()
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return before
	}
	boundary := end.Unix()
	_, after := end.Zone()
	x, y := local-int64(before), local-int64(after)
	switch {
	case x < boundary && y < boundary:
		return before
	case x > boundary && y >= boundary:
		return after
	case x > y:
		return before
	}
	return after
}

// FromLocal converts what clocks in loc show to a UTC timestamp; 22008 when that is out of range. Infinities stay.
func FromLocal(ts int64, loc *time.Location) (int64, error) {
	if IsInf(ts) {
		return ts, nil
	}
	utc := ts - int64(LocalOffset(ts, loc))*Second
	if !ValidTimestamp(utc) {
		return 0, errRange("timestamp")
	}
	return utc, nil
}

// FromTime converts a Go time to a UTC timestamp.
func FromTime(t time.Time) int64 {
	return (t.Unix()+unixEpochSeconds)*Second + int64(t.Nanosecond()/1000)
}

// ToTime converts a finite UTC timestamp to a Go time.
func ToTime(ts int64) time.Time {
	s := floorDiv64(ts, Second)
	return time.Unix(s-unixEpochSeconds, (ts-s*Second)*1000).UTC()
}
