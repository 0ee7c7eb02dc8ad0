package copy

import (
	"encoding/binary"

	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Writer formats COPY TO. Its methods append to the bytes that they are given and return them.
type Writer struct {
	Config
	quote  []bool // FORCE_QUOTE by column
	field  []byte
	single bool
}

// NewWriter makes a Writer.
func NewWriter(c Config) *Writer {
	w := &Writer{Config: c, single: len(c.Types) == 1}
	for _, n := range c.Names {
		w.quote = append(w.quote, listed(c.Options.ForceQuote, n))
	}
	return w
}

// Begin appends what stands before the rows: the header line, or the head of the binary format.
func (w *Writer) Begin(dst []byte) []byte {
	if w.Options.Format == "binary" {
		return append(append(dst, signature...), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	if !w.Options.Header {
		return dst
	}
	for i, n := range w.Names {
		if i > 0 {
			dst = append(dst, w.Options.Delimiter)
		}
		if w.Options.Format == "csv" {
			dst = w.appendCSV(dst, []byte(n), false)
		} else {
			dst = w.appendText(dst, []byte(n))
		}
	}
	return append(dst, '\n')
}

// End appends what stands after the rows.
func (w *Writer) End(dst []byte) []byte {
	if w.Options.Format == "binary" {
		return append(dst, 0xff, 0xff)
	}
	return dst
}

// Rows appends the live rows of a batch.
func (w *Writer) Rows(dst []byte, b *vector.Batch) []byte {
	for k := range b.Live() {
		i := b.Row(k)
		switch w.Options.Format {
		case "binary":
			dst = w.binaryRow(dst, b, i)
		default:
			dst = w.textRow(dst, b, i)
		}
	}
	return dst
}

func (w *Writer) binaryRow(dst []byte, b *vector.Batch, i int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(b.Cols)))
	for c, v := range b.Cols {
		d := v.Datum(i)
		if d.Null {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(dst)
		dst = types.AppendBinary(append(dst, 0, 0, 0, 0), w.Types[c], d)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

func (w *Writer) textRow(dst []byte, b *vector.Batch, i int) []byte {
	csv := w.Options.Format == "csv"
	for c, v := range b.Cols {
		if c > 0 {
			dst = append(dst, w.Options.Delimiter)
		}
		d := v.Datum(i)
		if d.Null {
			dst = append(dst, w.Options.Null...)
			continue
		}
		w.field = types.AppendText(w.field[:0], w.Types[c], d, w.Format)
		if csv {
			dst = w.appendCSV(dst, w.field, w.quote[c])
		} else {
			dst = w.appendText(dst, w.field)
		}
	}
	return append(dst, '\n')
}

// appendText escapes a field of the text format.
func (w *Writer) appendText(dst, b []byte) []byte {
	start := 0
	for i, c := range b {
		var e byte
		switch c {
		case '\b':
			e = 'b'
		case '\f':
			e = 'f'
		case '\n':
			e = 'n'
		case '\r':
			e = 'r'
		case '\t':
			e = 't'
		case '\v':
			e = 'v'
		case '\\':
			e = '\\'
		}
		if e == 0 {
			if c != w.Options.Delimiter {
				continue
			}
			e = c
		}
		dst = append(append(dst, b[start:i]...), '\\', e)
		start = i + 1
	}
	return append(dst, b[start:]...)
}

// appendCSV quotes a field of the csv format where it must be.
func (w *Writer) appendCSV(dst, b []byte, force bool) []byte {
	quote, escape := w.Options.Quote, w.Options.Escape
	if !force && string(b) != w.Options.Null && !w.special(b) {
		return append(dst, b...)
	}
	dst = append(dst, quote)
	for _, c := range b {
		if c == quote || c == escape {
			dst = append(dst, escape)
		}
		dst = append(dst, c)
	}
	return append(dst, quote)
}

// special reports whether a field would be read otherwise without quotes.
func (w *Writer) special(b []byte) bool {
	if w.single && string(b) == "\\." {
		return true
	}
	for _, c := range b {
		if c == w.Options.Delimiter || c == w.Options.Quote || c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}
