package wire

import (
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/rowandb/rowan/types/vector"
)

// CopyOut implements vector.Sink: it announces data to the client.
func (s *sink) CopyOut(format vector.CopyFormat) (vector.CopyWriter, error) {
	s.c.out.send(&pgproto3.CopyOutResponse{OverallFormat: overall(format), ColumnFormatCodes: columnFormats(format)})
	return copyWriter{s.c}, nil
}

// copyWriter sends what it is given as one CopyData a call. PostgreSQL's clients expect one row in each.
type copyWriter struct{ c *conn }

// Write implements vector.CopyWriter.
func (w copyWriter) Write(rows []byte) error {
	start := w.c.out.begin('d')
	w.c.out.buf = append(w.c.out.buf, rows...)
	w.c.out.end(start)
	return w.c.flushIfFull()
}

// Close implements vector.CopyWriter.
func (w copyWriter) Close() error {
	w.c.out.empty('c')
	return nil
}
