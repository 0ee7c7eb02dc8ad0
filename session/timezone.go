package session

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// parseTimeZone checks a time zone: a name in any case, a POSIX form, hours east of Greenwich, or INTERVAL '…' of hours and
// minutes, as SET TIME ZONE spells it.
func parseTimeZone(p *parameter, value string) (string, error) {
	if len(value) > 8 && strings.EqualFold(value[:8], "interval") {
		return zoneOfInterval(p, value)
	}
	if h, err := strconv.ParseFloat(value, 64); err == nil && !math.IsNaN(h) {
		return zoneOfOffset(p, value, h*3600)
	}
	name, ok := datetime.ZoneName(value)
	if !ok {
		return "", badZone(p, value)
	}
	return name, nil
}

func badZone(p *parameter, value string) *pgerr.Error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", p.name, value)
}

func zoneOfInterval(p *parameter, value string) (string, error) {
	text := strings.TrimSpace(value[8:])
	if len(text) < 2 || text[0] != '\'' || text[len(text)-1] != '\'' {
		return "", badZone(p, value)
	}
	d, err := types.ParseText(types.Of(types.Builtin(types.OIDInterval)), text[1:len(text)-1], types.DefaultFormat())
	if err != nil {
		return "", err
	}
	iv := datetime.Unpack(d.S)
	switch {
	case iv.Months != 0:
		return "", badZone(p, value).WithDetail("Cannot specify months in time zone interval.")
	case iv.Days != 0:
		return "", badZone(p, value).WithDetail("Cannot specify days in time zone interval.")
	}
	return zoneOfOffset(p, value, float64(iv.Micros)/1e6)
}

// zoneOfOffset names a zone so many seconds east of Greenwich; in names of this form, offsets count to the west.
func zoneOfOffset(p *parameter, value string, east float64) (string, error) {
	if math.Abs(east) > 167*3600 {
		return "", badZone(p, value).WithDetail("UTC timezone offset is out of range.")
	}
	secs := int(east)
	sign, west := '+', '-'
	if secs < 0 {
		sign, west, secs = '-', '+', -secs
	}
	offset := fmt.Sprintf("%02d", secs/3600)
	if secs%3600 != 0 {
		offset += fmt.Sprintf(":%02d", secs/60%60)
	}
	if secs%60 != 0 {
		offset += fmt.Sprintf(":%02d", secs%60)
	}
	return fmt.Sprintf("<%c%s>%c%s", sign, offset, west, offset), nil
}

// location is the time zone of a checked value.
func location(name string) *time.Location {
	if l, ok := datetime.LoadZone(name); ok {
		return l
	}
	return time.UTC
}
