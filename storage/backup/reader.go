package backup

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/s2"
)

// DamageError is a backup that is not what was written.
type DamageError struct {
	File    string
	Block   uint32
	Offset  int64
	Problem string
}

// Error implements error.
func (e *DamageError) Error() string {
	return fmt.Sprintf("the backup %s is damaged: block %d at byte %d: %s", e.File, e.Block, e.Offset, e.Problem)
}

// Reader reads one backup from front to back.
type Reader struct {
	name   string
	r      *bufio.Reader
	offset int64
	at     end // what was read so far
	buf    []byte
	data   []byte
	header Header
	ended  bool
}

// NewReader reads the header of a backup; name is for errors.
func NewReader(r io.Reader, name string) (*Reader, error) {
	x := &Reader{name: name, r: bufio.NewReaderSize(r, 256<<10)}
	var m [len(magic)]byte
	if _, err := io.ReadFull(x.r, m[:]); err != nil || string(m[:]) != magic {
		return nil, fmt.Errorf("%s is not a backup of this version of Rowan", name)
	}
	x.offset = int64(len(magic))
	kind, payload, err := x.block()
	if err != nil {
		return nil, err
	}
	if kind != kindHeader || json.Unmarshal(payload, &x.header) != nil {
		return nil, x.damage("it is no header")
	}
	return x, nil
}

// Header describes the backup.
func (x *Reader) Header() Header { return x.header }

func (x *Reader) damage(format string, args ...any) error {
	return &DamageError{x.name, x.at.Blocks, x.offset, fmt.Sprintf(format, args...)}
}

// block reads a block and verifies it; the payload is borrowed until the next one.
func (x *Reader) block() (kind byte, payload []byte, err error) {
	var head [overhead]byte
	if _, err := io.ReadFull(x.r, head[:]); err != nil {
		return 0, nil, x.broken(err)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxBlock {
		return 0, nil, x.damage("its length is damaged")
	}
	var b bytes.Buffer // grows with what there is, whatever the length says
	if _, err := io.CopyN(&b, x.r, int64(n)+4); err != nil {
		return 0, nil, x.broken(err)
	}
	x.buf = b.Bytes()
	payload = x.buf[:n]
	sum := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, payload)
	switch {
	case sum != binary.BigEndian.Uint32(x.buf[n:]):
		return 0, nil, x.damage("its checksum is wrong")
	case binary.BigEndian.Uint32(head[5:]) != x.at.Blocks:
		return 0, nil, x.damage("it is block %d", binary.BigEndian.Uint32(head[5:]))
	}
	if head[0] != kindEnd {
		x.at.Sum = chained(x.at.Sum, sum)
		x.at.Blocks++
		x.offset += int64(overhead + n + 4)
	}
	return head[0], payload, nil
}

func (x *Reader) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return x.damage("the file ends before the backup does")
	}
	return fmt.Errorf("cannot read %s: %w", x.name, err)
}

// Each calls f for all entries; what it gets is borrowed.
func (x *Reader) Each(f func(key, val []byte) error) error {
	for {
		kind, payload, err := x.block()
		if err != nil {
			return err
		}
		switch kind {
		case kindEnd:
			return x.finish(payload)
		case kindData:
		default:
			return x.damage("its kind is %q", kind)
		}
		n, err := s2.DecodedLen(payload)
		if err != nil || n > maxBlock {
			return x.damage("it cannot be decompressed")
		}
		if x.data, err = s2.Decode(x.data[:cap(x.data)], payload); err != nil {
			return x.damage("it cannot be decompressed")
		}
		if err := x.entries(x.data, f); err != nil {
			return err
		}
	}
}

func (x *Reader) finish(payload []byte) error {
	var e end
	if err := json.Unmarshal(payload, &e); err != nil || e != x.at {
		return x.damage("it does not fit the blocks before it")
	}
	if _, err := x.r.ReadByte(); err == nil {
		return x.damage("something follows the end")
	}
	x.ended = true
	return nil
}

func (x *Reader) entries(b []byte, f func(key, val []byte) error) error {
	for len(b) > 0 {
		key, rest, ok := field(b, 0)
		if !ok {
			return x.damage("an entry is cut off")
		}
		var val []byte
		if len(rest) > 0 && rest[0] == 0 {
			b = rest[1:]
		} else if val, b, ok = field(rest, 1); !ok {
			return x.damage("an entry is cut off")
		}
		x.at.Entries++
		if err := f(key, val); err != nil {
			return err
		}
	}
	return nil
}

// field reads a length, which is less by so much than what stands there, and as many bytes.
func field(b []byte, less uint64) (val, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n < less || n-less > uint64(len(b)-size) {
		return nil, nil, false
	}
	n += uint64(size) - less
	return b[size:n:n], b[n:], true
}

// file opens a backup file.
func file(name string) (*os.File, *Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	r, err := NewReader(f, name)
	if err != nil {
		_ = f.Close() // it was read only
		return nil, nil, err
	}
	return f, r, nil
}

// ReadHeader reads what a file says of itself.
func ReadHeader(name string) (Header, error) {
	f, r, err := file(name)
	if err != nil {
		return Header{}, err
	}
	return r.header, f.Close()
}

// EachIn verifies a file while it calls f for its entries.
func EachIn(name string, f func(key, val []byte) error) error {
	file, r, err := file(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was read only
	return r.Each(f)
}
