package wire

import (
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	// flushAt is how much output is gathered before it is written even though the statement goes on.
	flushAt = 64 << 10
	// keepOutput is the largest buffer that is kept for the next statement.
	keepOutput = 4 * flushAt
)

// output gathers messages for the client in one buffer. It belongs to the connection's goroutine. The first failure to
// write is kept: from then on everything is dropped, for a client that does not read cannot be told anything.
type output struct {
	w   io.Writer
	buf []byte
	err error
}

// begin starts a message of type t and returns where its length goes.
func (o *output) begin(t byte) int {
	o.buf = append(o.buf, t, 0, 0, 0, 0)
	return len(o.buf) - 4
}

// end fills in the length of the message begun at start.
func (o *output) end(start int) {
	binary.BigEndian.PutUint32(o.buf[start:], uint32(len(o.buf)-start))
}

// empty adds a message without a body.
func (o *output) empty(t byte) { o.buf = append(o.buf, t, 0, 0, 0, 4) }

// cstring adds a string and its terminator.
func (o *output) cstring(s string) {
	o.buf = append(o.buf, s...)
	o.buf = append(o.buf, 0)
}

func (o *output) int16(v int16) { o.buf = binary.BigEndian.AppendUint16(o.buf, uint16(v)) }
func (o *output) int32(v int32) { o.buf = binary.BigEndian.AppendUint32(o.buf, uint32(v)) }

// send adds a message of pgproto3. It is for the rarer kinds: the value escapes to the heap.
func (o *output) send(m pgproto3.BackendMessage) {
	buf, err := m.Encode(o.buf)
	if err != nil {
		if o.err == nil {
			o.err = err
		}
		return
	}
	o.buf = buf
}

// flush writes what was gathered.
func (o *output) flush() error {
	if o.err == nil && len(o.buf) > 0 {
		_, o.err = o.w.Write(o.buf)
	}
	if cap(o.buf) > keepOutput {
		o.buf = nil
	}
	o.buf = o.buf[:0]
	return o.err
}

// flushIfFull flushes when enough was gathered.
func (o *output) flushIfFull() error {
	if len(o.buf) < flushAt {
		return o.err
	}
	return o.flush()
}
