package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitOptions(t *testing.T) {
	tests := []struct {
		options string
		want    map[string]string
		err     string
	}{
		{options: "", want: map[string]string{}},
		{options: "  -c a=1\t-cb=2 --c-d=3 ", want: map[string]string{"a": "1", "b": "2", "c_d": "3"}},
		{options: `-c DateStyle=ISO,\ DMY`, want: map[string]string{"DateStyle": "ISO, DMY"}},
		{options: `-c search_path=a\\b`, want: map[string]string{"search_path": `a\b`}},
		{options: `-c a=b=c`, want: map[string]string{"a": "b=c"}},
		{options: `-c a=\`, want: map[string]string{"a": ""}},
		{options: "neon_timestamp:2024-04-21T00:00:00Z", want: map[string]string{"rowan.as_of": "2024-04-21T00:00:00Z"}},
		{options: "-c", err: "-c  requires a value (SQLSTATE 42601)"},
		{options: "-c a", err: "-c a requires a value (SQLSTATE 42601)"},
		{options: "--a", err: "--a requires a value (SQLSTATE 42601)"},
		{options: "-B 12", err: "invalid command-line argument for server process: -B (SQLSTATE 42601)"},
		{options: "word", err: "invalid command-line argument for server process: word (SQLSTATE 42601)"},
	}
	for _, tt := range tests {
		got := map[string]string{}
		err := splitOptions(tt.options, got)
		if msg := errorText(err); msg != tt.err {
			t.Errorf("%q: error %q, want %q", tt.options, msg, tt.err)
		}
		if d := cmp.Diff(tt.want, got); tt.err == "" && d != "" {
			t.Errorf("%q: %s", tt.options, d)
		}
	}
}

func TestCheckText(t *testing.T) {
	tests := map[string]string{
		"":             "",
		"grün 漢字 🌳":    "",
		"a\x00b":       `invalid byte sequence for encoding "UTF8": 0x00 (SQLSTATE 22021)`,
		"a\xff":        `invalid byte sequence for encoding "UTF8": 0xff (SQLSTATE 22021)`,
		"a\xc3(":       `invalid byte sequence for encoding "UTF8": 0xc3 0x28 (SQLSTATE 22021)`,
		"\xe6\xbc":     `invalid byte sequence for encoding "UTF8": 0xe6 0xbc (SQLSTATE 22021)`,
		"\xed\xa0\x80": `invalid byte sequence for encoding "UTF8": 0xed 0xa0 0x80 (SQLSTATE 22021)`,
	}
	for s, want := range tests {
		if got := errorText(checkText(s)); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
		if got := errorText(checkText([]byte(s))); got != want {
			t.Errorf("%q as bytes: %s, want %s", s, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
