package kernel

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor/kernel/pgregex"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var regexpFunctions = map[string]Kernel{
	"textregexeq": regexpOperator(false, true), "textregexne": regexpOperator(false, false),
	"nameregexeq": regexpOperator(false, true), "nameregexne": regexpOperator(false, false),
	"texticregexeq": regexpOperator(true, true), "texticregexne": regexpOperator(true, false),
	"nameicregexeq": regexpOperator(true, true), "nameicregexne": regexpOperator(true, false),
	"textregexsubstr":        row(func(_ *Env, a []datum) (datum, error) { return regexpSubstring(a[0].S, a[1].S) }),
	"sql_substring_2074":     row(similarSubstring),
	"similar_to_escape_1":    strStrErr(func(p string) (string, error) { return similarEscape(p, `\`) }),
	"similar_to_escape_2":    strStr2(similarEscape),
	"similar_escape":         row(similarEscapeNull),
	"textregexreplace_noopt": row(func(_ *Env, a []datum) (datum, error) { return replaceRegexp(a, 1, 1, "") }),
	"textregexreplace":       row(replaceFlags),
	"textregexreplace_extended": row(func(_ *Env, a []datum) (datum, error) {
		return replaceRegexp(a, a[3].I, a[4].I, a[5].S)
	}),
	"textregexreplace_extended_no_flags": row(func(_ *Env, a []datum) (datum, error) { return replaceRegexp(a, a[3].I, a[4].I, "") }),
	"textregexreplace_extended_no_n":     row(func(_ *Env, a []datum) (datum, error) { return replaceRegexp(a, a[3].I, 1, "") }),
	"regexp_like":                        row(func(_ *Env, a []datum) (datum, error) { return regexpLike(a[0].S, a[1].S, a[2].S) }),
	"regexp_like_no_flags":               row(func(_ *Env, a []datum) (datum, error) { return regexpLike(a[0].S, a[1].S, "") }),
	"regexp_count":                       row(func(_ *Env, a []datum) (datum, error) { return regexpCount(a, a[2].I, a[3].S) }),
	"regexp_count_no_flags":              row(func(_ *Env, a []datum) (datum, error) { return regexpCount(a, a[2].I, "") }),
	"regexp_count_no_start":              row(func(_ *Env, a []datum) (datum, error) { return regexpCount(a, 1, "") }),
	"regexp_instr":                       row(func(_ *Env, a []datum) (datum, error) { return regexpInstr(a) }),
	"regexp_instr_no_subexpr":            row(func(_ *Env, a []datum) (datum, error) { return regexpInstr(a) }),
	"regexp_instr_no_flags":              row(func(_ *Env, a []datum) (datum, error) { return regexpInstr(a) }),
	"regexp_instr_no_endoption":          row(func(_ *Env, a []datum) (datum, error) { return regexpInstr(a) }),
	"regexp_instr_no_n":                  row(func(_ *Env, a []datum) (datum, error) { return regexpInstr(a) }),
	"regexp_instr_no_start":              row(func(_ *Env, a []datum) (datum, error) { return regexpInstr(a) }),
	"regexp_substr":                      row(func(_ *Env, a []datum) (datum, error) { return regexpSubstr(a) }),
	"regexp_substr_no_subexpr":           row(func(_ *Env, a []datum) (datum, error) { return regexpSubstr(a) }),
	"regexp_substr_no_flags":             row(func(_ *Env, a []datum) (datum, error) { return regexpSubstr(a) }),
	"regexp_substr_no_n":                 row(func(_ *Env, a []datum) (datum, error) { return regexpSubstr(a) }),
	"regexp_substr_no_start":             row(func(_ *Env, a []datum) (datum, error) { return regexpSubstr(a) }),
}

// patterns keeps compiled patterns for all sessions. It is emptied when full: simpler than a list by age, and a workload
// with that many patterns is bound by compiling them anyway.
var patterns struct {
	sync.RWMutex
	m map[patternKey]*pgregex.Regexp
}

type patternKey struct {
	text string
	opts pgregex.Options
}

const maxPatterns = 512

func compilePattern(text string, opts pgregex.Options) (*pgregex.Regexp, error) {
	key := patternKey{text, opts}
	patterns.RLock()
	re := patterns.m[key]
	patterns.RUnlock()
	if re != nil {
		return re, nil
	}
	re, err := pgregex.Compile(text, opts)
	if err != nil {
		return nil, err
	}
	key.text = strings.Clone(text)
	patterns.Lock()
	if patterns.m == nil || len(patterns.m) >= maxPatterns {
		patterns.m = make(map[patternKey]*pgregex.Regexp, maxPatterns)
	}
	patterns.m[key] = re
	patterns.Unlock()
	return re, nil
}

// parseFlags reads the options of the regexp functions. global is g.
func parseFlags(flags string) (opts pgregex.Options, global bool, err error) {
	for i, r := range flags {
		if r == 'g' {
			global = true
		} else if r == 'b' {
			return opts, false, pgerr.Unsupported("regular expression option \"b\"")
		} else if !opts.Set(r) {
			return opts, false, pgerr.New(pgerrcode.InvalidParameterValue,
				"invalid regular expression option: \"%s\"", flags[i:i+utf8.RuneLen(r)])
		}
	}
	return opts, global, nil
}

// compileFlags compiles for a function that does not take g.
func compileFlags(pattern, flags, function string) (*pgregex.Regexp, error) {
	opts, global, err := parseFlags(flags)
	if err != nil {
		return nil, err
	}
	if global {
		e := pgerr.New(pgerrcode.InvalidParameterValue, "%s() does not support the \"global\" option", function)
		if function == "regexp_match" {
			return nil, e.WithHint("Use the regexp_matches function instead.")
		}
		return nil, e
	}
	return compilePattern(pattern, opts)
}

func regexpOperator(fold, want bool) Kernel {
	opts := pgregex.Options{Fold: fold}
	return Kernel{
		Row: func(_ *Env, a []datum) (datum, error) {
			re, err := compilePattern(a[1].S, opts)
			if err != nil {
				return datum{}, err
			}
			ok, err := re.Match(a[0].S)
			return types.Bool(ok == want), err
		},
		Vec: func(_ *Env, args []*vector.Vector, n int, sel []uint16, out *vector.Vector) error {
			s, p, ms, mp, nulls := args[0].Str, args[1].Str, mask(args[0]), mask(args[1]), hasNulls(args)
			var re *pgregex.Regexp
			for _, i := range rows(n, sel) {
				if nulls && anyNull(args, int(i)) {
					continue
				}
				if re == nil || mp != 0 {
					var err error
					if re, err = compilePattern(p[int(i)&mp], opts); err != nil {
						return err
					}
				}
				ok, err := re.Match(s[int(i)&ms])
				if err != nil {
					return err
				}
				out.Int[i] = b2i(ok == want)
			}
			return nil
		},
	}
}

// regexpSubstring is substring(text from pattern): the first group when there is one, else the whole match.
func regexpSubstring(s, pattern string) (datum, error) {
	re, err := compilePattern(pattern, pgregex.Options{})
	if err != nil {
		return datum{}, err
	}
	m, err := re.Find(s, 0)
	if err != nil || m == nil {
		return types.Null, err
	}
	return groupOf(s, m, min(re.Groups(), 1)), nil
}

// groupOf returns the text of a group of a match.
func groupOf(s string, m []int, group int) datum {
	if m[2*group] < 0 {
		return types.Null
	}
	return types.String(s[m[2*group]:m[2*group+1]])
}

func regexpLike(s, pattern, flags string) (datum, error) {
	re, err := compileFlags(pattern, flags, "regexp_like")
	if err != nil {
		return datum{}, err
	}
	ok, err := re.Match(s)
	return types.Bool(ok), err
}

func badParameter(name string, v int64) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, v)
}

// allMatches finds the matches from the start-th character on: all, or only the first. With degenerate false, empty
// matches at the end and right after the match before are left out, as splitting wants it.
func allMatches(re *pgregex.Regexp, s string, start int64, all, degenerate bool) ([][]int, error) {
	var out [][]int
	if start > runeCount(s)+1 {
		return nil, nil
	}
	at, last := runeOffset(s, start-1), 0
	for at <= len(s) {
		m, err := re.Find(s, at)
		if err != nil {
			return nil, err
		}
		if m == nil {
			break
		}
		if degenerate || m[0] < len(s) && m[1] > last {
			out = append(out, m)
		}
		last = m[1]
		if !all {
			break
		}
		at = after(s, m)
	}
	return out, nil
}

// after returns where to look for the next match.
func after(s string, m []int) int {
	if m[0] < m[1] {
		return m[1]
	}
	if m[1] >= len(s) {
		return len(s) + 1
	}
	return m[1] + charSize(s[m[1]:], false)
}

func regexpCount(a []datum, start int64, flags string) (datum, error) {
	if start <= 0 {
		return datum{}, badParameter("start", start)
	}
	re, err := compileFlags(a[1].S, flags, "regexp_count")
	if err != nil {
		return datum{}, err
	}
	m, err := allMatches(re, a[0].S, start, true, true)
	return types.Int(int64(len(m))), err
}

// intArg returns the i-th argument, or a default when the call has fewer.
func intArg(a []datum, i int, def int64) int64 {
	if i < len(a) {
		return a[i].I
	}
	return def
}

// regexpInstr is regexp_instr(string, pattern, start, n, endoption, flags, subexpr).
func regexpInstr(a []datum) (datum, error) {
	start, n, endOption, sub := intArg(a, 2, 1), intArg(a, 3, 1), intArg(a, 4, 0), intArg(a, 6, 0)
	switch {
	case start <= 0:
		return datum{}, badParameter("start", start)
	case n <= 0:
		return datum{}, badParameter("n", n)
	case endOption != 0 && endOption != 1:
		return datum{}, badParameter("endoption", endOption)
	case sub < 0:
		return datum{}, badParameter("subexpr", sub)
	}
	flags := ""
	if len(a) > 5 {
		flags = a[5].S
	}
	m, err := nthMatch(a, start, n, flags, "regexp_instr")
	if err != nil || m == nil || int(sub) >= len(m)/2 || m[2*sub] < 0 {
		return types.Int(0), err
	}
	return types.Int(runeCount(a[0].S[:m[2*sub+endOption]]) + 1), nil
}

// regexpSubstr is regexp_substr(string, pattern, start, n, flags, subexpr).
func regexpSubstr(a []datum) (datum, error) {
	start, n, sub := intArg(a, 2, 1), intArg(a, 3, 1), intArg(a, 5, 0)
	switch {
	case start <= 0:
		return datum{}, badParameter("start", start)
	case n <= 0:
		return datum{}, badParameter("n", n)
	case sub < 0:
		return datum{}, badParameter("subexpr", sub)
	}
	flags := ""
	if len(a) > 4 {
		flags = a[4].S
	}
	m, err := nthMatch(a, start, n, flags, "regexp_substr")
	if err != nil || m == nil || int(sub) >= len(m)/2 {
		return types.Null, err
	}
	return groupOf(a[0].S, m, int(sub)), nil
}

func nthMatch(a []datum, start, n int64, flags, function string) ([]int, error) {
	re, err := compileFlags(a[1].S, flags, function)
	if err != nil {
		return nil, err
	}
	m, err := allMatches(re, a[0].S, start, true, true)
	if err != nil || int64(len(m)) < n {
		return nil, err
	}
	return m[n-1], nil
}
