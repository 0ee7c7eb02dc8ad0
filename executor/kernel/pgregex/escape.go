package pgregex

import "strings"

// simple are the escapes for single characters.
var simple = map[rune]rune{
	'a': 7, 'b': 8, 'B': '\\', 'e': 27, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11, '0': 0,
}

var constraints = map[rune]kind{
	'A': textBegin, 'Z': textEnd, 'm': wordBegin, 'M': wordEnd, 'y': wordEdge, 'Y': notEdge,
}

func badEscape() error { return invalid(`invalid escape \ sequence`) }

// shorthand returns the class of \d, \s, \w and their opposites.
func shorthand(r rune) *class {
	c := &class{not: r < 'a'}
	switch r {
	case 'd', 'D':
		c.named = []*named{digits}
	case 's', 'S':
		c.named = []*named{spaces}
	case 'w', 'W':
		c.named = []*named{words}
	default:
		return nil
	}
	return c
}

// escape reads what begins with a backslash outside of brackets.
func (p *parser) escape() (*node, error) {
	if p.pos+1 >= len(p.src) {
		return nil, badEscape()
	}
	c := p.src[p.pos+1]
	if s := shorthand(c); s != nil {
		p.pos += 2
		return &node{kind: set, set: s}, nil
	}
	if k, ok := constraints[c]; ok {
		p.pos += 2
		p.context = true
		p.machine = p.machine || k != textBegin && k != textEnd
		return &node{kind: k}, nil
	}
	if c >= '1' && c <= '9' {
		if n, ok := p.backReference(); ok {
			return n, nil
		}
		if p.oneDigit() || c > '7' {
			return nil, invalid("invalid backreference number")
		}
	}
	r, err := p.character()
	if err != nil {
		return nil, err
	}
	return &node{kind: literal, r: r}, nil
}

func isOctal(r rune) bool { return r >= '0' && r <= '7' }

// oneDigit reports whether the escape at hand is a backslash and a single digit.
func (p *parser) oneDigit() bool {
	return p.pos+2 >= len(p.src) || p.src[p.pos+2] < '0' || p.src[p.pos+2] > '9'
}

// backReference reads \m or \mnn: the number of a group that has been closed before.
func (p *parser) backReference() (*node, bool) {
	at, n := p.pos+1, 0
	for at < len(p.src) && p.src[at] >= '0' && p.src[at] <= '9' && n < 100 {
		n = n*10 + int(p.src[at]-'0')
		at++
	}
	if n > 9 && (n >= len(p.closed) || !p.closed[n]) {
		return nil, false
	}
	if n >= len(p.closed) || !p.closed[n] {
		return nil, false
	}
	p.pos = at
	p.machine = true
	return &node{kind: backref, n: n}, true
}

// character reads an escape that stands for one character.
func (p *parser) character() (rune, error) {
	if p.pos+1 >= len(p.src) {
		return 0, badEscape()
	}
	c := p.src[p.pos+1]
	p.pos += 2
	switch c {
	case 'u':
		return p.hex(4, 4)
	case 'U':
		return p.hex(8, 8)
	case 'x':
		return p.hex(1, 255)
	case 'c':
		if p.pos >= len(p.src) {
			return 0, badEscape()
		}
		p.pos++
		return p.src[p.pos-1] & 0x1f, nil
	}
	if isOctal(c) {
		v := c - '0'
		for range 2 {
			if p.pos < len(p.src) && isOctal(p.src[p.pos]) && v*8+p.src[p.pos]-'0' <= 0xff {
				v = v*8 + p.src[p.pos] - '0'
				p.pos++
			}
		}
		return v, nil
	}
	if r, ok := simple[c]; ok {
		return r, nil
	}
	if isASCIILetter(c) || c >= '0' && c <= '9' {
		return 0, badEscape()
	}
	return c, nil
}

func (p *parser) hex(least, most int) (rune, error) {
	var v rune
	n := 0
	for ; n < most && p.pos < len(p.src); n++ {
		d := strings.IndexRune("0123456789abcdef", p.src[p.pos]|0x20)
		if p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
			d = int(p.src[p.pos] - '0')
		}
		if d < 0 {
			break
		}
		v = v<<4 | rune(d)
		if v > 0x10ffff {
			return 0, badEscape()
		}
		p.pos++
	}
	if n < least {
		return 0, badEscape()
	}
	return v, nil
}

func unbalanced() error { return invalid("brackets [] not balanced") }

// bracket reads a bracket expression.
func (p *parser) bracket() (*node, error) {
	for text, k := range map[string]kind{"[[:<:]]": wordBegin, "[[:>:]]": wordEnd} {
		if p.looking(text) {
			p.pos += 7
			p.machine, p.context = true, true
			return &node{kind: k}, nil
		}
	}
	c := &class{}
	p.pos++
	if p.looking("^") {
		p.pos++
		c.not = true
	}
	for first := true; ; first = false {
		if p.pos >= len(p.src) {
			return nil, unbalanced()
		}
		if p.src[p.pos] == ']' && !first {
			p.pos++
			return &node{kind: set, set: c}, nil
		}
		if err := p.member(c); err != nil {
			return nil, err
		}
	}
}

// member reads one element or range of a bracket expression.
func (p *parser) member(c *class) error {
	if p.looking("[:") {
		n, err := p.delimited(':')
		if err != nil {
			return err
		}
		k, ok := classes[n]
		if !ok {
			return invalid("invalid character class")
		}
		c.named = append(c.named, k)
		return nil
	}
	if p.src[p.pos] == '\\' && p.pos+1 < len(p.src) {
		if s := shorthand(p.src[p.pos+1]); s != nil {
			return p.shorthandMember(c, s)
		}
	}
	if p.src[p.pos] == '\\' && p.pos+1 < len(p.src) && p.src[p.pos+1] >= '1' && p.src[p.pos+1] <= '9' && p.oneDigit() {
		return badEscape()
	}
	lo, err := p.element()
	if err != nil {
		return err
	}
	hi := lo
	if p.looking("-") && p.pos+1 < len(p.src) && p.src[p.pos+1] != ']' {
		p.pos++
		if hi, err = p.element(); err != nil {
			return err
		}
		if hi < lo {
			return invalid("invalid character range")
		}
	}
	c.ranges = append(c.ranges, lo, hi)
	return nil
}

// shorthandMember adds \d, \s or \w; of the opposites only \D can be said as ranges for Go.
func (p *parser) shorthandMember(c, s *class) error {
	p.pos += 2
	if !s.not {
		c.named = append(c.named, s.named...)
		return nil
	}
	if s.named[0] == digits {
		c.named = append(c.named, notDigits)
		return nil
	}
	inner := s.named[0]
	p.machine = true
	c.named = append(c.named, &named{has: func(r rune) bool { return !inner.has(r) }})
	return nil
}

// element reads one character of a bracket expression, which may be spelt [.x.] or [=x=].
func (p *parser) element() (rune, error) {
	switch {
	case p.looking("[."), p.looking("[="):
		n, err := p.delimited(p.src[p.pos+1])
		if err != nil {
			return 0, err
		}
		if r := []rune(n); len(r) == 1 {
			return r[0], nil
		}
		return 0, invalid("invalid collating element")
	case p.src[p.pos] == '\\':
		return p.character()
	}
	p.pos++
	return p.src[p.pos-1], nil
}

// delimited reads [:name:] and its like, and returns the name.
func (p *parser) delimited(mark rune) (string, error) {
	from := p.pos + 2
	for i := from; i+1 < len(p.src); i++ {
		if p.src[i] == mark && p.src[i+1] == ']' {
			p.pos = i + 2
			return string(p.src[from:i]), nil
		}
	}
	return "", unbalanced()
}
