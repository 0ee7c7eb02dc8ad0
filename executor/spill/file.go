package spill

import (
	"os"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// flushAt is how much a file gathers before it writes.
const flushAt = 256 << 10

// file is a temporary file that is written at its end and read anywhere.
type file struct {
	f    *os.File
	buf  []byte // not yet written
	size int64  // with buf
}

func newFile(dir string) (*file, error) {
	f, err := os.CreateTemp(dir, "rowan-spill-*")
	if err != nil {
		return nil, ioError(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, ioError(err)
	}
	return &file{f: f}, nil
}

// append writes one piece, made by fill at the end of the slice that it is given, and returns where it is.
func (f *file) append(fill func(dst []byte) []byte) (offset, length int64, err error) {
	before := len(f.buf)
	f.buf = fill(f.buf)
	offset, length = f.size, int64(len(f.buf)-before)
	f.size += length
	if len(f.buf) >= flushAt {
		err = f.flush()
	}
	return offset, length, err
}

func (f *file) flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	_, err := f.f.WriteAt(f.buf, f.size-int64(len(f.buf)))
	f.buf = f.buf[:0]
	return ioError(err)
}

// read fills dst from offset on.
func (f *file) read(dst []byte, offset int64) error {
	if offset+int64(len(dst)) > f.size-int64(len(f.buf)) {
		if err := f.flush(); err != nil {
			return err
		}
	}
	_, err := f.f.ReadAt(dst, offset)
	return ioError(err)
}

func (f *file) close() error {
	f.buf = nil
	return ioError(f.f.Close())
}

func ioError(err error) error {
	if err == nil {
		return nil
	}
	return pgerr.Wrap(pgerrcode.IOError, err)
}
