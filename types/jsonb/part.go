package jsonb

// The functions of this file take parts out of a JSON text without building a tree. They work on json and on canonical
// jsonb text; the parts borrow from the text. The text must be valid.

// KindOf returns the kind of the value of a text.
func KindOf(text string) Kind {
	l := lexer{s: text, line: 1}
	if l.next() != nil {
		return Null
	}
	switch l.kind {
	case '{':
		return Object
	case '[':
		return Array
	case tokenString:
		return String
	case tokenNumber:
		return Number
	case tokenTrue, tokenFalse:
		return Bool
	}
	return Null
}

// Field returns the text of an object's member, the last of equal keys; ok is false when there is none or text is no
// object.
func Field(text, key string) (part string, ok bool) {
	l := lexer{s: text, line: 1, decode: true}
	if l.next() != nil || l.kind != '{' {
		return "", false
	}
	err := l.members(func(k string) error {
		start := l.start
		end, err := l.skipValue()
		if k == key {
			part, ok = text[start:end], true
		}
		return err
	})
	return part, ok && err == nil
}

// skipValue moves behind the value at the token at hand and returns where it ends.
func (l *lexer) skipValue() (end int, err error) {
	if l.kind != '{' && l.kind != '[' {
		end = l.end
		return end, l.next()
	}
	depth := 0
	for {
		switch l.kind {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case tokenEnd:
			return l.end, l.errExpected("JSON value")
		}
		end = l.end
		if err := l.next(); err != nil || depth == 0 {
			return end, err
		}
	}
}

// Elements calls yield with the text of each element of an array until it returns false.
func Elements(text string, yield func(part string) bool) {
	l := lexer{s: text, line: 1}
	if l.next() != nil || l.kind != '[' || l.next() != nil {
		return
	}
	for l.kind != ']' && l.kind != tokenEnd {
		start := l.start
		end, err := l.skipValue()
		if err != nil && l.kind != tokenEnd || !yield(text[start:end]) {
			return
		}
		if l.kind == ',' && l.next() != nil {
			return
		}
	}
}

// Members calls yield with the key and the value's text of each member of an object until it returns false.
func Members(text string, yield func(key, part string) bool) {
	l := lexer{s: text, line: 1, decode: true}
	if l.next() != nil || l.kind != '{' {
		return
	}
	_ = l.members(func(k string) error {
		start := l.start
		end, err := l.skipValue()
		if err == nil && !yield(k, text[start:end]) {
			return errDepth() // any error ends the walk
		}
		return err
	})
}

// Len returns the number of elements of an array, 0 for other values.
func Len(text string) int {
	n := 0
	Elements(text, func(string) bool { n++; return true })
	return n
}

// Index returns the text of an array's element, counted from 0, or from the end when negative.
func Index(text string, i int) (part string, ok bool) {
	if i < 0 {
		if i += Len(text); i < 0 {
			return "", false
		}
	}
	Elements(text, func(p string) bool {
		if i == 0 {
			part, ok = p, true
		}
		i--
		return !ok
	})
	return part, ok
}

// IndexB is Index as jsonb has it, where a scalar counts as an array of itself.
func IndexB(text string, i int) (part string, ok bool) {
	if k := KindOf(text); k != Array && k != Object {
		return text, i == 0 || i == -1
	}
	return Index(text, i)
}

// Path follows a path of keys and indexes.
func Path(text string, path []string) (part string, ok bool) {
	for _, p := range path {
		switch KindOf(text) {
		case Object:
			text, ok = Field(text, p)
		case Array:
			i, good := pathIndex(p)
			if !good {
				return "", false
			}
			text, ok = Index(text, i)
		default:
			return "", false
		}
		if !ok {
			return "", false
		}
	}
	return trim(text), true
}

// trim cuts white space around a value, which json may have.
func trim(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\n' || s[0] == '\t' || s[0] == '\r') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\n' || s[len(s)-1] == '\t' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}

// AsText returns what ->> shows of a value's text: strings without quotes; null is true for JSON's null.
func AsText(part string) (text string, null bool, err error) {
	l := lexer{s: part, line: 1, decode: true}
	if err := l.next(); err != nil {
		return "", false, err
	}
	switch l.kind {
	case tokenString:
		return l.str, false, nil
	case tokenNull:
		return "", true, nil
	}
	return part, false, nil
}
