// Package strictjson refuses JSON that encoding/json would change: bytes that are not UTF-8 and escapes of half a character, of
// which it makes U+FFFD, and objects with a name twice, of which it takes the last. What a client has sent would be lost without a word.
//
// It checks bytes on their way to a decoder, and knows no more of JSON than strings and what encloses them: what is no JSON at
// all the decoder says. Invariant: bytes that are passed on are those that came. Callers: bodies of requests and files that are
// imported.
package strictjson

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// What is wrong with a text.
var (
	ErrEncoding = errors.New("the text is not UTF-8")
	ErrEscape   = errors.New("the text has an escape of half a character (a surrogate without its other half)")
)

// Reader passes on what it reads, as long as it is text that JSON can hold, and no object has a name twice (DuplicateError).
func Reader(r io.Reader) io.Reader { return &reader{in: r} }

type reader struct {
	in   io.Reader
	rest []byte // the beginning of a character whose end has not come
	err  error

	escaped bool // a backslash has come
	digits  int  // of an escape \u that are to come
	unit    rune // of those that have
	high    bool // the first half of a character has come as an escape

	names names
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.in.Read(p)
	switch {
	case !r.encoded(p[:n]), err == io.EOF && len(r.rest) > 0:
		r.err = ErrEncoding
	case !r.whole(p[:n]):
		r.err = ErrEscape
	default:
		if r.err = r.names.follow(p[:n]); r.err == nil {
			r.err = err
			return n, err
		}
	}
	return 0, r.err
}

// encoded reports whether a piece is UTF-8, but for a character at its end that goes on in the next one.
func (r *reader) encoded(piece []byte) bool {
	if len(r.rest) > 0 {
		piece = append(r.rest, piece...)
		r.rest = nil
	}
	for i := len(piece) - 1; i >= 0 && i > len(piece)-utf8.UTFMax; i-- {
		if !utf8.RuneStart(piece[i]) {
			continue
		}
		if !utf8.FullRune(piece[i:]) {
			r.rest = append([]byte(nil), piece[i:]...)
			piece = piece[:i]
		}
		break
	}
	return utf8.Valid(piece)
}

// whole reports whether no escape of a piece is half a character.
func (r *reader) whole(piece []byte) bool {
	if !r.escaped && r.digits == 0 && !r.high && bytes.IndexByte(piece, '\\') < 0 {
		return true
	}
	for _, c := range piece {
		switch {
		case r.digits > 0:
			r.unit = r.unit<<4 | digit(c)
			if r.digits--; r.digits == 0 && !r.pairs() {
				return false
			}
		case r.escaped:
			r.escaped = false
			if c == 'u' {
				r.digits, r.unit = 4, 0
			} else if r.high {
				return false
			}
		case c == '\\':
			r.escaped = true
		case r.high:
			return false
		}
	}
	return true
}

// pairs reports whether the escape that has ended is a second half where a first one stands before it, and only there.
func (r *reader) pairs() bool {
	if second := r.unit >= 0xdc00 && r.unit < 0xe000; second != r.high {
		return false
	}
	r.high = r.unit >= 0xd800 && r.unit < 0xdc00
	return true
}

// digit is a hexadecimal digit's value; what is none the decoder will refuse.
func digit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c - 'a' + 10)
	case c >= 'A' && c <= 'F':
		return rune(c - 'A' + 10)
	}
	return 0
}
