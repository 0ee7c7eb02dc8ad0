package types

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTextLimit wants records and arrays within each other to stop growing, and their text to be refused.
func TestTextLimit(t *testing.T) {
	defer func(n int) { maxText = n }(maxText)
	maxText = 10_000
	record := Of(Builtin(OIDRecord))
	packed := PackRecord([]RecordField{{Type: Of(Builtin(OIDInt4)), Value: Int(1)}})
	for depth := range 60 {
		text := AppendText(nil, record, String(packed), DefaultFormat())
		if refused := CheckText(text) != nil; refused != (depth > 12) || len(text) > 2*maxText { // a text of depth d has about 2^d bytes
			t.Fatalf("depth %d: %d bytes, refused: %t", depth, len(text), refused)
		}
		packed = PackRecord([]RecordField{{Type: record, Value: String(packed)}})
	}
}

// TestQuoteText compares quoteText with what replaces byte by byte.
func TestQuoteText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, text := rapid.String().Draw(t, "prefix"), rapid.StringOf(rapid.SampledFrom([]rune(`ab"\ü`))).Draw(t, "text")
		for itself, r := range map[bool]*strings.Replacer{true: strings.NewReplacer(`"`, `""`, `\`, `\\`), false: strings.NewReplacer(`"`, `\"`, `\`, `\\`)} {
			want := prefix + `"` + r.Replace(text) + `"`
			if got := string(quoteText([]byte(prefix+text), len(prefix), itself)); got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	})
}
