package server

import (
	"testing"

	"github.com/rowandb/rowan/types"
)

// TestAppendJSON wants each value to be one of JSON that says all that PostgreSQL's text does, and costs no allocation.
func TestAppendJSON(t *testing.T) {
	format := types.DefaultFormat()
	for _, tt := range []struct {
		kind      types.OID
		text, out string
	}{
		{types.OIDInt8, "-9223372036854775808", "-9223372036854775808"},
		{types.OIDBool, "t", "true"},
		{types.OIDNumeric, "-0.10", "-0.10"},
		{types.OIDNumeric, "NaN", `"NaN"`},
		{types.OIDFloat8, "-infinity", `"-Infinity"`},
		{types.OIDFloat8, "1e-300", "1e-300"},
		{types.OIDText, "a\"\\\n\x01é", `"a\"\\\n\u0001é"`},
		{types.OIDTimestamptz, "2025-12-01 08:00:00.5+02", `"2025-12-01T06:00:00.5Z"`},
		{types.OIDTimestamp, "2025-12-01 08:00:00", `"2025-12-01T08:00:00"`},
		{types.OIDTimestamp, "12025-12-01 08:00:00", `"12025-12-01 08:00:00"`},
		{types.OIDTimestamptz, "0044-03-15 12:00:00+00 BC", `"0044-03-15T12:00:00+00 BC"`},
		{types.OIDTimestamptz, "infinity", `"infinity"`},
		{types.OIDDate, "2025-12-01", `"2025-12-01"`},
		{types.OIDBytea, `\x00ff`, `"\\x00ff"`},
	} {
		kind := types.Of(types.Builtin(tt.kind))
		d, err := types.ParseText(kind, tt.text, format)
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 0, 100)
		if got := appendJSON(buffer, kind, d, format); string(got) != tt.out {
			t.Errorf("%s: %s, want %s", tt.text, got, tt.out)
		}
		if tt.kind == types.OIDBytea || tt.out[0] == '"' && tt.kind != types.OIDText && tt.kind != types.OIDTimestamptz {
			continue
		}
		if n := testing.AllocsPerRun(10, func() { appendJSON(buffer, kind, d, format) }); n > 0 {
			t.Errorf("%s: %v allocations", tt.text, n)
		}
	}
}
