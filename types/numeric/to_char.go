package numeric

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// ToChar formats a numeric.
func ToChar(a, format string) (string, error) {
	p, err := parsePicture(format)
	if err != nil {
		return "", err
	}
	n := unpack(a)
	switch {
	case p.roman:
		return p.writeRoman(a)
	case p.scientific:
		return p.writeScientific(a), nil
	case p.ordinalOfNothing(n.sign() < 0):
		return "", pgerr.New(pgerrcode.InvalidTextRepresentation, "\".\" is not a number")
	case n.tag != 0 && p.ordinal() && !p.decimal:
		return "", pgerr.New(pgerrcode.InvalidTextRepresentation, "\"%s\" is not a number", String(a))
	}
	if p.hasV {
		p.pre += p.multi
	}
	if p.hasV && n.tag == 0 {
		n = mul(n, tenTo(p.multi))
	}
	n = round(n, p.post)
	neg := n.sign() < 0
	text := String(pack(n.abs()))
	return p.write(text, neg), nil
}

// ordinal reports whether TH is in the format.
func (p *picture) ordinal() bool {
	return slices.ContainsFunc(p.nodes, func(n pictureNode) bool { return n.key == "TH" })
}

// ordinalOfNothing reports whether TH is to follow a number for which the format has no digits.
func (p *picture) ordinalOfNothing(negative bool) bool {
	return p.pre == 0 && !p.decimal && !negative && p.ordinal()
}

func tenTo(e int) num { return fromBig(bigPow10(e), 0) }

// ToCharInt formats an integer.
func ToCharInt(v int64, format string) (string, error) { return ToChar(FromInt(v), format) }

// ToCharFloat formats a float that has so many significant digits (15 for double precision, 6 for real).
func ToCharFloat(f float64, format string, digits int) (string, error) {
	p, err := parsePicture(format)
	if err != nil {
		return "", err
	}
	if p.ordinalOfNothing(f < 0) {
		return "", pgerr.New(pgerrcode.InvalidTextRepresentation, "\".\" is not a number")
	}
	if math.IsNaN(f) || math.IsInf(f, 0) || p.roman || p.scientific {
		return ToChar(fromFloat(f, digits), format)
	}
	if p.hasV {
		f *= math.Pow(10, float64(p.multi))
		p.pre += p.multi
	}
	whole := len(strconv.FormatFloat(math.Abs(f), 'f', 0, 64))
	if whole >= digits {
		p.post = 0
	} else if whole+p.post > digits {
		p.post = digits - whole
	}
	text := strconv.FormatFloat(f, 'f', p.post, 64)
	neg := text[0] == '-'
	return p.write(strings.TrimPrefix(text, "-"), neg), nil
}

// printer is the state of writing one number by a picture.
type printer struct {
	*picture
	out      []byte
	digits   string // of the number, with its point
	pos      int    // in digits
	blanks   int    // places before the number's first digit
	place    int    // digit places passed
	places   int
	neg      bool
	signDone bool
	started  bool // a digit has been written
	last     int  // FM: index in digits of the last one that is shown; -1: all are
}

func (p *picture) write(text string, neg bool) string {
	w := printer{picture: p, digits: text, neg: neg, last: -1}
	whole := strings.IndexByte(text, '.')
	if whole < 0 {
		whole = len(text)
	}
	switch {
	case whole < p.pre:
		w.blanks = p.pre - whole
	case whole > p.pre: // does not fit
		fill := strings.Repeat("#", p.pre)
		if p.decimal {
			fill += "." + strings.Repeat("#", p.post)
		}
		w.digits = fill
	}
	w.prepare()
	if strings.HasPrefix(text, "N") && w.sign == 't' && p.decimal { // the place of the sign is never reached
		w.sign, w.signDone = 0, true
	}
	for _, n := range p.nodes {
		w.node(n)
	}
	return string(w.out)
}

func (w *printer) prepare() {
	switch {
	case w.plus || w.minus:
		w.signDone = !w.plus || w.minus
	default:
		w.signDone = !w.neg && w.fill && w.sign == 0
		if !w.neg && w.fill {
			w.bracket = false
		}
		if w.sign == 'l' && w.pre == w.signAt {
			w.sign = 't'
		}
	}
	if w.plus && !w.minus {
		w.signDone = false
	}
	w.places = w.post + w.pre - 1
	if w.fill && w.decimal {
		w.last = lastRelevant(w.digits)
		if w.last >= 0 && w.zeroEnd > w.blanks {
			w.last = max(w.last, min(len(w.digits)-1, w.zeroEnd-w.blanks))
		}
	}
	if !w.signDone && w.blanks == 0 {
		w.places++
	}
}

// lastRelevant returns the index of the last digit after the point that is not 0, or of the point; -1 without a point.
func lastRelevant(s string) int {
	point := strings.IndexByte(s, '.')
	if point < 0 {
		return -1
	}
	last := point
	for i := point; i < len(s); i++ {
		if s[i] != '0' && s[i] != '.' {
			last = i
		}
	}
	return last
}

func (w *printer) node(n pictureNode) {
	overflow := strings.HasPrefix(w.digits, "#")
	blank := func(s string) {
		if !w.fill {
			w.out = append(w.out, s...)
		}
	}
	switch n.key {
	case "":
		w.out = append(w.out, n.text...)
	case "9", "0", ".", "D":
		w.digit(n.key)
	case ",", "G":
		if w.started {
			w.out = append(w.out, ',')
		} else {
			blank(" ")
		}
	case "L":
		w.out = append(w.out, ' ')
	case "TH":
		if !overflow && !w.neg && !w.decimal {
			th := ordinal(w.digits)
			if n.text == "TH" {
				th = strings.ToUpper(th)
			}
			w.out = append(w.out, th...)
		}
	case "MI":
		if w.neg {
			w.out = append(w.out, '-')
		} else {
			blank(" ")
		}
	case "PL":
		if !w.neg {
			w.out = append(w.out, '+')
		} else {
			blank(" ")
		}
	case "SG":
		w.out = append(w.out, w.signChar())
	}
}

func ordinal(digits string) string {
	n := len(digits)
	if n == 0 || n > 1 && digits[n-2] == '1' {
		return "th"
	}
	switch digits[n-1] {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}

func (w *printer) signChar() byte {
	if w.neg {
		return '-'
	}
	return '+'
}

// leadingZero tells that the number is 0.… and its 0 is not wanted.
func (w *printer) leadingZero() bool {
	return w.zeroStart == 0 && w.pos == 0 && strings.HasPrefix(w.digits, "0") && w.post != 0
}

func (w *printer) atPoint() bool {
	return w.last >= 0 && w.last < len(w.digits) && w.digits[w.last] == '.'
}

// digit writes what stands in one place: a sign before the first digit, a blank, a 0, the point or a digit.
func (w *printer) digit(key string) {
	zeros := w.zeroStart > 0
	first := w.zeroStart - 1
	if !w.signDone && (w.place >= w.blanks || zeros && first == w.place) && (!w.leadingZero() || w.atPoint()) {
		w.writeSign()
	}
	switch {
	case w.place < w.blanks && (!zeros || first > w.place):
		if !w.fill {
			w.out = append(w.out, ' ')
		}
	case w.place < w.blanks:
		w.out = append(w.out, '0')
		w.started = true
	default:
		w.numberDigit(key)
		if w.pos < len(w.digits) {
			w.pos++
		}
	}
	end := w.places
	if w.blanks > 0 {
		end++
	}
	if w.decimal {
		end++
	}
	if w.last >= 0 && w.last == w.pos {
		end = w.place
	}
	if w.place+1 == end {
		if w.signDone && w.bracket {
			if w.neg {
				w.out = append(w.out, '>')
			} else {
				w.out = append(w.out, ' ')
			}
		} else if w.sign == 't' {
			w.out = append(w.out, w.signChar())
		}
	}
	w.place++
}

func (w *printer) writeSign() {
	switch {
	case w.sign == 'l':
		w.out = append(w.out, w.signChar())
	case w.sign == 't':
		return
	case w.bracket && w.neg:
		w.out = append(w.out, '<')
	case w.bracket:
		w.out = append(w.out, ' ')
	case w.neg:
		w.out = append(w.out, '-')
	case !w.fill:
		w.out = append(w.out, ' ')
	}
	w.signDone = true
}

func (w *printer) numberDigit(key string) {
	if w.pos >= len(w.digits) {
		return
	}
	c := w.digits[w.pos]
	switch {
	case c == '.':
		if !w.atPoint() || w.fill {
			w.out = append(w.out, '.')
		}
	case w.last >= 0 && w.pos > w.last && key != "0":
	case w.leadingZero():
		if !w.fill {
			w.out = append(w.out, ' ')
		} else if w.atPoint() {
			w.out = append(w.out, '0')
		}
	default:
		w.out = append(w.out, c)
		w.started = true
	}
}

func (p *picture) writeRoman(a string) (string, error) {
	v, err := ToInt(a, math.MinInt32, math.MaxInt32, "integer")
	if err != nil {
		return "", err
	}
	text := "###############"
	if v >= 1 && v <= 3999 {
		text = roman(int(v))
	}
	for _, node := range p.nodes {
		if node.key == "RN" && node.text == "rn" {
			text = strings.ToLower(text)
		}
	}
	if p.fill {
		return text, nil
	}
	return strings.Repeat(" ", max(0, 15-len(text))) + text, nil
}

func roman(v int) string {
	var b strings.Builder
	for _, r := range [...]struct {
		v int
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"},
		{5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; v >= r.v; v -= r.v {
			b.WriteString(r.s)
		}
	}
	return b.String()
}

func (p *picture) writeScientific(a string) string {
	n := unpack(a)
	if n.tag != 0 {
		fill := " " + strings.Repeat("#", p.pre) + "."
		return fill + strings.Repeat("#", p.post+4)
	}
	exp := 0
	if n.sign() != 0 {
		exp = n.digitLen() - 1 - n.scale
	}
	m := n
	m.scale += exp
	if m.scale < 0 {
		m = m.rescaleUp(-m.scale)
		m.scale = 0
	}
	m = round(m, p.post) // 9.99… may become 10: PostgreSQL leaves it so
	text := String(pack(m))
	sign, e := "+", exp
	if exp < 0 {
		sign, e = "-", -exp
	}
	digits := strconv.Itoa(e)
	if len(digits) < 2 {
		digits = "0" + digits
	}
	text += "e" + sign + digits
	if m.sign() >= 0 {
		text = " " + text
	}
	return text
}
