package types

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

var float8Codec = codec{
	appendText: func(dst []byte, d Datum, f *Format) []byte { return AppendFloat(dst, d.F(), 64, f.ExtraDigits) },
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		v, err := parseFloat(s, 64, "double precision")
		return Float(v), err
	},
	appendBinary: func(dst []byte, d Datum) []byte {
		if f := d.F(); f != f {
			return binary.BigEndian.AppendUint64(dst, 0x7ff8<<48) // the NaN of PostgreSQL: that of Go has another bit
		}
		return binary.BigEndian.AppendUint64(dst, uint64(d.I))
	},
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 8); err != nil {
			return Null, err
		}
		return Float(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
	},
	compare: compareFloatDatum,
	hash:    hashFloat,
}

var float4Codec = codec{
	appendText: func(dst []byte, d Datum, f *Format) []byte { return AppendFloat(dst, d.F(), 32, f.ExtraDigits) },
	parseText: func(_ int32, s string, _ *Format) (Datum, error) {
		v, err := parseFloat(s, 32, "real")
		return Float(v), err
	},
	appendBinary: func(dst []byte, d Datum) []byte {
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(d.F())))
	},
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 4); err != nil {
			return Null, err
		}
		return Float(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
	},
	compare: compareFloatDatum,
	hash:    hashFloat,
}

// AppendFloat appends a float of 32 or 64 bits: with extraDigits (extra_float_digits) above 0 the shortest form that
// reads back the same, else 15 (6) digits and so many more.
func AppendFloat(dst []byte, v float64, bitSize, extraDigits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	digits := 15
	if bitSize == 32 {
		digits = 6
	}
	precision, limit := -1, digits
	if extraDigits <= 0 {
		precision = max(digits+extraDigits, 1) - 1
		limit = precision + 1
	}
	var buf [32]byte
	e := strconv.AppendFloat(buf[:0], v, 'e', precision, bitSize)
	if precision < 0 && (math.Abs(v) >= 1<<53 || bitSize == 32 && math.Abs(v) >= 1<<24) {
		e = strictShortest(e, v, bitSize)
	}
	return appendGeneral(dst, e, limit, precision >= 0)
}

// strictShortest lengthens the shortest form e of v when it lies exactly between v and a neighbour: Go takes it, as
// reading rounds it to v, but PostgreSQL does not. Only large values have such forms.
func strictShortest(e []byte, v float64, bitSize int) []byte {
	for len(e) < 30 && isTie(e, v, bitSize) {
		digits := bytes.IndexByte(e, 'e') - 1
		if v < 0 {
			digits--
		}
		e = strconv.AppendFloat(e[:0], v, 'e', max(digits, 1), bitSize)
	}
	return e
}

func isTie(e []byte, v float64, bitSize int) bool {
	exact, _, err := big.ParseFloat(string(e), 10, 2200, big.ToNearestEven)
	if err != nil {
		return false
	}
	next := func(to float64) float64 {
		if bitSize == 32 {
			return float64(math.Nextafter32(float32(v), float32(to)))
		}
		return math.Nextafter(v, to)
	}
	twice := exact.Mul(exact, big.NewFloat(2))
	for _, to := range [...]float64{math.Inf(1), math.Inf(-1)} {
		w := next(to)
		if math.IsInf(w, 0) {
			continue
		}
		sum := new(big.Float).SetPrec(2200).Add(big.NewFloat(v), big.NewFloat(w))
		if sum.Cmp(twice) == 0 {
			return true
		}
	}
	return false
}

// appendGeneral turns d.ddde±xx into what C's %g shows: no exponent from -4 up to limit.
func appendGeneral(dst, e []byte, limit int, trim bool) []byte {
	if e[0] == '-' {
		dst = append(dst, '-')
		e = e[1:]
	}
	mark := len(e) - 1
	for e[mark] != 'e' {
		mark--
	}
	exp, _ := strconv.Atoi(string(e[mark+1:]))
	var digitBuf [24]byte
	digits := append(digitBuf[:0], e[0])
	if mark > 2 {
		digits = append(digits, e[2:mark]...)
	}
	for trim && len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	switch {
	case exp < -4 || exp >= limit:
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		return append(dst, e[mark:]...)
	case exp < 0:
		dst = append(dst, "0.000"[:1-exp]...)
		return append(dst, digits...)
	case exp >= len(digits)-1:
		dst = append(dst, digits...)
		for range exp - len(digits) + 1 {
			dst = append(dst, '0')
		}
		return dst
	}
	dst = append(append(dst, digits[:exp+1]...), '.')
	return append(dst, digits[exp+1:]...)
}

func parseFloat(s string, bitSize int, name string) (float64, error) {
	text := trimSpace(s)
	if text == "" || strings.IndexByte(text, '_') >= 0 {
		return 0, errSyntax(name, s)
	}
	v, err := strconv.ParseFloat(text, bitSize)
	if errors.Is(err, strconv.ErrRange) || err == nil && v == 0 && !isZeroText(text) {
		return 0, pgerr.New(pgerrcode.NumericValueOutOfRange, "\"%s\" is out of range for type %s", text, name)
	}
	if err != nil {
		return parseHexFloat(text, s, bitSize, name)
	}
	return v, nil
}

// parseHexFloat reads 0x1A, which C takes without the exponent that Go wants.
func parseHexFloat(text, s string, bitSize int, name string) (float64, error) {
	if strings.HasPrefix(strings.ToLower(strings.TrimLeft(text, "+-")), "0x") && !strings.ContainsAny(text, "pP") {
		if v, err := strconv.ParseFloat(text+"p0", bitSize); err == nil {
			return v, nil
		}
	}
	return 0, errSyntax(name, s)
}

// isZeroText reports whether the number's mantissa has no digit but 0.
func isZeroText(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '1' && c <= '9':
			return false
		case c == 'e' || c == 'E' || c == 'p' || c == 'P':
			return true
		}
	}
	return true
}

func compareFloatDatum(a, b Datum) int { return CompareFloat(a.F(), b.F()) }

// CompareFloat orders floats as SQL does: NaN is equal to itself and above all others; -0 equals 0.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a == a: // b is NaN
		return -1
	case b == b:
		return 1
	}
	return 0
}

func hashFloat(d Datum) uint64 { return HashFloat(d.F()) }

// HashFloat is Hash for the types of ClassFloat.
func HashFloat(f float64) uint64 {
	switch {
	case f == 0:
		f = 0 // not -0
	case f != f:
		f = math.NaN()
	}
	return HashInt(int64(math.Float64bits(f)))
}
