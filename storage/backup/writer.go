package backup

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/s2"
)

// Writer writes one backup.
type Writer struct {
	w    io.Writer
	buf  []byte // entries of the open block
	out  []byte
	end  end
	err  error
	done bool
}

// NewWriter begins a backup.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	x := &Writer{w: w}
	if _, err := io.WriteString(w, magic); err != nil {
		return nil, err
	}
	b, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return x, x.block(kindHeader, b)
}

// block writes a block at once.
func (x *Writer) block(kind byte, payload []byte) error {
	x.out = append(x.out[:0], kind)
	x.out = binary.BigEndian.AppendUint32(x.out, uint32(len(payload)))
	x.out = binary.BigEndian.AppendUint32(x.out, x.end.Blocks)
	x.out = append(x.out, payload...)
	sum := crc32.Checksum(x.out, castagnoli)
	x.out = binary.BigEndian.AppendUint32(x.out, sum)
	x.end.Blocks++
	x.end.Sum = chained(x.end.Sum, sum)
	_, x.err = x.w.Write(x.out)
	return x.err
}

// chained takes a block's checksum into that of the file.
func chained(all, sum uint32) uint32 {
	return crc32.Update(all, castagnoli, binary.BigEndian.AppendUint32(nil, sum))
}

// Put adds an entry; a nil value removes the key.
func (x *Writer) Put(key, val []byte) error {
	if x.err != nil {
		return x.err
	}
	x.buf = append(binary.AppendUvarint(x.buf, uint64(len(key))), key...)
	if val == nil {
		x.buf = append(x.buf, 0)
	} else {
		x.buf = append(binary.AppendUvarint(x.buf, uint64(len(val))+1), val...)
	}
	x.end.Entries++
	if len(x.buf) < blockSize {
		return nil
	}
	return x.flush()
}

func (x *Writer) flush() error {
	if len(x.buf) == 0 {
		return x.err
	}
	err := x.block(kindData, s2.EncodeSnappy(nil, x.buf))
	x.buf = x.buf[:0]
	return err
}

// Close ends the backup. Without it the file is not complete, and is refused.
func (x *Writer) Close() error {
	if err := x.flush(); err != nil || x.done {
		return err
	}
	x.done = true
	b, err := json.Marshal(x.end)
	if err != nil {
		return err
	}
	return x.block(kindEnd, b)
}
