package datetime

import (
	"math"
	"testing"
	"time"
)

func TestGoTime(t *testing.T) {
	for _, want := range []time.Time{
		time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 1000, time.UTC), time.Date(-4712, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(290000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got := ToTime(FromTime(want)); got != want {
			t.Errorf("%v becomes %v", want, got)
		}
	}
	if FromTime(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)) != Day {
		t.Error("the second day of 2000")
	}
	if !ToTime(math.MaxInt64).After(ToTime(EndTimestamp)) || !ToTime(math.MinInt64).Before(ToTime(MinTimestamp)) {
		t.Error("infinities are not beyond all else")
	}
}
