package kernel

import (
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
)

// numberCharFunctions is to_char of numbers.
var numberCharFunctions = map[string]Kernel{
	"int4_to_char":    row(func(_ *Env, a []datum) (datum, error) { return numberToChar(numeric.FromInt(a[0].I), a[1].S) }),
	"int8_to_char":    row(func(_ *Env, a []datum) (datum, error) { return numberToChar(numeric.FromInt(a[0].I), a[1].S) }),
	"numeric_to_char": row(func(_ *Env, a []datum) (datum, error) { return numberToChar(a[0].S, a[1].S) }),
	"float4_to_char":  row(func(_ *Env, a []datum) (datum, error) { return floatToChar(a[0].F(), a[1].S, 6) }),
	"float8_to_char":  row(func(_ *Env, a []datum) (datum, error) { return floatToChar(a[0].F(), a[1].S, 15) }),
}

func numberToChar(n, pattern string) (datum, error) {
	p, err := parseNumberPattern(pattern)
	if err != nil || len(p.nodes) == 0 {
		return types.String(""), err
	}
	switch {
	case p.roman:
		return types.String(p.romanNumber(n)), nil
	case p.exponent:
		return types.String(p.scientific(n)), nil
	}
	special := numeric.IsNaN(n) || numeric.IsInf(n)
	if p.isMulti && !special {
		power, err := numeric.Parse("1e" + strconv.Itoa(p.multi))
		if err != nil {
			return datum{}, err
		}
		if n, err = numeric.Mul(n, power); err != nil {
			return datum{}, err
		}
	}
	if p.isMulti {
		p.pre += p.multi
	}
	if n, err = numeric.Round(n, p.post); err != nil {
		return datum{}, err
	}
	return stringOr(p.write(numeric.String(n)))
}

// floatToChar shows a float with no more digits than its type has for sure.
func floatToChar(f float64, pattern string, digits int) (datum, error) {
	p, err := parseNumberPattern(pattern)
	if err != nil || len(p.nodes) == 0 {
		return types.String(""), err
	}
	switch {
	case p.roman:
		return types.String(p.romanNumber(numeric.FromFloat(math.RoundToEven(f)))), nil
	case p.exponent:
		return types.String(p.scientificFloat(f)), nil
	}
	if p.isMulti {
		f *= math.Pow10(p.multi)
		p.pre += p.multi
	}
	if math.IsNaN(f) || isInf(f) {
		text := map[bool]string{true: "NaN", false: "Infinity"}[f != f]
		if f < 0 {
			text = "-" + text
		}
		return stringOr(p.write(text))
	}
	whole := len(strconv.FormatFloat(math.Abs(f), 'f', 0, 64))
	if whole >= digits {
		p.post = 0
	} else if whole+p.post > digits {
		p.post = digits - whole
	}
	return stringOr(p.write(strconv.FormatFloat(f, 'f', p.post, 64)))
}

// numberWriter writes one number by a pattern, place by place.
type numberWriter struct {
	p         *numberPattern
	number    string // without sign
	at        int    // the digit or point at hand
	place     int    // the pattern's place at hand
	spaces    int    // places before the first digit
	last      int    // with FM the last digit of the fraction that is shown, -1: all
	count     int
	negative  bool
	signed    bool // the sign has been written, or is not to be
	inNumber  bool
	post      bool // S after the digits
	bracket   bool
	zeroStart int
	out       []byte
	err       error
}

// write shows the text of a number.
func (p *numberPattern) write(text string) (string, error) {
	w := &numberWriter{p: p, last: -1, bracket: p.bracket}
	w.negative = strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(text, "-")
	whole, fraction, point := strings.Cut(text, ".")
	if p.post > 0 && !point && whole != "" && whole[0] >= '0' && whole[0] <= '9' {
		fraction, point = strings.Repeat("0", p.post), true
	}
	switch {
	case len(whole) < p.pre:
		w.spaces = p.pre - len(whole)
	case len(whole) > p.pre:
		whole, fraction, point = strings.Repeat("#", p.pre), strings.Repeat("#", p.post), true
	}
	w.number = whole
	if point {
		w.number += "." + fraction
	}
	w.begin()
	for _, n := range p.nodes {
		w.node(n)
	}
	return string(w.out), w.err
}

// begin decides about the sign and, with FM, about the zeros at the end.
func (w *numberWriter) begin() {
	p := w.p
	w.zeroStart = max(p.zeroStart-1, 0)
	w.post = p.sign && !p.signFirst
	if p.plus || p.minus {
		w.signed = !p.plus || p.minus
	} else {
		if !w.negative && p.fill {
			w.bracket = false
		}
		w.signed = !w.negative && p.fill && !p.sign
	}
	w.count = p.post + p.pre - 1
	if p.fill && p.decimal {
		w.last = lastRelevant(w.number)
		if w.last >= 0 && p.zeroEnd > w.spaces {
			w.last = max(w.last, min(len(w.number)-1, p.zeroEnd-w.spaces))
		}
	}
	if !w.signed && w.spaces == 0 {
		w.count++
	}
}

// lastRelevant is the place of the last digit of the fraction that is no zero, or of the point; -1 without point.
func lastRelevant(number string) int {
	point := strings.IndexByte(number, '.')
	if point < 0 {
		return -1
	}
	last := point
	for i := point + 1; i < len(number); i++ {
		if number[i] != '0' {
			last = i
		}
	}
	return last
}

func (w *numberWriter) signByte(positive byte) byte {
	if w.negative {
		return '-'
	}
	return positive
}

// blank writes a space, unless FM is on.
func (w *numberWriter) blank() {
	if !w.p.fill {
		w.out = append(w.out, ' ')
	}
}

func (w *numberWriter) node(n numberNode) {
	switch n.key {
	case "":
		w.out = append(w.out, n.text...)
	case "9", "0", ".", "D":
		w.digit(n.key)
	case ",", "G":
		if w.inNumber {
			w.out = append(w.out, ',')
		} else {
			w.blank()
		}
	case "L":
		w.out = append(w.out, ' ')
	case "MI":
		if w.negative {
			w.out = append(w.out, '-')
		} else {
			w.blank()
		}
	case "PL":
		if !w.negative {
			w.out = append(w.out, '+')
		} else {
			w.blank()
		}
	case "SG":
		w.out = append(w.out, w.signByte('+'))
	case "TH", "th":
		w.ordinal(n.key)
	}
}

func (w *numberWriter) ordinal(key string) {
	if w.negative || w.p.decimal || strings.HasPrefix(w.number, "#") {
		return
	}
	suffix := "th"
	n := len(w.number)
	if n == 0 || w.number[n-1] < '0' || w.number[n-1] > '9' {
		w.err = pgerr.New(pgerrcode.InvalidTextRepresentation, "\"%s\" is not a number", w.number)
		return
	}
	if n < 2 || w.number[n-2] != '1' {
		switch w.number[n-1] {
		case '1':
			suffix = "st"
		case '2':
			suffix = "nd"
		case '3':
			suffix = "rd"
		}
	}
	if key == "TH" {
		suffix = strings.ToUpper(suffix)
	}
	w.out = append(w.out, suffix...)
}

// hidden reports whether the digit at hand is the 0 before the point, which only a 0 in the pattern shows.
func (w *numberWriter) hidden() bool {
	return !w.p.zero && w.at == 0 && strings.HasPrefix(w.number, "0") && w.p.post != 0
}

func (w *numberWriter) pointLast() bool { return w.last >= 0 && w.number[w.last] == '.' }

// leadingSign writes the sign before the first digit.
func (w *numberWriter) leadingSign() {
	if w.signed || w.place < w.spaces && !(w.p.zero && w.zeroStart == w.place) || w.hidden() && !w.pointLast() {
		return
	}
	switch {
	case w.p.sign:
		if w.post {
			return
		}
		w.out = append(w.out, w.signByte('+'))
	case w.bracket && w.negative:
		w.out = append(w.out, '<')
	case w.bracket:
		w.out = append(w.out, ' ')
	case w.negative:
		w.out = append(w.out, '-')
	default:
		w.blank()
	}
	w.signed = true
}

func (w *numberWriter) digit(key string) {
	w.inNumber = false
	w.leadingSign()
	switch {
	case w.place < w.spaces && (!w.p.zero || w.zeroStart > w.place):
		w.blank()
	case w.p.zero && w.place < w.spaces:
		w.out = append(w.out, '0')
		w.inNumber = true
	default:
		w.show(key)
		if w.at < len(w.number) {
			w.at++
		}
	}
	w.trailingSign()
	w.place++
}

// show writes the digit or point at hand.
func (w *numberWriter) show(key string) {
	switch {
	case w.at >= len(w.number):
	case w.number[w.at] == '.':
		w.out = append(w.out, '.')
	case w.last >= 0 && w.at > w.last && key != "0":
	case w.hidden():
		if !w.p.fill {
			w.out = append(w.out, ' ')
		} else if w.pointLast() {
			w.out = append(w.out, '0')
		}
	default:
		w.out = append(w.out, w.number[w.at])
		w.inNumber = true
	}
}

// trailingSign writes what comes after the last digit.
func (w *numberWriter) trailingSign() {
	end := w.count + int(b2i(w.spaces > 0)) + int(b2i(w.p.decimal))
	if w.last >= 0 && w.last == w.at {
		end = w.place
	}
	if w.place+1 != end {
		return
	}
	switch {
	case w.signed && w.bracket && w.negative:
		w.out = append(w.out, '>')
	case w.signed && w.bracket:
		w.out = append(w.out, ' ')
	case w.p.sign && w.post:
		w.out = append(w.out, w.signByte('+'))
	}
}
