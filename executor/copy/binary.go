package copy

import (
	"encoding/binary"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"

	"github.com/jackc/pgerrcode"
)

// signature begins every file of the binary format.
const signature = "PGCOPY\n\xff\r\n\x00"

// take returns the next n bytes, or false when the data end before them.
func (r *Reader) take(n int) ([]byte, bool, error) {
	for len(r.buf)-r.pos < n {
		if r.eof {
			return nil, false, nil
		}
		if err := r.more(); err != nil {
			return nil, false, err
		}
	}
	b := r.buf[r.pos : r.pos+n]
	r.pos += n
	return b, true, nil
}

// binaryHead reads the signature, the flags and the extension.
func (r *Reader) binaryHead() error {
	r.begun = true
	b, ok, err := r.take(len(signature))
	if err != nil {
		return err
	}
	if !ok || string(b) != signature {
		return badFormat("COPY file signature not recognized")
	}
	if b, ok, err = r.take(4); err != nil || !ok {
		return either(err, badFormat("invalid COPY file header (missing flags)"))
	}
	switch flags := binary.BigEndian.Uint32(b); {
	case flags&(1<<16) != 0:
		return badFormat("invalid COPY file header (WITH OIDS)")
	case flags>>16 != 0:
		return badFormat("unrecognized critical flags in COPY file header")
	}
	if b, ok, err = r.take(4); err != nil || !ok {
		return either(err, badFormat("invalid COPY file header (missing length)"))
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n < 0 {
		return badFormat("invalid COPY file header (missing length)")
	}
	if _, ok, err = r.take(int(n)); err != nil || !ok {
		return either(err, badFormat("invalid COPY file header (wrong length)"))
	}
	return nil
}

func either(err error, other error) error {
	if err != nil {
		return err
	}
	return other
}

// binaryRow reads a row of the binary format.
func (r *Reader) binaryRow() (bool, error) {
	if !r.begun {
		if err := r.binaryHead(); err != nil {
			return false, err
		}
	}
	if r.done {
		return false, nil
	}
	r.line++
	b, ok, err := r.take(2)
	if err != nil || !ok {
		r.done = true
		return false, err
	}
	n := int16(binary.BigEndian.Uint16(b))
	if n == -1 {
		r.done = true
		if _, ok, err := r.take(1); ok || err != nil {
			return false, either(err, r.in(badFormat("received copy data after EOF marker")))
		}
		return false, nil
	}
	if int(n) != len(r.Types) {
		return false, r.in(badFormat("row field count is %d, expected %d", n, len(r.Types)))
	}
	for i := range r.Types {
		if err := r.binaryField(i); err != nil {
			return false, r.inColumn(err, i, nil)
		}
	}
	return true, nil
}

func (r *Reader) binaryField(i int) error {
	b, ok, err := r.take(4)
	if err != nil || !ok {
		return either(err, badFormat("unexpected EOF in COPY data"))
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n == -1 {
		return r.accept(i, types.Null)
	}
	if n < 0 {
		return badFormat("invalid field size")
	}
	if b, ok, err = r.take(int(n)); err != nil || !ok {
		return either(err, badFormat("unexpected EOF in COPY data"))
	}
	d, err := types.ParseBinary(r.Types[i], b)
	if err != nil {
		if pgerr.Code(err) == pgerrcode.ProtocolViolation {
			return pgerr.New(pgerrcode.InvalidBinaryRepresentation, "incorrect binary data format")
		}
		return err
	}
	return r.accept(i, d)
}
