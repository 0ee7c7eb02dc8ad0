package kernel

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor/kernel/pgregex"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// replaceFlags is regexp_replace(string, pattern, replacement, flags).
func replaceFlags(_ *Env, a []datum) (datum, error) {
	flags := a[3].S
	if flags != "" && flags[0] >= '0' && flags[0] <= '9' {
		return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "invalid regular expression option: \"%s\"", flags[:1]).WithHint(
			"If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
	}
	_, global, err := parseFlags(flags)
	if err != nil {
		return datum{}, err
	}
	return replaceRegexp(a, 1, b2i(!global), flags)
}

// replaceRegexp replaces the n-th match from the start-th character on, or all when n is 0.
func replaceRegexp(a []datum, start, n int64, flags string) (datum, error) {
	if start <= 0 {
		return datum{}, badParameter("start", start)
	}
	if n < 0 {
		return datum{}, badParameter("n", n)
	}
	opts, _, err := parseFlags(flags)
	if err != nil {
		return datum{}, err
	}
	re, err := compilePattern(a[1].S, opts)
	if err != nil {
		return datum{}, err
	}
	return replaceMatches(re, a[0].S, a[2].S, start, n)
}

func replaceMatches(re *pgregex.Regexp, s, replacement string, start, n int64) (datum, error) {
	if start > runeCount(s)+1 {
		return types.String(s), nil
	}
	var out []byte
	copied, found := 0, int64(0)
	for at := runeOffset(s, start-1); at <= len(s); {
		m, err := re.Find(s, at)
		if err != nil {
			return datum{}, err
		}
		if m == nil {
			break
		}
		at = after(s, m)
		if found++; found < n {
			continue
		}
		out = append(out, s[copied:m[0]]...)
		out = appendReplacement(out, replacement, s, m)
		copied = m[1]
		if n > 0 {
			break
		}
	}
	if out == nil && copied == 0 {
		return types.String(s), nil
	}
	return types.String(view(append(out, s[copied:]...))), nil
}

// appendReplacement writes the replacement with \1 to \9 and \& filled in.
func appendReplacement(out []byte, replacement, s string, m []int) []byte {
	for i := 0; i < len(replacement); i++ {
		c := replacement[i]
		if c != '\\' || i+1 == len(replacement) {
			out = append(out, c)
			continue
		}
		i++
		switch d := replacement[i]; {
		case d == '&':
			out = append(out, s[m[0]:m[1]]...)
		case d >= '1' && d <= '9':
			if g := int(d - '0'); g < len(m)/2 && m[2*g] >= 0 {
				out = append(out, s[m[2*g]:m[2*g+1]]...)
			}
		case d == '\\':
			out = append(out, d)
		default:
			out = append(out, '\\', d)
		}
	}
	return out
}
