package numeric

import (
	"errors"
	"math/big"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// AppendText appends the decimal form of s.
func AppendText(dst []byte, s string) []byte {
	n := unpack(s)
	switch n.tag {
	case tagNaN:
		return append(dst, "NaN"...)
	case tagInf:
		return append(dst, "Infinity"...)
	case tagNegInf:
		return append(dst, "-Infinity"...)
	}
	if n.big == nil {
		return appendSmallText(dst, n.small, n.scale)
	}
	digits := new(big.Int).Abs(n.big).Append(nil, 10)
	if n.big.Sign() < 0 {
		dst = append(dst, '-')
	}
	return appendPoint(dst, digits, n.scale)
}

func appendSmallText(dst []byte, v int64, scale int) []byte {
	if scale == 0 {
		return strconv.AppendInt(dst, v, 10)
	}
	if v < 0 {
		dst = append(dst, '-')
	}
	var buf [20]byte
	return appendPoint(dst, strconv.AppendUint(buf[:0], absU(v), 10), scale)
}

// appendPoint appends digits with the point scale digits from the right.
func appendPoint(dst, digits []byte, scale int) []byte {
	if scale == 0 {
		return append(dst, digits...)
	}
	if whole := len(digits) - scale; whole > 0 {
		dst = append(dst, digits[:whole]...)
		dst = append(dst, '.')
		return append(dst, digits[whole:]...)
	}
	dst = append(dst, '0', '.')
	for range scale - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// String returns the decimal form of s.
func String(s string) string {
	var buf [32]byte
	return string(AppendText(buf[:0], s))
}

// Parse reads a decimal as numeric's input function does, without type modifier.
func Parse(text string) (string, error) {
	n, err := parse(text)
	if err != nil {
		return "", err
	}
	return packChecked(n)
}

// AppendParse is Parse to a buffer.
func AppendParse(dst []byte, text string) ([]byte, error) {
	n, err := parse(text)
	if err != nil {
		return dst, err
	}
	return appendChecked(dst, n)
}

func errSyntax(text string) error {
	return pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", text)
}

func parse(text string) (num, error) {
	s := strings.Trim(text, " \t\n\r\v\f")
	neg := false
	body := s
	if body != "" && (body[0] == '+' || body[0] == '-') {
		neg = body[0] == '-'
		body = body[1:]
	}
	if body == "" {
		return num{}, errSyntax(text)
	}
	if c := body[0]; c != '.' && (c < '0' || c > '9') {
		return parseSpecial(text, s, body, neg)
	}
	return parseDigits(text, body, neg)
}

func parseSpecial(text, s, body string, neg bool) (num, error) {
	switch {
	case strings.EqualFold(s, "nan"):
		return num{tag: tagNaN}, nil
	case strings.EqualFold(body, "infinity"), strings.EqualFold(body, "inf"):
		if neg {
			return num{tag: tagNegInf}, nil
		}
		return num{tag: tagInf}, nil
	}
	return num{}, errSyntax(text)
}

// parseDigits reads digits, point and exponent. Up to 18 digits are gathered in an integer, more in a string.
func parseDigits(text, s string, neg bool) (num, error) {
	var small int64
	i, digits, scale := 0, 0, 0
	point := -1
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && point < 0 {
			point = i
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if digits < 18 {
			small = small*10 + int64(c-'0')
		}
		if digits > 0 || c != '0' {
			digits++
		}
	}
	mantissa := s[:i]
	if mantissa == "." {
		return num{}, errSyntax(text)
	}
	if point >= 0 {
		scale = i - point - 1
	}
	exp, err := parseExponent(text, s[i:])
	if err != nil {
		return num{}, err
	}
	if digits <= 18 {
		if neg {
			small = -small
		}
		return shift(num{small: small, scale: scale}, exp, digits)
	}
	if digits > maxIntegerDigits+MaxScale {
		return num{}, errOverflow()
	}
	v, _ := new(big.Int).SetString(strings.Replace(mantissa, ".", "", 1), 10)
	if neg {
		v.Neg(v)
	}
	return shift(fromBig(v, scale), exp, digits)
}

// parseExponent reads "" or an exponent such as e-5.
func parseExponent(text, s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	if s[0] != 'e' && s[0] != 'E' {
		return 0, errSyntax(text)
	}
	e, err := strconv.ParseInt(s[1:], 10, 32)
	const limit = 1<<30 - 1 // PostgreSQL's INT_MAX / 2
	if errors.Is(err, strconv.ErrRange) || e >= limit || e <= -limit {
		return 0, errOverflow()
	}
	if err != nil {
		return 0, errSyntax(text)
	}
	return int(e), nil
}

// shift applies an exponent to a value with the given number of significant digits.
func shift(n num, exp, digits int) (num, error) {
	if exp == 0 {
		return n, nil
	}
	n.scale -= exp
	if n.scale > MaxScale {
		return num{}, errOverflow()
	}
	if n.scale >= 0 {
		return n, nil
	}
	up := -n.scale
	n.scale = 0
	if n.sign() == 0 {
		return n, nil
	}
	if digits+up > maxIntegerDigits {
		return num{}, errOverflow()
	}
	return n.rescaleUp(up), nil
}
