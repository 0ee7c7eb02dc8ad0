// Package jsonb is the values of the SQL types json and jsonb: checking, the canonical text, the parsed tree, and what
// the operators of both types do to it.
//
// jsonb is kept as its canonical text, which is also what clients see: one space after colons and commas, keys ordered by
// length and then bytes, the last of equal keys, numbers as numeric shows them. So a part of a canonical text is a
// canonical text, and Field and Index hand out parts without building a tree. json is kept as it was written. The package
// knows no SQL types and no path language.
package jsonb

import (
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/numeric"
)

// Kind is the kind of a JSON value, in the order in which jsonb sorts them.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	String
	Number
	Bool
	Array
	Object
)

// Value is a JSON value. Values are shared freely: nothing changes one in place.
type Value struct {
	Kind  Kind
	Bool  bool
	Str   string // the string, or the number's text
	Elems []Value
	Pairs []Pair // by key length, then key; no key twice
}

// Pair is a member of an object.
type Pair struct {
	Key   string
	Value Value
}

// MakeString makes a string value.
func MakeString(s string) Value { return Value{Kind: String, Str: s} }

// MakeNumber makes a number of the text of a finite numeric.
func MakeNumber(text string) Value { return Value{Kind: Number, Str: text} }

// MakeBool makes true or false.
func MakeBool(b bool) Value { return Value{Kind: Bool, Bool: b} }

// MakeArray makes an array that keeps elems.
func MakeArray(elems []Value) Value { return Value{Kind: Array, Elems: elems} }

// TypeName is what jsonb_typeof says.
func (v Value) TypeName() string {
	return [...]string{"null", "string", "number", "boolean", "array", "object"}[v.Kind]
}

// IsContainer reports whether v is an array or object.
func (v Value) IsContainer() bool { return v.Kind >= Array }

// Canonical returns the canonical jsonb text of a JSON text.
func Canonical(text string) (string, error) {
	v, err := Parse(text)
	if err != nil {
		return "", err
	}
	return v.Text(), nil
}

// Text returns v's canonical text.
func (v Value) Text() string { return string(v.Append(make([]byte, 0, 64))) }

// Append appends v's canonical text.
func (v Value) Append(dst []byte) []byte {
	switch v.Kind {
	case Null:
		return append(dst, "null"...)
	case Bool:
		if v.Bool {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case Number:
		return append(dst, v.Str...)
	case String:
		return AppendQuoted(dst, v.Str)
	case Array:
		dst = append(dst, '[')
		for i, e := range v.Elems {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = e.Append(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i, p := range v.Pairs {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(AppendQuoted(dst, p.Key), ": "...)
		dst = p.Value.Append(dst)
	}
	return append(dst, '}')
}

// AppendQuoted appends s as a JSON string.
func AppendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}

// Quote returns s as a JSON string.
func Quote(s string) string { return string(AppendQuoted(make([]byte, 0, len(s)+2), s)) }

// Pretty appends v's text over several lines, as jsonb_pretty does.
func (v Value) Pretty(dst []byte) []byte { return v.pretty(dst, 0) }

func (v Value) pretty(dst []byte, depth int) []byte {
	if !v.IsContainer() {
		return v.Append(dst)
	}
	brackets := "[]"
	if v.Kind == Object {
		brackets = "{}"
	}
	dst = append(dst, brackets[0])
	for i, n := 0, len(v.Elems)+len(v.Pairs); i < n; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = indent(dst, depth+1)
		if v.Kind == Object {
			dst = append(AppendQuoted(dst, v.Pairs[i].Key), ": "...)
			dst = v.Pairs[i].Value.pretty(dst, depth+1)
		} else {
			dst = v.Elems[i].pretty(dst, depth+1)
		}
	}
	return append(indent(dst, depth), brackets[1])
}

func indent(dst []byte, depth int) []byte {
	dst = append(dst, '\n')
	for range depth {
		dst = append(dst, "    "...)
	}
	return dst
}

// less is the order of keys in an object.
func less(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// canonicalNumber gives the form in which jsonb keeps a JSON number: numeric's, so without exponent.
func canonicalNumber(text string) (string, error) {
	plain := true
	for i := range len(text) {
		if c := text[i]; c == 'e' || c == 'E' || c == '-' {
			plain = false
		}
	}
	if plain && len(text) < 1000 {
		return text, nil
	}
	n, err := numeric.Parse(text)
	if err != nil {
		return "", err
	}
	return numeric.String(n), nil
}

// Compare orders jsonb values as the type's btree does.
func Compare(a, b Value) int {
	if a.Kind == Array && !b.IsContainer() && len(a.Elems) == 0 {
		return -1 // an old peculiarity: at the top, the empty array is below the scalars
	}
	if b.Kind == Array && !a.IsContainer() && len(b.Elems) == 0 {
		return 1
	}
	return compare(a, b)
}

func compare(a, b Value) int {
	if a.Kind != b.Kind {
		return int(a.Kind) - int(b.Kind)
	}
	switch a.Kind {
	case String:
		return strings.Compare(a.Str, b.Str)
	case Number:
		return compareNumbers(a.Str, b.Str)
	case Bool:
		switch {
		case a.Bool == b.Bool:
			return 0
		case a.Bool:
			return 1
		}
		return -1
	case Array:
		if d := len(a.Elems) - len(b.Elems); d != 0 {
			return d
		}
		for i := range a.Elems {
			if c := compare(a.Elems[i], b.Elems[i]); c != 0 {
				return c
			}
		}
	case Object:
		if d := len(a.Pairs) - len(b.Pairs); d != 0 {
			return d
		}
		for i := range a.Pairs {
			if c := strings.Compare(a.Pairs[i].Key, b.Pairs[i].Key); c != 0 {
				return c
			}
			if c := compare(a.Pairs[i].Value, b.Pairs[i].Value); c != 0 {
				return c
			}
		}
	}
	return 0
}

func compareNumbers(a, b string) int {
	if a == b {
		return 0
	}
	x, err1 := numeric.Parse(a)
	y, err2 := numeric.Parse(b)
	if err1 != nil || err2 != nil {
		return strings.Compare(a, b)
	}
	return numeric.Compare(x, y)
}

// CompareText is Compare of canonical texts.
func CompareText(a, b string) int {
	if a == b {
		return 0
	}
	x, err1 := Parse(a)
	y, err2 := Parse(b)
	if err1 != nil || err2 != nil {
		return strings.Compare(a, b)
	}
	return Compare(x, y)
}

// HashText hashes a canonical text so that values that Compare finds equal hash the same.
func HashText(s string) uint64 {
	v, err := Parse(s)
	if err != nil {
		return 0
	}
	return v.hash(14695981039346656037)
}

func (v Value) hash(h uint64) uint64 {
	mix := func(x uint64) { h = (h ^ x) * 1099511628211 }
	text := func(s string) {
		for i := range len(s) {
			mix(uint64(s[i]))
		}
	}
	mix(uint64(v.Kind))
	switch v.Kind {
	case String:
		text(v.Str)
	case Number:
		if n, err := numeric.Parse(v.Str); err == nil {
			mix(numeric.Hash(n))
		}
	case Bool:
		if v.Bool {
			mix(1)
		}
	}
	for _, e := range v.Elems {
		h = e.hash(h)
	}
	for _, p := range v.Pairs {
		text(p.Key)
		h = p.Value.hash(h)
	}
	return h
}

func errDepth() error {
	return pgerr.New(pgerrcode.StatementTooComplex, "stack depth limit exceeded").WithHint(
		"Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
}
