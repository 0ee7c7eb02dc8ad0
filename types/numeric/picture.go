package numeric

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// picture is a parsed number format of to_char and to_number.
type picture struct {
	nodes     []pictureNode
	pre, post int // digit places before and after the point
	multi     int // digit places after V
	zeroStart int // place of the first 0, from 1; 0: none
	zeroEnd   int

	decimal, fill, bracket, roman, scientific, hasV bool
	minus, plus                                     bool
	sign                                            byte // S: 'l' leading, 't' trailing, 0 none
	signAt                                          int  // places before a leading S
}

type pictureNode struct {
	key  string // "" for literal text
	text string
}

var pictureKeys = []string{
	"EEEE", "FM", "MI", "PL", "PR", "RN", "SG", "SP", "TH", "0", "9", ".", ",", "B", "C", "D", "G", "L", "S", "V",
}

func errFormat(msg string) error { return pgerr.New(pgerrcode.SyntaxError, "%s", msg) }

func parsePicture(format string) (*picture, error) {
	p := &picture{}
	for s := format; s != ""; {
		key := ""
		for _, k := range pictureKeys {
			if len(s) >= len(k) && strings.EqualFold(s[:len(k)], k) {
				key = k
				break
			}
		}
		switch {
		case key != "":
			if err := p.add(key); err != nil {
				return nil, err
			}
			p.nodes = append(p.nodes, pictureNode{key, s[:len(key)]})
			s = s[len(key):]
		case s[0] == '"':
			lit, rest, _ := strings.Cut(s[1:], `"`)
			p.nodes = append(p.nodes, pictureNode{text: lit})
			s = rest
		case s[0] == '\\' && len(s) > 1:
			p.nodes = append(p.nodes, pictureNode{text: s[1:2]})
			s = s[2:]
		default:
			p.nodes = append(p.nodes, pictureNode{text: s[:1]})
			s = s[1:]
		}
	}
	return p, nil
}

func (p *picture) add(key string) error {
	if p.scientific {
		return errFormat("\"EEEE\" must be the last pattern used")
	}
	switch key {
	case "9", "0":
		return p.place(key == "0")
	case ".", "D":
		if p.decimal {
			return errFormat("multiple decimal points")
		}
		if p.hasV {
			return errFormat("cannot use \"V\" and decimal point together")
		}
		p.decimal = true
	case "FM":
		p.fill = true
	case "S":
		return p.addSign()
	case "MI":
		if p.sign != 0 {
			return errFormat("cannot use \"S\" and \"MI\" together")
		}
		p.minus = true
	case "PL":
		if p.sign != 0 {
			return errFormat("cannot use \"S\" and \"PL\" together")
		}
		p.plus = true
	case "SG":
		if p.sign != 0 {
			return errFormat("cannot use \"S\" and \"SG\" together")
		}
		p.minus, p.plus = true, true
	case "PR":
		if p.sign != 0 || p.plus || p.minus {
			return errFormat("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together")
		}
		p.bracket = true
	case "RN":
		p.roman = true
	case "V":
		if p.decimal {
			return errFormat("cannot use \"V\" and decimal point together")
		}
		p.hasV = true
	case "EEEE":
		if p.fill || p.sign != 0 || p.bracket || p.minus || p.plus || p.roman || p.hasV {
			return errFormat("\"EEEE\" is incompatible with other formats")
		}
		p.scientific = true
	}
	return nil
}

func (p *picture) place(zero bool) error {
	if p.bracket {
		if zero {
			return errFormat("\"0\" must be ahead of \"PR\"")
		}
		return errFormat("\"9\" must be ahead of \"PR\"")
	}
	if zero {
		if p.zeroStart == 0 && !p.decimal {
			p.zeroStart = p.pre + 1
		}
	}
	switch {
	case p.hasV && !zero:
		p.multi++
	case p.decimal:
		p.post++
	default:
		p.pre++
	}
	if zero {
		p.zeroEnd = p.pre + p.post
	}
	return nil
}

func (p *picture) addSign() error {
	if p.sign != 0 {
		return errFormat("cannot use \"S\" twice")
	}
	if p.plus || p.minus || p.bracket {
		return errFormat("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together")
	}
	if p.decimal {
		p.sign = 't'
	} else {
		p.sign, p.signAt = 'l', p.pre
	}
	return nil
}
