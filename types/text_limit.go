package types

import (
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// maxText is how many bytes the text of a value may have: PostgreSQL's limit. Quotes double at every level of records and
// arrays within each other, so that some forty levels would be more than any memory holds. AppendText stops when a nested
// value is beyond it, and leaves a text that is too long for CheckText.
var maxText = 1<<30 - 1 // a variable for tests

// CheckText refuses the text of a value that is too long to be one.
func CheckText(text []byte) error {
	if len(text) <= maxText {
		return nil
	}
	return pgerr.New(pgerrcode.ProgramLimitExceeded, "out of memory").
		WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", maxText, 1)
}

// quoteText puts quotes around the text from start on. What is a quote or a backslash in it gets a backslash before it, or
// itself where itself is asked for.
func quoteText(dst []byte, start int, itself bool) []byte {
	if len(dst)-start > maxText {
		return dst
	}
	special := 0
	for _, c := range dst[start:] {
		if c == '"' || c == '\\' {
			special++
		}
	}
	from, size := len(dst), len(dst)-start+special+2
	if size > maxText {
		dst = slices.Grow(dst, maxText)[:start+maxText+1]
		clear(dst[from:])
		return dst
	}
	dst = slices.Grow(dst, special+2)[:start+size]
	to := len(dst) - 1
	dst[to] = '"'
	for from--; from >= start; from-- { // from behind, for there it grows
		c := dst[from]
		to--
		dst[to] = c
		if c != '"' && c != '\\' {
			continue
		}
		to--
		if dst[to] = '\\'; itself {
			dst[to] = c
		}
	}
	dst[start] = '"'
	return dst
}
