package numeric

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// ToNumber is to_number(text, text): it reads digits, sign and point where the format has them and skips the rest.
func ToNumber(text, format string) (string, error) {
	p, err := parsePicture(format)
	if err != nil {
		return "", err
	}
	switch {
	case p.roman:
		return "", pgerr.New(pgerrcode.FeatureNotSupported, "\"RN\" not supported for input")
	case p.scientific:
		return "", pgerr.New(pgerrcode.FeatureNotSupported, "\"EEEE\" not supported for input")
	}
	r := numberReader{picture: p, s: text}
	for _, n := range p.nodes {
		if r.pos >= len(text) {
			break
		}
		r.node(n)
	}
	lit := " " + strings.TrimSuffix(string(r.digits), ".")
	if r.neg {
		lit = "-" + lit[1:]
	}
	v, err := Parse(lit)
	if err != nil {
		return "", err
	}
	if p.hasV && p.multi > 0 {
		return Div(v, pack(tenTo(p.multi)))
	}
	return Coerce(v, r.mod())
}

// numberReader walks over a text by a picture.
type numberReader struct {
	*picture
	s      string
	pos    int
	digits []byte
	neg    bool
	point  bool
	seen   bool // a digit has been read
	frac   int
}

// mod is the modifier that to_number gives its result: as many digits as the format has before the point and as were read
// after it.
func (r *numberReader) mod() int32 {
	if r.pre+r.post == 0 {
		return -1
	}
	return PackMod(r.pre+r.frac, r.frac)
}

func (r *numberReader) peek() byte {
	if r.pos < len(r.s) {
		return r.s[r.pos]
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (r *numberReader) node(n pictureNode) {
	switch n.key {
	case "9", "0":
		r.place()
	case ".", "D":
		r.place()
	case ",", "G":
		if r.seen || !r.fill {
			if r.peek() == ',' {
				r.pos++
			}
		}
	case "L":
		if r.peek() == ' ' || r.peek() == '$' {
			r.pos++
		}
	case "MI":
		if r.peek() == '-' {
			r.neg = true
			r.pos++
		}
	case "PL":
		if r.peek() == '+' {
			r.pos++
		}
	case "S", "SG":
		r.sign()
	case "TH":
		r.pos += 2
	case "":
		r.pos += len(n.text)
	}
}

func (r *numberReader) sign() {
	switch r.peek() {
	case '-':
		r.neg = true
		r.pos++
	case '+':
		r.pos++
	}
}

// place reads one digit or the point; blanks and a sign before the first digit are skipped.
func (r *numberReader) place() {
	for r.peek() == ' ' {
		r.pos++
	}
	if !r.seen {
		switch c := r.peek(); {
		case c == '-' || c == '<' && r.bracket:
			r.neg = true
			r.pos++
		case c == '+':
			r.pos++
		}
	}
	switch c := r.peek(); {
	case isDigit(c):
		if r.point && r.frac >= r.post {
			return
		}
		if r.point {
			r.frac++
		}
		r.digits = append(r.digits, c)
		r.seen = true
		r.pos++
	case c == '.' && r.decimal && !r.point:
		r.digits = append(r.digits, c)
		r.point = true
		r.pos++
	case c != 0 && c != '-': // a place uses up a character, whatever it is
		r.pos++
	}
	if r.trailingMinus() {
		r.neg = true
		r.pos++
	}
}

// trailingMinus tells a minus sign behind the digits.
func (r *numberReader) trailingMinus() bool {
	return r.seen && r.picture.sign != 0 && strings.HasPrefix(r.s[min(r.pos, len(r.s)):], "-")
}
