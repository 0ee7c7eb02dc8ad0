package systable

import (
	"strings"
	"time"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// List is a list of names in a text column, NULL where there is none. Names hold no line breaks.
func List(items []string) types.Datum {
	if items == nil {
		return types.Null
	}
	return types.String(strings.Join(items, "\n"))
}

// ListOf reads what List wrote.
func ListOf(d types.Datum) []string {
	if d.Null {
		return nil
	}
	return strings.Split(d.S, "\n")
}

// Time is a moment in a timestamptz column, NULL where it is zero.
func Time(t time.Time) types.Datum {
	if t.IsZero() {
		return types.Null
	}
	return types.Int(datetime.FromTime(t))
}

// TimeOf reads what Time wrote.
func TimeOf(d types.Datum) time.Time {
	if d.Null {
		return time.Time{}
	}
	return datetime.ToTime(d.I)
}
