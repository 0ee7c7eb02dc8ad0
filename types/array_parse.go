package types

import (
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// arrayReader reads an array literal.
type arrayReader struct {
	s     string
	pos   int
	t     Type
	f     *Format
	delim byte
	lens  []int32 // per dimension, -1 while unknown
	elems []Datum
}

func (r *arrayReader) fail(detail string, args ...any) error {
	e := pgerr.New(pgerrcode.InvalidTextRepresentation, "malformed array literal: \"%s\"", r.s)
	if detail != "" {
		_ = e.WithDetail(detail, args...)
	}
	return e
}

func (r *arrayReader) space() {
	for r.pos < len(r.s) && isSpace(r.s[r.pos]) {
		r.pos++
	}
}

func (r *arrayReader) peek() byte {
	if r.pos < len(r.s) {
		return r.s[r.pos]
	}
	return 0
}

func parseArray(t Type, s string, f *Format) (Datum, error) {
	r := arrayReader{s: s, t: Type{t.Elem, t.Mod}, f: f, delim: delimiter(t.Elem)}
	dims, err := r.bounds()
	if err != nil {
		return Null, err
	}
	if r.peek() != '{' {
		if dims != nil {
			return Null, r.fail("Array contents must start with \"{\".")
		}
		return Null, r.fail("Array value must start with \"{\" or dimension information.")
	}
	if err := r.dim(0); err != nil {
		return Null, err
	}
	r.space()
	if r.pos < len(r.s) {
		return Null, r.fail("Junk after closing right brace.")
	}
	return r.finish(t, dims)
}

func (r *arrayReader) finish(t Type, dims []Dim) (Datum, error) {
	if len(r.elems) == 0 {
		if len(r.lens) > 1 && r.lens[0] > 0 {
			return Null, r.fail("Unexpected \"%c\" character.", '}')
		}
		if dims != nil {
			return Null, r.fail("Specified array dimensions do not match array contents.")
		}
		return String(""), nil
	}
	a := Array{Elems: r.elems}
	for _, n := range r.lens {
		a.Dims = append(a.Dims, Dim{n, 1})
	}
	if dims != nil {
		if len(dims) != len(a.Dims) {
			return Null, r.fail("Specified array dimensions do not match array contents.")
		}
		for i, d := range dims {
			if d.Len != a.Dims[i].Len {
				return Null, r.fail("Specified array dimensions do not match array contents.")
			}
		}
		a.Dims = dims
	}
	return String(a.Pack(t.Elem)), nil
}

// bounds reads [l:u]…= if it is there.
func (r *arrayReader) bounds() ([]Dim, error) {
	var dims []Dim
	for r.space(); r.peek() == '['; r.space() {
		if len(dims) == MaxDims {
			return nil, pgerr.New(pgerrcode.ProgramLimitExceeded,
				"number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims)+1, MaxDims)
		}
		end := strings.IndexByte(r.s[r.pos:], ']')
		if end < 0 {
			return nil, r.fail("Missing \"]\" after array dimensions.")
		}
		lo, hi, two := strings.Cut(r.s[r.pos+1:r.pos+end], ":")
		l, u := int64(1), int64(0)
		var err1, err2 error
		if two {
			l, err1 = strconv.ParseInt(lo, 10, 32)
			u, err2 = strconv.ParseInt(hi, 10, 32)
		} else {
			u, err1 = strconv.ParseInt(lo, 10, 32)
		}
		if err1 != nil || err2 != nil {
			return nil, r.fail("\"[\" must introduce explicitly-specified array dimensions.")
		}
		if u < l {
			return nil, pgerr.New(pgerrcode.ArraySubscriptError, "upper bound cannot be less than lower bound")
		}
		dims = append(dims, Dim{int32(u - l + 1), int32(l)})
		r.pos += end + 1
	}
	if dims == nil {
		return nil, nil
	}
	if r.peek() != '=' {
		return nil, r.fail("Missing \"%s\" after array dimensions.", "=")
	}
	r.pos++
	r.space()
	_, err := CheckDims(dims)
	return dims, err
}

// dim reads one brace level, whose opening brace is at hand.
func (r *arrayReader) dim(depth int) error {
	if depth == MaxDims {
		return pgerr.New(pgerrcode.ProgramLimitExceeded,
			"number of array dimensions (%d) exceeds the maximum allowed (%d)", depth+1, MaxDims)
	}
	r.pos++
	if depth == len(r.lens) {
		if len(r.elems) > 0 {
			return r.ragged()
		}
		r.lens = append(r.lens, -1)
	}
	n := int32(0)
	for {
		r.space()
		switch c := r.peek(); {
		case r.pos >= len(r.s):
			return r.fail("Unexpected end of input.")
		case c == '}' && n == 0:
			r.pos++
			return r.close(depth, 0)
		case c == '{':
			if depth+1 == len(r.lens) && n > 0 {
				return r.fail("Unexpected \"%c\" character.", c)
			}
			if err := r.dim(depth + 1); err != nil {
				return err
			}
		case depth+1 < len(r.lens):
			if c == '}' || c == r.delim {
				return r.fail("Unexpected \"%c\" character.", c)
			}
			if n > 0 {
				return r.fail("Unexpected array element.")
			}
			return r.ragged()
		default:
			if err := r.element(); err != nil {
				return err
			}
		}
		n++
		r.space()
		switch c := r.peek(); {
		case r.pos >= len(r.s):
			return r.fail("Unexpected end of input.")
		case c == '}':
			r.pos++
			return r.close(depth, n)
		case c != r.delim:
			return r.fail("Unexpected array element.")
		}
		r.pos++
		r.space()
		if r.peek() == '}' {
			return r.fail("Unexpected \"%c\" character.", '}')
		}
	}
}

func (r *arrayReader) ragged() error {
	return r.fail("Multidimensional arrays must have sub-arrays with matching dimensions.")
}

// close ends a brace level with n items; all of one depth must have as many.
func (r *arrayReader) close(depth int, n int32) error {
	if r.lens[depth] < 0 {
		r.lens[depth] = n
	}
	if r.lens[depth] != n || depth+1 < len(r.lens) && n > 0 && r.lens[depth+1] < 0 {
		return r.ragged()
	}
	return nil
}

// element reads one element, quoted or not.
func (r *arrayReader) element() error {
	if r.peek() == '"' {
		text, err := r.quoted()
		if err != nil {
			return err
		}
		return r.add(text)
	}
	start, escaped := r.pos, false
	for ; r.pos < len(r.s); r.pos++ {
		c := r.s[r.pos]
		if c == r.delim || c == '}' {
			break
		}
		switch c {
		case '\\':
			escaped = true
			r.pos++
		case '"':
			return r.fail("Unexpected array element.")
		case '{':
			return r.fail("Unexpected \"%c\" character.", c)
		}
	}
	raw := r.s[start:min(r.pos, len(r.s))]
	if r.pos >= len(r.s) {
		return r.fail("Unexpected end of input.")
	}
	text := trimSpace(raw)
	switch {
	case text == "":
		return r.fail("Unexpected \"%c\" character.", r.s[r.pos])
	case escaped:
		return r.add(unescape(raw))
	case len(text) == 4 && strings.EqualFold(text, "null"):
		r.elems = append(r.elems, Null)
		return nil
	}
	return r.add(text)
}

// unescape drops backslashes and the white space around that none protects.
func unescape(s string) string {
	out := make([]byte, 0, len(s))
	keep := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			out = append(out, s[i])
			keep = len(out)
			continue
		}
		if len(out) == 0 && isSpace(s[i]) {
			continue
		}
		out = append(out, s[i])
		if !isSpace(s[i]) {
			keep = len(out)
		}
	}
	return string(out[:keep])
}

func (r *arrayReader) quoted() (string, error) {
	r.pos++
	start := r.pos
	var out []byte
	for ; r.pos < len(r.s); r.pos++ {
		switch r.s[r.pos] {
		case '"':
			text := r.s[start:r.pos]
			if out != nil {
				text = string(append(out, text...))
			}
			r.pos++
			return text, nil
		case '\\':
			out = append(append(make([]byte, 0, len(out)+32), out...), r.s[start:r.pos]...)
			r.pos++
			start = r.pos
		}
	}
	return "", r.fail("Unexpected end of input.")
}

func (r *arrayReader) add(text string) error {
	d, err := ParseText(r.t, text, r.f)
	if err != nil {
		return err
	}
	r.elems = append(r.elems, d)
	return nil
}
