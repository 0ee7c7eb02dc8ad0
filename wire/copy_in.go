package wire

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/vector"
)

// CopyIn implements vector.Sink: it asks the client for data. The reader runs on the connection's goroutine.
func (s *sink) CopyIn(format vector.CopyFormat) (vector.CopyReader, error) {
	c := s.c
	c.out.send(&pgproto3.CopyInResponse{OverallFormat: overall(format), ColumnFormatCodes: columnFormats(format)})
	if err := c.flush(); err != nil {
		return nil, err
	}
	c.step(evCopyIn)
	return &copyReader{c: c, ctx: c.intr.ctx}, nil
}

// endCopy leaves the COPY state when the statement has ended, whether or not all data was read: what still comes is
// ignored, as it cannot be told whether the client knew.
func (c *conn) endCopy() {
	if c.state == stCopyReady || c.state == stCopyBatch {
		c.step(evCopyEnd)
	}
}

// overall and columnFormats are a CopyFormat as the messages have it.
func overall(f vector.CopyFormat) byte {
	if f.Binary {
		return 1
	}
	return 0
}

func columnFormats(f vector.CopyFormat) []uint16 {
	codes := make([]uint16, f.Columns)
	for i := range codes {
		codes[i] = uint16(overall(f))
	}
	return codes
}

// copyReader reads the client's CopyData. Once it has failed or ended it stays so.
type copyReader struct {
	c   *conn
	ctx context.Context
	err error
}

// Next implements vector.CopyReader.
func (r *copyReader) Next() ([]byte, error) {
	for r.err == nil {
		chunk, more := r.receive()
		if !more && r.err == nil {
			return chunk, nil
		}
	}
	return nil, r.err
}

// receive handles one message; more says that it was one to pass over.
func (r *copyReader) receive() (chunk []byte, more bool) {
	r.c.intr.startReading()
	msg, err := r.c.back.Receive()
	r.c.intr.stopReading()
	if err != nil {
		r.err = r.failed(err)
		return nil, false
	}
	switch m := msg.(type) {
	case *pgproto3.CopyData:
		return m.Data, false
	case *pgproto3.CopyDone:
		r.err = io.EOF
	case *pgproto3.CopyFail:
		r.err = pgerr.New(pgerrcode.QueryCanceled, "COPY from stdin failed: %s", m.Message)
	case *pgproto3.Flush, *pgproto3.Sync:
		// Clients send them not knowing that the statement was COPY.
	default:
		r.err = r.unexpected(msg)
	}
	return nil, true
}

// failed says what it means that nothing could be received.
func (r *copyReader) failed(err error) error {
	switch {
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case errors.Is(r.c.in.err, os.ErrDeadlineExceeded):
		return nil // left over from an interrupt of an earlier statement
	case r.c.in.err != nil:
		r.c.step(evClose)
		return errUnexpectedEOF()
	case lostFrame(err):
		return asFatal(frameError(err))
	default:
		return formatError(err)
	}
}

// unexpected ends the connection: what the client thinks is going on is not known any more.
func (r *copyReader) unexpected(msg pgproto3.FrontendMessage) error {
	code := messageType(msg)
	r.c.sendError(protocolError("unexpected message type 0x%02X during COPY from stdin", code))
	return fatalError(pgerrcode.ProtocolViolation, "terminating connection because protocol synchronization was lost")
}

// messageType is the first byte of the message on the wire.
func messageType(msg pgproto3.FrontendMessage) byte {
	if _, ok := msg.(*pgproto3.Terminate); ok {
		return 'X'
	}
	b, err := msg.Encode(nil)
	if err != nil || len(b) == 0 {
		return 0
	}
	return b[0]
}
