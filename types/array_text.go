package types

import (
	"strconv"
	"strings"
)

// delimiter is what stands between the elements of an array's text.
func delimiter(elem *Def) byte {
	if elem.Name == "box" {
		return ';'
	}
	return ','
}

func appendArray(dst []byte, t Type, s string, f *Format) []byte {
	v := viewArray(s)
	if v.n == 0 {
		return append(dst, "{}"...)
	}
	custom := false
	for i := range v.ndim {
		custom = custom || v.dim(i).Lower != 1
	}
	if custom {
		for i := range v.ndim {
			d := v.dim(i)
			dst = strconv.AppendInt(append(dst, '['), int64(d.Lower), 10)
			dst = strconv.AppendInt(append(dst, ':'), int64(d.Lower)+int64(d.Len)-1, 10)
			dst = append(dst, ']')
		}
		dst = append(dst, '=')
	}
	w := arrayWriter{begin: len(dst), view: &v, elem: Type{t.Elem, -1}, f: f, delim: delimiter(t.Elem)}
	return w.dim(dst, 0)
}

// arrayWriter writes the elements of an array in nested braces.
type arrayWriter struct {
	view  *arrayView
	elem  Type
	f     *Format
	delim byte
	next  int
	begin int
}

func (w *arrayWriter) dim(dst []byte, depth int) []byte {
	dst = append(dst, '{')
	for i := range int(w.view.dim(depth).Len) {
		if len(dst)-w.begin > maxText {
			return dst
		}
		if i > 0 {
			dst = append(dst, w.delim)
		}
		if depth+1 < w.view.ndim {
			dst = w.dim(dst, depth+1)
			continue
		}
		dst = w.append(dst, w.view.elem(w.next))
		w.next++
	}
	return append(dst, '}')
}

func (w *arrayWriter) append(dst []byte, d Datum) []byte {
	if d.Null {
		return append(dst, "NULL"...)
	}
	start := len(dst)
	dst = AppendText(dst, w.elem, d, w.f)
	return quoteFrom(dst, start, w.delim)
}

// QuoteElement writes an element's text as it stands in an array's.
func QuoteElement(s string) string { return string(quoteFrom([]byte(s), 0, ',')) }

// quoteFrom quotes the text from start on if an array needs it quoted.
func quoteFrom(dst []byte, start int, delim byte) []byte {
	text := dst[start:]
	if !needsQuotes(text, delim) {
		return dst
	}
	return quoteText(dst, start, false)
}

func needsQuotes(text []byte, delim byte) bool {
	if len(text) == 0 || len(text) == 4 && strings.EqualFold(string(text), "null") {
		return true
	}
	for _, c := range text {
		if c == '"' || c == '\\' || c == '{' || c == '}' || c == delim || isSpace(c) {
			return true
		}
	}
	return false
}
