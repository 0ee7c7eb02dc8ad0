package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// DuplicateError says that an object has a name twice: a decoder would take the last and say nothing.
type DuplicateError struct{ Name string }

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("an object has the name %q twice", e.Name)
}

// deepest is how deep values are followed. Decoders refuse what is deeper.
const deepest = 10_000

// names follows the objects of a text and what their members are called.
type names struct {
	open   []level
	beyond int // levels that are not followed

	text    bool // within a string
	escaped bool // a backslash has come in it
	name    bool // the string is a member's name
	raw     []byte
}

// level is an object or array that has not ended.
type level struct {
	object bool
	name   bool // the next string is a name
	seen   map[string]struct{}
}

// follow reads a piece of a text and reports the first name that an object has twice.
func (n *names) follow(piece []byte) error {
	for len(piece) > 0 {
		if n.text {
			rest, err := n.inText(piece)
			if err != nil {
				return err
			}
			piece = rest
			continue
		}
		n.outside(piece[0])
		piece = piece[1:]
	}
	return nil
}

// inText goes on to the end of a string, or of the piece.
func (n *names) inText(piece []byte) (rest []byte, err error) {
	end := 0
	for ; end < len(piece); end++ {
		switch c := piece[end]; {
		case n.escaped:
			n.escaped = false
		case c == '\\':
			n.escaped = true
		case c == '"':
			n.text = false
			if n.name {
				n.raw = append(n.raw, piece[:end]...)
				err = n.noteName()
			}
			return piece[end+1:], err
		}
	}
	if n.name {
		n.raw = append(n.raw, piece...)
	}
	return nil, nil
}

// noteName takes the name that has ended.
func (n *names) noteName() error {
	name := string(n.raw)
	if bytes.IndexByte(n.raw, '\\') >= 0 {
		var plain string
		if json.Unmarshal([]byte(`"`+name+`"`), &plain) == nil { // else the decoder will say so
			name = plain
		}
	}
	top := &n.open[len(n.open)-1]
	if _, twice := top.seen[name]; twice {
		return &DuplicateError{name}
	}
	if top.seen == nil {
		top.seen = map[string]struct{}{}
	}
	top.seen[name] = struct{}{}
	return nil
}

// outside takes a byte that is in no string.
func (n *names) outside(c byte) {
	switch c {
	case '"':
		n.text, n.raw = true, n.raw[:0]
		n.name = n.beyond == 0 && len(n.open) > 0 && n.open[len(n.open)-1].name
	case '{', '[':
		if len(n.open) == deepest {
			n.beyond++
			return
		}
		n.open = append(n.open, level{object: c == '{', name: c == '{'})
	case '}', ']':
		if n.beyond > 0 {
			n.beyond--
		} else if len(n.open) > 0 {
			n.open = n.open[:len(n.open)-1]
		}
	case ',', ':':
		if n.beyond == 0 && len(n.open) > 0 {
			top := &n.open[len(n.open)-1]
			top.name = top.object && c == ','
		}
	}
}
