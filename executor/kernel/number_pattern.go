package kernel

import (
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// numberPattern is a parsed format of to_char and to_number for numbers.
type numberPattern struct {
	nodes              []numberNode
	pre, post, multi   int // digits before and after the point, and after V
	zeroStart, zeroEnd int // places of the first 0 before the point and of the last 0, from 1
	decimal, zero      bool
	isMulti            bool // V
	fill               bool // FM
	roman, lower       bool // RN, rn
	exponent           bool // EEEE
	sign, signFirst    bool // S, and whether before the digits
	plus, minus        bool // PL, MI; SG is both
	bracket            bool // PR
}

// numberNode is a key word, or (key empty) a text to be shown as it is.
type numberNode struct{ key, text string }

// numberKeys are in the order in which they are tried.
var numberKeys = []string{"EEEE", "FM", "MI", "PL", "PR", "RN", "SG", "SP", "TH", ",", ".", "0", "9", "B", "C", "D", "G", "L", "S", "V"}

// numberKey finds the key word at the beginning of s. All but th are the same in both cases.
func numberKey(s string) string {
	if strings.HasPrefix(s, "th") {
		return "th"
	}
	upper := strings.ToUpper(s[:min(len(s), 4)])
	for _, k := range numberKeys {
		if strings.HasPrefix(upper, k) {
			return k
		}
	}
	return ""
}

func parseNumberPattern(s string) (*numberPattern, error) {
	p := &numberPattern{}
	for s != "" {
		n := 0
		switch {
		case s[0] == '"':
			var text string
			text, n = quotedText(s)
			p.nodes = append(p.nodes, numberNode{text: text})
		case s[0] == '\\' && len(s) > 1 && s[1] == '"':
			n = 2
			p.nodes = append(p.nodes, numberNode{text: `"`})
		case numberKey(s) != "":
			k := numberKey(s)
			n = len(k)
			if err := p.take(k, s); err != nil {
				return nil, err
			}
			p.nodes = append(p.nodes, numberNode{key: k})
		default:
			_, n = utf8.DecodeRuneInString(s)
			p.nodes = append(p.nodes, numberNode{text: s[:n]})
		}
		s = s[n:]
	}
	return p, nil
}

func quotedText(s string) (string, int) {
	var b strings.Builder
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), min(i+1, len(s))
}

func numberSyntax(format string, args ...any) error {
	return pgerr.New(pgerrcode.SyntaxError, format, args...)
}

// take notes what a key word means for the whole.
func (p *numberPattern) take(k, s string) error {
	if p.exponent {
		return numberSyntax(`"EEEE" must be the last pattern used`)
	}
	switch k {
	case "9":
		return p.nine()
	case "0":
		return p.nought()
	case ".", "D":
		return p.point()
	case "FM":
		p.fill = true
	case "RN":
		p.roman, p.lower = true, s[0] == 'r'
	case "S", "MI", "PL", "SG", "PR":
		return p.signs(k)
	case "V":
		if p.decimal {
			return numberSyntax(`cannot use "V" and decimal point together`)
		}
		p.isMulti = true
	case "EEEE":
		return p.scientificKey()
	}
	return nil
}

func (p *numberPattern) nine() error {
	switch {
	case p.bracket:
		return numberSyntax(`"9" must be ahead of "PR"`)
	case p.isMulti:
		p.multi++
	case p.decimal:
		p.post++
	default:
		p.pre++
	}
	return nil
}

func (p *numberPattern) nought() error {
	if p.bracket {
		return numberSyntax(`"0" must be ahead of "PR"`)
	}
	if !p.zero && !p.decimal {
		p.zero, p.zeroStart = true, p.pre+1
	}
	if p.decimal {
		p.post++
	} else {
		p.pre++
	}
	p.zeroEnd = p.pre + p.post
	return nil
}

func (p *numberPattern) point() error {
	switch {
	case p.decimal:
		return numberSyntax("multiple decimal points")
	case p.isMulti:
		return numberSyntax(`cannot use "V" and decimal point together`)
	}
	p.decimal = true
	return nil
}

func (p *numberPattern) signs(k string) error {
	switch k {
	case "S":
		if p.sign {
			return numberSyntax(`cannot use "S" twice`)
		}
		if p.plus || p.minus || p.bracket {
			return numberSyntax(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
		}
		p.sign, p.signFirst = true, !p.decimal && p.pre == 0
	case "PR":
		if p.sign || p.plus || p.minus {
			return numberSyntax(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
		}
		p.bracket = true
	default:
		if p.sign {
			return numberSyntax(`cannot use "S" and "%s" together`, k)
		}
		p.minus = p.minus || k != "PL"
		p.plus = p.plus || k != "MI"
	}
	return nil
}

func (p *numberPattern) scientificKey() error {
	if p.fill || p.sign || p.bracket || p.minus || p.plus || p.roman || p.isMulti {
		return pgerr.New(pgerrcode.SyntaxError, `"EEEE" is incompatible with other formats`).WithDetail(
			`"EEEE" may only be used together with digit and decimal point patterns.`)
	}
	p.exponent = true
	return nil
}
