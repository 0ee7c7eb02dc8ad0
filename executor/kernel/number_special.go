package kernel

import (
	"math"
	"strconv"
	"strings"

	"github.com/rowandb/rowan/types/numeric"
)

// hashes is what the scientific form shows for NaN and the infinities.
func (p *numberPattern) hashes() string {
	return " " + strings.Repeat("#", p.pre) + "." + strings.Repeat("#", p.post) + "####"
}

// scientific is the pattern EEEE.
func (p *numberPattern) scientific(n string) string {
	if numeric.IsNaN(n) || numeric.IsInf(n) {
		return p.hashes()
	}
	text := numeric.String(n)
	sign := " "
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent := len(whole) - 1
	if strings.Trim(whole, "0") == "" {
		exponent = -1 - (len(fraction) - len(strings.TrimLeft(fraction, "0")))
	}
	if digits == "" {
		digits, exponent = "0", 0
	}
	// PostgreSQL does not carry: 9.999 with two places is 10.00.
	return sign + roundDigits(digits, p.post) + exponentText(exponent)
}

// roundDigits is d.ddd rounded to some places.
func roundDigits(digits string, places int) string {
	n, err := numeric.Parse(digits[:1] + "." + digits[1:] + "0")
	if err != nil {
		return digits
	}
	r, err := numeric.Round(n, places)
	if err != nil {
		return digits
	}
	return numeric.String(r)
}

func exponentText(e int) string {
	sign := "e+"
	if e < 0 {
		sign, e = "e-", -e
	}
	if e < 10 {
		sign += "0"
	}
	return sign + strconv.Itoa(e)
}

func (p *numberPattern) scientificFloat(f float64) string {
	if math.IsNaN(f) || isInf(f) {
		return p.hashes()
	}
	s := strconv.FormatFloat(f, 'e', p.post, 64)
	if s[0] != '-' {
		s = " " + s
	}
	return s
}

var romans = []struct {
	value int64
	text  string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"},
	{5, "V"}, {4, "IV"}, {1, "I"},
}

// romanNumber is the pattern RN: 15 places.
func (p *numberPattern) romanNumber(n string) string {
	const places = 15
	v := int64(-1)
	if r, err := numeric.Round(n, 0); err == nil {
		if i, err := numeric.ToInt64(r); err == nil {
			v = i
		}
	}
	if v < 1 || v > 3999 {
		return strings.Repeat("#", places)
	}
	var b strings.Builder
	for _, x := range romans {
		for v >= x.value {
			b.WriteString(x.text)
			v -= x.value
		}
	}
	s := b.String()
	if p.lower {
		s = strings.ToLower(s)
	}
	if p.fill {
		return s
	}
	return strings.Repeat(" ", places-len(s)) + s
}
