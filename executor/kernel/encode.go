package kernel

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"
	"golang.org/x/text/encoding/charmap"

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
		if _, ok := charmaps[encodingName(a[1].S)]; !ok && !isUTF8(a[1].S) {
			return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "invalid encoding name \"%s\"", a[1].S)
		}
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

// charmaps are the single-byte encodings that texts can be converted from and to.
var charmaps = map[string]*charmap.Charmap{
	"LATIN1": charmap.ISO8859_1, "ISO88591": charmap.ISO8859_1, "LATIN2": charmap.ISO8859_2, "ISO88592": charmap.ISO8859_2,
	"LATIN3": charmap.ISO8859_3, "LATIN4": charmap.ISO8859_4, "LATIN5": charmap.ISO8859_9, "ISO88599": charmap.ISO8859_9,
	"LATIN6": charmap.ISO8859_10, "LATIN7": charmap.ISO8859_13, "LATIN8": charmap.ISO8859_14, "LATIN9": charmap.ISO8859_15,
	"ISO885915": charmap.ISO8859_15, "LATIN10": charmap.ISO8859_16, "ISO88595": charmap.ISO8859_5,
	"ISO88596": charmap.ISO8859_6, "ISO88597": charmap.ISO8859_7, "ISO88598": charmap.ISO8859_8,
	"WIN1250": charmap.Windows1250, "WINDOWS1250": charmap.Windows1250, "WIN1251": charmap.Windows1251,
	"WINDOWS1251": charmap.Windows1251, "WIN1252": charmap.Windows1252, "WINDOWS1252": charmap.Windows1252,
	"WIN1253": charmap.Windows1253, "WIN1254": charmap.Windows1254, "WIN1255": charmap.Windows1255,
	"WIN1256": charmap.Windows1256, "WIN1257": charmap.Windows1257, "WIN866": charmap.CodePage866,
	"WIN874": charmap.Windows874, "KOI8R": charmap.KOI8R, "KOI8": charmap.KOI8R, "KOI8U": charmap.KOI8U,
}

// otherEncodings are names that PostgreSQL knows and Rowan does not convert.
const otherEncodings = " BIG5 EUCCN EUCJP EUCJIS2004 EUCKR EUCTW GB18030 GBK JOHAB MULEINTERNAL SJIS SHIFTJIS SHIFTJIS2004 UHC WIN1258 ABC ALT VSCII TCVN TCVN5712 WIN949 WIN932 WIN936 WIN950 MSKANJI "

func isUTF8(name string) bool {
	n := encodingName(name)
	return n == "UTF8" || n == "UNICODE" || n == "SQLASCII"
}

// convertFrom turns bytes in an encoding into text.
func convertFrom(s, name string) (string, error) {
	if isUTF8(name) {
		return s, types.CheckUTF8(s)
	}
	c, ok := charmaps[encodingName(name)]
	if !ok {
		return "", badEncoding(name, "source")
	}
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] == 0 {
			return "", pgerr.New(pgerrcode.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": 0x00", encodingName(name))
		}
		r := c.DecodeByte(s[i])
		if r == utf8.RuneError {
			return "", pgerr.New(pgerrcode.UntranslatableCharacter,
				"character with byte sequence 0x%02x in encoding \"%s\" has no equivalent in encoding \"UTF8\"", s[i], encodingName(name))
		}
		b = utf8.AppendRune(b, r)
	}
	return view(b), nil
}

func convertTo(s, name string) (string, error) {
	if isUTF8(name) {
		return s, nil
	}
	c, ok := charmaps[encodingName(name)]
	if !ok {
		return "", badEncoding(name, "destination")
	}
	b := make([]byte, 0, len(s))
	for i, r := range s {
		x, ok := c.EncodeRune(r)
		if !ok {
			return "", untranslatable(s[i:i+charSize(s[i:], false)], encodingName(name))
		}
		b = append(b, x)
	}
	return view(b), nil
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
	if strings.Contains(otherEncodings, " "+encodingName(name)+" ") {
		return pgerr.Unsupported("encoding %s", name)
	}
	return pgerr.New(pgerrcode.InvalidParameterValue, "invalid %s encoding name \"%s\"", what, name)
}
