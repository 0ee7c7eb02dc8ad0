package jsonb

import (
	"sort"
)

// maxDepth bounds nesting, as PostgreSQL's stack depth check does.
const maxDepth = 6000

// Parse reads a JSON text into a tree as jsonb's input function does.
func Parse(text string) (Value, error) {
	l := lexer{s: text, decode: true, line: 1}
	if err := l.next(); err != nil {
		return Value{}, err
	}
	v, err := l.value()
	if err != nil {
		return Value{}, err
	}
	if l.kind != tokenEnd {
		return Value{}, l.errExpected("end of input")
	}
	return v, nil
}

// value reads the value at the token at hand and moves behind it.
func (l *lexer) value() (v Value, err error) {
	switch l.kind {
	case '{', '[':
		if l.depth++; l.depth > maxDepth {
			return v, errDepth()
		}
		if l.kind == '{' {
			v, err = l.object()
		} else {
			v, err = l.array()
		}
		l.depth--
		return v, err
	case tokenString:
		v = Value{Kind: String, Str: l.str}
	case tokenNumber:
		v.Kind = Number
		if v.Str, err = canonicalNumber(l.s[l.start:l.end]); err != nil {
			return v, err
		}
	case tokenTrue, tokenFalse:
		v = Value{Kind: Bool, Bool: l.kind == tokenTrue}
	case tokenNull:
	default:
		return v, l.errExpected("JSON value")
	}
	return v, l.next()
}

func (l *lexer) array() (Value, error) {
	v := Value{Kind: Array}
	if err := l.next(); err != nil {
		return v, err
	}
	for first := true; l.kind != ']'; first = false {
		if !first {
			if l.kind != ',' {
				return v, l.errExpected("\",\" or \"]\"")
			}
			if err := l.next(); err != nil {
				return v, err
			}
		}
		e, err := l.value()
		if err != nil {
			return v, err
		}
		v.Elems = append(v.Elems, e)
	}
	return v, l.next()
}

func (l *lexer) object() (Value, error) {
	v := Value{Kind: Object}
	err := l.members(func(key string) error {
		x, err := l.value()
		v.Pairs = append(v.Pairs, Pair{key, x})
		return err
	})
	if err != nil {
		return v, err
	}
	v.Pairs = SortPairs(v.Pairs)
	return v, nil
}

// members walks over an object; value must read the value at the token at hand.
func (l *lexer) members(value func(key string) error) error {
	if err := l.next(); err != nil {
		return err
	}
	for first := true; l.kind != '}'; first = false {
		if !first {
			if l.kind != ',' {
				return l.errExpected("\",\" or \"}\"")
			}
			if err := l.next(); err != nil {
				return err
			}
		}
		if l.kind != tokenString {
			if first {
				return l.errExpected("string or \"}\"")
			}
			return l.errExpected("string")
		}
		key := l.str
		if err := l.next(); err != nil {
			return err
		}
		if l.kind != ':' {
			return l.errExpected("\":\"")
		}
		if err := l.next(); err != nil {
			return err
		}
		if err := value(key); err != nil {
			return err
		}
	}
	return l.next()
}

// SortPairs orders members by key and keeps the last of equal keys. It changes pairs.
func SortPairs(pairs []Pair) []Pair {
	ordered := true
	for i := 1; i < len(pairs); i++ {
		ordered = ordered && less(pairs[i-1].Key, pairs[i].Key)
	}
	if ordered {
		return pairs
	}
	sort.SliceStable(pairs, func(i, j int) bool { return less(pairs[i].Key, pairs[j].Key) })
	n := 0
	for i := range pairs {
		if i+1 < len(pairs) && pairs[i+1].Key == pairs[i].Key {
			continue
		}
		pairs[n] = pairs[i]
		n++
	}
	return pairs[:n]
}

// MakeObject makes an object of members in any order, the last of equal keys counting. It keeps and changes pairs.
func MakeObject(pairs []Pair) Value { return Value{Kind: Object, Pairs: SortPairs(pairs)} }

// Validate checks a JSON text as json's input function does: without decoding strings.
func Validate(text string) error {
	l := lexer{s: text, line: 1}
	if err := l.next(); err != nil {
		return err
	}
	if err := l.skip(); err != nil {
		return err
	}
	if l.kind != tokenEnd {
		return l.errExpected("end of input")
	}
	return nil
}

// skip moves behind the value at the token at hand, checking it.
func (l *lexer) skip() error {
	switch l.kind {
	case '{':
		if l.depth++; l.depth > maxDepth {
			return errDepth()
		}
		err := l.members(func(string) error { return l.skip() })
		l.depth--
		return err
	case '[':
		if l.depth++; l.depth > maxDepth {
			return errDepth()
		}
		err := l.skipArray()
		l.depth--
		return err
	case tokenString, tokenNumber, tokenTrue, tokenFalse, tokenNull:
		return l.next()
	}
	return l.errExpected("JSON value")
}

func (l *lexer) skipArray() error {
	if err := l.next(); err != nil {
		return err
	}
	for first := true; l.kind != ']'; first = false {
		if !first {
			if l.kind != ',' {
				return l.errExpected("\",\" or \"]\"")
			}
			if err := l.next(); err != nil {
				return err
			}
		}
		if err := l.skip(); err != nil {
			return err
		}
	}
	return l.next()
}
