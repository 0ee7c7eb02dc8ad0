package kernel

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

var encodeFunctions = map[string]Kernel{
	"md5_text": strStr(md5Hex), "md5_bytea": strStr(md5Hex),
	"sha224_bytea":    strStr(func(s string) string { h := sha256.Sum224([]byte(s)); return string(h[:]) }),
	"sha256_bytea":    strStr(func(s string) string { h := sha256.Sum256([]byte(s)); return string(h[:]) }),
	"sha384_bytea":    strStr(func(s string) string { h := sha512.Sum384([]byte(s)); return string(h[:]) }),
	"sha512_bytea":    strStr(func(s string) string { h := sha512.Sum512([]byte(s)); return string(h[:]) }),
	"binary_encode":   strStr2(encode),
	"binary_decode":   strStr2(decode),
	"to_hex32":        intStr(func(dst []byte, a int64) []byte { return strconv.AppendUint(dst, uint64(uint32(a)), 16) }),
	"to_hex64":        intStr(func(dst []byte, a int64) []byte { return strconv.AppendUint(dst, uint64(a), 16) }),
	"pg_convert_from": strStr2(func(s, name string) (string, error) { return convertFrom(s, name) }),
	"pg_convert_to":   strStr2(func(s, name string) (string, error) { return convertTo(s, name) }),
	"pg_convert": row(func(_ *Env, a []datum) (datum, error) {
		s, err := convertFrom(a[0].S, a[1].S)
		if err != nil {
			return datum{}, err
		}
		return stringOr(convertTo(s, a[2].S))
	}),
	"length_in_encoding": row(func(_ *Env, a []datum) (datum, error) {
		s, err := convertFrom(a[0].S, a[1].S)
		return types.Int(runeCount(s)), err
	}),
}

func md5Hex(s string) string {
	h := md5.Sum([]byte(s))
	return hex.EncodeToString(h[:])
}

func unknownEncoding(name string) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

// encode is the SQL function: base64 breaks its lines after 76 characters.
func encode(s, format string) (string, error) {
	switch strings.ToLower(format) {
	case "hex":
		return hex.EncodeToString([]byte(s)), nil
	case "base64":
		b := base64.StdEncoding.EncodeToString([]byte(s))
		if len(b) <= 76 {
			return b, nil
		}
		var out strings.Builder
		for len(b) > 76 {
			out.WriteString(b[:76])
			out.WriteByte('\n')
			b = b[76:]
		}
		out.WriteString(b)
		return out.String(), nil
	case "escape":
		return escapeBytes(s), nil
	}
	return "", unknownEncoding(format)
}

func decode(s, format string) (string, error) {
	switch strings.ToLower(format) {
	case "hex":
		return types.ParseHex(s)
	case "base64":
		return decodeBase64(s)
	case "escape":
		return types.ParseEscape(s)
	}
	return "", unknownEncoding(format)
}

// escapeBytes writes zero bytes and those above 127 as octal, and doubles backslashes; others stay.
func escapeBytes(s string) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == 0 || c >= 0x80:
			b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		case c == '\\':
			b = append(b, '\\', '\\')
		default:
			b = append(b, c)
		}
	}
	return view(b)
}

// decodeBase64 skips white space, as PostgreSQL does.
func decodeBase64(s string) (string, error) {
	b := make([]byte, 0, len(s)/4*3)
	var acc uint32
	pos, end := 0, 0
	for i := range len(s) {
		c := s[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		v := 0
		switch {
		case c == '=':
			if end == 0 {
				switch pos {
				case 2:
					end = 1
				case 3:
					end = 2
				default:
					return "", pgerr.New(pgerrcode.InvalidParameterValue, "unexpected \"=\" while decoding base64 sequence")
				}
			}
		default:
			if v = base64Value(c); v < 0 {
				return "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid symbol \"%s\" found while decoding base64 sequence", s[i:i+charSize(s[i:], false)])
			}
		}
		acc = acc<<6 | uint32(v)
		if pos++; pos == 4 {
			b = append(b, byte(acc>>16))
			if end == 0 || end > 1 {
				b = append(b, byte(acc>>8))
			}
			if end == 0 || end > 2 {
				b = append(b, byte(acc))
			}
			acc, pos = 0, 0
		}
	}
	if pos != 0 {
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid base64 end sequence").WithHint(
			"Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return view(b), nil
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

// encodingName reduces the spellings of an encoding's name.
func encodingName(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", "_", "", " ", "").Replace(name))
}

// convertFrom turns bytes in an encoding into text. Other encodings than these are refused.
func convertFrom(s, name string) (string, error) {
	switch encodingName(name) {
	case "UTF8", "UNICODE", "SQLASCII":
		return s, types.CheckUTF8(s)
	case "LATIN1", "ISO88591":
		b := make([]rune, len(s))
		for i := range len(s) {
			b[i] = rune(s[i])
		}
		return string(b), nil
	}
	return "", badEncoding(name, "source")
}

func convertTo(s, name string) (string, error) {
	switch encodingName(name) {
	case "UTF8", "UNICODE", "SQLASCII":
		return s, nil
	case "LATIN1", "ISO88591":
		b := make([]byte, 0, len(s))
		for i, r := range s {
			if r > 0xff {
				return "", untranslatable(s[i:i+charSize(s[i:], false)], "LATIN1")
			}
			b = append(b, byte(r))
		}
		return view(b), nil
	}
	return "", badEncoding(name, "destination")
}

func untranslatable(char, to string) error {
	parts := make([]string, len(char))
	for i := range len(char) {
		parts[i] = "0x" + hex.EncodeToString([]byte{char[i]})
	}
	return pgerr.New(pgerrcode.UntranslatableCharacter,
		"character with byte sequence %s in encoding \"UTF8\" has no equivalent in encoding \"%s\"", strings.Join(parts, " "), to)
}

func badEncoding(name, what string) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "invalid %s encoding name \"%s\"", what, name)
}
