package pgregex

import "unicode"

// class is a set of characters: ranges, named classes, or all but these.
type class struct {
	not    bool
	ranges []rune // pairs
	named  []*named
}

// named is a class with a name, with the text that means it within brackets in Go's syntax.
type named struct {
	text string
	has  func(r rune) bool
}

func isWord(r rune) bool {
	if r < 128 {
		return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

var (
	digits    = &named{`0-9`, func(r rune) bool { return r >= '0' && r <= '9' }}
	notDigits = &named{`\x{0}-/:-\x{10ffff}`, func(r rune) bool { return r < '0' || r > '9' }}
	spaces    = &named{`\t-\r \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}`, isSpace}
	letters   = &named{`\p{L}`, unicode.IsLetter}
	alnums    = &named{`\p{L}\p{N}`, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }}
	words     = &named{`\p{L}\p{N}_`, isWord}
)

func isSpace(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r == ' ', r == 0x1680, r >= 0x2000 && r <= 0x2006, r >= 0x2008 && r <= 0x200a,
		r == 0x2028, r == 0x2029, r == 0x205f, r == 0x3000:
		return true
	}
	return false
}

var classes = map[string]*named{
	"alpha": letters, "alnum": alnums, "digit": digits, "space": spaces, "word": words,
	"upper":  {`\p{Lu}`, unicode.IsUpper},
	"lower":  {`\p{Ll}`, unicode.IsLower},
	"punct":  {`!-/:-@\[-` + "`" + `{-~\p{P}\p{S}`, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }},
	"blank":  {`\t \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{205f}\x{3000}`, func(r rune) bool { return isSpace(r) && r != 0x2028 && r != 0x2029 && (r < '\n' || r > '\r') }},
	"cntrl":  {`\p{Cc}\x{2028}\x{2029}`, func(r rune) bool { return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 }},
	"graph":  {`\p{L}\p{M}\p{N}\p{P}\p{S}`, func(r rune) bool { return unicode.IsPrint(r) && r != ' ' }},
	"print":  {`\p{L}\p{M}\p{N}\p{P}\p{S} `, unicode.IsPrint},
	"xdigit": {`0-9A-Fa-f`, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F' }},
	"ascii":  {`\x{0}-\x{7f}`, func(r rune) bool { return r < 128 }},
}

// has reports whether r is in the set; fold tries the other case too.
func (c *class) has(r rune, fold bool) bool {
	if c.contains(r) {
		return !c.not
	}
	if fold {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if c.contains(f) {
				return !c.not
			}
		}
	}
	return c.not
}

func (c *class) contains(r rune) bool {
	for i := 0; i < len(c.ranges); i += 2 {
		if r >= c.ranges[i] && r <= c.ranges[i+1] {
			return true
		}
	}
	for _, n := range c.named {
		if n.has(r) {
			return true
		}
	}
	return false
}
