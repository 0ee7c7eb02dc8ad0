package types

import (
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// modHeader is what PostgreSQL adds to the length in the modifier of varchar and char.
const modHeader = 4

// NameLen is the most bytes that a name keeps.
const NameLen = 63

var textCodec = codec{
	appendText: appendString,
	parseText:  func(_ int32, s string, _ *Format) (Datum, error) { return String(s), nil },
	appendBinary: func(dst []byte, d Datum) []byte {
		return append(dst, d.S...)
	},
	parseBinary: parseTextBinary,
	compare:     compareString,
	hash:        hashString,
}

var varcharCodec = codec{
	appendText: appendString,
	parseText:  textCodec.parseText, appendBinary: textCodec.appendBinary, parseBinary: parseTextBinary,
	applyMod: func(mod int32, d Datum, explicit bool) (Datum, error) {
		return limitLength(int(mod)-modHeader, d, explicit, "character varying")
	},
	compare: compareString,
	hash:    hashString,
}

var bpcharCodec = codec{
	appendText: appendString,
	parseText:  textCodec.parseText, appendBinary: textCodec.appendBinary, parseBinary: parseTextBinary,
	applyMod: func(mod int32, d Datum, explicit bool) (Datum, error) {
		return padBlank(int(mod)-modHeader, d, explicit)
	},
	compare: func(a, b Datum) int { return strings.Compare(TrimBlank(a.S), TrimBlank(b.S)) },
	hash:    func(d Datum) uint64 { return hashString(String(TrimBlank(d.S))) },
}

var nameCodec = codec{
	appendText: appendString,
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		return String(ClipName(s)), nil
	},
	appendBinary: textCodec.appendBinary,
	parseBinary: func(b []byte) (Datum, error) {
		d, err := parseTextBinary(b)
		if err == nil && len(d.S) > NameLen {
			return Null, pgerr.New(pgerrcode.NameTooLong, "identifier too long").WithDetail(
				"Identifier must be less than %d characters.", NameLen+1)
		}
		return d, err
	},
	compare: compareString,
	hash:    hashString,
}

// charCodec is "char": one byte, 0…255 in Datum.I, 0 being the empty string.
var charCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte {
		switch c := byte(d.I); {
		case c == 0:
			return dst
		case c < utf8.RuneSelf:
			return append(dst, c)
		default: // no character by itself
			return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		}
	},
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		if s == "" {
			return Int(0), nil
		}
		if len(s) == 4 && s[0] == '\\' && octal(s[1]) && octal(s[2]) && octal(s[3]) {
			return Int(int64((s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0'))), nil
		}
		return Int(int64(s[0])), nil
	},
	appendBinary: func(dst []byte, d Datum) []byte { return append(dst, byte(d.I)) },
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 1); err != nil {
			return Null, err
		}
		return Int(int64(b[0])), nil
	},
	compare: compareInt,
	hash:    hashInt,
}

func octal(c byte) bool { return c >= '0' && c <= '7' }

// voidCodec is what functions that return nothing return.
var voidCodec = codec{
	appendText:   func(dst []byte, _ Datum, _ *Format) []byte { return dst },
	parseText:    func(int32, string, *Format) (Datum, error) { return String(""), nil },
	appendBinary: func(dst []byte, _ Datum) []byte { return dst },
	parseBinary:  func([]byte) (Datum, error) { return String(""), nil },
}

func appendString(dst []byte, d Datum, _ *Format) []byte { return append(dst, d.S...) }

func parseTextBinary(b []byte) (Datum, error) {
	s := string(b)
	if err := CheckUTF8(s); err != nil {
		return Null, err
	}
	return String(s), nil
}

// CheckUTF8 returns PostgreSQL's error for text that is not valid UTF-8 or holds a zero byte.
func CheckUTF8(s string) error {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return errEncoding(s[i:])
		}
		i += n
	}
	return nil
}

// errEncoding shows as many bytes as the first one announces, as PostgreSQL does.
func errEncoding(s string) error {
	n := 1
	switch c := s[0]; {
	case c >= 0xf0 && c < 0xf8:
		n = 4
	case c >= 0xe0 && c < 0xf0:
		n = 3
	case c >= 0xc0 && c < 0xe0:
		n = 2
	}
	var b strings.Builder
	for i := range min(n, len(s), 8) {
		const hex = "0123456789abcdef"
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("0x")
		b.WriteByte(hex[s[i]>>4])
		b.WriteByte(hex[s[i]&15])
	}
	return pgerr.New(pgerrcode.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", b.String())
}

// limitLength cuts d to n characters where that loses only blanks or the cast is explicit.
func limitLength(n int, d Datum, explicit bool, name string) (Datum, error) {
	if n < 0 || len(d.S) <= n {
		return d, nil
	}
	end := charOffset(d.S, n)
	if end == len(d.S) {
		return d, nil
	}
	if !explicit && strings.Trim(d.S[end:], " ") != "" {
		return Null, pgerr.New(pgerrcode.StringDataRightTruncationDataException,
			"value too long for type %s(%d)", name, n)
	}
	d.S = d.S[:end]
	return d, nil
}

// charOffset returns the byte offset of the n-th character of s, or its length.
func charOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// padBlank makes d exactly n characters long.
func padBlank(n int, d Datum, explicit bool) (Datum, error) {
	d, err := limitLength(n, d, explicit, "character")
	if err != nil || n < 0 {
		return d, err
	}
	if missing := n - utf8.RuneCountInString(d.S); missing > 0 {
		d.S += strings.Repeat(" ", missing)
	}
	return d, nil
}

// TrimBlank cuts the blanks at the end, which do not count in comparisons of type character.
func TrimBlank(s string) string {
	n := len(s)
	for n > 0 && s[n-1] == ' ' {
		n--
	}
	return s[:n]
}

// ClipName cuts s to the length of type name without breaking a character.
func ClipName(s string) string {
	if len(s) <= NameLen {
		return s
	}
	n := NameLen
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
