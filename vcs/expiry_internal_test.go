package vcs

import (
	"testing"
	"time"

	"github.com/rowandb/rowan/types"
)

// TestExpiry wants branches that are to live for centuries to do so: a time.Duration is too short for that.
func TestExpiry(t *testing.T) {
	for text, years := range map[string]int{"1 day": 0, "100 years": 100, "1000 years": 1000, "9000 years": 9000} {
		d, err := types.ParseText(types.Of(types.Builtin(types.OIDInterval)), text, types.DefaultFormat())
		if err != nil {
			t.Fatal(err)
		}
		end, err := expiry(d)
		if got := end.Year() - time.Now().UTC().Year(); err != nil || got < years || got > years+1 || !end.After(time.Now()) {
			t.Errorf("%s: %v, %v", text, end, err)
		}
		if shown := types.Text(types.Of(types.Builtin(types.OIDTimestamptz)), timestamp(end), types.DefaultFormat()); shown[:4] != end.Format("2006") && years < 9000 {
			t.Errorf("%s: %v is shown as %s", text, end, shown)
		}
	}
}
