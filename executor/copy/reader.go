// Package copy turns the bytes of COPY into batches and back: the text, csv and binary formats, as PostgreSQL has them to
// the last escape and error text.
//
// A Reader parses numbers and texts straight into columns; other types go through their input functions. It knows no
// tables: defaults, constraints and the insertion itself are the plan's that it feeds. The session drives both ways.
package copy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
	"unsafe"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Config says what is copied.
type Config struct {
	Options command.CopyOptions
	Table   string // for messages
	Names   []string
	Types   []types.Type
	Taken   []func(types.Datum) (types.Datum, error) // what domains demand, by column; nil: nothing
	Format  *types.Format
}

// Reader parses COPY FROM.
type Reader struct {
	Config
	next  func() ([]byte, error)
	buf   []byte // what has not been parsed
	pos   int
	eof   bool
	done  bool // the end marker has been seen
	begun bool
	line  int64 // number of the line in hand
	eol   eol
	seen  seen
	rows  int64

	parse  []parser
	row    []byte // the line in hand, for messages
	fields []field
	text   []byte // unescaped fields
	force  []bool // FORCE_NOT_NULL by column
	forceN []bool // FORCE_NULL by column
	vecs   []vector.Vector
	out    vector.Batch
	err    error   // of the row behind the batch
	places []place // of the batch's rows
	heads  []byte
	again  int // the batch's rows are yielded once more from this one on; -1: they are not
}

// place is where a row of the batch was: the number of its line, and where its text ends among the heads.
type place struct {
	line int64
	end  int
}

// field is a field of a line: null, or its unescaped bytes.
type field struct {
	b    []byte
	null bool
}

// NewReader makes a Reader of the chunks that next yields; chunks need not end with lines. next ends with io.EOF.
func NewReader(c Config, next func() ([]byte, error)) *Reader {
	r := &Reader{Config: c, next: next, vecs: make([]vector.Vector, len(c.Types)), again: -1}
	for i, t := range c.Types {
		r.vecs[i].Type = t
		r.out.Cols = append(r.out.Cols, &r.vecs[i])
		r.parse = append(r.parse, r.parserOf(i, t))
		r.force = append(r.force, listed(c.Options.ForceNotNull, c.Names[i]))
		r.forceN = append(r.forceN, listed(c.Options.ForceNull, c.Names[i]))
	}
	return r
}

func listed(list []string, name string) bool {
	for _, n := range list {
		if n == name || n == "*" {
			return true
		}
	}
	return false
}

// Rows returns how many rows have been read.
func (r *Reader) Rows() int64 { return r.rows }

// Next returns the next rows, nil after the last. The batch holds until the next call. An error waits until the rows before
// it have been returned.
func (r *Reader) Next(context.Context) (*vector.Batch, error) {
	if r.again >= 0 {
		return r.single(), nil
	}
	if r.err != nil {
		return nil, r.err
	}
	for i := range r.vecs {
		r.vecs[i].Reset(r.Types[i])
	}
	r.out.N, r.places, r.heads = 0, r.places[:0], r.heads[:0]
	for r.out.N < vector.Size {
		ok, err := r.readRow()
		if err != nil {
			r.err = err
			break
		}
		if !ok {
			break
		}
		r.note()
		r.out.N++
		r.rows++
	}
	if r.out.N == 0 {
		return nil, r.err
	}
	return &r.out, nil
}

func (r *Reader) readRow() (bool, error) {
	if r.Options.Format == "binary" {
		return r.binaryRow()
	}
	if !r.begun {
		r.begun = true
		if r.Options.Header || r.Options.HeaderMatch {
			if ok, err := r.header(); !ok || err != nil {
				return false, err
			}
		}
	}
	ok, err := r.nextLine()
	if !ok || err != nil {
		return false, err
	}
	if err := r.split(); err != nil {
		return false, r.in(err)
	}
	return true, r.convert()
}

// nextLine puts the next line into row.
func (r *Reader) nextLine() (bool, error) {
	if r.done {
		return false, r.drain()
	}
	r.line++
	r.seen = seen{}
	var n int
	var ok bool
	for {
		var err error
		if r.Options.Format == "csv" {
			n, ok, err = r.csvEnd()
		} else {
			n, ok, err = r.textEnd()
		}
		if err != nil {
			return false, err
		}
		if ok {
			break
		}
		if r.eof {
			n = len(r.buf) - r.pos
			break
		}
		if err := r.more(); err != nil {
			return false, err
		}
	}
	if n == 0 && !ok {
		return false, nil
	}
	r.row = r.buf[r.pos : r.pos+n]
	r.pos += n
	if ok {
		r.pos += r.eol.length()
	}
	if len(r.row) == 2 && r.row[0] == '\\' && r.row[1] == '.' {
		r.done = true
		return false, r.drain()
	}
	if !utf8.Valid(r.row) || bytes.IndexByte(r.row, 0) >= 0 {
		return false, r.in(types.CheckUTF8(view(r.row)))
	}
	return true, nil
}

// maxHeld is the most bytes that one line, or one binary field, may have; it is PostgreSQL's limit.
const maxHeld = 1<<30 - 1

// more reads another chunk behind what is left.
func (r *Reader) more() error {
	chunk, err := r.next()
	if errors.Is(err, io.EOF) {
		r.eof = true
		return nil
	}
	if err != nil {
		return err
	}
	if left := len(r.buf) - r.pos; left > maxHeld-len(chunk) {
		return r.inLine(pgerr.New(pgerrcode.ProgramLimitExceeded, "out of memory").
			WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", left, len(chunk)))
	}
	if r.pos > 0 {
		r.buf = append(r.buf[:0], r.buf[r.pos:]...)
		r.pos = 0
	}
	r.buf = append(r.buf, chunk...)
	return nil
}

// drain reads what the client sends after the end marker and forgets it.
func (r *Reader) drain() error {
	for !r.eof {
		if _, err := r.next(); errors.Is(err, io.EOF) {
			r.eof = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// convert parses the fields into the columns.
func (r *Reader) convert() error {
	n := len(r.Types)
	if len(r.fields) > n {
		return r.in(badFormat("extra data after last expected column"))
	}
	for i := range n {
		if i >= len(r.fields) {
			return r.in(badFormat("missing data for column \"%s\"", r.Names[i]))
		}
		f := &r.fields[i]
		if f.null {
			if err := r.accept(i, types.Null); err != nil {
				return within(err, "COPY %s, line %d, column %s: null input", r.Table, r.line, r.Names[i])
			}
			continue
		}
		if err := r.parse[i](&r.vecs[i], f.b, r.Format); err != nil {
			return r.inColumn(err, i, f.b)
		}
	}
	return nil
}

func badFormat(format string, args ...any) *pgerr.Error {
	return pgerr.New(pgerrcode.BadCopyFileFormat, format, args...)
}

// maxShown is the most bytes of data that a CONTEXT shows.
const maxShown = 100

func shown(b []byte) string {
	if len(b) <= maxShown {
		return string(b)
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "..."
}

// in adds the line to an error's context.
func (r *Reader) in(err error) error {
	if err == nil {
		return nil
	}
	if r.Options.Format == "binary" {
		return r.inLine(err)
	}
	return within(err, "COPY %s, line %d: \"%s\"", r.Table, r.line, shown(r.row))
}

// inLine adds the number of the line, whose text is not known yet.
func (r *Reader) inLine(err error) error {
	return within(err, "COPY %s, line %d", r.Table, r.line)
}

func (r *Reader) inColumn(err error, col int, b []byte) error {
	if r.Options.Format == "binary" {
		return within(err, "COPY %s, line %d, column %s", r.Table, r.line, r.Names[col])
	}
	return within(err, "COPY %s, line %d, column %s: \"%s\"", r.Table, r.line, r.Names[col], shown(b))
}

// within adds to an error's context.
func within(err error, format string, args ...any) error {
	e := *pgerr.From(err)
	if e.Where != "" {
		e.Where += "\n"
	}
	e.Where += fmt.Sprintf(format, args...)
	return &e
}

// header reads the first line; with HEADER MATCH it must name the columns.
func (r *Reader) header() (bool, error) {
	ok, err := r.nextLine()
	if !ok || err != nil || !r.Options.HeaderMatch {
		return ok, err
	}
	if err := r.split(); err != nil {
		return false, r.in(err)
	}
	if len(r.fields) != len(r.Names) {
		return false, r.in(badFormat("wrong number of fields in header line: got %d, expected %d", len(r.fields), len(r.Names)))
	}
	for i, f := range r.fields {
		if f.null {
			return false, r.in(badFormat("column name mismatch in header line field %d: got null value (\"%s\"), expected \"%s\"",
				i+1, r.Options.Null, r.Names[i]))
		}
		if string(f.b) != r.Names[i] {
			return false, r.in(badFormat("column name mismatch in header line field %d: got \"%s\", expected \"%s\"", i+1, f.b, r.Names[i]))
		}
	}
	return true, nil
}

// split cuts the line into fields.
func (r *Reader) split() error {
	r.fields, r.text = r.fields[:0], r.text[:0]
	if len(r.Types) == 0 && len(r.row) == 0 {
		return nil
	}
	if r.Options.Format == "csv" {
		return r.splitCSV()
	}
	return r.splitText()
}

// view looks at bytes as a string that is not kept.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
