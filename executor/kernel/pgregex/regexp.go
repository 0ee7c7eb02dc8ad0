// Package pgregex matches PostgreSQL's advanced regular expressions (AREs).
//
// A pattern is parsed into a tree (parse.go, class.go). Patterns that ask nothing of their surroundings are rendered for
// Go's regexp package (render.go), which is fast and linear; those with lookaround, back references, word constraints or a
// search that begins inside the text run on a small backtracking machine of our own (program.go, machine.go). Both follow
// PostgreSQL's rule of preference: the match begins as early as possible; then the whole is as long as possible, or as
// short, by the first quantifier that has a say; within that, subexpressions by theirs.
//
// It knows regular expressions only: options of SQL functions such as "g" are the caller's. A Regexp is safe for
// concurrent use. POSIX basic expressions (option b) and collating elements of more than one character are not supported.
package pgregex

import (
	"regexp"
	"strings"
	"sync"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// Options are the settings of a pattern that flags and embedded options may change.
type Options struct {
	Fold     bool // i
	Dot      bool // newline-sensitive: . and [^…] do not match newlines (n, p)
	Lines    bool // newline-sensitive: ^ and $ match at lines (n, w)
	Expanded bool // x
	Literal  bool // q
}

// Regexp is a compiled pattern.
type Regexp struct {
	groups int
	fast   *regexp.Regexp // nil: the machine only
	root   *node
	opts   Options
	short  bool // the whole prefers the shortest match
	free   bool // the match does not depend on what stands before its beginning

	once sync.Once
	prog *program
}

// Compile parses a pattern.
func Compile(pattern string, opts Options) (*Regexp, error) {
	p := &parser{src: []rune(pattern), opts: opts}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	if root.size() > maxSize {
		return nil, errTooComplex()
	}
	re := &Regexp{groups: p.groups, root: root, opts: p.opts, short: root.preference() == lazy, free: !p.context}
	if !p.machine {
		var b strings.Builder
		render(&b, root, re.opts, re.short)
		fast, err := regexp.Compile(b.String())
		if err == nil {
			if !re.short {
				fast.Longest()
			}
			re.fast = fast
		}
	}
	return re, nil
}

// Groups returns the number of capturing groups.
func (re *Regexp) Groups() int { return re.groups }

// Match reports whether the pattern matches somewhere in s.
func (re *Regexp) Match(s string) (bool, error) {
	if re.fast != nil {
		return re.fast.MatchString(s), nil
	}
	m, err := re.Find(s, 0)
	return m != nil, err
}

// Find returns the first match that begins at byte offset from or later: pairs of byte offsets of the whole and of the
// groups, -1 where a group took no part; nil when there is none.
func (re *Regexp) Find(s string, from int) ([]int, error) {
	if re.fast != nil && (from == 0 || re.free) {
		m := re.fast.FindStringSubmatchIndex(s[from:])
		for i := range m {
			if m[i] >= 0 {
				m[i] += from
			}
		}
		return m, nil
	}
	re.once.Do(func() { re.prog = compile(re.root, re.opts, re.groups, re.short) })
	return re.prog.find(s, from)
}

func errTooComplex() error { return invalid("regular expression is too complex") }

func invalid(what string) error {
	return pgerr.New(pgerrcode.InvalidRegularExpression, "invalid regular expression: %s", what)
}
