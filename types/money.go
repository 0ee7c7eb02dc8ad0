package types

import (
	"math"
	"strconv"
	"strings"
)

// moneyCodec keeps money in cents. Its text is that of locale C: $1,234.50.
var moneyCodec = codec{
	appendText:   func(dst []byte, d Datum, _ *Format) []byte { return appendMoney(dst, d.I) },
	parseText:    func(_ int32, s string, _ *Format) (Datum, error) { return parseMoney(s) },
	appendBinary: timeCodec.appendBinary,
	parseBinary:  parseUint64Binary,
	compare:      compareInt,
	hash:         hashInt,
}

func appendMoney(dst []byte, cents int64) []byte {
	u := uint64(cents)
	if cents < 0 {
		dst = append(dst, '-')
		u = -u
	}
	dst = append(dst, '$')
	var buf [24]byte
	whole := strconv.AppendUint(buf[:0], u/100, 10)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c)
	}
	return append(dst, '.', byte('0'+u/10%10), byte('0'+u%10))
}

func parseMoney(s string) (Datum, error) {
	text := trimSpace(s)
	negative := false
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		negative, text = true, text[1:len(text)-1]
	}
	text = strings.TrimPrefix(text, "$")
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		negative, text = true, strings.TrimPrefix(rest, "$")
	}
	whole, frac, _ := strings.Cut(strings.ReplaceAll(text, ",", ""), ".")
	if strings.Trim(whole+frac, "0123456789") != "" {
		return Null, errSyntax("money", s)
	}
	up := len(frac) > 2 && frac[2] >= '5'
	sign := ""
	if negative {
		sign = "-"
	}
	v, err := strconv.ParseInt(sign+"0"+whole+(frac + "00")[:2], 10, 64)
	if err != nil {
		return Null, errRange("money", s)
	}
	switch {
	case up && (v == math.MinInt64 || v == math.MaxInt64):
		return Null, errRange("money", s)
	case up && negative:
		v--
	case up:
		v++
	}
	return Int(v), nil
}
