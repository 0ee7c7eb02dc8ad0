package api

import (
	"bufio"
	"encoding/json"
	"iter"
	"strconv"
)

// Rows are rows of JSON values. They are kept as text, in pieces, so that many take hardly more memory than it takes to
// send them. The zero value holds none; so does a nil one, to which nothing can be added.
type Rows struct {
	n      int // rows
	size   int // bytes of text
	pieces []piece
}

// piece is some whole rows: text is their values one behind the other, ends where each ends.
type piece struct {
	rows int
	text []byte
	ends []uint32
}

// pieceSize is how many bytes a piece has before another is begun.
const pieceSize = 64 << 10

// Add adds a row of so many columns; value appends a column's JSON to a text.
func (r *Rows) Add(columns int, value func(text []byte, column int) []byte) {
	if len(r.pieces) == 0 || len(r.pieces[len(r.pieces)-1].text) >= pieceSize {
		r.pieces = append(r.pieces, r.next(columns))
	}
	p := &r.pieces[len(r.pieces)-1]
	before := len(p.text)
	for i := range columns {
		p.text = value(p.text, i)
		p.ends = append(p.ends, uint32(len(p.text)))
	}
	p.rows++
	r.n++
	r.size += len(p.text) - before
}

// next makes a piece. After the first the rows can be expected to fill it.
func (r *Rows) next(columns int) piece {
	if len(r.pieces) == 0 {
		return piece{ends: make([]uint32, 0, columns)}
	}
	return piece{text: make([]byte, 0, pieceSize+pieceSize/8)}
}

// Len is how many rows there are.
func (r *Rows) Len() int {
	if r == nil {
		return 0
	}
	return r.n
}

// Size is how many bytes their values have.
func (r *Rows) Size() int { return r.size }

// All yields the rows by number. The slice is the next row's afterwards, what is in it stays.
func (r *Rows) All() iter.Seq2[int, []json.RawMessage] {
	return func(yield func(int, []json.RawMessage) bool) {
		if r == nil {
			return
		}
		n := 0
		var row []json.RawMessage
		for i := range r.pieces {
			p := &r.pieces[i]
			start, columns := uint32(0), len(p.ends)/p.rows
			for k := range p.rows {
				row = row[:0]
				for _, end := range p.ends[k*columns : (k+1)*columns] {
					row = append(row, p.text[start:end:end])
					start = end
				}
				if !yield(n, row) {
					return
				}
				n++
			}
		}
	}
}

// First is the first row; nil: there is none.
func (r *Rows) First() []json.RawMessage {
	for _, row := range r.All() {
		return row
	}
	return nil
}

// WriteArrays writes the rows as an array of arrays. An error stays with the writer until Flush.
func (r *Rows) WriteArrays(w *bufio.Writer) {
	_ = w.WriteByte('[')
	for n, row := range r.All() {
		if n > 0 {
			_ = w.WriteByte(',')
		}
		_ = w.WriteByte('[')
		for i, v := range row {
			if i > 0 {
				_ = w.WriteByte(',')
			}
			_, _ = w.Write(v)
		}
		_ = w.WriteByte(']')
	}
	_ = w.WriteByte(']')
}

// WriteObjects writes the rows as an array of objects. Of columns of one name the last one counts.
func (r *Rows) WriteObjects(w *bufio.Writer, columns []string) {
	names := fieldNames(columns)
	_ = w.WriteByte('[')
	for n, row := range r.All() {
		if n > 0 {
			_ = w.WriteByte(',')
		}
		before := byte('{')
		for i, v := range row {
			if names[i] == nil {
				continue
			}
			_ = w.WriteByte(before)
			_, _ = w.Write(names[i])
			_, _ = w.Write(v)
			before = ','
		}
		if before == '{' {
			_ = w.WriteByte('{')
		}
		_ = w.WriteByte('}')
	}
	_ = w.WriteByte(']')
}

// fieldNames writes columns' names as those of fields, colon included; nil where another column of the name follows.
func fieldNames(columns []string) [][]byte {
	names := make([][]byte, len(columns))
	last := make(map[string]int, len(columns))
	for i, c := range columns {
		last[c] = i
	}
	for i, c := range columns {
		if last[c] != i {
			continue
		}
		name, err := json.Marshal(c)
		if err != nil { // no text makes it fail
			name = strconv.AppendQuote(nil, c)
		}
		names[i] = append(name, ':')
	}
	return names
}

// JSONSchema describes the rows as WriteArrays writes them.
func (*Rows) JSONSchema() map[string]any {
	return map[string]any{"type": "array", "items": map[string]any{"type": "array", "items": AnyValue()}}
}

// AnyValueName is the component of the API's document that stands for any JSON value, null included.
const AnyValueName = "JSONValue"

// AnyValue refers to it.
func AnyValue() map[string]any { return map[string]any{"$ref": "#/components/schemas/" + AnyValueName} }
