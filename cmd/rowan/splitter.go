package main

import "strings"

// splitter finds the ends of statements in a script, byte by byte: semicolons that are in no string, quoted name, dollar
// quote, comment or parentheses.
type splitter struct {
	state  byte   // 0, or what is open: ' " $ - (a line comment) * (a block comment)
	depth  int    // of parentheses
	nested int    // of block comments
	last   byte   // the byte before
	word   string // what may become, or is, the tag of a dollar quote
	tail   string // the end of a dollar quote's text
	body   bodyWords
}

// open reports whether the script is within something.
func (s *splitter) open() bool { return s.state != 0 || s.depth > 0 || s.body.depth > 0 }

// feed takes a byte; it reports whether a statement ends with it.
func (s *splitter) feed(c byte) (end bool) {
	last := s.last
	s.last = c
	switch s.state {
	case 0:
		return s.plain(c, last)
	case '\'', '"':
		if c == s.state {
			s.state = 0
		} else if c == '\\' && s.word == "e" {
			s.state = '\\'
		}
	case '\\':
		s.state = '\''
	case '-':
		if c == '\n' {
			s.state = 0
		}
	case '*':
		s.comment(c, last)
	case '$':
		if s.tail += string(c); len(s.tail) > len(s.word) {
			s.tail = s.tail[len(s.tail)-len(s.word):]
		}
		if s.tail == s.word {
			s.state, s.word = 0, ""
		}
	}
	return false
}

func (s *splitter) comment(c, last byte) {
	switch {
	case last == '/' && c == '*':
		s.nested++
		s.last = 0
	case last == '*' && c == '/':
		if s.nested--; s.nested == 0 {
			s.state = 0
		}
		s.last = 0
	}
}

// plain takes a byte that is in nothing.
func (s *splitter) plain(c, last byte) (end bool) {
	s.body.feed(c, s.depth > 0)
	if strings.HasPrefix(s.word, "$") { // the tag of a dollar quote, perhaps
		switch {
		case c == '$':
			s.word += "$"
			s.state, s.tail = '$', ""
			return false
		case isWord(c):
			s.word += string(c)
			return false
		}
		s.word = ""
	}
	switch {
	case c == '\'':
		if last != 'e' && last != 'E' {
			s.word = ""
		} else {
			s.word = "e"
		}
		s.state = c
	case c == '"':
		s.state, s.word = c, ""
	case c == '-' && last == '-':
		s.state = '-'
	case c == '*' && last == '/':
		s.state, s.nested, s.last = '*', 1, 0
	case c == '$' && !isWord(last):
		s.word = "$"
	case c == '(':
		s.depth++
	case c == ')':
		s.depth = max(s.depth-1, 0)
	case c == ';' && s.depth == 0 && s.body.depth == 0:
		s.body = bodyWords{}
		return true
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
