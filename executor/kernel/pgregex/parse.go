package pgregex

import "strings"

// maxNesting is how deep parentheses may nest: parsing and compiling are recursive.
const maxNesting = 20_000

// parser reads an ARE.
type parser struct {
	src     []rune
	pos     int
	opts    Options
	groups  int
	depth   int    // of the parentheses around pos
	closed  []bool // by group: its parenthesis has been closed
	context bool   // there is something whose truth depends on what stands before
	comma   bool   // the last braces had one
	machine bool   // there is something that Go's regexp cannot do
}

func (p *parser) parse() (*node, error) {
	if err := p.director(); err != nil {
		return nil, err
	}
	if p.opts.Literal {
		n := &node{kind: concat}
		for _, r := range p.src[p.pos:] {
			n.kids = append(n.kids, &node{kind: literal, r: r})
		}
		return n, nil
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.pos < len(p.src) {
		return nil, invalid("parentheses () not balanced")
	}
	return n, nil
}

// director reads what may stand at the very beginning: ***= or ***: and options in parentheses.
func (p *parser) director() error {
	if p.opts.Literal {
		return nil
	}
	text := string(p.src)
	switch {
	case strings.HasPrefix(text, "***="):
		p.pos, p.opts.Literal = 4, true
		return nil
	case strings.HasPrefix(text, "***:"):
		p.pos = 4
	case strings.HasPrefix(text, "***"):
		return invalid("quantifier operand invalid")
	}
	if !p.looking("(?") || p.pos+2 >= len(p.src) || !isASCIILetter(p.src[p.pos+2]) {
		return nil
	}
	for p.pos += 2; p.pos < len(p.src); p.pos++ {
		if p.src[p.pos] == ')' {
			p.pos++
			return nil
		}
		if !p.opts.Set(p.src[p.pos]) {
			return invalid("invalid embedded option")
		}
	}
	return invalid("parentheses () not balanced")
}

func isASCIILetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// Set applies an option letter; false if there is no such.
func (o *Options) Set(letter rune) bool {
	switch letter {
	case 'i':
		o.Fold = true
	case 'c':
		o.Fold = false
	case 'm', 'n':
		o.Dot, o.Lines = true, true
	case 'p':
		o.Dot, o.Lines = true, false
	case 's':
		o.Dot, o.Lines = false, false
	case 'w':
		o.Dot, o.Lines = false, true
	case 'x':
		o.Expanded = true
	case 't':
		o.Expanded = false
	case 'q':
		o.Literal = true
	case 'e':
	default:
		return false
	}
	return true
}

func (p *parser) looking(s string) bool {
	for i, r := range []rune(s) {
		if p.pos+i >= len(p.src) || p.src[p.pos+i] != r {
			return false
		}
	}
	return true
}

// skip passes comments and, in expanded syntax, white space.
func (p *parser) skip() {
	for p.pos < len(p.src) {
		switch {
		case p.looking("(?#"):
			for p.pos < len(p.src) && p.src[p.pos] != ')' {
				p.pos++
			}
			p.pos = min(p.pos+1, len(p.src))
		case p.opts.Expanded && isSpace(p.src[p.pos]):
			p.pos++
		case p.opts.Expanded && p.src[p.pos] == '#':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

func (p *parser) alternatives() (*node, error) {
	first, err := p.branch()
	if err != nil || !p.looking("|") {
		return first, err
	}
	n := &node{kind: alternate, kids: []*node{first}}
	for p.looking("|") {
		p.pos++
		k, err := p.branch()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	return n, nil
}

func (p *parser) branch() (*node, error) {
	n := &node{kind: concat}
	for {
		p.skip()
		if p.pos >= len(p.src) || p.src[p.pos] == '|' || p.src[p.pos] == ')' {
			break
		}
		k, err := p.quantified()
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	switch len(n.kids) {
	case 0:
		return &node{kind: empty}, nil
	case 1:
		return n.kids[0], nil
	}
	return n, nil
}

// quantified reads an atom or a constraint, and its quantifier.
func (p *parser) quantified() (*node, error) {
	if p.quantifier() {
		return nil, invalid("quantifier operand invalid")
	}
	atom, err := p.atom()
	if err != nil {
		return nil, err
	}
	p.skip()
	if !p.quantifier() {
		return atom, nil
	}
	switch atom.kind {
	case begin, end, textBegin, textEnd, wordBegin, wordEnd, wordEdge, notEdge, look:
		return nil, invalid("quantifier operand invalid")
	}
	n := &node{kind: repeat, kids: []*node{atom}}
	brace := p.src[p.pos] == '{'
	if n.min, n.max, err = p.bounds(); err != nil {
		return nil, err
	}
	n.fixed = brace && !p.comma
	if p.looking("?") {
		p.pos++
		n.lazy = true
	}
	p.skip()
	if p.quantifier() {
		return nil, invalid("quantifier operand invalid")
	}
	return n, nil
}

// quantifier reports whether one begins here. A brace without a digit after it is an ordinary character.
func (p *parser) quantifier() bool {
	if p.pos >= len(p.src) {
		return false
	}
	switch p.src[p.pos] {
	case '*', '+', '?':
		return true
	case '{':
		return p.pos+1 < len(p.src) && p.src[p.pos+1] >= '0' && p.src[p.pos+1] <= '9'
	}
	return false
}

func (p *parser) bounds() (lo, hi int, err error) {
	c := p.src[p.pos]
	p.pos++
	switch c {
	case '*':
		return 0, -1, nil
	case '+':
		return 1, -1, nil
	case '?':
		return 0, 1, nil
	}
	if lo, err = p.number(); err != nil {
		return 0, 0, err
	}
	hi = lo
	p.comma = p.looking(",")
	if p.comma {
		p.pos++
		hi = -1
		if p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
			if hi, err = p.number(); err != nil {
				return 0, 0, err
			}
		}
	}
	if p.pos >= len(p.src) {
		return 0, 0, invalid("braces {} not balanced")
	}
	if p.src[p.pos] != '}' || hi >= 0 && hi < lo {
		return 0, 0, invalid("invalid repetition count(s)")
	}
	p.pos++
	return lo, hi, nil
}

func (p *parser) number() (int, error) {
	n := 0
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		n = n*10 + int(p.src[p.pos]-'0')
		if n > 255 {
			return 0, invalid("invalid repetition count(s)")
		}
		p.pos++
	}
	return n, nil
}

func (p *parser) atom() (*node, error) {
	c := p.src[p.pos]
	switch c {
	case '(':
		return p.parenthesis()
	case '[':
		return p.bracket()
	case '\\':
		return p.escape()
	}
	p.pos++
	switch c {
	case '.':
		return &node{kind: any}, nil
	case '^':
		p.context = true
		return &node{kind: begin}, nil
	case '$':
		return &node{kind: end}, nil
	}
	return &node{kind: literal, r: c}, nil
}

// parenthesis reads a group, capturing or not, or a lookaround constraint.
func (p *parser) parenthesis() (*node, error) {
	n := &node{kind: group}
	switch {
	case p.looking("(?:"):
		p.pos += 3
	case p.looking("(?="), p.looking("(?!"):
		n.kind, n.not = look, p.src[p.pos+2] == '!'
		p.pos += 3
	case p.looking("(?<="), p.looking("(?<!"):
		n.kind, n.not, n.behind = look, p.src[p.pos+3] == '!', true
		p.pos += 4
	case p.looking("(?"):
		return nil, invalid("quantifier operand invalid")
	default:
		p.pos++
		p.groups++
		n.kind, n.n = capture, p.groups
	}
	if n.kind == look {
		p.machine, p.context = true, true
	}
	before := p.groups
	if p.depth++; p.depth > maxNesting {
		return nil, errTooComplex()
	}
	kid, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	p.depth--
	if !p.looking(")") {
		return nil, invalid("parentheses () not balanced")
	}
	p.pos++
	if n.kind == look && p.groups != before {
		return p.uncaptured(n, kid, before), nil
	}
	for len(p.closed) <= n.n {
		p.closed = append(p.closed, false)
	}
	p.closed[n.n] = n.kind == capture
	n.kids = []*node{kid}
	return n, nil
}

// uncaptured turns the groups within a lookaround into plain ones: they capture nothing and have no number.
func (p *parser) uncaptured(n, kid *node, before int) *node {
	var walk func(k *node)
	walk = func(k *node) {
		if k.kind == capture {
			k.kind = group
		}
		for _, c := range k.kids {
			walk(c)
		}
	}
	walk(kid)
	p.groups = before
	n.kids = []*node{kid}
	return n
}
