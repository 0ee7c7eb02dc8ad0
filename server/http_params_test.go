package server

import (
	"encoding/json"
	"testing"
)

// TestIntegerText wants numbers that are integers to be written as such, and never as another one.
func TestIntegerText(t *testing.T) {
	for number, want := range map[string]string{
		"1": "1", "-1": "-1", "1.0": "1", "-0.0": "-0", "1e3": "1000", "1.5e1": "15", "12E0": "12", "1.5": "1.5", "1e-1": "1e-1", "100e-2": "1",
		"9007199254740993": "9007199254740993", "9007199254740993.0": "9007199254740993", "9223372036854775807.00": "9223372036854775807",
		"4503599627370497.4": "4503599627370497.4", "0.99999999999999999": "0.99999999999999999", "1e999999999": "1e999999999", "1e18": "1e18",
		"99999999999999.9": "99999999999999.9", "1.0e3": "1000",
	} {
		if got := integerText(json.Number(number)); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
}
