package kernel

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

var (
	textType = types.Of(types.Builtin(types.OIDText))
	int4Type = types.Of(types.Builtin(types.OIDInt4))
	boolType = types.Of(types.Builtin(types.OIDBool))
)

var arrayTextFunctions = map[string]Kernel{
	"text_to_array":      row(func(_ *Env, a []datum) (datum, error) { return splitArray(a) }),
	"text_to_array_null": row(func(_ *Env, a []datum) (datum, error) { return splitArray(a) }),
	"text_to_table":      set(splitTable), "text_to_table_null": set(splitTable),
	"array_to_text": bindElem(0, joinArray), "array_to_text_null": bindElem(0, joinArray),
	"parse_ident":           row(func(_ *Env, a []datum) (datum, error) { return parseIdent(a[0].S, a[1].B()) }),
	"regexp_match":          row(func(_ *Env, a []datum) (datum, error) { return regexpMatch(a[0].S, a[1].S, a[2].S) }),
	"regexp_match_no_flags": row(func(_ *Env, a []datum) (datum, error) { return regexpMatch(a[0].S, a[1].S, "") }),
	"regexp_matches":        set(regexpMatches), "regexp_matches_no_flags": set(regexpMatches),
	"regexp_split_to_array":          row(func(_ *Env, a []datum) (datum, error) { return regexpSplitArray(a) }),
	"regexp_split_to_array_no_flags": row(func(_ *Env, a []datum) (datum, error) { return regexpSplitArray(a) }),
	"regexp_split_to_table":          set(regexpSplitTable), "regexp_split_to_table_no_flags": set(regexpSplitTable),
	"current_schemas": row(func(e *Env, a []datum) (datum, error) {
		return textArray(e.Session.SearchPath(a[0].B())), nil
	}),
}

func textArray(list []string) datum {
	d := make([]datum, len(list))
	for i, s := range list {
		d[i] = types.String(s)
	}
	return pack(textType, d, 1)
}

// split is string_to_array(text, separator, null). A NULL separator cuts between all characters, an empty one nowhere.
func split(a []datum) []datum {
	s := a[0].S
	if s == "" {
		return nil
	}
	var parts []string
	switch {
	case a[1].Null:
		parts = strings.Split(s, "")
	case a[1].S == "":
		parts = []string{s}
	default:
		parts = strings.Split(s, a[1].S)
	}
	out := make([]datum, len(parts))
	for i, p := range parts {
		out[i] = types.String(p)
		if len(a) > 2 && !a[2].Null && p == a[2].S {
			out[i] = types.Null
		}
	}
	return out
}

func splitArray(a []datum) (datum, error) {
	if a[0].Null {
		return types.Null, nil
	}
	return pack(textType, split(a), 1), nil
}

func splitTable(_ *Env, a []datum, yield func([]datum) bool) error {
	if a[0].Null {
		return nil
	}
	for _, d := range split(a) {
		if !yield([]datum{d}) {
			return nil
		}
	}
	return nil
}

// joinArray is array_to_string(array, separator, null).
func joinArray(elem types.Type) Row {
	return func(e *Env, a []datum) (datum, error) {
		if a[0].Null || a[1].Null {
			return types.Null, nil
		}
		var b []byte
		first := true
		for _, x := range types.UnpackArray(a[0].S).Elems {
			if x.Null && (len(a) < 3 || a[2].Null) {
				continue
			}
			if !first {
				b = append(b, a[1].S...)
			}
			first = false
			if x.Null {
				b = append(b, a[2].S...)
			} else {
				b = types.AppendText(b, elem, x, e.Format)
			}
		}
		return types.String(view(b)), nil
	}
}

func matchArray(s string, m []int) datum {
	if len(m) == 2 {
		return pack(textType, []datum{groupOf(s, m, 0)}, 1)
	}
	d := make([]datum, len(m)/2-1)
	for i := range d {
		d[i] = groupOf(s, m, i+1)
	}
	return pack(textType, d, 1)
}

func regexpMatch(s, pattern, flags string) (datum, error) {
	re, err := compileFlags(pattern, flags, "regexp_match")
	if err != nil {
		return datum{}, err
	}
	m, err := re.Find(s, 0)
	if err != nil || m == nil {
		return types.Null, err
	}
	return matchArray(s, m), nil
}

func regexpMatches(_ *Env, a []datum, yield func([]datum) bool) error {
	flags := ""
	if len(a) > 2 {
		flags = a[2].S
	}
	opts, global, err := parseFlags(flags)
	if err != nil {
		return err
	}
	re, err := compilePattern(a[1].S, opts)
	if err != nil {
		return err
	}
	found, err := allMatches(re, a[0].S, 1, global, true)
	if err != nil {
		return err
	}
	for _, m := range found {
		if !yield([]datum{matchArray(a[0].S, m)}) {
			return nil
		}
	}
	return nil
}

func regexpSplit(a []datum, function string) ([]datum, error) {
	flags := ""
	if len(a) > 2 {
		flags = a[2].S
	}
	re, err := compileFlags(a[1].S, flags, function)
	if err != nil {
		return nil, err
	}
	found, err := allMatches(re, a[0].S, 1, true, false)
	if err != nil {
		return nil, err
	}
	var out []datum
	last := 0
	for _, m := range found {
		out = append(out, types.String(a[0].S[last:m[0]]))
		last = m[1]
	}
	return append(out, types.String(a[0].S[last:])), nil
}

func regexpSplitArray(a []datum) (datum, error) {
	parts, err := regexpSplit(a, "regexp_split_to_array")
	return pack(textType, parts, 1), err
}

func regexpSplitTable(_ *Env, a []datum, yield func([]datum) bool) error {
	parts, err := regexpSplit(a, "regexp_split_to_table")
	if err != nil {
		return err
	}
	for _, p := range parts {
		if !yield([]datum{p}) {
			return nil
		}
	}
	return nil
}

func badIdent(s, detail string) error {
	e := pgerr.New(pgerrcode.InvalidParameterValue, "string is not a valid identifier: \"%s\"", s)
	if detail != "" {
		return e.WithDetail("%s", detail)
	}
	return e
}

func identStart(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// parseIdent is parse_ident: the parts of a qualified name.
func parseIdent(whole string, strict bool) (datum, error) {
	s := strings.TrimLeft(whole, " \t\n\r\f")
	var parts []string
	for afterDot := false; ; afterDot = true {
		part, rest, err := onePart(whole, s, afterDot)
		if err != nil {
			return datum{}, err
		}
		parts = append(parts, part)
		s = strings.TrimLeft(rest, " \t\n\r\f")
		if s == "" || s[0] != '.' {
			break
		}
		s = strings.TrimLeft(s[1:], " \t\n\r\f")
	}
	if s != "" && strict {
		return datum{}, badIdent(whole, "")
	}
	return textArray(parts), nil
}

func onePart(whole, s string, afterDot bool) (part, rest string, err error) {
	if s != "" && s[0] == '"' {
		end := 1
		for end < len(s) && (s[end] != '"' || end+1 < len(s) && s[end+1] == '"') {
			if s[end] == '"' {
				end++
			}
			end++
		}
		if end >= len(s) {
			return "", "", badIdent(whole, "String has unclosed double quotes.")
		}
		part = strings.ReplaceAll(s[1:end], `""`, `"`)
		if part == "" {
			return "", "", badIdent(whole, "Quoted identifier must not be empty.")
		}
		return part, s[end+1:], nil
	}
	if s == "" || !identStart(s[0]) {
		switch {
		case s != "" && s[0] == '.':
			return "", "", badIdent(whole, `No valid identifier before ".".`)
		case afterDot:
			return "", "", badIdent(whole, `No valid identifier after ".".`)
		}
		return "", "", badIdent(whole, "")
	}
	end := 1
	for end < len(s) && (identStart(s[end]) || s[end] >= '0' && s[end] <= '9' || s[end] == '$') {
		end++
	}
	return strings.ToLower(s[:end]), s[end:], nil
}
