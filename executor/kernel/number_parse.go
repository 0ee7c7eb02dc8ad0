package kernel

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/numeric"
)

// numberParseFunctions is to_number.
var numberParseFunctions = map[string]Kernel{
	"numeric_to_number": row(func(_ *Env, a []datum) (datum, error) { return toNumber(a[0].S, a[1].S) }),
}

// numberReader reads a number by a pattern; each place of the pattern uses up a character, fitting or not.
type numberReader struct {
	p         *numberPattern
	s         string
	at        int
	out       []byte
	sign      byte // 0: not seen
	pre, post int  // digits read
	point     bool
}

func toNumber(s, pattern string) (datum, error) {
	p, err := parseNumberPattern(pattern)
	if err != nil || len(p.nodes) == 0 {
		return types.Null, err
	}
	if p.exponent {
		return datum{}, pgerr.New(pgerrcode.FeatureNotSupported, `"EEEE" not supported for input`)
	}
	if p.roman {
		return datum{}, pgerr.Unsupported("RN in to_number")
	}
	r := &numberReader{p: p, s: s}
	for _, n := range p.nodes {
		if r.at >= len(s) {
			break
		}
		r.node(n)
	}
	text := strings.TrimSuffix(string(r.out), ".")
	if r.sign == '-' {
		text = "-" + text
	} else {
		text = " " + text
	}
	n, err := numeric.Parse(text)
	if err != nil {
		return datum{}, err
	}
	if n, err = numeric.Coerce(n, numeric.PackMod(p.pre+p.multi+p.post, p.post)); err != nil || !p.isMulti {
		return types.String(n), err
	}
	return divideBy(n, p.multi)
}

// divideBy undoes V.
func divideBy(n string, digits int) (datum, error) {
	power, err := numeric.Parse("1e-" + strconv.Itoa(digits))
	if err != nil {
		return datum{}, err
	}
	return stringOr(numeric.Mul(n, power))
}

func (r *numberReader) node(n numberNode) {
	switch n.key {
	case "":
		for range utf8.RuneCountInString(n.text) {
			r.skip()
		}
	case "9", "0", ".", "D":
		r.digit(n.key)
		r.skip()
	case ",", "G":
		if r.s[r.at] == ',' {
			r.at++
		}
	case "L":
		r.pass(1)
	case "TH", "th":
		r.pass(2)
	case "MI":
		r.signAt("-")
	case "PL":
		r.signAt("+")
	case "SG":
		r.signAt("+-")
	default:
		if n.key != "S" && n.key != "FM" && n.key != "PR" && n.key != "B" && n.key != "V" {
			r.skip()
		}
	}
}

// skip passes one character.
func (r *numberReader) skip() {
	if r.at < len(r.s) {
		r.at += charSize(r.s[r.at:], false)
	}
}

// pass skips up to n characters that are no part of a number.
func (r *numberReader) pass(n int) {
	for ; n > 0 && r.at < len(r.s) && strings.IndexByte("0123456789.,+-", r.s[r.at]) < 0; n-- {
		r.skip()
	}
}

func (r *numberReader) signAt(signs string) {
	if strings.IndexByte(signs, r.s[r.at]) < 0 {
		r.pass(1)
		return
	}
	r.sign = r.s[r.at]
	r.at++
}

// digit takes the character at hand, after a sign, if it is a digit or the point.
func (r *numberReader) digit(key string) {
	if r.s[r.at] == ' ' {
		r.at++
	}
	if r.at < len(r.s) && (key == "9" || key == "0") && r.pre+r.post == 0 && r.sign == 0 {
		r.leadingSign()
	}
	if r.at >= len(r.s) {
		return
	}
	read := false
	switch c := r.s[r.at]; {
	case c >= '0' && c <= '9':
		if r.point && r.post == r.p.post {
			return
		}
		r.out = append(r.out, c)
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		read = true
	case c == '.' && r.p.decimal && !r.point:
		r.out = append(r.out, '.')
		r.point, read = true, true
	}
	r.trailingSign(read)
}

func (r *numberReader) leadingSign() {
	switch c := r.s[r.at]; {
	case c == '-' || c == '<' && r.p.bracket:
		r.sign = '-'
		r.at++
	case c == '+':
		r.sign = '+'
		r.at++
	}
}

// trailingSign looks for a sign after the last digit.
func (r *numberReader) trailingSign(read bool) {
	if r.sign != 0 || r.pre+r.post == 0 {
		return
	}
	if r.p.sign && read && r.at+1 < len(r.s) {
		if c := r.s[r.at+1]; c == '-' || c == '+' {
			r.sign = c
			r.at++
		}
		return
	}
	if !read && !r.p.sign && !r.p.plus && !r.p.minus {
		if c := r.s[r.at]; c == '-' || c == '+' {
			r.sign = c
		}
	}
}
