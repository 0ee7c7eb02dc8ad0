package tabular

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rowandb/rowan/internal/strictjson"
)

// Read yields the rows of a file in a readable format.
func Read(format string, r io.Reader) Rows {
	if format == "csv" {
		return readCSV(r)
	}
	return readJSON(r)
}

// readJSON yields the objects of an array, or objects that stand one after another.
func readJSON(r io.Reader) Rows {
	return func(yield func(Object, error) bool) {
		in := bufio.NewReader(skipMark(strictjson.Reader(r)))
		dec := json.NewDecoder(in)
		array, err := beginsArray(in)
		if err != nil {
			yield(Object{}, err)
			return
		}
		if array {
			_, _ = dec.Token() // the bracket that has been seen
		}
		for n := 1; dec.More(); n++ {
			var o Object
			err := dec.Decode(&o)
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = errors.New("the file ends before it")
			}
			if err != nil {
				yield(Object{}, fmt.Errorf("row %d: %w", n, err))
				return
			}
			if !yield(o, nil) {
				return
			}
		}
		if err := ends(dec, array); err != nil {
			yield(Object{}, err)
		}
	}
}

// ends wants the bracket of an array, and then nothing more.
func ends(dec *json.Decoder, array bool) error {
	if array {
		if t, err := dec.Token(); err != nil || t != json.Delim(']') {
			return errors.New("the array does not end")
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the last row")
	}
	return nil
}

// beginsArray looks for the bracket with which an array begins.
func beginsArray(in *bufio.Reader) (bool, error) {
	for {
		b, err := in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case b == ' ' || b == '\n' || b == '\r' || b == '\t':
			continue
		}
		return b == '[', in.UnreadByte()
	}
}

// skipMark leaves out the byte order mark that some programs put in front of a file.
func skipMark(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" {
		_, _ = in.Discard(3) // they have been seen
	}
	return in
}

// maxField bounds a field of a CSV file, so that a quote that is never closed does not take all memory.
const maxField = 16 << 20

// csvReader reads RFC 4180 as PostgreSQL does: a field that is empty and not quoted is NULL.
type csvReader struct {
	in   *bufio.Reader
	line int
	eof  bool
}

// readCSV yields the rows of a CSV file whose first line names the columns. Values are texts.
func readCSV(r io.Reader) Rows {
	return func(yield func(Object, error) bool) {
		c := &csvReader{in: bufio.NewReader(skipMark(r)), line: 1}
		names, err := c.header()
		if err != nil {
			yield(Object{}, err)
			return
		}
		for {
			at := c.line
			fields, err := c.record()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err == nil && len(fields) == 1 && fields[0] == nil && len(names) > 1:
				continue // an empty line
			case err == nil && len(fields) != len(names):
				err = fmt.Errorf("line %d has %d fields, and the first line names %d columns", at, len(fields), len(names))
			}
			if err != nil {
				yield(Object{}, err)
				return
			}
			o := Object{Names: names, Values: make(map[string]any, len(names))}
			for i, f := range fields {
				o.Values[names[i]] = f
			}
			if !yield(o, nil) {
				return
			}
		}
	}
}

// header reads the names of the columns.
func (c *csvReader) header() (names []string, err error) {
	fields, err := c.record()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line must name the columns")
	}
	seen := map[string]bool{}
	for i, f := range fields {
		name, _ := f.(string)
		name = strings.TrimSpace(name)
		if name == "" || seen[name] {
			return nil, fmt.Errorf("the first line must name the columns: name %d is %q, which is empty or twice there", i+1, name)
		}
		seen[name] = true
		names = append(names, name)
	}
	return names, err
}

// record reads one record: texts, and nil for NULL. io.EOF: there are no more.
func (c *csvReader) record() (fields []any, err error) {
	if _, err := c.in.Peek(1); err != nil {
		return nil, err
	}
	for {
		f, last, err := c.field()
		if err != nil {
			return nil, err
		}
		if fields = append(fields, f); last {
			return fields, nil
		}
	}
}

// field reads one field; last: the record ends behind it.
func (c *csvReader) field() (value any, last bool, err error) {
	var text []byte
	start, quoted, inside := c.line, false, false
	for {
		b, err := c.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && inside:
			return nil, false, fmt.Errorf("line %d: a quote is not closed", start)
		case err != nil && !errors.Is(err, io.EOF):
			return nil, false, err
		case len(text) > maxField:
			return nil, false, fmt.Errorf("line %d: a field has more than %d bytes", start, maxField)
		case err == nil && b == '"' && inside && c.next('"'):
			text = append(text, '"')
			continue
		case err == nil && b == '"' && (inside || !quoted && len(text) == 0):
			inside, quoted = !inside, true
			continue
		case err == nil && (inside || b != ',' && b != '\n' && !(b == '\r' && c.next('\n'))):
			if b == '\n' {
				c.line++
			}
			text = append(text, b)
			continue
		}
		if last = err != nil || b != ','; last {
			c.line++
		}
		if len(text) == 0 && !quoted {
			return nil, last, nil
		}
		return string(text), last, nil
	}
}

// next takes the next byte if it is b.
func (c *csvReader) next(b byte) bool {
	if p, err := c.in.Peek(1); err != nil || p[0] != b {
		return false
	}
	_, _ = c.in.Discard(1) // it has been seen
	return true
}
