package main

import "strings"

// bodyWords finds the body of a function in the standard's form, BEGIN ATOMIC … END, whose statements end with
// semicolons of their own. It looks at the words of a statement as psql does.
type bodyWords struct {
	word  []byte   // the word being read
	first []string // the first words, which tell whether a function is made
	depth int      // of BEGIN and CASE
}

// feed takes a byte of the statement that is in no string, quoted name or comment.
func (b *bodyWords) feed(c byte, parenthesised bool) {
	if isWord(c) {
		if len(b.word) < len("procedure")+1 {
			b.word = append(b.word, c|0x20)
		}
		return
	}
	if len(b.word) == 0 {
		return
	}
	word := string(b.word)
	b.word = b.word[:0]
	const told = 4 // CREATE OR REPLACE FUNCTION
	if len(b.first) < told {
		b.first = append(b.first, word)
	}
	if parenthesised || !b.function() {
		return
	}
	switch {
	case word == "begin", word == "case" && b.depth > 0:
		b.depth++
	case word == "end" && b.depth > 0:
		b.depth--
	}
}

// function reports whether the statement makes a function or a procedure.
func (b *bodyWords) function() bool {
	head := strings.Join(b.first, " ")
	for _, kind := range []string{"function", "procedure"} {
		if strings.HasPrefix(head, "create "+kind) || strings.HasPrefix(head, "create or replace "+kind) {
			return true
		}
	}
	return false
}
