package kernel

import (
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// likeFunctions has LIKE, ILIKE and their negations. The pattern's escape is the backslash; another one has been
// translated by like_escape.
var likeFunctions = map[string]Kernel{
	"textlike": likeKernel(likeText, true), "textnlike": likeKernel(likeText, false),
	"namelike": likeKernel(likeText, true), "namenlike": likeKernel(likeText, false),
	"bytealike": likeKernel(likeBytes, true), "byteanlike": likeKernel(likeBytes, false),
	"texticlike": likeKernel(likeFold, true), "texticnlike": likeKernel(likeFold, false),
	"nameiclike": likeKernel(likeFold, true), "nameicnlike": likeKernel(likeFold, false),
	"like_escape":       strStr2(func(p, e string) (string, error) { return likeEscape(p, e, false) }),
	"like_escape_bytea": strStr2(func(p, e string) (string, error) { return likeEscape(p, e, true) }),
}

// likeMode is what a character is and whether its case counts.
type likeMode uint8

const (
	likeText likeMode = iota
	likeBytes
	likeFold
)

// like is a pattern made ready. Most patterns are one literal with % at one or both ends, which need no loop of ours.
type like struct {
	mode    likeMode
	pattern string
	literal string // of a simple pattern
	open    [2]bool
	simple  bool
}

func compileLike(pattern string, mode likeMode) like {
	if mode == likeFold {
		pattern = strings.ToLower(pattern)
	}
	l := like{mode: mode, pattern: pattern}
	p := pattern
	for strings.HasPrefix(p, "%") {
		p, l.open[0] = p[1:], true
	}
	if strings.ContainsAny(p, `\_`) {
		return l
	}
	for strings.HasSuffix(p, "%") {
		p, l.open[1] = p[:len(p)-1], true
	}
	l.literal, l.simple = p, strings.IndexByte(p, '%') < 0
	return l
}

func (l *like) match(s string) (bool, error) {
	if l.mode == likeFold {
		s = strings.ToLower(s)
	}
	if !l.simple {
		r, err := likeMatch(s, l.pattern, l.mode == likeBytes)
		return r == likeYes, err
	}
	switch {
	case l.open[0] && l.open[1]:
		return strings.Contains(s, l.literal), nil
	case l.open[0]:
		return strings.HasSuffix(s, l.literal), nil
	case l.open[1]:
		return strings.HasPrefix(s, l.literal), nil
	}
	return s == l.literal, nil
}

type likeResult uint8

const (
	likeNo likeResult = iota
	likeYes
	likeAbort // the text has ended: starting the pattern later in it cannot help either
)

func likeEnd() error {
	return pgerr.New(pgerrcode.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
}

// likeMatch compares s with a pattern. A % tries the places at which the character after it stands.
func likeMatch(s, p string, bytes bool) (likeResult, error) {
	for p != "" {
		if s == "" {
			break
		}
		switch p[0] {
		case '\\':
			if p = p[1:]; p == "" {
				return likeNo, likeEnd()
			}
			if s[0] != p[0] {
				return likeNo, nil
			}
			s, p = s[1:], p[1:]
		case '%':
			return likePercent(s, p[1:], bytes)
		case '_':
			s, p = s[charSize(s, bytes):], p[1:]
		default:
			if s[0] != p[0] {
				return likeNo, nil
			}
			s, p = s[1:], p[1:]
		}
	}
	if s != "" {
		return likeNo, nil
	}
	if strings.Trim(p, "%") == "" {
		return likeYes, nil
	}
	return likeAbort, nil
}

func charSize(s string, bytes bool) int {
	if bytes || s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// likePercent matches what follows a %.
func likePercent(s, p string, bytes bool) (likeResult, error) {
	for p != "" && (p[0] == '%' || p[0] == '_') {
		if p[0] == '_' {
			if s == "" {
				return likeAbort, nil
			}
			s = s[charSize(s, bytes):]
		}
		p = p[1:]
	}
	if p == "" {
		return likeYes, nil
	}
	first := p[0]
	if first == '\\' {
		if len(p) == 1 {
			return likeNo, likeEnd()
		}
		first = p[1]
	}
	for {
		i := strings.IndexByte(s, first)
		if i < 0 {
			return likeAbort, nil
		}
		s = s[i:]
		if r, err := likeMatch(s, p, bytes); r != likeNo || err != nil {
			return r, err
		}
		s = s[1:]
	}
}

func likeKernel(mode likeMode, want bool) Kernel {
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			l := compileLike(a[1].S, mode)
			ok, err := l.match(a[0].S)
			return types.Bool(ok == want), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			s, p, ms, mp := args[0].Str, args[1].Str, mask(args[0]), mask(args[1])
			var l like
			for k, i := range rows(n, sel) {
				if k == 0 || mp != 0 {
					l = compileLike(p[int(i)&mp], mode)
				}
				ok, err := l.match(s[int(i)&ms])
				if err != nil && !anyNull(args, int(i)) {
					return err
				}
				out.Int[i] = b2i(ok == want)
			}
			return nil
		},
	}
}

// likeEscape translates a pattern with the escape character e to one with the backslash.
func likeEscape(p, e string, bytes bool) (string, error) {
	if e == `\` {
		return p, nil
	}
	if e != "" && charSize(e, bytes) != len(e) {
		return "", pgerr.New(pgerrcode.InvalidEscapeSequence, "invalid escape string").WithHint(
			"Escape string must be empty or one character.")
	}
	b := make([]byte, 0, 2*len(p))
	for i := 0; i < len(p); {
		n := charSize(p[i:], bytes)
		c := p[i : i+n]
		i += n
		switch {
		case e != "" && c == e && i < len(p):
			n = charSize(p[i:], bytes)
			b = append(append(b, '\\'), p[i:i+n]...)
			i += n
		case e != "" && c == e:
			b = append(b, '\\')
		case c == `\`:
			b = append(b, `\\`...)
		default:
			b = append(b, c...)
		}
	}
	return view(b), nil
}
