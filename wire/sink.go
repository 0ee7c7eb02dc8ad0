package wire

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/types/vector"
)

// sink gives a statement's result to the client. A connection has one, used for all its statements in turn.
type sink struct {
	c       *conn
	simple  bool    // simple protocol: fields are announced, all is text
	formats []int16 // the portal's result format codes
	columns []column
	params  []Param // memory of Bind's parameters
}

var _ vector.Sink = (*sink)(nil)

func (s *sink) reset(simple bool, formats []int16) { s.simple, s.formats = simple, formats }

// Fields implements vector.Sink. In the extended protocol the client asks with Describe instead.
func (s *sink) Fields(f []vector.Field) error {
	if s.simple {
		s.c.rowDescription(f, nil)
	}
	return nil
}

// Complete implements vector.Sink.
func (s *sink) Complete(tag string) error {
	start := s.c.out.begin('C')
	s.c.out.cstring(clean(tag))
	s.c.out.end(start)
	return s.c.flushIfFull()
}

// Empty implements vector.Sink.
func (s *sink) Empty() error {
	s.c.out.empty('I')
	return s.c.flushIfFull()
}

// Notice implements vector.Sink.
func (s *sink) Notice(err error) error { return s.c.sendNotice(err) }

// flush and flushIfFull write output while a statement runs; a client that cannot be written to ends it.
func (c *conn) flush() error { return writeError(c.out.flush()) }

func (c *conn) flushIfFull() error { return writeError(c.out.flushIfFull()) }

func writeError(err error) error {
	if err == nil {
		return nil
	}
	return fatalError(pgerrcode.ConnectionFailure, "could not send data to client: %v", err)
}
