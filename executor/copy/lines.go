package copy

import (
	"bytes"

	"github.com/rowandb/rowan/types"
)

// eol is how the lines of the data end; the first line decides.
type eol uint8

const (
	eolUnknown eol = iota
	eolNL
	eolCR
	eolCRNL
)

func (e eol) length() int {
	if e == eolCRNL {
		return 2
	}
	return 1
}

// seen is how far the line in hand has been looked through for its end, so that a long line that comes in many chunks is
// looked through once.
type seen struct {
	at                 int // from pos
	inQuote, wasEscape bool
	lines              int64 // within quotes
}

// textEnd finds the end of the line that begins at pos, in the text format: a line end that is not escaped.
func (r *Reader) textEnd() (n int, ok bool, err error) {
	b, at := r.buf[r.pos:], r.seen.at
	if r.eol == eolNL {
		// The common case: no escape and no carriage return in the line.
		if n = bytes.IndexByte(b[at:], '\n'); n >= 0 && plain(b[at:at+n], '\\') {
			return at + n, true, nil
		}
	}
	for i := at; i < len(b); i++ {
		switch b[i] {
		case '\\':
			if i+1 == len(b) && !r.eof {
				r.seen.at = i
				return 0, false, nil
			}
			if i == 0 && len(b) > 1 && b[1] == '.' {
				continue // the end marker
			}
			i++
		case '\n', '\r':
			r.seen.at = i
			return r.lineEnd(b, i, "\\n", "\\r")
		}
	}
	r.seen.at = len(b)
	return 0, false, nil
}

// plain reports whether there is neither a carriage return nor the special byte in b.
func plain(b []byte, special byte) bool {
	return bytes.IndexByte(b, special) < 0 && bytes.IndexByte(b, '\r') < 0
}

// lineEnd deals with a line feed or carriage return at i. ok false asks for more data.
func (r *Reader) lineEnd(b []byte, i int, nl, cr string) (n int, ok bool, err error) {
	if b[i] == '\n' {
		switch r.eol {
		case eolCR, eolCRNL:
			return 0, false, r.inLine(r.literal("newline", nl))
		}
		r.eol = eolNL
		return i, true, nil
	}
	if i+1 == len(b) && !r.eof && r.eol != eolCR {
		return 0, false, nil
	}
	crnl := i+1 < len(b) && b[i+1] == '\n'
	switch {
	case r.eol == eolUnknown && crnl:
		r.eol = eolCRNL
	case r.eol == eolUnknown:
		r.eol = eolCR
	case r.eol == eolNL, r.eol == eolCRNL && !crnl:
		return 0, false, r.inLine(r.literal("carriage return", cr))
	}
	return i, true, nil
}

func (r *Reader) literal(what, escape string) error {
	if r.Options.Format == "csv" {
		return badFormat("unquoted %s found in data", what).WithHint("Use quoted CSV field to represent %s.", what)
	}
	return badFormat("literal %s found in data", what).WithHint("Use \"%s\" to represent %s.", escape, what)
}

// csvEnd finds the end of the line that begins at pos, in the csv format: a line end outside of quotes.
func (r *Reader) csvEnd() (n int, ok bool, err error) {
	b, s := r.buf[r.pos:], &r.seen
	quote, escape := r.Options.Quote, r.Options.Escape
	if r.eol == eolNL && !s.inQuote {
		if n = bytes.IndexByte(b[s.at:], '\n'); n >= 0 && plain(b[s.at:s.at+n], quote) {
			r.line += s.lines
			return s.at + n, true, nil
		}
	}
	if escape == quote {
		escape = 0
	}
	for ; s.at < len(b); s.at++ {
		c := b[s.at]
		if s.inQuote && escape != 0 && c == escape {
			s.wasEscape = !s.wasEscape
		}
		if c == quote && !s.wasEscape {
			s.inQuote = !s.inQuote
		}
		if escape == 0 || c != escape {
			s.wasEscape = false
		}
		if c != '\n' && c != '\r' {
			continue
		}
		if s.inQuote {
			if c == '\n' == (r.eol == eolNL) {
				s.lines++
			}
			continue
		}
		end, ok, err := r.lineEnd(b, s.at, "", "")
		if ok {
			r.line += s.lines
		}
		return end, ok, err
	}
	return 0, false, nil
}

// splitText cuts the line at delimiters and undoes escapes, which must not have made bytes that are no characters.
func (r *Reader) splitText() error {
	delim, null := r.Options.Delimiter, r.Options.Null
	line := r.row
	if bytes.IndexByte(line, '\\') < 0 {
		r.splitPlain(line, delim, null)
		return nil
	}
	if cap(r.text) < len(line) {
		r.text = make([]byte, 0, 2*len(line))
	}
	for i := 0; ; {
		start, from := i, len(r.text)
		for i < len(line) && line[i] != delim {
			if line[i] != '\\' || i+1 == len(line) {
				r.text = append(r.text, line[i])
				i++
				continue
			}
			i = r.unescape(line, i+1)
		}
		f := field{b: r.text[from:len(r.text):len(r.text)]}
		f.null = string(line[start:i]) == null
		r.fields = append(r.fields, f)
		if i == len(line) {
			return types.CheckUTF8(view(r.text))
		}
		i++
	}
}

// splitPlain is splitText for a line without escapes.
func (r *Reader) splitPlain(line []byte, delim byte, null string) {
	start := 0
	for i, c := range line {
		if c == delim {
			r.fields = append(r.fields, field{b: line[start:i], null: string(line[start:i]) == null})
			start = i + 1
		}
	}
	r.fields = append(r.fields, field{b: line[start:], null: string(line[start:]) == null})
}

// unescape appends what the escape sequence after a backslash stands for, and returns where it ends.
func (r *Reader) unescape(line []byte, i int) int {
	c := line[i]
	i++
	switch c {
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'v':
		c = '\v'
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v := int(c - '0')
		for k := 0; k < 2 && i < len(line) && line[i] >= '0' && line[i] <= '7'; k++ {
			v = v<<3 | int(line[i]-'0')
			i++
		}
		c = byte(v)
	case 'x':
		if i < len(line) && hex(line[i]) >= 0 {
			v := hex(line[i])
			i++
			if i < len(line) && hex(line[i]) >= 0 {
				v = v<<4 | hex(line[i])
				i++
			}
			c = byte(v)
		}
	}
	r.text = append(r.text, c)
	return i
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// splitCSV cuts the line at delimiters outside of quotes and undoes quoting.
func (r *Reader) splitCSV() error {
	delim, quote, escape := r.Options.Delimiter, r.Options.Quote, r.Options.Escape
	line := r.row
	if bytes.IndexByte(line, quote) < 0 {
		r.splitPlain(line, delim, r.Options.Null)
		r.forceNotNull()
		return nil
	}
	if cap(r.text) < len(line) {
		r.text = make([]byte, 0, 2*len(line))
	}
	for i := 0; ; {
		from, quoted := len(r.text), false
		for i < len(line) && line[i] != delim {
			if line[i] != quote {
				r.text = append(r.text, line[i])
				i++
				continue
			}
			quoted = true
			var ok bool
			if i, ok = r.unquote(line, i+1, quote, escape); !ok {
				return badFormat("unterminated CSV quoted field")
			}
		}
		f := field{b: r.text[from:len(r.text):len(r.text)]}
		k := len(r.fields)
		same := string(f.b) == r.Options.Null
		f.null = same && !quoted && !r.flag(r.force, k) || same && quoted && r.flag(r.forceN, k)
		r.fields = append(r.fields, f)
		if i == len(line) {
			return nil
		}
		i++
	}
}

func (r *Reader) flag(list []bool, i int) bool { return i < len(list) && list[i] }

func (r *Reader) forceNotNull() {
	for i := range r.fields {
		if r.flag(r.force, i) {
			r.fields[i].null = false
		}
	}
}

// unquote appends a quoted section up to its closing quote, and returns where it ends.
func (r *Reader) unquote(line []byte, i int, quote, escape byte) (int, bool) {
	for i < len(line) {
		c := line[i]
		i++
		if c == escape && i < len(line) && (line[i] == escape || line[i] == quote) {
			r.text = append(r.text, line[i])
			i++
			continue
		}
		if c == quote {
			return i, true
		}
		r.text = append(r.text, c)
	}
	return i, false
}
